//! The configuration: what an operator may change, as typed values.
//!
//! Here are the values and their defaults. `table` has one row a key (name, unit, rule, words), and
//! parsing, `parlor config` and `docs/configuration.md` all follow it; `sources` says who beats
//! whom; `refusal` says what is told of a value that does not fit. Reading files and variables is
//! the program's business (`src/cli.rs`): nothing here touches the world outside.
//!
//! The invariant: a [`Config`] that came out of [`Resolved::new`] keeps every rule of the table.

mod environment;
mod file;
mod listing;
mod manual;
mod nearest;
mod origin;
mod raw;
mod refusal;
mod row;
mod setting;
mod sources;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::{Keep, Networks};

pub use environment::CONFIG_VARIABLE;
pub use listing::listing;
pub use manual::manual;
pub use refusal::Refusal;
pub use sources::{FileText, Inputs, Resolved, Source};

/// Everything that an operator may change.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 lets the system pick one.
    pub listen: SocketAddr,
    /// The directory under which everything lies that is ever created or deleted.
    pub data: PathBuf,
    /// Threads that carry connections; 0 is one per core.
    pub workers: usize,
    /// Web origins besides the server's own, each as a browser spells it (`https://host[:port]`).
    pub origins: Vec<String>,
    /// Proxies whose word about a request's sender counts.
    pub trusted_proxies: Networks,
    /// Whether and how connections are encrypted.
    pub tls: Tls,
    /// Whether people without an account may come in.
    pub guests: bool,
    /// Who may have an account.
    pub accounts: Accounts,
    /// How long a login lasts.
    pub logins: Logins,
    /// What is forgotten, and when.
    pub privacy: Privacy,
    /// What an acknowledgement survives.
    pub durability: Durability,
    /// How dead connections are found.
    pub heartbeat: Heartbeat,
    /// How long a dropped guest's name waits.
    pub resume: Resume,
    /// What one client may ask of the server.
    pub limits: Limits,
    /// How long the log is kept.
    pub history: History,
    /// What rooms there may be.
    pub rooms: Rooms,
    /// The life of pictures.
    pub images: Images,
    /// The pace of the janitor.
    pub janitor: JanitorConfig,
}

/// Who may have an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Accounts {
    /// Who may register.
    pub registration: Registration,
    /// Accounts that there may be.
    pub max: usize,
    /// Seconds for which the name of a deleted account is nobody's.
    pub quarantine_s: u64,
}

/// Who may register over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody: the operator adds accounts.
    Off,
}

/// How long a login lasts, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Logins {
    /// Without being used.
    pub idle_s: u64,
    /// However much it is used.
    pub max_s: u64,
}

/// What is forgotten, and when, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Privacy {
    /// The end of the addresses that logins show.
    pub addresses_s: u64,
    /// What moderators and owners did.
    pub audit_s: u64,
}

/// The files of TLS: both or neither.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The certificate, then those that vouch for it, as PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, as PEM.
    pub key: Option<PathBuf>,
}

/// Every value, as a `--set` and a line of a file would say it.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn assignments(config: &Config) -> Vec<String> {
    table::ROWS.iter().map(|row| format!("{}={}", row.key, row.show(config))).collect()
}

/// What an acknowledged event survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The death of the process.
    Normal,
    /// A power cut, too: every commit waits for the disk.
    Full,
}

/// Pings and silence, in milliseconds; `timeout_ms` is more than `interval_ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// Between two pings.
    pub interval_ms: u64,
    /// Silence after which a peer counts as gone.
    pub timeout_ms: u64,
}

/// What a drop leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Resume {
    /// Milliseconds for which name and room places are held.
    pub grace_ms: u64,
}

/// What one client may ask of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of one inbound frame or reassembled message.
    pub frame_bytes: usize,
    /// Characters of one text.
    pub text_chars: usize,
    /// Messages a second in the long run; 0 is no limit.
    pub messages_per_second: u64,
    /// Messages that may come at once.
    pub burst: u64,
    /// Rooms that one session may be in.
    pub rooms: usize,
    /// Bytes that may wait for one slow reader.
    pub backlog_bytes: usize,
    /// Open connections; 0 is as many as the file limit allows.
    pub connections: usize,
    /// Open connections from one address; 0 is no limit.
    pub connections_per_address: usize,
    /// Milliseconds from the upgrade to `hello`.
    pub hello_ms: u64,
    /// Milliseconds from the first byte of a request over HTTP to the end of its head.
    pub head_ms: u64,
    /// Milliseconds from one byte of an answer over HTTP that is taken to the next.
    pub unread_ms: u64,
    /// Events of the longest catch-up that one `join` proves.
    pub catch_up_events: usize,
    /// Bytes of one uploaded picture.
    pub image_bytes: u64,
    /// Pixels of one uploaded picture.
    pub image_pixels: u64,
    /// Pictures of one message.
    pub images_per_message: usize,
    /// Different reactions of one message; 0 is no limit.
    pub reactions_per_message: u32,
    /// Uploads a minute of one person.
    pub uploads_per_minute: u64,
    /// Joins a minute of one person.
    pub joins_per_minute: u64,
    /// Changes of name a minute of one person.
    pub renames_per_minute: u64,
    /// Reports of typing a minute of one person.
    pub typing_per_minute: u64,
    /// Hellos a minute from one address.
    pub hellos_per_minute: u64,
    /// Registrations an hour from one address.
    pub registrations_per_hour: u64,
    /// Tries to log in a minute from one address.
    pub logins_per_minute: u64,
    /// Sessions of one account.
    pub connections_per_user: usize,
    /// Rooms that one account has created.
    pub rooms_created: usize,
}

