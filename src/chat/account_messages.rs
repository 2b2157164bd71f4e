//! The messages of the `ChatServer` about accounts: from HTTP and from the operator.

use actix::prelude::*;

use super::account_ends::Legacy;
use super::accounts::Proof;
use super::effect::Channel;
use super::guessing::Guess;
use super::logins::{Ending, NewLogin};
use super::messages::handle;
use super::operating::Operation;
use super::registering::Applicant;
use super::server::ChatServer;
use crate::auth::Ticket;
use crate::model::{Nick, PasswordHash, TokenHash};
use crate::protocol::Refusal;

/// Asks whether somebody may register, before their password is hashed.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub struct MayRegister(pub Applicant);

/// Registers an account.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Register {
    /// Who.
    pub applicant: Applicant,
    /// Their password.
    pub password: PasswordHash,
    /// Where the answer goes.
    pub channel: Channel,
}

/// Asks what a password for a name is compared with. A try is counted.
#[derive(Message)]
#[rtype(result = "Result<Guess, Refusal>")]
pub struct Challenge {
    /// The name.
    pub nick: Nick,
    /// A fingerprint of where it is tried from.
    pub address: [u8; 32],
    /// The hash of the device's secret, if it has one.
    pub device: Option<TokenHash>,
}

/// The password is right: logs in.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LogIn {
    /// What was proven.
    pub proof: Proof,
    /// What the device gets.
    pub new: NewLogin,
    /// Where the answer goes.
    pub channel: Channel,
}

/// Ends logins.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LogOut {
    /// Who.
    pub token: TokenHash,
    /// Which.
    pub ending: Ending,
    /// Where the answer goes.
    pub channel: Channel,
}

/// Asks who one is, or which logins one has.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WhoAmI {
    /// Who.
    pub token: TokenHash,
    /// The list of logins instead.
    pub logins: bool,
    /// Where the answer goes.
    pub channel: Channel,
}

/// Asks what the password of who shows a login is compared with. A try is counted.
#[derive(Message)]
#[rtype(result = "Result<Guess, Refusal>")]
pub struct OwnProof {
    /// Who.
    pub token: TokenHash,
    /// A fingerprint of where it is tried from.
    pub address: [u8; 32],
}

/// The old password is right: sets a new one.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ChangePassword {
    /// Who.
    pub token: TokenHash,
    /// What was proven.
    pub proof: Proof,
    /// The new one.
    pub password: PasswordHash,
    /// Where the answer goes.
    pub channel: Channel,
}

/// The password is right: deletes the account.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DeleteAccount {
    /// Who.
    pub token: TokenHash,
    /// What was proven.
    pub proof: Proof,
    /// What becomes of the messages.
    pub legacy: Legacy,
    /// Where the answer goes.
    pub channel: Channel,
}

/// A stronger hash of a password that was proven.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Rehash {
    /// What was proven.
    pub proof: Proof,
    /// The stronger hash.
    pub stronger: PasswordHash,
}

/// What became of a try at a password.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Guessed {
    /// The try.
    pub ticket: Ticket,
    /// The password was right; else it was not looked at.
    pub right: bool,
}

/// The operator wants something done.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Operate {
    /// What.
    pub operation: Operation,
    /// Where the answer goes.
    pub channel: Channel,
}

/// Makes an invitation to register.
#[derive(Message)]
#[rtype(result = "()")]
pub struct InviteToRegister {
    /// Who.
    pub token: TokenHash,
    /// How often it works.
    pub uses: u32,
    /// For how long, in seconds.
    pub seconds: u64,
    /// Where the answer goes.
    pub channel: Channel,
}

/// An owner reads what was done.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ReadAudit {
    /// Who.
    pub token: TokenHash,
    /// What is older than this entry.
    pub before: Option<u64>,
    /// So much of it.
    pub limit: usize,
    /// Where the answer goes.
    pub channel: Channel,
}

handle! {
    InviteToRegister, |server, InviteToRegister { token, uses, seconds, channel }, ctx| {
        server.chat.make_invitation(Self::now(), &token, uses, seconds, channel)
    };
    ReadAudit, |server, ReadAudit { token, before, limit, channel }, ctx| {
        server.read_audit(&token, before, limit, channel)
    };
    Register, |server, Register { applicant, password, channel }, ctx| {
        server.chat.register(Self::now(), &applicant, password, channel)
    };
    Guessed, |server, Guessed { ticket, right }, ctx| match right {
        true => server.chat.guessed_right(Self::now(), ticket),
        false => server.chat.not_guessed(Self::now(), ticket),
    };
    LogIn, |server, LogIn { proof, new, channel }, ctx| {
        server.chat.log_in(Self::now(), &proof, new, channel)
    };
    LogOut, |server, LogOut { token, ending, channel }, ctx| {
        server.chat.log_out(Self::now(), &token, ending, channel)
    };
    WhoAmI, |server, WhoAmI { token, logins, channel }, ctx| match logins {
        false => server.chat.me(Self::now(), &token, channel),
        true => server.chat.list_logins(Self::now(), &token, channel),
    };
    ChangePassword, |server, ChangePassword { token, proof, password, channel }, ctx| {
        server.chat.change_password(Self::now(), &token, &proof, password, channel)
    };
    DeleteAccount, |server, DeleteAccount { token, proof, legacy, channel }, ctx| {
        server.chat.delete_own_account(Self::now(), &token, &proof, legacy, channel)
    };
    Rehash, |server, Rehash { proof, stronger }, ctx| server.chat.rehash(&proof, stronger);
    Operate, |server, Operate { operation, channel }, ctx| {
        server.chat.operate(Self::now(), operation, channel)
    };
}

macro_rules! ask {
    ($message:ty => $answer:ty, |$server:ident, $msg:pat_param| $body:expr) => {
        impl Handler<$message> for ChatServer {
            type Result = $answer;

            fn handle(&mut self, message: $message, ctx: &mut Self::Context) -> Self::Result {
                let ($server, $msg) = (&mut *self, message);
                let answer = $body;
                self.settle_soon(ctx);
                answer
            }
        }
    };
}

ask!(MayRegister => Result<(), Refusal>, |server, MayRegister(applicant)| {
    server.chat.may_register(Self::now(), &applicant)
});
ask!(Challenge => Result<Guess, Refusal>, |server, Challenge { nick, address, device }| {
    server.chat.guess(Self::now(), &nick, address, device)
});
ask!(OwnProof => Result<Guess, Refusal>, |server, OwnProof { token, address }| {
    server.chat.own_guess(Self::now(), &token, address)
});
