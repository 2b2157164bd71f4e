/**
 * @file What the person can ask for, and what is done about it.
 *
 * Elements dispatch an `intent` event that bubbles up. Invariant: this is the
 * only road from the person to the server.
 */

/** @import {Accounts} from "./accounts.js" */
/** @import {Client} from "./client.js" */
/** @import {Lazy} from "./lazy.js" */
/** @import {Connection} from "./net/connection.js" */
/** @import {Desk} from "./pictures/desk.js" */
/** @import {Sender} from "./sender.js" */
/** @import {Store} from "./store.js" */
/** @import {Typist} from "./typist.js" */
import { retiled } from "./model/outbox.js";
import { currentRoom, roomKey } from "./model/state.js";

const UNREACHABLE = "That needs a connection. Please try again.";

/** @typedef {{store: Store, client: Client, sender: Sender, typist: Typist, connection: Connection, lazy: Lazy}} Parts */

/** @param {Parts} parts @returns {(intent: Intent) => void} */
export function intents(parts) {
  const { store, client, sender, typist, connection, lazy } = parts;
  const here = () => currentRoom(store.state)?.name ?? "";
  const key = () => store.state.current ?? "";
  const unreachable = () => store.apply({ type: "@notice", notice: UNREACHABLE });
  /** What is done with pictures belongs to the room where it began. @param {(desk: Desk, room: string) => void} act */
  const atDesk = (act) => {
    const room = key();
    lazy.desk().then((desk) => act(desk, room), unreachable);
  };

  /** What only accounts need. @param {(accounts: Accounts) => void} act */
  const atDoor = (act) => void lazy.accounts().then(act, () => store.apply({ type: "@refused", message: UNREACHABLE }));

  /** @type {IntentTable} */
  const table = {
    way: ({ way }) => (way === "register" || way === "log-in" ? atDoor(() => store.apply({ type: "@way", way })) : store.apply({ type: "@way", way })),
    "log-out": () => allSent(store, ...store.state.rooms.keys()) && lazy.accounts().then((accounts) => accounts.logOut(), unreachable),
    enter: ({ nick, room }) => (store.state.way === "guest" ? client.enter(nick, room) : atDoor((accounts) => accounts.enter(nick, room))),
    "sign-out": () => allSent(store, ...store.state.rooms.keys()) && client.signOut(),
    show: ({ room }) => show(parts, room),
    leave: () => allSent(store, key()) && client.tell({ type: "leave", room: here() }),
    send: ({ text }) => send(parts, key(), text),
    typed: ({ on }) => (on ? typist.typed(key()) : typist.stop()),
    draft: ({ text }) => store.apply({ type: "@draft", room: key(), text }),
    compose: ({ composing }) => store.apply({ type: "@compose", composing }),
    edit: ({ seq, text }) => edit(parts, here(), seq, text),
    approve: ({ seq, image }) => client.tell({ type: "approve", room: here(), seq, image }),
    delete: ({ seq }) => client.tell({ type: "delete", room: here(), seq }),
    react: ({ seq, emoji, on }) => client.tell({ type: "react", room: here(), seq, emoji, on }),
    retry: ({ clientId }) => {
      store.apply({ type: "@outgoing", clientId, status: "waiting" });
      sender.pump();
    },
    discard: ({ clientId }) => {
      const { pictures = [] } = store.state.outbox.find((entry) => entry.clientId === clientId) ?? {};
      store.apply({ type: "@discarded", clientId });
      if (pictures.length > 0) lazy.desk().then((desk) => desk.forget(pictures), () => {});
    },
    add: ({ files }) => atDesk((desk, room) => desk.add(room, files)),
    withdraw: ({ id }) => atDesk((desk) => desk.withdraw(id)),
    without: ({ clientId }) => atDesk((desk) => desk.sendWithout(clientId)),
    missing: ({ seq, image }) => atDesk((desk, room) => desk.askAfter(room, seq, image)),
    "take-back": ({ image }) => atDesk((desk) => desk.takeBack(image)),
    tile: ({ id, change }) => store.apply({ type: "@tray", room: key(), tiles: retiled(store.state.trays.get(key()) ?? [], id, change) }),
    view: ({ viewing }) => lazy.viewer().then(() => store.apply({ type: "@view", viewing }), unreachable),
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

/** @param {Parts} parts */
function older({ store, client }) {
  const room = currentRoom(store.state);
  if (room?.joined && room.more && room.older !== "loading") client.older(room);
}

/** Who leaves does not take unsent messages along unseen. @param {Store} store @param {string[]} rooms keys */
function allSent(store, ...rooms) {
  const { outbox, trays } = store.state;
  const waits = outbox.some((entry) => rooms.includes(entry.room)) || rooms.some((room) => trays.get(room)?.length);
  const notice = "Some of your messages or pictures have not been sent yet. Send or discard them before you leave.";
  if (waits) store.apply({ type: "@notice", notice });
  return !waits;
}
