//! What the throttle promises, for any sequence of tries.

use std::collections::HashMap;

use proptest::prelude::*;

use super::ledger::Ledger;
use super::rule::Strain;
use super::*;

/// Strangers at one name, in any hour, with the numbers that are the default.
const AN_HOUR: usize = 21;
/// The same in any day.
const A_DAY: usize = 113;
const HOUR: u64 = 60 * MINUTE;

fn address(number: u64) -> [u8; 32] {
    let mut address = [0; 32];
    address[..8].copy_from_slice(&number.to_le_bytes());
    address
}

fn stranger(name: &str, number: u64) -> Try<'_> {
    Try { name, address: address(number), device: None }
}

fn owner(name: &str) -> Try<'_> {
    Try { name, address: address(0), device: Some(TokenHash([7; 32])) }
}

/// The wait of a refused try; 0 for one that was let in and was a wrong password.
fn wrong(throttle: &mut Throttle, now: u64, who: &Try<'_>) -> u64 {
    match throttle.begin(now, who) {
        Ok(ticket) => {
            drop(ticket);
            0
        }
        Err(refusal) => refusal.retry_after_ms.unwrap(),
    }
}

fn of_places(places: usize) -> Throttle {
    Throttle::new(Settings { places, ..Settings::default() })
}

#[test]
fn a_stranger_waits_longer_with_every_further_wrong_password() {
    let mut throttle = Throttle::new(Settings::default());
    assert!((0..10).all(|number| wrong(&mut throttle, 0, &stranger("ada", number)) == 0));
    let (mut now, mut waits) = (0, Vec::new());
    for number in 10..40 {
        let wait = wrong(&mut throttle, now, &stranger("ada", number));
        assert!(wrong(&mut throttle, now + wait - 1, &stranger("ada", number)) == 1);
        now += wait;
        assert_eq!(wrong(&mut throttle, now, &stranger("ada", number)), 0);
        waits.push(wait / SECOND);
    }
    assert_eq!(waits[..8], [5, 10, 20, 40, 80, 160, 320, 640]);
    assert!(waits.is_sorted() && waits[29] == 900, "{waits:?}");
    assert_eq!(wrong(&mut throttle, now, &stranger("bob", 40)), 0);
}

/// Nothing is let in that the bound does not allow, and the bound is not far from what is.
#[test]
fn who_never_sleeps_has_21_guesses_in_the_first_hour_and_four_in_each_further_one() {
    let mut throttle = Throttle::new(Settings::default());
    let (mut now, mut let_in) = (0, Vec::new());
    while now < 24 * HOUR {
        match wrong(&mut throttle, now, &stranger("ada", now)) {
            0 => let_in.push(now),
            wait => now += wait,
        }
    }
    let until = |hours| let_in.partition_point(|moment| *moment < hours * HOUR);
    assert_eq!((until(1), until(2), until(24)), (AN_HOUR, 25, A_DAY));
    assert_eq!(most_within(HOUR, &let_in), AN_HOUR);
}

#[test]
fn what_is_refused_has_a_code_and_a_sentence_that_gives_no_reason_away() {
    let mut throttle = Throttle::new(Settings::default());
    let by_name: Vec<_> = (0..11).map(|n| throttle.begin(0, &stranger("ada", n))).collect();
    let by_name = by_name.into_iter().last().unwrap().unwrap_err();
    let by_address: Vec<_> =
        (0..31).map(|n| throttle.begin(0, &stranger(&n.to_string(), 99))).collect();
    let by_address = by_address.into_iter().last().unwrap().unwrap_err();
    assert_eq!((by_name.code, &by_name.message), (Code::RateLimited, &by_address.message));
    assert_eq!((by_name.retry_after_ms, by_address.retry_after_ms), (Some(5_000), Some(10_000)));
}

#[test]
fn one_address_at_many_names_has_a_burst_and_then_one_in_ten_seconds() {
    let mut throttle = Throttle::new(Settings::default());
    let names: Vec<String> = (0..1000).map(|number| format!("name {number}")).collect();
    let mut let_in = 0;
    for (at, name) in names.iter().enumerate() {
        let_in += usize::from(wrong(&mut throttle, at as u64 * 100, &stranger(name, 1)) == 0);
    }
    assert_eq!(let_in, 30 + 9);
    assert_eq!(wrong(&mut throttle, 100 * SECOND, &stranger("name 1000", 2)), 0);
}

#[test]
fn ten_thousand_wrong_passwords_from_everywhere_do_not_keep_the_owner_out() {
    let mut throttle = Throttle::new(Settings::default());
    let mut let_in = 0;
    for number in 0..10_000 {
        let_in += usize::from(wrong(&mut throttle, number, &stranger("ada", number)) == 0);
        // From one of the addresses that the strangers use, too.
        if number % 1000 == 0 {
            let ticket = throttle.begin(number, &owner("ada")).unwrap();
            throttle.succeeded(number, ticket);
        }
    }
    assert_eq!(let_in, 11);
    assert!(throttle.begin(10_000, &owner("ada")).is_ok());
}

