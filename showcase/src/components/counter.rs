//! `/counter`: a number that goes up and down.

use lazuli::html::Render;
use lazuli::{App, Component, Context, Event, Result, html};

pub struct Counter {
    count: i64,
    step: i64,
}

impl Default for Counter {
    fn default() -> Self {
        Counter { count: 0, step: 1 }
    }
}

impl<A: App> Component<A> for Counter {
    fn render(&self) -> impl Render {
        html! {
            div class="counter-component card" {
                h2 { "Counter: " (self.count) }
                div class="buttons" {
                    button type="button" on:click="decrement" { "−" (self.step) }
                    button type="button" on:click="increment" { "+" (self.step) }
                    button type="button" on:click="double" { "Double" }
                    button type="button" on:click="reset" { "Reset" }
                }
                label { "Step " input type="number" min="1" value=(self.step) on:change="set_step"; }
            }
        }
    }

    fn on_event(&mut self, _: &mut Context<'_, A>, event: &Event<'_>) -> Result {
        match event.name() {
            "increment" => self.count = self.count.saturating_add(self.step),
            "decrement" => self.count = self.count.saturating_sub(self.step),
            "double" => self.count = self.count.saturating_mul(2),
            "reset" => self.count = 0,
            "set_step" => {
                if let Some(step) = event.number("value").filter(|step| *step > 0) {
                    self.step = step;
                }
            }
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}
