/** @file Pictures on the page: chosen, pasted, dropped, sent, seen, taken back, expired. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { openBrowser, person } from "./support/browser.mjs";
import { file, noise, plain, png, scenes, somewhere } from "./support/files.mjs";
import { Parlor } from "./support/parlor.mjs";

const LIMITS = ["limits.messages_per_second=0", "limits.image_bytes=300000", "limits.image_pixels=1000000"];
const red = file("red.png", plain(400, 300, 200, 40, 40));
const green = file("green.png", plain(300, 400, 40, 160, 40));
const blue = file("blue.png", plain(320, 320, 40, 40, 200));
const svg = file("drawing.png", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'));

let parlor;
let browser;
let people = [];
before(async () => {
  [parlor, browser] = await Promise.all([Parlor.start(...LIMITS), openBrowser()]);
});
afterEach(async () => {
  await Promise.all(people.map((someone) => someone.leave()));
  people = [];
});
after(async () => {
  await browser?.close();
  await parlor?.remove();
});

async function arrive(nick, room, { url = parlor.url, ...options } = {}) {
  const someone = await person(browser, url, nick, options);
  people.push(someone);
  return someone.enter(room);
}

/** Files as the clipboard or a hand brings them. */
const handful = (page, ...files) => page.evaluateHandle((all) => {
  const hand = new DataTransfer();
  for (const { name, type, bytes } of all) hand.items.add(new File([Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0))], name, { type }));
  return hand;
}, files.map(({ name, mimeType: type, buffer }) => ({ name, type, bytes: buffer.toString("base64") })));

/** Uploads wait for the one who tests. */
async function holdUploads(page) {
  const held = [];
  await page.route("**/api/v1/uploads", (route) => held.push(route));
  return async () => {
    await page.unroute("**/api/v1/uploads");
    await Promise.all(held.splice(0).map((route) => route.continue().catch(() => "withdrawn")));
  };
}

test("three pictures with a caption reach the other in order, each in a box that was kept for it", async () => {
  const [ada, bob] = [await arrive("ada", "album"), await arrive("bob", "album")];
  await ada.chooses([red, green, blue]);
  await ada.tiles.nth(0).getByLabel("Describe this picture").fill("all red");
  await ada.tiles.nth(2).getByLabel("How long").selectOption("1 hour");
  await ada.says("my colours");
  const seen = await bob.seesPictures("my colours", 3);
  assert.deepEqual(seen.map(({ alt, size }) => [alt, size]), [["all red", "400×300"], ["", "300×400"], ["", "320×320"]]);
  assert.ok(seen.every(({ natural, box: [width, height] }) => natural > 0 && width > 100 && height > 100));
  assert.deepEqual(seen.map(({ life }) => life), ["24 h left", "24 h left", "60 min left"]);
  await bob.page.getByRole("button", { name: "Picture 1 of 3: all red" }).waitFor();
  await ada.seesPictures("my colours", 3);
  await ada.showsWhatAFreshLoadShows("album");
  assert.deepEqual([...ada.faults, ...bob.faults], []);
});

test("a picture needs no words, and can be answered", async () => {
  const [ada, bob] = [await arrive("ada", "wordless"), await arrive("bob", "wordless")];
  await ada.chooses([red]);
  await ada.box.press("Enter");
  const [{ box: [width, height] }] = await bob.seesPictures("", 1);
  assert.ok(Math.abs(width / height - 4 / 3) < 0.02, "a single picture keeps its shape");
  await bob.page.locator("article").hover();
  await bob.page.getByRole("button", { name: "Reply" }).click();
  await bob.says("well painted");
  await ada.page.locator(".quote", { hasText: "ada Picture" }).waitFor();
});

