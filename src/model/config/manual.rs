//! What `parlor config --markdown` prints: `docs/configuration.md`, from the table.

use std::fmt::Write;

use super::Config;
use super::environment;
use super::row::Row;
use super::table::ROWS;

const OPENING: &str = include_str!("manual_opening.md");

/// The manual of the configuration, the same on every machine.
pub fn manual() -> String {
    let mut text = OPENING.to_owned();
    let mut section = Some("");
    for row in ROWS {
        let (here, _) = row.place();
        if here != section {
            section = here;
            text.push_str(&heading(here));
        }
        text.push_str(&line(row));
    }
    text
}

fn heading(section: Option<&str>) -> String {
    let title = section.map_or("The server".to_owned(), |section| format!("`[{section}]`"));
    format!(
        "\n### {title}\n\n| key | default | unit | must be | what it is for |\n\
         | --- | --- | --- | --- | --- |\n"
    )
}

fn line(row: &Row) -> String {
    let default = row.show(&Config::default());
    let mut about = row.about.to_owned();
    if row.example() != default {
        // Writing to a String cannot fail.
        let _ = write!(about, " Example: `{}`.", row.example());
    }
    format!(
        "| `{}`<br>`{}` | `{default}` | {} | {} | {about} |\n",
        row.key,
        environment::variable(row),
        row.unit,
        row.rule,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{FileText, Inputs, Resolved};

    #[test]
    fn the_file_in_the_manual_is_accepted() {
        let (_, rest) = OPENING.split_once("```toml\n").expect("the manual shows a file");
        let (text, _) = rest.split_once("```").expect("and ends it");
        let file = Some(FileText { path: "parlor.toml".into(), text: text.into() });
        let resolved = Resolved::new(&Inputs { file, ..Inputs::default() }).expect("it works");
        assert_ne!(resolved.config, Config::default());
    }

    #[test]
    fn the_manual_names_every_key_and_its_variable() {
        let manual = manual();
        for row in ROWS {
            let cell = format!("| `{}`<br>`{}` |", row.key, environment::variable(row));
            assert_eq!(manual.matches(&cell).count(), 1, "{}", row.key);
        }
    }
}
