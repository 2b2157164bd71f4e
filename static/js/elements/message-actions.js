/**
 * @file `<message-actions>`: the buttons of a message, one set for the whole page.
 *
 * `<message-log>` brings it to the message that is pointed at, so that a long
 * log does not carry hundreds of them, nor the Tab key through them.
 */
import { myNick } from "../model/state.js";
import { StoreElement, fill, find } from "./store-element.js";

export class MessageActions extends StoreElement {
  /** @type {Entry | null} */
  #entry = null;
  /** @type {HTMLDialogElement} */
  #dialog = find(document, "#confirm-delete");

  ready() {
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("keydown", ({ key }) => key === "Escape" && this.#unfold(false));
    this.#dialog.addEventListener("close", () => {
      if (this.#entry && this.#dialog.returnValue === "delete") this.want({ type: "delete", seq: this.#entry.seq });
    });
  }

  /** @param {HTMLElement} article @param {MessageRow} row */
  offer(article, { entry, mine }) {
    if (this.#entry === entry && this.parentElement === article) return;
    this.#entry = entry;
    this.#unfold(false);
    fill(this, { "[data-do=edit]": mine, "[data-do=delete]": mine });
    this.hidden = false;
    if (this.parentElement !== article) article.append(this);
  }

  /** @param {Event} event */
  #clicked(event) {
    event.stopPropagation();
    const button = /** @type {Element} */ (event.target).closest("button");
    const entry = this.#entry;
    if (!button || !entry) return;
    const { emoji, do: deed } = button.dataset;
    if (emoji) this.#react(entry, emoji);
    else if (deed === "react") this.#unfold(button.ariaExpanded !== "true");
    else if (deed === "delete") this.#dialog.showModal();
    else this.want({ type: "compose", composing: { mode: deed === "edit" ? "edit" : "reply", seq: entry.seq } });
  }

  /** The same emoji again takes it back. @param {Entry} entry @param {string} emoji */
  #react({ seq, reactions }, emoji) {
    const given = reactions.find((reaction) => reaction.emoji === emoji)?.nicks.includes(myNick(this.state) ?? "");
    this.want({ type: "react", seq, emoji, on: !given });
    this.#unfold(false);
  }

  /** Shows or hides the emoji. @param {boolean} open */
  #unfold(open) {
    this.find("[data-do=react]").ariaExpanded = String(open);
    fill(this, { ".palette": open });
  }
}
