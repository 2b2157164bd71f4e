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
