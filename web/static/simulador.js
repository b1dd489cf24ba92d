// The page of /simulador: keeps the picture of all phones, follows the server, and wires the two views to it.

import * as clock from "./simulador-clock.js";
import { LettersView } from "./simulador-letters.js";
import { PhoneView } from "./simulador-phone.js";
import { element } from "./simulador-text.js";
import { TraceView } from "./simulador-trace.js";

const get = (selector) => document.querySelector(selector);
const stage = get(".stage");
const phones = new Map();
const chosen = { professional: remembered("professional"), client: remembered("client") };
const narrow = matchMedia("(max-width: 47.99rem)");
const wide = matchMedia("(min-width: 80rem)");
const trace = new TraceView(get(".backstage"));
const letters = new LettersView(get(".letters"), (count) => {
  badge(get("#letters-toggle .badge"), count, "não lidos");
  badge(get('.tab[data-tab="letters"] .badge'), count, "não lidos");
});
let run = "";

const suggestions = JSON.parse(document.body.dataset.suggestions);
const views = Object.fromEntries(
  [...document.querySelectorAll(".seat")].map((seat) => {
    const role = seat.dataset.role;
    return [role, new PhoneView(seat, { act, toast, suggestions: suggestions[role] ?? [] })];
  }),
);

// Storage: a private window may have none

function remembered(name) {
  try {
    return sessionStorage.getItem(`odys-${name}`);
  } catch {
    return null;
  }
}

function remember(name, value, store = "sessionStorage") {
  try {
    window[store].setItem(`odys-${name}`, value);
  } catch {
    // Forgotten on reload, then.
  }
}

// To the server

