/**
 * @file `<message-composer>`: where messages are written, answered and mended.
 *
 * Drafts are state; the text of an edit is only in the box. Invariant: nothing
 * written is lost to a switch of rooms, a lost connection or a refused edit.
 */
import { entryAt } from "../model/log.js";
import { wordOf } from "../model/outbox.js";
import { gist } from "../model/pictures.js";
import { currentRoom, myNick } from "../model/state.js";
import { StoreElement, fill } from "./store-element.js";

const TEXT_CHARS = 4000;
/** What is left of the limit is shown from here on. */
const NEAR_CHARS = 500;
/** Without a keyboard Enter makes a line; the button sends. */
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class MessageComposer extends StoreElement {
  /** @type {HTMLTextAreaElement} */
  #box = this.find("textarea");

  ready() {
    this.on("form", "submit", (event) => this.#submit(event));
    this.on("textarea", "keydown", (event) => this.#pressed(event));
    this.on("textarea", "input", () => this.#typed());
    this.on("textarea", "blur", () => this.want({ type: "typed", on: false }));
    this.on(".cancel", "click", () => this.#cancel());
    document.addEventListener("keydown", (event) => this.#pressedElsewhere(event));
  }

  /** @param {State} state @param {State} [before] */
  draw(state, before) {
    const room = currentRoom(state);
    this.hidden = !room;
    if (!room) return;
    const name = `Message #${room.name}`;
    fill(this, { "[for=text]": name, ".aside": wordOf(state) ?? "" });
    this.#box.placeholder = name;
    const cameIn = state.identity !== null && !before?.identity;
    const turned = state.current !== before?.current || state.composing !== before?.composing;
    if (cameIn || turned) this.#begin(state, room, before);
    this.#drawLimit();
  }

  /** A room, an answer or an edit begins: the box shows what belongs to it. @param {State} state @param {Room} room @param {State} [before] */
  #begin({ composing, current, drafts }, room, before) {
    const entry = composing ? entryAt(room, composing.seq) : undefined;
    const editing = composing?.mode === "edit";
    const turned = editing || before?.composing?.mode === "edit" || current !== before?.current;
    if (turned) this.#box.value = editing ? (entry?.text ?? "") : (drafts.get(current ?? "") ?? "");
    fill(this, {
      ".context": composing !== null, ".about": editing ? "Editing your message" : `Replying to ${entry?.nick}`,
      ".excerpt": editing || !entry ? "" : gist(entry),
    });
    this.#fit();
    if (composing || !touch.matches) this.#box.focus();
  }

  #typed() {
    const text = this.#box.value;
    if (this.state.composing?.mode !== "edit") this.want({ type: "draft", text });
    this.want({ type: "typed", on: text !== "" });
    this.#fit();
    this.#drawLimit();
  }

  /** Where CSS cannot size the box by its text, its lines do. */
  #fit() {
    if (!CSS.supports("field-sizing", "content")) this.#box.rows = Math.min(8, this.#box.value.split("\n").length);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !touch.matches) this.#submit(event);
    if (event.key === "Escape") this.#cancel();
    if (event.key === "ArrowUp" && this.#box.value === "") this.#editLast(event);
  }

  /** Typing anywhere writes here. @param {KeyboardEvent} event */
  #pressedElsewhere({ key, ctrlKey, metaKey, altKey }) {
    const free = document.activeElement === document.body && !this.hidden;
    if (free && key.length === 1 && !ctrlKey && !metaKey && !altKey) this.#box.focus();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const written = this.#box.value.toWellFormed();
    const text = /^[\t-\r ]*$/.test(written) ? "" : written;
    const { composing, trays, current } = this.state;
    const editing = composing?.mode === "edit";
    if (this.#charsLeft() < 0 || (!text && (editing || !trays.get(current ?? "")?.length))) return;
    if (editing) return this.want({ type: "edit", seq: composing.seq, text });
    this.#box.value = "";
    this.#fit();
    this.#box.focus();
    this.want({ type: "send", text });
  }

  #cancel() {
    if (this.state.composing) this.want({ type: "compose", composing: null });
  }

  /** @param {Event} event */
  #editLast(event) {
    const me = myNick(this.state);
    const last = currentRoom(this.state)?.entries.findLast(({ kind, deleted, nick }) => kind === "message" && !deleted && nick === me);
    if (!last || this.state.composing) return;
    event.preventDefault();
    this.want({ type: "compose", composing: { mode: "edit", seq: last.seq } });
  }

  #charsLeft() {
    return (this.state.limits?.text_chars ?? TEXT_CHARS) - [...this.#box.value].length;
  }

  #drawLimit() {
    const left = this.#charsLeft();
    this.find(".limit").classList.toggle("over", left < 0);
    fill(this, { ".limit": left > NEAR_CHARS ? null : left < 0 ? `${-left} characters too long` : `${left} characters left` });
  }
}
