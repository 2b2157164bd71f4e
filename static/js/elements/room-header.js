/** @file `<room-header>`: which room this is, what it is about, who can read it. */
import { readersOf } from "../model/peace.js";
import { currentRoom } from "../model/state.js";
import { StoreElement, fill } from "./store-element.js";

export class RoomHeader extends StoreElement {
  ready() {
    this.on(".leave", "click", () => this.want({ type: "leave" }));
  }

  /** @param {State} state */
  draw(state) {
    const room = currentRoom(state);
    const topic = room ? room.topic || readersOf(room.settings) : "Choose a room, or make one.";
    const unread = [...state.rooms.values()].some((other) => other !== room && other.unread > 0);
    fill(this, {
      h1: room ? `#${room.name}` : "Parlor", ".topic": topic, ".news": unread,
      ".to-people": room !== undefined, ".leave": room !== undefined, ".people-count": String(room?.count ?? 0),
    });
    this.find(".topic").title = topic;
  }
}
