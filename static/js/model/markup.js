/**
 * @file Light markup: `code`, code blocks, **bold**, *italic*, links, as a tree.
 *
 * Invariant: no character is lost but the marks themselves, and only http and
 * https become links.
 */

/**
 * Tried in this order. A mark opens before a visible character and closes after one.
 * @type {[RegExp, (match: string[]) => Markup | null][]}
 */
const marks = [
  [/```(?:[\w+-]*\n)?([^]+?)\n?```/y, ([, text]) => ({ kind: "block", text })],
  [/`([^`\n]+)`/y, ([, text]) => ({ kind: "code", text })],
  [/\*\*(?=\S)([^\n]*?\S)\*\*(?!\*)/y, ([, text]) => ({ kind: "bold", parts: parse(text) })],
  [/([*_])(?=[^\s*_])([^\n*_]*?[^\s*_])\1(?![\w*])/y, ([, , text]) => ({ kind: "italic", parts: parse(text) })],
  [/https?:\/\/[^\s<>"`]+/iy, ([text]) => link(text)],
];

/** Where a mark may begin. */
const opening = /[`*_]|https?:\/\//gi;

/** @param {string} text @returns {Markup[]} */
export function parse(text) {
  /** @type {Markup[]} */
  const parts = [];
  let plainFrom = 0;
  for (let at = nextOpening(text, 0); at < text.length;) {
    const found = markAt(text, at);
    if (found && at > plainFrom) parts.push({ kind: "text", text: text.slice(plainFrom, at) });
    if (found) parts.push(found.part);
    const end = at + (found?.length ?? 1);
    if (found) plainFrom = end;
    at = nextOpening(text, end);
  }
  if (plainFrom < text.length) parts.push({ kind: "text", text: text.slice(plainFrom) });
  return parts;
}

/** @param {string} text @param {number} from */
function nextOpening(text, from) {
  opening.lastIndex = from;
  return opening.exec(text)?.index ?? text.length;
}

/** Inside a word only code begins. @param {string} text @param {number} at */
function markAt(text, at) {
  if (text[at] !== "`" && at > 0 && /\w/.test(text[at - 1])) return null;
  for (const [pattern, make] of marks) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const part = match && make(match);
    if (part) return { part, length: part.kind === "link" ? part.text.length : match[0].length };
  }
  return null;
}

/** A link without the full stop or bracket that follows it. @param {string} found @returns {Markup | null} */
function link(found) {
  const text = found.replace(/[.,;:!?'*_，。、！？：；）]+$/, "").replace(/^([^(]*)\)$/, "$1");
  return URL.canParse(text) ? { kind: "link", text, href: new URL(text).href } : null;
}
