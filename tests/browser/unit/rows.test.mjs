/** @file The log as a list: keys that stay, groups, day lines, the unread line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../static/js/model/apply.js";
import { rowsOf } from "../../../static/js/model/rows.js";
import { initialState } from "../../../static/js/model/state.js";
import { joined, message, outgoing, welcome } from "./frames.mjs";

const start = initialState({ identity: { nick: "ada", token: null }, rooms: [], current: "lobby", outbox: [], drafts: [] });
const play = (...frames) => [welcome("ada"), ...frames].reduce(apply, start);
const messages = (state) => rowsOf(state).filter((row) => row.kind === "message");

test("a message of one's own keeps its key from the box to the log", () => {
  const queued = play(joined([]), { type: "@queued", entry: outgoing("id1", "mine") });
  const settled = apply(queued, message(1, "ada", "mine", { client_id: "id1" }));
  assert.deepEqual(messages(queued).map((row) => row.key), ["c:id1"]);
  assert.deepEqual(messages(settled).map((row) => row.key), ["c:id1"]);
});

test("keys are unique whatever client_id others choose", () => {
  const events = [message(1, "ada", "mine", { client_id: "x" }), message(2, "bob", "theirs", { client_id: "x" }), message(3, "ada", "again", { client_id: "x" })];
  const keys = rowsOf(play(joined(events))).map((row) => row.key);
  assert.equal(new Set(keys).size, keys.length);
});

test("the same author within five minutes is one group, an answer begins a new one", () => {
  const later = { at: "2026-11-22T18:30:00.000Z" };
  const events = [message(1, "bob", "a"), message(2, "bob", "b"), message(3, "ada", "c"), message(4, "ada", "d", { reply_to: 1 }), message(5, "ada", "e", later)];
  const rows = messages(play(joined(events)));
  assert.deepEqual(rows.map((row) => row.grouped), [false, true, false, false, false]);
  assert.equal(rows[3].quoted.text, "a");
});

test("a day line stands before each day", () => {
  const events = [message(1, "bob", "a", { at: "2026-11-20T12:00:00.000Z" }), message(2, "bob", "b", { at: "2026-11-22T12:00:00.000Z" })];
  assert.deepEqual(rowsOf(play(joined(events))).map((row) => row.kind), ["day", "message", "day", "message"]);
});

test("the unread line stands once, before what came while one was away", () => {
  const state = play(joined([message(1, "bob", "a")]), { type: "@visible", visible: false }, message(2, "bob", "b"), message(3, "bob", "c"), { type: "@visible", visible: true });
  assert.deepEqual(rowsOf(state).map((row) => row.kind), ["day", "message", "unread", "message", "message"]);
});

test("only what others say while one is here is news to be read aloud", () => {
  const state = play(joined([message(1, "bob", "history")]), message(2, "bob", "live"), message(3, "ada", "own"));
  assert.deepEqual(messages(state).map((row) => row.news), [false, true, false]);
});
