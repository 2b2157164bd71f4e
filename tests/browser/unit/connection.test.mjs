/** @file The connection over a socket and a clock that the test moves by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { delayAfter } from "../../../static/js/net/backoff.js";
import { Connection } from "../../../static/js/net/connection.js";

class FakeSocket extends EventTarget {
  static all = [];
  readyState = 0;
  sent = [];
  closedWith = null;
  constructor() {
    super();
    FakeSocket.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.closedWith = code;
  }
  opens() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  says(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }
  ends(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }
}

function setUp() {
  FakeSocket.all = [];
  const clock = {
    time: 0, timers: [],
    now: () => clock.time,
    setTimeout: (run, ms) => clock.timers.push({ run, due: clock.time + ms }),
    clearTimeout: (id) => id && (clock.timers[id - 1] = null),
    pass(ms) {
      clock.time += ms;
      for (const [i, timer] of clock.timers.entries()) if (timer && timer.due <= clock.time) (clock.timers[i] = null, timer.run());
    },
  };
  const connection = new Connection("ws://test/ws", FakeSocket, clock, () => 0.5);
  const links = [];
  connection.addEventListener("link", ({ detail }) => links.push(detail));
  const ready = () => {
    FakeSocket.all.at(-1).opens();
    connection.welcomed(20_000);
  };
  return { connection, clock, links, ready, last: () => FakeSocket.all.at(-1), status: () => links.at(-1).status };
}

test("a lost connection comes back, later each time, and never in step", () => {
  const delays = [0, 1, 2, 3, 10].map((failures) => delayAfter(1006, undefined, failures, () => 0.999));
  assert.ok(delays.every((delay, i) => i === 0 || delay >= delays[i - 1]));
  assert.ok(delays.at(-1) <= 30_000);
  assert.equal(delayAfter(1006, undefined, 5, () => 0), 0);
});

test("4000 to 4499 come back after the time that was named, 4500 to 4999 stay away", () => {
  assert.equal(delayAfter(4000, 2_000, 0, () => 0), 2_000);
  assert.ok(delayAfter(4001, 2_000, 0, () => 0.9) > 2_000);
  for (const code of [4500, 4502, 4504, 4999]) assert.equal(delayAfter(code, undefined, 0, Math.random), null);
});

test("closing frame, then close: it waits as long as it was asked to", () => {
  const { connection, clock, links, ready, last } = setUp();
  connection.open();
  ready();
  last().says({ type: "closing", code: 4000, reason: "restart", reconnect_after_ms: 10_000 });
  last().ends(4000);
  assert.equal(links.at(-1).retryAt, 11_500);
  connection.wake();
  assert.equal(FakeSocket.all.length, 1, "not even waking hurries it");
  clock.pass(11_500);
  assert.equal(FakeSocket.all.length, 2);
});

test("replaced by another window it stays away until the person asks", () => {
  const { connection, clock, ready, last, status } = setUp();
  connection.open();
  ready();
  last().ends(4502);
  clock.pass(1e9);
  connection.wake();
  assert.deepEqual([status(), FakeSocket.all.length], ["stopped", 1]);
  connection.retryNow();
  assert.equal(FakeSocket.all.length, 2);
});

test("waking tries at once", () => {
  const { connection, ready, last } = setUp();
  connection.open();
  ready();
  last().ends(1006);
  connection.wake();
  assert.equal(FakeSocket.all.length, 2);
});

test("a silent server is asked, and given up without freeing the name", () => {
  const { connection, clock, ready, last, status } = setUp();
  connection.open();
  ready();
  clock.pass(20_000);
  assert.deepEqual(last().sent, [{ type: "ping" }]);
  clock.pass(8_000);
  assert.deepEqual([last().closedWith, status()], [3000, "waiting"]);
});

test("an answer in time keeps the connection", () => {
  const { connection, clock, ready, last, status } = setUp();
  connection.open();
  ready();
  clock.pass(20_000);
  last().says({ type: "pong", at: "" });
  clock.pass(8_000);
  assert.equal(status(), "ready");
});

test("a socket that was given up is deaf", () => {
  const { connection, clock, ready, last } = setUp();
  const heard = [];
  connection.addEventListener("frame", ({ detail }) => heard.push(detail));
  connection.open();
  ready();
  const first = last();
  clock.pass(20_000);
  clock.pass(8_000);
  first.says({ type: "message" });
  first.ends(1006);
  assert.deepEqual(heard, []);
  assert.equal(FakeSocket.all.length, 1);
});

test("a socket that does not open, or is not welcomed, is given up", () => {
  const { connection, clock, last, status } = setUp();
  connection.open();
  clock.pass(15_000);
  assert.equal(status(), "waiting");
  clock.pass(30_000);
  last().opens();
  clock.pass(15_000);
  assert.equal(status(), "waiting");
});

test("leaving is clean and final", () => {
  const { connection, clock, ready, last, status } = setUp();
  connection.open();
  ready();
  connection.leave();
  clock.pass(1e9);
  assert.deepEqual([last().closedWith, status(), FakeSocket.all.length], [1000, "idle", 1]);
});

test("what is not a frame is not passed on", () => {
  const { connection, ready, last } = setUp();
  const heard = [];
  connection.addEventListener("frame", ({ detail }) => heard.push(detail));
  connection.open();
  ready();
  for (const odd of [null, 5, [], { type: 7 }]) last().says(odd);
  assert.deepEqual(heard, []);
});
