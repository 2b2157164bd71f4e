//! Links between the pages: every file is there, and every anchor.

use std::path::{Component, Path, PathBuf};

use crate::markdown::Page;
use crate::{home, pages};

fn resolve(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().expect("a page is in a directory").to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
    }
    path
}

fn is_elsewhere(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://") || link.starts_with("mailto:")
}

#[test]
fn every_link_inside_the_documentation_leads_somewhere() {
    let mut broken = Vec::new();
    for path in pages() {
        let page = Page::read(&path.to_string_lossy());
        for link in page.links().into_iter().filter(|link| !is_elsewhere(link)) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { path.clone() } else { resolve(&path, file) };
            let is_there = home().join(&target).exists();
            let is_page = target.extension().is_some_and(|e| e == "md");
            let has_anchor = || {
                let target = Page::read(&target.to_string_lossy());
                target.anchors().iter().any(|known| known == anchor)
            };
            if !is_there || (!anchor.is_empty() && is_page && !has_anchor()) {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_decision_is_listed_in_the_architecture() {
    let page = Page::read("docs/architecture.md");
    let links = page.links();
    for entry in std::fs::read_dir(home().join("docs/decisions")).expect("there are decisions") {
        let name = entry.expect("they can be listed").file_name();
        let link = format!("decisions/{}", name.to_string_lossy());
        assert!(links.contains(&link), "{link}");
    }
}
