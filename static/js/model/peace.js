/** @file What keeping the peace is called: in the log, and to the person whom it concerns. Pure but for the reader's own calendar. */
import { untilOf } from "../dates.js";

/** What a moderator did: the words before and behind whom. @type {Record<string, [string, string?]>} */
const DEEDS = {
  kicked: ["sent", "out"], muted: ["muted"], unmuted: ["let", "speak again"], banned: ["banned"], unbanned: ["let", "come in again"],
  removed: ["removed what", "said"], role: ["made"], settings: ["changed the rules of the room:"],
};

/** The same, to whom it was done. @type {Record<string, string>} */
const TOLD = {
  kicked: "sent you out of", muted: "muted you in", unmuted: "lets you speak again in", banned: "banned you from",
  unbanned: "lets you come back to", removed: "removed what you said in",
};

/** After these one is outside. */
const OUT = ["kicked", "banned"];

/** A line of the log in parts: what was done, to whom, and the rest. @param {Wire.Deed} deed */
export function deedOf({ action, nick = "", until, role, settings }) {
  const [what, rest] = Object.hasOwn(DEEDS, action) ? DEEDS[action] : ["moderated"];
  const more = [rest, role && rank(role), settings && rulesOf(settings), until && untilOf(until)];
  return { what, whom: nick, more: more.filter(Boolean).join(" ") };
}

/** @param {Wire.Moderation} frame whether whom it is said to is outside from now on */
export const isOut = ({ action }) => OUT.includes(action);

/** What was done to the person at this page, by whom, where, until when and why. @param {Wire.Moderation} frame */
export function toldOf({ action, by, room, until, reason }) {
  const what = Object.hasOwn(TOLD, action) ? TOLD[action] : "moderated you in";
  const where = room === undefined ? "this server" : `#${room}`;
  return `${by} ${what} ${where}${until ? ` ${untilOf(until)}` : ""}.${reason ? ` Reason: ${reason}` : ""}`;
}

/** @param {string} role */
const rank = (role) => (role === "owner" ? "an owner" : role === "moderator" ? "a moderator" : "a member");

/** What is so in every room is not said. @param {Wire.Settings} settings */
export function rulesOf({ visibility, guests, slow_s: slow, topic_locked: locked }) {
  const rules = [
    visibility === "private" ? "by invitation only" : "open to all", slow > 0 && `${slow} s between messages`,
    !guests && "no guests", locked && "moderators set the topic",
  ];
  return rules.filter(Boolean).join(", ");
}

/** Who may read a room, as its header says it. @param {Wire.Settings | null} settings */
export const readersOf = (settings) =>
  settings?.visibility === "private" ? "Private room: whoever was invited can read it." : "Open room: whoever reaches this server can read it.";
