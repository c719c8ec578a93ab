//! The law that each step checks, on markup of every kind.

use crate::{routes, show};
use lazuli::html::Render;
use lazuli::{Component, Context, Event, Result, html};
use lazuli_harness::page::Site;
use std::sync::{Arc, Mutex};

/// Markup of every kind that changes with what it is told.
#[derive(Clone)]
struct Everything(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    number: i64,
    text: String,
    title: Option<String>,
    rows: Vec<(u32, Vec<String>)>,
    tab: u32,
}

fn part(number: i64) -> impl Render {
    let is_odd = number % 2 != 0;
    html! { section class:odd=(is_odd) { @if is_odd { "odd " } (number) @if !is_odd { b { "even" } } } }
}

impl Component for Everything {
    fn render(&self) -> impl Render {
        html! { @(everything(&self.0)) }
    }

    fn on_event(&mut self, _: &mut Context, _: &Event<'_>) -> Result {
        Ok(())
    }
}

fn everything(state: &Arc<Mutex<State>>) -> Box<dyn Render> {
    let state = state.lock().unwrap();
    let State { number, text, title, rows, tab } = &*state;
    let (number, text, title, rows, tab) = (*number, text.clone(), title.clone(), rows.clone(), *tab);
    let inner = part(number);
    Box::new(html! {
        button on:click="go" { "Go" }
        @if tab > 2 { "first" }
        p title=(title.clone()) class={"n-" (number)} class:big=(number > 5) { "Number " (number) ", text: " (text.clone()) }
        textarea { (text.clone()) }
        @match tab {
            0 => {}
            1 => { h3 { "one" } }
            2 => { "two " (text.clone()) br; }
            _ => { @(inner) }
        }
        table { tbody { @for (id, cells) in &rows key=(id) {
            tr { @for (at, cell) in cells.iter().enumerate() key=(at) { td { (cell) @if cell.len() > 3 { i { (number) } } } } }
        } } }
        svg viewBox={"0 0 " (number) " 10"} { @if number > 3 { circle r=(number); } }
        @if tab == 1 { "last" }
    })
}

/// The law that each step checks, on markup of every kind and many states.
#[test]
fn patches_lead_where_a_render_does() {
    let state = Arc::new(Mutex::new(State::default()));
    let mut routes = routes();
    let made = state.clone();
    let everything = routes.component("everything", move |_, ()| Ok(Everything(made.clone()))).unwrap();
    show(&mut routes, "/everything", everything, ());
    let site = Site::new(routes, ());
    let mut dice = 7_u64;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let texts = [
        "",
        "a",
        "abc<&>\"'",
        "\n line",
        " blanks ",
        "long enough to be spliced, 🦀",
        "long enough to be spliced, 🦐!",
        "\r\n",
    ];
    let page = site.visit("/everything").unwrap();
    for round in 0..400 {
        {
            let mut state = state.lock().unwrap();
            state.number = roll(12) as i64 - 2;
            let mut text = || texts[roll(8) as usize].to_owned();
            (state.text, state.title) = (text(), Some(text()));
            state.title = state.title.take().filter(|title| title != "a");
            state.tab = roll(4) as u32;
            match roll(6) {
                0 => state.rows.reverse(),
                1 => state.rows.clear(),
                2 if !state.rows.is_empty() => drop(state.rows.remove(0)),
                3 if state.rows.len() > 2 => {
                    let at = roll(state.rows.len() as u64) as usize;
                    let row = state.rows.remove(at);
                    state.rows.push(row);
                }
                _ => {
                    for _ in 0..roll(4) {
                        let (id, at) = (round * 10 + roll(1_000) as u32, roll(state.rows.len() as u64 + 1) as usize);
                        let cells = (0..roll(4)).map(|_| texts[roll(8) as usize].to_owned()).collect();
                        state.rows.insert(at, (id, cells));
                    }
                }
            }
        }
        match round % 40 {
            // First paint and hydration.
            39 => page.reload(),
            19 => {
                page.disconnect();
                page.reconnect();
            }
            _ => page.click_text("Go"),
        }
        let number = state.lock().unwrap().number;
        assert!(page.text("p").starts_with(&format!("Number {number}, text:")), "{}", page.describe());
    }
    assert!(site.stats().patches > 300);
}
