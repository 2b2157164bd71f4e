//! The socket in the data directory through which the operator reaches a server that runs.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::stage::{Done, Operator, PATIENCE, TestApp};

const PASSWORD: &str = "seven stones and a hat\n";

fn socket(app: &TestApp) -> PathBuf {
    app.data().join("parlor.sock")
}

fn call(app: &TestApp) -> UnixStream {
    let stream = UnixStream::connect(socket(app)).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// What is answered to these bytes: one line, and the end.
fn answer(app: &TestApp, said: &[u8]) -> Value {
    let mut stream = call(app);
    stream.write_all(said).expect("it listens");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).expect("it answers");
    assert!(heard.ends_with('\n') && heard.lines().count() == 1, "{heard:?}");
    serde_json::from_str(&heard).expect("it answers in JSON")
}

fn listed(operator: &Operator) -> usize {
    operator.reads(&["user", "list", "--json"])["accounts"].as_array().expect("a list").len()
}

#[tokio::test]
async fn only_the_user_of_the_server_can_open_it_and_it_is_gone_with_the_server() {
    let mut app = TestApp::start();
    let found = fs::metadata(socket(&app)).expect("it is there");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    app.stop();
    assert!(!socket(&app).exists());
}

#[tokio::test]
async fn what_a_kill_leaves_there_is_in_nobodys_way() {
    let mut app = TestApp::start();
    app.kill();
    assert!(socket(&app).exists(), "nobody removed it");
    app.operator().adds("ada", "owner", PASSWORD);
    app.start_again();
    app.operator().adds("bob", "member", PASSWORD);
    assert_eq!(listed(&app.operator()), 2);
    app.stop();
    assert!(!socket(&app).exists());
}

#[tokio::test]
async fn of_many_that_add_one_name_at_once_one_does() {
    for running in [true, false] {
        let mut app = TestApp::start();
        if !running {
            app.stop();
        }
        let operator = app.operator();
        let spellings = ["Ada", "ada", "ADA", "аda", "Ada", "ada"];
        let begun = spellings.map(|name| operator.begins(&["user", "add", name], PASSWORD));
        let done = begun.map(Done::of);
        let added = done.iter().filter(|done| done.code == Some(0)).count();
        assert_eq!(added, 1, "running: {running}, {done:?}");
        for refused in done.iter().filter(|done| done.code != Some(0)) {
            assert!(refused.code == Some(1) && refused.err.contains("already"), "{refused:?}");
        }
        assert_eq!(listed(&operator), 1);
    }
}

#[tokio::test]
async fn what_is_no_order_is_refused_in_one_line() {
    let app = TestApp::start();
    let long = format!("{{\"do\":\"{}\"}}\n", "x".repeat(8192));
    for (said, code) in [
        ("\n", "bad_json"),
        ("hello\n", "bad_json"),
        ("{\"do\":\"dance\"}\n", "bad_json"),
        ("{\"do\":\"role\",\"nick\":\"ada\",\"role\":\"guest\"}\n", "invalid_field"),
        ("{\"do\":\"role\",\"nick\":\"\",\"role\":\"owner\"}\n", "nick_invalid"),
        ("{\"do\":\"password\",\"nick\":\"ada\",\"password\":\"in the clear\"}\n", "invalid_field"),
        ("{\"do\":\"delete\",\"nick\":\"ada\",\"remove_messages\":false}\n", "nick_not_found"),
        (&long[..4096], "payload_too_large"),
    ] {
        assert_eq!(answer(&app, said.as_bytes())["refused"]["code"], code, "{said}");
    }
    assert_eq!(listed(&app.operator()), 0);
}

#[tokio::test]
async fn callers_who_say_nothing_are_in_nobodys_way_for_long() {
    let app = TestApp::start();
    let silent: Vec<UnixStream> = (0..8).map(|_| call(&app)).collect();
    app.operator().adds("ada", "owner", PASSWORD);
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 8]).expect("it is closed in order"), 0);
    }
}

#[tokio::test]
async fn a_password_goes_over_it_hashed_only() {
    let home = TempDir::new().expect("a directory for the test");
    fs::write(home.path().join("parlor.db"), "").expect("a file for the test");
    let listener = UnixListener::bind(home.path().join("parlor.sock")).expect("a socket");
    let command = Operator::of(home.path()).begins(&["user", "passwd", "ada"], PASSWORD);
    let (mut server, _) = listener.accept().expect("it comes");
    let mut line = String::new();
    BufReader::new(&server).read_line(&mut line).expect("it says something");
    assert!(line.contains("$argon2id$") && !line.contains(PASSWORD.trim_end()), "{line}");
    server
        .write_all(b"{\"refused\":{\"code\":\"busy\",\"message\":\"Not now.\"}}\n")
        .expect("it hears");
    let done = Done::of(command);
    assert_eq!((done.code, &*done.err), (Some(1), "parlor: Not now.\n"));
}

#[tokio::test]
async fn a_server_that_hangs_up_may_have_done_it_and_that_is_said() {
    let home = TempDir::new().expect("a directory for the test");
    fs::write(home.path().join("parlor.db"), "").expect("a file for the test");
    let listener = UnixListener::bind(home.path().join("parlor.sock")).expect("a socket");
    let command = Operator::of(home.path()).begins(&["user", "role", "ada", "owner"], "");
    let (server, _) = listener.accept().expect("it comes");
    BufReader::new(&server).read_line(&mut String::new()).expect("it says something");
    drop(server);
    let done = Done::of(command);
    assert!(done.code == Some(1) && done.err.contains("may have done it"), "{done:?}");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_told_and_the_server_serves_all_the_same() {
    let home = TempDir::new().expect("a directory for the test");
    let data = home.path().join("d".repeat(120));
    let mut app = TestApp::with_data_in(&data, &[]);
    assert!(app.log().contains("shorter path"), "{}", app.log());
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "it serves").await;
    let said = app.operator().fails(1, &["user", "add", "bob"], PASSWORD);
    assert!(said.contains("Another process has the database"), "{said}");
    app.stop();
    app.operator().adds("bob", "member", PASSWORD);
}

#[tokio::test]
async fn a_file_in_its_place_is_left_alone() {
    let home = TempDir::new().expect("a directory for the test");
    let data = home.path().join("data");
    fs::create_dir(&data).expect("a directory for the test");
    fs::write(data.join("parlor.sock"), "somebody's").expect("a file for the test");
    let mut app = TestApp::with_data_in(&data, &[]);
    assert!(app.log().contains("a file is in its place"), "{}", app.log());
    app.stop();
    assert_eq!(fs::read(data.join("parlor.sock")).expect("it is there"), b"somebody's");
}
