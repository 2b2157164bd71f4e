/**
 * @file Messages of one's own that the log has not shown yet. `sender.js` sends
 * them, `memory.js` keeps them over a reload.
 *
 * Invariant: a message leaves only when the log holds it (it shows its
 * `client_id`, or has passed its seq) or when its author discards it.
 */

/** @param {Outgoing[]} outbox @param {string | undefined} id @param {Partial<Outgoing>} change */
export const marked = (outbox, id, change) => outbox.map((entry) => (entry.clientId === id ? { ...entry, ...change } : entry));

/** @param {Outgoing[]} outbox @param {string | undefined} id */
export const without = (outbox, id) => outbox.filter((entry) => entry.clientId !== id);

/** The server keeps it: it waits in its place until the log shows it. @param {Outgoing[]} outbox @param {Wire.Sent} sent @param {Room | undefined} room */
export function kept(outbox, { client_id: id, epoch, seq }, room) {
  const passed = room?.epoch !== epoch || seq <= room.last;
  return passed ? without(outbox, id) : marked(outbox, id, { status: "kept", seq });
}

/** What a room's log now shows needs no waiting any more. @param {Outgoing[]} outbox @param {string} room key @param {Wire.LogEvent[]} events @param {number} last */
export function unshown(outbox, room, events, last) {
  const ids = new Set(events.map((event) => event.type === "message" && event.client_id));
  return outbox.filter((entry) => entry.room !== room || !(ids.has(entry.clientId) || (entry.seq ?? Infinity) <= last));
}

/** The connection is gone: what was on the wire waits again. @param {Outgoing[]} outbox @returns {Outgoing[]} */
export const unsent = (outbox) => outbox.map((entry) => (entry.status === "sending" ? { ...entry, status: "waiting" } : entry));

/** The oldest that waits in a room that is joined. @param {State} state */
export const next = ({ outbox, rooms }) => outbox.find(({ status, room }) => status === "waiting" && rooms.get(room)?.joined);
