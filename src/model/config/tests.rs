//! What operators may rely on: who beats whom, what is refused, and in which words.

use std::path::PathBuf;

use super::environment::variable;
use super::table::ROWS;
use super::*;

fn set(pairs: &[&str]) -> Inputs {
    Inputs { set: pairs.iter().map(|pair| (*pair).into()).collect(), ..Inputs::default() }
}

fn environment(pairs: &[(&str, &str)]) -> Inputs {
    let variables = pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Inputs { variables, ..Inputs::default() }
}

fn file(text: &str) -> Inputs {
    let file = Some(FileText { path: "parlor.toml".into(), text: text.into() });
    Inputs { file, ..Inputs::default() }
}

fn accepted(inputs: &Inputs) -> Config {
    Resolved::new(inputs).unwrap_or_else(|refusal| panic!("{refusal}")).config
}

fn refused(inputs: &Inputs) -> String {
    Resolved::new(inputs).expect_err("it should be refused").to_string()
}

#[test]
fn who_says_nothing_gets_the_defaults() {
    let resolved = Resolved::new(&Inputs::default()).expect("the defaults agree");
    assert_eq!(resolved.config, Config::default());
    assert_eq!(*resolved.source("listen"), Source::Default);
}

#[test]
fn the_command_line_beats_the_environment_beats_the_file_beats_the_default() {
    let mut inputs = file("[limits]\nburst = 1\nrooms = 1\ntext_chars = 1");
    inputs.variables =
        environment(&[("PARLOR_LIMITS_BURST", "2"), ("PARLOR_LIMITS_ROOMS", "2")]).variables;
    inputs.set = vec!["limits.burst=4".into(), "limits.burst=3".into()];
    let resolved = Resolved::new(&inputs).expect("all of them fit");
    let limits = &resolved.config.limits;
    assert_eq!((limits.burst, limits.rooms, limits.text_chars), (3, 2, 1));
    assert_eq!(limits.frame_bytes, 16_384);
    for (key, source) in [
        ("limits.burst", "--set"),
        ("limits.rooms", "PARLOR_LIMITS_ROOMS"),
        ("limits.text_chars", "parlor.toml:4"),
        ("limits.frame_bytes", "default"),
    ] {
        assert_eq!(resolved.source(key).to_string(), source);
    }
}

#[test]
fn the_options_with_names_beat_a_set() {
    let config = accepted(&Inputs {
        listen: Some("[::1]:0".into()),
        data: Some("2024".into()),
        ..set(&["listen=127.0.0.1:1", "data=elsewhere"])
    });
    assert_eq!(config.listen.to_string(), "[::1]:0");
    assert_eq!(config.data, PathBuf::from("2024"));
}

/// Keys that are of use together only.
const PAIR: [&str; 2] = ["tls.certificate", "tls.key"];

#[test]
fn every_example_works_in_all_three_places() {
    for row in ROWS {
        let together: Vec<_> = match PAIR.contains(&row.key) {
            true => ROWS.iter().filter(|other| PAIR.contains(&other.key)).collect(),
            false => vec![row],
        };
        let pairs = together.iter().map(|row| format!("{}={}", row.key, row.example()));
        let pairs: Vec<String> = pairs.collect();
        accepted(&set(&pairs.iter().map(String::as_str).collect::<Vec<_>>()));
        accepted(&file(&pairs.join("\n")));
        let variables: Vec<_> = together.iter().map(|row| (variable(row), row.example())).collect();
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        accepted(&environment(&variables));
    }
}

#[test]
fn a_certificate_without_its_key_is_refused_and_a_key_without_its_certificate() {
    assert_eq!(
        refused(&set(&["tls.certificate=a.pem"])),
        "tls.certificate = \"a.pem\" (from --set) is refused: it needs tls.key as well. \
         Try: --set tls.key=/etc/parlor/privkey.pem"
    );
    let words = refused(&file("[tls]\nkey = 'b.pem'"));
    assert!(words.ends_with("Try: certificate = \"/etc/parlor/fullchain.pem\" under [tls]"));
    let config = accepted(&set(&["tls.certificate=a.pem", "tls.key=b.pem"]));
    assert_eq!(config.tls.key, Some(PathBuf::from("b.pem")));
    assert_eq!(accepted(&set(&["tls.certificate=", "tls.key=\"\""])).tls, Tls::default());
}

