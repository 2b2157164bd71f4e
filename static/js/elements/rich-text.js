/** @file Draws a message's text: the tree of `model/markup.js` as nodes. */
import { parse } from "../model/markup.js";

/** @param {Element} node @param {string} text */
export const fillText = (node, text) => node.replaceChildren(...parse(text).map(drawn));

const tags = { code: "code", block: "pre", bold: "strong", italic: "em", link: "a" };

/** The page that is linked to learns nothing about this one. @param {Markup} markup @returns {Node} */
function drawn(markup) {
  if (markup.kind === "text") return document.createTextNode(markup.text);
  const node = document.createElement(tags[markup.kind]);
  if ("parts" in markup) node.append(...markup.parts.map(drawn));
  else node.textContent = markup.text;
  if (markup.kind === "link") Object.assign(node, { href: markup.href, target: "_blank", rel: "noopener noreferrer nofollow ugc" });
  return node;
}
