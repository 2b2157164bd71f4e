/** @file Puts the page together. Nothing is decided here: the parts are made, and introduced to each other. */
import { Client } from "./client.js";
import { drawers } from "./drawers.js";
import { AddPictures } from "./elements/add-pictures.js";
import { ConnectionBanner } from "./elements/connection-banner.js";
import { FirstRun } from "./elements/first-run.js";
import { MessageActions } from "./elements/message-actions.js";
import { MessageComposer } from "./elements/message-composer.js";
import { MessageLog } from "./elements/message-log.js";
import { NoticeLine } from "./elements/notice-line.js";
import { PeopleList } from "./elements/people-list.js";
import { RoomHeader } from "./elements/room-header.js";
import { RoomList } from "./elements/room-list.js";
import { StoreElement, fill, find } from "./elements/store-element.js";
import { TypingLine } from "./elements/typing-line.js";
import { endOnTime } from "./fading.js";
import { intents } from "./intents.js";
import { lazyParts } from "./lazy.js";
import { places, recall, remember } from "./memory.js";
import { initialState } from "./model/state.js";
import { Connection } from "./net/connection.js";
import { invites, roomIn, route } from "./router.js";
import { Sender } from "./sender.js";
import { Store } from "./store.js";
import { Typist } from "./typist.js";

const ROOMS_EVERY_MS = 30_000;
/** When there is nothing better to do, what pictures need is fetched: it works without a connection then. */
const WARM_MS = 3_000;

const storage = places();
const remembered = recall(storage);
const store = new Store(initialState({ ...remembered, current: roomIn(location.pathname) ?? remembered.current }));
remember(store, storage);

/** @type {Clock} */
const clock = {
  now: Date.now,
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};
const connection = new Connection(`${location.origin.replace("http", "ws")}/ws`, WebSocket, clock, Math.random);
const client = new Client(store, connection, invites());
const sender = new Sender(store, client);
const typist = new Typist(store, client);
const lazy = lazyParts(store, sender, client);
sender.onPictures = () => lazy.desk().then((desk) => desk.pump(), () => {});
const act = intents({ store, client, sender, typist, connection, lazy });
const visible = () => document.visibilityState === "visible";

const elements = {
  "add-pictures": AddPictures, "connection-banner": ConnectionBanner, "first-run": FirstRun, "message-actions": MessageActions,
  "message-composer": MessageComposer, "message-log": MessageLog, "notice-line": NoticeLine,
  "people-list": PeopleList, "room-header": RoomHeader, "room-list": RoomList, "typing-line": TypingLine,
};

listen();
showView();
for (const [name, element] of Object.entries(elements)) customElements.define(name, element);
for (const node of document.querySelectorAll(Object.keys(elements).join())) {
  if (node instanceof StoreElement) node.follow(store);
}
if (remembered.identity) connection.open();
else offerRooms();

function listen() {
  document.addEventListener("intent", (event) => act(/** @type {CustomEvent} */ (event).detail));
  const looked = () => {
    store.apply({ type: "@visible", visible: visible() });
    if (visible()) connection.wake();
  };
  looked();
  document.addEventListener("visibilitychange", looked);
  for (const type of ["online", "offline", "pageshow"]) addEventListener(type, () => connection.wake());
  endOnTime(store);
  store.addEventListener("change", showView);
  store.addEventListener("change", warmUp);
  setInterval(() => visible() && act({ type: "rooms" }), ROOMS_EVERY_MS);
  route(store, (room) => act({ type: "show", room }));
  drawers(find(document, ".chat"));
}

/** The first screen until there is somebody to be, the chat from then on. */
function showView() {
  const inside = store.state.identity !== null;
  fill(document, { ".chat": inside, "first-run": !inside });
}

function warmUp() {
  if (!store.state.limits?.images_per_message) return;
  store.removeEventListener("change", warmUp);
  for (const load of [lazy.desk, lazy.viewer]) setTimeout(() => load().catch(() => {}), WARM_MS);
}

/** Rooms to choose from before one has a name; without them the form works as well. */
async function offerRooms() {
  try {
    const reply = await fetch("/api/v1/rooms");
    if (reply.ok) store.apply({ type: "rooms", ...(await reply.json()) });
  } catch {
    // Out of reach: entering will say so.
  }
}
