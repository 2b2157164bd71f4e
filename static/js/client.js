/**
 * @file The conversation with the server: hello, joining and catching up, requests.
 *
 * Outgoing messages are in `sender.js`, typing in `typist.js`.
 * Invariant: a frame is applied to the store before anybody who waits for it goes on.
 */

/** @import {Connection} from "./net/connection.js" */
/** @import {Invites} from "./router.js" */
/** @import {Store} from "./store.js" */
import { spanOf } from "./dates.js";
import { roomKey } from "./model/state.js";
import { sentenceFor } from "./net/backoff.js";

/** Refusals that pass by themselves. */
const PASSING = ["busy", "rate_limited", "slow_mode", "shutting_down"];
/** Here the wait is worth a word. */
const WAITS = ["muted", "slow_mode", "rate_limited"];
/** What an ended login looks like, by whichever way one tries to use it. */
const NO_LOGIN = ["bad_credentials", "missing_field", "nick_reserved", "guests_not_admitted"];
const LOGIN_ENDED = "Your login has ended. Log in again to go on.";
const RETRY_MS = 1_000;
const PAGE = 50;

/** A request was refused. Any other error: the connection was lost, and it may or may not have been done. */
export class Refusal extends Error {
  /** @param {Wire.Failure} frame */
  constructor({ code, message, field, retry_after_ms: ms = RETRY_MS }) {
    super(WAITS.includes(code) && ms > RETRY_MS ? `${message} Try again in ${spanOf(ms)}.` : message);
    this.code = code;
    this.field = field;
    /** Until it is worth repeating; null if it would be refused again. */
    this.retryAfterMs = PASSING.includes(code) ? ms : null;
  }
}

export class Client {
  #store; #connection; #invites;
  #lastId = 0;
  /** @type {Map<string, {resolve: (frame: Wire.ServerFrame) => void, reject: (why: Error) => void}>} */
  #asked = new Map();
  /** A room has been joined. */
  onJoined = () => {};

