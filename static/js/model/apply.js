/**
 * @file The one door through which the state changes: `apply(state, frame)`.
 *
 * A frame is the server's, or local (its type begins with `@`): what the person
 * or the connection did. The table lists them all; logs, people and the outbox
 * have rules of their own. Invariant: pure. No clock, no chance, no storage, no
 * socket; an unknown type leaves the state as it is, but what has a place in a log
 * keeps it.
 */

import { append, over, prepend, rejoin, trim } from "./log.js";
import { kept, marked, pictured, unsent, unshown, without } from "./outbox.js";
import { isOut, toldOf } from "./peace.js";
import { presence, typing } from "./people.js";
import { emptyRoom, myNick, roomKey } from "./state.js";

/** @type {Rules} */
const rules = {
  welcome: (state, { user, resume, limits, rooms }) => ({
    ...withRooms(state, rooms),
    identity: { nick: user.nick, token: resume.token, account: !user.guest }, me: user, limits,
    account: user.guest ? state.account : user.nick, entering: null, refusal: null, verdict: null,
  }),
  joined,
  left: (state, { room }) => withoutRoom(state, roomKey(room)),
  sent: (state, frame) => ({ ...state, outbox: kept(state.outbox, frame, state.rooms.get(roomKey(frame.room))) }),
  rooms: (state, { rooms }) => ({ ...state, open: rooms }),
  history: (state, { room, epoch, events, more }) =>
    withRoom(state, room, (held) => (held.epoch === epoch ? prepend(held, events, more) : held)),
  presence: (state, frame) => withRoom(state, frame.room, (room) => presence(room, frame)),
  moderation,
  typing: (state, { room, nick, on }) => withRoom(state, room, (held) => typing(held, nick, on)),

  "@enter": (state, { nick, room }) => ({ ...withRooms(state, [room]), entering: { nick }, refusal: null, current: roomKey(room) }),
  "@way": (state, { way }) => ({ ...state, way, refusal: null }),
  "@log-in": (state, { nick }) => ({ ...state, entering: { nick }, refusal: null }),
  "@refused": (state, { message, field }) => ({
    ...state, refusal: { message, field, nick: state.entering?.nick ?? myNick(state) ?? "" }, identity: null, entering: null, me: null,
  }),
  "@login-ended": (state, { message }) => ({ ...signedOut(state), account: null, way: "log-in", refusal: { message, nick: myNick(state) ?? state.account ?? "" } }),
  "@account": (state, { account }) => ({ ...state, account, way: account === null ? "guest" : "known" }),
  "@forget-token": (state) => ({ ...state, identity: state.identity && { ...state.identity, token: null } }),
  "@sign-out": signedOut,
  "@link": (state, { link }) => (link.status === "ready" ? { ...state, link } : offline({ ...state, link, notice: link.code === 4500 ? null : state.notice })),

  "@want": (state, { room }) => withRooms(state, [room]),
  "@unwant": (state, { room }) => withoutRoom(state, roomKey(room)),
  "@show": (state, { room }) => read({ ...turnedAway(state), current: room, composing: null, viewing: null, notice: null, aside: null }),
  "@visible": (state, { visible }) => (visible ? read({ ...state, visible }) : { ...turnedAway(state), visible }),
  "@pinned": (state, { room, pinned }) => withRoom(state, room, (held) => trim({ ...held, pinned })),
  "@older": (state, { room, older }) => withRoom(state, room, (held) => ({ ...held, older })),

  "@queued": queued,
  "@outgoing": (state, { clientId, status, reason }) => ({ ...state, outbox: marked(state.outbox, clientId, { status, reason }) }),
  "@discarded": (state, { clientId }) => ({ ...state, aside: null, outbox: without(state.outbox, clientId) }),
  "@picture": (state, { id, change }) => ({ ...state, outbox: pictured(state.outbox, id, change) }),
  "@over": (state, { room, target, image }) => withRoom(state, room, (held) => over(held, target, image)),
  "@view": (state, { viewing }) => ({ ...state, viewing }),
  "@clock": (state, { skewMs }) => ({ ...state, skewMs }),
  "@tray": (state, { room, tiles }) => ({ ...state, trays: new Map(state.trays).set(room, tiles) }),
  "@draft": (state, { room, text }) => ({ ...state, drafts: new Map(state.drafts).set(room, text) }),
  "@compose": (state, { composing }) => ({ ...state, composing }),
  "@aside": (state, { aside }) => ({ ...state, aside }),
  "@notice": (state, { notice }) => ({ ...state, notice }),
};

/** @param {State} state @param {Frame} frame @returns {State} */
export function apply(state, frame) {
  const rule = Object.hasOwn(rules, frame.type) ? rules[frame.type] : undefined;
  if (rule) return /** @type {(state: State, frame: Frame) => State} */ (rule)(state, frame);
  return isLogged(frame) ? logged(state, frame) : state;
}

