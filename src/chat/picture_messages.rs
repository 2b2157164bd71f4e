//! The messages of the `ChatServer` about pictures: from the door, from who looks, from the janitor.

use actix::prelude::*;

use super::letting_go::Holding;
use super::messages::handle;
use super::server::ChatServer;
use super::uploading::Pass;
use super::viewing::{Sight, Viewer};
use crate::model::{ImageId, RoomName, TokenHash};
use crate::protocol::Refusal;

/// Asks for an upload's ticket, before its body is read.
#[derive(Message)]
#[rtype(result = "Result<Pass, Refusal>")]
pub struct LetUpload {
    /// Who uploads.
    pub token: TokenHash,
    /// A fingerprint of where from.
    pub address: [u8; 32],
    /// The room, where it is known already.
    pub room: Option<RoomName>,
    /// What the request says of its length, in bytes.
    pub length: Option<u64>,
}

/// An upload's picture is ready to be written: asks whether there is room for it.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub struct Reserve {
    /// The ticket's number.
    pub ticket: u64,
    /// The room, if one was named.
    pub room: Option<RoomName>,
    /// Bytes of the picture and its thumbnail.
    pub bytes: u64,
}

/// An upload ended without a picture: its ticket is given back.
#[derive(Message)]
#[rtype(result = "()")]
pub struct GiveUp {
    /// The ticket's number.
    pub ticket: u64,
}

/// Somebody wants to see a picture.
#[derive(Message)]
#[rtype(result = "Result<Sight, Refusal>")]
pub struct View {
    /// Who.
    pub viewer: Viewer,
    /// Which.
    pub id: ImageId,
}

/// To the janitor: the files of these pictures go. It answers with [`FilesRemoved`] and
/// [`FilesStuck`].
#[derive(Message)]
#[rtype(result = "()")]
pub struct RemoveFiles(pub Vec<ImageId>);

/// The janitor is there.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Broom(pub Recipient<RemoveFiles>);

/// From the janitor: these files are gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct FilesRemoved(pub Vec<ImageId>);

/// From the janitor: these files could not be removed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct FilesStuck(pub Vec<ImageId>);

/// From the janitor: these files are missing, or not what they were.
#[derive(Message)]
#[rtype(result = "()")]
pub struct FilesLost(pub Vec<ImageId>);

/// Asks which files there should be.
#[derive(Message)]
#[rtype(result = "Vec<Holding>")]
pub struct Holdings;

/// The janitor's round over the pictures: those whose life has ended go. Says how many.
#[derive(Message)]
#[rtype(result = "usize")]
pub struct SweepPictures;

handle! {
    GiveUp, |server, GiveUp { ticket }, ctx| server.chat.give_up_upload(ticket);
    Broom, |server, Broom(broom), ctx| server.take_broom(broom);
    FilesRemoved, |server, FilesRemoved(ids), ctx| server.chat.files_removed(Self::now(), ids);
    FilesStuck, |server, FilesStuck(ids), ctx| server.chat.files_stuck(Self::now(), ids);
    FilesLost, |server, FilesLost(ids), ctx| server.chat.lost(Self::now(), ids);
}

impl Handler<LetUpload> for ChatServer {
    type Result = Result<Pass, Refusal>;

    fn handle(&mut self, ask: LetUpload, _: &mut Self::Context) -> Self::Result {
        let LetUpload { token, address, room, length } = ask;
        self.chat.let_upload(Self::now(), token, address, room.as_ref(), length)
    }
}

impl Handler<Reserve> for ChatServer {
    type Result = Result<(), Refusal>;

    fn handle(&mut self, ask: Reserve, ctx: &mut Self::Context) -> Self::Result {
        let Reserve { ticket, room, bytes } = ask;
        let reserved = self.chat.reserve(Self::now(), ticket, room.as_ref(), bytes);
        // Others may have had to make room.
        self.settle_soon(ctx);
        reserved
    }
}

impl Handler<View> for ChatServer {
    type Result = Result<Sight, Refusal>;

    fn handle(&mut self, View { viewer, id }: View, _: &mut Self::Context) -> Self::Result {
        self.chat.view(Self::now(), viewer, id)
    }
}

impl Handler<Holdings> for ChatServer {
    type Result = Vec<Holding>;

    fn handle(&mut self, _: Holdings, _: &mut Self::Context) -> Self::Result {
        self.chat.holdings()
    }
}

impl Handler<SweepPictures> for ChatServer {
    type Result = usize;

    fn handle(&mut self, _: SweepPictures, ctx: &mut Self::Context) -> usize {
        let going = self.chat.let_expired_go(Self::now());
        self.settle_soon(ctx);
        going
    }
}
