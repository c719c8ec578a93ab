//! What live components send and keep, for the updates of the corpus, beside what others do and what is aimed at.
//!
//! ```text
//! components               the tables
//! components export DIR    each update as a JSON file, for the page in `benches/browser`
//! ```

use lazuli::html::{Renderer, View, to_html};
use lazuli_benches::corpus::{Case, case, cases};
use lazuli_benches::count::{Counting, blocks};
use lazuli_benches::joining;
use lazuli_benches::patches::{Published, Sent, mean, names};
use serde_json::json;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => tables(),
        ["export", folder] => export(Path::new(folder)),
        _ => Err("usage: components, or: components export DIR".into()),
    }
}

/// An update, measured.
struct Row {
    name: String,
    sent: Sent,
    published: Published,
}

fn tables() -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    for case in cases() {
        let published = Published::of(&case.name).ok_or_else(|| format!("nothing is known of {}", case.name))?;
        rows.push(Row { sent: Sent::of(&case)?, published, name: case.name });
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    println!("| update | warm | cold | LiveView | of it | dioxus | floor | deflated | LiveView | of it | templates |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for Row { name, sent, published: Published { liveview, dioxus, floor } } in &rows {
        let (warm, deflated) = (sent.patch.len(), sent.deflated());
        println!(
            "| {name} | {warm} | {} | {} | {} | {} | {} | {deflated} | {} | {} | {} |",
            warm + sent.new_templates,
            liveview[0],
            shown(ratio(warm, liveview[0])),
            dioxus[0],
            floor[0],
            liveview[1],
            shown(ratio(deflated, liveview[1])),
            sent.templates
        );
    }
    println!();
    let mut judge = Judge::default();
    judge.ratios(
        "warm, of LiveView's best",
        &rows,
        |row| (row.sent.patch.len(), row.published.liveview[0]),
        Some(0.33),
    );
    judge.ratios(
        "cold, of LiveView's best",
        &rows,
        |row| (row.sent.patch.len() + row.sent.new_templates, row.published.liveview[0]),
        Some(0.33),
    );
    judge.ratios(
        "deflated, of LiveView's best deflated",
        &rows,
        |row| (row.sent.deflated(), row.published.liveview[1]),
        None,
    );
    judge.ratios("warm, of dioxus", &rows, |row| (row.sent.patch.len(), row.published.dioxus[0]), None);
    judge.ratios("warm, of the floor", &rows, |row| (row.sent.patch.len(), row.published.floor[0]), None);
    let bytes = |name: &str| rows.iter().find(|row| row.name == name).map_or(0, |row| row.sent.patch.len());
    judge.most("one of 1,000 rows selected, bytes", bytes("table_select_1k"), 16);
    judge.most("one of 1,000 rows removed, bytes", bytes("table_remove_1k"), 16);
    judge.most("1,000 rows created, bytes", bytes("table_create_1k"), 26_000);
    let (allocated, said) = retained("table_noop_1k")?;
    judge.most("a table of 1,000 rows, retained bytes in the allocator", allocated, 32_000);
    judge.most("the same, as `View::memory` tells", said, 32_000);
    let joined = joining::bytes("table_noop_1k")?;
    judge.most("a page with 1,000 rows joined, nothing changed, bytes in both directions, token apart", joined, 100);
    if judge.missed > 0 { Err(format!("{} goals missed", judge.missed).into()) } else { Ok(()) }
}

/// What is nothing is left out of means.
fn ratio(ours: usize, theirs: usize) -> Option<f64> {
    (ours > 0 && theirs > 0).then(|| ours as f64 / theirs as f64)
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"))
}

/// Says what was aimed at and whether it was met.
#[derive(Default)]
struct Judge {
    missed: usize,
}

impl Judge {
    fn verdict(&mut self, met: bool) -> &'static str {
        self.missed += usize::from(!met);
        if met { "met" } else { "MISSED" }
    }

    fn most(&mut self, what: &str, found: usize, most: usize) {
        let verdict = self.verdict(found <= most);
        println!("{what}: {found}; at most {most}: {verdict}");
    }

    /// `goal`: at most this may the mean be, and none above 1.
    fn ratios(&mut self, what: &str, rows: &[Row], pair: impl Fn(&Row) -> (usize, usize), goal: Option<f64>) {
        let pairs = rows.iter().map(|row| (pair(row), &row.name));
        let ratios: Vec<(f64, &String)> =
            pairs.filter_map(|((ours, theirs), name)| Some((ratio(ours, theirs)?, name))).collect();
        let values: Vec<f64> = ratios.iter().map(|(ratio, _)| *ratio).collect();
        let worst = ratios.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let (worst, name) = worst.map_or((0.0, ""), |(ratio, name)| (*ratio, name));
        let mean = mean(&values);
        print!("{what}: geometric mean of {} {mean:.3}, worst {worst:.2} ({name})", values.len());
        match goal {
            Some(most) => println!("; at most {most}, none above 1: {}", self.verdict(mean <= most && worst <= 1.0)),
            None => println!(),
        }
    }
}

/// What a view of this state keeps: bytes in the allocator, and bytes as it says itself.
fn retained(name: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let case = case(name).ok_or("there is no such update")?;
    let mut renderer = Renderer::new(7);
    // What the renderer keeps for itself is there after the first.
    drop(renderer.mount(&*case.old.render(), None)?);
    let render = case.old.render();
    let (view, left) = blocks(|| renderer.mount(&*render, None));
    let view = view?;
    let inside: i64 = left.iter().map(|(size, count)| *size as i64 * count).sum();
    Ok((inside as usize + size_of_val(&view), view.memory()))
}

fn export(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let all = cases();
    for case in &all {
        fs::write(folder.join(format!("{}.json", case.name)), exported(case)?)?;
    }
    println!("{} updates in {}", all.len(), folder.display());
    Ok(())
}

/// The page before, as HTML and as a patch, the templates that it needs, the patch, and the page after.
fn exported(case: &Case) -> Result<String, Box<dyn Error>> {
    let (old, new) = (case.old.render(), case.new.render());
    let mut renderer = Renderer::new(7);
    let page = renderer.page(&*old)?;
    let after = renderer.page(&*new)?;
    let needed = names(&page.shape).into_iter().chain(names(&after.shape));
    let templates: serde_json::Map<String, serde_json::Value> = needed
        .filter_map(|name| Some((serde_json::from_str(renderer.template(&name)?).ok()?, name)))
        .map(|(template, name)| (name, template))
        .collect();
    let (mut view, mut whole, mut patch) = (View::default(), Vec::new(), Vec::new());
    renderer.whole(&mut view, &*old, None, &mut whole)?;
    renderer.update(&mut view, &*new, None, &mut patch)?;
    Ok(json!({
        "name": case.name,
        "old": page.html,
        "shape": page.shape,
        "whole": String::from_utf8(whole)?,
        "templates": templates,
        "patch": String::from_utf8(patch)?,
        "new": to_html(&*new)?,
    })
    .to_string())
}