/** @param {Frame} frame @returns {frame is Wire.LogEvent} */
const isLogged = (frame) => "seq" in frame && "from" in frame;

/** Somebody else uses this browser next. @param {State} state @returns {State} */
function signedOut(state) {
  return {
    ...state, identity: null, me: null, entering: null, rooms: new Map(), current: null, outbox: [], drafts: new Map(), trays: new Map(),
    composing: null, viewing: null, notice: null, aside: null, verdict: null,
  };
}

/** Who was sent out hears why; if they may not even stay on the server, the close of the connection says it again. @param {State} state @param {Wire.Moderation} frame @returns {State} */
function moderation(state, frame) {
  const notice = toldOf(frame);
  if (!isOut(frame)) return { ...state, notice };
  return { ...(frame.room === undefined ? state : withoutRoom(state, roomKey(frame.room))), notice, verdict: notice };
}

/** @param {State} state @param {Wire.Joined} frame @returns {State} */
function joined(state, frame) {
  const { room: { name, topic, visibility, guests, slow_s, topic_locked }, members, count, events } = frame;
  const key = roomKey(name);
  const before = state.rooms.get(key) ?? emptyRoom(name);
  const people = { members: new Map(members.map((member) => [member.nick, member])), count, typing: new Set() };
  const settings = { visibility, guests, slow_s, topic_locked };
  const room = { ...rejoin({ ...before, name, joined: true }, frame), ...people, topic, settings };
  return withEvents(state, key, room, events, before.epoch === room.epoch ? before.last : room.last);
}

/** Pictures go from the tray with their message. @param {State} state @param {{entry: Outgoing}} frame @returns {State} */
function queued(state, { entry }) {
  const trays = entry.pictures ? new Map(state.trays).set(entry.room, []) : state.trays;
  const seen = withRoom(state, entry.room, (room) => ({ ...room, unreadFrom: null }));
  return { ...seen, trays, aside: null, outbox: [...state.outbox, entry] };
}

/** An event of a log, as it happens. @param {State} state @param {Wire.LogEvent} event @returns {State} */
function logged(state, event) {
  const key = roomKey(event.room);
  const before = state.rooms.get(key);
  if (!before || before.epoch === null || before.gap) return state;
  return withEvents(state, key, typing(append(before, [event]), event.from.nick, false), [event], before.last);
}

/** What others said after `last` is unread unless the room is being looked at. @param {State} state @param {string} key @param {Room} room @param {Wire.LogEvent[]} events @param {number} last @returns {State} */
function withEvents(state, key, room, events, last) {
  const outbox = unshown(state.outbox, key, events, room.last);
  const seen = state.visible && state.current === key;
  const isNews = (/** @type {Wire.LogEvent} */ { type, seq, from }) =>
    !seen && type === "message" && seq > last && seq <= room.last && from.nick !== myNick(state);
  const news = events.filter(isNews);
  const unreadFrom = room.unreadFrom ?? news[0]?.seq ?? null;
  const rooms = new Map(state.rooms).set(key, { ...room, unread: room.unread + news.length, unreadFrom });
  return { ...state, outbox, rooms };
}

/** @param {State} state @param {string} name @param {(room: Room) => Room} change @returns {State} */
function withRoom(state, name, change) {
  const key = roomKey(name);
  const before = state.rooms.get(key);
  const after = before && change(before);
  return after && after !== before ? { ...state, rooms: new Map(state.rooms).set(key, after) } : state;
}

/** @param {State} state @param {string[]} names @returns {State} */
function withRooms(state, names) {
  const rooms = new Map(state.rooms);
  for (const name of names) if (!rooms.has(roomKey(name))) rooms.set(roomKey(name), emptyRoom(name));
  return { ...state, rooms };
}

/** @param {State} state @param {string} key @returns {State} */
function withoutRoom(state, key) {
  const rooms = new Map(state.rooms);
  rooms.delete(key);
  if (state.current !== key) return { ...state, rooms };
  return { ...state, rooms, current: [...rooms.keys()].at(-1) ?? null, composing: null };
}

/** @param {State} state */
function read(state) {
  return withRoom(state, state.current ?? "", (room) => ({ ...room, unread: 0 }));
}

/** The unread line has served, and what is here counts as heard. @param {State} state */
function turnedAway(state) {
  return withRoom(state, state.current ?? "", (room) => ({ ...room, unreadFrom: null, liveFrom: room.last, pinned: true }));
}

/** @param {State} state @returns {State} */
function offline(state) {
  /** @type {(room: Room) => Room} */
  const parted = (room) => ({ ...room, joined: false, typing: new Set(), older: "idle" });
  const rooms = new Map([...state.rooms].map(([key, room]) => [key, parted(room)]));
  return { ...state, rooms, outbox: unsent(state.outbox) };
}
