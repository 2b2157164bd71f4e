//! A picture's way in: a ticket before the first byte is read, a place once it is ready. Who sees it
//! is in `viewing`, how it goes in `letting_go`.

use super::bucket::Moment;
use super::effect::{Channel, Effect, Reply, Shown};
use super::people::Person;
use super::pictures::{MAX_PICTURES, Stage, Ticket};
use super::speaking::Waiting;
use super::state::Chat;
use crate::model::config::{GuestPictures, WhenFull};
use crate::model::{AltText, ImageId, ImageKind, RoomName, TokenHash, UserId};
use crate::protocol::{Code, Rate, Refusal, uploaded_json};
use crate::store::{ImageRow, Op, RoomId};
use crate::uploads::Removed;

/// So many uploads one person may have under way,
const UPLOADS_EACH: usize = 16;
/// so many all of one address,
const UPLOADS_FROM_ONE: usize = 32;
/// and so many there may be in all.
const UPLOADS: usize = 256;
/// What a form adds to the picture in it: the longest `alt` at four bytes a character, the other
/// words, and the heads of all parts. The picture itself is measured while it streams.
pub const FORM_BYTES: u64 = 8192;
/// A share has room for so many of the largest pictures, however small it is.
const LEAST_SHARE: u64 = 4;

/// What an upload may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Its number, to be given back.
    pub ticket: u64,
    /// So many bytes it may bring; fewer than a picture may have where the disk promise ends.
    pub grant: u64,
}

/// A picture whose files are in their place, before it has a row.
#[derive(Debug)]
pub struct Upload {
    /// The pass that it came with.
    pub ticket: u64,
    /// Its id.
    pub id: ImageId,
    /// The room that it is for; the only one that its sender is in if it says nothing.
    pub room: Option<RoomName>,
    /// Its format.
    pub kind: ImageKind,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Bytes of its file.
    pub bytes: u64,
    /// The thumbnail's format.
    pub thumb_kind: ImageKind,
    /// Bytes of the thumbnail's file.
    pub thumb_bytes: u64,
    /// What it shows, in words.
    pub alt: AltText,
    /// A name for who downloads it.
    pub name: String,
    /// How long it is to live, in seconds; the default if it says nothing.
    pub ttl_s: Option<u64>,
    /// What its file said of its sender, and says no more.
    pub metadata_removed: Vec<Removed>,
}

impl Chat {
    /// Lets an upload in, before its body is read. `length` is what its header says of the body.
    ///
    /// # Errors
    /// `bad_credentials`, `forbidden`, `room_not_found`, `rate_limited`, `busy`,
    /// `image_too_large`, `storage_full`, `shutting_down`.
    pub fn let_upload(
        &mut self,
        now: Moment,
        token: TokenHash,
        address: [u8; 32],
        room: Option<&RoomName>,
        length: Option<u64>,
    ) -> Result<Pass, Refusal> {
        let person = self.holder(now, &token)?;
        self.room_to_wait()?;
        if person.is_guest() && self.rules.images.guests == GuestPictures::Off {
            let message = "Guests send no pictures here; log in.";
            return Err(Refusal::because(Code::LoginRequired, message));
        }
        let limits = &self.rules.limits;
        if self.rules.images.disk_bytes == 0 || limits.images_per_message == 0 {
            return Err(Refusal::because(Code::Forbidden, "This server takes no pictures."));
        }
        let most = limits.image_bytes;
        let user = person.user;
        let room = match room {
            Some(_) => Some(self.upload_room(now, &person, room)?),
            None => None,
        };
        self.charge_person(now, &person, Rate::Upload)?;
        self.ticket_to_spare(user, address)?;
        let length = length.map(|length| length.saturating_sub(FORM_BYTES));
        if length.is_some_and(|length| length > most) {
            return Err(too_large(most));
        }
        let free = self.free_for(user, room);
        if free == 0 || length.is_some_and(|length| length > free) {
            let message = "There is no room for this picture: yours, this room's or all of them take \
                           as much of the disk as they may.";
            return Err(Refusal::because(Code::StorageFull, message));
        }
        let grant = most.min(free);
        let reserved = length.map_or(grant, |length| length.min(grant));
        let ticket = self.pictures.next_ticket;
        self.pictures.next_ticket += 1;
        self.pictures.tickets.insert(ticket, Ticket { person, address, reserved });
        Ok(Pass { ticket, grant })
    }

