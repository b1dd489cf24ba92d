// One phone on the page: the conversation of whoever holds it, and what they can do there.

import * as clock from "./simulador-clock.js";
import { element, formatted, icon } from "./simulador-text.js";

const NEAR_BOTTOM = 80; // pixels: closer than this, the reader is following
const READ_AFTER = 400; // milliseconds: nobody reads faster
const STATE = "conta comercial";
const NOTICE = "Isto é uma demonstração: escreva como no WhatsApp e toque nos botões. Ninguém de verdade recebe nada.";
const TICKS = {
  pending: ["pending", "enviando"],
  sent: ["sent", "enviada"],
  delivered: ["delivered", "entregue"],
  read: ["delivered", "lida"],
  failed: ["failed", "não entregue"],
};
const TAP_ICONS = { button: "reply", template: "reply", list: "list" };

export class PhoneView {
  /** `act(path, body)` posts what the person does; `toast(text)` says something in passing. */
  constructor(seat, { act, toast, suggestions }) {
    this.seat = seat;
    this.role = seat.dataset.role;
    this.act = act;
    this.toast = toast;
    this.find = (selector) => seat.querySelector(selector);
    this.messages = this.find(".messages");
    this.down = this.find(".down");
    this.text = this.find(".composer-text");
    this.send = this.find(".composer-send");
    this.sheet = this.find(".sheet");
    this.suggestions = suggestions;
    this.phone = null;
    this.visible = false;
    this.below = 0;
    this.history = [];
    this.recalled = 0;
    this.wire();
  }

