//! What the page has to offer for the sake of those whose accounts it shows: read from its template.

use crate::text_of;

/// The tags of the template that `holds` is true of.
fn tags(holds: impl Fn(&str) -> bool) -> usize {
    let template = text_of("templates/index.html");
    template
        .split('<')
        .skip(1)
        .filter(|tag| holds(tag.split('>').next().unwrap_or_default()))
        .count()
}

#[test]
fn logging_out_and_hidden_passwords_are_in_the_page() {
    let is_password = |tag: &str| tag.starts_with("input") && tag.contains("name=\"password\"");
    let hidden = |tag: &str| tag.contains("type=\"password\"");
    let managed = |tag: &str| tag.contains("autocomplete=\"current-password\"");
    assert!(tags(is_password) > 0);
    assert_eq!(tags(is_password), tags(|tag| is_password(tag) && hidden(tag) && managed(tag)));
    assert!(tags(|tag| tag.starts_with("button") && tag.contains("data-to=\"log-out\"")) > 0);
}
