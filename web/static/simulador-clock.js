// The demo's clock: the server says what time it is, the page counts on from there.

const zone = document.body.dataset.zone;
const format = (options) => new Intl.DateTimeFormat("pt-BR", { timeZone: zone, ...options });
const HOUR = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = format({ weekday: "short", day: "2-digit", month: "2-digit" });
const WEEKDAY = format({ weekday: "long" });
const DATE = format({ day: "numeric", month: "long", year: "numeric" });
const KEY = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
const SECOND = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

let base = Date.now();
let since = performance.now();

/** Set the clock to what the server says. */
export function set(now) {
  base = Date.parse(now);
  since = performance.now();
}

/** Return the demo's present. */
export const now = () => new Date(base + performance.now() - since);
export const hour = (moment) => HOUR.format(moment);
export const second = (moment) => SECOND.format(moment);
export const day = (moment, short = false) => (short ? SHORT_DAY : DAY).format(moment);
/** Return the local date of a moment, as 2026-11-21. */
export const key = (moment) => KEY.format(moment);

/** Name a local date as WhatsApp does: today, yesterday, a weekday of the last week, or in full. */
export function named(dateKey) {
  const age = Math.round((Date.parse(key(now())) - Date.parse(dateKey)) / 86_400_000);
  if (age === 0) return "Hoje";
  if (age === 1) return "Ontem";
  const noon = new Date(`${dateKey}T15:00:00Z`); // midday in Brazil: the same date in all its zones
  if (age > 1 && age < 7) return capital(WEEKDAY.format(noon));
  return DATE.format(noon);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
