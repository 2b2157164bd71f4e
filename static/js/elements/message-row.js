/**
 * @file Draws one row of a log. A message on its way, a live one and an old one
 * are one template, so that a message is replaced in place.
 */
import { dayNameOf, exactTimeOf, timeOf } from "../dates.js";
import { fillAvatar } from "./avatar.js";
import { fillText } from "./rich-text.js";
import { copyOf, fill, find } from "./store-element.js";

/** @param {HTMLElement} node @param {Row} row @param {string | undefined} me */
export function fillRow(node, row, me) {
  if (row.kind === "day") fill(node, { time: dayNameOf(row.at) });
  if (row.kind === "topic") fill(node, { ".who": row.entry.nick, ".what": row.entry.text || "nothing" });
  if (row.kind === "message") fillMessage(node, row, me);
}

/** @param {HTMLElement} node @param {MessageRow} row @param {string | undefined} me */
function fillMessage(node, { entry, mine, grouped, news, fate, reason, quoted }, me) {
  const { nick, at, seq, deleted = false, edited = false, replyTo } = entry;
  for (const [name, on] of Object.entries({ mine, grouped, deleted })) node.classList.toggle(name, on);
  // Read aloud once, when it comes: not what is old, one's own, or drawn again.
  if (!news || node.dataset.seq) node.setAttribute("aria-live", "off");
  node.dataset.fate = fate ?? "settled";
  node.dataset.seq = String(seq);
  node.ariaLabel = `${nick}, ${timeOf(at)}`;
  const failed = fate === "failed";
  const answers = replyTo !== undefined && !deleted;
  fill(node, {
    ".author": nick, time: timeOf(at), ".edited": edited, ".clock": Boolean(fate) && !failed,
    ".fate": failed, ".reason": reason ?? "", ".quote": answers,
    ".quoted-author": quoted?.nick ?? "An earlier message", ".quoted-text": quoted ? firstLine(quoted.text) : "",
  });
  Object.assign(find(node, "time"), { dateTime: at, title: exactTimeOf(at) });
  fillAvatar(find(node, ".avatar"), nick);
  fillText(find(node, ".text"), deleted ? "This message was deleted." : entry.text);
  fill(node, { ".reactions": entry.reactions.length > 0 });
  find(node, ".reactions").replaceChildren(...entry.reactions.map((reaction) => drawn(reaction, me)));
}

/** @param {string} text */
export const firstLine = (text) => text.trimStart().split("\n", 1)[0].slice(0, 160);

/** @param {Reaction} reaction @param {string | undefined} me */
function drawn({ emoji, nicks }, me) {
  const item = copyOf("reaction");
  const button = find(item, "button");
  button.ariaPressed = String(me !== undefined && nicks.includes(me));
  button.ariaLabel = `${emoji} by ${nicks.join(", ")}`;
  button.dataset.emoji = emoji;
  fill(item, { ".emoji": emoji, ".tally": String(nicks.length) });
  return item;
}
