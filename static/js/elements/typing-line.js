/** @file `<typing-line>`: who is typing. Not announced: it would talk over everything else. */
import { currentRoom, myNick } from "../model/state.js";
import { StoreElement, fill } from "./store-element.js";

const names = new Intl.ListFormat("en");

export class TypingLine extends StoreElement {
  /** @param {State} state */
  draw(state) {
    const nicks = [...(currentRoom(state)?.typing ?? [])].filter((nick) => nick !== myNick(state));
    const who = nicks.length > 3 ? "Several people" : names.format(nicks);
    fill(this, { p: nicks.length > 0, ".who": `${who} ${nicks.length === 1 ? "is" : "are"} typing` });
  }
}
