//! The program itself: where its files lie, and when it does not start.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::stage::TestApp;

/// Starts another server that cannot begin, and waits for its end.
fn refused(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.current_dir(directory).args(arguments).env("RUST_LOG", "error");
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{}", String::from_utf8_lossy(&stderr));
    let words = String::from_utf8(stderr).expect("the program speaks UTF-8");
    assert!(!words.contains("panicked"), "{words}");
    words
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn everything_that_is_created_lies_under_the_data_directory() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    drop(ada);
    app.stop();
    let home = app.data().parent().expect("the test's own directory");
    assert_eq!(names(home), ["data", "log"], "`log` is the test's");
    let files = names(app.data());
    assert!(files.contains(&"parlor.db".to_owned()), "{files:?}");
    assert!(
        files.iter().all(|name| name.starts_with("parlor.db") || name == "uploads"),
        "{files:?}"
    );
}

#[tokio::test]
async fn two_servers_do_not_share_a_data_directory() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let data = app.data().to_string_lossy().into_owned();
    let words = refused(app.data(), &["--listen", "127.0.0.1:0", "--data", &data]);
    assert!(words.contains("in use") && words.contains("--data"), "{words}");
    ada.say("lobby", "the first one goes on").await;
}

#[tokio::test]
async fn two_servers_do_not_share_a_port() {
    let app = TestApp::start();
    let directory = tempfile::tempdir().expect("a directory for the test");
    let address = app.address().to_string();
    let words = refused(directory.path(), &["--listen", &address, "--data", "d"]);
    assert!(words.contains("cannot serve"), "{words}");
}

#[tokio::test]
async fn a_file_that_is_no_database_of_ours_is_left_alone() {
    for content in [&b"this is no database, but somebody's diary"[..], &[0xff; 8192]] {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let file = directory.path().join("parlor.db");
        fs::write(&file, content).expect("a file for the test");
        let words = refused(directory.path(), &["--listen", "127.0.0.1:0"]);
        assert!(words.contains("parlor.db"), "{words}");
        assert_eq!(fs::read(&file).expect("it is still there"), content);
    }
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    fs::write(directory.path().join("file"), "x").expect("a file for the test");
    let words = refused(directory.path(), &["--listen", "127.0.0.1:0", "--data", "file/below"]);
    assert!(words.contains("cannot serve"), "{words}");
}

#[tokio::test]
async fn the_port_is_free_at_once_after_a_kill() {
    let mut app = TestApp::start();
    let ada = app.arrive("ada").await;
    let address = app.address().to_string();
    app.kill();
    drop(ada);
    let directory = tempfile::tempdir().expect("a directory for the test");
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.current_dir(directory.path()).args(["--listen", &address]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("UTF-8");
    child.kill().expect("it runs");
    child.wait().expect("a child of ours");
    assert_eq!(line.trim(), format!("Parlor is open: http://{address}/"));
}
