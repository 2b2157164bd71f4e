/**
 * @file `<connection-banner>`: the server is out of reach; when it is tried again, and what to do.
 *
 * A loss that mends itself within the grace is not shown. The countdown is for
 * the eye; only the sentence is announced.
 */
import { sentenceFor } from "../net/backoff.js";
import { StoreElement, fill } from "./store-element.js";

const GRACE_MS = 1_200;
const OUT_OF_REACH = "The server is out of reach. What you write is kept and sent later.";

export class ConnectionBanner extends StoreElement {
  /** @type {number | undefined} */
  #grace;

  ready() {
    this.on("button", "click", () => this.want({ type: "reconnect" }));
    setInterval(() => this.hidden || this.#count(this.state.link), 500);
  }

  /** @param {State} state */
  draw({ link, identity, entering, verdict }) {
    const fine = link.status === "ready" || link.status === "idle" || !(identity || entering);
    const stopped = link.status === "stopped";
    const said = link.code === 4500 ? verdict : null;
    if (fine || stopped) this.#show(stopped);
    else this.#grace ??= setTimeout(() => this.#show(true), GRACE_MS);
    this.classList.toggle("stopped", stopped);
    fill(this, {
      "[role=status]": stopped ? said ?? sentenceFor(link.code ?? 0, link.reason ?? "") : OUT_OF_REACH,
      button: stopped ? (link.code === 4502 ? "Talk here" : "Connect again") : "Try now",
    });
    this.#count(link);
  }

  /** @param {boolean} shown */
  #show(shown) {
    clearTimeout(this.#grace);
    if (!shown) this.#grace = undefined;
    this.hidden = !shown;
  }

  /** @param {Link} link */
  #count({ status, retryAt = 0 }) {
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    const words = seconds > 0 ? `Next try in ${seconds} s` : "Trying…";
    fill(this, { ".countdown": status === "stopped" ? "" : words });
  }
}
