/** @file Pictures as tests choose them: painted here, pixel by pixel, so that none has to be kept. */
import { crc32, deflateSync } from "node:zlib";

/** A PNG. @param {number} width @param {number} height @param {(x: number, y: number) => number[]} paint red, green, blue */
export function png(width, height, paint, extra = []) {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: width }, (_, x) => paint(x / width, y / height).map((part) => Math.max(0, Math.min(255, Math.round(part))))).flat()]));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const parts = [chunk("IHDR", head), ...extra, chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]);
}

/** @param {string} name @param {Buffer} data */
export function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** One colour all over: enough to be told from the others. */
export const plain = (width, height, ...colour) => png(width, height, () => colour);

/** No two pixels alike, so that nothing makes it smaller than it is. */
export function noise(width, height) {
  let seed = 1;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647) % 256;
  return png(width, height, () => [next(), next(), next()]);
}

/** An Exif block that says where a photo was taken: one directory that points to another with a latitude. */
export function somewhere() {
  const entry = (tag, type, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    bytes.write(typeof value === "string" ? value : "", 8, "latin1");
    if (typeof value === "number") bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const directory = (...entries) => Buffer.concat([Buffer.from([entries.length, 0]), ...entries, Buffer.alloc(4)]);
  const first = directory(entry(0x8825, 4, 1, 26));
  return chunk("eXIf", Buffer.concat([Buffer.from("II*\0\x08\0\0\0", "latin1"), first, directory(entry(1, 2, 2, "N\0"))]));
}

/** A file as a browser's chooser takes it. */
export const file = (name, buffer, mimeType = "image/png") => ({ name, mimeType, buffer });

const mix = (a, b, part) => a.map((value, i) => value + (b[i] - value) * Math.max(0, Math.min(1, part)));
const dot = (x, y, cx, cy, r, blur) => Math.max(0, Math.min(1, (r - Math.hypot(x - cx, y - cy)) / blur));
const hill = (x, height, wide, shift) => height + 0.07 * Math.sin(x * wide + shift) + 0.03 * Math.sin(x * wide * 2.7 + shift * 3);

/** Small landscapes and still lifes: they look like something, and no two alike. */
export const scenes = {
  hills(x, y) {
    let colour = mix([255, 214, 158], [120, 168, 190], 1 - y * 1.7);
    colour = mix(colour, [255, 245, 215], dot(x * 1.8, y, 1.3, 0.3, 0.09, 0.015));
    for (const [at, tone, wide, shift] of [[0.5, [131, 150, 148], 5, 1], [0.62, [86, 118, 104], 4, 2.3], [0.76, [48, 78, 66], 3, 4]]) {
      colour = mix(colour, tone, (y - hill(x, at, wide, shift)) * 160);
    }
    return colour;
  },
  lemon(x, y) {
    let colour = mix([222, 229, 214], [168, 186, 160], x * 0.6 + y * 0.6);
    for (const [cx, cy] of [[0.25, 0.3], [0.72, 0.22], [0.8, 0.7], [0.2, 0.78]]) {
      const [u, v] = [(x - cx) * 0.8 + (y - cy) * 0.6, (y - cy) * 0.8 - (x - cx) * 0.6];
      colour = mix(colour, [74 + 60 * u, 120, 70], dot(u * 0.55, v * 1.6, 0, 0, 0.13, 0.015));
    }
    const [u, v] = [x - 0.5, (y - 0.54) * 0.92];
    const lemon = Math.min(1, Math.max(0, (0.26 - Math.hypot(u * 0.82, v) - 0.02 * Math.cos(Math.atan2(v, u) * 2)) / 0.01));
    return mix(colour, mix([255, 240, 140], [214, 160, 32], Math.hypot(x - 0.42, y - 0.44) * 2.4), lemon);
  },
  night(x, y) {
    let colour = mix([18, 24, 48], [70, 66, 104], y * 1.2);
    for (let star = 1; star < 40; star++) colour = mix(colour, [240, 236, 220], dot(x, y, (star * 0.618) % 1, ((star * star * 0.131) % 1) * 0.6, 0.004, 0.004));
    colour = mix(colour, [250, 240, 205], dot(x, y, 0.7, 0.25, 0.09, 0.01));
    colour = mix(colour, [30, 34, 62], dot(x, y, 0.735, 0.235, 0.08, 0.01));
    return mix(colour, [10, 14, 24], (y - hill(x, 0.78, 6, 1)) * 160);
  },
  lamp(x, y) {
    let colour = mix([244, 226, 190], [120, 84, 60], Math.hypot(x - 0.5, y - 0.35) * 1.5);
    if (y > 0.78) colour = mix([96, 62, 44], [70, 44, 32], y);
    const shade = Math.abs(x - 0.5) < 0.1 + (y - 0.2) * 0.45 && y > 0.2 && y < 0.5;
    if (shade) colour = mix([255, 236, 180], [226, 150, 70], (y - 0.2) * 2.2 + Math.abs(x - 0.5));
    return Math.abs(x - 0.5) < 0.014 && y >= 0.5 && y < 0.8 ? [60, 44, 38] : colour;
  },
};
