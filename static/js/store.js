/**
 * @file The store: holds the state, applies frames to it, and says that it changed.
 *
 * `applied` comes at once after each frame (for storage, which must miss
 * nothing), `change` once before the next picture (for elements).
 */
import { apply } from "./model/apply.js";

export class Store extends EventTarget {
  #schedule;
  #scheduled = false;

  /** @param {State} state @param {(draw: () => void) => void} schedule */
  constructor(state, schedule = beforeNextPicture) {
    super();
    this.state = state;
    this.#schedule = schedule;
  }

  /** @param {Frame} frame */
  apply(frame) {
    const before = this.state;
    this.state = apply(before, frame);
    if (this.state === before) return;
    this.dispatchEvent(new Event("applied"));
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}

/** A page that is not drawn gets no animation frames, so a timer races with them. @param {() => void} draw */
function beforeNextPicture(draw) {
  const frame = requestAnimationFrame(() => (clearTimeout(timer), draw()));
  const timer = setTimeout(() => (cancelAnimationFrame(frame), draw()), 200);
}
