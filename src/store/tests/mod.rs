//! What the store promises, tried on real files.

mod accounts;
mod approving;
mod auditing;
mod editing;
mod erasing;
mod exporting;
mod failing;
mod logins;
mod migrating;
mod moderating;
mod numbering;
mod opening;
mod paging;
mod pictures;
mod reactions;
mod repeating;
mod restart;
mod retention;
mod secrets;

use std::path::PathBuf;
use std::sync::mpsc::channel;

use tempfile::TempDir;

use super::*;
use crate::model::{
    Author, Body, ClientId, Emoji, Epoch, Event, LoginId, MessageText, Nick, PasswordHash, Reason,
    Role, RoomName, RoomRole, RoomSettings, Timestamp, TokenHash, UserId,
};

const LOBBY: RoomId = RoomId(1);
const NOON: Timestamp = Timestamp(1_795_348_800_000);

/// A store on a directory of its own, asked and answered in one breath.
struct TestStore {
    directory: TempDir,
    store: Store,
    boot: Boot,
}

impl TestStore {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let db = directory.path().join("parlor.db");
        let (store, boot) = Store::open(&db, Durability::Normal).unwrap();
        Self { directory, store, boot }
    }

    /// A store with the room [`LOBBY`].
    fn with_lobby() -> Self {
        let store = Self::new();
        assert_eq!(store.commit(vec![Op::CreateRoom(room(LOBBY, "Lobby"))]), [Outcome::Done]);
        store
    }

    fn db(&self) -> PathBuf {
        self.directory.path().join("parlor.db")
    }

    fn reopened(self) -> Self {
        self.store.close();
        let (store, boot) = Store::open(&self.db(), Durability::Normal).unwrap();
        Self { store, boot, ..self }
    }

    fn try_commit(&self, batch: Vec<Op>) -> Result<Vec<Outcome>, StoreError> {
        let (tell, told) = channel();
        let done = move |_, outcomes| tell.send(outcomes).unwrap();
        self.store.commit(batch, done).map_err(|(_, error)| error)?;
        told.recv().unwrap()
    }

    fn commit(&self, batch: Vec<Op>) -> Vec<Outcome> {
        self.try_commit(batch).unwrap()
    }

    /// The outcome of one event in the lobby.
    fn append(&self, who: &str, body: Body) -> Outcome {
        self.commit(vec![append(who, body)]).remove(0)
    }

    fn page(&self, room: RoomId, range: Range, limit: usize, max_bytes: usize) -> Page {
        let (tell, told) = channel();
        let query = Query { room, range, limit, max_bytes };
        self.store.read(query, move |page| tell.send(page).unwrap()).unwrap();
        told.recv().unwrap().unwrap()
    }

    fn log(&self, room: RoomId) -> Vec<Event> {
        self.page(room, Range::After { seq: 0, upto: None }, usize::MAX, usize::MAX).events
    }

    /// The newest notes of who did what, newest first.
    fn audit(&self, before: Option<i64>, limit: usize) -> Vec<AuditRow> {
        let (tell, told) = channel();
        self.store.audit(before, limit, move |rows| tell.send(rows).unwrap()).unwrap();
        told.recv().unwrap().unwrap()
    }

    /// Runs `look` on the writer's own connection.
    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&rusqlite::Connection) -> T + Send + 'static,
    ) -> T {
        let (tell, told) = channel();
        let look = move |conn: &rusqlite::Connection| tell.send(look(conn)).unwrap();
        assert!(self.store.write(writer::Job::Inspect(Box::new(look))).is_none());
        told.recv().unwrap()
    }

    /// How many rows a table has.
    fn rows(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.inspect(move |conn| conn.query_row(&sql, (), |row| row.get(0)).unwrap())
    }
}

fn room(id: RoomId, name: &str) -> RoomRow {
    RoomRow {
        id,
        name: RoomName::parse(name).unwrap(),
        epoch: Epoch(format!("epoch-{:06}", id.0)),
        seq: 0,
        first_seq: 1,
        topic: None,
        created_at: NOON,
        settings: RoomSettings::default(),
    }
}

