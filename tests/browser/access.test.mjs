/** @file Every view is for everybody: axe finds nothing, nothing is too wide, in light and dark, at desk and phone. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axeFindsNothing, fitsItsWidth } from "./support/axe.mjs";
import { openBrowser, person } from "./support/browser.mjs";
import { file, plain } from "./support/files.mjs";
import { Parlor } from "./support/parlor.mjs";

let parlor;
/** Here the pictures of guests wait for a moderator. */
let reviewed;
let browser;
before(async () => {
  [parlor, reviewed, browser] = await Promise.all([Parlor.start(), Parlor.start("images.guests=review", "limits.registrations_per_hour=0"), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await parlor?.remove();
  await reviewed?.remove();
});

test("who comes in has the focus in the box to write in, and writes at once", async () => {
  const ada = await person(browser, parlor.url, "ada", {});
  await ada.enter("focus");
  await ada.page.locator("textarea:focus").waitFor();
  await ada.leave();
});

const picture = file("a-picture-with-a-name-that-is-longer-than-any-line-on-a-phone-could-ever-be.png", plain(400, 300, 200, 200, 60));
const drawing = file("drawing.png", Buffer.from("<svg/>"));
const sizes = [{ width: 1280, height: 800 }, { width: 320, height: 640 }];
for (const viewport of sizes) {
  for (const colorScheme of ["light", "dark"]) {
    const view = `${viewport.width} px, ${colorScheme}`;
    test(`the first screen: ${view}`, async () => {
      const ada = await person(browser, parlor.url, "ada", { viewport, colorScheme });
      await ada.page.goto(parlor.url);
      await checked(ada.page, view);
      await ada.page.getByRole("button", { name: "Come in" }).click();
      await ada.page.getByText("Please choose a name.").waitFor();
      await checked(ada.page, `${view}, with a fault`);
      await ada.leave();
    });

    test(`ways in with a password, and what moderators see and do: ${view}`, async () => {
      const [nick, room] = [`mia${viewport.width}${colorScheme}`, `peace-${viewport.width}-${colorScheme}`];
      const [mia, bob] = await Promise.all([nick, `bob-of-${nick}`].map((name) => person(browser, reviewed.url, name, { viewport, colorScheme })));
      await mia.page.goto(reviewed.url);
      await mia.page.getByRole("button", { name: "Register" }).click();
      await mia.page.getByLabel("Your name").fill(nick);
      await mia.page.getByLabel("Password").fill("short");
      await mia.page.keyboard.press("Enter");
      await mia.page.locator("#password-fault:not([hidden])").waitFor();
      await checked(mia.page, `${view}, registering`);
      await checkTargets(mia.page, `${view}, registering`);
      await mia.proves("Register", "a lamp in the garden", `${room}-porch`);
      await mia.posts("rooms", { room });
      await bob.enter(room);
      await mia.page.goto(new URL(`r/${room}`, reviewed.url).href);
      await mia.isIn(room);
      await bob.chooses([picture, picture, picture]);
      await bob.says("three");
      await bob.chooses([picture]);
      await bob.says("one");
      await mia.posts(`rooms/${room}/orders`, { type: "mute", nick: bob.nick, reason: "a-reason-that-is-longer-than-any-line-on-a-phone" });
      for (const someone of [mia, bob]) {
        await someone.page.locator(".moderated-row").waitFor();
        await checked(someone.page, `${view}, ${someone.nick}`);
        await checkTargets(someone.page, `${view}, ${someone.nick}`);
      }
      if (viewport.width < 1000) await checkDrawers(mia.page, view);
      await Promise.all([mia.leave(), bob.leave()]);
    });

    test(`the room: ${view}`, async () => {
      const ada = await person(browser, parlor.url, "ada", { viewport, colorScheme });
      const room = `access-${viewport.width}-${colorScheme}`;
      await ada.enter(room);
      await checked(ada.page, `${view}, empty`);
      await ada.says("a **long** word: " + "parlor".repeat(40) + " and https://example.org/");
      await ada.says("second");
      await ada.seesSettled("second");
      await ada.reacts("Heart", "long");
      await ada.does("Reply", "second");
      await ada.says("an answer");
      await ada.says("\u0001".repeat(3_900));
      await ada.page.getByText("This message is too long.").waitFor();
      await ada.message("second").hover();
      await ada.page.getByRole("button", { name: "React" }).click();
      await checked(ada.page, view);
      if (viewport.width < 1000) await checkDrawers(ada.page, view);
      await ada.leave();
    });
    test(`pictures: ${view}`, async () => {
      const ada = await person(browser, parlor.url, "ada", { viewport, colorScheme });
      await ada.enter(`pictures-${viewport.width}-${colorScheme}`);
      await ada.chooses([picture, picture, picture]);
      await checked(ada.page, `${view}, in the tray`);
      await checkTargets(ada.page, `${view}, in the tray`);
      await ada.says("three");
      await ada.seesPictures("three", 3);
      await ada.chooses([picture, drawing]);
      await ada.says("one of two");
      const without = ada.page.getByRole("button", { name: "Send without it" });
      await without.waitFor();
      await checked(ada.page, `${view}, one failed`);
      await checkTargets(ada.page, `${view}, one failed`);
      await without.click();
      await ada.seesPictures("one of two", 1);
      await takeBackFirst(ada);
      await ada.does("Remove a picture", "three");
      await checked(ada.page, `${view}, sent and removed`);
      await ada.page.getByRole("button", { name: /^Picture 2 of 3/ }).click();
      await ada.page.getByRole("dialog", { name: "Picture" }).getByText("2 of 3").waitFor();
      await checked(ada.page, `${view}, looked at`);
      await checkTargets(ada.page, `${view}, looked at`);
      await ada.leave();
    });
  }
}

async function takeBackFirst(someone) {
  await someone.does("Remove a picture", "three");
  await someone.page.getByRole("button", { name: /^Remove Picture 1 of 3/ }).click();
  await someone.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await someone.page.getByText("Picture removed").waitFor();
}

/** What pictures can be touched at is large enough for a finger. */
async function checkTargets(page, view) {
  const small = await page.locator(".ways button, add-pictures button, .tile :is(button, input, select), .picture button, .fate button, picture-viewer :is(button, a)").evaluateAll((nodes) =>
    nodes.filter((node) => node.checkVisibility()).map((node) => [node.ariaLabel ?? node.textContent, node.getBoundingClientRect()])
      .filter(([, { width, height }]) => width < 44 || height < 44).map(([name, { width, height }]) => `${name}: ${width}×${height}`));
  assert.deepEqual(small, [], view);
}

async function checkDrawers(page, view) {
  for (const name of ["Rooms", "People here"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.getByRole("button", { name: /^Close the list/ }).waitFor();
    await checked(page, `${view}, ${name}`);
    await page.keyboard.press("Escape");
  }
}

async function checked(page, view) {
  await axeFindsNothing(page, view);
  await fitsItsWidth(page, view);
}
