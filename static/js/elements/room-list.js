/** @file `<room-list>`: one's own rooms, the open ones, a way to join or make another, and who one is. */
import { myNick, roomKey } from "../model/state.js";
import { pathTo } from "../router.js";
import { fillAvatar } from "./avatar.js";
import { faultIn, roomNameFrom } from "./room-name.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

/** More open rooms than these are reached by their name. */
const LISTED = 30;

export class RoomList extends StoreElement {
  ready() {
    this.addEventListener("click", (event) => this.#clicked(event));
    this.on("form", "submit", (event) => this.#submitted(event));
    this.on(".sign-out", "click", () => this.want({ type: this.state.identity?.account ? "log-out" : "sign-out" }));
  }

  /** @param {State} state */
  draw(state) {
    const here = state.rooms.get(state.current ?? "");
    const mine = [...state.rooms.values()].sort((a, b) => a.name.localeCompare(b.name));
    const others = state.open.filter((room) => !state.rooms.has(roomKey(room.name))).slice(0, LISTED);
    list(this.find(".mine"), mine, (node, room) => fillMine(node, room, here === room));
    list(this.find(".others"), others, (node, { count }) => fill(node, { ".present": count > 0, ".present b": String(count) }));
    const nick = myNick(state) ?? "";
    fill(this, { ".open-rooms": others.length > 0, ".me .nick": nick });
    fillAvatar(this.find(".me .avatar"), nick);
    const leave = state.identity?.account ? "Log out" : "Leave Parlor";
    Object.assign(this.find(".sign-out"), { ariaLabel: leave, title: leave });
  }

  /** Rooms are links, so they can be copied or opened in another tab. @param {MouseEvent} event */
  #clicked(event) {
    /** @type {HTMLElement | null} */
    const link = /** @type {Element} */ (event.target).closest("a[data-room]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.want({ type: "show", room: link.dataset.room ?? "" });
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    const input = this.find("input");
    const room = roomNameFrom(input.value);
    const fault = faultIn(room);
    fill(this, { ".fault": fault });
    input.ariaInvalid = String(fault !== null);
    if (fault !== null) return;
    input.value = "";
    this.want({ type: "show", room });
  }
}

/** @template {{name: string}} R @param {HTMLElement} ul @param {R[]} rooms @param {(node: HTMLElement, room: R) => void} more */
function list(ul, rooms, more) {
  reconcile(ul, rooms, (room) => room.name, () => "room-item", (node, room) => {
    const link = find(node, "a");
    link.href = pathTo(room.name);
    link.dataset.room = room.name;
    fill(node, { ".name": room.name });
    more(node, room);
  });
}

/** @param {HTMLElement} node @param {Room} room @param {boolean} here */
function fillMine(node, { unread }, here) {
  find(node, "a").ariaCurrent = here ? "page" : null;
  fill(node, { ".unread": unread > 0, ".unread b": unread > 99 ? "99+" : String(unread) });
}
