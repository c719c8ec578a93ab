//! A counter.

use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Counter(u32);

impl Model for Counter {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div id="counter" class="counter" {
                h1 { "Counter" }
                button data-click="dec" { "-" }
                span id="count" { (self.0) }
                button data-click="inc" { "+" }
            }
        })
    }
}

pub fn cases() -> Vec<Case> {
    vec![Case::new("counter_inc", &Counter(41), Counter(42))]
}
