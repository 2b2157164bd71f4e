/**
 * @file What the person can ask for, and what is done about it.
 *
 * Elements dispatch an `intent` event that bubbles up. Invariant: this is the
 * only road from the person to the server.
 */

/** @import {Client} from "./client.js" */
/** @import {Lazy} from "./lazy.js" */
/** @import {Connection} from "./net/connection.js" */
/** @import {Sender} from "./sender.js" */
/** @import {Store} from "./store.js" */
/** @import {Typist} from "./typist.js" */
import { Refusal } from "./client.js";
import { retiled } from "./model/outbox.js";
import { currentRoom, roomKey } from "./model/state.js";

/** @typedef {{store: Store, client: Client, sender: Sender, typist: Typist, connection: Connection, lazy: Lazy}} Parts */

/** @param {Parts} parts @returns {(intent: Intent) => void} */
export function intents(parts) {
  const { store, client, sender, typist, connection, lazy } = parts;
  const here = () => currentRoom(store.state)?.name ?? "";
  const key = () => store.state.current ?? "";

  /** @type {IntentTable} */
  const table = {
    enter: ({ nick, room }) => client.enter(nick, room),
    "sign-out": () => allSent(store, ...store.state.rooms.keys()) && client.signOut(),
    show: ({ room }) => show(parts, room),
    leave: () => allSent(store, key()) && client.tell({ type: "leave", room: here() }),
    send: ({ text }) => send(parts, key(), text),
    typed: ({ on }) => (on ? typist.typed(key()) : typist.stop()),
    draft: ({ text }) => store.apply({ type: "@draft", room: key(), text }),
    compose: ({ composing }) => store.apply({ type: "@compose", composing }),
    edit: ({ seq, text }) => edit(parts, here(), seq, text),
    delete: ({ seq }) => client.tell({ type: "delete", room: here(), seq }),
    react: ({ seq, emoji, on }) => client.tell({ type: "react", room: here(), seq, emoji, on }),
    retry: ({ clientId }) => {
      store.apply({ type: "@outgoing", clientId, status: "waiting" });
      sender.pump();
    },
    discard: ({ clientId }) => store.apply({ type: "@discarded", clientId }),
    without: ({ clientId }) => without(parts, clientId),
    withdraw: ({ id }) => withdraw(parts, [id]),
    add: ({ files }) => add(parts, key(), files),
    tile: ({ id, change }) => store.apply({ type: "@tray", room: key(), tiles: retiled(store.state.trays.get(key()) ?? [], id, change) }),
    view: ({ viewing }) => lazy.viewer().then(() => store.apply({ type: "@view", viewing }), () => unreachable(store)),
    missing: ({ seq, image }) => missing(parts, here(), seq, image),
    "take-back": ({ image }) => takeBack(parts, image),
    older: () => older(parts),
    pinned: ({ pinned }) => store.apply({ type: "@pinned", room: here(), pinned }),
    reconnect: () => connection.retryNow(),
    rooms: () => client.mention({ type: "rooms" }),
    dismiss: () => store.apply({ type: "@notice", notice: null }),
  };
  return (intent) => /** @type {(intent: Intent) => void} */ (table[intent.type])(intent);
}

/** Switches to a room, joining it first if need be. @param {Parts} parts @param {string} room name */
function show({ store, client, typist }, room) {
  typist.stop();
  const known = store.state.rooms.has(roomKey(room));
  store.apply({ type: "@want", room });
  store.apply({ type: "@show", room: roomKey(room) });
  if (!known) client.join(room);
}

/** @param {Parts} parts @param {string} room key @param {string} text */
function send({ store, sender, typist }, room, text) {
  const { composing, trays } = store.state;
  const pictures = trays.get(room)?.length ? trays.get(room) : undefined;
  const replyTo = composing?.mode === "reply" ? composing.seq : undefined;
  store.apply({ type: "@compose", composing: null });
  store.apply({ type: "@draft", room, text: "" });
  typist.spoke();
  sender.queue({ clientId: newId(), room, text, pictures, replyTo, at: new Date().toISOString(), status: "waiting" });
}

/** Not `randomUUID`, which browsers keep from pages that came over plain HTTP. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text stays in the box if it was not taken. @param {Parts} parts @param {string} room @param {number} seq @param {string} text */
async function edit({ store, client }, room, seq, text) {
  if (await client.tell({ type: "edit", room, seq, text })) store.apply({ type: "@compose", composing: null });
}

/** Pictures are laid into the tray of the room where they were chosen. @param {Parts} parts @param {string} room key @param {File[]} files */
async function add({ store, lazy }, room, files) {
  const desk = await lazy.desk().catch(() => unreachable(store));
  desk?.add(room, files);
}

/** These pictures do not go along. @param {Parts} parts @param {string[]} ids */
function withdraw({ store, sender }, ids) {
  for (const id of ids) store.apply({ type: "@picture", id, change: null });
  sender.pump();
}

/** What could not be uploaded is left out. @param {Parts} parts @param {string} clientId */
function without(parts, clientId) {
  const { pictures = [] } = parts.store.state.outbox.find((entry) => entry.clientId === clientId) ?? {};
  withdraw(parts, pictures.filter(({ status }) => status === "failed").map(({ id }) => id));
}

/** A picture did not come: it may have ended before the log said so. @param {Parts} parts @param {string} room @param {number} target @param {string} image */
async function missing({ store, lazy }, room, target, image) {
  const gone = await lazy.http().then(({ isGone }) => isGone(image)).catch(() => false);
  if (gone) store.apply({ type: "@over", room, target, image });
}

/** The log will say that it is gone. @param {Parts} parts @param {string} image */
async function takeBack({ store, lazy }, image) {
  const fault = await lazy.http().then(({ takeBack: gone }) => gone(store.state.identity?.token ?? "", image)).catch((why) => why);
  if (fault instanceof Refusal) store.apply({ type: "@notice", notice: fault.message });
  else if (fault) unreachable(store);
}

/** @param {Store} store */
const unreachable = (store) => void store.apply({ type: "@notice", notice: "That needs a connection. Please try again." });

/** @param {Parts} parts */
function older({ store, client }) {
  const room = currentRoom(store.state);
  if (room?.joined && room.more && room.older !== "loading") client.older(room);
}

/** Who leaves does not take unsent messages along unseen. @param {Store} store @param {string[]} rooms keys */
function allSent(store, ...rooms) {
  const waits = store.state.outbox.some((entry) => rooms.includes(entry.room));
  const notice = "Some of your messages have not been sent yet. Retry or discard them before you leave.";
  if (waits) store.apply({ type: "@notice", notice });
  return !waits;
}
