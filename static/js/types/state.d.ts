/*
 * The shape of everything the page knows, and of what can change it.
 *
 * First values stand in model/state.js, the rules in model/apply.js. A state is
 * never changed, only replaced; whatever a stranger can name (rooms, nicks,
 * reactions) is a key of a Map, never of an object.
 */

/** One line of a room's log as people see it, with its edits and reactions in. */
interface Entry {
  kind: "message" | "topic" | "moderated";
  /** 0 while the message is on its way. */
  seq: number;
  /** RFC 3339 */
  at: string;
  nick: string;
  /** The message, or the new topic. */
  text: string;
  images?: Picture[];
  /** What a moderator did. */
  deed?: Wire.Deed;
  edited?: boolean;
  deleted?: boolean;
  replyTo?: number;
  clientId?: string;
  reactions: Reaction[];
}

/** A picture as the log shows it. */
interface Picture extends Wire.Image {
  /** Its time is over by this page's clock; the log has not said so yet. */
  over?: boolean;
}

/**
 * A picture of one's own that is not in the log yet. Its id is the page's, its
 * `thumb_url` an object URL; the file itself is in pictures/desk.js.
 */
interface Tile extends Picture {
  name: string;
  /** Seconds, or `default`. */
  ttl: string;
  /** What was done to the file before sending. */
  note?: string;
  status: "waiting" | "sending" | "kept" | "failed";
  /** From 0 to 1. */
  progress: number;
  /** A sentence, when failed. */
  reason?: string;
  /** Its file went with a reload: trying again is in vain. */
  lost?: boolean;
  /** The server's id, once kept. */
  upload?: string;
}

interface Reaction { emoji: string; nicks: string[] }

/**
 * What later events say about an earlier entry, each with the seq that said it.
 * Kept apart from the entry, which may be loaded after them.
 */
interface Amendment {
  text?: { seq: number; text: string; deleted: boolean };
  reactions: Map<string, { emoji: string; nick: string; on: boolean; seq: number }>;
  /** Pictures that have ended, by id. */
  ends: Map<string, { gone: "expired" | "deleted"; seq: number }>;
  /** Pictures that need not wait any more: by id, the seq that said it. */
  approved: Map<string, number>;
}

interface Room {
  /** As the server spells it; its key is `roomKey(name)`. */
  name: string;
  topic: string;
  /** Its rules; null until the first `joined`. */
  settings: Wire.Settings | null;
  /** null until the first `joined`. */
  epoch: string | null;
  /** On this connection. */
  joined: boolean;
  /** The newest seq applied; everything from `first` to it is here. */
  last: number;
  first: number;
  /** Whether something older can be asked for. */
  more: boolean;
  older: "idle" | "loading" | "failed";
  /** An event was missing: the log must be caught up. */
  gap: boolean;
  /** Entries above it came while the reader was here. */
  liveFrom: number;
  /** By seq. */
  entries: Entry[];
  /** By the seq of their target. */
  amends: ReadonlyMap<number, Amendment>;
  members: ReadonlyMap<string, Wire.Member>;
  /** May be more than the members listed. */
  count: number;
  typing: ReadonlySet<string>;
  unread: number;
  /** Where the unread line stands. */
  unreadFrom: number | null;
  /** The reader is at the bottom. */
  pinned: boolean;
}

/**
 * A message of one's own on its way to the log. `sending` is on this
 * connection's wire, `kept` is acknowledged but not yet seen in the log.
 */
interface Outgoing {
  clientId: string;
  room: string;
  text: string;
  pictures?: Tile[];
  replyTo?: number;
  at: string;
  status: "waiting" | "sending" | "kept" | "failed";
  /** A sentence, when failed. */
  reason?: string;
  /** When kept. */
  seq?: number;
}

interface Link {
  status: "idle" | "connecting" | "ready" | "waiting" | "stopped";
  /** Milliseconds since 1970, when waiting. */
  retryAt?: number;
  /** The close code, when waiting or stopped. */
  code?: number;
  reason?: string;
}

interface Identity { nick: string; token: string | null; account?: boolean }
/** How one comes in: with the login that this browser has, as a guest, or with a password. */
type Way = "known" | "guest" | "log-in" | "register";
interface Composing { mode: "reply" | "edit"; seq: number }

