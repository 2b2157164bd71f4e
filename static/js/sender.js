/**
 * @file Sends the outbox: one message at a time, in the order of writing. A
 * message with pictures waits until pictures/desk.js has uploaded them.
 *
 * Invariant: a message is sent again only with its own `client_id`, so the
 * server keeps it once; one that the server cannot take is not sent in a loop.
 * A room in slow mode holds back its own messages, not those of other rooms.
 */

/** @import {Client} from "./client.js" */
/** @import {Store} from "./store.js" */
import { Refusal } from "./client.js";
import { spanOf } from "./dates.js";
import { next, uploads } from "./model/outbox.js";

/** Closes that blame the frame: 1003 its kind, 1007 its text, 1009 its size, 4501 abuse. */
const FAULTS = [1003, 1007, 1009, 4501];
/** What the `id` adds to a frame, generously. */
const ID_BYTES = 64;
/** Who does not send an upload in time loses it. */
const UPLOAD_LOST = ["image_not_found", "image_gone"];
const encoder = new TextEncoder();

export class Sender {
  #store; #client;
  #busy = false;
  /** @type {Set<string>} messages whose pictures were uploaded a second time */
  #twice = new Set();
  /** @type {Map<string, number>} rooms in slow mode, and when one may speak there again */
  #slow = new Map();
  /** There are pictures to upload. */
  onPictures = () => {};

  /** @param {Store} store @param {Client} client */
  constructor(store, client) {
    this.#store = store;
    this.#client = client;
    client.onJoined = () => this.pump();
  }

  /** Shows a message at once and sends it when it can. @param {Outgoing} entry */
  queue(entry) {
    this.#store.apply({ type: "@queued", entry });
    this.#sayHeld(entry.room);
    this.pump();
  }

  /** Sends what waits, until nothing does or the connection is gone. */
  async pump() {
    if (uploads(this.#store.state).length > 0) this.onPictures();
    if (this.#busy) return;
    this.#busy = true;
    for (let entry = this.#next(); entry; entry = this.#next()) {
      const pauseMs = await this.#send(entry);
      if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    this.#busy = false;
  }

  #next() {
    const { state } = this.#store;
    return state.link.status === "ready" ? next(state, this.#slow) : undefined;
  }

  /** @param {Outgoing} entry @returns {Promise<number | void>} milliseconds to pause */
  async #send(entry) {
    const { clientId } = entry;
    const { limits } = this.#store.state;
    const frame = this.#frame(entry);
    const bytes = encoder.encode(JSON.stringify(frame)).length + ID_BYTES;
    if (bytes > (limits?.frame_bytes ?? Infinity)) return this.#become(clientId, "failed", "This message is too long.");
    this.#become(clientId, "sending");
    try {
      await this.#client.ask(frame);
    } catch (why) {
      return why instanceof Refusal ? this.#refused(entry, why) : this.#lost(clientId);
    }
  }

  /** @param {Outgoing} entry @returns {Wire.ClientFrame} */
  #frame({ clientId, room, text, pictures, replyTo }) {
    const images = pictures?.map(({ upload = "" }) => upload);
    const name = this.#store.state.rooms.get(room)?.name ?? room;
    return { type: "send", room: name, text: text || !images ? text : undefined, images, reply_to: replyTo, client_id: clientId };
  }

  /** @param {Outgoing} entry @param {Refusal} why */
  #refused({ clientId, room, pictures = [] }, { code, message, retryAfterMs }) {
    if (UPLOAD_LOST.includes(code) && !this.#twice.has(clientId)) {
      this.#twice.add(clientId);
      for (const { id } of pictures) this.#store.apply({ type: "@picture", id, change: { status: "waiting", upload: undefined } });
      return this.onPictures();
    }
    if (retryAfterMs === null) return this.#become(clientId, "failed", message);
    this.#become(clientId, "waiting");
    if (code !== "slow_mode") return retryAfterMs;
    this.#hold(room, retryAfterMs);
  }

  /** @param {string} room @param {number} ms */
  #hold(room, ms) {
    this.#slow.set(room, Date.now() + ms);
    this.#sayHeld(room);
    setTimeout(() => {
      this.#slow.delete(room);
      if (this.#store.state.current === room) this.#store.apply({ type: "@aside", aside: null });
      this.pump();
    }, ms);
  }

  /** @param {string} room */
  #sayHeld(room) {
    const until = this.#slow.get(room);
    if (!until || this.#store.state.current !== room) return;
    const aside = `This room is in slow mode. Your message is sent in ${spanOf(until - Date.now())}.`;
    this.#store.apply({ type: "@aside", aside });
  }

  /** @param {string} clientId */
  #lost(clientId) {
    const blamed = FAULTS.includes(this.#store.state.link.code ?? 0);
    if (blamed) this.#become(clientId, "failed", "The server could not read this message.");
  }

  /** @param {string} clientId @param {Outgoing["status"]} status @param {string} [reason] */
  #become(clientId, status, reason) {
    this.#store.apply({ type: "@outgoing", clientId, status, reason });
  }
}
