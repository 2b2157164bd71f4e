//! The tables of `docs/protocol.md` that describe what the server says: every frame, every field,
//! its kind, and whether it is always there.

use std::collections::{BTreeMap, BTreeSet};

use parlor::model::{Body, Emoji, Gone, ImageId, MessageText, Moderated, Nick, Role, Topic};

use crate::heard::Heard;
use crate::markdown::{Page, Row, plain};
use crate::text_of;
use crate::tour::tour;

/// The types of all frames that the code can say: those of the table in `protocol::server`, and
/// the log's events.
pub fn types_of_frames() -> BTreeSet<&'static str> {
    static SOURCE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let source = SOURCE.get_or_init(|| text_of("src/protocol/server.rs"));
    let (_, table) = source.split_once("\nframes! {").expect("the table of frames");
    let (table, _) = table.split_once("\n}\n").expect("the end of the table");
    let row = |line: &'static str| line.strip_suffix("\" {")?.rsplit_once('"').map(|row| row.1);
    table.lines().filter_map(row).chain(kinds_of_events()).collect()
}

fn kinds_of_events() -> [&'static str; 8] {
    let text = || MessageText::new("x", 1).expect("one character fits");
    [
        Body::message(text(), None, None),
        Body::edited(1, text()),
        Body::deleted(1),
        Body::picture_gone(1, ImageId(1), Gone::Expired),
        Body::reacted(1, Emoji::new("x").expect("one character fits"), true),
        Body::topic(Topic::none()),
        Body::approved(1, ImageId(1)),
        Body::Moderated(Moderated::role(Nick::deleted(), Role::Member)),
    ]
    .map(|body| body.kind())
}

/// The type in a heading like "Frame `welcome`".
fn titled<'a>(page: &'a Page, title: &str) -> BTreeSet<&'a str> {
    let headings = page.headings().into_iter();
    let named = |(_, words): (usize, &'a str)| {
        words.strip_prefix(title)?.trim().strip_prefix('`')?.strip_suffix('`')
    };
    headings.filter_map(named).collect()
}

#[test]
fn every_frame_of_the_server_is_described_and_no_other() {
    let page = Page::read("docs/protocol.md");
    let events: BTreeSet<&str> = kinds_of_events().into();
    assert_eq!(titled(&page, "Event"), events);
    let frames: BTreeSet<&str> = types_of_frames().difference(&events).copied().collect();
    assert_eq!(titled(&page, "Frame"), frames);
}

#[test]
fn every_frame_of_the_server_was_heard_on_the_tour() {
    let heard: BTreeSet<&str> = tour().heard.classes().collect();
    let unheard: Vec<&str> = types_of_frames().into_iter().filter(|t| !heard.contains(t)).collect();
    assert!(unheard.is_empty(), "{unheard:?}");
}

#[test]
fn every_field_is_described_as_it_is_heard() {
    let page = Page::read("docs/protocol.md");
    let common = page.table("The log");
    let events = kinds_of_events();
    for kind in types_of_frames() {
        let is_event = events.contains(&kind);
        let mut rows =
            page.table(&format!("{} `{kind}`", if is_event { "Event" } else { "Frame" }));
        rows.extend(common.iter().filter(|_| is_event).cloned());
        compare(kind, &rows, &tour().heard);
    }
    compare("image", &page.table("Object `image`"), &tour().heard);
    compare("member", &page.table("Object `member`"), &tour().heard);
    compare("problem", &page.table("Problems"), &tour().heard);
}

/// Compares the rows of a table with what was heard of the class that they describe, and of the
/// objects inside of it.
fn compare(class: &str, rows: &[Row], heard: &Heard) {
    let mut described: BTreeMap<String, BTreeMap<&str, &Row>> = BTreeMap::new();
    let names: Vec<String> = rows.iter().map(|row| plain(&row[0])).collect();
    for (name, row) in names.iter().zip(rows) {
        let (inside, field) = name.rsplit_once('.').unwrap_or(("", name));
        let whole = if inside.is_empty() { class.to_owned() } else { format!("{class}.{inside}") };
        described.entry(whole).or_default().insert(field, row);
    }
    for (class, rows) in &described {
        let mut fields = heard.fields(class);
        if !matches!(class.as_str(), "problem" | "member" | "image") && !class.contains('.') {
            fields.remove("type");
        }
        let (told, said): (BTreeSet<&str>, BTreeSet<&str>) =
            (rows.keys().copied().collect(), fields.keys().map(String::as_str).collect());
        // A request's own type is a field of the row that describes it.
        assert_eq!(told, said, "{class}");
        for (name, (kinds, always)) in &fields {
            let row = rows[name.as_str()];
            let stated: BTreeSet<&str> =
                row[1].split(" or ").filter_map(|kind| kind.split(' ').next()).collect();
            let surprise: Vec<_> = kinds.iter().filter(|k| !stated.contains(k.as_str())).collect();
            assert!(surprise.is_empty(), "{class}.{name} is {surprise:?}");
            assert_eq!(row[2] == "always", *always, "{class}.{name}: always");
        }
    }
}
