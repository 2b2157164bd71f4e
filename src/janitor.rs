//! `Janitor`: the actor that sweeps on a clock, and the only one that deletes pictures' files.
//!
//! What is to go is decided by the rules in `chat`: pictures whose life has ended or whose senders
//! took them back, rooms that were left empty, events and idempotency keys past their time.
//! Sessions whose grace has ended go by their own timers.
//!
//! Invariant: a picture's files are gone before the chat hears that they are.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use actix::prelude::*;

use crate::chat::{
    Broom, ChatServer, FilesLost, FilesRemoved, FilesStuck, Holdings, RemoveFiles, Settled, Sweep,
    SweepPictures,
};
use crate::model::ImageId;
use crate::model::config::Config;
use crate::uploads::Gallery;

/// How long the janitor's first round may keep the server closed.
const FIRST_ROUND: Duration = Duration::from_secs(60);

/// Sweeps every so often.
pub struct Janitor {
    chat: Addr<ChatServer>,
    gallery: Gallery,
    /// None where it only removes what it is told to.
    clock: Option<Clock>,
}

/// When it sweeps.
#[derive(Clone, Copy)]
struct Clock {
    /// Between two rounds over the rooms.
    rooms: Duration,
    /// Between two rounds over the pictures.
    pictures: Duration,
}

impl Janitor {
    /// Starts the janitor, and waits for its first round over the pictures: what expired while the
    /// server was down goes before anybody is served.
    ///
    /// # Errors
    /// When the directory of pictures cannot be read, or a leftover cannot be removed.
    pub async fn begin(
        chat: Addr<ChatServer>,
        gallery: Gallery,
        config: &Config,
    ) -> io::Result<()> {
        let clock = Clock {
            rooms: Duration::from_millis(config.janitor.sweep_ms),
            pictures: Duration::from_millis(config.images.sweep_ms),
        };
        let janitor = Self { chat, gallery, clock: Some(clock) }.start();
        match actix_rt::time::timeout(FIRST_ROUND, janitor.send(Begin)).await {
            Ok(done) => done.map_err(io::Error::other)?,
            Err(_) => {
                log::warn!("the janitor's first round takes long; it goes on beside the service");
                Ok(())
            }
        }
    }

    /// Starts a janitor that sweeps nothing by itself: it removes the files that the rules say, for a
    /// chat that is open for one order of the operator.
    pub fn on_call(chat: Addr<ChatServer>, gallery: Gallery) {
        Self { chat, gallery, clock: None }.start();
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.chat.do_send(Broom(ctx.address().recipient()));
        let Some(clock) = self.clock else { return };
        ctx.notify(Round);
        ctx.run_interval(clock.rooms, |_, ctx| ctx.notify(Round));
        ctx.run_interval(clock.pictures, |janitor, _| janitor.chat.do_send(SweepPictures));
    }
}

/// The first round over the pictures: leftovers of a crash go, what was lost and what expired while
/// the server was down is noted. Answers when all of it is done.
#[derive(Message)]
#[rtype(result = "io::Result<()>")]
struct Begin;

impl Handler<Begin> for Janitor {
    type Result = ResponseFuture<io::Result<()>>;

    fn handle(&mut self, _: Begin, _: &mut Self::Context) -> Self::Result {
        let (chat, gallery) = (self.chat.clone(), self.gallery.clone());
        Box::pin(async move {
            let holdings = chat.send(Holdings).await.map_err(io::Error::other)?;
            let sizes = holdings.iter().map(|held| (held.id, (held.bytes, held.thumb_bytes)));
            let expected: HashMap<ImageId, (u64, u64)> = sizes.collect();
            let tidied = actix_rt::task::spawn_blocking(move || gallery.tidy(&expected)).await;
            let lost = tidied.map_err(io::Error::other)??;
            if !lost.is_empty() {
                log::warn!("the files of {} pictures are missing or damaged", lost.len());
            }
            chat.do_send(FilesLost(lost));
            let expired = chat.send(SweepPictures).await.map_err(io::Error::other)?;
            if expired > 0 {
                log::info!("{expired} pictures expired while the server was down");
            }
            chat.send(Settled).await.map_err(io::Error::other)
        })
    }
}

impl Handler<RemoveFiles> for Janitor {
    type Result = ();

    fn handle(&mut self, RemoveFiles(ids): RemoveFiles, _: &mut Self::Context) {
        let (chat, gallery) = (self.chat.clone(), self.gallery.clone());
        actix_rt::spawn(async move {
            let all = ids.clone();
            let removed = actix_rt::task::spawn_blocking(move || remove(&gallery, ids)).await;
            let (gone, stuck) = removed.unwrap_or((Vec::new(), all));
            if !gone.is_empty() {
                chat.do_send(FilesRemoved(gone));
            }
            if !stuck.is_empty() {
                chat.do_send(FilesStuck(stuck));
            }
        });
    }
}

/// Removes the files of these pictures; returns those that are gone, and those that are not.
fn remove(gallery: &Gallery, ids: Vec<ImageId>) -> (Vec<ImageId>, Vec<ImageId>) {
    let (mut gone, mut stuck) = (Vec::new(), Vec::new());
    for id in ids {
        match gallery.remove(id) {
            Ok(()) => gone.push(id),
            Err(error) => {
                log::error!("the files of picture {id} cannot be removed: {error}");
                stuck.push(id);
            }
        }
    }
    (gone, stuck)
}

#[derive(Message)]
#[rtype(result = "()")]
struct Round;

impl Handler<Round> for Janitor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Round, _: &mut Self::Context) -> Self::Result {
        let swept = self.chat.send(Sweep);
        Box::pin(async move {
            match swept.await {
                Ok(0) => {}
                Ok(rooms) => log::debug!("swept {rooms} empty rooms"),
                Err(error) => log::error!("the chat does not answer the janitor: {error}"),
            }
        })
    }
}
