//! A picture's way through the rules: in, into a message, seen, and out.

use tokio::sync::oneshot;

use super::super::uploading::FORM_BYTES;
use super::*;
use crate::model::config::WhenFull;
use crate::model::{AltText, ImageId, ImageKind, TokenHash};
use crate::protocol::{Code, Refusal};

const MINUTE: u64 = 60_000;

impl World {
    fn let_upload(&mut self, token: &str, length: u64) -> Result<Pass, Refusal> {
        self.chat.let_upload(self.moment(), TokenHash::of(token), [0; 32], None, Some(length))
    }

    /// A picture of so many bytes that lives for a minute.
    fn upload(&mut self, token: &str, id: u128, bytes: u64) -> Result<Value, Refusal> {
        let pass = self.let_upload(token, bytes)?;
        let upload = Upload {
            ticket: pass.ticket,
            id: ImageId(id),
            room: None,
            kind: ImageKind::Png,
            width: 30,
            height: 20,
            bytes,
            thumb_kind: ImageKind::Jpeg,
            thumb_bytes: 0,
            alt: AltText::new("a red bicycle").unwrap(),
            name: "bicycle.png".into(),
            ttl_s: Some(60),
            metadata_removed: Vec::new(),
        };
        let (channel, mut answer) = Channel::new();
        self.chat.place_picture(self.moment(), upload, channel);
        self.settle();
        let shown = answer.try_recv().expect("an upload is answered once its row is kept")?;
        Ok(serde_json::from_slice(&shown.json).unwrap())
    }

    fn send(&mut self, number: u32, ids: &[u128]) -> Vec<Value> {
        let ids: Vec<String> = ids.iter().map(|id| ImageId(*id).to_string()).collect();
        let frame = serde_json::json!({ "type": "send", "room": "lobby", "images": ids });
        self.ask(number, &frame.to_string())
    }

    fn look(&mut self, token: &str, id: u128) -> Result<Sight, Code> {
        let viewer = Viewer::Token(TokenHash::of(token));
        self.chat.view(self.moment(), viewer, ImageId(id)).map_err(|refusal| refusal.code)
    }

    /// The janitor has its round over the pictures; returns whose files it is to remove.
    fn sweep(&mut self) -> Vec<u128> {
        self.chat.let_expired_go(self.moment());
        self.settle();
        self.to_remove.iter().map(|id| id.0).collect()
    }

    /// The janitor has removed all files that it was to remove.
    fn removed(&mut self) {
        let ids = std::mem::take(&mut self.to_remove);
        self.chat.files_removed(self.moment(), ids);
        self.settle();
    }

    fn take_back(&mut self, token: &str, id: u128) -> oneshot::Receiver<Result<Shown, Refusal>> {
        let (channel, answer) = Channel::new();
        self.chat.take_back(self.moment(), TokenHash::of(token), ImageId(id), channel);
        self.settle();
        answer
    }
}

#[test]
fn a_picture_is_its_senders_until_it_is_sent_and_everybodys_then() {
    let (mut world, ada, bob) = two_people(|_| {});
    assert_eq!(world.upload(&ada, 1, 500).unwrap()["alt"], "a red bicycle");
    assert!(world.look(&ada, 1).is_ok());
    assert_eq!(world.look(&bob, 1), Err(Code::ImageNotFound));
    assert_eq!(kinds(&world.send(1, &[1])), ["message", "sent"]);
    assert!(world.look(&bob, 1).is_ok());
    assert_eq!(world.look("nonsense", 1), Err(Code::BadCredentials));
    assert_eq!(world.look(&bob, 2), Err(Code::ImageNotFound));
}

