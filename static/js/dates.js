/** @file Times and days as the reader's own locale writes them. */

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const nearDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const farDay = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
/** @type {[string, number][]} */
const SPANS = [["days", 86_400_000], ["h", 3_600_000], ["min", 60_000]];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {string} at RFC 3339 */
export const timeOf = (at) => clock.format(new Date(at));

/** @param {string} at RFC 3339 */
export const exactTimeOf = (at) => exact.format(new Date(at));

/** "today", "yesterday", else the date. @param {string} at RFC 3339 @param {Date} now */
export function dayNameOf(at, now = new Date()) {
  const date = new Date(at);
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  if (days === 0 || days === -1) return relative.format(days, "day");
  return (date.getFullYear() === now.getFullYear() ? nearDay : farDay).format(date);
}

/** "until 18:00", with the day unless it is today. @param {string} at RFC 3339 @param {Date} now */
export function untilOf(at, now = new Date()) {
  const date = new Date(at);
  return `until ${(midnight(date) === midnight(now) ? clock : dayAndTime).format(date)}`;
}

/** How long something takes, roughly. @param {number} ms */
export function spanOf(ms) {
  const [unit, size] = SPANS.find(([, length]) => ms >= 2 * length) ?? ["s", 1_000];
  return `${Math.ceil(ms / size)} ${unit}`;
}

/** @param {Date} date */
const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
