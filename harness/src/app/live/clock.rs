//! Timers: one that comes once, one that comes a few times, both set anew and cancelled.

use super::seen::{Id, Stage};
use super::sim::{Act, Kind};
use crate::app::member::Cx;
use lazuli::html::Render;
use lazuli::{Timer, html};
use std::time::Duration;

#[derive(Clone)]
pub(super) struct Clock {
    ticks: u64,
    /// How often the interval still comes.
    left: u64,
}

impl Kind for Clock {
    const NAME: &'static str = "clock";

    fn new(_: u64) -> Self {
        Clock { ticks: 0, left: 0 }
    }

    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool {
        match act.what % 4 {
            0 | 1 => {
                cx.set_interval("tick", Duration::from_millis(1 + act.a % 300));
                self.left = 1 + act.b % 20;
            }
            2 => cx.set_timer("once", Duration::from_millis(act.a % 2_000)),
            _ => {
                cx.cancel_timer("tick");
                self.left = 0;
            }
        }
        act.what % 4 != 2
    }

    fn tick(&mut self, cx: &mut Cx<'_>, timer: Timer) -> bool {
        self.ticks += 1;
        if timer.name == "tick" {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                cx.cancel_timer("tick");
            }
        }
        true
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        html! { time { (self.ticks) } @if self.left > 0 { b { (self.left) } } }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let left = if self.left > 0 { format!("<b>{}</b>", self.left) } else { String::new() };
        format!("<time>{}</time>{left}", self.ticks)
    }
}
