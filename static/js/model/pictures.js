/** @file What can be said about a picture without seeing it: whether it has ended, how long it has left, what to call it. Pure. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Why it cannot be seen any more. @param {Picture} picture */
export const endOf = ({ gone, over }) => gone ?? (over ? "expired" : undefined);

/** Whether it waits for a moderator: until then only they and its sender see it. @param {Picture} picture */
export const waits = (picture) => picture.pending === true && !endOf(picture);

/** The pictures that can still be seen. @param {Entry} entry */
export const alive = ({ images = [] }) => images.filter((image) => !endOf(image));

/** Coarse: it is looked at, not watched. @param {number} ms */
export function lifeLeft(ms) {
  if (ms > 1.5 * DAY) return `${Math.round(ms / DAY)} days`;
  if (ms > 1.5 * HOUR) return `${Math.round(ms / HOUR)} h`;
  return ms < MINUTE ? "< 1 min" : `${Math.round(ms / MINUTE)} min`;
}

/** The box of a single picture: its own shape, of a size that leaves room for words. @param {Picture} picture */
export function boxOf({ width, height }) {
  const scale = Math.min(1, 380 / width, 300 / height);
  return { wide: Math.max(64, Math.round(width * scale)), ratio: `${width} / ${height}` };
}

/** A message in one line. @param {{text: string, images?: Picture[]}} entry */
export function gist({ text, images = [] }) {
  const pictures = images.length === 1 ? "Picture" : images.length > 1 ? `${images.length} pictures` : "";
  return text.trimStart().split("\n", 1)[0].slice(0, 160) || pictures;
}

/** How a picture is called by those who cannot see it. @param {Picture} picture @param {number} at @param {number} count */
export function nameOf({ alt }, at, count) {
  const place = count > 1 ? `Picture ${at + 1} of ${count}` : "Picture";
  return alt ? `${place}: ${alt}` : `${place}, not described`;
}

/** @param {State} state when its pictures end is told by the server's clock */
export const serverNow = ({ skewMs }) => Date.now() + skewMs;
