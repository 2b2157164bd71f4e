/**
 * @file Carries the pictures of the outbox to the server, a few at a time, and
 * again where that may help.
 *
 * Invariant: what its author has withdrawn is not uploaded any further.
 */

/** @import {Sender} from "../sender.js" */
/** @import {Store} from "../store.js" */
import { Refusal } from "../client.js";
import { lost, uploads } from "../model/outbox.js";
import { takeBack, upload } from "./http.js";

const AT_ONCE = 3;
const TRIES = 5;
const PAUSE_MS = 2_000;
const BROKE_OFF = "The upload broke off.";
/** The session is being taken back, or the line is slow. */
const PASSING = ["bad_credentials", "login_required", "request_timeout"];

export class Uploads {
  #store; #sender; #fileOf;
  /** @type {Map<string, AbortController>} by tile */
  #running = new Map();
  /** @type {Set<string>} what the server took out of the pictures of this round */
  #removed = new Set();

  /** @param {Store} store @param {Sender} sender @param {(tile: string) => Promise<Blob | string> | undefined} fileOf */
  constructor(store, sender, fileOf) {
    this.#store = store;
    this.#sender = sender;
    this.#fileOf = fileOf;
    store.addEventListener("applied", () => this.#stopOthers());
  }

  pump() {
    for (const { tile, room } of uploads(this.#store.state)) {
      if (this.#running.size < AT_ONCE && !this.#running.has(tile.id)) this.#upload(tile, room);
    }
  }

  /** What will not be sent need not wait at the server until it is swept. @param {Tile[]} tiles */
  forget(tiles) {
    for (const { upload: id } of tiles) if (id) takeBack(this.#store.state.identity?.token ?? "", id).catch(() => {});
  }

  /** @param {Tile} tile @param {string} room name */
  async #upload(tile, room) {
    const { id } = tile;
    const stop = new AbortController();
    this.#running.set(id, stop);
    this.#change(id, { status: "sending", progress: 0 });
    const change = await this.#outcome(tile, room, stop.signal);
    this.#running.delete(id);
    if (!stop.signal.aborted) this.#change(id, change);
    else if (change.upload) this.forget([{ ...tile, ...change }]);
    if (this.#running.size === 0) this.#tell();
    this.#sender.pump();
  }

  /** @param {Tile} tile @param {string} room @param {AbortSignal} signal @returns {Promise<Partial<Tile>>} */
  async #outcome(tile, room, signal) {
    const file = await this.#fileOf(tile.id);
    if (!file) return lost(tile);
    if (typeof file === "string") return { status: "failed", reason: file };
    for (let tried = 1; ; tried++) {
      try {
        const token = this.#store.state.identity?.token ?? "";
        const { id, metadata_removed: removed } = await upload({ token, room, tile, file }, signal, (part) => this.#progressed(tile.id, part));
        for (const kind of removed) this.#removed.add(kind);
        return { status: "kept", upload: id };
      } catch (why) {
        const pauseMs = pauseAfter(why, tried);
        if (signal.aborted || pauseMs === null) return { status: "failed", reason: why instanceof Refusal ? why.message : BROKE_OFF };
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        if (signal.aborted) return {};
      }
    }
  }

  /** In steps that can be seen. @param {string} id @param {number} part */
  #progressed(id, part) {
    const progress = Math.round(part * 20) / 20;
    if (this.#tiles().find((tile) => tile.id === id)?.progress !== progress) this.#change(id, { progress });
  }

  /** What the server took out of the pictures is said once, when all are there. */
  #tell() {
    const what = this.#removed.has("location") ? "Location data was" : "Hidden details were";
    const removed = this.#removed.size > 0 ? `${what} removed from what you sent.` : null;
    this.#removed.clear();
    this.#store.apply({ type: "@aside", aside: removed });
  }

  /** What is not to be sent, or not now, is not sent any further. */
  #stopOthers() {
    for (const [id, stop] of this.#running) {
      if (!this.#tiles().some((tile) => tile.id === id && tile.status === "sending")) stop.abort();
    }
  }

  /** @param {string} id @param {Partial<Tile>} change */
  #change(id, change) {
    this.#store.apply({ type: "@picture", id, change });
  }

  #tiles() {
    return this.#store.state.outbox.flatMap(({ pictures = [] }) => pictures);
  }
}

/** Milliseconds until it is worth trying again; null if it is not. @param {unknown} why @param {number} tried */
function pauseAfter(why, tried) {
  if (tried >= TRIES) return null;
  if (!(why instanceof Refusal)) return PAUSE_MS * tried;
  return PASSING.includes(why.code) ? PAUSE_MS : why.retryAfterMs;
}
