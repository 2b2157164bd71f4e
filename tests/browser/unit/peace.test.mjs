/** @file Keeping the peace as the page knows it: the log's order, its lines, pictures that wait, what one is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../static/js/model/apply.js";
import { deedOf, readersOf, toldOf } from "../../../static/js/model/peace.js";
import { rowsOf } from "../../../static/js/model/rows.js";
import { initialState } from "../../../static/js/model/state.js";
import { untilOf, spanOf } from "../../../static/js/dates.js";
import { approved, account, history, image, joined, member, message, moderated, moderation, reacted, rules, strange, welcome } from "./frames.mjs";

const blank = initialState({ identity: null, rooms: [], current: null, outbox: [], drafts: [] });
const play = (state, ...frames) => frames.reduce(apply, state);
const inLobby = (events = [], more = {}) => play(blank, { type: "@enter", nick: "ada", room: "lobby" }, welcome("ada"), { type: "@link", link: { status: "ready" } }, joined(events, more));
const lobby = (state) => state.rooms.get("lobby");
const held = ({ last, gap, entries }) => ({ last, gap, seqs: entries.map(({ seq }) => seq) });
const waiting = message(1, "bob", "look", { images: [image("i1", { pending: true }), image("i2", { pending: true })] });
const pending = (state) => lobby(state).entries[0].images.map((picture) => Boolean(picture.pending));
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

test("what moderators do, and what this page does not know, has its place in the log and makes no gap", () => {
  const events = [message(1, "bob", "one"), moderated(2, "muted", { nick: "bob" }), strange(3), strange(4, { target: 1 }), message(5, "bob", "five")];
  const live = play(inLobby(), ...events);
  assert.deepEqual(held(lobby(live)), { last: 5, gap: false, seqs: [1, 2, 5] });
  assert.deepEqual(held(lobby(inLobby(events))), held(lobby(live)));
  const paged = play(inLobby([events[4]]), history(events.slice(0, 4), false));
  assert.deepEqual(held(lobby(paged)), held(lobby(live)));
  assert.deepEqual(lobby(live).entries.map(({ text }) => text), ["one", "", "five"], "and changes nothing else");
});

test("a frame with a seq that is no event of the log changes nothing", () => {
  const state = inLobby([message(1, "bob", "one")]);
  for (const frame of [{ type: "reported", room: "lobby", seq: 1, by: "bob", reason: "" }, { type: "read", room: "lobby", seq: 1 }]) assert.equal(apply(state, frame), state);
});

test("a picture that waits is seen once it is approved, live, after a reload and from an older page", () => {
  assert.deepEqual(pending(inLobby([waiting])), [true, true]);
  const live = play(inLobby([waiting]), approved(2, 1, "i2"));
  assert.deepEqual(pending(live), [true, false]);
  assert.deepEqual(pending(inLobby([waiting, approved(2, 1, "i2")])), [true, false]);
  assert.deepEqual(pending(play(inLobby([approved(2, 1, "i2")]), history([waiting], false))), [true, false]);
  assert.deepEqual(pending(play(live, reacted(3, "bob", 1, "👍"))), [true, false]);
});

test("a deed is a line of its own, and ends a group of messages", () => {
  const rows = rowsOf(inLobby([message(1, "bob", "a"), moderated(2, "muted", { nick: "bob" }), message(3, "bob", "b")]));
  assert.deepEqual(rows.map(({ kind, grouped }) => [kind, grouped]), [["day", undefined], ["message", false], ["moderated", undefined], ["message", false]]);
});

test("who keeps the peace here is known from the list of people, and every message says so", () => {
  const members = [{ ...account("ada", "moderator"), state: "online" }, member("bob")];
  const rows = (state) => rowsOf(state).filter(({ kind }) => kind === "message");
  assert.deepEqual(rows(inLobby([message(1, "bob", "a")], { members })).map(({ keeper, mine }) => [keeper, mine]), [[true, false]]);
  assert.deepEqual(rows(inLobby([message(1, "bob", "a")])).map(({ keeper }) => keeper), [false]);
});

test("deeds are said in words, and one of a later server too", () => {
  const words = (deed) => {
    const { what, whom, more } = deedOf(deed);
    return [what, whom, more].filter(Boolean).join(" ");
  };
  const said = {
    "sent bob out": { action: "kicked", nick: "bob" },
    [`muted bob ${untilOf(tomorrow)}`]: { action: "muted", nick: "bob", until: tomorrow },
    "let bob speak again": { action: "unmuted", nick: "bob" },
    "banned bob": { action: "banned", nick: "bob" },
    "removed what bob said": { action: "removed", nick: "bob" },
    "made bob a moderator": { action: "role", nick: "bob", role: "moderator" },
    "changed the rules of the room: open to all, 10 s between messages": { action: "settings", settings: rules({ slow_s: 10 }) },
    "changed the rules of the room: by invitation only, no guests, moderators set the topic": { action: "settings", settings: rules({ visibility: "private", guests: false, topic_locked: true }) },
    "moderated bob": { action: "constructor", nick: "bob" },
  };
  for (const [sentence, deed] of Object.entries(said)) assert.equal(words(deed), sentence);
});

test("whom it concerns is told who did what, where, until when and why", () => {
  assert.equal(toldOf(moderation("muted", { until: tomorrow, reason: "spam" })), `mia muted you in #lobby ${untilOf(tomorrow)}. Reason: spam`);
  assert.equal(toldOf(moderation("banned", { room: undefined })), "mia banned you from this server.");
});

test("who is sent out is out of that room, and knows why when the connection is closed for it", () => {
  const out = play(inLobby(), { type: "@want", room: "den" }, moderation("kicked", { reason: "spam" }));
  assert.deepEqual([[...out.rooms.keys()], out.current, out.notice], [["den"], "den", "mia sent you out of #lobby. Reason: spam"]);
  const closed = play(out, { type: "@link", link: { status: "stopped", code: 4500 } });
  assert.deepEqual([closed.verdict, closed.notice], ["mia sent you out of #lobby. Reason: spam", null]);
  assert.equal(play(closed, welcome("ada")).verdict, null);
  const muted = play(inLobby(), moderation("muted"));
  assert.deepEqual([muted.rooms.size, muted.notice], [1, "mia muted you in #lobby."]);
});

test("the rules of a room follow the log, and say who can read it", () => {
  const state = play(inLobby(), moderated(1, "settings", { settings: rules({ visibility: "private", slow_s: 5 }) }), message(2, "bob", "two"));
  assert.equal(lobby(state).settings.slow_s, 5);
  assert.match(readersOf(lobby(state).settings), /^Private/);
  assert.match(readersOf(lobby(inLobby()).settings), /^Open/);
});

test("a wait is said in a unit that fits", () => {
  assert.deepEqual([900, 9_500, 119_000, 600_000, 3_600_000, 86_400_000, 3 * 86_400_000].map(spanOf), ["1 s", "10 s", "119 s", "10 min", "60 min", "24 h", "3 days"]);
});