test("a single picture has its box before it is there, and a log that comes with it stands at its end", async () => {
  const [ada, bob] = [await arrive("ada", "box"), await arrive("bob", "box")];
  for (const text of ["above", "between", "below"]) {
    await ada.chooses([red]);
    await ada.says(text);
    await ada.seesPictures(text, 1);
  }
  await bob.page.route("**/uploads/*/thumb", () => {});
  await bob.page.reload();
  const box = bob.page.locator("article", { hasText: "below" }).locator(".picture");
  await box.waitFor();
  const { width, height } = await box.boundingBox();
  assert.ok(width > 370 && Math.abs(width / height - 4 / 3) < 0.02, `${width}×${height}`);
  assert.ok(await bob.page.evaluate(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector("[role=log]");
    return scrollTop > 0 && scrollHeight - scrollTop - clientHeight < 2;
  }));
});

test("a picture is pasted, and words are pasted as words", async () => {
  const ada = await arrive("ada", "paste");
  await ada.box.focus();
  const paste = (hand) => ada.page.evaluate((data) => document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })), hand);
  await paste(await handful(ada.page, red));
  await ada.tiles.nth(0).waitFor();
  const both = await handful(ada.page, green);
  await both.evaluate((hand) => hand.setData("text/plain", "words"));
  assert.equal(await paste(both), true, "the browser pastes the words");
  assert.equal(await ada.tiles.count(), 1);
});

test("pictures are dropped anywhere, and the page says where they go", async () => {
  const ada = await arrive("ada", "drop");
  const hand = await handful(ada.page, red, green);
  const people = ada.page.locator("people-list");
  await people.dispatchEvent("dragenter", { dataTransfer: hand });
  await ada.page.getByText("Drop pictures here for #drop").waitFor();
  await people.dispatchEvent("drop", { dataTransfer: hand });
  await ada.page.getByText("Drop pictures here").waitFor({ state: "hidden" });
  await ada.tiles.nth(1).waitFor();
  await ada.page.getByText("2 pictures to go with your message.").waitFor();
});

test("a tray belongs to its room, and what was removed from it is not sent", async () => {
  const ada = await arrive("ada", "first");
  await ada.chooses([red, green]);
  await ada.page.getByLabel("Join or make a room").fill("second");
  await ada.page.getByRole("button", { name: "Join the room" }).click();
  await ada.isIn("second");
  assert.equal(await ada.tiles.count(), 0);
  await ada.page.getByRole("link", { name: "first" }).click();
  await ada.isIn("first");
  await ada.page.getByRole("button", { name: "Remove red.png" }).click();
  await ada.says("only green");
  assert.deepEqual((await ada.seesPictures("only green", 1)).map(({ size }) => size), ["300×400"]);
});

test("an upload says how far it is and can be cancelled, and the others go", async () => {
  const ada = await arrive("ada", "cancel");
  const release = await holdUploads(ada.page);
  await ada.chooses([red, green]);
  await ada.says("two, or one");
  await ada.page.getByRole("progressbar", { name: "Upload of red.png" }).waitFor();
  await ada.page.getByText("Sending pictures…").waitFor();
  await ada.says("words go first");
  await ada.seesSettled("words go first");
  await ada.page.getByRole("button", { name: "Cancel red.png" }).click();
  await release();
  assert.deepEqual((await ada.seesPictures("two, or one", 1)).map(({ size }) => size), ["300×400"]);
});

test("what is no picture is refused as it is chosen, and does not hold up the others", async () => {
  const [ada, bob] = [await arrive("ada", "types"), await arrive("bob", "types")];
  await ada.chooses([file("notes.txt", Buffer.from("words"), "text/plain"), red], 1);
  await ada.page.getByText("notes.txt: Only JPEG, PNG, GIF and WebP pictures can be sent.").waitFor();
  await ada.says("without notes");
  await bob.seesPictures("without notes", 1);
});

