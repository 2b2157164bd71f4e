/**
 * @file `<first-run>`: a name and a room on one screen, and then one is in.
 *
 * Its parts say by which ways in they are shown (`data-from`); what only a password needs is `<log-in>`'s.
 */
import { lastNick, places } from "../memory.js";
import { faultIn, roomNameFrom } from "./room-name.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

const LISTED = 8;
/** Where a refusal can be said; any other is said above them all. */
const FIELDS = ["nick", "room", "password", "invitation"];

export class FirstRun extends StoreElement {
  /** @type {HTMLInputElement} */
  #nick = this.find("[name=nick]");
  /** @type {HTMLInputElement} */
  #room = this.find("[name=room]");

  ready() {
    this.on("form", "submit", (event) => this.#submitted(event));
    this.on(".open", "click", ({ target }) => this.#chose(target.closest("button")));
    this.on(".ways", "click", ({ target }) => this.#turned(target.closest("button")));
    this.#nick.value ||= lastNick(places());
  }

  /** @param {State} state @param {State} [before] */
  draw({ entering, refusal, open, way, account }, before) {
    this.find("[type=submit]").ariaDisabled = String(entering !== null);
    if (way !== before?.way) this.#drawWay(way);
    if (refusal !== before?.refusal) this.#refused(refusal);
    fill(this, { ".who b": account ?? "" });
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
    const sound = this.#check(this.#room, faultIn(room)) && this.#check(this.#nick, nick || this.state.way === "known" ? null : "Please choose a name.");
    if (sound) this.want({ type: "enter", nick, room });
  }

  /** @param {Way} way */
  #drawWay(way) {
    this.dataset.way = way;
    this.#nick.setAttribute("autocomplete", way === "guest" ? "nickname" : "username");
    (way === "known" ? this.#room : this.#nick).focus();
  }

  /** Another way in; the name stays. @param {HTMLElement | null} button */
  #turned(button) {
    const to = /** @type {Way | "log-out" | undefined} */ (button?.dataset.to);
    if (!to || this.state.entering) return;
    if (to === "log-out") this.want({ type: to });
    else this.want({ type: "way", way: to === "log-in" && this.state.account !== null ? "known" : to });
  }

  /** @param {State["refusal"]} refusal */
  #refused(refusal) {
    const { message = null, field = "", nick = "" } = refusal ?? {};
    this.#nick.value ||= nick;
    fill(this, { ".word": FIELDS.includes(field) ? null : message });
    for (const input of [this.#room, this.#nick]) this.#check(input, input.name === field ? message : null);
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