#[test]
fn a_known_device_guesses_no_better_than_a_stranger_until_it_succeeds() {
    let mut throttle = Throttle::new(Settings::default());
    assert!((0..10).all(|_| wrong(&mut throttle, 0, &owner("ada")) == 0));
    assert_eq!(wrong(&mut throttle, 0, &owner("ada")), 5_000);
    let ticket = throttle.begin(5_000, &owner("ada")).unwrap();
    throttle.succeeded(5_000, ticket);
    assert!((0..10).all(|_| wrong(&mut throttle, 5_000, &owner("ada")) == 0));
}

#[test]
fn a_device_that_is_known_to_two_accounts_is_counted_at_each() {
    let mut throttle = Throttle::new(Settings::default());
    assert!((0..10).all(|_| wrong(&mut throttle, 0, &owner("ada")) == 0));
    assert!(wrong(&mut throttle, 0, &owner("ada")) > 0);
    assert_eq!(wrong(&mut throttle, 0, &owner("bob")), 0);
}

#[test]
fn parallel_tries_are_counted_when_they_begin() {
    let mut throttle = Throttle::new(Settings::default());
    let begun: Vec<_> = (0..64).map(|n| throttle.begin(0, &stranger("ada", n))).collect();
    assert_eq!(begun.iter().filter(|ticket| ticket.is_ok()).count(), 10);
}

#[test]
fn what_the_server_was_too_busy_for_does_not_count() {
    let mut throttle = Throttle::new(Settings::default());
    for number in 0..1000 {
        let ticket = throttle.begin(number, &stranger("ada", 1)).unwrap();
        throttle.undone(number, ticket);
    }
    let ticket = throttle.begin(1000, &owner("ada")).unwrap();
    throttle.undone(1000, ticket);
    assert_eq!((throttle.names.len(), throttle.addresses.len()), (1, 1));
}

#[test]
fn a_whole_school_logs_in_from_one_address() {
    let mut throttle = Throttle::new(Settings::default());
    for pupil in 0..500 {
        let name = format!("pupil {pupil}");
        let ticket = throttle.begin(pupil, &stranger(&name, 1)).unwrap();
        throttle.succeeded(pupil, ticket);
    }
    assert_eq!(wrong(&mut throttle, 500, &stranger("ada", 1)), 0);
}

#[test]
fn a_login_of_ones_own_buys_no_guesses_at_others() {
    let mut throttle = Throttle::new(Settings::default());
    let mut guesses = 0;
    for round in 0..1000 {
        if let Ok(ticket) = throttle.begin(round, &stranger("mallory", 1)) {
            throttle.succeeded(round, ticket);
        }
        let name = format!("name {round}");
        guesses += usize::from(wrong(&mut throttle, round, &stranger(&name, 1)) == 0);
    }
    assert_eq!(guesses, 30);
}

#[test]
fn zero_switches_a_rule_off() {
    let off = Rule { free: 0, ..Settings::default().name };
    let mut throttle = Throttle::new(Settings { name: off, address: off, device: off, places: 10 });
    for _ in 0..1000 {
        assert_eq!(wrong(&mut throttle, 0, &stranger("ada", 1)), 0);
        assert_eq!(wrong(&mut throttle, 0, &owner("ada")), 0);
    }
    assert_eq!(throttle.names.len() + throttle.devices.len(), 0);
}

#[test]
fn a_storms_memory_is_given_back_by_those_who_come_after_it() {
    let mut throttle = Throttle::new(Settings::default());
    for number in 0..1000 {
        wrong(&mut throttle, 0, &stranger(&number.to_string(), number));
    }
    assert_eq!((throttle.names.len(), throttle.addresses.len()), (1000, 1000));
    for number in 0..1000 {
        wrong(&mut throttle, HOUR, &stranger("ada", 2000 + number));
    }
    assert!(throttle.names.len() < 1000 && throttle.addresses.len() < 1000);
}

/// A name that is crowded out is tried again: as often as it was let in before, or less often.
#[test]
fn crowding_the_ledger_does_not_reset_a_count() {
    let mut throttle = of_places(100);
    let mut from = 0..;
    let mut new = || from.next().unwrap();
    for _ in 0..12 {
        wrong(&mut throttle, 0, &stranger("ada", new()));
    }
    assert!(wrong(&mut throttle, 0, &stranger("ada", new())) > 0);
    // Each of the crowd is tried as often as ada was, so that she may be the calmest.
    for crowd in 0..300 {
        let name = format!("crowd {crowd}");
        for _ in 0..10 {
            wrong(&mut throttle, 0, &stranger(&name, new()));
        }
    }
    assert!(wrong(&mut throttle, 0, &stranger("ada", new())) > 0);
}

