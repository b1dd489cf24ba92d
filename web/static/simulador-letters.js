// E-mails: what Odys would send by mail, in a list and opened one at a time.

import * as clock from "./simulador-clock.js";
import { element, icon } from "./simulador-text.js";

const KEPT = 50;

export class LettersView {
  /** `counted(number)` hears how many letters nobody has opened. */
  constructor(panel, counted) {
    this.panel = panel;
    this.find = (selector) => panel.querySelector(selector);
    this.list = this.find(".letter-list");
    this.counted = counted;
    this.letters = [];
    this.open = null;
    this.find(".letter-back").addEventListener("click", () => this.back());
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.open) return;
      event.stopPropagation();
      this.back();
    });
  }

  /** Add a letter; one that was already told (the line was cut in between) is left out. */
  add(letter) {
    if (this.letters.some((each) => each.id === letter.id)) return;
    this.letters.push(letter);
    this.list.prepend(this.row(letter));
    while (this.letters.length > KEPT) {
      this.letters.shift();
      this.list.lastElementChild.remove();
    }
    this.find(".letters-empty").hidden = true;
    this.count();
  }

  row(letter) {
    const item = element("li", "letter");
    const button = element("button", "letter-row unread");
    button.type = "button";
    button.dataset.letter = letter.id;
    const head = element("span", "letter-line");
    const time = element("time", "letter-time", when(letter));
    time.dateTime = letter.at;
    head.append(element("span", "letter-to", letter.name || letter.address), time);
    const subject = element("span", "letter-line letter-subject", letter.subject);
    if (letter.invitation) subject.append(icon("clip"), element("span", "unseen", ", com anexo"));
    button.append(head, subject, element("span", "unseen letter-new", ", não lido"));
    button.addEventListener("click", () => this.show(letter));
    item.append(button);
    return item;
  }

  button(letter) {
    return this.list.querySelector(`[data-letter="${letter.id}"]`);
  }

  show(letter) {
    this.open = letter;
    letter.read = true;
    const button = this.button(letter);
    button?.classList.remove("unread");
    button?.querySelector(".letter-new")?.remove();
    this.find(".letter-title").textContent = letter.subject;
    this.find(".letter-whom").textContent = letter.name ? `${letter.name} <${letter.address}>` : letter.address;
    const at = this.find(".letter-at");
    at.textContent = when(letter);
    at.dateTime = letter.at;
    const file = this.find(".letter-file");
    file.hidden = !letter.invitation;
    file.href = `/simulador/cartas/${letter.id}/convite.ics`;
    this.find(".letter-file-name").textContent = letter.invitation;
    // A new frame each time: to change the address of one would add to the browser's history.
    const frame = element("iframe", "letter-page");
    frame.setAttribute("sandbox", "");
    frame.title = `E-mail: ${letter.subject}`;
    frame.src = `/simulador/cartas/${letter.id}`;
    this.find(".letter-body").replaceChildren(frame);
    this.panel.classList.add("reading");
    this.find(".letter-back").focus();
    this.count();
  }

  back() {
    const letter = this.open;
    this.close();
    if (letter) this.button(letter)?.focus();
  }

  close() {
    this.open = null;
    this.panel.classList.remove("reading");
    this.find(".letter-body").replaceChildren();
  }

  count() {
    this.counted(this.letters.filter((letter) => !letter.read).length);
  }

  /** Start over: the server is another one. */
  reset() {
    this.close();
    this.letters = [];
    this.list.replaceChildren();
    this.find(".letters-empty").hidden = false;
    this.count();
  }
}

function when(letter) {
  const moment = new Date(letter.at);
  return `${clock.day(moment, true)}, ${clock.hour(moment)}`;
}
