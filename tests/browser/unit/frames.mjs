/** @file Frames as the server sends them, for tests of pure modules. */

export const account = (nick, role = "member") => ({ nick, guest: false, role });
export const user = (nick) => ({ nick, guest: true, role: "guest" });
export const member = (nick, state = "online") => ({ ...user(nick), state });
const from = (nick) => ({ nick, guest: true });
const at = (seq) => new Date(Date.UTC(2026, 10, 22, 18, 0, seq)).toISOString();

export const message = (seq, nick, text, more = {}) => ({ type: "message", room: "lobby", seq, at: at(seq), from: from(nick), text, ...more });
export const edited = (seq, target, text, more = {}) => ({ type: "edited", room: "lobby", seq, at: at(seq), from: from("ada"), target, text, ...more });
export const deleted = (seq, target, image) => ({ type: "deleted", room: "lobby", seq, at: at(seq), from: from("ada"), target, image });
export const expired = (seq, target, image) => ({ type: "expired", room: "lobby", seq, at: at(seq), from: from("ada"), target, image });
export const reacted = (seq, nick, target, emoji, on = true) => ({ type: "reacted", room: "lobby", seq, at: at(seq), from: from(nick), target, emoji, on });
export const topic = (seq, text) => ({ type: "topic", room: "lobby", seq, at: at(seq), from: from("ada"), topic: text });
export const moderated = (seq, action, more = {}) => ({ type: "moderated", room: "lobby", seq, at: at(seq), from: { nick: "mia", guest: false }, action, ...more });
export const approved = (seq, target, image) => ({ type: "approved", room: "lobby", seq, at: at(seq), from: { nick: "mia", guest: false }, target, image });
/** Of a kind that this page does not know. */
export const strange = (seq, more = {}) => ({ type: "weather", room: "lobby", seq, at: at(seq), from: from("ada"), sky: "blue", ...more });
export const moderation = (action, more = {}) => ({ type: "moderation", room: "lobby", action, by: "mia", reason: "", ...more });
export const rules = (more = {}) => ({ visibility: "open", guests: true, slow_s: 0, topic_locked: false, ...more });

export const welcome = (nick, rooms = []) => ({
  type: "welcome", user: user(nick), resume: { token: `token-of-${nick}`, grace_ms: 30_000 },
  heartbeat: { interval_ms: 20_000, timeout_ms: 50_000 }, limits: { frame_bytes: 16_384, text_chars: 4_000 }, rooms,
});
export const joined = (events, { seq = events.at(-1)?.seq ?? 0, epoch = "e1", complete = true, members = [member("ada"), member("bob")] } = {}) => ({
  type: "joined", room: { name: "lobby", topic: "", ...rules(), epoch, seq }, members, count: members.length, events, complete,
});
export const history = (events, more, epoch = "e1") => ({ type: "history", room: "lobby", epoch, events, more });
export const sent = (seq, clientId, more = {}) => ({ type: "sent", room: "lobby", epoch: "e1", seq, at: at(seq), client_id: clientId, duplicate: false, ...more });
export const presence = (lists) => ({ type: "presence", room: "lobby", joined: [], left: [], changed: [], count: 2, ...lists });
export const outgoing = (clientId, text, more = {}) => ({ clientId, room: "lobby", text, at: at(100), status: "waiting", ...more });
export const image = (id, more = {}) => ({
  id, url: `/uploads/${id}`, thumb_url: `/uploads/${id}/thumb`, width: 800, height: 600, type: "image/png", bytes: 9, alt: "", expires_at: at(500), ...more,
});
export const tile = (id, more = {}) => ({ id, name: `${id}.png`, ttl: "default", alt: "", width: 8, height: 6, status: "waiting", progress: 0, ...more });
