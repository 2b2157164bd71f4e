/**
 * @file A room's log: how events become entries, and how pages of them join.
 *
 * Invariant: what a log shows depends only on the events it holds, never on the
 * order or number of times in which they came. Each fact about an entry carries
 * the seq that stated it, and the highest seq wins.
 */

/** Kept for a reader at the bottom; more are trimmed, in steps, and can be asked for again. */
export const KEEP = 300;
const SLACK = 100;

/**
 * Events that follow what is held, live or caught up. Those already here are
 * skipped; a hole is refused and marks the room for catching up.
 * @param {Room} room @param {Wire.LogEvent[]} events ascending @returns {Room}
 */
export function append(room, events) {
  const news = events.filter((event) => event.seq > room.last);
  if (news.length === 0) return room;
  if (news[0].seq !== room.last + 1) return { ...room, gap: true };
  const last = news[news.length - 1].seq;
  const topic = news.findLast((event) => event.type === "topic")?.topic ?? room.topic;
  const settings = news.reduce((rules, event) => (event.type === "moderated" && event.settings) || rules, room.settings);
  return trim({ ...weave(room, news, true), last, topic, settings });
}

/** An older page. @param {Room} room @param {Wire.LogEvent[]} events ascending @param {boolean} more @returns {Room} */
export function prepend(room, events, more) {
  const older = events.filter((event) => event.seq < room.first);
  const first = older[0]?.seq ?? room.first;
  return { ...weave(room, older, false), first, more, older: "idle" };
}

/** The answer to a join: it continues the log if it touches it, else it replaces it. @param {Room} room @param {Wire.Joined} frame @returns {Room} */
export function rejoin(room, { room: { epoch, seq }, events, complete }) {
  const first = events[0]?.seq ?? seq + 1;
  if (complete && room.epoch === epoch && first <= room.last + 1) return { ...append(room, events), gap: false };
  const blank = { epoch, first, last: first - 1, more: first > 1, entries: [], amends: new Map(), gap: false, liveFrom: seq, unreadFrom: null };
  return append({ ...room, ...blank }, events);
}

/** Forgets the oldest entries of a log whose reader is at its end. @param {Room} room @returns {Room} */
export function trim(room) {
  if (!room.pinned || room.entries.length <= KEEP + SLACK) return room;
  const entries = room.entries.slice(-KEEP);
  const first = entries[0].seq;
  const amends = new Map([...room.amends].filter(([, amend]) => newest(amend) >= first));
  return { ...room, entries, amends, first, more: true };
}

/** A picture's time is over, which the log will say in its own time. @param {Room} room @param {number} target @param {string} id @returns {Room} */
export function over(room, target, id) {
  const images = entryAt(room, target)?.images?.map((image) => (image.id === id ? { ...image, over: true } : image));
  return { ...room, entries: room.entries.map((entry) => (entry.seq === target ? { ...entry, images } : entry)) };
}

/** @param {Room} room @param {number} seq @returns {Entry | undefined} */
export const entryAt = (room, seq) => room.entries[indexOf(room.entries, seq)];

/** @param {Room} room @param {Wire.LogEvent[]} events @param {boolean} atEnd @returns {Room} */
function weave(room, events, atEnd) {
  const amends = new Map(room.amends);
  const held = room.entries.slice();
  /** @type {Entry[]} */
  const fresh = [];
  for (const event of events) {
    if ("target" in event) amends.set(event.target, amended(amends.get(event.target), event));
    else fresh.push(...entriesOf(event));
  }
  const entries = atEnd ? [...held, ...fresh] : [...fresh, ...held];
  const changed = new Set(events.map((event) => ("target" in event ? event.target : event.seq)));
  for (const seq of changed) {
    const at = indexOf(entries, seq);
    if (at >= 0) entries[at] = withAmendment(entries[at], amends.get(seq));
  }
  return { ...room, amends, entries };
}

