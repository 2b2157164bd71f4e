/** @file `<picture-viewer>`: one picture in full, and the others of its message beside it. */
import { entryAt } from "../model/log.js";
import { endOf, nameOf, waits } from "../model/pictures.js";
import { currentRoom, moderates, myNick } from "../model/state.js";
import { StoreElement, fill, find } from "./store-element.js";

const SCROLL_PX = 80;

export class PictureViewer extends StoreElement {
  /** @type {HTMLDialogElement} */
  #dialog = this.find("dialog");
  /** @type {HTMLImageElement} */
  #img = this.find("img");

  ready() {
    this.on("dialog", "close", () => this.#closed());
    this.on("dialog", "keydown", (event) => this.#pressed(event));
    this.on("dialog", "click", ({ target }) => target.matches("dialog, .stage, .close, .close *") && this.#dialog.close());
    this.on(".previous", "click", () => this.#step(-1));
    this.on(".next", "click", () => this.#step(1));
    this.on(".zoom", "click", () => this.#zoom(!this.#zoomed));
    this.on("img", "click", () => this.#zoom(!this.#zoomed));
    this.on("img", "load", () => this.#img.style.removeProperty("background-image"));
  }

  /** @param {State} state @param {State} [before] */
  draw(state, before) {
    const { viewing } = state;
    if (before && viewing === before.viewing && state.rooms === before.rooms) return;
    const images = this.#images();
    const at = images.findIndex(({ id }) => id === viewing?.image);
    if (at < 0) return this.#dialog.close();
    this.#show(images[at]);
    this.find(".stage").ariaLabel = nameOf(images[at], at, images.length);
    fill(this, { ".place": images.length > 1 ? `${at + 1} of ${images.length}` : "", ".previous": at > 0, ".next": at < images.length - 1 });
    if (viewing?.image !== before?.viewing?.image) this.#zoom(false);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** The small picture stands in until the full one is there. @param {Picture} image */
  #show(image) {
    const { url = "", thumb_url: thumb, width, height, alt } = image;
    const gone = endOf(image);
    fill(this, {
      ".ended": gone === "deleted" ? "This picture was removed." : gone ? "This picture has expired." : null,
      ".caption": alt || null, img: !gone, ".zoom": !gone, ".download": !gone,
    });
    if (gone) return this.#img.alt = "", this.#img.removeAttribute("src");
    if (this.#img.getAttribute("src") === url) return;
    this.#img.style.backgroundImage = `url("${thumb}")`;
    Object.assign(this.#img, { alt, width, height, src: url });
    this.find(".download").href = url;
  }

  #images() {
    const room = currentRoom(this.state);
    const { viewing } = this.state;
    const { nick, images = [] } = (room && viewing && entryAt(room, viewing.seq)) || {};
    const sees = nick === myNick(this.state) || moderates(this.state, room);
    return images.filter((image) => sees || !waits(image));
  }

  get #zoomed() {
    return this.#dialog.classList.contains("zoomed");
  }

  /** @param {boolean} on */
  #zoom(on) {
    this.#dialog.classList.toggle("zoomed", on);
    this.find(".zoom").ariaPressed = String(on);
  }

  /** @param {number} step */
  #step(step) {
    const images = this.#images();
    const { seq = 0, image } = this.state.viewing ?? {};
    const next = images[images.findIndex(({ id }) => id === image) + step];
    if (next) this.want({ type: "view", viewing: { seq, image: next.id } });
  }

  /** In full size the arrows move the picture. @param {KeyboardEvent} event */
  #pressed(event) {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if ((!x && !y) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (this.#zoomed) this.find(".stage").scrollBy(x * SCROLL_PX, y * SCROLL_PX);
    else if (x) this.#step(x);
  }

  /** The browser gives the focus back, unless what had it is gone. */
  #closed() {
    const { seq } = this.state.viewing ?? {};
    this.want({ type: "view", viewing: null });
    const { activeElement: at, body } = document;
    if (at === body || this.contains(at)) /** @type {HTMLElement | null} */ (document.querySelector(`article[data-seq="${seq}"]`))?.focus();
  }
}
