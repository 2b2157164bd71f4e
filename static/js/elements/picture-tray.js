/** @file `<picture-tray>`: pictures that go along with the next message of this room: what they show, and how long. */
import { StoreElement, copyOf, fill, find, reconcile } from "./store-element.js";

const LOSABLE = "They wait in this window only: a reload would lose them.";

export class PictureTray extends StoreElement {
  ready() {
    this.addEventListener("input", ({ target }) => this.#changed(/** @type {HTMLInputElement} */ (target)));
    this.addEventListener("click", ({ target }) => this.#clicked(/** @type {Element} */ (target)));
  }

  /** @param {State} state @param {State} [before] */
  draw({ trays, current, link }, before) {
    if (before && trays === before.trays && current === before.current && link === before.link) return;
    const tiles = trays.get(current ?? "") ?? [];
    const count = tiles.length === 1 ? "1 picture" : `${tiles.length} pictures`;
    const words = `${count} to go with your message.${link.status === "ready" ? "" : ` ${LOSABLE}`}`;
    fill(this, { ul: tiles.length > 0, "[role=status]": tiles.length > 0 ? words : "" });
    reconcile(this.find("ul"), tiles, ({ id }) => id, () => "tile", fillTile);
  }

  /** @param {HTMLInputElement | HTMLSelectElement} field */
  #changed({ name, value, parentElement }) {
    this.want({ type: "tile", id: parentElement?.dataset.key ?? "", change: { [name]: value } });
  }

  /** The focus stays in the tray as long as there is one. @param {Element} target */
  #clicked(target) {
    const tile = target.closest("button")?.parentElement;
    if (!tile) return;
    const next = tile.nextElementSibling ?? tile.previousElementSibling;
    /** @type {HTMLElement | null} */ (next?.querySelector("button") ?? document.querySelector("#text"))?.focus();
    this.want({ type: "tile", id: tile.dataset.key ?? "", change: null });
  }
}

/** @param {HTMLElement} node @param {Tile} tile */
function fillTile(node, { name, alt, ttl, note, thumb_url: src }) {
  if (!node.ariaLabel) {
    node.ariaLabel = name;
    find(node, "button").ariaLabel = `Remove ${name}`;
    find(node, "input").value = alt;
    find(node, "select").value = ttl;
    find(node, "img").src = src;
  }
  // What this browser cannot show is for the server to judge.
  if (!src) find(node, "img").removeAttribute("src");
  fill(node, { ".note": note ?? null });
}
