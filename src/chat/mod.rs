//! Rooms, membership, names, presence and order.
//!
//! [`Chat`] holds the rules as plain functions over a plain struct: no actor, no clock, no socket;
//! time, randomness and ids come in as arguments, and what is to be done comes out as [`Effect`]s.
//! [`ChatServer`] is the thin actor around it, [`Relay`] carries its frames to the connections of
//! one worker thread. Sockets are in `session`, durable truth in `store`.
//!
//! Invariants: an event is shown only after the store holds it; everything that a client hears
//! about a room travels one path (state → relay → outlet), so its order is one order.

mod access;
mod account_changes;
mod account_ends;
mod account_messages;
mod accounts;
mod allowance;
mod approving;
mod arriving;
mod auditing;
mod browsers;
mod bucket;
mod budget;
mod by_address;
mod catching_up;
mod committing;
mod dispatch;
mod effect;
mod entrance;
mod expelling;
mod founding;
mod guessing;
mod joining;
mod letting_go;
mod local;
mod logins;
mod messages;
mod meters;
mod moderating;
mod names;
mod opening;
mod operating;
mod outlet;
mod parting;
mod peace;
mod people;
mod picture_messages;
mod pictures;
mod posting;
mod presence;
mod read_marks;
mod reading;
mod recent;
mod registering;
mod relay;
mod removing;
mod reporting;
mod room;
mod rules;
mod ruling;
mod sanctions;
mod sentencing;
mod server;
mod session;
mod speaking;
mod state;
mod sweeping;
mod target;
#[cfg(test)]
mod tests;
mod timers;
mod uploading;
mod viewing;
mod volatile;
mod wheel;

pub use account_ends::Legacy;
pub use account_messages::{
    Challenge, ChangePassword, DeleteAccount, Guessed, InviteToRegister, LogIn, LogOut,
    MayRegister, Operate, OwnProof, ReadAudit, Register, Rehash, WhoAmI,
};
pub use accounts::Proof;
pub use auditing::deed;
pub use bucket::{Bucket, Moment, Pace};
pub use effect::{Answer, Channel, Effect, Http, Reply, Shown, Want};
pub use entrance::Caller;
pub use guessing::Guess;
pub use letting_go::Holding;
pub use local::Local;
pub use logins::{Ending, NewLogin};
pub use messages::{
    Ask, Enter, Gone, Knock, Overview, Ready, Say, Settled, Shutdown, Sweep, WorkerUp,
};
pub use meters::{Cut, Kind, METRICS, Meters, Metric};
pub use operating::Operation;
pub use outlet::{Class, Heart, Outlet, TooMuch};
pub use picture_messages::{
    Broom, FilesLost, FilesRemoved, FilesStuck, GiveUp, Holdings, LetUpload, RemoveFiles, Reserve,
    SweepPictures, View,
};
pub use posting::Asker;
pub use reading::Reader;
pub use registering::Applicant;
pub use relay::{Backlog, Batch, Item, Relay};
pub use rules::Rules;
pub use server::ChatServer;
pub use state::Chat;
pub use uploading::{Pass, Upload};
pub use viewing::{Sight, Viewer};
