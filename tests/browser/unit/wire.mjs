/** @file Client and sender with a server that the test plays by hand. */
import { setImmediate } from "node:timers/promises";
import { Client } from "../../../static/js/client.js";
import { initialState } from "../../../static/js/model/state.js";
import { Sender } from "../../../static/js/sender.js";
import { Store } from "../../../static/js/store.js";
import { joined, welcome } from "./frames.mjs";

/** A connection whose other end is this test. */
export class Wire extends EventTarget {
  sent = [];
  up = false;
  comeBackMs = null;
  left = false;
  open() {}
  leave() {
    this.left = true;
    this.falls("idle");
  }
  comeBack(ms) {
    this.comeBackMs = ms;
    this.falls("waiting");
  }
  welcomed() {
    this.#says("link", { status: "ready" });
  }
  send(frame) {
    if (this.up) this.sent.push(frame);
    return this.up;
  }
  opens() {
    this.up = true;
    this.sent = [];
    this.dispatchEvent(new Event("open"));
  }
  falls(status = "waiting", code = 1006) {
    this.up = false;
    this.#says("link", { status, code });
  }
  /** Answers the last frame of a type, and lets the page act on it. */
  async answers(type, reply) {
    const asked = this.sent.findLast((frame) => frame.type === type);
    this.#says("frame", { ...reply, id: asked.id });
    await setImmediate();
  }
  async says(frame) {
    this.#says("frame", frame);
    await setImmediate();
  }
  kinds() {
    return this.sent.map((frame) => frame.type);
  }
  #says(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export function setUp(remembered = {}, invites = undefined) {
  const store = new Store(initialState({ identity: { nick: "ada", token: null }, rooms: [], current: "lobby", outbox: [], drafts: [], ...remembered }), (draw) => draw());
  const wire = new Wire();
  const client = new Client(store, wire, invites);
  return { store, wire, client, sender: new Sender(store, client) };
}

export async function inLobby(remembered, events = []) {
  const parts = setUp(remembered);
  parts.wire.opens();
  await parts.wire.answers("hello", welcome("ada"));
  await parts.wire.answers("join", joined(events));
  return parts;
}
export const refusal = (code, more = {}) => ({ type: "error", code, message: `refused: ${code}`, ...more });