#[test]
fn a_crowd_that_knocks_once_each_keeps_nobody_out() {
    let mut throttle = of_places(100);
    for crowd in 0..899 {
        assert_eq!(wrong(&mut throttle, 0, &stranger(&format!("crowd {crowd}"), crowd)), 0);
    }
    assert_eq!(throttle.names.len(), 100);
    assert_eq!(wrong(&mut throttle, 0, &stranger("ada", 1000)), 0);
    assert_eq!(wrong(&mut throttle, 2 * HOUR, &stranger("bob", 1001)), 0);
}

/// A step of an attack: how much time passes, which of the names, from which of the addresses.
fn attack(names: u64, longest: u64) -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
    let pause = prop_oneof![3 => Just(0), 2 => 0..10 * SECOND, 1 => 0..longest];
    prop::collection::vec((pause, 0..names, any::<u64>()), 1..400)
}

/// The largest number of moments within any window of this length.
fn most_within(window: u64, moments: &[u64]) -> usize {
    let ends = moments.iter().enumerate();
    let within = |(at, now): (usize, &u64)| {
        at + 1 - moments.partition_point(|earlier| earlier + window <= *now)
    };
    ends.map(within).max().unwrap_or_default()
}

proptest! {
    #[test]
    fn strangers_change_nothing_for_a_known_device(
        steps in attack(4, HOUR),
        places in 1usize..8,
        owners in prop::collection::vec(any::<bool>(), 400),
    ) {
        let (mut attacked, mut calm) = (of_places(places), of_places(places));
        let mut now = 0;
        for ((pause, name, from), owner_tries) in steps.into_iter().zip(owners) {
            now += pause;
            wrong(&mut attacked, now, &stranger(&name.to_string(), from));
            if owner_tries {
                let who = owner(&name.to_string()).device;
                let name = name.to_string();
                let who = Try { name: &name, address: address(from), device: who };
                prop_assert_eq!(wrong(&mut attacked, now, &who), wrong(&mut calm, now, &who));
            }
        }
    }

    #[test]
    fn strangers_have_few_guesses_at_a_name_however_they_crowd(
        steps in attack(12, 20 * MINUTE),
        places in 1usize..8,
    ) {
        let mut throttle = of_places(places);
        let mut let_in: HashMap<u64, Vec<u64>> = HashMap::new();
        let mut now = 0;
        for (pause, name, from) in steps {
            now += pause;
            // Half of the time it is always the same name.
            let name = name.saturating_sub(6);
            if wrong(&mut throttle, now, &stranger(&name.to_string(), from)) == 0 {
                let_in.entry(name).or_default().push(now);
            }
            prop_assert!(throttle.names.len() <= places && throttle.addresses.len() <= places);
        }
        for moments in let_in.values() {
            prop_assert!(most_within(HOUR, moments) <= AN_HOUR);
            prop_assert!(most_within(24 * HOUR, moments) <= A_DAY);
        }
    }

    #[test]
    fn an_address_has_its_burst_and_its_pace_whatever_names_it_tries(steps in attack(1000, MINUTE)) {
        let mut throttle = Throttle::new(Settings::default());
        let (mut now, mut let_in) = (0, Vec::new());
        for (pause, name, _) in steps {
            now += pause;
            if wrong(&mut throttle, now, &stranger(&name.to_string(), 1)) == 0 {
                let_in.push(now);
            }
        }
        for minutes in [1, 10, 60] {
            prop_assert!(most_within(minutes * MINUTE, &let_in) as u64 <= 31 + 6 * minutes);
        }
    }

    /// What is counted is never less than in a ledger that never has to let anybody go.
    #[test]
    fn a_small_ledger_lets_in_only_what_a_boundless_one_would(
        steps in prop::collection::vec((0..4 * MINUTE, 0u8..20, 0u8..4), 1..300),
        places in 1usize..8,
    ) {
        let rule = Rule { free: 3, decay_ms: 10 * MINUTE, first_wait_ms: SECOND, longest_wait_ms: 10 * MINUTE };
        let mut ledger = Ledger::new(rule, places);
        let mut boundless: HashMap<u8, Strain> = HashMap::new();
        let mut now = 0;
        for (pause, who, give_back) in steps {
            now += pause;
            let key = [who; 32];
            if ledger.wait(now, &key) > 0 {
                continue;
            }
            let strain = boundless.entry(who).or_default();
            prop_assert!(strain.open_at <= now);
            ledger.count(now, key);
            *strain = rule.after_try(*strain, now);
            if give_back == 0 {
                ledger.give_back(now, key);
                *strain = rule.without_try(*strain, now);
            }
        }
    }

    /// The floor rises by one try for as many tries as there are places, and no faster.
    #[test]
    fn a_newcomer_is_let_in_while_the_crowd_is_smaller_than_places_times_free(
        names in prop::collection::vec(any::<u16>(), 0..200),
        places in 20usize..30,
    ) {
        let mut throttle = of_places(places);
        for (from, name) in names.iter().enumerate().take(9 * places) {
            wrong(&mut throttle, 0, &stranger(&name.to_string(), from as u64));
        }
        prop_assert_eq!(wrong(&mut throttle, 0, &stranger("newcomer", u64::MAX)), 0);
    }
}
