/** @file Pictures without a browser: their ends in the log, their way through tray and outbox, what fits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../static/js/model/apply.js";
import { next, restored, uploads, wordOf } from "../../../static/js/model/outbox.js";
import { alive, boxOf, endOf, gist, lifeLeft, nameOf } from "../../../static/js/model/pictures.js";
import { rowsOf, sameRow } from "../../../static/js/model/rows.js";
import { initialState } from "../../../static/js/model/state.js";
import { faultOf, inBytes, isAnimated, smallerSizes, tooManyPixels } from "../../../static/js/pictures/fit.js";
import { chunk, png } from "../support/files.mjs";
import { deleted, edited, expired, history, image, joined, message, outgoing, tile, welcome } from "./frames.mjs";

const blank = initialState({ identity: null, rooms: [], current: null, outbox: [], drafts: [] });
const play = (state, ...frames) => frames.reduce(apply, state);
const inLobby = (events = [], more = {}) =>
  play(blank, { type: "@enter", nick: "ada", room: "lobby" }, welcome("ada"), { type: "@link", link: { status: "ready" } }, joined(events, more));
const shown = (state) => state.rooms.get("lobby").entries.map(({ seq, images, deleted: gone }) => ({ seq, images, gone: Boolean(gone) }));
const album = message(1, "ada", "two", { images: [image("a", { alt: "a cat" }), image("b")] });
const end = (id, gone, alt) => ({ id, gone, width: 800, height: 600, alt });

test("pictures that end leave their place, as in a fresh load, and only once", () => {
  const live = play(inLobby([album]), expired(2, 1, "a"), deleted(3, 1, "b"), expired(2, 1, "a"), edited(4, 1, "none left"));
  const fresh = inLobby([message(1, "ada", "none left", { edited: true, images: [end("a", "expired", "a cat"), end("b", "deleted", "")] }), expired(2, 1, "a"), deleted(3, 1, "b"), edited(4, 1, "none left")]);
  assert.deepEqual(shown(live), shown(fresh));
  assert.deepEqual(shown(live)[0].images.map(({ gone, alt }) => [gone, alt]), [["expired", "a cat"], ["deleted", ""]]);
});

test("an end that is known before its message is loaded is not lost", () => {
  const whole = play(inLobby([expired(3, 1, "a")], { seq: 3 }), history([album, message(2, "bob", "x")], false));
  assert.equal(endOf(shown(whole)[0].images[0]), "expired");
});

test("a deleted message has no pictures", () => {
  const live = play(inLobby([album]), expired(2, 1, "a"), deleted(3, 1));
  const fresh = inLobby([message(1, "ada", "", { deleted: true, images: [end("a", "expired", ""), end("b", "deleted", "")] }), expired(2, 1, "a"), deleted(3, 1)]);
  assert.deepEqual(shown(live), shown(fresh));
  assert.equal(shown(live)[0].images, undefined);
});

test("a picture is over by this page's clock before the log says so, and the log has the last word", () => {
  const over = play(inLobby([album]), { type: "@over", room: "lobby", target: 1, image: "a" });
  assert.deepEqual(over.rooms.get("lobby").entries[0].images.map(endOf), ["expired", undefined]);
  assert.deepEqual(alive(over.rooms.get("lobby").entries[0]).map(({ id }) => id), ["b"]);
  const said = play(over, deleted(2, 1, "a"));
  assert.equal(endOf(shown(said)[0].images[0]), "deleted");
});

test("pictures go from the tray of their room with their message, and wait to be uploaded", () => {
  const laid = play(inLobby(), { type: "@tray", room: "lobby", tiles: [tile("p1")] }, { type: "@tray", room: "den", tiles: [tile("p9")] });
  const queued = play(laid, { type: "@queued", entry: outgoing("id1", "", { pictures: laid.trays.get("lobby") }) }, { type: "@queued", entry: outgoing("id2", "after") });
  assert.deepEqual([queued.trays.get("lobby"), queued.trays.get("den").length], [[], 1]);
  assert.deepEqual(uploads(queued).map((upload) => [upload.tile.id, upload.room]), [["p1", "lobby"]]);
  assert.equal(next(queued).clientId, "id2", "words need not wait for pictures");
  assert.equal(wordOf(queued), "Sending pictures…");
  const kept = play(queued, { type: "@picture", id: "p1", change: { status: "kept", upload: "u1" } });
  assert.deepEqual([uploads(kept), next(kept).clientId, wordOf(kept)], [[], "id1", null]);
});

const twoPictures = (change = {}) => play(inLobby(), { type: "@queued", entry: outgoing("id1", "", { pictures: [tile("p1"), tile("p2")], ...change }) });
const become = (id, change) => ({ type: "@picture", id, change });
const FAILED = { status: "failed", reason: "Broken." };

test("a message fails with its picture once the others are there, and says which and why", () => {
  const half = play(twoPictures(), become("p1", FAILED));
  assert.equal(half.outbox[0].status, "waiting");
  const failed = play(half, become("p2", { status: "kept", upload: "u2" }));
  assert.deepEqual([failed.outbox[0].status, failed.outbox[0].reason, next(failed)], ["failed", "p1.png: Broken.", undefined]);
  const without = play(failed, become("p1", null));
  assert.deepEqual([without.outbox[0].status, next(without).clientId], ["waiting", "id1"]);
});

test("trying a message again tries its failed pictures again, and no others", () => {
  const failed = play(twoPictures(), become("p1", FAILED), become("p2", { status: "kept", upload: "u2" }));
  const again = play(failed, { type: "@outgoing", clientId: "id1", status: "waiting" });
  assert.deepEqual(uploads(again).map((upload) => upload.tile.id), ["p1"]);
});

test("that a picture failed is said as long as it is there, in its room", () => {
  const failed = play(twoPictures({ text: "words" }), become("p1", FAILED), become("p2", { status: "kept", upload: "u2" }));
  assert.equal(wordOf(failed), "Not sent: p1.png.");
  assert.equal(wordOf(play(failed, { type: "@show", room: "den" })), null);
  for (const end of [{ type: "@discarded", clientId: "id1" }, become("p1", null)]) assert.equal(wordOf(play(failed, end)), null);
});

test("after a reload a message says at once which pictures are lost; the uploaded ones still go", () => {
  const [p1, p2, p3] = [tile("p1", { status: "sending" }), tile("p2", { status: "kept", upload: "u2" }), tile("p3", FAILED)];
  const back = (pictures) => restored(outgoing("id1", "words", { status: "waiting", pictures }));
  const half = back([p1, p2, p3]);
  assert.deepEqual(half.pictures.map(({ status, lost }) => [status, lost]), [["failed", true], ["kept", undefined], ["failed", true]]);
  assert.match(half.reason, /^p1\.png and 1 more: The page was reloaded/);
  assert.deepEqual([half.status, half.pictures[2].reason], ["failed", "Broken."]);
  assert.deepEqual([back([p2]).status, back(undefined).status, restored(outgoing("id2", "x", { status: "failed", reason: "No." })).reason], ["waiting", "waiting", "No."]);
});

test("a message without words goes with its last picture", () => {
  assert.deepEqual(play(twoPictures(), become("p1", null), become("p2", null)).outbox, []);
  assert.equal(play(twoPictures({ text: "words" }), become("p1", null), become("p2", null)).outbox.length, 1);
});

test("a lost connection puts uploads back, and says that a reload would lose them", () => {
  const lost = play(twoPictures(), become("p1", { status: "sending", progress: 0.5 }), { type: "@link", link: { status: "waiting" } });
  assert.deepEqual(lost.outbox[0].pictures.map(({ status, progress }) => [status, progress]), [["waiting", 0], ["waiting", 0]]);
  assert.match(wordOf(lost), /a reload would lose them/);
  assert.deepEqual(uploads(lost), [], "nothing is uploaded before the room is joined");
});

test("a row is drawn anew when a picture on its way has come further", () => {
  const row = (state) => rowsOf(state).findLast(({ kind }) => kind === "message");
  const before = twoPictures();
  assert.ok(sameRow(row(before), row(play(before, { type: "@draft", room: "lobby", text: "x" }))));
  assert.ok(!sameRow(row(before), row(play(before, become("p1", { progress: 0.5 })))));
});

test("life is told coarsely", () => {
  const minutes = 60_000;
  for (const [ms, words] of [[30_000, "< 1 min"], [60.1 * minutes, "60 min"], [91 * minutes, "2 h"], [24 * 60 * minutes, "24 h"], [7 * 24 * 60 * minutes, "7 days"], [-5, "< 1 min"]]) {
    assert.equal(lifeLeft(ms), words);
  }
});

test("a single picture's box is its own shape, never larger than there is room for, never too small to hit", () => {
  assert.deepEqual(boxOf({ width: 4000, height: 3000 }), { wide: 380, ratio: "4000 / 3000" });
  assert.equal(boxOf({ width: 300, height: 3000 }).wide, 64);
  assert.equal(boxOf({ width: 8, height: 8 }).wide, 64);
});

test("a picture has a name, and a message of pictures a line", () => {
  assert.equal(nameOf({ alt: "a cat" }, 0, 1), "Picture: a cat");
  assert.equal(nameOf({ alt: "" }, 1, 3), "Picture 2 of 3, not described");
  assert.deepEqual([gist({ text: "", images: [1] }), gist({ text: "", images: [1, 2] }), gist({ text: "one\ntwo", images: [1] })], ["Picture", "2 pictures", "one"]);
});

const limits = { image_bytes: 10 * 2 ** 20, image_pixels: 40e6 };

test("a wrong kind and a GIF that is too large are refused as they are chosen, with what would be right", () => {
  assert.match(faultOf({ type: "image/svg+xml", size: 1 }, limits), /JPEG, PNG, GIF and WebP/);
  assert.equal(faultOf({ type: "image/gif", size: 12.5 * 2 ** 20 }, limits), "It has 12.5 MB; a picture may have 10 MB.");
  assert.equal(faultOf({ type: "image/jpeg", size: 1e9 }, limits), null, "a photo can be made smaller");
  assert.equal(tooManyPixels(108e6, 40e6), "It has 108 megapixels; a picture may have 40 megapixels.");
  assert.deepEqual([inBytes(1024), inBytes(1.25 * 2 ** 20)], ["1 KB", "1.3 MB"]);
});

test("a photo is made smaller in steps that keep its shape and the limit of pixels", () => {
  const sizes = smallerSizes(12_000, 9_000, 40e6);
  for (const [width, height] of sizes) assert.ok(width * height <= 40e6 && Math.abs(width / height - 4 / 3) < 0.01);
  assert.deepEqual(smallerSizes(400, 300, 40e6)[0], [400, 300]);
  assert.ok(smallerSizes(1e6, 1, 10).every(([width, height]) => width >= 1 && height >= 1));
});

test("what moves is known by its first bytes", () => {
  const still = png(2, 2, () => [0, 0, 0]);
  const moving = png(2, 2, () => [0, 0, 0], [chunk("tEXt", Buffer.from("a\0b")), chunk("acTL", Buffer.alloc(8))]);
  const webp = (flags) => Buffer.from(`RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0${String.fromCharCode(flags)}`, "latin1");
  assert.deepEqual([still, moving, webp(0x10), webp(0x12)].map(isAnimated), [false, true, false, true]);
  assert.equal(isAnimated(Buffer.from("acTL")), false);
  assert.equal(isAnimated(moving.subarray(0, 30)), false, "a torn file is not the page's matter");
});
