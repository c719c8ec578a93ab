//! A page with a counter, in the words of the showcase.

use lazuli::html::Render;
use lazuli::{Component, Context, Event, Response, Result, Routes, html};

pub struct Counter {
    count: i64,
    step: i64,
}

impl Component for Counter {
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

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
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

/// `/counter`, and the socket.
pub fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.spark("/spark").expect("a new pattern");
    let counter = routes.component("counter", |_, ()| Ok(Counter { count: 0, step: 1 })).expect("a new name");
    let page = move |cx: &mut lazuli::Scope<'_>, request: &lazuli::Request| {
        let shown = cx.show(&counter, request, &())?;
        let page =
            html! { html lang="en" { head { title { "Counter" } } body { main { h1 { "A counter" } @(shown) } } } };
        Ok(Response::page(&page)?)
    };
    routes.get("/counter", page).expect("a new pattern");
    routes
}
