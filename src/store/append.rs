//! The rules of the log: what makes a new event a repetition, what it may be about, and the place
//! that it gets.
//!
//! Invariant: an event's place is the room's head + 1 at that moment of the transaction, so places
//! are dense whatever was refused or failed before.

use rusqlite::{Connection, OptionalExtension, params};

use super::heads::Head;
use super::receipts::{Fingerprint, Receipt, Receipts};
use super::rooms::{self, shown};
use super::rows::{number, place};
use super::{Append, AuditRow, Outcome, Refusal};
use super::{event_row, images};
use crate::model::{Body, Deleted, Gone, ImageId, Message, Reacted, Timestamp};

/// What an append works on: the transaction and the memory that goes with it.
pub(super) struct Desk<'a> {
    pub(super) conn: &'a Connection,
    pub(super) head: &'a mut Head,
    pub(super) receipts: &'a mut Receipts,
}

/// Writes an event, if it is new and by the rules.
pub(super) fn append(desk: &mut Desk<'_>, append: &Append) -> rusqlite::Result<Outcome> {
    match &append.body {
        Body::Message(message) => say(desk, append, message),
        Body::Edited(edit) => change(desk, append, edit.target),
        Body::Deleted(Deleted { target, image: None }) => change(desk, append, *target),
        Body::Deleted(Deleted { target, image: Some(id) }) => {
            picture_gone(desk, append, *target, *id, Gone::Deleted)
        }
        Body::Expired(end) => picture_gone(desk, append, end.target, end.image, Gone::Expired),
        Body::Reacted(reaction) => react(desk, append, reaction),
        Body::Topic(set) => {
            let sql = "UPDATE rooms SET topic = ?2 WHERE id = ?1";
            let values = params![append.room.0, shown(&set.topic)];
            desk.conn.prepare_cached(sql)?.execute(values)?;
            desk.enter(append)
        }
        // Whether a picture waited the ledger knows, who may keep the peace the chat.
        Body::Approved(_) | Body::Moderated(_) => desk.enter(append),
    }
}

impl Desk<'_> {
    /// Gives the event its place.
    fn enter(&mut self, append: &Append) -> rusqlite::Result<Outcome> {
        let seq = self.head.seq + 1;
        event_row::insert(self.conn, append, seq)?;
        self.head.seq = seq;
        Ok(Outcome::Appended { seq })
    }
}

