//! Accounts: one name, one account; what is known of them comes back, and goes with them.

use super::*;
use crate::model::Visibility;

#[test]
fn two_accounts_that_are_not_over_cannot_have_one_name() {
    let store = TestStore::new();
    assert_eq!(store.commit(vec![save_account(&account("Ada"))]), [Outcome::Done]);
    // The same name in another spelling, by somebody else.
    let other = AccountRow { id: UserId(5), ..account("аdа") };
    assert_eq!(store.commit(vec![save_account(&other)]), [Outcome::Taken]);
    assert_eq!(store.rows("private"), 1);
    let over = AccountRow { ended_at: Some(NOON), password: None, ..account("Ada") };
    assert_eq!(
        store.commit(vec![save_account(&over), save_account(&other)]),
        vec![Outcome::Done; 2]
    );
    let again = account("Ada");
    assert_eq!(store.commit(vec![save_account(&again)]), [Outcome::Taken]);
    let mut expected = vec![other, over];
    expected.sort_by_key(|row| row.id);
    assert_eq!(store.reopened().boot.accounts, expected);
}

#[test]
fn an_account_is_written_over_its_older_state() {
    let store = TestStore::new();
    let first = account("Ada");
    let password = Some(PasswordHash::parse("$argon2id$another").unwrap());
    let later = AccountRow { role: Role::Owner, password, ..first.clone() };
    store.commit(vec![save_account(&first), save_account(&later)]);
    assert_eq!(store.rows("private"), 1);
    assert_eq!(store.reopened().boot.accounts, [later]);
}

#[test]
fn all_that_is_said_of_people_comes_back() {
    let store = TestStore::with_lobby();
    let (ada, mute) = (account("Ada"), ban(1, "Eve"));
    let everywhere = SanctionRow {
        room: None,
        kind: SanctionKind::Mute,
        user: None,
        name_key: Some("mallory".into()),
        address: Some([9; 32]),
        until: None,
        at: NOON.plus(1),
        ..ban(2, "Mallory")
    };
    let (to_room, to_register) = (invite("a", Some(LOBBY), "Ada"), invite("b", None, "Ada"));
    let save = |row: &SanctionRow| Op::SaveSanction(Box::new(row.clone()));
    let send = |row: &InviteRow| Op::SaveInvite(Box::new(row.clone()));
    let used = InviteRow { uses_left: 2, ..to_room.clone() };
    let mut ops = vec![save_account(&ada), save_login(&login(1, "Ada"))];
    ops.extend([save(&mute), save(&everywhere), send(&to_room), send(&to_register), send(&used)]);
    ops.extend([RoomRole::Member, RoomRole::Moderator].map(|role| Op::SetRoomRole {
        room: LOBBY,
        user: ada.id,
        role: Some(role),
    }));
    ops.extend([2, 5].map(|seq| Op::SaveRead { user: ada.id, room: LOBBY, seq }));
    ops.push(Op::SaveDevice { user: ada.id, device: TokenHash::of("laptop"), at: NOON });
    let twice = ReportRow { reason: Reason::new("again").unwrap(), ..report(1, "Ada") };
    for row in [report(1, "Ada"), twice, report(1, "Grace"), report(2, "Ada")] {
        ops.push(Op::SaveReport(Box::new(row)));
    }
    let count = ops.len();
    assert_eq!(store.commit(ops), vec![Outcome::Done; count]);
    let boot = store.reopened().boot;
    assert_eq!(boot.accounts, std::slice::from_ref(&ada));
    assert_eq!(boot.logins, [login(1, "Ada")]);
    assert_eq!(boot.sanctions, [mute, everywhere]);
    assert_eq!(boot.invites.len(), 2);
    assert!(boot.invites.contains(&used) && boot.invites.contains(&to_register));
    let role = RoomRole::Moderator;
    assert_eq!(boot.room_roles, [RoomRoleRow { room: LOBBY, user: ada.id, role }]);
    assert_eq!(boot.reads, [ReadRow { user: ada.id, room: LOBBY, seq: 5 }]);
    assert_eq!(boot.devices, [(ada.id, TokenHash::of("laptop"), NOON)]);
    assert_eq!(boot.reports.len(), 3);
    assert!(boot.reports.contains(&report(1, "Ada")));
}

