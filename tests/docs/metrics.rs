//! The table of metrics in `docs/architecture.md` is the code's, and `/metrics` shows just these.

use std::collections::{BTreeMap, BTreeSet};

use parlor::chat::{Cut, Kind, METRICS};

use crate::heard::Heard;
use crate::markdown::{Page, Row, code_words, plain};
use crate::parlor::Parlor;
use crate::person::Person;
use crate::request;

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[test]
fn the_table_of_metrics_is_the_codes() {
    let told = Page::read("docs/architecture.md").table("What is counted");
    let told: Vec<Row> =
        told.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let row = |metric: &parlor::chat::Metric| -> Row {
        [metric.name, kind(metric.kind), metric.label, metric.what].map(str::to_owned).to_vec()
    };
    assert_eq!(told, METRICS.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn every_cause_of_a_cut_is_explained() {
    let section = Page::read("docs/architecture.md").section("What is counted").join("\n");
    let words: BTreeSet<&str> = code_words(&section).collect();
    for cut in Cut::ALL {
        assert!(words.contains(cut.name()), "{}", cut.name());
    }
}

#[test]
fn the_server_shows_what_the_table_has_and_nothing_else() {
    let parlor = Parlor::start(&[]);
    // A first commit, so that its histogram has something to show.
    let mut ada = Person::connect(&parlor.address, "/ws?nick=ada&room=lobby");
    ada.say(r#"{"type":"send","text":"hi"}"#);
    ada.await_reply("sent", None, &mut Heard::default());
    let text = request::ask(&parlor.address, "GET /metrics").body;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let shown: BTreeMap<&str, &str> = types.collect();
    let table = METRICS.iter().map(|metric| (metric.name, kind(metric.kind))).collect();
    assert_eq!(shown, table);
    for metric in METRICS {
        let help = format!("# HELP {} {}\n", metric.name, metric.what);
        assert!(text.contains(&help), "{help}");
    }
}

#[test]
fn labels_are_those_of_the_table_and_their_values_are_codes_and_causes() {
    let parlor = Parlor::start(&[]);
    request::ask(&parlor.address, "GET /secret-path");
    request::ask(
        &parlor.address,
        "POST /api/v1/rooms/secret-room/messages?nick=secret-nick\nContent-Type: text/plain\n\nhi",
    );
    let text = request::ask(&parlor.address, "GET /metrics").body;
    assert!(!text.contains("secret") && !text.contains("127.0.0.1"), "{text}");
    let mut labelled = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && line.contains('{')) {
        let (name, labels) = line.split_once('{').expect("it has labels");
        let label = labels.split('=').next().expect("it has a name");
        labelled.insert((name.trim_end_matches("_bucket"), label));
    }
    let with = METRICS.iter().filter_map(|metric| match metric.kind {
        Kind::Histogram => Some((metric.name, "le")),
        _ => (!metric.label.is_empty()).then_some((metric.name, metric.label)),
    });
    assert_eq!(labelled, with.collect());
}
