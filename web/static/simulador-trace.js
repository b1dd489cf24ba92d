// Backstage: each webhook, turn, tool call, row and delivery, as it happens.

import * as clock from "./simulador-clock.js";
import { element } from "./simulador-text.js";

const KINDS = {
  webhook: "Webhook",
  turn: "Turno",
  tool: "Ferramenta",
  row: "Linha",
  send: "Envio",
  status: "Status",
  job: "Tarefa",
};
const KEPT = 400;
const NEAR_BOTTOM = 60;

export class TraceView {
  constructor(panel) {
    this.list = panel.querySelector(".notes");
    this.empty = panel.querySelector(".notes-empty");
    this.last = 0;
    this.kinds(panel.querySelector(".backstage-kinds"));
  }

  kinds(box) {
    for (const [kind, name] of Object.entries(KINDS)) {
      const toggle = element("button", `kind kind-${kind}`, name);
      toggle.type = "button";
      toggle.setAttribute("aria-pressed", "true");
      toggle.addEventListener("click", () => {
        const shown = toggle.getAttribute("aria-pressed") !== "true";
        toggle.setAttribute("aria-pressed", String(shown));
        this.list.classList.toggle(`without-${kind}`, !shown);
      });
      box.append(toggle);
    }
  }

  /** Add a note; one that was already told (the line was cut in between) is left out. */
  add(note) {
    if (note.id <= this.last) return;
    this.last = note.id;
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const follow = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    this.list.append(this.draw(note));
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
    this.empty.hidden = true;
    if (follow) this.bottom();
  }

  draw(note) {
    const item = element("li", `note note-${note.kind}`);
    const line = element(Object.keys(note.detail).length ? "summary" : "div", "note-line");
    const time = element("time", "note-time", clock.second(new Date(note.at)));
    time.dateTime = note.at;
    line.append(time, element("span", `kind kind-${note.kind}`, KINDS[note.kind] ?? note.kind));
    line.append(element("span", "note-title", note.title));
    if (line.tagName === "DIV") {
      item.append(line);
      return item;
    }
    const details = element("details", "note-details");
    details.append(line);
    // Drawn when first opened: most are never looked into.
    details.addEventListener("toggle", () => details.append(pretty(note.detail)), { once: true });
    item.append(details);
    return item;
  }

  bottom() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Empty the list; what comes later still shows. */
  clear() {
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  /** Start over: the server is another one. */
  reset() {
    this.clear();
    this.last = 0;
  }
}

/** Return JSON for reading, its names told apart from its values. */
function pretty(value) {
  const box = element("pre", "json");
  write(value, box, "");
  return box;
}

function write(value, into, indent) {
  if (value === null || typeof value !== "object") {
    into.append(element("span", `json-${typeof value}`, JSON.stringify(value)));
    return;
  }
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const entries = Object.entries(value);
  into.append(open);
  entries.forEach(([name, part], index) => {
    into.append(`\n${indent}  `);
    if (open === "{") into.append(element("span", "json-name", name), ": ");
    write(part, into, `${indent}  `);
    if (index < entries.length - 1) into.append(",");
  });
  into.append(entries.length ? `\n${indent}${close}` : close);
}
