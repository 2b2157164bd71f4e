//! Accounts and their logins as the chat knows them: whose a name is, whose a token.
//!
//! Passwords are checked in `web` with `auth`; here is what depends on the answer. Invariants: no
//! two accounts that are not over share a key of their names; every login belongs to an account
//! that is not over.

use std::collections::HashMap;
use std::sync::Arc;

use super::allowance::Allowance;
use crate::model::{
    LoginId, Nick, NickKeys, PasswordHash, Role, SessionId, Timestamp, TokenHash, UserId, shortened,
};
use crate::store::{AccountRow, LoginRow, RoomId};

/// So many devices of an account are known.
const MAX_DEVICES: usize = 20;

/// An account.
#[derive(Debug)]
pub struct Account {
    /// What the store has.
    pub row: AccountRow,
    /// Its sessions, oldest first, also those that are held.
    pub sessions: Vec<SessionId>,
    /// Its logins, oldest first.
    pub logins: Vec<LoginId>,
    /// The devices that were logged in from, the one that was seen last at the end.
    pub devices: Vec<TokenHash>,
    /// How far it has read.
    pub reads: HashMap<RoomId, u64>,
    /// What it may do in how short a time.
    pub allowance: Allowance,
    /// When its password last changed, as far as this run of the server knows: a login that was on
    /// its way to the store then does not count.
    pub renewed_at: Option<Timestamp>,
}

impl Account {
    /// Whether it was deleted and its name is in quarantine.
    pub fn is_over(&self) -> bool {
        self.row.ended_at.is_some()
    }

    /// A device was logged in from.
    pub fn remember_device(&mut self, device: TokenHash) {
        self.devices.retain(|known| *known != device);
        self.devices.push(device);
        if self.devices.len() > MAX_DEVICES {
            self.devices.remove(0);
        }
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Accounts {
    all: HashMap<UserId, Box<Account>>,
    folded: HashMap<Arc<str>, UserId>,
    exact: HashMap<Arc<str>, UserId>,
    logins: HashMap<LoginId, LoginRow>,
    tokens: HashMap<TokenHash, LoginId>,
}

impl Accounts {
    /// Adds an account, or takes the place of an older state of it.
    pub fn put(&mut self, row: AccountRow, allowance: impl FnOnce() -> Allowance) {
        let keys = row.nick.keys();
        if let Some(account) = self.all.get_mut(&row.id) {
            let old = account.row.nick.keys();
            account.row = row;
            let id = account.row.id;
            self.release(&old, id);
            self.reserve(&keys, id);
            return;
        }
        self.reserve(&keys, row.id);
        let account = Account {
            row,
            sessions: Vec::new(),
            logins: Vec::new(),
            devices: Vec::new(),
            reads: HashMap::new(),
            allowance: allowance(),
            renewed_at: None,
        };
        self.all.insert(account.row.id, Box::new(account));
    }

    /// Keeps a name for an account; while it is on its way to the store, too.
    pub fn reserve(&mut self, keys: &NickKeys, id: UserId) {
        self.folded.insert(Arc::clone(&keys.folded), id);
        self.exact.insert(Arc::clone(&keys.exact), id);
    }

    /// Gives a name back that is no account's any more, or did not become one's.
    pub fn release(&mut self, keys: &NickKeys, id: UserId) {
        if self.folded.get(&keys.folded) == Some(&id) {
            self.folded.remove(&keys.folded);
        }
        if self.exact.get(&keys.exact) == Some(&id) {
            self.exact.remove(&keys.exact);
        }
    }

    /// Forgets an account altogether.
    pub fn remove(&mut self, id: UserId) {
        let Some(account) = self.all.remove(&id) else { return };
        self.release(&account.row.nick.keys(), id);
        for login in account.logins {
            self.forget_login(login);
        }
    }

    /// Whose a name is, also one in quarantine or on its way to the store.
    pub fn owner(&self, keys: &NickKeys) -> Option<UserId> {
        self.folded.get(&keys.folded).or_else(|| self.exact.get(&keys.exact)).copied()
    }

    /// The account of that name, unless it is over.
    pub fn named(&self, keys: &NickKeys) -> Option<&Account> {
        self.live(self.owner(keys)?)
    }

    /// An account, over or not.
    pub fn get(&self, id: UserId) -> Option<&Account> {
        self.all.get(&id).map(|account| &**account)
    }

    /// An account, unless it is over.
    pub fn live(&self, id: UserId) -> Option<&Account> {
        self.get(id).filter(|account| !account.is_over())
    }

    /// An account, to change it.
    pub fn get_mut(&mut self, id: UserId) -> Option<&mut Account> {
        self.all.get_mut(&id).map(|account| &mut **account)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.all.values().map(|account| &**account)
    }

    /// A room has ended: nobody has read it.
    pub fn forget_reads(&mut self, room: RoomId) {
        for account in self.all.values_mut() {
            account.reads.remove(&room);
        }
    }

    /// How many names are taken.
    pub fn count(&self) -> usize {
        self.folded.len().max(self.all.len())
    }

    /// Adds a login.
    pub fn add_login(&mut self, row: LoginRow) {
        let Some(account) = self.all.get_mut(&row.user) else { return };
        account.logins.push(row.id);
        self.tokens.insert(row.token, row.id);
        self.logins.insert(row.id, row);
    }

    /// A login.
    pub fn login(&self, id: LoginId) -> Option<&LoginRow> {
        self.logins.get(&id)
    }

    /// A login, to change when it was used.
    pub fn login_mut(&mut self, id: LoginId) -> Option<&mut LoginRow> {
        self.logins.get_mut(&id)
    }

    /// The login of a token.
    pub fn login_of(&self, token: &TokenHash) -> Option<&LoginRow> {
        self.logins.get(self.tokens.get(token)?)
    }

    /// Removes a login; returns whether there was one.
    pub fn remove_login(&mut self, id: LoginId) -> bool {
        let Some(user) = self.logins.get(&id).map(|row| row.user) else { return false };
        if let Some(account) = self.all.get_mut(&user) {
            account.logins.retain(|login| *login != id);
        }
        self.forget_login(id);
        true
    }

    fn forget_login(&mut self, id: LoginId) {
        if let Some(row) = self.logins.remove(&id) {
            self.tokens.remove(&row.token);
        }
    }

    /// Shortens the addresses of logins that began before `before`, as the store does with its own.
    pub fn shorten_addresses(&mut self, before: Timestamp) {
        for login in self.logins.values_mut().filter(|login| login.created_at < before) {
            if let Some(short) = shortened(&login.address) {
                login.address = short;
            }
        }
    }

    /// Logins that have ended: used too long ago, or old.
    pub fn ended_logins(&self, now: Timestamp, idle_ms: u64) -> Vec<LoginId> {
        let ended = |row: &&LoginRow| row.expires_at <= now || now.since(row.used_at) >= idle_ms;
        self.logins.values().filter(ended).map(|row| row.id).collect()
    }

    /// Accounts that are over since before `before`: their names are free again.
    pub fn past_quarantine(&self, before: Timestamp) -> Vec<UserId> {
        let past = |account: &&Account| account.row.ended_at.is_some_and(|at| at < before);
        self.iter().filter(past).map(|account| account.row.id).collect()
    }
}

/// What proves a password: the hash it is compared with, of the account that it may be.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whose.
    pub user: UserId,
    /// Their name as they spell it.
    pub nick: Nick,
    /// What they may do.
    pub role: Role,
    /// What the password is compared with.
    pub hash: PasswordHash,
}
