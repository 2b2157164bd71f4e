/**
 * @file `<message-log>`: the room's log on screen, and where the reader is in it.
 *
 * Invariant: a reader at the bottom stays there; a reader anywhere else keeps
 * the line that they were reading, whatever comes above or below it.
 */
import { serverNow } from "../model/pictures.js";
import { rowsOf, sameRow } from "../model/rows.js";
import { currentRoom, myNick } from "../model/state.js";
import { drawLife } from "./message-pictures.js";
import { fillRow } from "./message-row.js";
import { StoreElement, fill, find, reconcile } from "./store-element.js";

/** This near to the end counts as there. */
const NEAR_PX = 80;
/** This near to the start asks for older pages. */
const AHEAD_PX = 600;
/** This often the life that pictures have left is drawn anew. */
const LIFE_MS = 15_000;
/** A picture that did not come is asked for again so soon, then later, then with the next welcome. */
const AGAIN_MS = [1_000, 4_000, 16_000];

export class MessageLog extends StoreElement {
  /** @type {WeakMap<Element, Row>} what each node shows */
  #shown = new WeakMap();
  #pinned = true;
  /** Entries up to here have been on screen. */
  #seen = 0;
  /** @type {HTMLElement} */
  #scroller = this.find("[role=log]");
  /** @type {HTMLElement} */
  #list = this.find(".rows");
  #actions = find(document, "message-actions");

