//! Accounts, their logins and known devices, as rows.
//!
//! When an account ends, a name is free again or an address is shortened is decided above.
//! Invariant: of accounts that are not over no two have one folded name.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{all, nick};
use super::{Outcome, private};
use crate::model::{LoginId, Nick, PasswordHash, Role, Timestamp, TokenHash, UserId, shortened};

/// So many devices of an account are known.
const DEVICES: i64 = 20;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number: the identity behind the messages.
    pub id: UserId,
    /// Its name.
    pub nick: Nick,
    /// What it may do on the whole server; never `Guest`.
    pub role: Role,
    /// Its password; none once it is over.
    pub password: Option<PasswordHash>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was deleted: its name waits for the end of the quarantine.
    pub ended_at: Option<Timestamp>,
}

impl AccountRow {
    /// Every account, by ascending id.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT accounts.*, content FROM accounts
                   LEFT JOIN private ON slot = password ORDER BY id";
        all(conn, sql, (), |row| {
            let password = private::text(row.get_ref("content")?);
            let password = password.and_then(|text| PasswordHash::parse(&text));
            Ok(Self { password, ..Self::load(row)? })
        })
    }

    /// Every account without its password, by ascending id.
    pub(super) fn without_passwords(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        all(conn, "SELECT * FROM accounts ORDER BY id", (), Self::load)
    }

    /// An account without its password.
    pub(super) fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role = row.get_ref("role")?.as_str()?.parse();
        Ok(Self {
            id: UserId(row.get("id")?),
            nick: nick(row, "nick")?,
            role: role.unwrap_or(Role::Member),
            password: None,
            created_at: Timestamp(row.get("created_at")?),
            ended_at: row.get::<_, Option<i64>>("ended_at")?.map(Timestamp),
        })
    }

    /// Writes it in place of an older state of it, if its name is free.
    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<Outcome> {
        let key = self.nick.keys().folded;
        let sql =
            "SELECT 1 FROM accounts WHERE name_key = ?1 AND ended_at IS NULL AND id <> ?2 LIMIT 1";
        if self.ended_at.is_none() && conn.prepare_cached(sql)?.exists(params![&*key, self.id.0])? {
            return Ok(Outcome::Taken);
        }
        let sql = "SELECT password FROM accounts WHERE id = ?1";
        let slot = slot(conn, sql, self.id.0)?;
        let password = self.password.as_ref().map(PasswordHash::as_str);
        let slot = private::put(conn, slot, password)?;
        let sql = "INSERT INTO accounts (id, nick, name_key, role, password, created_at, ended_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (id) DO UPDATE SET nick = ?2, name_key = ?3, role = ?4,
                       password = ?5, created_at = ?6, ended_at = ?7";
        let (name, role, ended_at) =
            (self.nick.as_str(), self.role.name(), self.ended_at.map(|at| at.0));
        let values = params![self.id.0, name, &*key, role, slot, self.created_at.0, ended_at];
        conn.prepare_cached(sql)?.execute(values)?;
        Ok(Outcome::Done)
    }
}

/// The slot that the row of an id has, if it has one.
fn slot(conn: &Connection, sql: &str, id: i64) -> rusqlite::Result<Option<i64>> {
    let found = conn.prepare_cached(sql)?.query_row([id], |row| row.get::<_, Option<i64>>(0));
    found.optional().map(Option::flatten)
}

/// A login: what one device was given for a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// Its name; not a secret.
    pub id: LoginId,
    /// The hash of its token.
    pub token: TokenHash,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub used_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
    /// What the device said of itself (`User-Agent`), for who looks at the list; bounded.
    pub label: String,
    /// Where it began; shortened after a while.
    pub address: String,
}

impl LoginRow {
    /// Every login, oldest first.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT logins.*, content FROM logins LEFT JOIN private ON slot = address
                   ORDER BY created_at, id";
        all(conn, sql, (), Self::load)
    }

    /// The logins of an account, oldest first.
    pub(super) fn of(conn: &Connection, user: UserId) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT logins.*, content FROM logins LEFT JOIN private ON slot = address
                   WHERE user = ?1 ORDER BY created_at, id";
        all(conn, sql, [user.0], Self::load)
    }

    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: LoginId(row.get("id")?),
            token: TokenHash(row.get("token")?),
            user: UserId(row.get("user")?),
            created_at: Timestamp(row.get("created_at")?),
            used_at: Timestamp(row.get("used_at")?),
            expires_at: Timestamp(row.get("expires_at")?),
            label: row.get("label")?,
            address: private::text(row.get_ref("content")?).unwrap_or_default(),
        })
    }

    /// Writes it in place of an older state of it.
    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let slot = slot(conn, "SELECT address FROM logins WHERE id = ?1", self.id.0)?;
        let slot = private::put(conn, slot, Some(&self.address))?;
        let sql = "INSERT INTO logins
                       (id, token, user, created_at, used_at, expires_at, label, address)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (id) DO UPDATE SET token = ?2, user = ?3, created_at = ?4,
                       used_at = ?5, expires_at = ?6, label = ?7, address = ?8";
        let values = params![
            self.id.0,
            self.token.0,
            self.user.0,
            self.created_at.0,
            self.used_at.0,
            self.expires_at.0,
            self.label,
            slot,
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Removes logins and the sessions that came with them.
pub(super) fn end_logins(conn: &Connection, ids: &[LoginId]) -> rusqlite::Result<()> {
    for id in ids {
        let slot = slot(conn, "SELECT address FROM logins WHERE id = ?1", id.0)?;
        private::put(conn, slot, None)?;
        conn.prepare_cached("DELETE FROM logins WHERE id = ?1")?.execute([id.0])?;
        conn.prepare_cached("DELETE FROM sessions WHERE login = ?1")?.execute([id.0])?;
    }
    Ok(())
}

/// Shortens the addresses of logins that began before `before`, which is when they were noted.
/// Returns whether there was one.
pub(super) fn shorten_addresses(conn: &Connection, before: Timestamp) -> rusqlite::Result<bool> {
    let sql = "SELECT slot, content FROM logins JOIN private ON slot = address
               WHERE created_at < ?1 AND instr(content, x'2f') = 0";
    let load = |row: &Row<'_>| Ok((row.get(0)?, private::text(row.get_ref(1)?)));
    let long: Vec<(i64, Option<String>)> = all(conn, sql, [before.0], load)?;
    let mut any = false;
    for (slot, address) in long {
        let Some(short) = address.and_then(|address| shortened(&address)) else { continue };
        private::put(conn, Some(slot), Some(&short))?;
        any = true;
    }
    Ok(any)
}

/// Every known device, with its account and when it was last seen.
pub(super) fn devices(conn: &Connection) -> rusqlite::Result<Vec<(UserId, TokenHash, Timestamp)>> {
    let sql = "SELECT user, device, at FROM devices ORDER BY user, at, device";
    all(conn, sql, (), |row| {
        Ok((UserId(row.get(0)?), TokenHash(row.get(1)?), Timestamp(row.get(2)?)))
    })
}

/// Remembers a device, and forgets the account's oldest beyond [`DEVICES`].
pub(super) fn save_device(
    conn: &Connection,
    user: UserId,
    device: &TokenHash,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO devices (user, device, at) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![user.0, device.0, at.0])?;
    let sql = "DELETE FROM devices WHERE user = ?1 AND device IN
                   (SELECT device FROM devices WHERE user = ?1
                    ORDER BY at DESC, device LIMIT -1 OFFSET ?2)";
    conn.prepare_cached(sql)?.execute([user.0, DEVICES]).map(drop)
}