/// The same name is the same user.
fn author(name: &str) -> Author {
    let user = UserId(name.bytes().fold(7, |user, byte| user * 31 + i64::from(byte)));
    Author { user, nick: Nick::parse(name).unwrap(), guest: true }
}

/// An account; the same name is the same user as that of [`author`].
fn account(name: &str) -> AccountRow {
    let Author { user, nick, .. } = author(name);
    // A hash is plain ASCII, whatever the name is.
    let hash = format!("$argon2id$v=19$m=19456,t=2,p=1$salt${}-secret", name.escape_unicode());
    let password = Some(PasswordHash::parse(&hash).unwrap());
    AccountRow { id: user, nick, role: Role::Member, password, created_at: NOON, ended_at: None }
}

fn login(id: i64, name: &str) -> LoginRow {
    LoginRow {
        id: LoginId(id),
        token: TokenHash::of(&format!("{name} {id}")),
        user: author(name).user,
        created_at: NOON,
        used_at: NOON,
        expires_at: NOON.plus(1000),
        label: "a browser".into(),
        address: "203.0.113.77".into(),
    }
}

fn save_account(row: &AccountRow) -> Op {
    Op::SaveAccount(Box::new(row.clone()))
}

fn save_login(row: &LoginRow) -> Op {
    Op::SaveLogin(Box::new(row.clone()))
}

/// A ban of an account in the lobby.
fn ban(id: i64, name: &str) -> SanctionRow {
    SanctionRow {
        id,
        room: Some(LOBBY),
        kind: SanctionKind::Ban,
        user: Some(author(name).user),
        name_key: None,
        address: None,
        nick: author(name).nick,
        until: Some(NOON.plus(5000)),
        by: author("Mod").nick,
        reason: Reason::new("rude").unwrap(),
        at: NOON,
    }
}

fn invite(secret: &str, room: Option<RoomId>, by: &str) -> InviteRow {
    InviteRow {
        secret: TokenHash::of(secret),
        room,
        by: author(by).user,
        uses_left: 3,
        created_at: NOON,
        expires_at: NOON.plus(1000),
    }
}

fn report(seq: u64, by: &str) -> ReportRow {
    let Author { user, nick, .. } = author(by);
    let reason = Reason::new("spam").unwrap();
    ReportRow { room: LOBBY, seq, user, nick, reason, at: NOON }
}

fn note(action: &str, at: Timestamp) -> AuditRow {
    AuditRow {
        id: 0,
        at,
        actor: Some(author("Mod").user),
        actor_nick: "Mod".into(),
        action: action.into(),
        room: Some(LOBBY),
        room_name: Some("Lobby".into()),
        target: Some(author("Eve").user),
        target_nick: Some("Eve".into()),
        detail: "{}".into(),
    }
}

/// An event in the lobby at noon.
fn append(who: &str, body: Body) -> Op {
    Op::Append(event(who, body))
}

fn event(who: &str, body: Body) -> Append {
    let (author, name_key) = (author(who), who.to_lowercase());
    Append { room: LOBBY, at: NOON, author, name_key, body, rights: Rights::default() }
}

fn text(words: &str) -> MessageText {
    MessageText::new(words, 100_000).unwrap()
}

fn said(words: &str) -> Body {
    Body::message(text(words), None, None)
}

/// A message with an idempotency key.
fn keyed(words: &str, key: &str) -> Body {
    Body::message(text(words), None, Some(ClientId::new(key).unwrap()))
}

fn edited(target: u64, words: &str) -> Body {
    Body::edited(target, text(words))
}

fn reacted(target: u64, emoji: &str, on: bool) -> Body {
    Body::reacted(target, Emoji::new(emoji).unwrap(), on)
}

fn appended(seq: u64) -> Outcome {
    Outcome::Appended { seq }
}

fn duplicate(seq: u64) -> Outcome {
    Outcome::Duplicate { seq, at: NOON }
}

const NOT_FOUND: Outcome = Outcome::Refused(Refusal::MessageNotFound);
const NOT_YOURS: Outcome = Outcome::Refused(Refusal::NotYours);
