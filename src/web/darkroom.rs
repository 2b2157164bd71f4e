//! Where uploads become pictures: off the workers' threads, few at once, within a budget of memory.

use std::io;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::desks::Desks;
use super::form::unwritten;
use super::refused::Refused;
use crate::model::ImageId;
use crate::protocol::{Code, Refusal};
use crate::uploads::{Bounds, Draft, Gallery, Placed, Prepared, prepare, weight};

/// What all decoders together may need, in MiB.
const MEMORY_MIB: u32 = 230;
const MIB: u64 = 1024 * 1024;
/// At most so many pictures are worked on at once.
const MOST_DESKS: usize = 2;

/// The darkroom of all workers.
#[derive(Clone, Debug)]
pub struct Darkroom {
    gallery: Gallery,
    bounds: Bounds,
    desks: Desks,
    /// So many pictures at a time.
    turns: Arc<Semaphore>,
    /// So many MiB.
    memory: Arc<Semaphore>,
}

/// A picture that is not written yet.
#[derive(Debug)]
pub struct Developed {
    /// What it is.
    pub prepared: Prepared,
    /// The next one begins when this one is out of memory.
    _turn: OwnedSemaphorePermit,
}

impl Darkroom {
    /// A darkroom that puts pictures of at most `pixels` into `gallery`.
    ///
    /// It leaves a core to the chat: a picture may wait, a message should not.
    ///
    /// # Errors
    /// When the system gives it no threads.
    pub fn new(gallery: Gallery, pixels: u64) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let desks = cores.saturating_sub(1).clamp(1, MOST_DESKS);
        Ok(Self {
            gallery,
            bounds: Bounds { pixels, ..Bounds::default() },
            desks: Desks::new(desks)?,
            turns: Arc::new(Semaphore::new(desks)),
            memory: Arc::new(Semaphore::new(MEMORY_MIB as usize)),
        })
    }

    /// Where pictures are.
    pub fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Makes a picture of a draft, which is gone then.
    ///
    /// # Errors
    /// `image_unsupported`, `image_broken`, `image_too_many_pixels`, `busy`.
    pub async fn develop(&self, draft: Draft) -> Result<Developed, Refused> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Code::Busy)?;
        let bounds = self.bounds;
        let weighed = self.desks.run(move || {
            let file = draft.read().map_err(|error| unwritten(&error))?;
            Ok((draft, weight(&file, &bounds).map_err(Refusal::from)?, turn))
        });
        let (draft, weight, turn) = weighed.await?;
        let mib = u32::try_from(weight.div_ceil(MIB)).unwrap_or(u32::MAX).clamp(1, MEMORY_MIB);
        let memory = Arc::clone(&self.memory).acquire_many_owned(mib).await;
        let memory = memory.map_err(|_| Code::Busy)?;
        let developed = self.desks.run(move || {
            // Held by the work itself: it goes on when its sender hangs up.
            let _memory = memory;
            let file = draft.read().map_err(|error| unwritten(&error))?;
            let prepared = prepare(&file, &bounds).map_err(Refusal::from)?;
            Ok(Developed { prepared, _turn: turn })
        });
        developed.await
    }

    /// Puts a picture's files into their place, where they stay as long as somebody keeps them.
    ///
    /// # Errors
    /// `storage_full`, `busy`.
    pub async fn place(&self, id: ImageId, developed: Developed) -> Result<Placed, Refused> {
        let gallery = self.gallery.clone();
        let placed = self.desks.run(move || {
            let Developed { prepared, _turn } = developed;
            let placed = gallery.place(id, &prepared.picture, &prepared.thumb.bytes);
            placed.map_err(|error| unwritten(&error))
        });
        placed.await
    }
}
