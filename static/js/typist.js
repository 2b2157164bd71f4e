/**
 * @file Typing, both ways: says that the person types, and ends what others began.
 *
 * Invariant: typing always ends, also when the frame that should end it is lost.
 */

/** @import {Client} from "./client.js" */
/** @import {Store} from "./store.js" */

/** The server ends typing after 10 s: it is said again before, and ended sooner by oneself. */
const REPEAT_MS = 4_000;
const IDLE_MS = 6_000;
/** Of others only the beginning and the end are heard; nobody types for longer. */
const LONGEST_MS = 60_000;

export class Typist {
  #store; #client;
  /** @type {{room: string, at: number} | null} what was said last */
  #said = null;
  /** @type {number | undefined} */
  #idle;
  /** @type {Map<string, number>} timers by room and nick */
  #others = new Map();

  /** @param {Store} store @param {Client} client */
  constructor(store, client) {
    this.#store = store;
    this.#client = client;
    store.addEventListener("applied", () => this.#watch());
  }

  /** The person types in a room. @param {string} room key */
  typed(room) {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    if (this.#said && this.#said.room !== room) this.stop();
    if (!this.#said || Date.now() - this.#said.at > REPEAT_MS) this.#say(room, true);
  }

  stop() {
    if (this.#said) this.#say(this.#said.room, false);
  }

  /** A message has been sent, which ends typing on the server too. */
  spoke() {
    clearTimeout(this.#idle);
    this.#said = null;
  }

  /** @param {string} key @param {boolean} on */
  #say(key, on) {
    this.#said = on ? { room: key, at: Date.now() } : null;
    const room = this.#store.state.rooms.get(key);
    if (room?.joined) this.#client.mention({ type: "typing", room: room.name, on });
  }

  /** Gives everybody who types a last moment. */
  #watch() {
    const typing = new Set();
    for (const [key, { name: room, typing: nicks }] of this.#store.state.rooms) {
      for (const nick of nicks) typing.add(`${key} ${nick}`) && this.#begin(`${key} ${nick}`, room, nick);
    }
    for (const [id, timer] of this.#others) {
      if (typing.has(id)) continue;
      clearTimeout(timer);
      this.#others.delete(id);
    }
  }

  /** @param {string} id @param {string} room @param {string} nick */
  #begin(id, room, nick) {
    if (this.#others.has(id)) return;
    this.#others.set(id, setTimeout(() => this.#store.apply({ type: "typing", room, nick, on: false }), LONGEST_MS));
  }
}
