/** @file Client and sender against a server that the test plays by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { joined, message, outgoing, sent, tile, welcome } from "./frames.mjs";
import { inLobby, refusal, setUp } from "./wire.mjs";

test("a session is taken back by its token, and by its name when the token is forgotten", async () => {
  const { wire, store } = setUp({ identity: { nick: "ada", token: "old" } });
  wire.opens();
  assert.equal(wire.sent[0].resume, "old");
  await wire.answers("hello", refusal("bad_credentials"));
  assert.equal(wire.sent[1].nick, "ada");
  await wire.answers("hello", welcome("ada"));
  assert.equal(store.state.identity.token, "token-of-ada");
});

test("a name that is taken leads back to the first screen and says why", async () => {
  const { wire, store } = setUp();
  wire.opens();
  await wire.answers("hello", refusal("nick_taken"));
  assert.deepEqual([store.state.identity, store.state.refusal.message, wire.left], [null, "refused: nick_taken", true]);
});

test("a server that is busy is left alone for as long as it says", async () => {
  const { wire, store } = setUp();
  wire.opens();
  await wire.answers("hello", refusal("busy", { retry_after_ms: 700 }));
  assert.deepEqual([wire.comeBackMs, store.state.identity.nick], [700, "ada"]);
});

test("after a drop each room is caught up from where it was", async () => {
  const { wire } = await inLobby({}, [message(1, "bob", "one"), message(2, "bob", "two")]);
  wire.falls();
  wire.opens();
  assert.equal(wire.sent[0].resume, "token-of-ada");
  await wire.answers("hello", welcome("ada", ["lobby"]));
  assert.deepEqual(wire.sent.find((frame) => frame.type === "join").after, { epoch: "e1", seq: 2 });
});

test("messages go one at a time, in the order of writing", async () => {
  const { wire, sender } = await inLobby();
  sender.queue(outgoing("id1", "one"));
  sender.queue(outgoing("id2", "two"));
  await setImmediate();
  assert.deepEqual(wire.sent.filter((frame) => frame.type === "send").map((frame) => frame.text), ["one"]);
  await wire.answers("send", sent(1, "id1"));
  assert.deepEqual(wire.sent.filter((frame) => frame.type === "send").map((frame) => frame.text), ["one", "two"]);
});

test("what was on the wire when it broke is sent again as itself, after the catch-up and unless that shows it", async () => {
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "arrived"));
  sender.queue(outgoing("id2", "did not"));
  await setImmediate();
  wire.falls();
  wire.opens();
  await wire.answers("hello", welcome("ada", ["lobby"]));
  assert.ok(!wire.kinds().includes("send"), "nothing is sent before the room is caught up");
  await wire.answers("join", joined([message(1, "ada", "arrived", { client_id: "id1" })]));
  assert.deepEqual(wire.sent.filter((frame) => frame.type === "send").map((frame) => frame.client_id), ["id2"]);
  assert.deepEqual(store.state.outbox.map((entry) => entry.clientId), ["id2"]);
});

test("the outbox of before a reload is sent after the room is joined", async () => {
  const { wire } = await inLobby({ outbox: [outgoing("id1", "from before")] });
  assert.equal(wire.sent.at(-1).client_id, "id1");
});

test("a refused message says why and waits for the person", async () => {
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "no"));
  await setImmediate();
  await wire.answers("send", refusal("muted"));
  assert.deepEqual([store.state.outbox[0].status, store.state.outbox[0].reason], ["failed", "refused: muted"]);
});

test("a message that the server cannot keep up with is sent again by itself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "soon"));
  await setImmediate();
  await wire.answers("send", refusal("rate_limited", { retry_after_ms: 300 }));
  assert.equal(store.state.outbox[0].status, "waiting");
  t.mock.timers.tick(300);
  await setImmediate();
  assert.equal(wire.sent.filter((frame) => frame.client_id === "id1").length, 2);
});

test("a message for which the server closed the connection is not sent in a loop", async () => {
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "poison"));
  await setImmediate();
  wire.falls("waiting", 1009);
  await setImmediate();
  assert.equal(store.state.outbox[0].status, "failed");
});

test("a message larger than a frame fails before it is sent", async () => {
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "\u0001".repeat(3_900)));
  await setImmediate();
  assert.equal(store.state.outbox[0].status, "failed");
  assert.ok(!wire.kinds().includes("send"));
});

test("a message goes when its pictures are there, with their ids, and without empty words", async () => {
  const { wire, sender, store } = await inLobby();
  sender.onPictures = () => store.apply({ type: "@picture", id: "p1", change: { status: "sending" } });
  sender.queue(outgoing("id1", "", { pictures: [tile("p1")] }));
  await setImmediate();
  assert.ok(!wire.kinds().includes("send"));
  store.apply({ type: "@picture", id: "p1", change: { status: "kept", upload: "u1" } });
  sender.pump();
  const { text, images } = wire.sent.findLast(({ type }) => type === "send");
  assert.deepEqual([text, images], [undefined, ["u1"]]);
});

test("pictures that the server did not keep long enough are uploaded again, once", async () => {
  const { wire, sender, store } = await inLobby();
  let asked = 0;
  sender.onPictures = () => {
    if (asked++ < 3) store.apply({ type: "@picture", id: "p1", change: { status: "kept", upload: `u${asked}` } });
  };
  sender.queue(outgoing("id1", "late", { pictures: [tile("p1")] }));
  await setImmediate();
  await wire.answers("send", refusal("image_not_found"));
  assert.deepEqual(wire.sent.filter(({ type }) => type === "send").map(({ images }) => images), [["u1"], ["u2"]]);
  await wire.answers("send", refusal("image_gone"));
  assert.deepEqual([store.state.outbox[0].status, store.state.outbox[0].reason], ["failed", "refused: image_gone"]);
});

test("the server's clock is asked for with each welcome", async () => {
  const { wire, store } = await inLobby();
  await wire.answers("ping", { type: "pong", at: new Date(Date.now() + 3_600_000).toISOString() });
  assert.ok(Math.abs(store.state.skewMs - 3_600_000) < 5_000);
});

test("a hole in the log is mended by catching up once", async () => {
  const { wire, store } = await inLobby({}, [message(1, "bob", "one")]);
  wire.sent = [];
  await wire.says(message(3, "bob", "three"));
  await wire.says(message(4, "bob", "four"));
  assert.deepEqual(wire.kinds(), ["join"]);
  await wire.answers("join", joined([message(2, "bob", "two"), message(3, "bob", "three"), message(4, "bob", "four")]));
  assert.equal(store.state.rooms.get("lobby").entries.length, 4);
});

test("a room that cannot be joined is named and dropped", async () => {
  const { wire, store } = setUp({ current: "cellar" });
  wire.opens();
  await wire.answers("hello", welcome("ada"));
  await wire.answers("join", refusal("room_private"));
  assert.deepEqual([store.state.rooms.size, store.state.current, store.state.notice], [0, null, "refused: room_private"]);
});
