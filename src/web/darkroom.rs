//! Where uploads become pictures: off the workers' threads, few at once, within a budget of memory.

use std::sync::Arc;

use actix_web::web;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::form::unwritten;
use super::refused::Refused;
use crate::model::ImageId;
use crate::protocol::{Code, Refusal};
use crate::uploads::{Bounds, Draft, Gallery, Placed, Prepared, prepare, weight};

/// What all decoders together may need, in MiB.
const MEMORY_MIB: u32 = 230;
const MIB: u64 = 1024 * 1024;

/// The darkroom of all workers.
#[derive(Clone, Debug)]
pub struct Darkroom {
    gallery: Gallery,
    bounds: Bounds,
    /// So many pictures at a time.
    desks: Arc<Semaphore>,
    /// So many MiB.
    memory: Arc<Semaphore>,
}

/// A picture that is not written yet.
#[derive(Debug)]
pub struct Developed {
    /// What it is.
    pub prepared: Prepared,
    /// Its desk: the next one begins when this one is out of memory.
    _desk: OwnedSemaphorePermit,
}

impl Darkroom {
    /// A darkroom that puts pictures of at most `pixels` into `gallery`.
    ///
    /// It leaves a core to the chat: a picture may wait, a message should not.
    pub fn new(gallery: Gallery, pixels: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            gallery,
            bounds: Bounds { pixels, ..Bounds::default() },
            desks: Arc::new(Semaphore::new(cores.saturating_sub(1).clamp(1, 4))),
            memory: Arc::new(Semaphore::new(MEMORY_MIB as usize)),
        }
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
        let desk = Arc::clone(&self.desks).acquire_owned().await.map_err(|_| Code::Busy)?;
        let bounds = self.bounds;
        let (draft, weight, desk) = block(move || {
            let file = draft.read().map_err(|error| unwritten(&error))?;
            Ok((draft, weight(&file, &bounds).map_err(Refusal::from)?, desk))
        })
        .await?;
        let mib = u32::try_from(weight.div_ceil(MIB)).unwrap_or(u32::MAX).clamp(1, MEMORY_MIB);
        let memory = Arc::clone(&self.memory).acquire_many_owned(mib).await;
        let memory = memory.map_err(|_| Code::Busy)?;
        block(move || {
            // Held by the work itself: it goes on when its sender hangs up.
            let _memory = memory;
            let file = draft.read().map_err(|error| unwritten(&error))?;
            let prepared = prepare(&file, &bounds).map_err(Refusal::from)?;
            Ok(Developed { prepared, _desk: desk })
        })
        .await
    }

    /// Puts a picture's files into their place, where they stay as long as somebody keeps them.
    ///
    /// # Errors
    /// `storage_full`, `busy`.
    pub async fn place(&self, id: ImageId, developed: Developed) -> Result<Placed, Refused> {
        let gallery = self.gallery.clone();
        block(move || {
            let Developed { prepared, _desk } = developed;
            let placed = gallery.place(id, &prepared.picture, &prepared.thumb.bytes);
            placed.map_err(|error| unwritten(&error))
        })
        .await
    }
}

/// Runs `work` where it may take its time. What it returns is dropped there, too, if nobody waits
/// for it any more.
async fn block<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    web::block(work).await.map_err(|error| {
        log::error!("a picture could not be worked on: {error}");
        Refused::from(Code::ImageBroken)
    })?
}