fn say(desk: &mut Desk<'_>, append: &Append, message: &Message) -> rusqlite::Result<Outcome> {
    let print = message.client_id.as_ref().map(|client_id| {
        Fingerprint::of(&desk.head.epoch, client_id, append.author.user, &append.name_key)
    });
    if let Some(print) = &print
        && let Some(Receipt { seq, at }) = desk.receipts.find(desk.conn, print, append.at)?
    {
        return Ok(Outcome::Duplicate { seq, at });
    }
    if let Some(seq) = message.reply_to
        && !event_row::is_message(desk.conn, append.room, seq)?
    {
        return Ok(Outcome::Refused(Refusal::MessageNotFound));
    }
    let claims = images::claimable(desk.conn, append.room, &append.author, &message.images)?;
    let claims = match claims {
        Ok(claims) => claims,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let outcome = desk.enter(append)?;
    images::claim(desk.conn, &claims, desk.head.seq)?;
    if let Some(print) = &print {
        let receipt = Receipt { seq: desk.head.seq, at: append.at };
        desk.receipts.note(desk.conn, print, receipt)?;
    }
    Ok(outcome)
}

/// Edits or deletes a message: the old text goes from the message and from earlier edits. A
/// moderator deletes what others said too, and it is noted.
fn change(desk: &mut Desk<'_>, append: &Append, target: u64) -> rusqlite::Result<Outcome> {
    let Some(message) = event_row::find(desk.conn, append.room, target)? else {
        return Ok(Outcome::Refused(Refusal::MessageNotFound));
    };
    let theirs = message.user != append.author.user;
    match &append.body {
        Body::Deleted(_) if !theirs || append.rights.moderator => {
            if theirs {
                let room_name = rooms::room_name(desk.conn, append.room)?;
                let whose = (message.user, &message.nick);
                AuditRow::deletion(append, room_name, whose, target).insert(desk.conn)?;
            }
            event_row::erase(desk.conn, append.room, target)?;
            images::end_all(desk.conn, append.room, target)?;
        }
        _ if theirs => return Ok(Outcome::Refused(Refusal::NotYours)),
        _ => event_row::supersede(desk.conn, append.room, target)?,
    }
    desk.enter(append)
}

/// Notes that a picture of a message is gone, unless the message itself is.
fn picture_gone(
    desk: &mut Desk<'_>,
    append: &Append,
    target: u64,
    image: ImageId,
    why: Gone,
) -> rusqlite::Result<Outcome> {
    let shown = event_row::find(desk.conn, append.room, target)?.is_some()
        && event_row::end_picture(desk.conn, append.room, target, image, why)?;
    if shown { desk.enter(append) } else { Ok(Outcome::Done) }
}

/// How things stand with a reaction: set or not, and since which event.
struct Standing {
    lit: bool,
    seq: u64,
    at: Timestamp,
}

fn react(desk: &mut Desk<'_>, append: &Append, new: &Reacted) -> rusqlite::Result<Outcome> {
    let Some(target) = event_row::find(desk.conn, append.room, new.target)? else {
        return Ok(Outcome::Refused(Refusal::MessageNotFound));
    };
    let standing = standing(desk.conn, append, new)?.unwrap_or(Standing {
        lit: false,
        seq: new.target,
        at: target.at,
    });
    if standing.lit == new.on {
        return Ok(Outcome::Duplicate { seq: standing.seq, at: standing.at });
    }
    if new.on && !has_room(desk.conn, append, new)? {
        return Ok(Outcome::Refused(Refusal::TooManyReactions));
    }
    let outcome = desk.enter(append)?;
    let sql = "INSERT OR REPLACE INTO reactions (room, target, user, emoji, lit, seq, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (user, emoji) = (append.author.user.0, new.emoji.as_str());
    let (target, seq) = (number(new.target), number(desk.head.seq));
    let values = params![append.room.0, target, user, emoji, new.on, seq, append.at.0];
    desk.conn.prepare_cached(sql)?.execute(values)?;
    Ok(outcome)
}

/// Whether the message has this reaction already, or may have one more.
fn has_room(conn: &Connection, append: &Append, new: &Reacted) -> rusqlite::Result<bool> {
    let most = append.rights.reactions;
    let (room, target) = (append.room.0, number(new.target));
    let sql = "SELECT 1 FROM reactions INDEXED BY lit_reactions
               WHERE room = ?1 AND target = ?2 AND emoji = ?3 AND lit LIMIT 1";
    if most == 0 || conn.prepare_cached(sql)?.exists(params![room, target, new.emoji.as_str()])? {
        return Ok(true);
    }
    let sql = "SELECT count(DISTINCT emoji) FROM reactions INDEXED BY lit_reactions
               WHERE room = ?1 AND target = ?2 AND lit";
    let lit: u32 = conn.prepare_cached(sql)?.query_row([room, target], |row| row.get(0))?;
    Ok(lit < most)
}

fn standing(
    conn: &Connection,
    append: &Append,
    new: &Reacted,
) -> rusqlite::Result<Option<Standing>> {
    let sql = "SELECT lit, seq, at FROM reactions
               WHERE room = ?1 AND target = ?2 AND user = ?3 AND emoji = ?4";
    let (user, emoji) = (append.author.user.0, new.emoji.as_str());
    conn.prepare_cached(sql)?
        .query_row(params![append.room.0, number(new.target), user, emoji], |row| {
            let at = Timestamp(row.get(2)?);
            Ok(Standing { lit: row.get(0)?, seq: place(row.get(1)?), at })
        })
        .optional()
}
