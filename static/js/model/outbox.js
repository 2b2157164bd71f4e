/**
 * @file Messages of one's own that the log has not shown yet. `sender.js` sends
 * them, `memory.js` keeps them over a reload.
 *
 * Invariant: a message leaves only when the log holds it (it shows its
 * `client_id`, or has passed its seq) or when its author discards it.
 */

/** What is to be tried again has its failed pictures tried again. @param {Outgoing[]} outbox @param {string | undefined} id @param {Partial<Outgoing>} change */
export const marked = (outbox, id, change) => outbox.map((entry) => {
  if (entry.clientId !== id) return entry;
  const marks = { ...entry, ...change };
  return change.status === "waiting" ? again(marks, "failed") : marks;
});

const LOST = "The page was reloaded before it was sent, so it is not here any more.";

/**
 * After a reload: what had not reached the server is lost with its file. Whether
 * the message itself arrived is not known, so it is sent again as itself.
 * @param {Outgoing} entry @returns {Outgoing}
 */
export function restored(entry) {
  const back = entry.status === "failed" ? entry : { ...entry, status: /** @type {const} */ ("waiting"), reason: undefined };
  if (!back.pictures || back.pictures.every(({ upload }) => upload)) return back;
  const pictures = back.pictures.map((tile) => (tile.upload ? tile : { ...tile, ...lost(tile) }));
  return judged({ ...back, pictures });
}

/** Its file is not here; a reason that it had is still the better one. @param {Tile} tile @returns {Partial<Tile>} */
export const lost = ({ status, reason }) => ({ status: "failed", reason: (status === "failed" && reason) || LOST, lost: true });

/** What becomes of one picture; null: it does not go along. @param {Outgoing[]} outbox @param {string} id @param {Partial<Tile> | null} change */
export const pictured = (outbox, id, change) => outbox.flatMap((entry) => {
  if (!entry.pictures?.some((tile) => tile.id === id)) return [entry];
  const pictures = retiled(entry.pictures, id, change);
  return pictures.length > 0 || entry.text ? [judged({ ...entry, pictures })] : [];
});

/** A message waits for its pictures, and fails with them. @param {Outgoing & {pictures: Tile[]}} entry @returns {Outgoing} */
function judged(entry) {
  const failed = failedOf(entry.pictures);
  const underWay = entry.pictures.some(({ status }) => status === "waiting" || status === "sending");
  if (underWay || !failed) return { ...entry, status: "waiting", reason: undefined };
  return { ...entry, status: "failed", reason: `${failed.names}: ${failed.reason}` };
}

/** Which pictures failed, and why the first did. @param {Tile[]} pictures */
function failedOf(pictures) {
  const [first, ...more] = pictures.filter(({ status }) => status === "failed");
  return first && { names: more.length > 0 ? `${first.name} and ${more.length} more` : first.name, reason: first.reason };
}

/** One tile among others. @param {Tile[]} tiles @param {string} id @param {Partial<Tile> | null} change null removes it */
export const retiled = (tiles, id, change) => tiles.flatMap((tile) => (tile.id !== id ? [tile] : change ? [{ ...tile, ...change }] : []));

/** @param {Outgoing} entry @param {Tile["status"]} status of the pictures that wait from now on @returns {Outgoing} */
function again(entry, status) {
  const pictures = entry.pictures?.map((/** @type {Tile} */ tile) => (tile.status === status ? { ...tile, status: /** @type {const} */ ("waiting"), progress: 0 } : tile));
  return pictures ? { ...entry, pictures } : entry;
}

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
export const unsent = (outbox) => outbox.map((entry) => again(entry.status === "sending" ? { ...entry, status: "waiting" } : entry, "sending"));

/** Those that wait in a room that is joined. @param {State} state */
const ready = ({ outbox, rooms }) => outbox.filter(({ status, room }) => status === "waiting" && rooms.get(room)?.joined);

/** The oldest that can be sent: its room does not hold it back, and none of its pictures is still to be uploaded. @param {State} state @param {{has(room: string): boolean}} [held] rooms */
export const next = (state, held = new Set()) => ready(state).find(({ room, pictures = [] }) => !held.has(room) && pictures.every(({ upload }) => upload));

/** The pictures to upload, and the name of their room. @param {State} state */
export const uploads = (state) => ready(state).flatMap(({ room, pictures = [] }) =>
  pictures.filter(({ status }) => status === "waiting").map((tile) => ({ tile, room: state.rooms.get(room)?.name ?? room })));

/** What is to be said about pictures on their way, and about those of this room that failed as long as they are here. @param {State} state */
export function wordOf({ outbox, link, aside, current }) {
  const underWay = outbox.some(({ status, pictures = [] }) => status === "waiting" && pictures.some(({ upload }) => !upload));
  const failed = failedOf(outbox.flatMap(({ room, pictures = [] }) => (room === current ? pictures : [])));
  if (!underWay) return failed ? `Not sent: ${failed.names}.` : aside;
  return link.status === "ready" ? "Sending pictures…" : "Pictures wait for the connection; a reload would lose them.";
}