interface State {
  /** Who this tab is; null shows the first screen. */
  identity: Identity | null;
  /** The account that this browser is logged in as, as far as the page knows. */
  account: string | null;
  /** On the first screen. */
  way: Way;
  /** A name that the server has not accepted yet; null: whom the login names. */
  entering: { nick: string | null } | null;
  /** Why it did not, and about which field that is. */
  refusal: { message: string; nick: string; field?: string } | null;
  /** Why one was sent out. */
  verdict: string | null;
  me: Wire.User | null;
  limits: Wire.Limits | null;
  link: Link;
  rooms: ReadonlyMap<string, Room>;
  /** Key of the room on screen. */
  current: string | null;
  open: Wire.RoomSummary[];
  outbox: Outgoing[];
  /** By room key. */
  drafts: ReadonlyMap<string, string>;
  /** Pictures chosen and not sent yet, by room key. */
  trays: ReadonlyMap<string, Tile[]>;
  composing: Composing | null;
  /** The picture that is looked at. */
  viewing: { seq: number; image: string } | null;
  /** A sentence about something that did not work. */
  notice: string | null;
  /** A quiet word about pictures on their way. */
  aside: string | null;
  /** The server's clock minus this page's. */
  skewMs: number;
  visible: boolean;
}

/** What a tab remembers over a reload: rooms by name. */
interface Remembered {
  identity: Identity | null;
  rooms: string[];
  current: string | null;
  outbox: Outgoing[];
  drafts: [string, string][];
  account?: string | null;
}

/** What the person or the connection did: it changes the state like a frame of the server's. */
type LocalFrame =
  | { type: "@way"; way: Way }
  | { type: "@log-in"; nick: string }
  | { type: "@enter"; nick: string | null; room: string }
  | { type: "@refused"; message: string; field?: string }
  | { type: "@login-ended"; message: string }
  | { type: "@account"; account: string | null }
  | { type: "@forget-token" }
  | { type: "@sign-out" }
  | { type: "@link"; link: Link }
  | { type: "@want"; room: string }
  | { type: "@unwant"; room: string }
  | { type: "@show"; room: string }
  | { type: "@visible"; visible: boolean }
  | { type: "@pinned"; room: string; pinned: boolean }
  | { type: "@older"; room: string; older: Room["older"] }
  | { type: "@queued"; entry: Outgoing }
  | { type: "@outgoing"; clientId: string; status: Outgoing["status"]; reason?: string }
  | { type: "@discarded"; clientId: string }
  | { type: "@draft"; room: string; text: string }
  | { type: "@compose"; composing: Composing | null }
  | { type: "@tray"; room: string; tiles: Tile[] }
  | { type: "@picture"; id: string; change: Partial<Tile> | null }
  | { type: "@over"; room: string; target: number; image: string }
  | { type: "@view"; viewing: State["viewing"] }
  | { type: "@clock"; skewMs: number }
  | { type: "@aside"; aside: string | null }
  | { type: "@notice"; notice: string | null };

type Frame = Wire.ServerFrame | LocalFrame;
type FrameType = Frame["type"];
type Rules = { [T in FrameType]?: (state: State, frame: Extract<Frame, { type: T }>) => State };

/** What the person can ask for; done in intents.js. */
type Intent =
  | { type: "way"; way: Way }
  | { type: "enter"; nick: string; room: string }
  | { type: "log-out" }
  | { type: "sign-out" }
  | { type: "show"; room: string }
  | { type: "leave" }
  | { type: "send"; text: string }
  | { type: "typed"; on: boolean }
  | { type: "draft"; text: string }
  | { type: "compose"; composing: Composing | null }
  | { type: "edit"; seq: number; text: string }
  | { type: "delete"; seq: number }
  | { type: "approve"; seq: number; image: string }
  | { type: "react"; seq: number; emoji: string; on: boolean }
  | { type: "retry"; clientId: string }
  | { type: "discard"; clientId: string }
  | { type: "without"; clientId: string }
  | { type: "add"; files: File[] }
  | { type: "tile"; id: string; change: Partial<Tile> | null }
  | { type: "withdraw"; id: string }
  | { type: "view"; viewing: State["viewing"] }
  | { type: "missing"; seq: number; image: string }
  | { type: "take-back"; image: string }
  | { type: "older" }
  | { type: "pinned"; pinned: boolean }
  | { type: "reconnect" }
  | { type: "rooms" }
  | { type: "dismiss" };
type IntentTable = { [T in Intent["type"]]: (intent: Extract<Intent, { type: T }>) => void };

/** A line of the log on screen. */
type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "topic" | "moderated"; key: string; entry: Entry }
  | MessageRow;
interface MessageRow {
  kind: "message";
  key: string;
  entry: Entry;
  mine: boolean;
  /** The reader keeps the peace here. */
  keeper: boolean;
  /** Under the entry before it, by the same person. */
  grouped: boolean;
  /** Said while the reader was here, by somebody else. */
  news: boolean;
  quoted?: Entry;
  /** Absent once it is in the log. */
  fate?: Outgoing["status"];
  reason?: string;
}

/** A piece of marked-up text. */
type Markup =
  | { kind: "text" | "code" | "block"; text: string }
  | { kind: "bold" | "italic"; parts: Markup[] }
  | { kind: "link"; text: string; href: string };

interface Clock {
  now(): number;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number | undefined): void;
}

/** Storage of this tab and of this device; null where the browser forbids it. */
interface Places { tab: Storage | null; device: Storage | null }
