/**
 * @file The socket: opens it, keeps it alive, comes back when it is lost.
 *
 * Of frames it knows only `closing` and `ping`; who says hello and what follows
 * is in `client.js`. Events: `open`; `frame` and `link` with a `detail`.
 * Invariant: at most one socket is listened to; one that was given up is deaf.
 */
import { delayAfter } from "./backoff.js";

/** A connection that was welcome for so long was a good one: failures count anew. */
const PROVEN_MS = 5_000;
const PROBE_MS = 8_000;
const OPENING_MS = 15_000;
/** Private use; 1000 or 1001 would give up the name at once. */
const GIVEN_UP = 3000;

export class Connection extends EventTarget {
  #url; #Socket; #clock; #random;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {number | undefined} one at a time, for the newest thing awaited */
  #timer;
  #failures = 0;
  #quietMs = 0;
  #probing = false;
  #welcomedAt = Infinity;
  /** @type {number | undefined} */
  #askedMs;
  /** @type {Link["status"]} */
  #status = "idle";

  /** @param {string} url @param {typeof WebSocket} Socket @param {Clock} clock @param {() => number} random */
  constructor(url, Socket, clock, random) {
    super();
    this.#url = url;
    this.#Socket = Socket;
    this.#clock = clock;
    this.#random = random;
  }

  /** Connects now, unless it is connected or about to be. */
  open() {
    if (this.#socket) return;
    this.#become({ status: "connecting" });
    this.#askedMs = undefined;
    this.#welcomedAt = Infinity;
    const socket = new this.#Socket(this.#url);
    this.#socket = socket;
    this.#listen();
    socket.addEventListener("open", () => socket === this.#socket && this.dispatchEvent(new Event("open")));
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#heard(data));
    socket.addEventListener("close", ({ code, reason }) => socket === this.#socket && this.#lost(code, reason));
  }

  /** Leaves for good: the name is freed at once. */
  leave() {
    this.#drop()?.close(1000);
    this.#failures = 0;
    this.#become({ status: "idle" });
  }

  /** The server cannot have us before this time. @param {number} ms */
  comeBack(ms) {
    this.#askedMs = ms;
    this.#giveUp();
  }

  /** The person asks for it: also where the page itself would wait or stay away. */
  retryNow() {
    if (this.#status === "waiting" || this.#status === "stopped") this.open();
    else this.probe();
  }

  /** The network is back or the window is looked at: worth a try, unless the server named a time. */
  wake() {
    if (this.#status === "waiting" && this.#askedMs === undefined) this.open();
    else this.probe();
  }

  /** Asks whether the server is still there. */
  probe() {
    if (this.#status !== "ready" || this.#probing) return;
    this.#probing = true;
    this.send({ type: "ping" });
    this.#after(PROBE_MS, () => this.#giveUp());
  }

  /** The server has said welcome. @param {number} quietMs how long it may be silent before it is asked */
  welcomed(quietMs) {
    this.#quietMs = quietMs;
    this.#welcomedAt = this.#clock.now();
    this.#become({ status: "ready" });
    this.#listen();
  }

  /** @param {Wire.ClientFrame} frame @returns {boolean} whether there was a socket to take it */
  send(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Any frame is life: wait for the next one, and ask when it is late. */
  #listen() {
    this.#probing = false;
    if (this.#status === "ready") this.#after(this.#quietMs, () => this.probe());
    else this.#after(OPENING_MS, () => this.#giveUp());
  }

  /** @param {string} data */
  #heard(data) {
    this.#listen();
    const frame = parsed(data);
    if (frame?.type === "closing") this.#askedMs = frame.reconnect_after_ms;
    if (frame) this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  /** A close takes long when nobody answers, so it is not waited for. */
  #giveUp() {
    this.#socket?.close(GIVEN_UP);
    this.#lost(1006, "");
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    this.#drop();
    if (this.#clock.now() - this.#welcomedAt > PROVEN_MS) this.#failures = 0;
    const delay = delayAfter(code, this.#askedMs, this.#failures++, this.#random);
    if (delay === null) return this.#become({ status: "stopped", code, reason });
    this.#after(delay, () => this.open());
    this.#become({ status: "waiting", code, reason, retryAt: this.#clock.now() + delay });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#clock.clearTimeout(this.#timer);
    return socket;
  }

  /** @param {number} ms @param {() => void} run */
  #after(ms, run) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(run, ms);
  }

  /** @param {Link} link */
  #become(link) {
    this.#status = link.status;
    this.dispatchEvent(new CustomEvent("link", { detail: link }));
  }
}

/** @param {string} data @returns {Wire.ServerFrame | null} */
function parsed(data) {
  try {
    const frame = JSON.parse(data);
    return typeof frame?.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