#[test]
fn what_is_over_is_taken_back() {
    let store = TestStore::with_lobby();
    let (ada, grace) = (author("Ada").user, author("Grace").user);
    let role = |user, role| Op::SetRoomRole { room: LOBBY, user, role };
    let late = InviteRow { expires_at: NOON.plus(2000), ..invite("late", None, "Ada") };
    store.commit(vec![
        Op::SaveSanction(Box::new(ban(1, "Eve"))),
        Op::SaveSanction(Box::new(ban(2, "Eve"))),
        Op::EndSanction(1),
        Op::EndSanction(77),
        role(ada, Some(RoomRole::Member)),
        role(grace, Some(RoomRole::Member)),
        role(ada, None),
        Op::SaveInvite(Box::new(invite("early", None, "Ada"))),
        Op::SaveInvite(Box::new(late.clone())),
        Op::ForgetInvites { before: NOON.plus(1500) },
        Op::SaveReport(Box::new(report(1, "Ada"))),
        Op::SaveReport(Box::new(report(2, "Ada"))),
        Op::EndReports { room: LOBBY, seq: 1 },
    ]);
    let boot = store.reopened().boot;
    assert_eq!(boot.sanctions, [ban(2, "Eve")]);
    assert_eq!(boot.room_roles.iter().map(|row| row.user).collect::<Vec<_>>(), [grace]);
    assert_eq!(boot.invites, [late]);
    assert_eq!(boot.reports, [report(2, "Ada")]);
}

#[test]
fn a_forgotten_account_leaves_its_events_and_nothing_else() {
    let store = TestStore::with_lobby();
    let known = |name: &str, number: i64| {
        let user = author(name).user;
        vec![
            save_account(&account(name)),
            save_login(&login(number, name)),
            Op::SaveDevice { user, device: TokenHash::of(name), at: NOON },
            Op::SetRoomRole { room: LOBBY, user, role: Some(RoomRole::Member) },
            Op::SaveRead { user, room: LOBBY, seq: 1 },
            Op::SaveSanction(Box::new(ban(number, name))),
            Op::SaveInvite(Box::new(invite(name, None, name))),
            Op::SaveReport(Box::new(report(1, name))),
            append(name, said("hello")),
        ]
    };
    store.commit(known("Ada", 1));
    store.commit(known("Grace", 2));
    assert_eq!(store.commit(vec![Op::ForgetAccount(author("Ada").user)]), [Outcome::Done]);
    for table in
        ["accounts", "logins", "devices", "room_roles", "reads", "sanctions", "invites", "reports"]
    {
        assert_eq!(store.rows(table), 1, "{table}");
    }
    assert_eq!(store.log(LOBBY).len(), 2);
    let boot = store.reopened().boot;
    assert_eq!(boot.accounts, [account("Grace")]);
    assert_eq!(boot.logins, [login(2, "Grace")]);
}

#[test]
fn rooms_keep_their_rules_and_nothing_outlives_a_room() {
    let store = TestStore::with_lobby();
    let settings = RoomSettings {
        visibility: Visibility::Private,
        guests: false,
        slow_s: 30,
        topic_locked: true,
        keep: "12h".parse().ok(),
        founded: true,
    };
    let garden = RoomRow { settings, ..room(RoomId(2), "Garden") };
    store.commit(vec![Op::CreateRoom(garden.clone())]);
    let change = |room| Op::SetRoom { room, settings };
    assert_eq!(
        store.commit(vec![change(LOBBY), change(RoomId(9))]),
        [Outcome::Done, Outcome::NoRoom]
    );
    let store = store.reopened();
    assert_eq!(store.boot.rooms, [RoomRow { settings, ..room(LOBBY, "Lobby") }, garden]);
    store.commit(vec![
        Op::SetRoomRole { room: LOBBY, user: UserId(1), role: Some(RoomRole::Moderator) },
        Op::SaveRead { user: UserId(1), room: LOBBY, seq: 1 },
        Op::SaveSanction(Box::new(ban(1, "Eve"))),
        Op::SaveInvite(Box::new(invite("a", Some(LOBBY), "Ada"))),
        Op::SaveReport(Box::new(report(1, "Ada"))),
        Op::DropRoom(LOBBY),
        Op::CreateRoom(room(LOBBY, "Another")),
    ]);
    let boot = store.reopened().boot;
    assert_eq!(boot.rooms[0], room(LOBBY, "Another"));
    assert_eq!((boot.room_roles.len(), boot.reads.len(), boot.sanctions.len()), (0, 0, 0));
    assert_eq!((boot.invites.len(), boot.reports.len()), (0, 0));
}

#[test]
fn an_account_has_its_newest_twenty_devices() {
    let store = TestStore::new();
    let device = |user, n: u64| Op::SaveDevice {
        user,
        device: TokenHash::of(&n.to_string()),
        at: NOON.plus(n),
    };
    store.commit((0..25).map(|n| device(UserId(1), n)).collect());
    // The oldest that is left is seen again: it is the newest now.
    let seen = Op::SaveDevice { user: UserId(1), device: TokenHash::of("5"), at: NOON.plus(99) };
    store.commit(vec![seen, device(UserId(2), 0), device(UserId(1), 25)]);
    let devices = store.reopened().boot.devices;
    let of = |user| devices.iter().filter(move |(owner, ..)| *owner == UserId(user));
    let moments: Vec<u64> = of(1).map(|(.., at)| at.since(NOON)).collect();
    assert_eq!(moments, (7..=25).chain([99]).collect::<Vec<u64>>());
    assert_eq!(of(2).count(), 1);
}
