// Runs before the first paint, so that a remembered theme does not flash.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("odys-tema");
  } catch {
    // No storage: the system's theme it is.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
