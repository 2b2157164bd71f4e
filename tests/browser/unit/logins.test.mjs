/** @file Logins, invitations and refusals: what the page says to a server that the test plays by hand, and what it does with the answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Accounts } from "../../../static/js/accounts.js";
import { account, joined, outgoing, sent, welcome } from "./frames.mjs";
import { inLobby, refusal, setUp } from "./wire.mjs";

const known = { nick: "ada", token: "old", account: true };
const asAda = { ...welcome("ada"), user: account("ada") };

/** What is fetched, and what the server says to it. */
function serve(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (path, { method, body }) => {
    asked.push([method, path, body && JSON.parse(body)]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    const { status = 200, ...problem } = answer ?? {};
    return new Response(status === 204 ? null : JSON.stringify(problem), { status });
  });
  return asked;
}

/** Somebody on the first screen, on one of its ways in. */
function arrive(way, typed) {
  const parts = setUp({ identity: null, current: null });
  parts.store.apply({ type: "@way", way });
  return { ...parts, accounts: new Accounts(parts.store, parts.client, { password: "correct horse", invitation: "", ...typed }) };
}

test("who logs in says hello without a name, and is who the login says", async (t) => {
  const { wire, store, accounts } = arrive("log-in");
  const asked = serve(t, { token: "pl_secret" });
  await accounts.enter("ada", "lobby");
  assert.deepEqual(asked, [["POST", "/api/v1/login", { nick: "ada", password: "correct horse" }]]);
  wire.opens();
  assert.equal(JSON.stringify(wire.sent[0]), '{"type":"hello","id":"1"}');
  await wire.answers("hello", asAda);
  assert.deepEqual([store.state.identity.account, store.state.account], [true, "ada"]);
  assert.doesNotMatch(JSON.stringify(store.state), /correct horse|pl_secret/, "no password and no token stays in the page");
});

test("who registers is logged in, too", async (t) => {
  const { store, accounts } = arrive("register", { invitation: "i-1" });
  const asked = serve(t, { status: 201 }, {});
  await accounts.enter("ada", "lobby");
  assert.deepEqual(asked.map(([, path, fields]) => [path, fields.invitation]), [["/api/v1/accounts", "i-1"], ["/api/v1/login", undefined]]);
  assert.equal(store.state.entering.nick, null);
});

test("a refusal is shown at the field that it is about, and an empty password is not even sent", async (t) => {
  const wrong = { status: 401, code: "bad_credentials", detail: "These do not belong together." };
  const taken = { status: 409, code: "nick_taken", detail: "Taken.", field: "nick" };
  const asked = serve(t, wrong, taken, { status: 403, code: "invitation_invalid", detail: "No." }, new TypeError("network"));
  const said = [];
  for (const [way, typed] of [["log-in", { password: "" }], ["log-in"], ["register"], ["register"], ["log-in"]]) {
    const { store, accounts } = arrive(way, typed);
    await accounts.enter("ada", "lobby");
    said.push([store.state.refusal.field, store.state.refusal.message, store.state.entering]);
  }
  assert.deepEqual(said, [
    ["password", "Please type your password.", null], ["password", wrong.detail, null], ["nick", "Taken.", null],
    ["invitation", "No.", null], [undefined, "The server is out of reach. Please try again.", null],
  ]);
  assert.equal(asked.length, 4);
});

test("logging out leaves at once, and says if the login could not be ended", async (t) => {
  const { wire, store, client } = await inLobby();
  store.apply({ type: "@account", account: "ada" });
  const asked = serve(t, { status: 204 });
  const accounts = new Accounts(store, client, {});
  await accounts.logOut();
  assert.deepEqual([wire.left, asked[0][1], store.state.account, store.state.identity, store.state.rooms.size], [true, "/api/v1/logout", null, null, 0]);
  store.apply({ type: "@account", account: "ada" });
  serve(t, new TypeError("network"));
  await accounts.logOut();
  assert.deepEqual([store.state.account, store.state.refusal.message], ["ada", "You are still logged in. The server is out of reach. Please try again."]);
});

