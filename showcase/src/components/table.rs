//! `/table`: the table of js-framework-benchmark, with its ids and classes.

use super::{Added, Numbered, beside, page};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{Component, Event, Flash, Result, Routes, html};
use serde::Deserialize;

/// Rows that one page may have; a server has many pages.
const MOST: usize = 12_000;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let table = routes.component("table", |_, ()| Ok(Table::default()))?;
    routes.get("/table", move |cx, request| {
        let shown = cx.show(&table, request, &())?;
        page("table", "Table", &shown)
    })
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    last_id: u32,
    selected: Option<u32>,
}

struct Row {
    id: u32,
    label: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Run,
    RunLots,
    Add,
    Update,
    Clear,
    SwapRows,
    Select(Numbered),
    Remove(Numbered),
}

impl Table {
    fn add(&mut self, cx: &mut Context<'_>, count: usize) {
        if self.rows.len() + count > MOST {
            return cx.flash(Flash::Warning, "The table is full");
        }
        for _ in 0..count {
            self.last_id += 1;
            let label = [any(cx, ADJECTIVES), any(cx, COLOURS), any(cx, NOUNS)].join(" ");
            self.rows.push(Row { id: self.last_id, label });
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.selected = None;
    }
}

impl Component<Showcase> for Table {
    fn render(&self) -> impl Render {
        html! {
            div class="card" {
                div class="toolbar" {
                    @for (id, label) in BUTTONS key=(id) {
                        button type="button" class="quiet" id=(id) on:click=(id) { (label) }
                    }
                }
                table class="table-striped test-data" {
                    tbody id="tbody" {
                        @for row in &self.rows key=(row.id) {
                            tr class:danger=(self.selected == Some(row.id)) {
                                td class="col-md-1" { (row.id) }
                                td class="col-md-4" {
                                    a class="lbl" href="#" data-id=(row.id) on:click="select" { (row.label) }
                                }
                                td class="col-md-1" {
                                    a class="remove" href="#" aria-label="Remove" data-id=(row.id) on:click="remove" {
                                        span class="glyphicon glyphicon-remove" aria-hidden="true" { "×" }
                                    }
                                }
                                td class="col-md-6" {}
                            }
                        }
                    }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Run => {
                self.clear();
                self.add(cx, 1_000);
            }
            Said::RunLots => {
                self.clear();
                self.add(cx, 10_000);
            }
            Said::Add => self.add(cx, 1_000),
            Said::Update => self.rows.iter_mut().step_by(10).for_each(|row| row.label.push_str(" !!!")),
            Said::Clear => self.clear(),
            Said::SwapRows if self.rows.len() > 998 => self.rows.swap(1, 998),
            Said::SwapRows => {}
            Said::Select(Numbered { id }) => self.selected = Some(id),
            Said::Remove(Numbered { id }) => {
                if let Some(next) = beside(self.rows.iter().map(|row| row.id), id) {
                    cx.focus(&format!(".remove[data-id=\"{next}\"]"));
                }
                self.rows.retain(|row| row.id != id);
            }
        }
        Ok(())
    }
}

fn any(cx: &mut Context<'_>, words: &[&'static str]) -> &'static str {
    words[(cx.random() % words.len() as u64) as usize]
}

const BUTTONS: [(&str, &str); 6] = [
    ("run", "Create 1,000 rows"),
    ("runlots", "Create 10,000 rows"),
    ("add", "Append 1,000 rows"),
    ("update", "Update every 10th row"),
    ("clear", "Clear"),
    ("swaprows", "Swap Rows"),
];
const ADJECTIVES: &[&str] = &["calm", "deep", "early", "fine", "gentle", "hidden", "large", "quick", "rare", "steady"];
const COLOURS: &[&str] =
    &["amber", "azure", "black", "coral", "golden", "green", "ivory", "silver", "ultramarine", "white"];
const NOUNS: &[&str] =
    &["bridge", "candle", "desk", "garden", "kettle", "lamp", "mountain", "river", "stone", "window"];
