//! `/risky`: what goes wrong is told, and the page goes on.

use super::{Added, page};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{Component, Error, Event, Flash, Result, Routes, html};

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let risky = routes.component("risky", |_, ()| Ok(Risky { numbers: 0 }))?;
    routes.get("/risky", move |cx, request| {
        let shown = cx.show(&risky, request, &())?;
        page("risky", "Risky", &shown)
    })
}

struct Risky {
    numbers: u32,
}

impl Component<Showcase> for Risky {
    fn render(&self) -> impl Render {
        html! {
            div class="risky card" {
                form class="toolbar" method="post" on:submit="read" {
                    label for="text" { "A whole number" }
                    input id="text" class="grow" name="text" value="seven" autocomplete="off";
                    button type="submit" { "Read it" }
                }
                p class="toolbar" {
                    span class="number" { "Numbers read: " (self.numbers) }
                    button type="button" class="danger end" on:click="panic" { "Panic" }
                }
                p class="muted" {
                    "An action that fails leaves the page as it was. After a panic the component begins anew."
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.name() {
            "read" => {
                let form: Form = event.read()?;
                // Whoever caused an error made by `reply` is told of it; of any other error the log alone has the details.
                let number: i64 = (form.fields.text.trim().parse())
                    .map_err(|error| Error::reply(format!("Something went wrong: {error}")))?;
                self.numbers += 1;
                cx.flash(Flash::Success, &format!("That is {number}"));
                Ok(())
            }
            "panic" => panic!("somebody pressed the button"),
            _ => Err(event.unknown()),
        }
    }
}

#[derive(serde::Deserialize)]
struct Form {
    fields: Fields,
}

#[derive(serde::Deserialize)]
struct Fields {
    text: String,
}
