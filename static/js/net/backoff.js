/**
 * @file What to do after a connection has closed. Pure; `connection.js` carries it out.
 *
 * Invariant: 4500–4999 is never retried, and no two pages that lost the same
 * server come back in step.
 */

const BASE_MS = 500;
const LONGEST_MS = 30_000;
/** The server spreads its own figure; this keeps equal figures apart. */
const SPREAD = 0.3;

/**
 * Milliseconds until the next attempt, or null to stay away.
 * @param {number} code 1006 when there was none
 * @param {number | undefined} askedMs `reconnect_after_ms` of the `closing` frame
 * @param {number} failures in a row before this one
 * @param {() => number} random from 0 up to 1
 */
export function delayAfter(code, askedMs, failures, random) {
  if (code >= 4500 && code <= 4999) return null;
  if (askedMs !== undefined) return askedMs * (1 + SPREAD * random());
  return random() * Math.min(LONGEST_MS, BASE_MS * 2 ** Math.min(failures + 1, 16));
}

const sentences = new Map([
  [4500, "A moderator has removed you from this server."],
  [4501, "The server refused what this page sent."],
  [4502, "You are talking from another window now."],
  [4503, "Your login has ended."],
  [4504, "The server no longer knows this session. Please come in anew."],
]);

/** Why the page stays away. @param {number} code @param {string} reason */
export const sentenceFor = (code, reason) => sentences.get(code) ?? `The server closed the connection. ${reason}`;
