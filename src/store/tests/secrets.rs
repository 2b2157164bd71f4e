//! What is removed of people is in no file after the end.

use rand::seq::SliceRandom;

use super::*;

/// Which of the words can be read in any file of a closed store.
fn found(store: &TestStore, words: &[String]) -> Vec<String> {
    store.store.close();
    let entries = store.directory.path().read_dir().unwrap();
    let bytes: Vec<u8> =
        entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    let text = String::from_utf8_lossy(&bytes);
    words.iter().filter(|word| text.contains(word.as_str())).cloned().collect()
}

fn hashed(n: i64, version: u8) -> AccountRow {
    let nick = Nick::parse(&format!("user {n}")).unwrap();
    let password = Some(PasswordHash::parse(&format!("$argon2id$hash-{n:04}-{version}")).unwrap());
    AccountRow { id: UserId(n * 7919 % 1009), nick, password, ..account("Ada") }
}

#[test]
fn hashes_and_addresses_of_those_who_left_are_in_no_file() {
    let store = TestStore::new();
    let mut order: Vec<i64> = (1..=400).collect();
    order.shuffle(&mut rand::rng());
    let address = |n: i64| format!("198.51.{:03}.{:03}", n / 100, n % 100);
    let at = |n: i64| {
        let (user, address) = (hashed(n, 0).id, address(n));
        LoginRow { user, address, ..login(n * 6151 % 1009, "Ada") }
    };
    for n in &order {
        store.commit(vec![save_account(&hashed(*n, 0)), save_login(&at(*n))]);
    }
    order.shuffle(&mut rand::rng());
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for n in order {
        let (row, seen) = (hashed(n, 0), at(n));
        let old = format!("hash-{n:04}-0");
        match n % 4 {
            0 => {
                let over = AccountRow { password: None, ended_at: Some(NOON), ..row.clone() };
                store.commit(vec![save_account(&over)]);
                store.commit(vec![Op::ForgetAccount(row.id)]);
                gone.extend([old, address(n)]);
            }
            1 => {
                store.commit(vec![save_account(&hashed(n, 1)), Op::EndLogins(vec![seen.id])]);
                gone.extend([old, address(n)]);
                kept.push(format!("hash-{n:04}-1"));
            }
            2 => {
                store.commit(vec![save_login(&LoginRow { address: "::1".into(), ..seen })]);
                gone.push(address(n));
                kept.push(old);
            }
            _ => kept.extend([old, address(n)]),
        }
    }
    assert_eq!(found(&store, &gone), Vec::<String>::new());
    assert_eq!(found(&store, &kept).len(), kept.len());
}

#[test]
fn a_shortened_address_is_in_no_file() {
    let store = TestStore::new();
    store.commit((1..=300).map(|n| save_login(&login(n, "Ada"))).collect());
    store.commit(vec![Op::ShortenAddresses { before: NOON.plus(1) }]);
    let words = ["203.0.113.77".to_owned(), "203.0.113.0/24".to_owned()];
    assert_eq!(found(&store, &words), words[1..]);
}