/// How long the log is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// In every room that `rooms` does not name.
    pub keep: Keep,
    /// By room, under its [`RoomKey`](super::RoomKey) as a string.
    pub rooms: BTreeMap<String, Keep>,
}

/// What rooms there may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Rooms {
    /// Whether `join` of an unknown room creates it.
    pub open_creation: bool,
    /// Rooms that may exist.
    pub max: usize,
}

/// The life of pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Seconds that a picture lives when its sender does not say.
    pub default_ttl_s: u64,
    /// The longest life that a sender may ask for, in seconds.
    pub max_ttl_s: u64,
    /// Seconds within which an upload has to be sent in a message.
    pub claim_s: u64,
    /// Milliseconds between two looks for expired pictures.
    pub sweep_ms: u64,
    /// Bytes that all pictures together may take.
    pub disk_bytes: u64,
    /// Percent of `disk_bytes` that the pictures of one room may take.
    pub room_share: u64,
    /// Percent of `disk_bytes` that the pictures of one person may take.
    pub person_share: u64,
    /// What happens to an upload that does not fit any more.
    pub when_full: WhenFull,
    /// What becomes of the pictures of guests.
    pub guests: GuestPictures,
}

/// What becomes of the pictures of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestPictures {
    /// Everybody sees them.
    Open,
    /// Everybody sees them once a moderator has let them.
    Review,
    /// There are none.
    Off,
}

/// What happens to an upload for which there is no room under the limits of `images`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused: every picture lives as long as was promised.
    Refuse,
    /// The oldest pictures go before their time, with tombstones.
    OldestGo,
}

/// The pace of the janitor.
#[derive(Clone, Debug, PartialEq)]
pub struct JanitorConfig {
    /// Milliseconds between two rounds.
    pub sweep_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data: PathBuf::from("."),
            workers: 0,
            origins: Vec::new(),
            trusted_proxies: Networks::default(),
            tls: Tls::default(),
            guests: true,
            accounts: Accounts {
                registration: Registration::Open,
                max: 100_000,
                quarantine_s: 30 * 86_400,
            },
            logins: Logins { idle_s: 30 * 86_400, max_s: 180 * 86_400 },
            privacy: Privacy { addresses_s: 7 * 86_400, audit_s: 365 * 86_400 },
            durability: Durability::Normal,
            heartbeat: Heartbeat { interval_ms: 20_000, timeout_ms: 50_000 },
            resume: Resume { grace_ms: 30_000 },
            limits: Limits::default(),
            history: History { keep: Keep::For(365 * 86_400_000), rooms: BTreeMap::new() },
            rooms: Rooms { open_creation: true, max: 100_000 },
            images: Images {
                default_ttl_s: 86_400,
                max_ttl_s: 30 * 86_400,
                claim_s: 600,
                sweep_ms: 5_000,
                disk_bytes: 2 << 30,
                room_share: 50,
                person_share: 25,
                when_full: WhenFull::Refuse,
                guests: GuestPictures::Open,
            },
            janitor: JanitorConfig { sweep_ms: 30_000 },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 16 << 10,
            text_chars: 4_000,
            messages_per_second: 10,
            burst: 30,
            rooms: 50,
            backlog_bytes: 1 << 20,
            connections: 0,
            connections_per_address: 512,
            hello_ms: 60_000,
            head_ms: 10_000,
            unread_ms: 30_000,
            catch_up_events: 5_000,
            image_bytes: 10 << 20,
            image_pixels: 40_000_000,
            images_per_message: 10,
            reactions_per_message: 100,
            uploads_per_minute: 60,
            joins_per_minute: 300,
            renames_per_minute: 10,
            typing_per_minute: 120,
            hellos_per_minute: 1_200,
            registrations_per_hour: 60,
            logins_per_minute: 30,
            connections_per_user: 20,
            rooms_created: 100,
        }
    }
}
