//! The pages of the documentation, made of live components: one a file.

mod counter;
mod form;
mod layout;
mod risky;
mod table;
mod todos;
mod users;

use crate::app::Showcase;
use crate::pages::POLICY;
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{Response, Result, Routes};
use serde::de::{Deserialize, Deserializer, Error};
use std::fmt::Display;
use std::str::FromStr;

type Added = Result<(), PatternError>;

/// Each page: its name, its code, and what adds it.
const PAGES: &[(&str, &str, fn(&mut Routes<Showcase>) -> Added)] = &[
    ("counter", include_str!("counter.rs"), counter::add),
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

/// For serde: a `data-…` attribute is text, also where it means a number.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(Error::custom)
}
