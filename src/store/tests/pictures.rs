//! Pictures: claimed once and by the right person, ended with a place in the log, forgotten text.

use super::*;
use crate::model::{AltText, Gone, Image, ImageId, ImageKind, Life};

/// A picture of Ada's in the lobby.
pub(super) fn picture(id: u128) -> ImageRow {
    ImageRow {
        id: ImageId(id),
        room: LOBBY,
        seq: None,
        author: author("Ada"),
        kind: ImageKind::Png,
        width: 3,
        height: 2,
        bytes: 1000,
        thumb_kind: ImageKind::Jpeg,
        thumb_bytes: 100,
        alt: AltText::new("a red bicycle").unwrap(),
        name: "bicycle.png".into(),
        created_at: NOON,
        expires_at: NOON.plus(60_000),
        pending: false,
    }
}

fn placed(ids: impl IntoIterator<Item = u128>) -> TestStore {
    let store = TestStore::with_lobby();
    let ops: Vec<Op> = ids.into_iter().map(|id| Op::PlaceImage(Box::new(picture(id)))).collect();
    store.commit(ops);
    store
}

fn shows(ids: &[u128], key: Option<&str>) -> Body {
    let images = ids.iter().map(|id| picture(*id).image()).collect();
    Body::pictures(text("look"), images, None, key.map(|key| ClientId::new(key).unwrap()))
}

fn ends(id: u128, why: Gone, seq: Option<u64>) -> Op {
    let note = seq.map(|seq| Box::new(event("Ada", Body::picture_gone(seq, ImageId(id), why))));
    Op::EndImage { id: ImageId(id), why, note }
}

pub(super) fn images(event: &Event) -> Vec<Image> {
    event.body.images().to_vec()
}

const NO_PICTURE: Outcome = Outcome::Refused(Refusal::ImageNotFound);
const GONE_PICTURE: Outcome = Outcome::Refused(Refusal::ImageGone);

#[test]
fn a_picture_is_claimed_once_by_its_sender_in_its_room() {
    let store = placed([1, 2]);
    store.commit(vec![Op::CreateRoom(room(RoomId(2), "Garden"))]);
    assert_eq!(store.append("Grace", shows(&[1], None)), NO_PICTURE);
    assert_eq!(store.append("Ada", shows(&[1, 9], None)), NO_PICTURE);
    let elsewhere = Append { room: RoomId(2), ..event("Ada", shows(&[1], None)) };
    assert_eq!(store.commit(vec![Op::Append(elsewhere)]), [NO_PICTURE]);
    assert_eq!(store.append("Ada", shows(&[1, 2], Some("k"))), appended(1));
    assert_eq!(store.append("Ada", shows(&[2], None)), NO_PICTURE);
    assert_eq!(store.append("Ada", shows(&[1, 2], Some("k"))), duplicate(1));
    let ids: Vec<u128> = images(&store.log(LOBBY)[0]).iter().map(|image| image.id.0).collect();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn an_end_changes_the_message_and_has_its_place_in_the_log_once() {
    let store = placed([1, 2]);
    store.append("Ada", shows(&[1, 2], None));
    assert_eq!(store.commit(vec![ends(2, Gone::Expired, Some(1))]), [appended(2)]);
    assert_eq!(store.commit(vec![ends(2, Gone::Expired, Some(1))]), [Outcome::Done]);
    let log = store.log(LOBBY);
    let shown = images(&log[0]);
    assert!(shown[0].is_alive());
    assert_eq!(shown[1].life, Life::Over(Gone::Expired));
    assert_eq!(log[1].body, Body::picture_gone(1, ImageId(2), Gone::Expired));
    assert_eq!(log.len(), 2);
}

#[test]
fn a_retry_finds_its_message_after_the_picture_has_gone() {
    let store = placed([1]);
    store.append("Ada", shows(&[1], Some("k")));
    store.commit(vec![ends(1, Gone::Expired, Some(1))]);
    let mut body = shows(&[1], Some("k"));
    body.end_picture(ImageId(1), Gone::Expired);
    assert_eq!(store.append("Ada", body), duplicate(1));
}

#[test]
fn what_is_gone_cannot_be_sent() {
    let store = placed([1]);
    store.commit(vec![ends(1, Gone::Expired, None)]);
    assert_eq!(store.append("Ada", shows(&[1], None)), GONE_PICTURE);
}

#[test]
fn a_deletion_ends_the_messages_pictures_and_an_end_after_it_says_nothing() {
    let store = placed([1, 2]);
    store.append("Ada", shows(&[1, 2], None));
    assert_eq!(store.append("Ada", Body::deleted(1)), appended(2));
    assert_eq!(store.commit(vec![ends(1, Gone::Expired, Some(1))]), [Outcome::Done]);
    assert!(images(&store.log(LOBBY)[0]).iter().all(|i| i.life == Life::Over(Gone::Deleted)));
    assert!(store.reopened().boot.images.is_empty());
}

#[test]
fn an_edit_of_the_caption_leaves_the_pictures_and_their_ends() {
    let store = placed([1, 2]);
    store.append("Ada", shows(&[1, 2], None));
    store.append("Ada", edited(1, "caption"));
    store.commit(vec![ends(2, Gone::Deleted, Some(1))]);
    let log = store.log(LOBBY);
    let Body::Message(message) = &log[0].body else { panic!("a message stays one") };
    assert_eq!(message.text.as_str(), "caption");
    assert!(message.images[0].is_alive());
    assert_eq!(message.images[1].life, Life::Over(Gone::Deleted));
}

#[test]
fn pictures_come_back_after_a_restart_and_those_that_went_are_known() {
    let store = placed([1, 2, 3]);
    store.append("Ada", shows(&[1], None));
    store.commit(vec![ends(3, Gone::Deleted, None)]);
    let boot = store.reopened().boot;
    let claimed = ImageRow { seq: Some(1), alt: AltText::default(), ..picture(1) };
    assert_eq!(boot.images, [claimed, picture(2)]);
    assert_eq!(boot.gone, [(ImageId(3), LOBBY)]);
}

#[test]
fn what_a_picture_said_of_its_sender_is_in_no_file_after_its_end() {
    let store = placed(1..=50);
    for id in 1..=50 {
        store.append("Ada", shows(&[id], None));
    }
    let ops = (1..=50).map(|id| ends(id, Gone::Deleted, Some(u64::try_from(id).unwrap())));
    store.commit(ops.collect());
    let directory = store.directory.path().to_owned();
    store.store.close();
    for entry in directory.read_dir().unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for words in ["red bicycle", "bicycle.png", "/uploads/"] {
            let found = bytes.windows(words.len()).any(|window| window == words.as_bytes());
            assert!(!found, "{words}");
        }
    }
}

#[test]
fn long_gone_pictures_are_forgotten_from_the_beginning() {
    let store = placed(1..=700);
    store.commit((1..=699).map(|id| ends(id, Gone::Expired, None)).collect());
    store.commit(vec![Op::ForgetImages { before: NOON }]);
    assert_eq!(store.rows("images"), 700);
    store.commit(vec![Op::ForgetImages { before: NOON.plus(1) }]);
    assert_eq!(store.rows("images"), 700 - (700 - 512 - 1));
    assert_eq!(store.reopened().boot.images, [picture(700)]);
}
