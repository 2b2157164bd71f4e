/** @file Whether a file can be sent as a picture, and how much smaller it must be. Pure. */

const TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const MIB = 2 ** 20;

/** The sentence is for the person. */
export class Unfit extends Error {}

/** What is wrong with a file as it was chosen, or null. @param {{type: string, size: number}} file @param {Wire.Limits} limits */
export function faultOf({ type, size }, { image_bytes: most }) {
  if (!TYPES.includes(type)) return "Only JPEG, PNG, GIF and WebP pictures can be sent.";
  return type === "image/gif" && size > most ? tooLarge(size, most) : null;
}

/** @param {number} bytes @param {number} most */
export const tooLarge = (bytes, most) => `It has ${inBytes(bytes)}; a picture may have ${inBytes(most)}.`;

/** @param {number} pixels @param {number} most */
export const tooManyPixels = (pixels, most) => `It has ${inMegapixels(pixels)}; a picture may have ${inMegapixels(most)}.`;

/** @param {number} bytes */
export const inBytes = (bytes) => (bytes < MIB ? `${Math.ceil(bytes / 1024)} KB` : `${rounded(bytes / MIB)} MB`);

/** @param {number} pixels */
const inMegapixels = (pixels) => `${rounded(pixels / 1e6)} megapixels`;

/** @param {number} value */
const rounded = (value) => String(Number(value.toPrecision(value < 10 ? 2 : 3)));

/** Sizes to try, one after the other, each within the limit of pixels. @param {number} width @param {number} height @param {number} most @returns {[number, number][]} */
export function smallerSizes(width, height, most) {
  const first = Math.min(1, Math.sqrt(most / (width * height)));
  return [1, 0.75, 0.55, 0.4, 0.25, 0.15].map((step) => [side(width * first * step), side(height * first * step)]);
}

/** @param {number} length */
const side = (length) => Math.max(1, Math.floor(length));

/** Whether a file's beginning says that it moves (APNG, animated WebP): one picture of it would not be the same. @param {Uint8Array} bytes */
export function isAnimated(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, 32));
  if (text.startsWith("RIFF")) return text.slice(8, 16) === "WEBPVP8X" && (bytes[20] & 2) !== 0;
  return text.startsWith("\x89PNG") && chunksOf(bytes).includes("acTL");
}

/** The names of a PNG's chunks before its pixels. @param {Uint8Array} bytes */
function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names = [];
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "IDAT") break;
    names.push(name);
  }
  return names;
}