test("a login that ended leads back to the first screen, and leaves nothing for whoever comes next", async () => {
  const ends = {
    "while one is there": async ({ wire }) => wire.falls("stopped", 4503),
    "while one was away": async ({ wire }) => {
      wire.falls();
      wire.opens();
      await wire.answers("hello", refusal("bad_credentials"));
      assert.equal(wire.sent[1].nick, "ada", "not: whoever is logged in now");
      await wire.answers("hello", refusal("nick_reserved"));
    },
  };
  for (const [when, end] of Object.entries(ends)) {
    const { wire, store, ...more } = await inLobby({ identity: known });
    await wire.says(asAda);
    store.apply({ type: "@draft", room: "lobby", text: "private" });
    await end({ wire, ...more });
    const { identity, rooms, drafts, refusal: why, way, link } = store.state;
    assert.deepEqual([identity, rooms.size, drafts.size, way, why.nick, link.status], [null, 0, 0, "log-in", "ada", "idle"], when);
    assert.match(why.message, /^Your login has ended/);
  }
});

test("a cookie that is no good any more is not taken for a guest", async () => {
  for (const code of ["bad_credentials", "missing_field"]) {
    const { wire, store, client } = setUp({ identity: null, current: null, account: "ada" });
    client.enter(null, "lobby");
    wire.opens();
    await wire.answers("hello", refusal(code));
    assert.deepEqual([store.state.account, store.state.way], [null, "log-in"]);
  }
});

test("a name that is reserved is said at the name, and guests who are not admitted are told", async () => {
  const { wire, store } = setUp();
  wire.opens();
  await wire.answers("hello", refusal("nick_reserved", { field: "nick" }));
  assert.deepEqual([store.state.refusal.field, store.state.refusal.message, store.state.way], ["nick", "refused: nick_reserved", "guest"]);
});

test("three wrong credentials stay away, and say so on the first screen", async () => {
  const { wire, store } = await inLobby();
  wire.falls("stopped", 4504);
  assert.deepEqual([store.state.identity, store.state.refusal.message], [null, "The server no longer knows this session. Please come in anew."]);
});

test("an invitation goes with the join, and is forgotten when that is answered, also with a no", async () => {
  for (const answer of [joined([]), refusal("room_private")]) {
    const answered = [];
    const invites = { into: (room) => (room === "lobby" ? "secret" : undefined), answered: (room) => answered.push(room) };
    const { wire } = setUp({}, invites);
    wire.opens();
    await wire.answers("hello", welcome("ada"));
    assert.equal(wire.sent.find(({ type }) => type === "join").invite, "secret");
    assert.deepEqual(answered, []);
    await wire.answers("join", answer);
    assert.deepEqual(answered, ["lobby"]);
  }
});

test("who is muted reads for how long", async () => {
  const { wire, sender, store } = await inLobby();
  sender.queue(outgoing("id1", "no"));
  await setImmediate();
  await wire.answers("send", refusal("muted", { retry_after_ms: 600_000 }));
  assert.deepEqual([store.state.outbox[0].status, store.state.outbox[0].reason], ["failed", "refused: muted Try again in 10 min."]);
});

test("a room in slow mode says when it goes on, and holds back nothing but its own messages", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { wire, sender, store } = await inLobby();
  store.apply({ type: "@want", room: "den" });
  store.apply({ ...joined([]), room: { ...joined([]).room, name: "den" } });
  const texts = () => wire.sent.filter(({ type }) => type === "send").map(({ text }) => text);
  sender.queue(outgoing("id1", "slow"));
  await setImmediate();
  await wire.answers("send", refusal("slow_mode", { retry_after_ms: 8_000 }));
  assert.equal(store.state.aside, "This room is in slow mode. Your message is sent in 8 s.");
  sender.queue(outgoing("id2", "slow, too"));
  assert.match(store.state.aside, /^This room is in slow mode/, "the next one waits as well");
  sender.queue(outgoing("id3", "elsewhere", { room: "den" }));
  await setImmediate();
  assert.deepEqual(texts(), ["slow", "elsewhere"]);
  await wire.answers("send", { ...sent(1, "id3"), room: "den" });
  t.mock.timers.tick(8_000);
  await setImmediate();
  assert.deepEqual([texts(), store.state.aside], [["slow", "elsewhere", "slow"], null]);
});
