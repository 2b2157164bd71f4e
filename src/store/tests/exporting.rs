//! All that is stored of one person is found, and no secret with it.

use super::pictures::picture;
use super::*;

fn events(person: &mut Person) -> Vec<(Option<String>, Event)> {
    let mut events = Vec::new();
    loop {
        let page = person.next_events().unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

#[test]
fn a_person_is_found_with_all_that_is_stored_of_them() {
    let store = TestStore::with_lobby();
    let ada = account("Ada");
    let role = Some(RoomRole::Moderator);
    store.commit(vec![
        Op::CreateRoom(room(RoomId(2), "Garden")),
        save_account(&ada),
        save_account(&account("Grace")),
        save_login(&login(1, "Ada")),
        save_login(&login(2, "Grace")),
        Op::SaveDevice { user: ada.id, device: TokenHash::of("laptop"), at: NOON.plus(3) },
        Op::SetRoomRole { room: RoomId(2), user: ada.id, role },
        Op::SaveRead { user: ada.id, room: LOBBY, seq: 7 },
        Op::SaveSanction(Box::new(ban(1, "Ada"))),
        Op::SaveReport(Box::new(report(4, "Ada"))),
        Op::SaveReport(Box::new(report(4, "Grace"))),
        Op::PlaceImage(Box::new(picture(1))),
        append("Ada", said("hello")),
        append("Grace", said("hello, Ada")),
        Op::Append(Append { room: RoomId(2), ..event("Ada", said("roses")) }),
    ]);
    let Person { data, .. } = person(&store.db(), &Nick::parse("ada").unwrap()).unwrap().unwrap();
    let lobby = || Some("Lobby".to_owned());
    assert_eq!(data.account, AccountRow { password: None, ..ada });
    assert_eq!(data.logins, [PersonLogin::from(login(1, "Ada"))]);
    assert_eq!(data.devices, [NOON.plus(3)]);
    assert_eq!(data.room_roles, [(Some("Garden".to_owned()), RoomRole::Moderator)]);
    assert_eq!(data.reads, [(lobby(), 7)]);
    assert_eq!(data.sanctions, [(lobby(), ban(1, "Ada"))]);
    assert_eq!(data.reports, [(lobby(), report(4, "Ada"))]);
    assert_eq!(data.pictures, [(picture(1), lobby())]);
    let mut ada = person(&store.db(), &author("Ada").nick).unwrap().unwrap();
    let events = events(&mut ada);
    let bodies: Vec<(Option<&str>, &Body)> =
        events.iter().map(|(room, event)| (room.as_deref(), &event.body)).collect();
    assert_eq!(bodies, [(Some("Lobby"), &said("hello")), (Some("Garden"), &said("roses"))]);
}

#[test]
fn nobody_is_found_under_a_name_without_an_account() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("I am a guest"));
    assert!(person(&store.db(), &author("Ada").nick).unwrap().is_none());
}

#[test]
fn who_has_the_name_comes_before_who_had_it() {
    let store = TestStore::new();
    let over = |id, millis| AccountRow {
        id: UserId(id),
        password: None,
        ended_at: Some(NOON.plus(millis)),
        ..account("Ada")
    };
    let find = || person(&store.db(), &author("Ada").nick).unwrap().unwrap().data.account;
    store.commit(vec![save_account(&over(1, 5)), save_account(&over(2, 9))]);
    assert_eq!(find(), over(2, 9));
    let now = AccountRow { id: UserId(3), ..account("Ada") };
    store.commit(vec![save_account(&now)]);
    assert_eq!(find(), AccountRow { password: None, ..now.clone() });
    let all = [over(1, 5), over(2, 9), AccountRow { password: None, ..now }];
    assert_eq!(accounts(&store.db()).unwrap(), all);
}

#[test]
fn much_comes_in_pages_that_follow_each_other() {
    let store = TestStore::with_lobby();
    store.commit(vec![save_account(&account("Mod"))]);
    let notes = |n: u64| Op::Audit(Box::new(note("kick", NOON.plus(n))));
    let told = AuditRow { actor: None, target: Some(UserId(1)), ..note("other", NOON) };
    store.commit((0..1100).map(notes).chain([Op::Audit(Box::new(told))]).collect());
    store.commit((0..1100).map(|n| append("Mod", said(&format!("{n}")))).collect());
    let mut moderator = person(&store.db(), &author("Mod").nick).unwrap().unwrap();
    assert_eq!(moderator.next_events().unwrap().len(), 500);
    // Beside a server that runs: what is said meanwhile comes too.
    store.append("Mod", said("one more"));
    let places: Vec<u64> = events(&mut moderator).iter().map(|(_, event)| event.seq).collect();
    assert_eq!(places, (501..=1101).collect::<Vec<_>>());
    let mut found = 0;
    loop {
        let page = moderator.next_notes().unwrap();
        assert!(page.len() <= 500 && page.iter().all(|row| row.action == "kick"));
        found += page.len();
        if page.is_empty() {
            break;
        }
    }
    assert_eq!(found, 1100);
}
