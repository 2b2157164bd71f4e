/**
 * @file A room's log as a list of rows: day lines, the unread line, entries with
 * their grouping, one's own messages on their way at the end.
 *
 * Invariant: every row has a key of its own, and a message keeps its key from
 * the moment it is written until long after the log has it.
 */
import { entryAt } from "./log.js";
import { currentRoom, moderates, myNick } from "./state.js";

const GROUP_MS = 5 * 60 * 1000;

/** @param {State} state @returns {Row[]} */
export function rowsOf(state) {
  const room = currentRoom(state);
  if (!room) return [];
  const me = myNick(state) ?? "";
  const keeper = moderates(state, room);
  const onTheirWay = state.outbox.filter((outgoing) => outgoing.room === state.current);
  const keys = new Set();
  /** @type {Row[]} */
  const rows = [];
  /** @type {Entry | undefined} */
  let before;
  /** @param {Entry} entry @param {Outgoing} [outgoing] */
  const add = (entry, outgoing) => {
    rows.push(...linesBetween(before, entry, room.unreadFrom));
    const key = keyOf(entry, me, keys);
    if (entry.kind !== "message") rows.push({ kind: entry.kind, key, entry });
    else rows.push({ ...messageRow(room, me, before, entry), keeper, key, fate: outgoing?.status, reason: outgoing?.reason });
    before = entry;
  };
  for (const entry of room.entries) add(entry);
  for (const outgoing of onTheirWay) {
    const { clientId, text, at, replyTo, pictures: images } = outgoing;
    add({ kind: "message", seq: 0, at, nick: me, text, images, replyTo, clientId, reactions: [] }, outgoing);
  }
  return rows;
}

/** @param {Entry | undefined} before @param {Entry} entry @param {number | null} mark @returns {Row[]} */
function linesBetween(before, entry, mark) {
  /** @type {Row[]} */
  const lines = [];
  const day = dayOf(entry);
  if (!before || dayOf(before) !== day) lines.push({ kind: "day", key: `d:${entry.seq}:${day}`, at: entry.at });
  if (mark !== null && entry.seq >= mark && (before?.seq ?? 0) < mark) lines.push({ kind: "unread", key: "u" });
  return lines;
}

/** The reader's own calendar day. @param {Entry} entry */
const dayOf = (entry) => new Date(entry.at).toDateString();

/**
 * One's own message is known by its `client_id`, which it has before its seq.
 * Others choose theirs as they like, so they are known by seq alone.
 * @param {Entry} entry @param {string} me @param {Set<string>} taken
 */
function keyOf({ clientId, nick, seq }, me, taken) {
  const own = `c:${clientId}`;
  const key = clientId !== undefined && nick === me && !taken.has(own) ? own : `s:${seq}`;
  taken.add(key);
  return key;
}

/** @param {Room} room @param {string} me @param {Entry | undefined} before @param {Entry} entry @returns {Omit<MessageRow, "key" | "keeper">} */
function messageRow(room, me, before, entry) {
  const mine = entry.nick === me;
  return {
    kind: "message", entry, mine,
    grouped: before !== undefined && entry.seq !== room.unreadFrom && continues(before, entry),
    news: !mine && entry.seq > room.liveFrom,
    quoted: entry.replyTo === undefined ? undefined : entryAt(room, entry.replyTo),
  };
}

/** @param {Entry} before @param {Entry} entry */
function continues(before, entry) {
  return before.kind === "message" && !before.deleted && entry.replyTo === undefined && before.nick === entry.nick
    && dayOf(before) === dayOf(entry) && Date.parse(entry.at) - Date.parse(before.at) < GROUP_MS;
}

/** Whether a row drawn earlier still says the same. Messages on their way are built anew each time. @param {Row} a @param {Row} b */
export function sameRow(a, b) {
  if (a.kind !== "message" || b.kind !== "message") return a.kind === b.kind;
  const sameEntry = a.entry === b.entry || (a.fate && b.fate && a.entry.text === b.entry.text && a.entry.images === b.entry.images);
  return sameEntry && a.mine === b.mine && a.keeper === b.keeper && a.grouped === b.grouped && a.quoted === b.quoted && a.fate === b.fate && a.reason === b.reason;
}