async function act(path, body) {
  try {
    const answer = await fetch(`/simulador/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return await answer.json();
  } catch {
    toast("Não deu certo. O servidor está no ar?");
    return null;
  }
}

let toastTimer = 0;
function toast(text) {
  const box = get(".toast");
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), 3500);
}

// From the server

const viewOf = (phone) => Object.values(views).find((view) => view.phone?.phone === phone);
const HANDLERS = {
  snapshot(event) {
    sameRun(event.run);
    clock.set(event.now);
    phones.clear();
    for (const phone of event.phones) phones.set(phone.phone, phone);
    seatEveryone();
    tick();
  },
  person({ person }) {
    if (!phones.has(person.phone)) phones.set(person.phone, { ...person, bubbles: [] });
    seatEveryone();
  },
  message({ bubble }) {
    const phone = phones.get(bubble.phone);
    phone.bubbles.push(bubble);
    phone.bubbles.splice(0, phone.bubbles.length - 200);
    viewOf(bubble.phone)?.add(bubble);
    badges();
  },
  status({ phone, id, status }) {
    const bubble = phones.get(phone)?.bubbles.find((each) => each.id === id);
    if (bubble) bubble.status = status;
    viewOf(phone)?.status(id, status);
  },
  tapped({ phone, id, tapped }) {
    const bubble = phones.get(phone)?.bubbles.find((each) => each.id === id);
    if (bubble) bubble.tapped = tapped;
    viewOf(phone)?.tapped(id, tapped);
  },
  seen({ phone }) {
    for (const bubble of phones.get(phone)?.bubbles ?? []) bubble.seen = true;
    badges();
  },
  typing({ phone, seconds }) {
    viewOf(phone)?.typing(seconds);
  },
  clock({ now }) {
    clock.set(now);
    tick();
  },
  trace(event) {
    sameRun(event.run);
    trace.add(event.note);
  },
  letter(event) {
    sameRun(event.run);
    letters.add(event.letter);
  },
};

/** Forget what another server told. */
function sameRun(current) {
  if (run && run !== current) {
    trace.reset();
    letters.reset();
  }
  run = current;
}

let lineDown = false;
function listen() {
  const source = new EventSource("/simulador/eventos");
  source.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    HANDLERS[event.type]?.(event);
  });
  source.addEventListener("open", () => {
    if (lineDown) toast("Conectado de novo");
    lineDown = false;
    document.body.classList.remove("offline");
  });
  source.addEventListener("error", () => {
    lineDown = true;
    document.body.classList.add("offline");
    // A browser gives up after some answers; a demo that is started again should come back by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

// Who holds which phone

function seatEveryone() {
  for (const [role, view] of Object.entries(views)) {
    const people = [...phones.values()].filter((phone) => phone.role === role);
    const current = phones.get(chosen[role]);
    const holder = current?.role === role ? current : people[0];
    choices(view, people, holder);
    if (holder && view.phone !== holder) view.show(holder);
  }
  badges();
}

function choices(view, people, holder) {
  const select = view.find(".owner-choice");
  select.replaceChildren(
    ...people.map((person) => {
      const option = element("option", "", nameOf(person));
      option.value = person.phone;
      return option;
    }),
  );
  select.value = holder?.phone ?? "";
  view.find(".owner-name").classList.toggle("alone", people.length < 2);
  view.find(".owner-still").textContent = holder ? nameOf(holder) : "ninguém";
}

const nameOf = ({ name, number }) => (name === number ? number : `${name} · ${number}`);

function choose(role, phone) {
  chosen[role] = phone;
  remember(role, phone);
  seatEveryone();
}

const unseen = (phone) => phone.bubbles.filter((bubble) => !bubble.mine && !bubble.seen).length;

/** Count what nobody has read: on the tabs, and beside the names of those who are not on a phone now. */
function badges() {
  for (const [role, view] of Object.entries(views)) {
    const people = [...phones.values()].filter((phone) => phone.role === role);
    const total = people.reduce((sum, phone) => sum + unseen(phone), 0);
    const elsewhere = view.phone ? total - unseen(view.phone) : total;
    badge(get(`.tab[data-tab="${role}"] .badge`), total, "não lidas");
    badge(view.find(".owner-name .badge"), elsewhere, "não lidas em outros celulares");
    for (const option of view.find(".owner-choice").options) {
      const person = phones.get(option.value);
      const count = person && person !== view.phone ? unseen(person) : 0;
      option.textContent = nameOf(person) + (count ? ` (${count})` : "");
    }
  }
}

function badge(mark, count, words) {
  mark.hidden = !count;
  mark.textContent = count > 99 ? "99+" : count;
  mark.title = `${count} ${words}`;
}

// The clock

let shownMinute = "";
function tick() {
  const now = clock.now();
  const minute = clock.key(now) + clock.hour(now);
  if (minute === shownMinute) return;
  shownMinute = minute;
  get("#hour").textContent = clock.hour(now);
  get("#hour").dateTime = now.toISOString();
  get("#day").textContent = clock.day(now, narrow.matches);
  for (const view of Object.values(views)) view.relabel();
}

async function forward(button, by) {
  const buttons = [get("#next-hour"), get("#next-day")];
  buttons.forEach((each) => (each.disabled = true));
  button.classList.add("busy");
  await act("avancar", by);
  button.classList.remove("busy");
  buttons.forEach((each) => (each.disabled = false));
}

// Tabs, backstage, theme

function showTab(name) {
  stage.dataset.tab = name;
  for (const tab of document.querySelectorAll(".tab")) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  sight();
}

/** Tell each phone whether it is in sight. */
function sight() {
  for (const [role, view] of Object.entries(views)) {
    view.setVisible(!document.hidden && (!narrow.matches || stage.dataset.tab === role));
  }
  if (stage.dataset.tab === "backstage") trace.bottom();
}

/** Show one of the two panels beside the phones, or none. */
function showPanel(name) {
  for (const panel of ["backstage", "letters"]) {
    document.body.classList.toggle(`with-${panel}`, panel === name);
    get(`#${panel}-toggle`).setAttribute("aria-expanded", String(panel === name));
  }
  document.body.classList.toggle("with-panel", Boolean(name));
  if (name === "backstage") trace.bottom();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember("tema", root.dataset.theme, "localStorage");
}

function wire() {
  get("#next-hour").addEventListener("click", (event) => forward(event.currentTarget, { hours: 1 }));
  get("#next-day").addEventListener("click", (event) => forward(event.currentTarget, { days: 1 }));
  get("#theme").addEventListener("click", toggleTheme);
  for (const panel of ["backstage", "letters"]) {
    const toggle = get(`#${panel}-toggle`);
    toggle.addEventListener("click", () => showPanel(toggle.getAttribute("aria-expanded") === "true" ? "" : panel));
    get(`#${panel}-close`).addEventListener("click", () => {
      showPanel("");
      toggle.focus();
    });
  }
  get("#backstage-clear").addEventListener("click", () => trace.clear());
  get(".tabs").addEventListener("click", ({ target }) => target.closest(".tab") && showTab(target.closest(".tab").dataset.tab));
  get(".owner-new").addEventListener("click", async () => {
    const made = await act("numero", {});
    if (!made) return;
    HANDLERS.person(made);
    choose("client", made.person.phone);
    toast(`${made.person.name} nunca falou com o Odys`);
  });
  for (const [role, view] of Object.entries(views)) {
    view.find(".owner-choice").addEventListener("change", ({ target }) => choose(role, target.value));
  }
  document.addEventListener("visibilitychange", sight);
  narrow.addEventListener("change", () => {
    shownMinute = "";
    tick();
    sight();
  });
  setInterval(tick, 1000);
}

wire();
showPanel(wide.matches ? "backstage" : "");
sight();
listen();
