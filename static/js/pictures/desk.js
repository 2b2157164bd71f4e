/**
 * @file The desk on which the files of one's own pictures lie until they are in
 * the log, and what else is done with pictures over HTTP. Fetched when first needed.
 *
 * The state knows the tiles, only this desk their files; `uploads.js` carries
 * them away. Invariant: a file lies here exactly as long as its tile waits in a
 * tray or in the outbox.
 */

/** @import {Sender} from "../sender.js" */
/** @import {Store} from "../store.js" */
import { Refusal } from "../client.js";
import { retiled } from "../model/outbox.js";
import { Unfit, faultOf } from "./fit.js";
import { isGone, takeBack } from "./http.js";
import { prepare } from "./prepare.js";
import { Uploads } from "./uploads.js";

export class Desk {
  #store; #sender; #uploads;
  /** @type {Map<string, {url: string, file: Promise<Blob | string>}>} by tile; a sentence where it cannot be sent */
  #files = new Map();
  #lastId = Date.now();

  /** @param {Store} store @param {Sender} sender */
  constructor(store, sender) {
    this.#store = store;
    this.#sender = sender;
    this.#uploads = new Uploads(store, sender, (id) => this.#files.get(id)?.file);
    store.addEventListener("applied", () => this.#clear());
    addEventListener("beforeunload", (event) => this.#files.size > 0 && event.preventDefault());
  }

  /** Lays chosen files into the tray of a room; says what cannot lie there. @param {string} room key @param {File[]} files */
  add(room, files) {
    const { limits } = this.#store.state;
    if (!limits) return;
    const free = Math.max(0, limits.images_per_message - this.#tray(room).length);
    const refused = files.length > free ? [`A message has at most ${limits.images_per_message} pictures.`] : [];
    for (const file of files.slice(0, free)) {
      const fault = faultOf(file, limits);
      if (fault) refused.push(`${file.name}: ${fault}`);
      else this.#lay(room, file, limits);
    }
    if (refused.length > 0) this.#tell(refused.join(" "));
  }

  /** Uploads what waits. */
  pump() {
    this.#uploads.pump();
  }

  /** What was uploaded in vain is deleted. @param {Tile[]} tiles */
  forget(tiles) {
    this.#uploads.forget(tiles);
  }

  /** A picture does not go along. @param {string} id */
  withdraw(id) {
    const tiles = this.#store.state.outbox.flatMap(({ pictures = [] }) => pictures);
    this.forget(tiles.filter((tile) => tile.id === id));
    this.#store.apply({ type: "@picture", id, change: null });
    this.#sender.pump();
  }

  /** What could not be uploaded is left out. @param {string} clientId */
  sendWithout(clientId) {
    const { pictures = [] } = this.#store.state.outbox.find((entry) => entry.clientId === clientId) ?? {};
    for (const { id, status } of pictures) if (status === "failed") this.withdraw(id);
  }

  /** Takes a picture out of a message: the log will say so. @param {string} image */
  async takeBack(image) {
    try {
      await takeBack(this.#store.state.identity?.token ?? "", image);
    } catch (why) {
      this.#tell(why instanceof Refusal ? why.message : "That needs a connection. Please try again.");
    }
  }

  /** A picture did not come: it may have ended before the log says so. @param {string} room @param {number} target @param {string} image */
  async askAfter(room, target, image) {
    const gone = await isGone(image).catch(() => false);
    if (gone) this.#store.apply({ type: "@over", room, target, image });
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
    this.#store.apply({ type: "@tray", room, tiles: [...tiles, tile] });
    this.#files.set(id, { url, file: this.#prepared(id, file, url, limits) });
  }

  /** @param {string} id @param {File} file @param {string} url @param {Wire.Limits} limits @returns {Promise<Blob | string>} */
  async #prepared(id, file, url, limits) {
    try {
      const { file: ready, ...found } = await prepare(file, url, limits);
      this.#change(id, found);
      return ready;
    } catch (why) {
      const fault = why instanceof Unfit ? why.message : "It cannot be read.";
      if (this.#change(id, null)) this.#tell(`${file.name}: ${fault}`);
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

  /** Forgets the files that nobody waits for. */
  #clear() {
    if (this.#files.size === 0) return;
    const { outbox, trays } = this.#store.state;
    const held = new Set([...trays.values(), ...outbox.map(({ pictures = [] }) => pictures)].flat().map(({ id }) => id));
    for (const [id, { url }] of this.#files) {
      if (held.has(id)) continue;
      URL.revokeObjectURL(url);
      this.#files.delete(id);
    }
  }

  /** @param {string} notice */
  #tell(notice) {
    this.#store.apply({ type: "@notice", notice });
  }

  /** @param {string} room key */
  #tray(room) {
    return this.#store.state.trays.get(room) ?? [];
  }
}
