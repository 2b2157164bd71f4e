/** @file `<people-list>`: who is in the room; a state and a role are a shape and a word, not only a colour. */
import { inOrder } from "../model/people.js";
import { currentRoom, myNick } from "../model/state.js";
import { fillAvatar } from "./avatar.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

/** More people than these are a number. */
const LISTED = 200;

export class PeopleList extends StoreElement {
  /** @param {State} state @param {State} [before] */
  draw(state, before) {
    const room = currentRoom(state);
    if (before && room === currentRoom(before) && state.me === before.me) return;
    const me = myNick(state);
    const members = room ? inOrder(room, me).slice(0, LISTED) : [];
    reconcile(this.find("ul"), members, ({ nick }) => nick, () => "person", (node, member) => fillPerson(node, member, me));
    const count = room?.count ?? 0;
    const more = count - members.length;
    fill(this, { ".count": String(count), ".rest": more > 0 ? `and ${more} more` : null });
  }
}

/** @param {HTMLElement} node @param {Wire.Member} member @param {string | undefined} me */
function fillPerson(node, { nick, role, state }, me) {
  node.dataset.state = state;
  const notes = [nick === me && "you", role === "guest" && role, state !== "online" && state];
  const special = role === "moderator" || role === "owner";
  fill(node, { ".nick": nick, ".note": notes.filter(Boolean).join(", "), ".badge": special, ".role": special ? role : "" });
  fillAvatar(find(node, ".avatar"), nick);
}