#[test]
fn a_file_of_no_use_is_refused_with_key_source_reason_rule_and_example() {
    let resolved = Resolved::new(&set(&["tls.certificate=a.pem", "tls.key=b.pem"]));
    let words = resolved.expect("names are fine").unusable("tls.key", "it is empty").to_string();
    assert_eq!(
        words,
        "tls.key = \"b.pem\" (from --set) is refused: it is empty; it must be the path of a PEM \
         file with the private key of tls.certificate. Try: --set tls.key=/etc/parlor/privkey.pem"
    );
}

#[test]
fn values_as_small_as_tests_need_them_are_accepted() {
    let config = accepted(&set(&[
        "heartbeat.interval_ms=200",
        "heartbeat.timeout_ms=500",
        "resume.grace_ms=0",
        "limits.backlog_bytes=4096",
        "limits.messages_per_second=0",
        "limits.connections_per_address=0",
        "images.sweep_ms=100",
        "janitor.sweep_ms=100",
        "history.keep=0",
        "durability=full",
    ]));
    assert_eq!((config.heartbeat.interval_ms, config.heartbeat.timeout_ms), (200, 500));
    assert_eq!((config.history.keep, config.durability), (Keep::Nothing, Durability::Full));
}

#[test]
fn rooms_are_kept_by_their_keys_whatever_their_spelling() {
    for inputs in [
        set(&["history.rooms={Lobby=\"7d\", \"v1.2\" = 10_000}"]),
        file("[history.rooms]\nLobby = \"7d\"\n\"v1.2\" = 10_000"),
        environment(&[("PARLOR_HISTORY_ROOMS", "{Lobby = '7d', 'v1.2' = 10000}")]),
    ] {
        let rooms = accepted(&inputs).history.rooms;
        assert_eq!(rooms["lobby"], Keep::For(7 * 86_400_000));
        assert_eq!(rooms["v1.2"], Keep::Last(10_000));
    }
    for bad in ["{Lobby = 1, lobby = 2}", "{\"a b\" = 1}", "{lobby = 'ever'}", "{v1.2 = 5}", "7d"] {
        assert!(
            refused(&set(&[&format!("history.rooms={bad}")])).contains("history.rooms"),
            "{bad}"
        );
    }
}

#[test]
fn a_refused_table_is_shown_as_it_was_meant() {
    let words = refused(&file("[history.rooms]\nlobby = 'ever'\nattic = 5"));
    assert!(words.starts_with("history.rooms = { attic = 5, lobby = 'ever' } (from"), "{words}");
}

#[test]
fn origins_come_as_a_list_or_with_commas() {
    for written in ["[\"https://a.example\", 'http://b:81']", "https://A.example , http://b:81,"] {
        let origins = accepted(&set(&[&format!("origins={written}")])).origins;
        assert_eq!(origins, ["https://a.example", "http://b:81"]);
    }
    assert!(accepted(&set(&["origins=[]"])).origins.is_empty());
    assert!(refused(&set(&["origins=https://a.example/chat"])).contains("Try: --set origins='["));
}

#[test]
fn a_refused_value_names_source_key_rule_and_what_would_have_worked() {
    for (inputs, words) in [
        (
            set(&["heartbeat.interval_ms=soon"]),
            "heartbeat.interval_ms = soon (from --set) is refused: it must be a whole number from 50 \
             to 3_600_000. Try: --set heartbeat.interval_ms=20000",
        ),
        (
            environment(&[("PARLOR_DURABILITY", "half")]),
            "durability = half (from PARLOR_DURABILITY) is refused: it must be normal or full. \
             Try: PARLOR_DURABILITY=normal",
        ),
        (
            file("guests = true\n\n[resume]\ngrace_ms = \"30s\"\n"),
            "resume.grace_ms = \"30s\" (from parlor.toml:4) is refused: it must be a whole number \
             from 0 to 86_400_000 (0: a drop is a leave). Try: grace_ms = 30_000 under [resume]",
        ),
        (
            Inputs { listen: Some("everywhere".into()), ..Inputs::default() },
            "listen = everywhere (from --listen) is refused: it must be an IP address or localhost, \
             a colon and a port; port 0 picks a free one. Try: --listen 127.0.0.1:8080",
        ),
    ] {
        assert_eq!(refused(&inputs), words);
    }
}

