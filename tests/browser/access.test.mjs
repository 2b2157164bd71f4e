/** @file Every view is for everybody: axe finds nothing, nothing is too wide, in light and dark, at desk and phone. */
import { after, before, test } from "node:test";
import { axeFindsNothing, fitsItsWidth } from "./support/axe.mjs";
import { openBrowser, person } from "./support/browser.mjs";
import { Parlor } from "./support/parlor.mjs";

let parlor;
let browser;
before(async () => {
  [parlor, browser] = await Promise.all([Parlor.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await parlor?.remove();
});

test("who comes in has the focus in the box to write in, and writes at once", async () => {
  const ada = await person(browser, parlor.url, "ada", {});
  await ada.enter("focus");
  await ada.page.locator("textarea:focus").waitFor();
  await ada.leave();
});

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
  }
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