  wire() {
    this.find(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.grow());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.messages.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.down.addEventListener("click", () => this.bottom(true));
    this.find(".sheet-close").addEventListener("click", () => this.closeSheet());
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.closeSheet());
    this.sheet.addEventListener("keydown", (event) => this.sheetKey(event));
    new ResizeObserver(() => this.following && this.bottom()).observe(this.messages);
  }

  // What is shown

  /** Show the conversation of `phone`: its person and messages. */
  show(phone) {
    const other = this.phone?.phone !== phone.phone;
    this.phone = phone;
    this.messages.replaceChildren();
    this.lastDay = "";
    this.lastMine = null;
    this.below = 0;
    this.typing(0);
    if (other) this.takeUp();
    this.messages.setAttribute("aria-live", "off"); // a whole conversation is not news
    if (!phone.bubbles.length) this.messages.append(element("div", "notice", NOTICE));
    phone.bubbles.forEach((bubble) => this.append(bubble));
    this.following = true;
    this.bottom();
    requestAnimationFrame(() => this.messages.setAttribute("aria-live", "polite"));
    this.chips();
    this.look();
  }

  takeUp() {
    this.closeSheet();
    this.history = this.phone.bubbles.filter((b) => b.mine && b.kind === "text").map((b) => b.text);
    this.recalled = this.history.length;
    this.text.value = "";
    // Until somebody holds the phone there is nobody to send as, and what was typed would be gone.
    this.text.disabled = this.send.disabled = false;
    this.grow();
  }

  /** Add a message that has just come or gone. */
  add(bubble) {
    const follow = this.following || bubble.mine;
    if (!bubble.mine) this.typing(0);
    this.append(bubble, true);
    if (follow) this.bottom(true);
    else {
      this.below += 1;
      this.scrolled();
    }
    this.chips();
    this.look();
  }

  append(bubble, fresh = false) {
    const moment = new Date(bubble.at);
    const date = clock.key(moment);
    if (date !== this.lastDay) {
      const separator = element("div", "date", clock.named(date));
      separator.dataset.date = date;
      this.place(separator);
      this.lastDay = date;
      this.lastMine = null;
    }
    const item = element("div", `message ${bubble.mine ? "mine" : "theirs"}`);
    item.dataset.id = bubble.id;
    item.classList.toggle("first", bubble.mine !== this.lastMine);
    item.classList.toggle("fresh", fresh);
    this.lastMine = bubble.mine;
    item.append(this.draw(bubble, moment));
    this.find(".notice")?.remove();
    this.place(item);
    while (this.messages.querySelectorAll(".message").length > 200) this.messages.firstElementChild.remove();
  }

  /** Put a line at the end, above the typing indicator if there is one. */
  place(item) {
    this.messages.insertBefore(item, this.find(".typing"));
  }

  draw(bubble, moment) {
    const box = element("div", "bubble");
    box.append(element("span", "unseen", bubble.mine ? "Você: " : "Odys: "));
    if (bubble.quote) box.append(this.quote(bubble));
    if (bubble.kind === "audio") box.append(voice(bubble));
    if (bubble.kind === "image") box.append(picture(bubble));
    if (bubble.kind === "document") box.append(attachment(bubble));
    if (bubble.header) box.append(element("p", "bubble-header", bubble.header));
    const body = element("p", "bubble-text");
    if (bubble.kind !== "audio") body.append(formatted(bubble.text));
    const meta = element("span", "meta");
    const time = element("time", "", clock.hour(moment));
    time.dateTime = bubble.at;
    meta.append(time);
    if (bubble.mine) meta.append(ticks(bubble.status));
    // The time floats into the last line, as on a real phone: an invisible twin keeps its place in the text.
    body.append(element("span", `meta-space${bubble.mine ? " meta-space-ticks" : ""}`));
    box.append(body);
    if (bubble.footer) box.append(element("p", "bubble-footer", bubble.footer));
    box.append(meta);
    if (bubble.taps) box.append(this.taps(bubble));
    return box;
  }

  quote(bubble) {
    const quote = element("p", "quote");
    quote.append(element("strong", "", bubble.mine ? "Odys" : "Você"), element("span", "", bubble.quote));
    return quote;
  }

  taps(bubble) {
    const row = element("div", "taps");
    if (bubble.taps === "list") {
      const open = this.tapButton(bubble.label, "list");
      open.setAttribute("aria-haspopup", "dialog");
      open.addEventListener("click", () => this.openSheet(bubble, open));
      row.append(open);
      return row;
    }
    for (const option of bubble.options) {
      const button = this.tapButton(option.title, option.copies ? "copy" : TAP_ICONS[bubble.taps]);
      button.dataset.payload = option.id;
      button.addEventListener("click", () => (option.copies ? this.copy(option) : this.tap(bubble, option)));
      row.append(button);
    }
    if (bubble.tapped) settle(row, bubble.tapped);
    return row;
  }

  tapButton(title, drawing) {
    const button = element("button", "tap");
    button.type = "button";
    button.append(icon(drawing), element("span", "", title));
    return button;
  }

  /** Change the ticks of a message. */
  status(id, status) {
    this.messages.querySelector(`[data-id="${CSS.escape(id)}"] .ticks`)?.replaceWith(ticks(status));
  }

  /** Grey out the buttons of a message that was answered. */
  tapped(id, payload) {
    const row = this.messages.querySelector(`[data-id="${CSS.escape(id)}"] .taps`);
    const bubble = this.phone?.bubbles.find((each) => each.id === id);
    if (row && bubble?.taps !== "list") settle(row, payload);
  }

  /** Show that Odys is typing, for so many seconds; 0 ends it. */
  typing(seconds) {
    clearTimeout(this.typingTimer);
    const state = this.find(".contact-state");
    const text = seconds ? "digitando…" : STATE;
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("contact-typing", seconds > 0);
    this.find(".typing")?.remove();
    if (!seconds) return;
    const item = element("div", "typing");
    item.setAttribute("aria-hidden", "true"); // the header says it in words
    item.append(element("span", "dot"), element("span", "dot"), element("span", "dot"));
    this.messages.append(item);
    if (this.following) this.bottom(true);
    this.typingTimer = setTimeout(() => this.typing(0), seconds * 1000);
  }

  /** Name the days again: the clock has moved. */
  relabel() {
    for (const separator of this.messages.querySelectorAll(".date")) {
      const name = clock.named(separator.dataset.date);
      if (separator.textContent !== name) separator.textContent = name;
    }
    this.find(".statusbar-hour").textContent = clock.hour(clock.now());
  }

  // Scrolling and reading

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.messages;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (this.following) this.below = 0;
    this.down.hidden = this.following;
    const badge = this.down.querySelector(".badge");
    badge.hidden = !this.below;
    badge.textContent = this.below || "";
  }

  bottom(smooth = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.following = true;
    this.messages.scrollTo({ top: this.messages.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
  }

  /** Tell whether the phone is in sight; what is on it then counts as read. */
  setVisible(visible) {
    if (visible && !this.visible) this.grow();
    if (visible && !this.visible && this.following) requestAnimationFrame(() => this.bottom());
    this.visible = visible;
    this.look();
  }

  look() {
    clearTimeout(this.lookTimer);
    if (!this.visible || document.hidden || !this.phone?.bubbles.some((b) => !b.mine && !b.seen)) return;
    this.lookTimer = setTimeout(() => this.act("lido", { phone: this.phone.phone }), READ_AFTER);
  }

  // What the person does

  submit() {
    const text = this.text.value;
    if (!this.phone) return;
    if (!text.trim()) this.act("audio", { phone: this.phone.phone });
    else this.say(text);
  }

  async say(text) {
    const { phone } = this.phone;
    if (this.history.at(-1) !== text) this.history.push(text);
    this.recalled = this.history.length;
    this.text.value = "";
    this.grow();
    const sent = await this.act("enviar", { phone, text });
    if (sent || this.text.value || this.phone.phone !== phone) return;
    this.text.value = text; // it did not go: to be tried again
    this.grow();
  }

  tap(bubble, option) {
    this.act("tocar", {
      phone: bubble.phone,
      payload: option.id,
      title: option.title,
      description: option.description,
      kind: bubble.taps,
      context: bubble.id,
    });
  }

  async copy(option) {
    try {
      await navigator.clipboard.writeText(option.copies);
      this.toast("Código copiado");
    } catch {
      this.text.value = option.copies;
      this.grow();
    }
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (this.text.value.trim()) this.submit();
    } else if (event.key === "ArrowUp" && this.text.selectionEnd === 0 && this.recalled > 0) {
      event.preventDefault();
      this.recall(this.recalled - 1);
    } else if (event.key === "ArrowDown" && this.recalled < this.history.length && this.atEnd()) {
      event.preventDefault();
      this.recall(this.recalled + 1);
    }
  }

  atEnd() {
    return this.text.selectionStart === this.text.value.length || this.text.selectionEnd === 0;
  }

  recall(index) {
    this.recalled = index;
    this.text.value = this.history[index] ?? "";
    this.grow();
    this.text.setSelectionRange(0, 0);
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    const writing = this.text.value.trim() !== "";
    this.send.classList.toggle("writing", writing);
    this.send.setAttribute("aria-label", writing ? "Enviar" : "Enviar mensagem de voz");
  }

  /** Offer what a first-time visitor might say and has not said yet. */
  chips() {
    const box = this.find(".chips");
    const said = new Set(this.phone.bubbles.filter((b) => b.mine).map((b) => b.text));
    const left = this.suggestions.filter((text) => !said.has(text));
    const shown = [...box.children].map((chip) => chip.textContent);
    if (shown.join("\n") === left.join("\n")) return;
    const chips = left.map((text) => {
      const chip = element("button", "chip", text);
      chip.type = "button";
      chip.addEventListener("click", () => {
        this.say(text);
        this.text.focus({ preventScroll: true });
      });
      return chip;
    });
    box.replaceChildren(...chips);
    box.hidden = !chips.length;
  }

  // The sheet of a list

  openSheet(bubble, opener) {
    const rows = this.find(".sheet-rows");
    this.find(".sheet-title").textContent = bubble.label;
    rows.replaceChildren();
    let section = bubble.label; // a section named like the sheet says nothing new
    for (const option of bubble.options) {
      if (option.section && option.section !== section) rows.append(element("li", "sheet-section", option.section));
      section = option.section || section;
      rows.append(this.sheetRow(bubble, option));
    }
    this.opener = opener;
    this.sheet.hidden = false;
    this.find(".screen-body").inert = true;
    rows.querySelector("button").focus({ preventScroll: true });
  }

  sheetRow(bubble, option) {
    const item = element("li");
    const button = element("button", "sheet-row");
    button.type = "button";
    const words = element("span", "sheet-words");
    words.append(element("span", "sheet-row-title", option.title));
    if (option.description) words.append(element("span", "sheet-row-description", option.description));
    button.append(words, element("span", "radio"));
    button.addEventListener("click", () => {
      this.closeSheet();
      this.tap(bubble, option);
    });
    item.append(button);
    return item;
  }

  closeSheet() {
    if (this.sheet.hidden) return;
    this.sheet.hidden = true;
    this.find(".screen-body").inert = false;
    this.opener?.focus({ preventScroll: true });
  }

  sheetKey(event) {
    const buttons = [...this.sheet.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1, Tab: event.shiftKey ? -1 : 1 }[event.key];
    if (event.key === "Escape") this.closeSheet();
    else if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
  }
}