  ready() {
    this.on("[role=log]", "scroll", () => this.#scrolled());
    this.on("[role=log]", "keydown", (event) => this.#moved(event));
    this.on("[role=log]", "click", ({ target }) => this.#clicked(target));
    this.on("[role=log]", "pointerover", ({ target }) => this.#offer(target));
    this.on("[role=log]", "focusin", ({ target }) => this.#offer(target));
    this.on(".to-end", "click", () => this.#toEnd());
    this.on(".failed", "click", () => this.want({ type: "older" }));
    this.#scroller.addEventListener("error", ({ target }) => this.#missed(/** @type {Element} */ (target)), true);
    setInterval(() => drawLife(this.#list, serverNow(this.state)), LIFE_MS);
    new ResizeObserver(() => this.#pinned && this.#toEnd()).observe(this.#scroller);
  }

  /** @param {State} state @param {State} [before] */
  draw(state, before) {
    const { rooms, outbox, me, current } = state;
    if (before && rooms === before.rooms && outbox === before.outbox && me === before.me && current === before.current) return;
    if (current !== before?.current) this.#turn();
    if (me !== before?.me) this.#lookAgain();
    if (before && outbox.length > before.outbox.length) this.#pinned = true;
    const restore = this.#anchor();
    reconcile(this.#list, rowsOf(state), (row) => row.key, (row) => `${row.kind}-row`, (node, row) => this.#show(node, row));
    this.#drawEdges(state);
    restore();
    this.#scrolled();
  }

  #turn() {
    this.#pinned = true;
    this.#list.replaceChildren();
  }

  /** @param {HTMLElement} node @param {Row} row */
  #show(node, row) {
    const shown = this.#shown.get(node);
    this.#shown.set(node, row);
    if (!shown || !sameRow(shown, row)) fillRow(node, row, myNick(this.state), serverNow(this.state));
  }

  /** @param {State} state */
  #drawEdges(state) {
    const room = currentRoom(state);
    const open = room?.epoch != null;
    const atStart = open && !room.more;
    const empty = room?.entries.length === 0;
    this.#scroller.ariaLabel = `Messages in ${room?.name}`;
    fill(this, {
      ".failed": room?.older === "failed", ".loading": room?.older === "loading", ".opening": room !== undefined && !open,
      ".nowhere": room === undefined, ".empty": atStart && empty, ".start": atStart && !empty ? `This is where #${room.name} begins.` : null,
    });
  }

  /** A way to put the line that is being read back to where it is now. */
  #anchor() {
    if (this.#pinned) return () => this.#toEnd();
    const edge = this.#scroller.getBoundingClientRect().top;
    const row = [...this.#list.children].find((node) => node.matches("article") && node.getBoundingClientRect().bottom > edge);
    const before = row?.getBoundingClientRect().top ?? 0;
    return () => {
      if (row) this.#scroller.scrollTop += row.getBoundingClientRect().top - before;
    };
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const room = currentRoom(this.state);
    const pinned = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (pinned !== this.#pinned) this.want({ type: "pinned", pinned });
    this.#pinned = pinned;
    this.#drawNews(room);
    if (room?.joined && room.more && room.older === "idle" && scrollTop < AHEAD_PX) this.want({ type: "older" });
  }

  /** The button that counts what came below. @param {Room} [room] */
  #drawNews(room) {
    if (this.#pinned) this.#seen = room?.last ?? 0;
    const me = myNick(this.state);
    const count = room?.entries.filter(({ seq, kind, nick }) => seq > this.#seen && kind === "message" && nick !== me).length ?? 0;
    const label = count === 0 ? "Latest messages" : count === 1 ? "1 new message" : `${count} new messages`;
    fill(this, { ".to-end": !this.#pinned, ".to-end span": label });
  }

  /** Arrow keys go message by message. @param {KeyboardEvent} event */
  #moved(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.#list.querySelectorAll("article")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? rows.at(-1) : rows[at + step];
    if (next) event.preventDefault();
    next?.focus();
  }

  /** @param {Element} target @returns {{article: HTMLElement, row: MessageRow} | null} */
  #message(target) {
    const article = target.closest("article");
    const row = article && this.#shown.get(article);
    return article && row?.kind === "message" ? { article, row } : null;
  }

  /** @param {HTMLElement} target */
  #clicked(target) {
    const { seq = 0, clientId = "", replyTo = 0 } = this.#message(target)?.row.entry ?? {};
    const button = target.closest("button");
    const image = imageAt(target);
    if (button?.matches(".frame")) this.want({ type: "view", viewing: { seq, image } });
    else if (button?.matches(".approve")) this.want({ type: "approve", seq, image });
    else if (button?.matches(".withdraw")) this.want({ type: "withdraw", id: image });
    else if (button?.dataset.emoji) this.want({ type: "react", seq, emoji: button.dataset.emoji, on: button.ariaPressed !== "true" });
    else if (button?.matches(".retry")) this.want({ type: "retry", clientId });
    else if (button?.matches(".without")) this.want({ type: "without", clientId });
    else if (button?.matches(".discard")) this.want({ type: "discard", clientId });
    else if (button?.matches(".quote")) this.#jump(replyTo);
    else this.#offer(target);
  }

  /** A picture did not come: perhaps it is gone. @param {Element} img */
  #missed(img) {
    const { seq } = this.#message(img)?.row.entry ?? {};
    const tries = Number(img.getAttribute("data-tries"));
    img.classList.add("missing");
    img.setAttribute("data-tries", String(tries + 1));
    if (!seq) return;
    this.want({ type: "missing", seq, image: imageAt(img) });
    if (tries in AGAIN_MS) setTimeout(() => this.#lookAgain(), AGAIN_MS[tries]);
  }

  /** What did not come before may come now. */
  #lookAgain() {
    for (const img of /** @type {NodeListOf<HTMLImageElement>} */ (this.#list.querySelectorAll("img.missing[src]"))) {
      img.classList.remove("missing");
      img.src = img.src;
    }
  }

  /** @param {number} seq */
  #jump(seq) {
    /** @type {HTMLElement | null} */
    const row = this.#list.querySelector(`article[data-seq="${seq}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.focus();
  }

  /** Brings the one set of message buttons to the message that is pointed at. @param {Element} target */
  #offer(target) {
    const { article, row } = this.#message(target) ?? {};
    if (article && row && !row.fate && !row.entry.deleted) this.#actions.offer(article, row);
  }
}

/** The id of the picture that an element belongs to. @param {Element} node */
const imageAt = (node) => /** @type {HTMLElement | null} */ (node.closest("[data-image]"))?.dataset.image ?? "";
