//! The table of keys: one row each, and everything that knows keys follows it.
//!
//! A row's key is the path of its field in [`Config`](super::Config), so the two cannot part.
//! Defaults are the values of `Config::default` and stand nowhere else.

use super::row::{Row, or_zero, row, whole};
use super::setting::Rule;
use crate::model::keep::KEEP_RULE;

const ADDRESS: Rule =
    Rule::Words("an IP address or localhost, a colon and a port; port 0 picks a free one");
const DIRECTORY: Rule = Rule::Words("the path of a directory");
const ORIGINS: Rule =
    Rule::Words("a list of origins, each http:// or https:// with a host, and a port if need be");
const NETWORKS: Rule = Rule::Words("a list of addresses and networks such as 10.0.0.0/8");
const CERTIFICATE: Rule = Rule::Words(
    "the path of a PEM file with the server's certificate, then those that vouch for it",
);
const KEY: Rule = Rule::Words("the path of a PEM file with the private key of tls.certificate");
const YES_NO: Rule = Rule::Words("true or false");
const DURABILITIES: Rule = Rule::Words("normal or full");
const REGISTRATION: Rule = Rule::Words("open, invite or off");
const GUEST_PICTURES: Rule = Rule::Words("open, review or off");
const WHEN_FULL: Rule = Rule::Words("refuse or oldest");
const KEEP: Rule = Rule::Words(KEEP_RULE);
const KEEP_BY_ROOM: Rule =
    Rule::Words("a table of rooms, each once, and for each what history.keep takes");

const DAY_MS: u64 = 86_400_000;
const GIB: u64 = 1 << 30;

