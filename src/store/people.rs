//! Accounts, their logins and known devices, as rows.

use crate::model::{LoginId, Nick, PasswordHash, Role, Timestamp, TokenHash, UserId};

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
    /// Where it was used last; shortened after a while.
    pub address: String,
}
