/**
 * @file The desk on which one's own pictures lie until they are in the log: made
 * ready as they come, uploaded when their message is sent.
 *
 * The state knows their tiles, only this desk their files. Fetched when it is
 * first needed. Invariant: a file lies here exactly as long as its tile waits in
 * a tray or in the outbox.
 */

/** @import {Sender} from "../sender.js" */
/** @import {Store} from "../store.js" */
import { Refusal } from "../client.js";
import { retiled, uploads } from "../model/outbox.js";
import { Unfit, faultOf } from "./fit.js";
import { prepare } from "./prepare.js";
import { upload } from "./upload.js";

const AT_ONCE = 3;
const TRIES = 5;
const PAUSE_MS = 2_000;
const LOST = "The page was reloaded before it was sent, so it is not here any more.";
const BROKE_OFF = "The upload broke off.";
/** The session is being taken back, or the server needs a moment. */
const PASSING = ["bad_credentials", "login_required", "request_timeout"];

export class Desk {
  #store; #sender;
  /** @type {Map<string, Promise<Blob | string>>} by tile */
  #files = new Map();
  /** @type {Map<string, string>} of the previews, by tile */
  #urls = new Map();
  /** @type {Map<string, AbortController>} by tile */
  #running = new Map();
  #lastId = Date.now();
  /** @type {Set<string>} what the server took out of the pictures of this round */
  #removed = new Set();

  /** @param {Store} store @param {Sender} sender */
  constructor(store, sender) {
    this.#store = store;
    this.#sender = sender;
    store.addEventListener("applied", () => this.#clear());
    addEventListener("beforeunload", (event) => this.#files.size > 0 && event.preventDefault());
  }

  /** Lays chosen files into the tray of a room; says what cannot lie there. @param {string} room key @param {File[]} files */
  add(room, files) {
    const { limits } = this.#store.state;
    if (!limits) return;
    const free = limits.images_per_message - this.#tray(room).length;
    const refused = files.slice(free).length > 0 ? [`A message has at most ${limits.images_per_message} pictures.`] : [];
    for (const file of files.slice(0, free)) {
      const fault = faultOf(file, limits);
      if (fault) refused.push(`${file.name}: ${fault}`);
      else this.#lay(room, file, limits);
    }
    if (refused.length > 0) this.#store.apply({ type: "@notice", notice: refused.join(" ") });
  }

  /** Uploads what waits. */
  pump() {
    for (const { tile, room } of uploads(this.#store.state)) {
      if (this.#running.size < AT_ONCE && !this.#running.has(tile.id)) this.#upload(tile, room);
    }
  }

  /** @param {string} room key @param {File} file @param {Wire.Limits} limits */
  #lay(room, file, limits) {
    const tiles = this.#tray(room);
    const id = `p${++this.#lastId}`;
    const url = URL.createObjectURL(file);
    /** @type {Tile} */
    const tile = {
      id, name: file.name, type: file.type, width: 320, height: 240, alt: "", ttl: tiles.at(-1)?.ttl ?? "default",
      thumb_url: url, status: "waiting", progress: 0,
    };
    this.#urls.set(id, url);
    this.#store.apply({ type: "@tray", room, tiles: [...tiles, tile] });
    this.#files.set(id, this.#prepared(id, file, url, limits));
  }

  /** @param {string} id @param {File} file @param {string} url @param {Wire.Limits} limits @returns {Promise<Blob | string>} the file, or why it cannot be sent */
  async #prepared(id, file, url, limits) {
    try {
      const { file: ready, ...found } = await prepare(file, url, limits);
      this.#change(id, found);
      return ready;
    } catch (why) {
      const fault = why instanceof Unfit ? why.message : "It cannot be read.";
      if (this.#change(id, null)) this.#store.apply({ type: "@notice", notice: `${file.name}: ${fault}` });
      return fault;
    }
  }

  /** Changes a tile where it lies. @param {string} id @param {Partial<Tile> | null} change null: takes it off the tray @returns {boolean} whether it lay in one */
  #change(id, change) {
    const [room, tiles] = [...this.#store.state.trays].find(([, some]) => some.some((tile) => tile.id === id)) ?? [];
    if (room !== undefined && tiles) this.#store.apply({ type: "@tray", room, tiles: retiled(tiles, id, change) });
    else if (change) this.#store.apply({ type: "@picture", id, change });
    return room !== undefined;
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
    if (this.#running.size === 0) this.#tell();
    this.#sender.pump();
  }

  /** @param {Tile} tile @param {string} room @param {AbortSignal} signal @returns {Promise<Partial<Tile>>} */
  async #outcome(tile, room, signal) {
    const file = await (this.#files.get(tile.id) ?? LOST);
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
    const tile = this.#sent().find((some) => some.id === id);
    if (tile && tile.progress !== progress) this.#change(id, { progress });
  }

  /** What the server took out of the pictures is said once, when all are there. */
  #tell() {
    const failed = this.#sent().find(({ status }) => status === "failed");
    const what = this.#removed.has("location") ? "Location data was" : "Hidden details were";
    const aside = failed ? `${failed.name} was not sent.` : this.#removed.size > 0 ? `${what} removed from your pictures.` : null;
    this.#removed.clear();
    this.#store.apply({ type: "@aside", aside });
  }

  /** Stops what is not to be sent any more, and forgets the files that nobody waits for. */
  #clear() {
    const sent = this.#sent();
    const held = [...sent, ...[...this.#store.state.trays.values()].flat()];
    for (const [id, stop] of this.#running) if (!sent.some((tile) => tile.id === id && tile.status === "sending")) stop.abort();
    for (const [id, url] of this.#urls) {
      if (held.some((tile) => tile.id === id)) continue;
      URL.revokeObjectURL(url);
      this.#urls.delete(id);
      this.#files.delete(id);
    }
  }

  #sent() {
    return this.#store.state.outbox.flatMap(({ pictures = [] }) => pictures);
  }

  /** @param {string} room key */
  #tray(room) {
    return this.#store.state.trays.get(room) ?? [];
  }
}

/** Milliseconds until it is worth trying again; null if it is not. @param {unknown} why @param {number} tried */
function pauseAfter(why, tried) {
  if (tried >= TRIES) return null;
  if (!(why instanceof Refusal)) return PAUSE_MS * tried;
  return PASSING.includes(why.code) ? PAUSE_MS : why.retryAfterMs;
}
