/** @file `<first-run>`: a name and a room on one screen, and then one is in. */
import { lastNick, places } from "../memory.js";
import { faultIn, roomNameFrom } from "./room-name.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

const LISTED = 8;

export class FirstRun extends StoreElement {
  /** @type {HTMLInputElement} */
  #nick = this.find("[name=nick]");
  /** @type {HTMLInputElement} */
  #room = this.find("[name=room]");

  ready() {
    this.on("form", "submit", (event) => this.#submitted(event));
    this.on(".open", "click", ({ target }) => this.#chose(target.closest("button")));
    this.#nick.value ||= lastNick(places());
    this.#nick.focus();
  }

  /** @param {State} state @param {State} [before] */
  draw({ entering, refusal, open }, before) {
    this.find("[type=submit]").ariaDisabled = String(entering !== null);
    if (refusal && refusal !== before?.refusal) this.#refused(refusal);
    const rooms = open.slice(0, LISTED);
    fill(this, { ".now": rooms.length > 0 });
    reconcile(this.find(".open"), rooms, ({ name }) => name, () => "open-room", (node, { name, count }) => {
      find(node, "button").dataset.room = name;
      fill(node, { ".name": name, ".number": String(count) });
    });
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    if (this.state.entering) return;
    const nick = this.#nick.value.trim();
    const room = roomNameFrom(this.#room.value);
    const sound = this.#check(this.#room, faultIn(room)) && this.#check(this.#nick, nick ? null : "Please choose a name.");
    if (sound) this.want({ type: "enter", nick, room });
  }

  /** @param {NonNullable<State["refusal"]>} refusal */
  #refused({ message, nick }) {
    this.#nick.value ||= nick;
    this.#check(this.#nick, message);
  }

  /** Shows what is wrong with a field, and goes there. @param {HTMLInputElement} input @param {string | null} fault @returns {boolean} whether it is sound */
  #check(input, fault) {
    fill(this, { [`#${input.name}-fault`]: fault });
    input.ariaInvalid = String(fault !== null);
    if (fault !== null) input.focus();
    return fault === null;
  }

  /** @param {HTMLElement | null} button */
  #chose(button) {
    if (!button) return;
    this.#room.value = button.dataset.room ?? "";
    (this.#nick.value ? this.#room : this.#nick).focus();
  }
}