#[test]
fn a_value_is_shown_on_one_line_whatever_it_holds() {
    let inputs = set(&["data=a\nb\u{7f}\\\"c"]);
    let resolved = Resolved::new(&inputs).expect("a path may hold anything but a zero");
    assert_eq!(listing(&resolved).lines().count(), 1 + ROWS.len());
    assert!(listing(&resolved).contains(r#""a\u000Ab\u007F\\\"c""#), "{}", listing(&resolved));
}

#[test]
fn a_client_is_not_given_up_before_it_was_asked() {
    assert_eq!(
        refused(&set(&["heartbeat.timeout_ms=500"])),
        "heartbeat.timeout_ms = 500 (from --set) is refused: it must be more than \
         heartbeat.interval_ms = 20000 (from default), or clients are given up before they are \
         asked. Try: --set heartbeat.timeout_ms=50000"
    );
    let slow = refused(&environment(&[("PARLOR_HEARTBEAT_INTERVAL_MS", "60000")]));
    assert!(slow.ends_with("Try: PARLOR_HEARTBEAT_TIMEOUT_MS=150000"), "{slow}");
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands_with_the_nearest_one() {
    for (inputs, start, meant) in [
        (
            set(&["heartbeat.intervall_ms=5"]),
            "heartbeat.intervall_ms (from --set)",
            "heartbeat.interval_ms",
        ),
        (file("[limit]\nburst = 5"), "limit.burst (from parlor.toml:2)", "limits.burst"),
        (file("[limits]\nbrust = 5"), "limits.brust (from parlor.toml:2)", "limits.burst"),
        (environment(&[("PARLOR_LISTN", ":1")]), "the variable PARLOR_LISTN", "PARLOR_LISTEN"),
    ] {
        let words = refused(&inputs);
        assert!(words.starts_with(start), "{words}");
        assert!(words.contains(&format!("Did you mean {meant}")), "{words}");
    }
    assert!(refused(&file("limits = 5")).ends_with("go under [limits] or begin with limits."));
    assert!(refused(&set(&["zebra=1"])).ends_with("`parlor config` lists every key."));
    assert!(refused(&set(&["guests"])).starts_with("--set takes KEY=VALUE, not guests."));
}

#[test]
fn variables_that_are_none_of_ours_are_left_alone() {
    let config = accepted(&environment(&[
        ("HOME", "/"),
        ("PARLOR_BIN", "target/debug/parlor"),
        ("PARLOR_TEST_SEED", "5"),
        ("PARLOR_CONFIG", "parlor.toml"),
        ("PARLOR_LISTEN", ""),
        ("PARLOR_SERVICE_HOST", "10.0.0.1"),
        ("PARLOR_PORT", "tcp://10.0.0.1:8080"),
        ("PARLOR_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("PARLOR_URL", "http://127.0.0.1:8080/"),
    ]));
    assert_eq!(config, Config::default());
    let near = refused(&environment(&[("PARLOR_HEARTBEAT_INTERVAL", "9000")]));
    assert!(near.contains("PARLOR_HEARTBEAT_INTERVAL_MS"), "{near}");
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    for (text, line) in [("guests = true\nlisten = ", 2), ("[heartbeat", 1), ("a\nb", 1)] {
        let words = refused(&file(text));
        assert!(words.starts_with(&format!("parlor.toml:{line} is not TOML: ")), "{words}");
    }
    assert!(refused(&file("guests = true\nguests = false")).contains("parlor.toml:2"));
}

#[test]
fn a_weaker_source_is_checked_although_it_is_overridden() {
    let inputs = Inputs { file: file("guests = 'maybe'").file, ..set(&["guests=true"]) };
    assert!(refused(&inputs).contains("guests = 'maybe' (from parlor.toml:1)"));
}
