/** @file Accounts, moderators and invitations on the page: who comes in how, what is done to whom, who sees what. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { openBrowser, person } from "./support/browser.mjs";
import { file, plain } from "./support/files.mjs";
import { Parlor } from "./support/parlor.mjs";

const PASSWORD = "a lamp in the winter garden";
const red = file("red.png", plain(400, 300, 200, 40, 40));
/** What a browser's console says of an answer that is a refusal. */
const REFUSED = /status of 4\d\d/;

let parlor;
let browser;
let people = [];
before(async () => {
  [parlor, browser] = await Promise.all([Parlor.start("limits.messages_per_second=0", "limits.registrations_per_hour=0", "images.guests=review"), openBrowser()]);
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

async function newcomer(nick, options) {
  const someone = await person(browser, parlor.url, nick, options);
  people.push(someone);
  return someone;
}

const guest = async (nick, room) => (await newcomer(nick)).enter(room);

/** Somebody with an account and a room of their own, which they moderate. */
async function keeper(nick, room, fields = {}) {
  const someone = await newcomer(nick);
  await someone.proves("Register", PASSWORD, `${room}-porch`);
  await someone.posts("rooms", { room, ...fields });
  await someone.page.getByLabel("Join or make a room").fill(room);
  await someone.page.getByRole("button", { name: "Join the room" }).click();
  await someone.isIn(room);
  return someone;
}

const orders = (someone, room, order) => someone.posts(`rooms/${room}/orders`, order);

test("a guest's picture waits for a moderator, who sees and approves it", async () => {
  const mia = await keeper("mia", "lemons");
  const [bob, cy] = [await guest("bob", "lemons"), await guest("cy", "lemons")];
  await bob.chooses([red]);
  await bob.says("my lemon");
  const waiting = (someone) => someone.message("my lemon").locator(".picture");
  await waiting(bob).locator("img").evaluate((img) => img.decode());
  await waiting(bob).getByText("Waits for a moderator").first().waitFor();
  await cy.seesSettled("my lemon");
  assert.deepEqual((await cy.seesPictures("my lemon", 1)).map(({ tomb, natural }) => [tomb, natural]), [["Waits for a moderator", 0]]);
  const [before] = await cy.seesPictures("my lemon", 1);
  assert.equal(await waiting(bob).getByRole("button", { name: /^Approve/ }).count(), 0);
  await waiting(mia).getByRole("button", { name: "Approve Picture, not described" }).click();
  await waiting(cy).getByRole("button", { name: "Picture, not described" }).waitFor();
  const [seen] = await cy.seesPictures("my lemon", 1);
  assert.deepEqual([seen.tomb, seen.natural > 0, seen.box], [null, true, before.box]);
  await cy.showsWhatAFreshLoadShows("lemons");
});

test("a moderator deletes what a guest said and mutes them: all see it, and the guest reads why", async () => {
  const mia = await keeper("nora", "figs");
  const [bob, cy] = [await guest("ben", "figs"), await guest("cleo", "figs")];
  await bob.says("something ugly");
  await mia.does("Delete", "something ugly");
  await mia.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await cy.sees("This message was deleted.");
  await orders(mia, "figs", { type: "mute", nick: "ben", seconds: 600, reason: "ugly" });
  await cy.page.locator(".moderated-row", { hasText: /nora muted ben until \d\d:\d\d/ }).waitFor();
  await bob.page.getByRole("alert").getByText(/^nora muted you in #figs until \d\d:\d\d\. Reason: ugly$/).waitFor();
  await bob.says("but why");
  await bob.message("but why").getByText("You are muted in this room. Try again in 10 min.").waitFor();
  await orders(mia, "figs", { type: "settings", slow_s: 30 });
  await cy.page.locator(".moderated-row", { hasText: "nora changed the rules of the room: open to all, 30 s between messages" }).waitFor();
  await cy.says("first");
  await cy.seesSettled("first");
  await cy.says("second");
  await cy.page.getByText(/^This room is in slow mode\. Your message is sent in \d+ s\.$/).waitFor();
  const here = cy.page.getByRole("complementary", { name: /Here/ });
  assert.deepEqual(await here.locator(".person").allInnerTexts().then((all) => all.map((text) => text.replace(/\s+/g, " ").slice(2))), ["cleo you, guest", "ben guest", "nora moderator"]);
});

test("who is sent out of their only room reads by whom and why, stays away, and can start anew", async () => {
  const mia = await keeper("olga", "plums");
  const bob = await guest("bert", "plums");
  await orders(mia, "plums", { type: "ban", nick: "bert", reason: "ugly", seconds: 3600 });
  await bob.page.locator("connection-banner").getByText(/^olga banned you from #plums until .+\. Reason: ugly$/).waitFor();
  await bob.page.getByText("You are in no room.").waitFor();
  await bob.page.getByRole("button", { name: "Connect again" }).click();
  await bob.page.locator("connection-banner").waitFor({ state: "hidden" });
  await bob.page.getByLabel("Join or make a room").fill("plums");
  await bob.page.getByRole("button", { name: "Join the room" }).click();
  await bob.page.getByRole("alert").getByText(/banned/).waitFor();
});

test("a login: registered, kept over a reload and in other tabs, ended everywhere", async () => {
  const ada = await newcomer("ada");
  await ada.proves("Register", PASSWORD, "hall");
  await ada.page.reload();
  await ada.isIn("hall");
  const note = ada.page.locator("people-list .person .note").first();
  assert.equal(await note.textContent(), "you");
  const stored = await ada.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.doesNotMatch(stored, new RegExp(`${PASSWORD}|pl_`));

  const other = await ada.page.context().newPage();
  await other.goto(new URL("r/hall", parlor.url).href);
  await other.getByText("You are logged in as ada.").waitFor();
  await other.getByRole("button", { name: "Come in", exact: true }).click();
  await other.getByRole("heading", { level: 1, name: "#hall" }).waitFor();

  await ada.page.getByRole("button", { name: "Log out" }).click();
  await ada.page.getByLabel("Your name").waitFor();
  await other.getByText("Your login has ended. Log in again to go on.").waitFor();
  await other.close();
  assert.equal(await ada.page.getByText("You are logged in as").isVisible(), false);
});

test("who logs in reads what is wrong where it is wrong, with fields that password managers know", async () => {
  const dora = await (await newcomer("dora")).proves("Register", PASSWORD, "hall");
  await dora.page.getByRole("button", { name: "Log out" }).click();
  const { page } = dora;
  await page.getByLabel("Your name").fill("dora");
  await page.getByRole("button", { name: "Come in" }).click();
  await page.locator("#nick-fault").getByText(/belongs to an account/).waitFor();
  await page.getByRole("button", { name: "Register" }).click();
  await page.locator("[autocomplete=new-password]").waitFor();
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator("[autocomplete=current-password]:focus").waitFor();
  assert.equal(await page.getByLabel("Your name").getAttribute("autocomplete"), "username");
  await page.keyboard.press("Enter");
  await page.locator("#password-fault").getByText("Please type your password.").waitFor();
  await page.keyboard.type("wrong horse");
  await page.keyboard.press("Enter");
  await page.locator("#password-fault").getByText(/do not belong together/).waitFor();
  assert.equal(await page.getByLabel("Password").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await dora.isIn("hall");
  assert.ok(dora.faults.every((fault) => REFUSED.test(fault)), dora.faults.join());
  dora.faults = [];
});

test("an invitation lets into a private room once, and its secret is seen nowhere afterwards", async () => {
  const mia = await keeper("pia", "secret-garden", { visibility: "private" });
  const { link } = await orders(mia, "secret-garden", { type: "invite", uses: 1 });
  const secret = link.split("invite=")[1];
  const eve = await guest("eve", "yard");
  await eve.page.getByLabel("Join or make a room").fill("secret-garden");
  await eve.page.getByRole("button", { name: "Join the room" }).click();
  await eve.page.locator("notice-line [role=alert]:not(:empty)").waitFor();

  const bob = await newcomer("bo");
  const urls = [];
  bob.page.on("websocket", (socket) => urls.push(socket.url()));
  bob.page.on("request", (request) => urls.push(request.url()));
  await bob.page.goto(new URL(link, parlor.url).href);
  await bob.page.getByRole("button", { name: "Register" }).click();
  await bob.page.getByLabel("Your name").fill("bo");
  await bob.page.getByLabel("Password").fill(PASSWORD);
  await bob.page.getByRole("button", { name: "Register and come in" }).click();
  await bob.isIn("secret-garden");
  await bob.page.getByText("Private room: whoever was invited can read it.").waitFor();
  await bob.page.waitForFunction(() => location.hash === "");
  assert.equal(new URL(bob.page.url()).href, new URL("r/secret-garden", parlor.url).href);
  assert.ok(urls.some((url) => url.startsWith("ws")) && urls.every((url) => !new URL(url).search && !url.split("#")[0].includes(secret)), urls.join());
  const stored = await bob.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]));
  assert.ok(!stored.includes(secret));
  await bob.page.reload();
  await bob.isIn("secret-garden");
});
