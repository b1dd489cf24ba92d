// WhatsApp's own formatting as DOM nodes. Text only ever becomes text nodes: nothing is parsed as HTML.

const SPANS = [
  { mark: "*", tag: "strong" },
  { mark: "_", tag: "em" },
  { mark: "~", tag: "s" },
];
const WORD = /[\p{L}\p{N}]/u;
const LINK = /https?:\/\/[^\s<>"]+|\bwa\.me\/[^\s<>"]+/giu;
// A full stop or a bracket after an address belongs to the sentence.
const TRAILING = /[.,;:!?)\]}'"]+$/;

/** Return `text` as a fragment: *bold*, _italic_, ~strike~, `code`, ```mono``` and links. */
export function formatted(text) {
  const fragment = document.createDocumentFragment();
  text.split(/```([\s\S]+?)```/).forEach((part, index) => {
    if (index % 2) fragment.append(element("code", "mono", part.replace(/^\n|\n$/g, "")));
    else spans(part, fragment);
  });
  return fragment;
}

/** Return an element with a class and a text. */
export function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

/** Return one of the page's drawings. */
export function icon(name, extra = "") {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function spans(text, into) {
  const found = first(text);
  if (!found) {
    linked(text, into);
    return;
  }
  linked(text.slice(0, found.start), into);
  const inside = text.slice(found.start + 1, found.end);
  const made = element(found.tag, found.tag === "code" ? "mono" : "");
  if (found.tag === "code") made.textContent = inside;
  else spans(inside, made);
  into.append(made);
  spans(text.slice(found.end + 1), into);
}

/** Find the first span: marks hug their words, stand at a word's edge, and do not cross a line. */
function first(text) {
  const links = [...text.matchAll(LINK)].map((match) => [match.index, match.index + match[0].length]);
  for (let start = 0; start < text.length; start += 1) {
    const link = links.find(([from, to]) => start >= from && start < to);
    if (link) {
      start = link[1] - 1;
      continue;
    }
    const span = text[start] === "`" ? { mark: "`", tag: "code" } : SPANS.find(({ mark }) => mark === text[start]);
    if (!span || WORD.test(text[start - 1] ?? "") || /\s|^$/.test(text[start + 1] ?? "")) continue;
    const end = closing(text, span.mark, start + 1);
    if (end > 0) return { start, end, tag: span.tag };
  }
  return null;
}

function closing(text, mark, from) {
  for (let end = from + 1; end < text.length && text[end] !== "\n"; end += 1) {
    if (text[end] === mark && !/\s/.test(text[end - 1]) && !WORD.test(text[end + 1] ?? "")) return end;
  }
  return -1;
}

function linked(text, into) {
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TRAILING, "");
    into.append(text.slice(done, match.index));
    const anchor = element("a", "", address);
    anchor.href = address.startsWith("http") ? address : `https://${address}`;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    into.append(anchor);
    done = match.index + address.length;
  }
  if (done < text.length) into.append(text.slice(done));
}