/// Every key, in the order in which it is printed.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row!(listen, "", ADDRESS,
        "Where to listen. Reachable from this machine only unless you say otherwise; \
         `0.0.0.0:8080` listens on every address."),
    row!(data, "", DIRECTORY,
        "Everything that is ever created or deleted lies under it: `parlor.db` and \
         `uploads/`. A relative path counts from where parlor was started.",
        r#""/var/lib/parlor""#),
    row!(workers, "threads", or_zero("one per core", 1024),
        "Threads that carry connections."),
    row!(origins, "", ORIGINS,
        "Web pages from these origins may connect besides the server's own, and read the API \
         (CORS). Clients that are no browser need none.",
        r#"["https://chat.example.org"]"#),
    row!(trusted_proxies, "", NETWORKS,
        "Proxies that stand before Parlor: what they say in `X-Forwarded-For` or `Forwarded` counts \
         as a request's sender, for the limits of addresses, and what they say in \
         `X-Forwarded-Proto` or `Forwarded` as the way it came. They must set these headers \
         themselves.",
        r#"["127.0.0.1", "10.0.0.0/8"]"#),
    row!(guests, "", YES_NO,
        "Whether people without an account may come in."),
    row!(accounts.registration, "", REGISTRATION,
        "Who may register an account over the network: everybody (`open`), whoever has an invitation \
         (`invite`), or nobody (`off`). `parlor user add` always can."),
    row!(accounts.max, "accounts", whole(1, 10_000_000),
        "Accounts that there may be."),
    row!(accounts.quarantine_s, "seconds", or_zero("the name is free at once", 100 * 366 * 86_400),
        "How long the name of a deleted account is nobody's."),
    row!(logins.idle_s, "seconds", whole(1, 10 * 366 * 86_400),
        "A login that is not used for so long ends."),
    row!(logins.max_s, "seconds", whole(1, 10 * 366 * 86_400),
        "A login ends after so long, however much it is used."),
    row!(privacy.addresses_s, "seconds", or_zero("at once", 10 * 366 * 86_400),
        "After so long the list of one's logins shows only the network that a login came from, and the \
         server knows no more."),
    row!(privacy.audit_s, "seconds", whole(60, 100 * 366 * 86_400),
        "What moderators and owners did is known for so long (`parlor audit`)."),
    row!(durability, "", DURABILITIES,
        "What an acknowledged message survives: `normal` the death of the process, `full` a \
         power cut too, and then each commit waits for the disk."),

    row!(tls.certificate, "", CERTIFICATE,
        "With this and `tls.key` Parlor speaks `https://` and `wss://`, and nothing else. Both files \
         are looked at again every few seconds: a renewed pair counts without a restart.",
        r#""/etc/parlor/fullchain.pem""#),
    row!(tls.key, "", KEY,
        "The private key. Both keys are set, or neither.",
        r#""/etc/parlor/privkey.pem""#),

    row!(heartbeat.interval_ms, "ms", whole(50, DAY_MS / 24),
        "How often the server pings a client."),
    row!(heartbeat.timeout_ms, "ms", whole(50, DAY_MS),
        "Silence after which a client counts as gone. Must be more than \
         `heartbeat.interval_ms`."),

    row!(resume.grace_ms, "ms", or_zero("a drop is a leave", DAY_MS),
        "How long a dropped client's name and places are held for it."),

    row!(limits.frame_bytes, "bytes", whole(512, 1 << 24),
        "The largest frame, and the largest message put together from frames, that a client \
         may send."),
    row!(limits.text_chars, "characters", whole(1, 1_000_000),
        "The longest text of a message. Its frame has to fit into `limits.frame_bytes` as \
         well."),
    row!(limits.messages_per_second, "per second", or_zero("no limit", 1_000_000),
        "Messages that a client may send in the long run."),
    row!(limits.burst, "messages", whole(1, 1_000_000),
        "Messages that a client may send at once before `limits.messages_per_second` \
         counts."),
    row!(limits.rooms, "rooms", whole(1, 10_000),
        "Rooms that one session may be in at a time."),
    row!(limits.backlog_bytes, "bytes", whole(1024, GIB),
        "What may wait for a client that reads slowly. Beyond it typing and presence are \
         dropped, then the client."),
    row!(limits.connections, "connections", or_zero("as many as the file limit allows", 10_000_000),
        "Open connections."),
    row!(limits.connections_per_address, "connections", or_zero("no limit", 10_000_000),
        "Open connections from one address."),
    row!(limits.hello_ms, "ms", whole(50, DAY_MS),
        "How long a new connection may take to say `hello`."),
    row!(limits.head_ms, "ms", whole(50, DAY_MS),
        "How long the head of a request over HTTP may take to come."),
    row!(limits.unread_ms, "ms", whole(50, DAY_MS),
        "How long an answer over HTTP may wait for its reader to take more of it."),
    row!(limits.catch_up_events, "events", whole(1, 1_000_000),
        "The longest catch-up that one `join` delivers. Who missed more gets the latest \
         events as a fresh start."),
    row!(limits.image_bytes, "bytes", whole(1024, GIB),
        "The largest picture that may be uploaded."),
    row!(limits.image_pixels, "pixels", whole(1, 1_000_000_000),
        "The most pixels, width times height, that a picture may have."),
    row!(limits.images_per_message, "pictures", or_zero("no pictures", 10),
        "Pictures in one message."),
    row!(limits.reactions_per_message, "reactions", or_zero("no limit", 10_000),
        "Different reactions that one message may have."),
    row!(limits.uploads_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "Pictures that one person may upload; a minute's worth may come at once. This and the other \
         limits by the minute are off where `limits.messages_per_second` is."),
    row!(limits.joins_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "Rooms that one person may join, come back to or create."),
    row!(limits.renames_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "How often one person may take another name."),
    row!(limits.typing_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "How often one person may say that they type."),
    row!(limits.hellos_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "How often people from one address may come in or come back."),
    row!(limits.registrations_per_hour, "per hour", or_zero("no limit", 1_000_000),
        "Accounts that may be registered from one address."),
    row!(limits.logins_per_minute, "per minute", or_zero("no limit", 1_000_000),
        "Passwords that may be tried from one address. One name may be tried ten times from devices \
         that it was not used on, then ever less often."),
    row!(limits.connections_per_user, "sessions", or_zero("no limit", 1_000_000),
        "Sessions that one account may have, on all its devices."),
    row!(limits.rooms_created, "rooms", or_zero("no limit", 1_000_000),
        "Rooms that one account may create."),

    row!(history.keep, "", KEEP,
        "How long a room's log is kept, unless `history.rooms` says otherwise for it."),
    row!(history.rooms, "", KEEP_BY_ROOM,
        "How long the log of single rooms is kept. A name with a dot goes in quotes.",
        r#"{ lobby = "7d", "v1.2" = 500 }"#),

    row!(rooms.open_creation, "", YES_NO,
        "Whether joining a room that does not exist creates it."),
    row!(rooms.max, "rooms", whole(1, 10_000_000),
        "Rooms that may exist at a time."),

    row!(images.default_ttl_s, "seconds", whole(1, 10 * 366 * 86_400),
        "How long a picture lives when its sender does not say."),
    row!(images.max_ttl_s, "seconds", whole(1, 10 * 366 * 86_400),
        "The longest life that a sender may ask for."),
    row!(images.claim_s, "seconds", whole(1, 86_400),
        "An upload that no message shows within this time goes."),
    row!(images.sweep_ms, "ms", whole(50, DAY_MS),
        "How often the janitor deletes pictures whose life has ended. Nobody can fetch them from \
         that moment on, whenever the janitor comes."),
    row!(images.disk_bytes, "bytes", or_zero("no pictures", 1 << 50),
        "What all pictures and their thumbnails may take on disk."),
    row!(images.room_share, "percent", whole(1, 100),
        "How much of `images.disk_bytes` the pictures of one room may take; room for four of the \
         largest pictures there is always."),
    row!(images.person_share, "percent", whole(1, 100),
        "The same for the pictures of one person."),
    row!(images.when_full, "", WHEN_FULL,
        "What happens when an upload does not fit any more: `refuse` it with `storage_full`, or \
         let the `oldest` pictures go before their time (those of the person or room whose share \
         is used up, else of all), with tombstones."),
    row!(images.guests, "", GUEST_PICTURES,
        "What becomes of the pictures of guests: everybody sees them (`open`), everybody sees them once \
         a moderator has let them (`review`), or guests send none (`off`)."),

    row!(janitor.sweep_ms, "ms", whole(50, DAY_MS),
        "How often the janitor looks for what has expired: resume tokens, retry keys, empty \
         rooms, old events."),
];

/// The row of a key.
pub(super) fn row(key: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.key == key)
}

/// Whether keys stand under this name.
pub(super) fn is_section(name: &str) -> bool {
    ROWS.iter().any(|row| row.place().0 == Some(name))
}

#[cfg(test)]
mod tests {
    use super::super::{Config, raw::Raw};
    use super::*;

    #[test]
    fn every_default_and_every_example_keeps_its_rule_and_reads_back_as_shown() {
        for row in ROWS {
            for shown in [row.show(&Config::default()), row.example()] {
                let mut config = Config::default();
                assert!(row.set(&mut config, &Raw::Bare(shown.clone())), "{} = {shown}", row.key);
                assert_eq!(row.show(&config), shown, "{}", row.key);
            }
        }
    }

    #[test]
    fn both_ends_of_every_range_fit_and_the_next_numbers_do_not() {
        for row in ROWS {
            let Rule::Whole { from, to, .. } = row.rule else { continue };
            let fits = |number: u64| row.set(&mut Config::default(), &Raw::Whole(number));
            assert!(fits(from) && fits(to), "{}", row.key);
            assert!(!fits(to + 1) && (from == 0 || !fits(from - 1)), "{}", row.key);
        }
    }

    #[test]
    fn every_key_stands_once_and_says_what_it_is_for() {
        for (at, row) in ROWS.iter().enumerate() {
            assert!(ROWS[..at].iter().all(|other| other.key != row.key), "{}", row.key);
            assert!(row.about.ends_with('.') && !row.about.contains('|'), "{}", row.key);
            assert_eq!(matches!(row.rule, Rule::Whole { .. }), !row.unit.is_empty(), "{}", row.key);
            assert!(row.key.matches('.').count() < 2, "{}", row.key);
        }
    }
}
