//! The passwords that everybody takes.
//!
//! The crate `passwords` holds 99,838 of them in a sorted list without ranks. All are refused, not only
//! the 10,000 commonest: whoever guesses begins with such a list, and has time for all of it.

use passwords::analyzer::is_common_password;
use zeroize::Zeroizing;

/// Whether `password` is one of them, in whatever case it is written.
///
/// The list has one spelling of most: all small, all large or with a large first letter. Of those with
/// 8 characters 1 in 90 is of mixed case (made by machines), and found only as it stands.
pub fn is_common(password: &str) -> bool {
    let small = Zeroizing::new(password.to_lowercase());
    let large = Zeroizing::new(password.to_uppercase());
    let (rest, mut capital) = (small.chars().skip(1), Zeroizing::new(String::new()));
    capital.reserve(small.len() + large.len());
    capital.extend(large.chars().take(1).chain(rest));
    [password, &small, &large, &capital].into_iter().any(is_common_password)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Well known to be common, from what newspapers print every year.
    const KNOWN: [&str; 40] = [
        "password",
        "password1",
        "password12",
        "password123",
        "passw0rd",
        "p@ssw0rd",
        "12345678",
        "123456789",
        "1234567890",
        "11111111",
        "00000000",
        "88888888",
        "87654321",
        "qwertyuiop",
        "qwerty123",
        "qwerty12",
        "asdfghjkl",
        "1q2w3e4r",
        "1qaz2wsx",
        "q1w2e3r4",
        "zaq12wsx",
        "abcd1234",
        "a1b2c3d4",
        "iloveyou",
        "princess",
        "sunshine",
        "football",
        "baseball",
        "superman",
        "starwars",
        "computer",
        "michelle",
        "jennifer",
        "welcome1",
        "letmein1",
        "trustno1",
        "whatever",
        "changeme",
        "admin123",
        "dragon123",
    ];

    #[test]
    fn the_commonest_are_found_whatever_their_case() {
        for known in KNOWN {
            let swapped: String = known
                .char_indices()
                .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
                .collect();
            for spelling in [known, &known.to_uppercase(), &swapped] {
                assert!(is_common(spelling), "{spelling}");
            }
        }
    }

    #[test]
    fn long_ones_that_nobody_else_takes_are_not() {
        for good in [
            "correct horse battery staple",
            "tr4vk9wz",
            "Look behind you, a three-headed monkey!",
            "zwei wörter",
            "日本語の長い合言葉",
            "password of a pirate",
            "",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }

    #[test]
    fn ordinary_letters_change_case_also_outside_of_ascii() {
        assert!(is_common("Татьяна") && is_common("татьяна") && is_common("ТАТЬЯНА"));
    }
}