test("too large: what moves is refused with the limit, a still picture is made smaller", async () => {
  const [ada, bob] = [await arrive("ada", "sizes"), await arrive("bob", "sizes")];
  await ada.chooses([file("dance.gif", Buffer.concat([Buffer.from("GIF89a"), Buffer.alloc(400_000)]), "image/gif")], 0);
  await ada.page.getByText("dance.gif: It has 391 KB; a picture may have 293 KB.").waitFor();
  await ada.chooses([file("wide.png", plain(2_000, 1_000, 9, 9, 9)), file("grain.png", noise(600, 400))]);
  await ada.page.getByText(/^Made smaller/).nth(1).waitFor();
  await ada.says("smaller");
  const [wide, grain] = await bob.seesPictures("smaller", 2);
  assert.equal(wide.size, "1414×707");
  assert.ok(grain.natural > 0);
});

test("more pictures than a message takes stay where they were", async () => {
  const ada = await arrive("ada", "many");
  await ada.chooses(Array.from({ length: 12 }, () => blue), 10);
  await ada.page.getByText("A message has at most 10 pictures.").waitFor();
  assert.equal(await ada.tiles.count(), 10);
});

test("what the server refuses says why, and the others go without it", async () => {
  const [ada, bob] = [await arrive("ada", "refused"), await arrive("bob", "refused")];
  await ada.chooses([red, svg, blue]);
  await ada.says("one is a drawing");
  await ada.page.locator(".fate", { hasText: /drawing\.png: .*SVG/ }).waitFor();
  await ada.page.getByRole("button", { name: "Retry" }).click();
  await ada.page.getByRole("button", { name: "Send without it" }).click();
  assert.deepEqual((await bob.seesPictures("one is a drawing", 2)).map(({ size }) => size), ["400×300", "320×320"]);
});

for (const deed of ["Discard", "Cancel red.png"]) {
  test(`what was uploaded in vain is deleted at once: ${deed}`, async () => {
    const ada = await arrive("ada", `vain${deed.length}`);
    await ada.chooses([red, svg]);
    const kept = ada.page.waitForResponse((reply) => reply.url().endsWith("/api/v1/uploads") && reply.status() === 201);
    await ada.says("not after all");
    const { id } = await (await kept).json();
    await ada.page.getByText("Not sent: drawing.png.").waitFor();
    const deleted = ada.page.waitForResponse((reply) => reply.request().method() === "DELETE");
    await ada.page.getByRole("button", { name: deed }).click();
    const reply = await deleted;
    assert.deepEqual([new URL(reply.url()).pathname, reply.status()], [`/api/v1/uploads/${id}`, 204]);
    if (deed === "Discard") await ada.page.getByText("Not sent").waitFor({ state: "detached" });
  });
}

test("an upload that breaks off is tried again by itself", async () => {
  const ada = await arrive("ada", "flaky");
  let broken = 0;
  await ada.page.route("**/api/v1/uploads", (route) => (broken++ ? route.continue() : route.abort()));
  await ada.chooses([red]);
  await ada.says("second try");
  await ada.seesPictures("second try", 1);
  assert.equal(broken, 2);
});

test("where a photo was taken is taken out of it, and that is said", async () => {
  const ada = await arrive("ada", "places");
  await ada.chooses([file("home.png", png(40, 30, scenes.hills, [somewhere()]))]);
  await ada.says("guess where");
  await ada.page.getByText("Location data was removed from what you sent.").waitFor();
});

for (const sweep of [50, 600_000]) {
  test(`a picture whose time is over is a tombstone for everybody, at once${sweep > 1_000 ? ", also before the server says so" : ""}`, async () => {
    const brief = await Parlor.start("images.default_ttl_s=2", `images.sweep_ms=${sweep}`, "limits.messages_per_second=0");
    try {
      const [ada, bob] = [await arrive("ada", "brief", brief), await arrive("bob", "brief", brief)];
      await ada.chooses([red, green]);
      await ada.tiles.nth(0).getByLabel("Describe this picture").fill("red, for a moment");
      await ada.tiles.nth(1).getByLabel("How long").selectOption("10 minutes");
      await ada.says("look quickly");
      await bob.seesPictures("look quickly", 2);
      for (const someone of [ada, bob]) {
        await someone.page.getByText("Picture expired").waitFor();
        await someone.isQuiet();
        await someone.page.reload();
        await someone.page.getByText("Picture expired: red, for a moment").waitFor();
        const [gone, here] = await someone.seesPictures("look quickly", 2);
        assert.deepEqual([gone.tomb, gone.natural, here.tomb, here.natural > 0], ["Picture expired: red, for a moment", 0, null, true]);
      }
    } finally {
      await Promise.all(people.splice(0).map((someone) => someone.leave()));
      await brief.remove();
    }
  });
}

