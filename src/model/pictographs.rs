//! Pictographs that are younger than the tables of PRECIS.
//!
//! The tables end at Unicode 6.3 and call every later emoji unassigned, so those pass a profile behind
//! a stand-in of their own class and are put back afterwards.

use std::borrow::Cow;

use zeroize::Zeroizing;

const STAND_IN: char = '\u{2600}';

/// What `profile` makes of `raw`, with the pictographs as they were.
///
/// Passwords come through here: what is made on the way is wiped.
pub fn with_pictographs(
    raw: &str,
    profile: impl for<'a> FnOnce(&'a str) -> Option<Cow<'a, str>>,
) -> Option<String> {
    let stands = |c: char| c == STAND_IN || matches!(c, '\u{1f300}'..='\u{1faff}');
    // The stand-in is no longer than what it stands for: nothing is moved while the text grows.
    let mut shadow = Zeroizing::new(String::with_capacity(raw.len()));
    shadow.extend(raw.chars().map(|c| if stands(c) { STAND_IN } else { c }));
    let enforced = Zeroizing::new(profile(&shadow)?.into_owned());
    let mut pictographs = raw.chars().filter(|c| stands(*c));
    let mut restored = String::with_capacity(enforced.len() * 2);
    for c in enforced.chars() {
        restored.push(if c == STAND_IN { pictographs.next()? } else { c });
    }
    Some(restored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictographs_come_out_as_they_went_in_and_the_rest_as_the_profile_has_it() {
        let lower = |text: &str| with_pictographs(text, |text| Some(text.to_lowercase().into()));
        assert_eq!(lower("A🦊B☀C🫠").as_deref(), Some("a🦊b☀c🫠"));
        assert_eq!(with_pictographs("🦊", |_| None), None);
        assert_eq!(with_pictographs("🦊", |text| Some(Cow::from(text))).as_deref(), Some("🦊"));
    }
}
