/**
 * @file Draws one row of a log. A message on its way, a live one and an old one
 * are one template, so that a message is replaced in place.
 */
import { dayNameOf, exactTimeOf, timeOf } from "../dates.js";
import { deedOf } from "../model/peace.js";
import { gist } from "../model/pictures.js";
import { fillAvatar } from "./avatar.js";
import { fillPictures } from "./message-pictures.js";
import { fillText } from "./rich-text.js";
import { copyOf, fill, find } from "./store-element.js";

/** @param {HTMLElement} node @param {Row} row @param {string | undefined} me @param {number} now the server's */
export function fillRow(node, row, me, now) {
  if (row.kind === "day") fill(node, { time: dayNameOf(row.at) });
  if (row.kind === "topic") fill(node, { ".who": row.entry.nick, ".what": row.entry.text || "nothing" });
  if (row.kind === "moderated" && row.entry.deed) {
    const { what, whom, more } = deedOf(row.entry.deed);
    fill(node, { ".who": row.entry.nick, ".what": what, ".whom": whom, ".more": more });
  }
  if (row.kind === "message") fillMessage(node, row, me, now);
}

/** @param {HTMLElement} node @param {MessageRow} row @param {string | undefined} me @param {number} now */
function fillMessage(node, row, me, now) {
  const { entry, mine, keeper, grouped, news, fate } = row;
  const { nick, at, seq, deleted = false, images = [] } = entry;
  for (const [name, on] of Object.entries({ mine, grouped, deleted })) node.classList.toggle(name, on);
  // Read aloud once, when it comes: not what is old, one's own, or drawn again.
  if (!news || node.dataset.seq) node.setAttribute("aria-live", "off");
  node.dataset.fate = fate ?? "settled";
  node.dataset.seq = String(seq);
  node.ariaLabel = `${nick}, ${timeOf(at)}`;
  fillMarks(node, row);
  Object.assign(find(node, "time"), { dateTime: at, title: exactTimeOf(at) });
  fillAvatar(find(node, ".avatar"), nick);
  fillText(find(node, ".text"), deleted ? "This message was deleted." : entry.text);
  fillPictures(find(node, ".pictures"), images, { now, sees: mine || keeper, approves: keeper });
  fill(node, { ".reactions": entry.reactions.length > 0 });
  find(node, ".reactions").replaceChildren(...entry.reactions.map((reaction) => drawn(reaction, me)));
}

/** What it answers, and what became of it. @param {HTMLElement} node @param {MessageRow} row */
function fillMarks(node, { entry: { nick, at, text, images = [], edited = false, deleted, replyTo }, fate, reason, quoted }) {
  const failed = fate === "failed";
  const refused = /** @type {Tile[]} */ (images).filter(({ status }) => status === "failed");
  const goesWithout = refused.length > 0 && (refused.length < images.length || text !== "");
  fill(node, {
    ".author": nick, time: timeOf(at), ".edited": edited, ".clock": Boolean(fate) && !failed,
    ".fate": failed, ".reason": reason ?? "", ".retry": !refused.some(({ lost }) => lost),
    ".without": goesWithout ? `Send without ${refused.length > 1 ? "them" : "it"}` : null,
    ".quote": replyTo !== undefined && !deleted,
    ".quoted-author": quoted?.nick ?? "An earlier message", ".quoted-text": quoted ? gist(quoted) : "",
  });
}

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
