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

type Added = Result<(), PatternError>;

/// A page of the showcase.
struct Page {
    name: &'static str,
    add: fn(&mut Routes<Showcase>) -> Added,
    /// Each file of its code, by its path in the showcase's folder.
    code: &'static [(&'static str, &'static str)],
}

macro_rules! pages {
    ($($name:literal, $add:path: $($file:literal)+;)+) => {
        const PAGES: &[Page] = &[
            $(Page { name: $name, add: $add, code: &[$(($file, include_str!(concat!("../../", $file)))),+] }),+
        ];
    };
}

pages! {
    "chat-room", chat_room::add: "src/components/chat_room.rs" "src/components/conversation.rs" "src/components/typists.rs" "pages/live.js";
    "counter", counter::add: "src/components/counter.rs";
    "dashboard", dashboard::add: "src/components/dashboard.rs" "src/components/dashboard/metrics.rs"
        "src/components/dashboard/activity.rs" "src/components/dashboard/notifications.rs" "src/components/chat_room.rs";
    "editor", editor::add: "src/components/editor.rs" "src/documents/opened.rs" "src/documents/sync.rs" "pages/editor.js" "pages/change.js";
    "form", form::add: "src/components/form.rs";
    "risky", risky::add: "src/components/risky.rs";
    "table", table::add: "src/components/table.rs";
    "todos", todos::add: "src/components/todos.rs";
    "users", users::add: "src/components/users.rs" "src/components/users/rows.rs" "src/components/users/dialog.rs" "src/components/users/data.rs";
}

/// Adds them all, and each file of their code at `/source/PATH`.
pub fn add(routes: &mut Routes<Showcase>) -> Added {
    for page in PAGES {
        (page.add)(routes)?;
    }
    routes.get("/source/*file", |_, request| {
        let wanted = request.param("file");
        let found = PAGES.iter().flat_map(|page| page.code).find(|(file, _)| Some(*file) == wanted);
        Ok(found.map_or_else(Response::not_found, |(_, code)| Response::text(*code)))
    })
}

/// A page with this content, and with links to its code.
fn page(name: &str, title: &str, content: &dyn Render) -> Result<Response> {
    let code = PAGES.iter().find(|page| page.name == name).map_or(&[][..], |page| page.code);
    let response = Response::page(&layout::page(title, code, content))?;
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
    id: u32,
}