/** What this page does not know has its place in the log, and no line. @param {Wire.LogEvent} event @returns {Entry[]} */
function entriesOf(event) {
  const { seq, at, from: { nick } } = event;
  const line = { seq, at, nick, text: "", reactions: [] };
  if (event.type === "topic") return [{ ...line, kind: "topic", text: event.topic }];
  if (event.type === "moderated") return [{ ...line, kind: "moderated", deed: event }];
  if (event.type !== "message") return [];
  const { text, images, edited, deleted, reply_to: replyTo, client_id: clientId } = event;
  return [{ ...line, kind: "message", text, images: deleted ? undefined : images, edited, deleted, replyTo, clientId }];
}

/** @param {Amendment | undefined} before @param {Wire.LogEvent & {target: number}} event @returns {Amendment} */
function amended(before = { reactions: new Map(), ends: new Map(), approved: new Map() }, event) {
  const { seq, type } = event;
  if (type === "approved") return { ...before, approved: new Map(before.approved).set(event.image, seq) };
  if (type === "expired" || (type === "deleted" && event.image)) {
    const image = event.image ?? "";
    const known = (before.ends.get(image)?.seq ?? Infinity) < seq;
    return known ? before : { ...before, ends: new Map(before.ends).set(image, { gone: type, seq }) };
  }
  if (type === "reacted") {
    const { emoji, on, from: { nick } } = event;
    const key = `${emoji} ${nick}`;
    const known = (before.reactions.get(key)?.seq ?? 0) > seq;
    return known ? before : { ...before, reactions: new Map(before.reactions).set(key, { emoji, nick, on, seq }) };
  }
  if ((type !== "edited" && type !== "deleted") || (before.text?.seq ?? 0) > seq) return before;
  const edited = type === "edited" && !event.deleted;
  return { ...before, text: { seq, text: edited ? event.text : "", deleted: !edited } };
}

/** @param {Entry} entry @param {Amendment | undefined} amend @returns {Entry} */
function withAmendment(entry, amend) {
  if (!amend) return entry;
  if (entry.deleted || amend.text?.deleted) return { ...entry, text: "", images: undefined, deleted: true, edited: false, reactions: [] };
  const edited = entry.edited || amend.text !== undefined;
  const shown = (/** @type {Picture} */ image) => (amend.approved.has(image.id) ? { ...image, pending: false } : image);
  const images = entry.images?.map((image) => ended(shown(image), amend.ends.get(image.id)));
  return { ...entry, text: amend.text?.text ?? entry.text, images, edited, reactions: tally(amend) };
}

/** The first end counts. What was taken back has lost its words too. @param {Picture} image @param {{gone: Picture["gone"]} | undefined} end @returns {Picture} */
function ended(image, end) {
  const { id, width, height, alt } = image;
  if (!end || image.gone) return image;
  return { id, gone: end.gone, width, height, alt: end.gone === "deleted" ? "" : alt };
}

/** Emoji and people in the order in which they came. @param {Amendment} amend @returns {Reaction[]} */
function tally({ reactions }) {
  /** @type {Map<string, string[]>} */
  const nicks = new Map();
  const standing = [...reactions.values()].filter(({ on }) => on).sort((a, b) => a.seq - b.seq);
  for (const { emoji, nick } of standing) nicks.set(emoji, [...(nicks.get(emoji) ?? []), nick]);
  return [...nicks].map(([emoji, who]) => ({ emoji, nicks: who }));
}

/** The highest seq that said something. @param {Amendment} amend */
const newest = ({ text, reactions, ends, approved }) =>
  Math.max(text?.seq ?? 0, ...approved.values(), ...[...reactions.values(), ...ends.values()].map(({ seq }) => seq));

/** Binary search by seq; -1 if it is not here. @param {Entry[]} entries @param {number} seq */
function indexOf(entries, seq) {
  let low = 0;
  let high = entries.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (entries[middle].seq === seq) return middle;
    if (entries[middle].seq < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
