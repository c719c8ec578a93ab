//! `/counter`: a number that goes up and down.

use super::{Added, page};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{Component, Event, Result, Routes, html};
use std::num::NonZeroU32;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let counter = routes.component("counter", |_, ()| Ok(Counter { count: 0, step: NonZeroU32::MIN }))?;
    routes.get("/counter", move |cx, request| {
        let shown = cx.show(&counter, request, &())?;
        page("counter", "Counter", &shown)
    })
}

struct Counter {
    count: i64,
    step: NonZeroU32,
}

impl Component<Showcase> for Counter {
    fn render(&self) -> impl Render {
        html! {
            div class="counter-component card" {
                h2 aria-live="polite" { "Counter: " (self.count) }
                div class="toolbar" {
                    button type="button" on:click="decrement" { "−" (self.step) }
                    button type="button" on:click="increment" { "+" (self.step) }
                    button type="button" class="quiet" on:click="double" { "Double" }
                    button type="button" class="quiet" on:click="reset" { "Reset" }
                }
                p class="field" {
                    label for="step" { "Step" }
                    input id="step" type="number" min="1" value=(self.step) on:change="set_step";
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        let step = i64::from(self.step.get());
        match event.name() {
            "increment" => self.count = self.count.saturating_add(step),
            "decrement" => self.count = self.count.saturating_sub(step),
            "double" => self.count = self.count.saturating_mul(2),
            "reset" => self.count = 0,
            "set_step" => match event.number("value") {
                Some(step) => self.step = step,
                // The step stays as it is, and the input says so.
                None => cx.set_value("#step", &self.step.to_string()),
            },
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}