#[test]
fn nobody_sees_a_picture_from_its_end_on_and_the_log_says_so_once_its_files_are_gone() {
    let (mut world, ada, bob) = two_people(|_| {});
    world.upload(&ada, 1, 500).unwrap();
    world.send(1, &[1]);
    world.wait(MINUTE - 1);
    assert!(world.sweep().is_empty() && world.look(&bob, 1).is_ok());
    world.read(2);
    world.wait(1);
    assert_eq!(world.look(&bob, 1), Err(Code::ImageGone));
    assert_eq!(world.sweep(), [1]);
    assert!(world.read(2).is_empty());
    world.removed();
    let seen = world.read(2);
    assert_eq!((kinds(&seen), &seen[0]["target"]), (vec!["expired"], &1.into()));
    assert_eq!(world.look(&bob, 1), Err(Code::ImageGone));
    let history = world.ask(2, r#"{"type":"history"}"#);
    assert_eq!(history[0]["events"][0]["images"][0]["gone"], "expired");
}

#[test]
fn an_upload_that_nobody_sends_goes_without_a_word() {
    let (mut world, ada, _) = two_people(|config| config.images.claim_s = 10);
    world.upload(&ada, 1, 500).unwrap();
    world.wait(10_000);
    assert_eq!(world.sweep(), [1]);
    world.removed();
    assert!(world.read(1).is_empty());
    assert_eq!(world.look(&ada, 1), Err(Code::ImageGone));
}

#[test]
fn a_message_is_deleted_once_the_files_of_its_pictures_are_gone() {
    let (mut world, ada, _) = two_people(|_| {});
    world.upload(&ada, 1, 500).unwrap();
    world.upload(&ada, 2, 500).unwrap();
    world.send(1, &[1, 2]);
    world.read(2);
    assert_eq!(world.ask(2, r#"{"type":"delete","seq":1}"#)[0]["code"], "not_yours");
    assert!(world.to_remove.is_empty());
    assert!(world.ask(1, r#"{"type":"delete","seq":1}"#).is_empty());
    assert_eq!(world.look(&ada, 1), Err(Code::ImageGone));
    let first = world.to_remove.remove(0);
    world.chat.files_removed(world.moment(), vec![first]);
    assert!(world.read(1).is_empty());
    world.removed();
    assert_eq!(kinds(&world.read(1)), ["deleted", "sent"]);
    assert_eq!(world.chat.holdings(), []);
}

#[test]
fn a_deletion_whose_files_stay_is_refused_and_can_be_tried_again() {
    let (mut world, ada, _) = two_people(|_| {});
    world.upload(&ada, 1, 500).unwrap();
    world.send(1, &[1]);
    world.say(1, r#"{"type":"delete","seq":1}"#);
    let stuck = std::mem::take(&mut world.to_remove);
    world.chat.files_stuck(world.moment(), stuck);
    assert_eq!(world.read(1)[0]["code"], "busy");
    assert!(world.look(&ada, 1).is_ok());
    world.say(1, r#"{"type":"delete","seq":1}"#);
    world.removed();
    assert_eq!(kinds(&world.read(1)), ["deleted", "sent"]);
}

#[test]
fn one_picture_of_a_message_is_taken_back_by_its_sender_alone() {
    let (mut world, ada, bob) = two_people(|_| {});
    world.upload(&ada, 1, 500).unwrap();
    world.upload(&ada, 2, 500).unwrap();
    world.send(1, &[1, 2]);
    let refused = |answer: &mut oneshot::Receiver<Result<Shown, Refusal>>| {
        answer.try_recv().unwrap().unwrap_err().code
    };
    assert_eq!(refused(&mut world.take_back(&bob, 1)), Code::NotYours);
    let mut answer = world.take_back(&ada, 1);
    assert!(answer.try_recv().is_err(), "its files are still there");
    world.read(2);
    world.removed();
    assert!(answer.try_recv().unwrap().is_ok());
    let seen = world.read(2);
    assert_eq!(kinds(&seen), ["deleted"]);
    assert_eq!(seen[0]["image"], ImageId(1).to_string());
    assert!(world.look(&bob, 2).is_ok());
    assert_eq!(refused(&mut world.take_back(&ada, 1)), Code::ImageGone);
}

#[test]
fn a_log_in_memory_has_pictures_with_the_same_ends() {
    let (mut world, ada, bob) = two_people(|config| config.history.keep = Keep::Nothing);
    for id in 1..=3 {
        world.upload(&ada, id, 500).unwrap();
        assert_eq!(kinds(&world.send(1, &[id])), ["message", "sent"]);
    }
    assert_eq!(world.send(1, &[1])[0]["code"], "image_not_found");
    world.take_back(&ada, 1);
    world.removed();
    world.say(1, r#"{"type":"delete","seq":2}"#);
    world.removed();
    world.wait(MINUTE);
    world.sweep();
    world.removed();
    world.read(2);
    let history = world.ask(2, r#"{"type":"history"}"#).remove(0);
    let gone = |index: usize| history["events"][index]["images"][0]["gone"].clone();
    assert_eq!([gone(0), gone(1), gone(2)], ["deleted", "deleted", "expired"]);
    let events = history["events"].as_array().unwrap();
    assert_eq!(kinds(&events[3..]), ["deleted", "deleted", "expired"]);
    assert_eq!(world.look(&bob, 3), Err(Code::ImageGone));
    assert_eq!(world.chat.holdings(), []);
}

#[test]
fn a_full_gallery_refuses_and_room_comes_back_with_each_end() {
    let (mut world, ada, _) = two_people(|config| {
        config.limits.image_bytes = 1000;
        config.images.disk_bytes = 2500;
    });
    world.upload(&ada, 1, 1000).unwrap();
    world.upload(&ada, 2, 1000).unwrap();
    let code = |refused: Result<Pass, Refusal>| refused.unwrap_err().code;
    assert_eq!(code(world.let_upload(&ada, FORM_BYTES + 600)), Code::StorageFull);
    assert_eq!(world.upload(&ada, 3, 600).unwrap_err().code, Code::StorageFull);
    assert_eq!(std::mem::take(&mut world.to_remove), [ImageId(3)]);
    world.take_back(&ada, 1);
    assert_eq!(world.upload(&ada, 4, 1600).unwrap_err().code, Code::StorageFull);
    world.to_remove.retain(|id| id.0 == 1);
    world.removed();
    world.upload(&ada, 5, 1000).unwrap();
    assert_eq!(code(world.let_upload(&ada, 1000 + FORM_BYTES + 1)), Code::ImageTooLarge);
}

#[test]
fn the_largest_picture_with_the_longest_words_is_let_in() {
    let (mut world, ada, _) = two_people(|_| {});
    let (most, alt) = (10 << 20, 4 * AltText::MAX_CHARS as u64);
    // The heads of four parts, a room's name and a life come on top of the longest alt.
    assert!(world.let_upload(&ada, most + alt + 2000).is_ok());
}

#[test]
fn uploads_under_way_count_and_give_back_what_they_do_not_use() {
    let (mut world, ada, _) = two_people(|config| {
        config.limits.image_bytes = 1000;
        config.images.disk_bytes = 1000;
    });
    let pass = world.let_upload(&ada, FORM_BYTES + 900).unwrap();
    assert_eq!(world.let_upload(&ada, FORM_BYTES + 900).unwrap_err().code, Code::StorageFull);
    world.chat.give_up_upload(pass.ticket);
    assert!(world.let_upload(&ada, FORM_BYTES + 900).is_ok());
}

#[test]
fn the_oldest_make_room_where_the_operator_says_so() {
    let (mut world, ada, bob) = two_people(|config| {
        config.limits.image_bytes = 100;
        config.images.disk_bytes = 1000;
        config.images.person_share = 50;
        config.images.room_share = 100;
        config.images.when_full = WhenFull::OldestGo;
    });
    world.upload(&bob, 1, 100).unwrap();
    world.send(2, &[1]);
    for id in 2..=6 {
        world.wait(1);
        world.upload(&ada, id, 100).unwrap();
    }
    assert!(world.to_remove.is_empty());
    world.wait(1);
    world.upload(&ada, 7, 100).unwrap();
    // Ada's share is used up: her own oldest goes, not Bob's, who came first.
    assert_eq!(world.to_remove, [ImageId(2)]);
    assert!(world.look(&bob, 1).is_ok());
    assert_eq!(world.look(&ada, 2), Err(Code::ImageGone));
}

#[test]
fn one_session_uploads_so_many_at_once_and_so_often() {
    let (mut world, ada, bob) = two_people(|_| {});
    let passes: Vec<Pass> = (0..16).map(|_| world.let_upload(&ada, 100).unwrap()).collect();
    assert_eq!(world.let_upload(&ada, 100).unwrap_err().code, Code::RateLimited);
    assert!(world.let_upload(&bob, 100).is_ok());
    world.chat.give_up_upload(passes[0].ticket);
    assert!(world.let_upload(&ada, 100).is_ok());
    let (mut hurried, ada, _) = two_people(|config| {
        config.limits.messages_per_second = 1;
        config.limits.uploads_per_minute = 60;
    });
    for _ in 0..60 {
        let pass = hurried.let_upload(&ada, 100).unwrap();
        hurried.chat.give_up_upload(pass.ticket);
    }
    let refused = hurried.let_upload(&ada, 100).unwrap_err();
    assert_eq!((refused.code, refused.retry_after_ms), (Code::RateLimited, Some(1000)));
}

#[test]
fn a_life_has_its_bounds_and_a_message_so_many_pictures() {
    let (mut world, ada, _) = two_people(|config| config.limits.images_per_message = 1);
    for (ttl_s, fits) in
        [(Some(1), true), (Some(30 * 86_400), true), (None, true), (Some(0), false)]
    {
        let pass = world.let_upload(&ada, 10).unwrap();
        let upload = Upload {
            ticket: pass.ticket,
            id: ImageId::random(&mut rand::rng()),
            room: None,
            kind: ImageKind::Gif,
            width: 1,
            height: 1,
            bytes: 10,
            thumb_kind: ImageKind::Png,
            thumb_bytes: 10,
            alt: AltText::default(),
            name: "x.gif".into(),
            ttl_s,
            metadata_removed: Vec::new(),
        };
        let (channel, mut answer) = Channel::new();
        world.chat.place_picture(world.moment(), upload, channel);
        world.settle();
        assert_eq!(answer.try_recv().unwrap().is_ok(), fits, "{ttl_s:?}");
    }
    world.upload(&ada, 1, 10).unwrap();
    world.upload(&ada, 2, 10).unwrap();
    assert_eq!(world.send(1, &[1, 2])[0]["code"], "too_many_images");
}