    fn ticket_to_spare(&self, user: UserId, address: [u8; 32]) -> Result<(), Refusal> {
        let tickets = &self.pictures.tickets;
        if tickets.len() >= UPLOADS {
            let message = "Too many pictures are being uploaded just now; try again.";
            return Err(Refusal::because(Code::Busy, message).retry_after(1000));
        }
        let mine = tickets.values().filter(|ticket| ticket.person.user == user).count();
        let here = tickets.values().filter(|ticket| ticket.address == address);
        let message = if mine >= UPLOADS_EACH {
            "You upload as many pictures at once as one may; wait for one to end."
        } else if here.count() >= UPLOADS_FROM_ONE {
            "Your address uploads as many pictures at once as one may; wait for one to end."
        } else {
            return Ok(());
        };
        Err(Refusal::because(Code::RateLimited, message).retry_after(1000))
    }

    /// An upload is over without a picture.
    pub fn give_up_upload(&mut self, ticket: u64) {
        self.pictures.tickets.remove(&ticket);
    }

    /// Bytes that there are for one more picture, as far as is known.
    fn free_for(&self, user: UserId, room: Option<RoomId>) -> u64 {
        if self.rules.images.when_full == WhenFull::OldestGo {
            // The oldest make room when its size is known.
            return self.rules.images.disk_bytes;
        }
        let over = |share, used: u64| self.share(share).saturating_sub(used);
        let (rules, pictures) = (&self.rules.images, &self.pictures);
        let all = rules.disk_bytes.saturating_sub(pictures.sum().bytes + pictures.reserved());
        let mine = over(rules.person_share, pictures.of_person(user).bytes);
        let here =
            room.map_or(u64::MAX, |room| over(rules.room_share, pictures.in_room(room).bytes));
        all.min(mine).min(here)
    }

    /// A share of the disk promise in bytes.
    fn share(&self, percent: u64) -> u64 {
        let rules = &self.rules.images;
        let share = u128::from(rules.disk_bytes) * u128::from(percent) / 100;
        let share = u64::try_from(share).unwrap_or(u64::MAX);
        let least = self.rules.limits.image_bytes.saturating_mul(LEAST_SHARE);
        share.max(least).min(rules.disk_bytes)
    }

    /// Takes a picture whose files are in their place. Whatever refuses it has its files removed.
    pub fn place_picture(&mut self, now: Moment, upload: Upload, channel: Channel) {
        let id = upload.id;
        match self.picture_row(now, &upload) {
            Err(refusal) => {
                self.effects.push(Effect::RemoveFiles(vec![id]));
                self.refuse(Reply::Http(channel), &refusal);
            }
            Ok(row) => {
                self.pictures.add(row.clone(), Stage::Placing);
                let removed = Some(upload.metadata_removed.into_boxed_slice());
                let waiting = Waiting { reply: Reply::Http(channel), removed, then: None };
                self.queue_awaited(Op::PlaceImage(Box::new(row)), waiting);
            }
        }
    }

    fn picture_row(&mut self, now: Moment, upload: &Upload) -> Result<ImageRow, Refusal> {
        let ticket = self.pictures.tickets.remove(&upload.ticket).ok_or(Code::Internal)?;
        self.room_to_wait()?;
        let person = self.still_here(&ticket.person)?;
        let author = person.author();
        let room = self.upload_room(now, &person, upload.room.as_ref())?;
        let pending = self.waits_for_review(&person, room);
        let life_ms = self.life_of(upload)?;
        let row = ImageRow {
            id: upload.id,
            room,
            seq: None,
            author,
            kind: upload.kind,
            width: upload.width,
            height: upload.height,
            bytes: upload.bytes,
            thumb_kind: upload.thumb_kind,
            thumb_bytes: upload.thumb_bytes,
            alt: upload.alt.clone(),
            name: upload.name.clone(),
            created_at: now.wall,
            expires_at: now.wall.plus(life_ms),
            pending,
        };
        self.make_room(row.author.user, room, row.weight())?;
        Ok(row)
    }

    fn life_of(&self, upload: &Upload) -> Result<u64, Refusal> {
        let rules = &self.rules.images;
        let seconds = upload.ttl_s.unwrap_or(rules.default_ttl_s);
        let most = rules.max_ttl_s.max(rules.default_ttl_s);
        if !(1..=most).contains(&seconds) {
            let message = format!("`ttl` must be `default` or a whole number from 1 to {most}.");
            return Err(Refusal::because(Code::InvalidField, message).field("ttl"));
        }
        Ok(seconds.saturating_mul(1000))
    }

