//! A configuration file: TOML in, rows and raw values with their lines out.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::nearest::nearest;
use super::raw::Raw;
use super::refusal::Refusal;
use super::sources::{FileText, Given, Source};
use super::table;

/// Every value in a file; a refusal where it is no TOML or has a key that nobody knows.
pub(super) fn read(file: &FileText) -> Result<Vec<Given>, Refusal> {
    let document = DeTable::parse(&file.text).map_err(|error| Refusal::Broken {
        source: at(file, error.span().map_or(0, |span| span.start)),
        why: error.message().to_owned(),
    })?;
    let mut values = Vec::new();
    for (name, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Table(section) if is_section(name.get_ref(), section) => {
                for (key, value) in section {
                    let path = format!("{}.{}", name.get_ref(), key.get_ref());
                    values.push(given(file, &path, key.span().start, value)?);
                }
            }
            _ => values.push(given(file, name.get_ref(), name.span().start, value)?),
        }
    }
    Ok(values)
}

/// Also a section that nobody knows, if only its keys are there to say what was meant.
fn is_section(name: &str, section: &DeTable<'_>) -> bool {
    table::is_section(name) || (table::row(name).is_none() && !section.is_empty())
}

/// A value under its key; `start` is where in the file the key stands.
fn given(
    file: &FileText,
    key: &str,
    start: usize,
    value: &Spanned<DeValue<'_>>,
) -> Result<Given, Refusal> {
    let source = at(file, start);
    let Some(row) = table::row(key) else {
        let meant = nearest(key).map(String::from);
        return Err(Refusal::Unknown { source, given: key.to_owned(), nearest: meant });
    };
    Ok(Given { row, raw: Raw::from(value.get_ref()), written: written(file, value), source })
}

/// What the file says; of a table with a heading of its own the entries.
fn written(file: &FileText, value: &Spanned<DeValue<'_>>) -> String {
    let said = file.text.get(value.span()).unwrap_or_default();
    match value.get_ref() {
        DeValue::Table(entries) if !said.starts_with('{') => {
            let entry = |(name, value): (&Spanned<DeString<'_>>, &_)| {
                format!("{} = {}", name.get_ref(), written(file, value))
            };
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => said.to_owned(),
    }
}

fn at(file: &FileText, offset: usize) -> Source {
    let before = file.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    Source::File { path: file.path.clone(), line: before + 1 }
}
