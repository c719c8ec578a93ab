//! The table that benchmarks of frameworks use, with its rows keyed.

use super::random::{ADJECTIVES, COLOURS, NOUNS, Random};
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Row {
    id: u32,
    label: String,
}

#[derive(Clone)]
struct Table {
    rows: Vec<Row>,
    selected: Option<u32>,
}

const BUTTONS: [(&str, &str); 6] = [
    ("run", "Create 1,000 rows"),
    ("runlots", "Create 10,000 rows"),
    ("add", "Append 1,000 rows"),
    ("update", "Update every 10th row"),
    ("clear", "Clear"),
    ("swaprows", "Swap Rows"),
];

impl Model for Table {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div class="container" {
                div class="jumbotron" {
                    div class="row" {
                        div class="col-md-6" { h1 { "Live keyed" } }
                        div class="col-md-6" {
                            div class="row" {
                                @for (id, text) in BUTTONS key=(id) {
                                    div class="col-sm-6 smallpad" {
                                        button type="button" class="btn btn-primary btn-block" id=(id) { (text) }
                                    }
                                }
                            }
                        }
                    }
                }
                table class="table table-hover table-striped test-data" {
                    tbody id="tbody" {
                        @for row in &self.rows key=(row.id) {
                            tr id={"row-" (row.id)} class:danger=(self.selected == Some(row.id)) {
                                td class="col-md-1" { (row.id) }
                                td class="col-md-4" { a data-click="select" data-id=(row.id) { (row.label) } }
                                td class="col-md-1" {
                                    a data-click="remove" data-id=(row.id) {
                                        span class="glyphicon glyphicon-remove" aria-hidden="true" { }
                                    }
                                }
                                td class="col-md-6" { }
                            }
                        }
                    }
                }
                span class="preloadicon glyphicon glyphicon-remove" aria-hidden="true" { }
            }
        })
    }
}

fn rows(first: usize, count: usize, random: &mut Random) -> Vec<Row> {
    let row = |id: usize| {
        let words = [&ADJECTIVES[..], &COLOURS, &NOUNS].map(|words| random.pick(words));
        Row { id: id as u32, label: words.join(" ") }
    };
    (first..first + count).map(row).collect()
}

/// Updates of a table of `count` rows.
pub fn cases(count: usize, tag: &str) -> Vec<Case> {
    let random = &mut Random::new(1_000 + count as u64);
    let base = rows(1, count, random);
    let more = rows(count + 1, 1_000, random);
    let other = rows(count + 2_001, count, random);
    let table = |rows: &[Row]| Table { rows: rows.to_vec(), selected: None };
    let selected = |id| Table { rows: base.clone(), selected: Some(id) };
    let (full, empty) = (table(&base), table(&[]));

    let updated = base.iter().enumerate().map(|(at, row)| Row {
        label: if at % 10 == 0 { format!("{} !!!", row.label) } else { row.label.clone() },
        ..*row
    });
    let updated = Table { rows: updated.collect(), selected: None };
    let mut swapped = full.clone();
    swapped.rows.swap(1, 998);
    let mut removed = full.clone();
    removed.rows.remove(499);
    let appended = table(&[&base[..], &more].concat());
    let prepended = table(&[&more[..1], &base].concat());
    let mut rotated = full.clone();
    rotated.rows.rotate_right(1);

    let mut cases = Vec::new();
    let mut case = |what: &str, old: &Table, new: Table| cases.push(Case::new(format!("table_{what}_{tag}"), old, new));
    case("create", &empty, full.clone());
    case("replace", &full, table(&other));
    case("update10", &full, updated);
    case("select", &full, selected(5));
    case("reselect", &selected(5), selected(512));
    case("swap", &full, swapped);
    case("remove", &full, removed);
    case("append1k", &full, appended);
    case("clear", &full, empty);
    case("prepend1", &full, prepended);
    case("lastfirst", &full, rotated);
    if count == 1_000 {
        let (mut reversed, mut shuffled, mut sorted) = (full.clone(), full.clone(), full.clone());
        reversed.rows.reverse();
        for at in (1..count).rev() {
            shuffled.rows.swap(at, random.below(at + 1));
        }
        sorted.rows.sort_by(|a, b| (&a.label, a.id).cmp(&(&b.label, b.id)));
        case("reverse", &full, reversed);
        case("shuffle", &full, shuffled);
        case("sort", &full, sorted);
        case("noop", &full, full.clone());
    }
    cases
}
