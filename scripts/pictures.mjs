/**
 * Draws docs/pictures/*.png: a conversation in the real server, seen at a desk,
 * in the dark, on a phone; its pictures; and the first screen.
 *
 * `npm ci && cargo build --release && node scripts/pictures.mjs`
 * (PARLOR_BIN names another binary, CHROMIUM another browser.)
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openBrowser, person } from "../tests/browser/support/browser.mjs";
import { file, png, scenes } from "../tests/browser/support/files.mjs";
import { Parlor } from "../tests/browser/support/parlor.mjs";

const OUT = new URL("../docs/pictures/", import.meta.url);
const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 };
const DESK = { viewport: { width: 1280, height: 800 } };

await mkdir(OUT, { recursive: true });
const [parlor, browser] = await Promise.all([Parlor.start("limits.messages_per_second=0"), openBrowser()]);
try {
  const mira = await person(browser, parlor.url, "Mira", { ...DESK, colorScheme: "light" });
  const jonas = await person(browser, parlor.url, "Jonas", { ...DESK, colorScheme: "dark" });
  const theo = await person(browser, parlor.url, "Théo", { ...PHONE, colorScheme: "light" });
  await talk(mira, jonas, theo);
  await picture(mira, "room-light.png");
  await picture(jonas, "room-dark.png");
  await picture(theo, "room-phone.png");
  await show(mira, jonas, theo);
  await firstScreen("first-light.png", { ...DESK, colorScheme: "light" });
  await firstScreen("first-phone-dark.png", { ...PHONE, colorScheme: "dark" });
  await theo.page.getByRole("button", { name: "Rooms" }).click();
  await picture(theo, "rooms-phone.png");
  await parlor.kill();
  await mira.says("Still there? I’ll keep writing.");
  await mira.page.getByText("The server is out of reach").waitFor();
  await picture(mira, "lost-light.png");
} finally {
  await browser.close();
  await parlor.remove();
}

/** A small scene that shows what there is to see. */
async function talk(mira, jonas, theo) {
  await mira.enter("kitchen");
  await jonas.enter("winter-garden");
  await mira.page.getByLabel("Join or make a room").fill("winter-garden");
  await mira.page.getByRole("button", { name: "Join the room" }).click();
  await mira.isIn("winter-garden");
  await theo.enter("winter-garden");
  const lines = [
    [mira, "Good evening! The lemon tree has its first flower."],
    [mira, "It smells of the whole summer in here."],
    [jonas, "No! After three years? **Don’t touch it.**"],
    [theo, "I told you it wanted less water. And the lamp from the north window: https://example.org/lamps"],
    [jonas, "Should it be turned, or left as it is? `turn 90° a week` is what the label says."],
  ];
  for (const [who, text] of lines) {
    await who.says(text);
    await Promise.all([mira, jonas, theo].map((someone) => someone.seesSettled(text.slice(0, 12))));
  }
  await jonas.reacts("Celebration", "lemon tree");
  await mira.reacts("Heart", "less water");
  await jonas.reacts("Heart", "less water");
  await mira.does("Reply", "Should it be turned");
  await mira.says("Left. It has found its light, so let it be.");
  await theo.sees("found its light");
  await jonas.page.locator("body").hover({ position: { x: 5, y: 400 } });
  await mira.page.locator("body").hover({ position: { x: 5, y: 400 } });
  await theo.box.pressSequentially("Then I bring the");
  await mira.page.getByText("Théo is typing").waitFor();
}

/** Pictures: sent, answered, one taken back, more in the tray, and one in full. */
async function show(mira, jonas, theo) {
  await theo.box.fill("");
  const lemon = file("lemon.png", png(960, 720, scenes.lemon));
  const window = file("north-window.png", png(900, 500, scenes.hills));
  const lamp = file("lamp.png", png(500, 700, scenes.lamp));
  const night = file("night.png", png(800, 600, scenes.night));
  await mira.chooses([lemon, window, night]);
  await mira.tiles.nth(0).getByLabel("Describe this picture").fill("A ripe lemon between its leaves");
  await mira.says("This is what it wants to become, and what it sees all day.");
  await theo.seesPictures("wants to become", 3);
  await theo.chooses([lamp]);
  await theo.tiles.nth(0).getByLabel("How long").selectOption("1 hour");
  await theo.says("And this is the lamp.");
  await jonas.seesPictures("this is the lamp", 1);
  await mira.does("Remove a picture", "wants to become");
  await mira.page.getByRole("button", { name: /^Remove Picture 3/ }).click();
  await mira.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  for (const someone of [mira, jonas, theo]) {
    await someone.page.getByText("Picture removed").waitFor();
    await someone.seesPictures("wants to become", 3);
    await someone.seesPictures("this is the lamp", 1);
  }
  await jonas.chooses([night, window]);
  await jonas.tiles.nth(0).getByLabel("Describe this picture").fill("The moon over the hills");
  await jonas.tiles.nth(0).getByLabel("How long").selectOption("10 minutes");
  await jonas.box.fill("Mine sees this.");
  await picture(jonas, "pictures-dark.png");
  await picture(theo, "pictures-phone.png");
  await mira.page.getByRole("button", { name: /A ripe lemon/ }).click();
  await mira.page.waitForFunction(() => document.querySelector("picture-viewer img").naturalWidth === 960);
  await picture(mira, "viewer-light.png");
  await mira.page.keyboard.press("Escape");
}

async function firstScreen(name, options) {
  const guest = await person(browser, parlor.url, "Ines", options);
  await guest.page.goto(parlor.url);
  await guest.page.getByText("Open now").waitFor();
  await guest.page.getByLabel("Your name").fill("Ines");
  await picture(guest, name);
  await guest.leave();
}

async function picture(someone, name) {
  await someone.page.screenshot({ path: fileURLToPath(new URL(name, OUT)), animations: "disabled" });
}
