/**
 * @file What survives a reload: who this tab is, its rooms, outbox and drafts.
 *
 * In sessionStorage, as two tabs are two sessions; only the last name, as a
 * suggestion, and whose login this browser has are in localStorage. Of pictures only what has reached the server
 * survives. Invariant: a message is stored before it is sent. Storage that is
 * full or forbidden costs the memory, not the conversation.
 */

/** @import {Store} from "./store.js" */
import { restored } from "./model/outbox.js";

const NICK = "parlor.nick";
const ACCOUNT = "parlor.account";

/** Storage that is forbidden throws when it is touched. @returns {Places} */
export function places() {
  try {
    return { tab: sessionStorage, device: localStorage };
  } catch {
    return { tab: null, device: null };
  }
}

/** @param {Places} places @returns {Remembered} */
export function recall({ tab, device }) {
  const { names, current } = read(tab, "parlor.rooms") ?? { names: [], current: null };
  const outbox = (read(tab, "parlor.outbox") ?? []).map(restored);
  return { identity: read(tab, "parlor.identity"), rooms: names, current, outbox, drafts: read(tab, "parlor.drafts") ?? [], account: read(device, ACCOUNT) };
}

/** The name used last on this device. @param {Places} places @returns {string} */
export const lastNick = ({ device }) => read(device, NICK) ?? "";

/** Writes what changed, as soon as it did. @param {Store} store @param {Places} places */
export function remember(store, { tab, device }) {
  let recalled = store.state.account;
  store.addEventListener("applied", () => {
    const { identity, account, me, rooms, current, outbox, drafts } = store.state;
    const names = [...rooms.values()].map((room) => room.name);
    write(tab, "parlor.identity", identity);
    write(tab, "parlor.rooms", { names, current: rooms.get(current ?? "")?.name ?? null });
    write(tab, "parlor.outbox", outbox.filter(({ status }) => status !== "kept").map(lasting));
    write(tab, "parlor.drafts", [...drafts].filter(([, text]) => text));
    if (me) write(device, NICK, me.nick);
    if (account !== recalled) write(device, ACCOUNT, (recalled = account));
  });
}

/** Files are in memory alone: of a picture only what is at the server lasts. @param {Outgoing} entry @returns {Outgoing} */
const lasting = ({ pictures, ...entry }) => ({ ...entry, pictures: pictures?.map(({ thumb_url: _, ...tile }) => ({ ...tile, progress: 0 })) });

/** @type {Map<string, string>} what each key holds, to write only what is new */
const written = new Map();

/** @param {Storage | null} storage @param {string} key @param {unknown} value */
function write(storage, key, value) {
  const text = JSON.stringify(value);
  if (written.get(key) === text) return;
  written.set(key, text);
  try {
    storage?.setItem(key, text);
  } catch {
    // Full or forbidden: the conversation goes on without.
  }
}

/** @param {Storage | null} storage @param {string} key @returns {any} null if there is nothing to read */
function read(storage, key) {
  try {
    return JSON.parse(storage?.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
