//! The programs of the README are the examples that run, and as short as it says; what the documentation names is there.

use std::fs;
use std::path::{Path, PathBuf};

const README: &str = include_str!("../../README.md");
const GUIDE: &str = include_str!("../../docs/components.md");
const TESTING: &str = include_str!("../../docs/testing.md");
const CHAT: &str = include_str!("../examples/chat.rs");
const COUNTER: &str = include_str!("../examples/counter.rs");

/// An example without the comment at its head.
fn code(example: &'static str) -> &'static str {
    example.split_once("\n\n").expect("a comment comes first").1.trim_end()
}

#[test]
fn the_chat_of_the_readme_is_the_example() {
    assert!(README.contains(&format!("```rust\n{}\n```", code(CHAT))), "copy the example into README.md");
}

#[test]
fn the_counter_of_the_readme_and_the_guide_is_the_example() {
    for (page, block) in [(README, "```rust"), (GUIDE, "```rust,ignore")] {
        assert!(page.contains(&format!("{block}\n{}\n```", code(COUNTER))), "copy the example into {}", &page[..40]);
    }
}

#[test]
fn they_are_as_short_as_the_readme_says() {
    assert!(CHAT.lines().count() < 60);
    assert!(code(COUNTER).lines().count() < 25);
}

#[test]
fn the_crates_to_depend_on_are_where_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for page in [README, TESTING] {
        let lines = page.lines().filter_map(|line| line.split_once(" = { path = \"../lazuli/"));
        let crates: Vec<(&str, &str)> =
            lines.filter_map(|(name, rest)| Some((name, rest.split('"').next()?))).collect();
        assert!(crates.contains(&("lazuli-harness", "harness")), "{crates:?}");
        for (name, folder) in crates {
            let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml")).expect("a manifest");
            assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{folder} is not {name}");
        }
    }
}

/// Pages of documentation, by their paths from the root.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in [root.clone(), root.join("docs")] {
        let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        found.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("text"))).collect()
}

/// The anchors that a page's headings make.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let plain =
        |heading: &str| heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect::<String>();
    headings.map(|heading| plain(heading).to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let (pages, mut seen) = (pages(), 0);
    for (path, text) in &pages {
        let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
        for link in ends.filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(target.exists(), "{} leads to {link}", path.display());
            let is_there =
                anchor.is_empty() || anchors(&fs::read_to_string(target).expect("text")).contains(&anchor.into());
            assert!(is_there, "{} leads to {link}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} links");
}

#[test]
fn the_files_that_are_said_to_test_something_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for (path, text) in pages() {
        let Some((_, table)) = text.split_once("## Where each is tested") else { continue };
        // A name without a folder lies beside the one before it.
        let mut folder = PathBuf::new();
        for name in table.split('`').skip(1).step_by(2).filter(|name| !name.ends_with('!')) {
            if name.contains('/') {
                folder = Path::new(name).parent().expect("a folder").into();
            }
            let file = if name.contains('/') { root.join(name) } else { root.join(&folder).join(name) };
            assert!(file.exists(), "{} names {name}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} files");
}
