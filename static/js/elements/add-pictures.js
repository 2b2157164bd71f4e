/** @file `<add-pictures>`: the ways in for pictures: a button, pasting, dropping them anywhere on the page. */
import { currentRoom } from "../model/state.js";
import { StoreElement, fill } from "./store-element.js";

export class AddPictures extends StoreElement {
  /** Something of the page itself is dragged. */
  #own = false;

  ready() {
    const input = this.find("input");
    this.on("button", "click", () => input.click());
    this.on("input", "change", () => {
      this.#add(input.files);
      input.value = "";
    });
    document.addEventListener("paste", (event) => this.#pasted(event));
    for (const type of /** @type {const} */ (["dragstart", "dragend", "dragenter", "dragover", "dragleave", "drop"])) {
      document.addEventListener(type, (event) => this.#dragged(event));
    }
  }

  /** @param {State} state */
  draw(state) {
    const room = currentRoom(state);
    this.hidden = !room || !state.limits?.images_per_message;
    fill(this, { ".where": `#${room?.name}` });
  }

  /** Where the clipboard has words too, the words are meant. @param {ClipboardEvent} event */
  #pasted(event) {
    const { files, types = [] } = event.clipboardData ?? {};
    if (this.hidden || !files?.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.#add(files);
  }

  /** A browser would leave the page for a file that is dropped on it. @param {DragEvent} event */
  #dragged(event) {
    const { dataTransfer: data, type, relatedTarget } = event;
    if (type === "dragstart" || type === "dragend") this.#own = type === "dragstart";
    if (this.#own || !data?.types.includes("Files")) return;
    event.preventDefault();
    fill(this, { ".drop-here": type === "dragenter" || type === "dragover" || (type === "dragleave" && relatedTarget !== null) });
    if (type === "drop" && !this.hidden) this.#add(data.files);
  }

  /** @param {FileList} files */
  #add(files) {
    if (files.length > 0) this.want({ type: "add", files: [...files] });
  }
}