function ticks(status) {
  const [drawing, words] = TICKS[status] ?? TICKS.sent;
  const made = element("span", `ticks ticks-${status}`);
  made.title = words;
  made.append(icon(drawing), element("span", "unseen", words));
  return made;
}

function settle(row, payload) {
  for (const button of row.querySelectorAll(".tap")) {
    button.disabled = true;
    button.classList.toggle("chosen", button.dataset.payload === payload);
  }
}

function voice(bubble) {
  const note = element("div", "voice");
  const play = element("button", "voice-play");
  play.type = "button";
  play.setAttribute("aria-label", "Ouvir a mensagem de voz");
  play.append(icon("play"));
  const wave = element("span", "voice-wave");
  // The same message always looks the same.
  for (let bar = 0; bar < 30; bar += 1) {
    const code = bubble.id.charCodeAt(6 + (bar % (bubble.id.length - 6)));
    const line = element("span", "voice-bar");
    line.style.setProperty("--tall", `${18 + ((code * (bar + 7)) % 83)}%`);
    wave.append(line);
  }
  play.addEventListener("click", () => {
    const audio = new Audio(`/simulador/midia/${bubble.media}`);
    audio.addEventListener("timeupdate", () => played(wave, audio.currentTime / (audio.duration || 1)));
    audio.addEventListener("ended", () => played(wave, 0));
    audio.play().catch(() => played(wave, 0));
  });
  note.append(play, wave, element("span", "voice-length", `0:${String(bubble.seconds).padStart(2, "0")}`));
  return note;
}

function played(wave, part) {
  [...wave.children].forEach((bar, index, all) => bar.classList.toggle("played", index < part * all.length));
}

function picture(bubble) {
  const image = element("img", "picture");
  image.src = `/simulador/midia/${bubble.media}`;
  image.alt = bubble.text || "Imagem enviada pelo Odys";
  return image;
}

function attachment(bubble) {
  const link = element("a", "attachment");
  link.href = `/simulador/midia/${bubble.media}`;
  link.download = bubble.filename;
  const kind = element("span", "attachment-kind", bubble.filename.split(".").pop().slice(0, 4).toUpperCase());
  kind.setAttribute("aria-hidden", "true");
  link.append(kind, element("span", "attachment-name", bubble.filename));
  return link;
}
