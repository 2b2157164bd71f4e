//! The files of pictures under `DIR/uploads/`: drafts while they arrive, two files for each picture,
//! and nothing else of ours.
//!
//! Invariants: a file has its whole content before it has its name; a draft, and a picture that
//! nobody keeps, removes itself; what others put into the directory is left alone.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::ImageId;

/// How the names of thumbnails and drafts end.
const THUMB: &str = ".thumb";
const DRAFT: &str = ".tmp";
/// So much of the disk pictures never take, in bytes: text goes on there. A tenth where that is less.
const SPARE: u64 = 64 * 1024 * 1024;

/// The directory of pictures; clones are the same one.
#[derive(Clone, Debug)]
pub struct Gallery(Arc<Place>);

#[derive(Debug)]
struct Place {
    directory: PathBuf,
    /// Files are on the disk before they are announced.
    sync: bool,
}

/// A file that is being written; removes itself when it is dropped.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: File,
}

/// A picture in its place; removes itself when it is dropped, unless it is kept.
#[derive(Debug)]
#[must_use]
pub struct Placed {
    gallery: Gallery,
    id: Option<ImageId>,
}

/// What the directory holds that is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// The sizes of a picture's file and of its thumbnail's, in bytes.
    pub pictures: HashMap<ImageId, (Option<u64>, Option<u64>)>,
    /// Files of uploads that did not end.
    pub drafts: Vec<PathBuf>,
}

impl Gallery {
    /// The gallery in `directory`, which is made if need be. With `sync` a picture survives a power
    /// cut from the moment on that it is in its place.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(directory: PathBuf, sync: bool) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self(Arc::new(Place { directory, sync })))
    }

    /// The path of a picture's file.
    pub fn picture(&self, id: ImageId) -> PathBuf {
        self.0.directory.join(id.to_string())
    }

    /// The path of its thumbnail's.
    pub fn thumb(&self, id: ImageId) -> PathBuf {
        self.0.directory.join(format!("{id}{THUMB}"))
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn draft(&self) -> io::Result<Draft> {
        let name = ImageId::random(&mut rand::rng());
        let path = self.0.directory.join(format!("{name}{DRAFT}"));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Draft { path, file })
    }

    /// Puts a picture and its thumbnail into their place.
    ///
    /// # Errors
    /// When they cannot be written; nothing is left of them then.
    pub fn place(&self, id: ImageId, picture: &[u8], thumb: &[u8]) -> io::Result<Placed> {
        let placed = Placed { gallery: self.clone(), id: Some(id) };
        for (bytes, path) in [(picture, self.picture(id)), (thumb, self.thumb(id))] {
            let mut draft = self.draft()?;
            draft.write(bytes)?;
            if self.0.sync {
                draft.file.sync_data()?;
            }
            draft.name(&path)?;
        }
        if self.0.sync {
            File::open(&self.0.directory)?.sync_all()?;
        }
        Ok(placed)
    }

    /// Removes a picture's files; it is no error if they are not there.
    ///
    /// # Errors
    /// When one of them cannot be removed.
    pub fn remove(&self, id: ImageId) -> io::Result<()> {
        let gone = |path: &Path| match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        gone(&self.picture(id)).and(gone(&self.thumb(id)))
    }

    /// What is there.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn stock(&self) -> io::Result<Stock> {
        let mut stock = Stock::default();
        for entry in fs::read_dir(&self.0.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let size = || entry.metadata().ok().map(|data| data.len());
            if let Some(id) = ImageId::parse(name) {
                stock.pictures.entry(id).or_default().0 = size();
            } else if let Some(id) = name.strip_suffix(THUMB).and_then(ImageId::parse) {
                stock.pictures.entry(id).or_default().1 = size();
            } else if name.strip_suffix(DRAFT).and_then(ImageId::parse).is_some() {
                stock.drafts.push(entry.path());
            }
        }
        Ok(stock)
    }

    /// Compares the directory with the pictures that there should be, each with its two sizes, and
    /// removes what belongs to none of them. Returns those that are not there as they should be.
    ///
    /// Only for the start: what is being uploaded would be taken for a leftover.
    ///
    /// # Errors
    /// When the directory cannot be read, or a leftover cannot be removed.
    pub fn tidy(&self, expected: &HashMap<ImageId, (u64, u64)>) -> io::Result<Vec<ImageId>> {
        let stock = self.stock()?;
        for path in &stock.drafts {
            fs::remove_file(path)?;
        }
        let orphans: Vec<ImageId> =
            stock.pictures.keys().filter(|id| !expected.contains_key(id)).copied().collect();
        if !orphans.is_empty() || !stock.drafts.is_empty() {
            let (orphans, drafts) = (orphans.len(), stock.drafts.len());
            log::info!("removed the leftovers of {orphans} pictures and {drafts} uploads");
        }
        for id in orphans {
            self.remove(id)?;
        }
        let whole = |id: &ImageId, &(bytes, thumb_bytes): &(u64, u64)| {
            stock.pictures.get(id) == Some(&(Some(bytes), Some(thumb_bytes)))
        };
        Ok(expected.iter().filter(|(id, sizes)| !whole(id, sizes)).map(|(id, _)| *id).collect())
    }

    /// Whether the disk has room for `bytes` more and something besides for everybody else.
    pub fn has_room_for(&self, bytes: u64) -> bool {
        let Ok(disk) = rustix::fs::statvfs(&self.0.directory) else {
            // A file system that does not say: the write itself will.
            return true;
        };
        let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
        free >= bytes.saturating_add(SPARE.min(all / 10))
    }
}

