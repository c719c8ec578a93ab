//! The pages of the documentation, made of live components: one a file.

mod chat_room;
mod conversation;
mod counter;
mod dashboard;
mod editor;
mod form;
mod layout;
mod risky;
mod table;
mod todos;
mod typists;
mod users;

use crate::app::Showcase;
use crate::pages::POLICY;
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{Response, Result, Routes, html};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::fmt::Display;
use std::str::FromStr;

type Added = Result<(), PatternError>;
type Add = fn(&mut Routes<Showcase>) -> Added;

/// Each page: its name, its code, and what adds it.
const PAGES: &[(&str, &str, Add)] = &[
    (
        "chat-room",
        concat!(include_str!("chat_room.rs"), include_str!("conversation.rs"), include_str!("typists.rs")),
        chat_room::add,
    ),
    ("counter", include_str!("counter.rs"), counter::add),
    ("dashboard", dashboard::CODE, dashboard::add),
    ("editor", concat!(include_str!("editor.rs"), include_str!("../documents/opened.rs")), editor::add),
    ("form", include_str!("form.rs"), form::add),
    ("risky", include_str!("risky.rs"), risky::add),
    ("table", include_str!("table.rs"), table::add),
    ("todos", include_str!("todos.rs"), todos::add),
    ("users", users::CODE, users::add),
];

/// Adds them all, and their code at `/source/NAME`.
pub fn add(routes: &mut Routes<Showcase>) -> Added {
    for (_, _, add) in PAGES {
        add(routes)?;
    }
    routes.get("/source/:name", |_, request| {
        let wanted = request.param("name");
        let found = PAGES.iter().find(|(name, ..)| Some(*name) == wanted);
        Ok(found.map_or_else(Response::not_found, |(_, code, _)| Response::text(*code)))
    })
}

/// A page with this content. Its code is at `/source/NAME`.
fn page(name: &str, title: &str, content: &dyn Render) -> Result<Response> {
    let response = Response::page(&layout::page(name, title, content))?;
    Ok(response.with_header("Content-Security-Policy", POLICY)?)
}

/// What is shown, and before it the style sheet of the pages on which people meet, and the scripts with its hooks.
fn with_scripts(scripts: &'static [&'static str], shown: impl Render) -> impl Render {
    html! {
        link rel="stylesheet" href="/assets/live.css";
        @for script in scripts key=(script) { script src=(script) defer {} }
        @(shown)
    }
}

/// The hours and minutes of a timestamp, in UTC: the page's script shows them in the reader's time zone.
fn clock(timestamp: &str) -> &str {
    timestamp.get(11..16).unwrap_or_default()
}

/// One of eight colours, which stays with an id.
fn hue(id: &str) -> u32 {
    id.bytes().fold(0, |hash: u32, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) % 8
}

/// What comes with an event of an element with `data-id="7"`.
#[derive(Deserialize)]
struct Numbered {
    #[serde(deserialize_with = "from_text")]
    id: u32,
}

/// For serde: a `data-…` attribute is text, also where it means a number.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(Error::custom)
}
