//! What the rules need to know of the configuration.

use std::collections::HashMap;

use super::bucket::Pace;
use crate::auth::{Rule, Settings};
use crate::model::config::{Accounts, Config, Images, Limits, Logins, Privacy};
use crate::model::{Keep, RoomKey, RoomName};
use crate::protocol::{HeartbeatOffer, LimitsOffer};

/// How fast one address may open rooms: a new session brings no new allowance.
const OPENING: Pace = Pace::per_second(2, 200);

/// What the rules need to know of the configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What `welcome` says of the limits.
    pub limits: LimitsOffer,
    /// What `welcome` says of the heartbeat.
    pub heartbeat: HeartbeatOffer,
    /// For how long a dropped session's name and places are held, in milliseconds.
    pub grace_ms: u64,
    /// Whether guests are admitted.
    pub guests: bool,
    /// Whether joining an unknown room opens it.
    pub open_creation: bool,
    /// Rooms in all.
    pub max_rooms: usize,
    /// The longest catch-up that one join proves, in events.
    pub catch_up_events: u64,
    /// How long logs are kept.
    pub keep: Keep,
    /// The same for single rooms.
    pub keep_rooms: HashMap<RoomKey, Keep>,
    /// The life of pictures.
    pub images: Images,
    /// How fast one may be.
    pub paces: Paces,
    /// How often one may guess at passwords.
    pub throttle: Settings,
    /// Who may have an account.
    pub accounts: Accounts,
    /// How long logins last.
    pub logins: Logins,
    /// What is forgotten, and when.
    pub privacy: Privacy,
    /// Sessions of one account; 0: as many as one likes.
    pub connections_per_user: usize,
    /// Rooms that one account has created; 0: as many as one likes.
    pub rooms_created: usize,
    /// Different reactions of one message; 0: as many as one likes.
    pub reactions: u32,
}

/// How fast one may be, by kind of request.
#[derive(Clone, Copy, Debug)]
pub struct Paces {
    /// What enters a log.
    pub messages: Pace,
    /// Pictures.
    pub uploads: Pace,
    /// Rooms.
    pub joins: Pace,
    /// Names.
    pub renames: Pace,
    /// Typing.
    pub typing: Pace,
    /// Coming in, by address.
    pub hellos: Pace,
    /// Accounts, by address.
    pub registrations: Pace,
    /// Opening rooms by joining them, by address.
    pub openings: Pace,
}

impl Paces {
    fn of(limits: &Limits) -> Self {
        let (second, burst) = (limits.messages_per_second, limits.burst);
        let minute = |tokens| if second == 0 { Pace::OFF } else { Pace::per_minute(tokens) };
        Self {
            messages: if second == 0 { Pace::OFF } else { Pace::per_second(second, burst) },
            uploads: minute(limits.uploads_per_minute),
            joins: minute(limits.joins_per_minute),
            renames: minute(limits.renames_per_minute),
            typing: minute(limits.typing_per_minute),
            hellos: minute(limits.hellos_per_minute),
            registrations: Pace::per_hour(
                limits.registrations_per_hour,
                limits.registrations_per_hour,
            ),
            openings: if second == 0 { Pace::OFF } else { OPENING },
        }
    }
}

/// How often one may guess, where one address may `per_minute` times.
fn throttle(per_minute: u64) -> Settings {
    let settings = Settings::default();
    let Some(pause_ms) = 60_000u64.checked_div(per_minute) else {
        let address = Rule { free: u32::MAX, ..settings.address };
        return Settings { address, ..settings };
    };
    let free = u32::try_from(per_minute).unwrap_or(u32::MAX);
    let pause_ms = pause_ms.max(1);
    let address =
        Rule { free, decay_ms: pause_ms, first_wait_ms: pause_ms, longest_wait_ms: pause_ms };
    Settings { address, ..settings }
}

impl Rules {
    /// The rules of a configuration.
    pub fn of(config: &Config) -> Self {
        let limits = &config.limits;
        let keep_rooms = config.history.rooms.iter();
        Self {
            limits: LimitsOffer {
                frame_bytes: limits.frame_bytes,
                text_chars: limits.text_chars,
                image_bytes: limits.image_bytes,
                image_pixels: limits.image_pixels,
                // No place for pictures: none in a message either.
                images_per_message: match config.images.disk_bytes {
                    0 => 0,
                    _ => limits.images_per_message,
                },
                messages_per_second: limits.messages_per_second,
                burst: limits.burst,
                rooms: limits.rooms,
            },
            heartbeat: HeartbeatOffer {
                interval_ms: config.heartbeat.interval_ms,
                timeout_ms: config.heartbeat.timeout_ms,
            },
            grace_ms: config.resume.grace_ms,
            guests: config.guests,
            open_creation: config.rooms.open_creation,
            max_rooms: config.rooms.max,
            catch_up_events: limits.catch_up_events as u64,
            keep: config.history.keep,
            keep_rooms: keep_rooms
                .filter_map(|(name, keep)| Some((RoomName::parse(name)?.key(), *keep)))
                .collect(),
            images: config.images.clone(),
            paces: Paces::of(limits),
            throttle: throttle(limits.logins_per_minute),
            accounts: config.accounts.clone(),
            logins: config.logins.clone(),
            privacy: config.privacy.clone(),
            connections_per_user: limits.connections_per_user,
            rooms_created: limits.rooms_created,
            reactions: limits.reactions_per_message,
        }
    }

    /// How long the log of `room` is kept.
    pub fn keep_of(&self, room: &RoomKey) -> Keep {
        self.keep_rooms.get(room).copied().unwrap_or(self.keep)
    }
}
