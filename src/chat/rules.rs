//! What the rules need to know of the configuration.

use std::collections::HashMap;

use super::bucket::Pace;
use crate::model::config::{Config, Images};
use crate::model::{Keep, RoomKey, RoomName};
use crate::protocol::{HeartbeatOffer, LimitsOffer};

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
        }
    }

    /// The pace of what enters a log.
    pub fn messages(&self) -> Pace {
        Pace { per_second: self.limits.messages_per_second, burst: self.limits.burst }
    }

    /// The pace of reading: twice that.
    pub fn reads(&self) -> Pace {
        let Pace { per_second, burst } = self.messages();
        Pace { per_second: per_second * 2, burst: burst * 2 }
    }

    /// How long the log of `room` is kept.
    pub fn keep_of(&self, room: &RoomKey) -> Keep {
        self.keep_rooms.get(room).copied().unwrap_or(self.keep)
    }
}