    /// Keeps free what a picture takes, now that its size is known and before its files are written.
    ///
    /// # Errors
    /// `storage_full`, `room_not_found`, `bad_credentials`, `not_in_room`.
    pub fn reserve(
        &mut self,
        now: Moment,
        number: u64,
        room: Option<&RoomName>,
        bytes: u64,
    ) -> Result<(), Refusal> {
        let person = self.pictures.tickets.get(&number).ok_or(Code::Internal)?.person.clone();
        let person = self.still_here(&person)?;
        let (user, room) = (person.user, self.upload_room(now, &person, room)?);
        self.pictures.set_reserved(number, 0);
        self.make_room(user, room, bytes)?;
        self.pictures.set_reserved(number, bytes);
        Ok(())
    }

    /// The person that a ticket was given to, as they are now.
    fn still_here(&self, person: &Person) -> Result<Person, Refusal> {
        match (person.session, person.login) {
            (Some(session), _) => self.person(session),
            (None, Some(login)) if self.accounts.login(login).is_some() => Ok(person.clone()),
            _ => Err(Code::BadCredentials.into()),
        }
    }

    /// Whether a person's pictures wait for a moderator.
    fn waits_for_review(&self, person: &Person, room: RoomId) -> bool {
        person.is_guest()
            && self.rules.images.guests == GuestPictures::Review
            && !self.moderates(person, room)
    }

    /// The room that an upload is for.
    fn upload_room(
        &self,
        now: Moment,
        person: &Person,
        room: Option<&RoomName>,
    ) -> Result<RoomId, Refusal> {
        match (room, person.session) {
            (Some(name), _) => self.reach(now, person, name),
            (None, Some(session)) => self.place(session, None),
            (None, None) => {
                let message = "Say which room with `room`.";
                Err(Refusal::because(Code::MissingField, message).field("room"))
            }
        }
    }

    /// Sees to it that `bytes` more fit into the disk promise and the shares of room and person.
    fn make_room(&mut self, user: UserId, room: RoomId, bytes: u64) -> Result<(), Refusal> {
        if self.pictures.sum().count >= MAX_PICTURES {
            return Err(Code::StorageFull.into());
        }
        let rules = &self.rules.images;
        let (mine, here) = (self.share(rules.person_share), self.share(rules.room_share));
        let all = rules.disk_bytes.saturating_sub(self.pictures.reserved());
        let used = self.pictures.of_person(user).bytes;
        let message = "Your pictures take as much of the disk as one person's may.";
        self.make_room_under(bytes, mine, used, |row| row.author.user == user)
            .map_err(|()| Refusal::because(Code::StorageFull, message))?;
        let used = self.pictures.in_room(room).bytes;
        let message = "This room's pictures take as much of the disk as one room's may.";
        self.make_room_under(bytes, here, used, |row| row.room == room)
            .map_err(|()| Refusal::because(Code::StorageFull, message))?;
        let message = "The pictures on this server take as much of the disk as they may.";
        self.make_room_under(bytes, all, self.pictures.sum().bytes, |_| true)
            .map_err(|()| Refusal::because(Code::StorageFull, message))
    }

    fn make_room_under(
        &mut self,
        bytes: u64,
        limit: u64,
        used: u64,
        fits: impl Fn(&ImageRow) -> bool,
    ) -> Result<(), ()> {
        let oldest_go = self.rules.images.when_full == WhenFull::OldestGo;
        // Those that are on their way out make room already, where others may be sent after them.
        let leaving: u64 =
            if oldest_go { self.pictures.leaving(&fits).map(ImageRow::weight).sum() } else { 0 };
        let mut over = (used - leaving + bytes).saturating_sub(limit);
        if over == 0 {
            return Ok(());
        }
        if !oldest_go || bytes > limit {
            return Err(());
        }
        let mut victims = Vec::new();
        for row in self.pictures.oldest(&fits) {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(row.weight());
            victims.push(row.id);
        }
        if over > 0 {
            return Err(());
        }
        self.let_go_of(victims);
        Ok(())
    }

    /// The store has the picture's row: its sender learns its id.
    pub(super) fn picture_placed(&mut self, row: &ImageRow, waiting: Waiting) {
        self.pictures.placed(row.id);
        if let Reply::Http(channel) = waiting.reply {
            let json = uploaded_json(&row.image(), &waiting.removed.unwrap_or_default()).into();
            let answer = Ok(Shown { json, duplicate: false });
            self.effects.push(Effect::Http(super::effect::Http { channel, answer }));
        }
    }
}

fn too_large(most: u64) -> Refusal {
    let message = format!("A picture has at most {most} bytes.");
    Refusal::because(Code::ImageTooLarge, message).field("file")
}
