/**
 * @file `<message-actions>`: the buttons of a message, one set for the whole page.
 *
 * `<message-log>` brings it to the message that is pointed at, so that a long
 * log does not carry hundreds of them, nor the Tab key through them.
 */
import { alive, nameOf } from "../model/pictures.js";
import { myNick } from "../model/state.js";
import { StoreElement, copyOf, fill, find } from "./store-element.js";

const MESSAGE = ["Delete this message?", "Everyone will see that it was deleted. It cannot be brought back."];
const PICTURE = ["Remove this picture?", "Everyone will see that there was one. It cannot be brought back."];

export class MessageActions extends StoreElement {
  /** @type {Entry | null} */
  #entry = null;
  /** @type {HTMLDialogElement} */
  #dialog = find(document, "#confirm-delete");
  /** @type {Intent | null} waits for the dialog's answer */
  #doom = null;

  ready() {
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("keydown", ({ key }) => key === "Escape" && this.#unfold());
    this.#dialog.addEventListener("close", () => {
      if (this.#doom && this.#dialog.returnValue === "delete") this.want(this.#doom);
    });
  }

  /** @param {HTMLElement} article @param {MessageRow} row */
  offer(article, { entry, mine, keeper }) {
    if (this.#entry === entry && this.parentElement === article) return;
    this.#entry = entry;
    this.#unfold();
    const pictures = mine ? alive(entry) : [];
    fill(this, { "[data-do=edit]": mine, "[data-do=delete]": mine || keeper, "[data-do=pick]": pictures.length > 0 });
    this.find(".which").replaceChildren(...pictures.map((image) => choice(entry, image)));
    this.hidden = false;
    if (this.parentElement !== article) article.append(this);
  }

  /** @param {Event} event */
  #clicked(event) {
    event.stopPropagation();
    const button = /** @type {Element} */ (event.target).closest("button");
    const entry = this.#entry;
    if (!button || !entry) return;
    const { emoji, image, do: deed = "" } = button.dataset;
    if (emoji) this.#react(entry, emoji);
    else if (image) this.#confirm({ type: "take-back", image }, PICTURE);
    else if (deed === "pick" && alive(entry).length === 1) this.#confirm({ type: "take-back", image: alive(entry)[0].id }, PICTURE);
    else if (deed === "delete") this.#confirm({ type: "delete", seq: entry.seq }, MESSAGE);
    else if (deed === "react" || deed === "pick") this.#unfold(button.ariaExpanded === "true" ? "" : deed);
    else this.want({ type: "compose", composing: { mode: deed === "edit" ? "edit" : "reply", seq: entry.seq } });
  }

  /** @param {Intent} doom @param {string[]} words */
  #confirm(doom, [title, what]) {
    this.#doom = doom;
    fill(this.#dialog, { h2: title, p: what });
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
  }

  /** The same emoji again takes it back. @param {Entry} entry @param {string} emoji */
  #react({ seq, reactions }, emoji) {
    const given = reactions.find((reaction) => reaction.emoji === emoji)?.nicks.includes(myNick(this.state) ?? "");
    this.want({ type: "react", seq, emoji, on: !given });
    this.#unfold();
  }

  /** Shows the choices of one button, or none. @param {string} deed */
  #unfold(deed = "") {
    for (const name of ["react", "pick"]) {
      this.find(`[data-do=${name}]`).ariaExpanded = String(name === deed);
      fill(this, { [`.palette.${name}`]: name === deed });
    }
  }
}

/** @param {Entry} entry @param {Picture} image */
function choice({ images = [] }, image) {
  const button = copyOf("picture-choice");
  const at = images.indexOf(image);
  button.dataset.image = image.id;
  button.textContent = String(at + 1);
  button.ariaLabel = `Remove ${nameOf(image, at, images.length)}`;
  return button;
}
