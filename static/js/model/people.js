/**
 * @file Who is in a room: presence and typing, which are not in the log.
 *
 * Invariant: nobody types who is not online here, or who has just spoken.
 */

/** @param {Room} room @param {Wire.Presence} event @returns {Room} */
export function presence(room, { joined, left, changed, count }) {
  const members = new Map(room.members);
  for (const { nick } of left) members.delete(nick);
  for (const { was } of changed) if (was) members.delete(was);
  for (const { was, ...member } of [...joined, ...changed]) members.set(member.nick, member);
  const typing = new Set([...room.typing].filter((nick) => members.get(nick)?.state === "online"));
  return { ...room, members, count, typing };
}

/** @param {Room} room @param {string} nick @param {boolean} on @returns {Room} */
export function typing(room, nick, on) {
  if (room.typing.has(nick) === on) return room;
  const others = [...room.typing].filter((other) => other !== nick);
  return { ...room, typing: new Set(on ? [...others, nick] : others) };
}

/** Oneself, then the others by name. @param {Room} room @param {string | undefined} me */
export function inOrder(room, me) {
  const rank = (/** @type {Wire.Member} */ { nick }) => Number(nick !== me);
  return [...room.members.values()].sort((a, b) => rank(a) - rank(b) || a.nick.localeCompare(b.nick));
}
