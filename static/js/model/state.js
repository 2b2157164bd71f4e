/** @file The state's first value, and questions to it. Its shape stands in `types/state.d.ts`. */

/** Rooms are one when they differ only in case or form, as on the server. @param {string} name */
export const roomKey = (name) => name.normalize("NFKC").toLowerCase();

/** A room that is wanted but not joined yet. @param {string} name @returns {Room} */
export function emptyRoom(name) {
  return {
    name, topic: "", epoch: null, joined: false,
    last: 0, first: 1, more: false, older: "idle", gap: false, liveFrom: 0,
    settings: null, entries: [], amends: new Map(), members: new Map(), count: 0, typing: new Set(),
    unread: 0, unreadFrom: null, pinned: true,
  };
}

/** @param {Remembered} remembered @returns {State} */
export function initialState({ identity, rooms, current, outbox, drafts, account = null }) {
  const names = current === null ? rooms : [...rooms, current];
  return {
    identity, account, way: account === null ? "guest" : "known", entering: null, refusal: null, verdict: null, me: null, limits: null,
    link: { status: "idle" },
    rooms: new Map(names.map((name) => [roomKey(name), emptyRoom(name)])),
    current: current === null ? null : roomKey(current),
    open: [], outbox, drafts: new Map(drafts), trays: new Map(), composing: null,
    viewing: null, notice: null, aside: null, skewMs: 0, visible: true,
  };
}

/** @param {State} state */
export const currentRoom = (state) => (state.current === null ? undefined : state.rooms.get(state.current));

/** The name of the person at this page. @param {State} state */
export const myNick = (state) => (state.me ?? state.identity)?.nick;

/** Whether they keep the peace in a room. @param {State} state @param {Room} [room] */
export function moderates(state, room) {
  const role = room?.members.get(myNick(state) ?? "")?.role;
  return role === "moderator" || role === "owner";
}
