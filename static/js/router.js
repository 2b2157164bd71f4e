/**
 * @file The address bar and the title: `/r/{room}` names the room on screen.
 *
 * Invariant: the address follows the state; only back and forward go the other way.
 */

/** @import {Store} from "./store.js" */
import { currentRoom, roomKey } from "./model/state.js";

/** The room that an address names. @param {string} path @returns {string | null} */
export function roomIn(path) {
  try {
    return decodeURIComponent(/^\/r\/([^/]+)\/?$/.exec(path)?.[1] ?? "") || null;
  } catch {
    return null;
  }
}

/** @param {string} name */
export const pathTo = (name) => `/r/${encodeURIComponent(name)}`;

/** @typedef {ReturnType<typeof invites>} Invites */

/**
 * An invitation stands behind the `#` of an address, which no server is sent. It
 * is kept until its room has answered, and then it is in the address no more.
 */
export function invites() {
  /** @type {{room: string, secret: string} | null} */
  let held = null;
  const look = () => {
    const room = roomIn(location.pathname);
    const secret = new URLSearchParams(location.hash.slice(1)).get("invite");
    if (room && secret) held = { room: roomKey(room), secret };
  };
  look();
  addEventListener("popstate", look);
  return {
    /** @param {string} room name */
    into: (room) => (held?.room === roomKey(room) ? held.secret : undefined),
    /** @param {string} room name */
    answered(room) {
      if (held?.room !== roomKey(room)) return;
      held = null;
      if (location.hash) history.replaceState(null, "", location.pathname);
    },
  };
}

/** @param {Store} store @param {(room: string) => void} show */
export function route(store, show) {
  store.addEventListener("change", () => follow(store.state));
  addEventListener("popstate", () => {
    const room = roomIn(location.pathname);
    if (room && store.state.identity) show(room);
  });
}

/** @param {State} state */
function follow(state) {
  const name = currentRoom(state)?.name;
  const unread = [...state.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${name ? `#${name} · ` : ""}Parlor`;
  if (!state.identity) return;
  const path = name ? pathTo(name) : "/";
  const there = roomIn(location.pathname);
  if (path === location.pathname) return;
  if (there && name && roomKey(there) !== roomKey(name)) history.pushState(null, "", path);
  else history.replaceState(null, "", path);
}
