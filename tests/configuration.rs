//! The configuration through the real program: its options, its listing, its refusals, its manual.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const PARLOR: &str = env!("CARGO_BIN_EXE_parlor");
const MANUAL: &str = include_str!("../docs/configuration.md");

/// An operator at a prompt, in a directory of their own and with nothing in the environment.
struct Operator {
    directory: TempDir,
}

impl Operator {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory for the test") }
    }

    fn with_file(self, name: &str, text: &str) -> Self {
        fs::write(self.directory.path().join(name), text).expect("a file for the test");
        self
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PARLOR_") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.directory.path());
        command
    }

    fn types(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(PARLOR).args(arguments))
    }

    fn types_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
        Answer::of(self.command(PARLOR).args(arguments).envs(variables.iter().copied()))
    }
}

/// What the program said, and its exit code.
#[derive(Debug)]
struct Answer {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Answer {
    fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Self { out: text(stdout), err: text(stderr), code: status.code() }
    }

    /// The line of a key, with single spaces.
    fn line(&self, key: &str) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        let mut lines = self.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find(|words| words[0] == key).unwrap_or_else(|| panic!("{key}: {self:?}")).join(" ")
    }

    fn is_refused_with(&self, words: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:?}");
        assert!(self.err.contains(words), "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
    }
}

#[test]
fn the_listing_says_value_unit_default_and_where_the_value_came_from() {
    let operator = Operator::new().with_file("parlor.toml", "\n[resume]\ngrace_ms = 1_000\n");
    let answer = operator.types_with(
        &[("PARLOR_GUESTS", "false"), ("PARLOR_DATA", "d")],
        &["--listen", "[::1]:0", "config", "--set", "heartbeat.interval_ms=200"],
    );
    for (key, line) in [
        ("KEY", "KEY VALUE UNIT DEFAULT FROM"),
        ("listen", "listen [::1]:0 127.0.0.1:8080 --listen"),
        ("data", "data d . PARLOR_DATA"),
        ("guests", "guests false true PARLOR_GUESTS"),
        ("heartbeat.interval_ms", "heartbeat.interval_ms 200 ms 20000 --set"),
        ("resume.grace_ms", "resume.grace_ms 1000 ms 30000 parlor.toml:3"),
        ("durability", "durability normal normal default"),
    ] {
        assert_eq!(answer.line(key), line);
    }
}

#[test]
fn options_may_stand_before_and_after_the_command_and_the_later_counts() {
    let answer = Operator::new().types(&[
        "--set",
        "limits.burst=1",
        "--set",
        "limits.rooms=1",
        "--data",
        "a",
        "config",
        "--set",
        "limits.rooms=2",
        "--data",
        "b",
    ]);
    assert_eq!(answer.line("limits.burst"), "limits.burst 1 messages 30 --set");
    assert_eq!(answer.line("limits.rooms"), "limits.rooms 2 rooms 50 --set");
    assert_eq!(answer.line("data"), "data b . --data");
}

#[test]
fn a_named_file_is_read_instead_of_the_usual_one_and_has_to_exist() {
    let operator = Operator::new()
        .with_file("parlor.toml", "workers = 1")
        .with_file("a.toml", "workers = 2")
        .with_file("b.toml", "workers = 3");
    let from_a = [("PARLOR_CONFIG", "a.toml")];
    let line = |answer: Answer| answer.line("workers");
    assert_eq!(line(operator.types(&["config"])), "workers 1 threads 0 parlor.toml:1");
    assert_eq!(line(operator.types_with(&from_a, &["config"])), "workers 2 threads 0 a.toml:1");
    let both = operator.types_with(&from_a, &["config", "--config", "b.toml"]);
    assert_eq!(line(both), "workers 3 threads 0 b.toml:1");
    let missing = operator.types(&["config", "--config", "c.toml"]);
    missing.is_refused_with("the configuration file c.toml cannot be read");
}

#[test]
fn a_bad_value_keeps_the_server_from_starting_and_creates_nothing() {
    let operator = Operator::new();
    for command in [&[][..], &["serve"], &["config"]] {
        let arguments = [&["--data", "new", "--set", "durability=maybe"], command].concat();
        operator.types(&arguments).is_refused_with(
            "parlor: durability = maybe (from --set) is refused: it must be normal or full. \
             Try: --set durability=normal",
        );
    }
    assert_eq!(fs::read_dir(operator.directory.path()).expect("it is there").count(), 0);
}