impl Draft {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Everything that was written.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.path)
    }

    /// Gives the file its name.
    fn name(self, path: &Path) -> io::Result<()> {
        // The draft's own name is gone then, and dropping it does nothing.
        fs::rename(&self.path, path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It may have its name by now; else the next start sweeps what cannot be removed.
        let _ = fs::remove_file(&self.path);
    }
}

impl Placed {
    /// The files stay: somebody else answers for them from now on.
    pub fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if let Some(id) = self.id
            && let Err(error) = self.gallery.remove(id)
        {
            log::warn!("a picture that nobody keeps stays until the next start: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gallery() -> (tempfile::TempDir, Gallery) {
        let directory = tempfile::tempdir().unwrap();
        let gallery = Gallery::open(directory.path().join("uploads"), true).unwrap();
        (directory, gallery)
    }

    fn names(gallery: &Gallery) -> usize {
        fs::read_dir(&gallery.0.directory).unwrap().count()
    }

    #[test]
    fn a_draft_and_a_picture_that_nobody_keeps_remove_themselves() {
        let (_directory, gallery) = gallery();
        let mut draft = gallery.draft().unwrap();
        draft.write(b"one").unwrap();
        draft.write(b"two").unwrap();
        assert_eq!(draft.read().unwrap(), b"onetwo");
        assert_eq!(names(&gallery), 1);
        drop(draft);
        drop(gallery.place(ImageId(1), b"picture", b"thumb").unwrap());
        assert_eq!(names(&gallery), 0);
    }

    #[test]
    fn a_kept_picture_stays_until_it_is_removed() {
        let (_directory, gallery) = gallery();
        gallery.place(ImageId(1), b"picture", b"thumb").unwrap().keep();
        assert_eq!(fs::read(gallery.picture(ImageId(1))).unwrap(), b"picture");
        assert_eq!(fs::read(gallery.thumb(ImageId(1))).unwrap(), b"thumb");
        gallery.remove(ImageId(1)).unwrap();
        gallery.remove(ImageId(1)).unwrap();
        assert_eq!(names(&gallery), 0);
    }

    #[test]
    fn tidying_removes_leftovers_finds_what_is_lost_and_leaves_strangers_alone() {
        let (_directory, gallery) = gallery();
        for id in 1..=4 {
            gallery.place(ImageId(id), b"picture", b"thumb").unwrap().keep();
        }
        fs::write(gallery.0.directory.join("notes.txt"), "mine").unwrap();
        std::mem::forget(gallery.draft().unwrap());
        fs::remove_file(gallery.thumb(ImageId(2))).unwrap();
        fs::write(gallery.picture(ImageId(3)), b"cut").unwrap();
        let expected = [1, 2, 3].map(|id| (ImageId(id), (7, 5)));
        let mut lost = gallery.tidy(&HashMap::from(expected)).unwrap();
        lost.sort();
        assert_eq!(lost, [ImageId(2), ImageId(3)]);
        // Both files of 1, one of 2, both of 3, and what is not ours.
        assert_eq!(names(&gallery), 6);
    }

    #[test]
    fn a_disk_has_room_for_little_and_not_for_everything() {
        let (_directory, gallery) = gallery();
        assert!(!gallery.has_room_for(u64::MAX / 2));
    }
}
