//! Two lists with keys, one of values alone and one with alternatives in its rows: rows come, go, move and change.

use super::seen::{Id, Stage, escaped};
use super::sim::{Act, Kind};
use crate::app::member::Cx;
use crate::rng::Rng;
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
pub(super) struct List {
    next: u64,
    rows: Vec<Row>,
    /// Of the second list: the ids of the first in another order, not all of them.
    deep: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    id: u64,
    label: String,
    is_done: bool,
}

/// More rows are not added to a list.
const MOST: usize = 60;

impl List {
    fn row(&mut self, act: &Act) -> Row {
        self.next += 1;
        let label: String = act.text.chars().take(20).collect();
        Row { id: self.next, label: format!("{label}{}", act.b % 3), is_done: act.b.is_multiple_of(2) }
    }
}

impl Kind for List {
    const NAME: &'static str = "list";

    fn new(seed: u64) -> Self {
        let mut list = List { next: 0, rows: Vec::new(), deep: Vec::new() };
        for number in 0..seed % 7 {
            let row = list.row(&Act { b: number, text: "first".into(), ..Act::default() });
            list.deep.insert(0, row.clone());
            list.rows.push(row);
        }
        list
    }

    fn act(&mut self, _: &mut Cx<'_>, act: &Act) -> bool {
        let Act { what, a, b, .. } = *act;
        let new: Vec<Row> = (0..1 + a % 5).map(|_| self.row(act)).collect();
        let rows = if b & 1024 == 0 { &mut self.rows } else { &mut self.deep };
        let at = |bound: usize, number: u64| (number % (bound as u64 + 1)) as usize;
        let (from, to) = (at(rows.len(), a), at(rows.len(), b));
        match what % 11 {
            0 | 1 if rows.len() < MOST => drop(rows.splice(from..from, new)),
            2 if rows.len() < MOST => rows.extend(new),
            3 => drop(rows.drain(from.min(to)..from.max(to))),
            4 if from < rows.len() => drop(rows.remove(from)),
            5 | 6 if !rows.is_empty() => {
                let row = rows.remove(from.min(rows.len() - 1));
                let to = to.min(rows.len());
                rows.insert(to, row);
            }
            7 => {
                let mut rng = Rng::new(a ^ b);
                for last in (1..rows.len()).rev() {
                    rows.swap(last, rng.below(last as u64 + 1) as usize);
                }
            }
            8 if from < rows.len() => {
                rows[from].label += " and more";
                rows[from].is_done ^= b % 2 == 0;
            }
            9 if b.is_multiple_of(4) => rows.clear(),
            9 => rows.reverse(),
            10 => rows.retain(|row| !(row.id ^ a).is_multiple_of(3)),
            _ => return false,
        }
        true
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        html! {
            ul { @for row in &self.rows key=(row.id) { li id={"r" (row.id)} class:done=(row.is_done) { (row.label) } } }
            ol {
                @for row in &self.deep key=(row.id) {
                    li {
                        (row.label)
                        @if row.is_done { s { (row.id) } } @else { " open " }
                    }
                }
            }
            p { (self.rows.len()) " and " (self.deep.len()) }
        }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let mut html = String::from("<ul>");
        for Row { id, label, is_done } in &self.rows {
            let class = if *is_done { " class=\"done\"" } else { "" };
            html += &format!("<li id=\"r{id}\"{class}>{}</li>", escaped(label));
        }
        html += "</ul><ol>";
        for Row { id, label, is_done } in &self.deep {
            let state = if *is_done { format!("<s>{id}</s>") } else { " open ".to_owned() };
            html += &format!("<li>{}{state}</li>", escaped(label));
        }
        html + &format!("</ol><p>{} and {}</p>", self.rows.len(), self.deep.len())
    }
}