#[test]
fn refusals_name_the_place_and_the_nearest_name() {
    let operator = Operator::new();
    operator
        .types_with(&[("PARLOR_LIMIT_BURST", "5")], &["config"])
        .is_refused_with("the variable PARLOR_LIMIT_BURST belongs to no key");
    operator
        .types(&["config", "--set", "history.keeps=1d"])
        .is_refused_with("Did you mean history.keep?");
    let operator = operator.with_file("parlor.toml", "[heartbeat]\ntimeout_ms = 1000\n");
    operator.types(&["config"]).is_refused_with("timeout_ms = 50_000 under [heartbeat]");
    let operator = operator.with_file("parlor.toml", "listen =\n");
    operator.types(&["config"]).is_refused_with("parlor.toml:1 is not TOML");
}

#[test]
fn a_certificate_that_cannot_be_served_with_keeps_the_server_from_starting() {
    let make = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a name");
    let (one, other) = (make(), make());
    let operator = Operator::new()
        .with_file("one.pem", &one.cert.pem())
        .with_file("one.key", &one.signing_key.serialize_pem())
        .with_file("other.key", &other.signing_key.serialize_pem())
        .with_file("empty", "");
    for (certificate, key, words) in [
        (
            "missing.pem",
            "one.key",
            "tls.certificate = \"missing.pem\" (from --set) is refused: it cannot be read",
        ),
        (
            "one.pem",
            "missing.key",
            "tls.key = \"missing.key\" (from --set) is refused: it cannot be read",
        ),
        (
            "one.pem",
            "empty",
            "is refused: there is no private key in it; it must be the path of a PEM file",
        ),
        (
            "empty",
            "one.key",
            "is refused: there is no certificate in it; it must be the path of a PEM file",
        ),
        (
            "one.pem",
            "other.key",
            "tls.key = \"other.key\" (from --set) is refused: it is not the key of the certificate",
        ),
        ("one.pem", "other.key", "Try: --set tls.key=/etc/parlor/privkey.pem"),
        (
            "one.pem",
            "",
            "tls.certificate = \"one.pem\" (from --set) is refused: it needs tls.key as well.",
        ),
        (".", "one.key", "tls.certificate = \".\" (from --set) is refused: it cannot be read"),
    ] {
        let set = [format!("tls.certificate={certificate}"), format!("tls.key={key}")];
        let answer = operator.types(&["--data", "new", "--set", &set[0], "--set", &set[1]]);
        answer.is_refused_with(words);
    }
    let files = fs::read_dir(operator.directory.path()).expect("it is there");
    assert_eq!(files.count(), 4, "nothing was created");
}

#[test]
fn a_file_that_is_too_large_or_no_text_is_refused() {
    let operator = Operator::new().with_file("parlor.toml", &"#".repeat((1 << 20) + 1));
    operator.types(&["config"]).is_refused_with("it is larger than 1 MiB");
    fs::write(operator.directory.path().join("parlor.toml"), b"listen = \"\xff\"").expect("a file");
    operator.types(&["config"]).is_refused_with("parlor.toml cannot be read");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let operator = Operator::new();
    let mut command = operator.command(PARLOR);
    let answer = Answer::of(command.arg("config").env("PARLOR_DATA", OsStr::from_bytes(b"\xff")));
    answer.is_refused_with("(from PARLOR_DATA) is refused");
}

#[test]
fn the_program_tells_its_version_and_how_it_is_used() {
    let operator = Operator::new();
    let version = operator.types(&["--version"]);
    assert_eq!(version.out, format!("parlor {}\n", env!("CARGO_PKG_VERSION")));
    let help = operator.types(&["--help"]).out;
    for words in ["--listen", "--data", "--config", "--set", "serve", "RUST_LOG", "Exit codes"] {
        assert!(help.contains(words), "{words}: {help}");
    }
    assert_eq!(operator.types(&["--lisen", "x"]).code, Some(2));
}

#[test]
fn the_manual_is_what_the_program_prints() {
    // Also where the configuration is broken: the manual is for those who mend it.
    let answer = Operator::new().types(&["--set", "no=5", "config", "--markdown"]);
    assert_eq!(answer.code, Some(0));
    assert!(
        answer.out == MANUAL,
        "docs/configuration.md is behind: cargo run -- config --markdown > docs/configuration.md"
    );
}

#[test]
fn every_command_in_the_manual_runs() {
    let operator = Operator::new();
    let programs = Path::new(PARLOR).parent().map(PathBuf::from).expect("it lies in a directory");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&path)));
    let path = path.expect("paths that come from the environment go back into it");
    let blocks = MANUAL.split("```sh\n").skip(1);
    let lines: Vec<_> =
        blocks.flat_map(|block| block.lines().take_while(|line| *line != "```")).collect();
    assert!(lines.len() > 2);
    for line in lines {
        let answer = Answer::of(operator.command("sh").args(["-c", line]).env("PATH", &path));
        assert!(answer.line("history.rooms").contains("history.rooms"), "{line}");
    }
}
