//! Fifty levels of markup in one another.

use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Deep {
    text: &'static str,
    tone: &'static str,
}

const DEPTH: usize = 50;

impl Deep {
    fn level(&self, level: usize) -> Box<dyn Render + '_> {
        if level == DEPTH {
            return Box::new(html! { p class={"leaf " (self.tone)} { (self.text) } });
        }
        Box::new(html! {
            div class="level" {
                span class="label" { "Level " (level) }
                @(self.level(level + 1))
                span class="tail" { "end " (level) }
            }
        })
    }
}

impl Model for Deep {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! { div id="deep" { @(self.level(0)) } })
    }
}

pub fn cases() -> Vec<Case> {
    let deep = Deep { text: "before", tone: "calm" };
    vec![
        Case::new("deep_text", &deep, Deep { text: "after", ..deep }),
        Case::new("deep_attr", &deep, Deep { tone: "loud", ..deep }),
    ]
}
