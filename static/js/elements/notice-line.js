/** @file `<notice-line>`: one sentence about something that did not work, until it is dismissed. */
import { StoreElement, fill } from "./store-element.js";

export class NoticeLine extends StoreElement {
  ready() {
    this.on("button", "click", () => this.want({ type: "dismiss" }));
  }

  /** @param {State} state */
  draw({ notice }) {
    this.classList.toggle("shown", notice !== null);
    fill(this, { "[role=alert]": notice ?? "", button: notice !== null });
  }
}
