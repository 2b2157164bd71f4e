/** @file A person's letter and colour: the same for the same name, never the only mark of anything. */

const HUES = 8;
const letters = new Intl.Segmenter();

/** @param {HTMLElement} node @param {string} nick */
export function fillAvatar(node, nick) {
  const [first] = letters.segment(nick);
  const sum = [...nick.toLowerCase()].reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) % 9973, 0);
  node.textContent = (first?.segment ?? "").toLocaleUpperCase();
  node.dataset.hue = String(sum % HUES);
}
