/**
 * @file `<log-in>`: the password on the first screen, and an invitation where the server asks for one.
 *
 * The name and the room are `<first-run>`'s. Invariant: no password outlives the screen that it was typed on.
 */
import { StoreElement, fill } from "./store-element.js";

export class LogIn extends StoreElement {
  /** @type {HTMLInputElement} */
  #password = this.find("[name=password]");
  /** @type {HTMLInputElement} */
  #invitation = this.find("[name=invitation]");

  get password() {
    return this.#password.value;
  }

  get invitation() {
    return this.#invitation.value.trim();
  }

  /** @param {State} state @param {State} [before] */
  draw({ way, refusal, identity }, before) {
    if (identity || way !== before?.way) this.#password.value = "";
    if (way !== before?.way) this.#turn(way);
    if (refusal?.field === "invitation") fill(this, { ".invitation": true });
    if (refusal !== before?.refusal) for (const input of [this.#password, this.#invitation]) this.#check(input, refusal);
  }

  /** @param {Way} way */
  #turn(way) {
    this.#password.autocomplete = way === "register" ? "new-password" : "current-password";
    fill(this, { ".invitation": false });
    if (this.closest("form")?.nick.value) this.#password.focus();
  }

  /** @param {HTMLInputElement} input @param {State["refusal"]} refusal */
  #check(input, refusal) {
    const fault = refusal?.field === input.name ? refusal.message : null;
    fill(this, { [`#${input.name}-fault`]: fault });
    input.ariaInvalid = String(fault !== null);
    if (fault !== null) input.focus();
  }
}
