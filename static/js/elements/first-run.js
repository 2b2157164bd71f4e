/** @file `<first-run>`: a name and a room on one screen, and then one is in; what only a password needs is `<log-in>`'s. */
import { lastNick, places } from "../memory.js";
import { faultIn, roomNameFrom } from "./room-name.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

const LISTED = 8;
/** @type {Record<Way, string>} */
const COME_IN = { known: "Come in", guest: "Come in", "log-in": "Log in", register: "Register and come in" };

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
    fill(this, { ".who b": account ?? "" });
    if (refusal !== before?.refusal) this.#refused(refusal);
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
    const { way } = this.state;
    const known = way === "known";
    const sound = this.#check(this.#room, faultIn(room)) && (known || this.#check(this.#nick, nick ? null : "Please choose a name."));
    if (!sound) return;
    if (known || way === "guest") return this.want({ type: "enter", nick: known ? null : nick, room });
    this.want({ type: "prove", way, nick, password: this.#field("password").value, invitation: this.#field("invitation").value.trim(), room });
  }

  /** @param {Way} way */
  #drawWay(way) {
    const proves = way === "log-in" || way === "register";
    fill(this, { ".who": way === "known", ".nick": way !== "known", "log-in": proves, "[type=submit]": COME_IN[way] });
    this.#nick.setAttribute("autocomplete", proves ? "username" : "nickname");
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll(".ways button"))) {
      button.hidden = !button.dataset.from?.split(" ").includes(way);
    }
    (way === "known" ? this.#room : proves && this.#nick.value ? this.#field("password") : this.#nick).focus();
  }

  /** Another way in; the name stays. @param {HTMLElement | null} button */
  #turned(button) {
    const to = /** @type {Way | "log-out" | undefined} */ (button?.dataset.to);
    if (!to || this.state.entering) return;
    if (to === "log-out") this.want({ type: to });
    else this.want({ type: "way", way: to === "log-in" && this.state.account !== null ? "known" : to });
  }

  /** Says it at the field that it is about, else above them all. @param {State["refusal"]} refusal */
  #refused(refusal) {
    const { message = null, field = "", nick = "" } = refusal ?? {};
    this.#nick.value ||= nick;
    const at = ["nick", "password", "invitation", "room"].includes(field) ? field : null;
    fill(this, { ".word": at ? null : message });
    for (const name of ["nick", "password", "invitation"]) this.#check(this.#field(name), name === at ? message : null);
    if (at === "room") this.#check(this.#room, message);
  }

  /** @param {string} name @returns {HTMLInputElement} */
  #field(name) {
    return this.find(`[name=${name}]`);
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
