/** @file Two windows talk, and both show what a fresh load shows. */
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
  const faults = people.flatMap((someone) => someone.faults);
  await Promise.all(people.map((someone) => someone.leave()));
  people = [];
  assert.deepEqual(faults, [], "no window had an error");
});
after(async () => {
  await browser?.close();
  await parlor?.remove();
});

async function arrive(nick, room, options) {
  const someone = await person(browser, parlor.url, nick, options);
  people.push(someone);
  return someone.enter(room);
}

test("two windows talk", async () => {
  const ada = await arrive("ada", "talk");
  const bob = await arrive("bob", "talk");
  await ada.says("hello from ada");
  await bob.sees("hello from ada");
  await bob.says("hello from bob");
  await ada.sees("hello from bob");
  await Promise.all([ada.isQuiet(), bob.isQuiet()]);
  assert.deepEqual(await ada.log(), await bob.log());
  await ada.showsWhatAFreshLoadShows("talk");
});

for (const [width, dir] of [[1280, "ltr"], [320, "ltr"], [320, "rtl"]]) {
  test(`the time of a grouped message stands beside its text, however long it is, at ${width} px ${dir}`, async () => {
    const ada = await arrive("ada", `time${width}${dir}`, { locale: "en-US", viewport: { width, height: 640 } });
    for (const text of ["first", "second"]) {
      await ada.says(text);
      await ada.seesSettled(text);
    }
    await ada.message("second").hover();
    const beside = (words) => ada.message("second").evaluate((row, [time, direction]) => {
      document.documentElement.dir = direction;
      if (time) row.querySelector("time").textContent = time;
      const [shown, text] = ["time", ".text"].map((part) => {
        const range = document.createRange();
        range.selectNodeContents(row.querySelector(part));
        return range.getBoundingClientRect();
      });
      const { left, right, bottom } = row.getBoundingClientRect();
      const apart = direction === "rtl" ? shown.left >= text.right : shown.right <= text.left;
      return apart && shown.width > 0 && shown.left >= left && shown.right <= right && shown.bottom <= bottom;
    }, [words, dir]);
    for (const words of [undefined, "10:42\u202fPM", "10:42 p.\u00a0m.", "07:42 Uhr", "10:42 ከሰዓት", "١٠:٤٢ م"]) assert.ok(await beside(words), words ?? "as it is");
  });
}

test("edits, answers, reactions and deletions reach the other window and equal a fresh load", async () => {
  const ada = await arrive("ada", "deeds");
  const bob = await arrive("bob", "deeds");
  await ada.says("first");
  await bob.sees("first");
  await bob.does("Reply", "first");
  await bob.page.getByText("Replying to ada").waitFor();
  await bob.says("an answer");
  await ada.sees("an answer");
  await ada.editsLast("first, mended");
  await bob.sees("first, mended");
  await bob.reacts("Celebration", "first, mended");
  await ada.page.getByRole("button", { name: "🎉 by bob" }).click();
  await bob.page.getByRole("button", { name: "🎉 by bob, ada" }).waitFor();
  await bob.does("Delete", "an answer");
  await bob.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await ada.sees("This message was deleted.");
  await Promise.all([ada.isQuiet(), bob.isQuiet()]);
  assert.deepEqual(await ada.log(), await bob.log());
  await ada.showsWhatAFreshLoadShows("deeds");
  await bob.showsWhatAFreshLoadShows("deeds");
});

test("typing shows, and ends when the message is sent", async () => {
  const ada = await arrive("ada", "typing");
  const bob = await arrive("bob", "typing");
  await ada.box.pressSequentially("hm");
  await bob.page.getByText("ada is typing").waitFor();
  await ada.box.press("Enter");
  await bob.sees("hm");
  await bob.page.getByText("ada is typing").waitFor({ state: "hidden" });
});

test("who is here changes as people come and go", async () => {
  const ada = await arrive("ada", "people");
  const bob = await arrive("bob", "people");
  const here = ada.page.getByRole("complementary", { name: /Here/ });
  await here.getByText("bob").waitFor();
  await bob.page.getByRole("button", { name: "Leave this room" }).click();
  await here.getByText("bob").waitFor({ state: "detached" });
});

test("rooms are made, switched and counted", async () => {
  const ada = await arrive("ada", "one");
  const bob = await arrive("bob", "one");
  await ada.page.getByLabel("Join or make a room").fill("Winter garden");
  await ada.page.getByRole("button", { name: "Join the room" }).click();
  await ada.isIn("Winter-garden");
  assert.equal(new URL(ada.page.url()).pathname, "/r/Winter-garden");
  await bob.says("are you there?");
  await ada.page.getByRole("link", { name: "one 1 unread" }).click();
  await ada.isIn("one");
  await ada.sees("are you there?");
  assert.equal(await ada.page.locator(".unread-line").count(), 1);
  await ada.page.goBack();
  await ada.isIn("Winter-garden");
});

test("a name that is taken is refused on the first screen, and another one is not", async () => {
  await arrive("cleo", "names");
  const other = await person(browser, parlor.url, "Cleo");
  people.push(other);
  await other.page.goto(new URL("r/names", parlor.url).href);
  await other.page.getByLabel("Your name").fill("Cleo");
  await other.page.getByRole("button", { name: "Come in" }).click();
  await other.page.locator("#nick-fault:not([hidden])").waitFor();
  other.nick = "dora";
  await other.page.getByLabel("Your name").fill("dora");
  await other.page.getByRole("button", { name: "Come in" }).click();
  await other.isIn("names");
});

test("older pages load on the way up until the room's beginning, without a hole", async () => {
  const ada = await arrive("ada", "long");
  for (let n = 1; n <= 180; n++) await parlor.post("long", `line ${n}`);
  await ada.sees("line 180");
  await ada.page.reload();
  await ada.isIn("long");
  await ada.sees("line 180");
  const log = ada.page.getByRole("log");
  await log.focus();
  while (!(await ada.page.locator("message-log .start").isVisible())) {
    const first = await ada.page.locator("article").first().getAttribute("data-seq");
    await log.evaluate((node) => node.scrollTo(0, 0));
    await ada.page.waitForFunction((seq) => document.querySelector("article").dataset.seq !== seq || !document.querySelector("message-log .start").hidden, first);
  }
  assert.deepEqual((await ada.log()).map(({ text }) => text), Array.from({ length: 180 }, (_, i) => `line ${i + 1}`));
});

test("naughty text is shown as text", async () => {
  const ada = await arrive("ada", "naughty");
  const bob = await arrive("bob", "naughty");
  const naughty = ["<img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "\u202eright to left", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "👩‍👩‍👧‍👦🇺🇳", "' OR 1=1 --"];
  for (const text of naughty) await ada.says(text);
  await bob.sees(naughty.at(-1));
  assert.deepEqual((await bob.log()).map(({ text }) => text), naughty);
});
