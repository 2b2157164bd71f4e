/*
 * The frames that the page sends and receives, as types.
 *
 * Only shapes live here; what they mean stands in docs/protocol.md. The file is
 * read by `tsc --checkJs` and by editors, never by a browser.
 */
declare namespace Wire {
  interface From { nick: string; guest: boolean }
  interface User extends From { role: string }
  /** `was` stands in a `changed` entry after a rename. */
  interface Member extends User { state: "online" | "away" | "reconnecting" | "offline"; was?: string }
  interface Limits {
    frame_bytes: number;
    text_chars: number;
    image_bytes: number;
    image_pixels: number;
    /** 0: no pictures. */
    images_per_message: number;
    [limit: string]: number;
  }

  /** A picture of a message. Once it is gone, only its place is left. */
  interface Image {
    id: string;
    width: number;
    height: number;
    alt: string;
    url?: string;
    thumb_url?: string;
    type?: string;
    bytes?: number;
    expires_at?: string;
    gone?: "expired" | "deleted";
    /** It waits for a moderator: until then only they and its sender see it. */
    pending?: boolean;
  }
  /** The answer to an upload. */
  interface Uploaded extends Image { metadata_removed: string[] }

  /** Every event of a room's log has these. */
  interface Logged { room: string; seq: number; at: string; from: From }
  interface Message extends Logged {
    type: "message";
    text: string;
    images?: Image[];
    reply_to?: number;
    client_id?: string;
    edited?: boolean;
    deleted?: boolean;
  }
  interface Edited extends Logged { type: "edited"; target: number; text: string; deleted?: boolean }
  /** The whole message, or one picture of it. */
  interface Deleted extends Logged { type: "deleted"; target: number; image?: string }
  interface Reacted extends Logged { type: "reacted"; target: number; emoji: string; on: boolean }
  interface Expired extends Logged { type: "expired"; target: number; image: string }
  interface Topic extends Logged { type: "topic"; topic: string }
  /** A picture that waited may be seen. */
  interface Approved extends Logged { type: "approved"; target: number; image: string }
  /** A room's rules. */
  interface Settings { visibility: string; guests: boolean; slow_s: number; topic_locked: boolean }
  /** What a moderator did, as everybody reads it. Later servers may know more actions. */
  interface Deed { action: string; nick?: string; until?: string; role?: string; settings?: Settings }
  interface Moderated extends Logged, Deed { type: "moderated" }
  type LogEvent = Message | Edited | Deleted | Reacted | Expired | Topic | Approved | Moderated;

  /** A reply repeats the `id` of its request. */
  interface Reply { id?: string }
  interface Welcome extends Reply {
    type: "welcome";
    protocol: number;
    server: { name: string; version: string };
    session: string;
    user: User;
    resume: { token: string; grace_ms: number };
    heartbeat: { interval_ms: number; timeout_ms: number };
    limits: Limits;
    rooms: string[];
    resumed?: boolean;
  }
  interface Joined extends Reply {
    type: "joined";
    room: { name: string; topic: string; epoch: string; seq: number } & Settings;
    members: Member[];
    count: number;
    events: LogEvent[];
    complete: boolean;
  }
  interface Left extends Reply { type: "left"; room: string }
  interface Sent extends Reply {
    type: "sent";
    room: string;
    epoch: string;
    seq: number;
    at: string;
    client_id?: string;
    duplicate: boolean;
  }
  interface RoomSummary { name: string; topic: string; count: number }
  interface Rooms extends Reply { type: "rooms"; rooms: RoomSummary[]; more: boolean }
  interface History extends Reply { type: "history"; room: string; epoch: string; events: LogEvent[]; more: boolean }
  interface Pong extends Reply { type: "pong"; at: string }
  interface Failure extends Reply {
    type: "error";
    code: string;
    message: string;
    field?: string;
    retry_after_ms?: number;
  }
  interface Presence {
    type: "presence";
    room: string;
    joined: Member[];
    left: Member[];
    changed: Member[];
    count: number;
  }
  interface Typing { type: "typing"; room: string; nick: string; on: boolean }
  /** To whom it was done; without a room it is about the whole server. */
  interface Moderation { type: "moderation"; room?: string; action: string; by: string; reason: string; until?: string }
  interface Closing { type: "closing"; code: number; reason: string; reconnect_after_ms?: number }

  type ServerFrame =
    | Welcome | Joined | Left | Sent | Rooms | History | Pong | Failure
    | LogEvent | Presence | Typing | Moderation | Closing;

  type ClientFrame = { id?: string } & (
    | { type: "hello"; nick?: string; resume?: string }
    | { type: "join"; room: string; after?: { epoch: string; seq: number }; limit?: number; invite?: string }
    | { type: "leave"; room: string }
    | { type: "send"; room: string; text?: string; images?: string[]; reply_to?: number; client_id?: string }
    | { type: "edit"; room: string; seq: number; text: string }
    | { type: "delete"; room: string; seq: number }
    | { type: "approve"; room: string; seq: number; image: string }
    | { type: "react"; room: string; seq: number; emoji: string; on: boolean }
    | { type: "typing"; room: string; on: boolean }
    | { type: "history"; room: string; before?: number; after?: number; limit?: number }
    | { type: "rooms" }
    | { type: "ping" }
  );
}
