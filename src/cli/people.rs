//! `parlor user …` and `parlor audit`: what is typed becomes an operation, its answer a sentence.

use std::io::{self, BufWriter};

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, Subcommand, ValueEnum};
use parlor::auth::prompt;
use parlor::chat::{Legacy, Operation};
use parlor::model::config::Config;
use parlor::model::{Keep, Nick, PasswordHash, Role};
use parlor::operator::{self, Accounts, Broken, Deeds};

use super::options::Options;
use super::{Failure, print, show};

/// The longest that an invitation may be good for, in seconds: ten years.
const MAX_SECONDS: u64 = 10 * 366 * 86_400;

const USER_WORDS: &str = "\
A password is asked for at the terminal, twice and without showing it; where standard input is no
terminal, it is the first line of it:
  parlor user add ada --role owner < secret.txt

All of it works beside a running server, which notices at once, and without one. It needs to know where
the server keeps its data: --data, or the same configuration.";

const EXPORT_WORDS: &str = "\
The document holds the account, logins, devices, places in rooms, mutes and bans, reports, pictures,
deeds of theirs and to them, and all that they said; no password, token or hash, and nothing that
others said. The pictures' files are in the data directory: uploads/ID.";

/// Accounts
#[derive(Args, Debug)]
#[command(after_help = USER_WORDS)]
pub struct User {
    #[command(subcommand)]
    wish: Wish,
}

#[derive(Subcommand, Debug)]
enum Wish {
    /// Add an account, and ask for its password
    Add {
        #[command(flatten)]
        options: Options,
        /// The name
        #[arg(value_parser = nick)]
        name: Nick,
        /// What they may do on the whole server
        #[arg(long, default_value = "member", value_parser = roles())]
        role: Role,
    },
    /// List the accounts
    List {
        #[command(flatten)]
        options: Options,
        /// Print one JSON object instead
        #[arg(long)]
        json: bool,
    },
    /// Give an account a new password; everybody who is logged in to it is logged out
    Passwd {
        #[command(flatten)]
        options: Options,
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
    /// Give an account another role; it counts at once, for those who are connected, too
    Role {
        #[command(flatten)]
        options: Options,
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
        /// What they may do on the whole server from now on
        #[arg(value_parser = roles())]
        role: Role,
    },
    /// Delete an account; its name is free again after accounts.quarantine_s
    Delete {
        #[command(flatten)]
        options: Options,
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
        /// What becomes of what they said
        #[arg(long, value_enum, default_value = "keep")]
        messages: Messages,
    },
    /// Make an invitation to register
    Invite {
        #[command(flatten)]
        options: Options,
        /// How many people may use it
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// How long it is good for: 45s, 90m, 12h, 7d
        #[arg(long = "for", value_name = "TIME", default_value = "7d", value_parser = seconds)]
        seconds: u64,
    },
    /// Print all that is stored of a person, as one JSON document
    #[command(after_help = EXPORT_WORDS)]
    Export {
        #[command(flatten)]
        options: Options,
        /// Whose
        #[arg(value_parser = nick)]
        name: Nick,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Messages {
    /// It stays, as that of a deleted account
    Keep,
    /// It is removed, pictures too
    Remove,
}

/// Who did what
#[derive(Args, Debug)]
pub struct Audit {
    #[command(flatten)]
    options: Options,
    /// How many deeds, the newest first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print one JSON object instead
    #[arg(long)]
    json: bool,
}

impl User {
    pub fn run(self, earlier: Options) -> Result<(), Failure> {
        let config = |later| Ok::<Config, Failure>(earlier.and(later).resolve()?.config);
        match self.wish {
            Wish::Add { options, name, role } => add(&config(options)?, &name, role),
            Wish::List { options, json } => show(&Accounts::read(&config(options)?.data)?, json),
            Wish::Passwd { options, name } => passwd(&config(options)?, &name),
            Wish::Role { options, name, role } => change_role(&config(options)?, &name, role),
            Wish::Delete { options, name, messages } => delete(&config(options)?, &name, messages),
            Wish::Invite { options, uses, seconds } => invite(&config(options)?, uses, seconds),
            Wish::Export { options, name } => export(&config(options)?, &name),
        }
    }
}

impl Audit {
    pub fn run(self, earlier: Options) -> Result<(), Failure> {
        let config = earlier.and(self.options).resolve()?.config;
        show(&Deeds::read(&config.data, self.limit as usize)?, self.json)
    }
}

fn add(config: &Config, nick: &Nick, role: Role) -> Result<(), Failure> {
    let password = password(nick)?;
    operator::perform(config, &Operation::Add { nick: nick.clone(), role, password })?;
    print(&format!("{nick} has an account now, as {}.\n", role.name()))
}

fn passwd(config: &Config, nick: &Nick) -> Result<(), Failure> {
    let password = password(nick)?;
    operator::perform(config, &Operation::Password { nick: nick.clone(), password })?;
    print(&format!("{nick} has a new password; whoever was logged in is logged out.\n"))
}

/// Asks for a password and hashes it: it goes nowhere as it is.
fn password(nick: &Nick) -> Result<PasswordHash, Failure> {
    let password = prompt::ask(nick).map_err(Failure::Password)?;
    Ok(operator::hash(password)?)
}

fn change_role(config: &Config, nick: &Nick, role: Role) -> Result<(), Failure> {
    operator::perform(config, &Operation::Role { nick: nick.clone(), role })?;
    print(&format!("{nick} is {} now.\n", role.name()))
}

fn delete(config: &Config, nick: &Nick, messages: Messages) -> Result<(), Failure> {
    let (legacy, rest) = match messages {
        Messages::Keep => (Legacy::Kept, "stays, as that of a deleted account"),
        Messages::Remove => (Legacy::Removed, "is removed"),
    };
    operator::perform(config, &Operation::Delete { nick: nick.clone(), legacy })?;
    print(&format!("The account {nick} is deleted; what they said {rest}.\n"))
}

fn invite(config: &Config, uses: u32, seconds: u64) -> Result<(), Failure> {
    let invitation = operator::perform(config, &Operation::Invite { uses, seconds })?;
    let said = |field: &str| invitation[field].as_str().unwrap_or_default();
    let (secret, link, until) = (said("invitation"), said("link"), said("expires_at"));
    let people = if uses == 1 { "one person".to_owned() } else { format!("{uses} people") };
    print(&format!(
        "{secret}\n\nGood for {people}, until {until}. As a link: the server's address and {link}\n"
    ))
}

fn export(config: &Config, nick: &Nick) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match operator::export(&config.data, nick, &mut out) {
        Err(Broken::Unwritten(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(Broken::Unwritten(error)) => Err(Failure::Print(error)),
        Err(Broken::Undone(undone)) => Err(undone.into()),
        Ok(()) => Ok(()),
    }
}

fn nick(text: &str) -> Result<Nick, String> {
    Nick::parse(text).ok_or_else(|| format!("a name has {}", Nick::RULE))
}

/// Every role that an account may have.
fn roles() -> impl clap::builder::TypedValueParser<Value = Role> {
    let accounts = Role::ALL.into_iter().filter(|role| *role != Role::Guest);
    PossibleValuesParser::new(accounts.map(Role::name))
        .map(|name| name.parse().expect("these are the names of roles"))
}

fn seconds(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(Keep::For(millis)) if (1..=MAX_SECONDS).contains(&(millis / 1000)) => Ok(millis / 1000),
        _ => Err("a time is a number and a unit, such as 45s, 90m, 12h or 7d; at most ten years"
            .to_owned()),
    }
}
