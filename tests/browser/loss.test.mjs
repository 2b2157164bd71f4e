/** @file The server is lost, the page is reloaded, acknowledgements disappear: nothing is lost, nothing doubled. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { openBrowser, person } from "./support/browser.mjs";
import { Parlor } from "./support/parlor.mjs";

let parlor;
let browser;
let people = [];
before(async () => {
  [parlor, browser] = await Promise.all([Parlor.start("limits.messages_per_second=0"), openBrowser()]);
});
afterEach(async () => {
  await Promise.all(people.map((someone) => someone.leave()));
  people = [];
});
after(async () => {
  await browser?.close();
  await parlor?.remove();
});

async function arrive(nick, room) {
  const someone = await person(browser, parlor.url, nick);
  people.push(someone);
  return someone.enter(room);
}

/** Both pages show the same, which is what the server's log holds and what a fresh load shows. */
async function allAgree(room, ...windows) {
  await Promise.all(windows.map((someone) => someone.isQuiet()));
  const kept = (await parlor.events(room)).filter(({ type }) => type === "message").map(({ from, text }) => [from.nick, text]);
  for (const someone of windows) {
    assert.deepEqual((await someone.log()).map(({ author, text }) => [author, text]), kept, `${someone.nick} shows the log`);
    await someone.showsWhatAFreshLoadShows(room);
  }
  assert.equal(new Set(kept.map(String)).size, kept.length, "nothing is doubled");
  return kept.map(([, text]) => text);
}

test("the server is killed in the middle: what was written meanwhile arrives once, in order", async () => {
  const [ada, bob] = [await arrive("ada", "loss"), await arrive("bob", "loss")];
  await ada.says("before");
  await bob.sees("before");
  await parlor.kill();
  await ada.says("ada alone 1");
  await bob.says("bob alone 1");
  await ada.says("ada alone 2");
  await ada.page.getByText("The server is out of reach").waitFor();
  await ada.page.getByText(/Next try in \d+ s|Trying…/).waitFor();
  await parlor.start();
  await ada.page.getByRole("button", { name: "Try now" }).click({ timeout: 2_000 }).catch(() => "it came back by itself");
  await Promise.all([ada, bob].flatMap((someone) => ["ada alone 1", "ada alone 2", "bob alone 1"].map((text) => someone.seesSettled(text))));
  await ada.says("after");
  await bob.seesSettled("after");
  const texts = await allAgree("loss", ada, bob);
  assert.deepEqual(texts.filter((text) => text.startsWith("ada")), ["ada alone 1", "ada alone 2"]);
  assert.equal(texts.length, 5);
});

test("the server is killed five times while both are sending: every message is there once", async () => {
  const [ada, bob] = [await arrive("ada", "storm"), await arrive("bob", "storm")];
  const written = [];
  for (let round = 1; round <= 5; round++) {
    for (let n = 1; n <= 6; n++) {
      const someone = n % 2 ? ada : bob;
      written.push(`${someone.nick} ${round}.${n}`);
      await someone.says(written.at(-1));
      if (n === 3) await parlor.kill();
    }
    await parlor.start();
  }
  await Promise.all([ada, bob].map((someone) => someone.seesSettled("bob 5.6")));
  await Promise.all([ada, bob].map((someone) => someone.seesSettled("ada 5.5")));
  const texts = await allAgree("storm", ada, bob);
  assert.deepEqual(texts.toSorted(), written.toSorted());
  for (const nick of ["ada", "bob"]) {
    assert.deepEqual(texts.filter((text) => text.startsWith(nick)), written.filter((text) => text.startsWith(nick)), `${nick}'s order`);
  }
});

test("a kind restart is followed without anybody doing anything", async () => {
  const [ada, bob] = [await arrive("ada", "restart"), await arrive("bob", "restart")];
  await ada.says("before");
  await bob.sees("before");
  await parlor.stop();
  await bob.says("meanwhile");
  await parlor.start();
  await ada.seesSettled("meanwhile");
  assert.deepEqual(await allAgree("restart", ada, bob), ["before", "meanwhile"]);
});

test("a reload while the acknowledgement is lost sends the message again, and it is kept once", async () => {
  const bob = await arrive("bob", "reload");
  const ada = await person(browser, parlor.url, "ada");
  people.push(ada);
  const line = { deaf: false };
  await ada.page.routeWebSocket(/\/ws$/, (ws) => {
    const server = ws.connectToServer();
    server.onMessage((message) => line.deaf || ws.send(message));
  });
  await ada.enter("reload");
  line.deaf = true;
  await ada.says("did you get this?");
  await bob.sees("did you get this?");
  await ada.says("and this?");
  await ada.sees("and this?");
  line.deaf = false;
  await ada.page.reload();
  await ada.isIn("reload");
  await bob.sees("and this?");
  await ada.seesSettled("and this?");
  assert.deepEqual(await allAgree("reload", ada, bob), ["did you get this?", "and this?"]);
});

test("a draft survives a reload and belongs to its room", async () => {
  const ada = await arrive("ada", "drafts");
  await ada.box.fill("half a thought");
  await ada.page.reload();
  await ada.isIn("drafts");
  assert.equal(await ada.box.inputValue(), "half a thought");
});

test("a message that cannot be sent says why, and can be discarded", async () => {
  const ada = await arrive("ada", "refused");
  await ada.says("\u0001".repeat(3_900));
  await ada.page.getByText("This message is too long.").waitFor();
  await ada.page.getByRole("button", { name: "Discard" }).click();
  await ada.page.locator("article").waitFor({ state: "detached" });
});

test("a window whose session is taken over stays away until it is asked", async () => {
  const ada = await arrive("ada", "twice");
  const session = await ada.page.evaluate(() => ({ ...sessionStorage }));
  const copy = await ada.page.context().newPage();
  await copy.addInitScript((kept) => {
    if (!sessionStorage.length) Object.assign(sessionStorage, kept);
  }, session);
  await copy.goto(ada.page.url());
  await ada.page.getByText("You are talking from another window now.").waitFor();
  await ada.page.getByRole("button", { name: "Talk here" }).click();
  await copy.getByText("You are talking from another window now.").waitFor();
  await ada.says("back here");
  await ada.seesSettled("back here");
});

test("others see somebody who is lost as reconnecting, and then back", async () => {
  const ada = await arrive("ada", "calm");
  const bob = await person(browser, parlor.url, "bob");
  people.push(bob);
  /** @type {{toPage: any, toServer: any}[]} */
  const lines = [];
  await bob.page.routeWebSocket(/\/ws$/, (ws) => lines.push({ toPage: ws, toServer: ws.connectToServer() }));
  await bob.enter("calm");
  const here = ada.page.getByRole("complementary", { name: /Here/ });
  await here.getByText("bob").waitFor();
  await lines[0].toServer.close({ code: 3000 });
  await here.getByText("reconnecting").waitFor();
  await lines[0].toPage.close({ code: 3000 });
  await here.getByText("reconnecting").waitFor({ state: "hidden" });
  await here.getByText("bob").waitFor();
});
