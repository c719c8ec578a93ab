//! A counter: values in texts and attributes, alternatives.

use super::seen::{Id, Stage};
use super::sim::{Act, Kind};
use crate::app::member::Cx;
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
pub(super) struct Counter {
    count: i64,
    step: i64,
}

impl Kind for Counter {
    const NAME: &'static str = "counter";

    fn new(seed: u64) -> Self {
        Counter { count: (seed % 20) as i64 - 10, step: 1 + (seed % 3) as i64 }
    }

    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool {
        match act.what % 6 {
            0 | 1 => self.count += self.step,
            2 => self.count -= 3 * self.step,
            3 => self.count *= -2,
            4 => self.step = (act.a % 1_000_000) as i64,
            _ => cx.to_page("counter", "by", &serde_json::json!({ "by": act.a % 7 })),
        }
        self.count %= 1_000_000_000_000;
        act.what % 6 != 5
    }

    fn kin(&mut self, by: u64) -> bool {
        self.count += by as i64;
        by > 0
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        let Counter { count, step } = *self;
        html! {
            h2 class="count" class:low=(count < 0) title={"by " (step)} { "Counter: " (count) "." }
            @match count.rem_euclid(4) {
                0 => {}
                1 => { em { "one" } }
                2 => { em { (count) } " and " b { (step) } }
                _ => { input value=(count) disabled=(step > 500); }
            }
            @if count > 100 { p { (count) " is much" } } @else { hr; }
        }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let Counter { count, step } = self;
        let low = if *count < 0 { " low" } else { "" };
        let head = format!("<h2 class=\"count{low}\" title=\"by {step}\">Counter: {count}.</h2>");
        let disabled = if *step > 500 { " disabled=\"\"" } else { "" };
        let middle = match count.rem_euclid(4) {
            0 => String::new(),
            1 => "<em>one</em>".to_owned(),
            2 => format!("<em>{count}</em> and <b>{step}</b>"),
            _ => format!("<input value=\"{count}\"{disabled}>"),
        };
        let end = if *count > 100 { format!("<p>{count} is much</p>") } else { "<hr>".to_owned() };
        head + &middle + &end
    }
}