test("who sent a picture takes it back, and the message stays", async () => {
  const [ada, bob] = [await arrive("ada", "regret"), await arrive("bob", "regret")];
  await ada.chooses([red, green]);
  await ada.tiles.nth(1).getByLabel("Describe this picture").fill("a secret in green");
  await ada.says("one too many");
  await bob.seesPictures("one too many", 2);
  await ada.does("Remove a picture", "one too many");
  await ada.page.getByRole("button", { name: "Remove Picture 2 of 2: a secret in green" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  for (const someone of [ada, bob]) {
    await someone.page.getByText("Picture removed").waitFor();
    const [here, gone] = await someone.seesPictures("one too many", 2);
    assert.deepEqual([here.natural > 0, gone.tomb], [true, "Picture removed"]);
  }
  await ada.message("one too many").hover();
  for (const { page } of [ada, bob]) assert.doesNotMatch(await page.content(), /a secret in green/, "its description goes with it");
  await bob.message("one too many").hover();
  assert.equal(await bob.page.getByRole("button", { name: "Remove a picture" }).count(), 0, "others cannot");
  await ada.does("Delete", "one too many");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await bob.sees("This message was deleted.");
  assert.equal(await bob.page.locator(".picture").count(), 0);
});

test("pictures are looked at by keyboard, and the focus comes back", async () => {
  const [ada, bob] = [await arrive("ada", "look"), await arrive("bob", "look")];
  await ada.chooses([red, green]);
  await ada.tiles.nth(0).getByLabel("Describe this picture").fill("all red");
  await ada.says("look");
  await bob.seesPictures("look", 2);
  const first = bob.page.getByRole("button", { name: "Picture 1 of 2: all red" });
  await first.focus();
  await bob.page.keyboard.press("Enter");
  const viewer = bob.page.getByRole("dialog", { name: "Picture" });
  await viewer.getByText("1 of 2").waitFor();
  await viewer.getByText("all red").waitFor();
  const shows = async (width) => bob.page.waitForFunction((wide) => document.querySelector("picture-viewer img").naturalWidth === wide, width);
  await shows(400);
  await bob.page.keyboard.press("ArrowRight");
  await viewer.getByText("2 of 2").waitFor();
  await shows(300);
  await viewer.getByRole("button", { name: "Full size" }).press("Enter");
  await viewer.getByRole("button", { name: "Full size", pressed: true }).waitFor();
  const [download] = await Promise.all([bob.page.waitForEvent("download"), viewer.getByRole("link", { name: "Download" }).press("Enter")]);
  assert.equal(download.suggestedFilename(), "green.png");
  await bob.page.keyboard.press("Escape");
  await viewer.waitFor({ state: "hidden" });
  assert.ok(await first.evaluate((node) => node === document.activeElement));
});

test("a picture that is taken back while somebody looks at it goes there, too", async () => {
  const [ada, bob] = [await arrive("ada", "gone"), await arrive("bob", "gone")];
  await ada.chooses([red]);
  await ada.says("soon gone");
  await bob.seesPictures("soon gone", 1);
  await bob.page.getByRole("button", { name: "Picture, not described" }).click();
  await ada.does("Remove a picture", "soon gone");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await bob.page.getByText("This picture was removed.").waitFor();
  await bob.page.keyboard.press("Escape");
  await bob.page.locator("article:focus", { hasText: "soon gone" }).waitFor();
});

for (const recovery of ["by itself", "after the next welcome"]) {
  test(`a picture that does not come is asked for again ${recovery}`, async () => {
    const [ada, bob] = [await arrive("ada", "again"), await arrive("bob", "again")];
    const fails = recovery === "by itself" ? 1 : Infinity;
    let asked = 0;
    await bob.page.route("**/uploads/*/thumb", (route, request) =>
      (request.resourceType() === "image" && asked++ < fails ? route.fulfill({ status: 401 }) : route.continue()));
    await ada.chooses([red]);
    await ada.says(`do you see it ${recovery}?`);
    if (fails > 1) {
      await bob.page.locator("img[data-tries='3']").waitFor({ state: "attached" });
      await bob.page.unroute("**/uploads/*/thumb");
      await parlor.stop();
      await parlor.start();
    }
    await bob.page.waitForFunction(() => [...document.querySelectorAll(".picture img")].at(-1)?.naturalWidth === 400);
  });
}

test("a picture that has gone unheard is a tombstone as soon as it is asked for", async () => {
  const [ada, bob] = [await arrive("ada", "unheard"), await arrive("bob", "unheard")];
  await bob.page.route("**/uploads/*/thumb", (route) => route.fulfill({ status: 410 }));
  await ada.chooses([red]);
  await ada.says("too late");
  await bob.page.getByText("Picture expired").waitFor();
});

test("who leaves is told of pictures that were not sent", async () => {
  const ada = await arrive("ada", "leaving");
  await ada.chooses([red]);
  await ada.page.getByRole("button", { name: "Leave Parlor" }).click();
  await ada.page.getByText("have not been sent yet").waitFor();
});

test("pictures wait for a server that is away, and say what a reload would do", async () => {
  const [ada, bob] = [await arrive("ada", "away"), await arrive("bob", "away")];
  await ada.page.waitForFunction(() => customElements.get("picture-tray"), null, { polling: 100 });
  await parlor.kill();
  await ada.page.getByText("The server is out of reach").waitFor();
  await ada.chooses([red, green]);
  await ada.page.getByText("a reload would lose them").waitFor();
  await ada.says("from afar");
  await ada.page.getByText("Pictures wait for the connection").waitFor();
  await parlor.start();
  await ada.page.getByRole("button", { name: "Try now" }).click({ timeout: 2_000 }).catch(() => "it came back by itself");
  await ada.seesPictures("from afar", 2);
  assert.deepEqual((await bob.seesPictures("from afar", 2)).map(({ natural }) => natural), [400, 300]);
});

test("a reload asks first, and what it loses is said where it was", async () => {
  const ada = await arrive("ada", "reload");
  await holdUploads(ada.page);
  await ada.chooses([red]);
  await ada.says("lost?");
  await ada.page.getByRole("progressbar").waitFor();
  const asked = ada.page.waitForEvent("dialog").then((dialog) => dialog.accept().then(() => dialog.type()));
  await ada.page.reload();
  assert.equal(await asked, "beforeunload");
  await ada.isIn("reload");
  await ada.page.getByText("red.png: The page was reloaded before it was sent").waitFor();
  assert.equal(await ada.page.getByRole("button", { name: "Retry" }).count(), 0, "there is nothing to try again");
  await ada.page.getByRole("button", { name: "Discard" }).waitFor();
  await ada.page.getByRole("button", { name: "Send without it" }).click();
  await ada.seesSettled("lost?");
});

test("a server without pictures offers none", async () => {
  const plainly = await Parlor.start("limits.images_per_message=0");
  try {
    const ada = await arrive("ada", "words", plainly);
    assert.equal(await ada.page.getByRole("button", { name: "Add pictures" }).count(), 0);
  } finally {
    await Promise.all(people.splice(0).map((someone) => someone.leave()));
    await plainly.remove();
  }
});
