/** @file The state after frames: whatever the order and the number of deliveries, it equals a fresh snapshot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../static/js/model/apply.js";
import { initialState } from "../../../static/js/model/state.js";
import { deleted, edited, history, joined, message, outgoing, presence, member, reacted, sent, topic, welcome } from "./frames.mjs";

const blank = initialState({ identity: null, rooms: [], current: null, outbox: [], drafts: [] });
const inLobby = (events = [], more = {}) => play(blank, { type: "@enter", nick: "ada", room: "lobby" }, welcome("ada"), { type: "@link", link: { status: "ready" } }, joined(events, more));
const play = (state, ...frames) => frames.reduce(apply, state);
const lobby = (state) => state.rooms.get("lobby");
const texts = (state) => lobby(state).entries.map((entry) => entry.text);
const shown = (state) => lobby(state).entries.map(({ seq, text, edited: e = false, deleted: d = false, reactions }) => ({ seq, text, e, d, reactions }));

test("an unknown frame, also one named like a property of objects, changes nothing", () => {
  for (const type of ["weather", "constructor", "__proto__"]) assert.equal(apply(blank, { type }), blank);
});

test("events that come twice are shown once", () => {
  const hello = message(1, "bob", "hello");
  assert.deepEqual(texts(play(inLobby(), hello, hello, joined([hello]))), ["hello"]);
});

test("an event after a hole is refused until the log is caught up", () => {
  const torn = play(inLobby([message(1, "bob", "one")]), message(3, "bob", "three"));
  assert.deepEqual([texts(torn), lobby(torn).gap], [["one"], true]);
  const whole = play(torn, message(4, "bob", "four"), joined([message(2, "bob", "two"), message(3, "bob", "three"), message(4, "bob", "four")]));
  assert.deepEqual([texts(whole), lobby(whole).gap], [["one", "two", "three", "four"], false]);
});

test("catching up continues the log without a seam", () => {
  const state = play(inLobby([message(1, "bob", "one")]), joined([message(2, "bob", "two")]), message(3, "bob", "three"));
  assert.deepEqual(texts(state), ["one", "two", "three"]);
});

test("a catch-up that cannot be proven is a fresh start", () => {
  const before = inLobby([message(1, "bob", "old")]);
  const other = play(before, joined([message(7, "bob", "new")], { epoch: "e2", complete: false }));
  assert.deepEqual([texts(other), lobby(other).first, lobby(other).more], [["new"], 7, true]);
  const pruned = play(before, joined([message(9, "bob", "newest")], { complete: false }));
  assert.deepEqual(texts(pruned), ["newest"]);
});

test("edits, deletions and reactions give what a fresh load gives", () => {
  const live = play(
    inLobby([message(1, "ada", "tpyo"), message(2, "bob", "oops")]),
    edited(3, 1, "typo"), reacted(4, "bob", 1, "👍"), reacted(5, "ada", 1, "👍"), reacted(6, "bob", 1, "👍", false), deleted(7, 2),
  );
  const fresh = inLobby([
    message(1, "ada", "typo", { edited: true }), message(2, "bob", "", { deleted: true }),
    edited(3, 1, "typo"), reacted(4, "bob", 1, "👍"), reacted(5, "ada", 1, "👍"), reacted(6, "bob", 1, "👍", false), deleted(7, 2),
  ]);
  assert.deepEqual(shown(live), shown(fresh));
  assert.deepEqual(lobby(live).entries[0].reactions, [{ emoji: "👍", nicks: ["ada"] }]);
});

test("what was said about a message before its page was loaded is not lost", () => {
  const recent = inLobby([reacted(3, "bob", 1, "👍"), edited(4, 1, "newest")], { seq: 4 });
  const whole = play(recent, history([message(1, "ada", "older text"), message(2, "bob", "two")], false));
  assert.deepEqual(shown(whole)[0], { seq: 1, text: "newest", e: true, d: false, reactions: [{ emoji: "👍", nicks: ["bob"] }] });
});

test("an edit that was deleted later deletes", () => {
  const state = play(inLobby([message(1, "ada", "", { deleted: true }), edited(2, 1, "", { deleted: true })]));
  assert.equal(lobby(state).entries[0].deleted, true);
});

test("older pages come before, once, and never from another epoch", () => {
  const page = history([message(1, "bob", "one"), message(2, "bob", "two")], false);
  const state = play(inLobby([message(3, "bob", "three")]), page, page, history([message(1, "bob", "other")], true, "e9"));
  assert.deepEqual([texts(state), lobby(state).more], [["one", "two", "three"], false]);
});

test("a long log is trimmed at its end's reader only, and can be loaded again", () => {
  const many = Array.from({ length: 900 }, (_, i) => message(i + 1, "bob", String(i + 1)));
  const trimmed = play(inLobby(), ...many);
  assert.ok(lobby(trimmed).entries.length <= 400 && lobby(trimmed).more);
  const first = lobby(trimmed).first;
  const again = play(trimmed, { type: "@pinned", room: "lobby", pinned: false }, history(many.slice(0, first - 1), false));
  assert.deepEqual(texts(again), many.map((event) => event.text));
});

test("a message of one's own waits at the end, is kept, and gives way to the log's", () => {
  const queued = play(inLobby(), { type: "@queued", entry: outgoing("id1", "mine") }, { type: "@outgoing", clientId: "id1", status: "sending" });
  assert.equal(queued.outbox[0].status, "sending");
  const kept = play(queued, sent(1, "id1"));
  assert.deepEqual([kept.outbox[0].status, texts(kept)], ["kept", []]);
  const done = play(kept, message(1, "ada", "mine", { client_id: "id1" }));
  assert.deepEqual([done.outbox, texts(done)], [[], ["mine"]]);
});

test("the log's message may come before the acknowledgement", () => {
  const state = play(inLobby(), { type: "@queued", entry: outgoing("id1", "mine") }, message(1, "ada", "mine", { client_id: "id1" }), sent(1, "id1"));
  assert.deepEqual([state.outbox, texts(state)], [[], ["mine"]]);
});

test("a duplicate whose first sending lies before what is loaded leaves the outbox", () => {
  const state = play(inLobby([message(60, "bob", "recent")]), { type: "@queued", entry: outgoing("id1", "mine") }, sent(3, "id1", { duplicate: true }));
  assert.deepEqual(state.outbox, []);
});

test("a lost connection puts what was on the wire back, and ends all typing", () => {
  const before = play(inLobby(), { type: "typing", room: "lobby", nick: "bob", on: true }, { type: "@queued", entry: outgoing("id1", "mine", { status: "sending" }) });
  const after = play(before, { type: "@link", link: { status: "waiting", retryAt: 1 } });
  assert.deepEqual([after.outbox[0].status, lobby(after).typing.size, lobby(after).joined], ["waiting", 0, false]);
});

test("typing ends with a message, with a leave and with a lost connection of theirs", () => {
  const typing = play(inLobby(), { type: "typing", room: "lobby", nick: "bob", on: true });
  assert.ok(lobby(typing).typing.has("bob"));
  for (const end of [message(1, "bob", "said"), presence({ left: [member("bob", "offline")] }), presence({ changed: [member("bob", "reconnecting")] })]) {
    assert.equal(lobby(play(typing, end)).typing.size, 0);
  }
});

test("presence adds, removes and renames", () => {
  const state = play(inLobby(), presence({ joined: [member("cleo")], left: [member("bob", "offline")], changed: [{ ...member("eve"), was: "ada" }], count: 2 }));
  assert.deepEqual([...lobby(state).members.keys()].sort(), ["cleo", "eve"]);
});

test("others' messages elsewhere are unread, with one line where they begin", () => {
  const away = play(inLobby([message(1, "bob", "seen")]), { type: "@visible", visible: false }, message(2, "bob", "first"), message(3, "ada", "my own"), message(4, "bob", "second"));
  assert.deepEqual([lobby(away).unread, lobby(away).unreadFrom], [2, 2]);
  const back = play(away, { type: "@visible", visible: true });
  assert.deepEqual([lobby(back).unread, lobby(back).unreadFrom], [0, 2]);
});

test("the first load of a room is not unread, what was missed is", () => {
  const away = play(inLobby([message(1, "bob", "old")]), { type: "@want", room: "den" }, { type: "@show", room: "den" });
  assert.equal(lobby(away).unread, 0);
  assert.equal(lobby(play(away, joined([message(2, "bob", "missed")]))).unread, 1);
});

test("the topic follows the log, not its older pages", () => {
  const state = play(inLobby([message(5, "bob", "five")]), topic(6, "newer"), history([topic(4, "older")], false));
  assert.equal(lobby(state).topic, "newer");
});

test("rooms whose names differ only in case are one, and take the server's spelling", () => {
  const state = play(blank, { type: "@enter", nick: "ada", room: "LOBBY" }, welcome("ada"), joined([]));
  assert.deepEqual([[...state.rooms.keys()], lobby(state).name, state.current], [["lobby"], "lobby", "lobby"]);
});

test("a room named like a property of objects is a room", () => {
  const state = play(blank, { type: "@enter", nick: "ada", room: "__proto__" });
  assert.equal(state.rooms.get(state.current).name, "__proto__");
});
