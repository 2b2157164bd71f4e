/**
 * @file `<log-in>`: the password on the first screen, and an invitation where the server asks for one.
 *
 * The name and the room are `<first-run>`'s. Invariant: no password outlives the screen that it was typed on.
 */
import { StoreElement, fill } from "./store-element.js";

export class LogIn extends StoreElement {
  /** @type {HTMLInputElement} */
  #password = this.find("[name=password]");

  /** @param {State} state @param {State} [before] */
  draw({ way, refusal, identity }, before) {
    const registers = way === "register";
    this.#password.autocomplete = registers ? "new-password" : "current-password";
    if (identity || way !== before?.way) this.#password.value = "";
    fill(this, { ".hint": registers });
    if (refusal?.field === "invitation" || !registers) fill(this, { ".invitation": registers });
  }
}
