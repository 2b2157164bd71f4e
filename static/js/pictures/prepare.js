/**
 * @file Makes a chosen file ready to be sent: measures it, and makes a photo smaller that is beyond the limits.
 *
 * Invariant: what fits is sent as it is, byte for byte; what moves is never touched.
 */
import { Unfit, inBytes, isAnimated, smallerSizes, tooLarge, tooManyPixels } from "./fit.js";

/** @typedef {{file: Blob} & Partial<Tile>} Prepared the file, and what is known of it now */

const HEAD_BYTES = 2 ** 20;
const QUALITY = 0.86;

/** @param {File} file of an accepted type @param {string} url of the same @param {Wire.Limits} limits @returns {Promise<Prepared>} */
export async function prepare(file, url, { image_bytes: bytes, image_pixels: most }) {
  const size = await measured(url);
  const pixels = (size?.width ?? 0) * (size?.height ?? 0);
  if (file.size <= bytes && pixels <= most) return { file, ...(size ?? { thumb_url: undefined }) };
  const moves = file.type === "image/gif" || isAnimated(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  const smaller = size && !moves ? await shrunk(file, smallerSizes(size.width, size.height, most), bytes) : null;
  if (!smaller) throw new Unfit(file.size > bytes ? tooLarge(file.size, bytes) : tooManyPixels(pixels, most));
  return { ...smaller, note: `Made smaller: ${inBytes(file.size)} became ${inBytes(smaller.file.size)}, without its hidden details.` };
}

/** What this browser cannot read is for the server to judge. @param {string} url @returns {Promise<{width: number, height: number} | null>} */
function measured(url) {
  const image = new Image();
  return new Promise((resolve) => {
    image.onload = () => resolve({ width: image.naturalWidth, height: image.naturalHeight });
    image.onerror = () => resolve(null);
    image.src = url;
  });
}

/** The largest that fits, upright; null if none does. @param {File} file @param {[number, number][]} sizes @param {number} most bytes */
async function shrunk(file, sizes, most) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!bitmap || !pen) return null;
  pen.imageSmoothingQuality = "high";
  for (const [width, height] of sizes) {
    Object.assign(canvas, { width, height });
    pen.drawImage(bitmap, 0, 0, width, height);
    const type = file.type === "image/jpeg" ? file.type : "image/webp";
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
    if (blob && blob.size <= most) return bitmap.close(), { file: blob, width, height };
  }
  return null;
}