  /** @param {Store} store @param {Connection} connection @param {Invites} [invites] */
  constructor(store, connection, invites) {
    this.#store = store;
    this.#invites = invites;
    this.#connection = connection;
    connection.addEventListener("open", () => this.#hello());
    connection.addEventListener("frame", (event) => this.#received(/** @type {CustomEvent} */ (event).detail));
    connection.addEventListener("link", (event) => this.#linked(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {string | null} nick null: as whom this browser is logged in @param {string} room */
  enter(nick, room) {
    this.#store.apply({ type: "@enter", nick, room });
    this.#connection.open();
  }

  signOut() {
    this.#connection.leave();
    this.#store.apply({ type: "@sign-out" });
  }

  /** Resolves to the reply. @param {Wire.ClientFrame} frame @returns {Promise<Wire.ServerFrame>} */
  ask(frame) {
    const id = String(++this.#lastId);
    return new Promise((resolve, reject) => {
      if (!this.#send({ ...frame, id })) return reject(new Error("lost"));
      this.#asked.set(id, { resolve, reject });
    });
  }

  /** Asks, and shows a refusal to the person. @param {Wire.ClientFrame} frame @returns {Promise<boolean>} whether it was done */
  async tell(frame) {
    try {
      await this.ask(frame);
      return true;
    } catch (why) {
      const notice = why instanceof Refusal ? why.message : "That needs a connection. Please try again.";
      this.#store.apply({ type: "@notice", notice });
      return false;
    }
  }

  /** Sends without minding the answer. @param {Wire.ClientFrame} frame */
  mention(frame) {
    this.#send({ ...frame, id: "-" });
  }

  /** Nothing but hello is sent before the welcome. @param {Wire.ClientFrame} frame */
  #send(frame) {
    const allowed = frame.type === "hello" || this.#store.state.link.status === "ready";
    return allowed && this.#connection.send(frame);
  }

  /** Joins a room, or catches up in it. @param {string} name */
  async join(name) {
    const { epoch = null, last: seq = 0 } = this.#room(name) ?? {};
    const after = epoch === null ? undefined : { epoch, seq };
    try {
      await this.ask({ type: "join", room: name, after, limit: PAGE, invite: this.#invites?.into(name) });
      this.#invites?.answered(name);
      this.onJoined();
    } catch (why) {
      if (why instanceof Refusal) this.#notJoined(name, why);
    }
  }

  /** Loads the page before a room's first entry. @param {Room} room */
  async older({ name: room, first: before }) {
    const say = (/** @type {Room["older"]} */ older) => this.#store.apply({ type: "@older", room, older });
    say("loading");
    try {
      await this.ask({ type: "history", room, before, limit: PAGE });
      say("idle");
    } catch (why) {
      if (why instanceof Refusal) say("failed");
    }
  }

  /** Who comes back says their own name, so that whoever logged in here since is not taken for them. */
  async #hello() {
    const { entering, identity } = this.#store.state;
    const nick = (entering ? entering.nick : identity?.nick) ?? undefined;
    const resume = entering ? null : identity?.token;
    try {
      const reply = await this.ask(resume ? { type: "hello", resume } : { type: "hello", nick });
      if (reply.type === "welcome") this.#welcomed(reply.heartbeat.interval_ms);
    } catch (why) {
      if (why instanceof Refusal) this.#refused(why, Boolean(resume));
    }
  }

  /** A forgotten session is replaced by a new one of the same name. @param {Refusal} why @param {boolean} resuming */
  #refused({ code, message, field, retryAfterMs }, resuming) {
    if (retryAfterMs !== null) return this.#connection.comeBack(retryAfterMs);
    if (resuming && code === "bad_credentials") {
      this.#store.apply({ type: "@forget-token" });
      return this.#hello();
    }
    const { entering, identity } = this.#store.state;
    const withLogin = entering ? entering.nick === null : identity?.account;
    if (withLogin && NO_LOGIN.includes(code)) return this.#toFirstScreen({ type: "@login-ended", message: LOGIN_ENDED });
    this.#toFirstScreen({ type: "@refused", message, field });
  }

  /** @param {LocalFrame} why */
  #toFirstScreen(why) {
    this.#store.apply(why);
    this.#connection.leave();
  }

  /** @param {number} intervalMs */
  #welcomed(intervalMs) {
    this.#connection.welcomed(intervalMs);
    for (const room of this.#store.state.rooms.values()) this.join(room.name);
    this.mention({ type: "rooms" });
    this.#setClock();
  }

  /** What ends at a time ends by the server's clock. */
  async #setClock() {
    const asked = Date.now();
    const reply = await this.ask({ type: "ping" }).catch(() => null);
    if (reply?.type === "pong") this.#store.apply({ type: "@clock", skewMs: Date.parse(reply.at) - (asked + Date.now()) / 2 });
  }

  /** @param {string} room @param {Refusal} why */
  #notJoined(room, { message, retryAfterMs }) {
    if (retryAfterMs !== null) return void setTimeout(() => this.#room(room) && this.join(room), retryAfterMs);
    this.#invites?.answered(room);
    this.#store.apply({ type: "@notice", notice: message });
    this.#store.apply({ type: "@unwant", room });
  }

  /** @param {Wire.ServerFrame} frame */
  #received(frame) {
    this.#store.apply(frame);
    if ("id" in frame) this.#answered(frame.id ?? "", frame);
    else if ("seq" in frame) this.#mendGap(frame.room);
  }

  /** @param {string} id @param {Wire.ServerFrame} frame */
  #answered(id, frame) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (frame.type === "error") asked?.reject(new Refusal(frame));
    else asked?.resolve(frame);
  }

  /** @type {Set<string>} rooms that are being caught up */
  #mending = new Set();

  /** An event was missing, which the server promises not to happen: catch up, once. @param {string} name */
  #mendGap(name) {
    const room = this.#room(name);
    if (!room?.gap || !room.joined || this.#mending.has(name)) return;
    this.#mending.add(name);
    this.join(name).finally(() => this.#mending.delete(name));
  }

  /** @param {Link} link */
  #linked(link) {
    this.#store.apply({ type: "@link", link });
    if (link.status === "ready" || link.status === "connecting") return;
    const lost = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of lost) reject(new Error("lost"));
    if (link.status === "stopped") this.#stopped(link.code);
  }

  /** Who the server does not know any more has to say anew who they are. @param {number} [code] */
  #stopped(code) {
    if (code !== 4503 && code !== 4504) return;
    const { account } = this.#store.state.identity ?? {};
    this.#toFirstScreen(account ? { type: "@login-ended", message: LOGIN_ENDED } : { type: "@refused", message: sentenceFor(code, "") });
  }

  /** @param {string} name */
  #room(name) {
    return this.#store.state.rooms.get(roomKey(name));
  }
}
