//! The pages of the documentation, made of live components: one a file.

mod chat_room;
mod counter;
mod dashboard;
mod editor;
mod form;
mod layout;
mod me;
mod message;
mod people;
mod risky;
mod table;
mod todos;
mod users;

use crate::app::Showcase;
use crate::pages::POLICY;
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{Request, Response, Result, Routes, html};
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
    "chat-room", chat_room::add: "src/components/chat_room.rs" "src/components/message.rs" "src/components/people.rs"
        "src/components/me.rs" "src/channels/chat.rs" "src/said.rs" "src/shelf.rs" "pages/live.js";
    "counter", counter::add: "src/components/counter.rs";
    "dashboard", dashboard::add: "src/components/dashboard.rs" "src/components/dashboard/metrics.rs"
        "src/components/dashboard/activity.rs" "src/components/dashboard/notifications.rs" "src/channels/private.rs"
        "src/components/chat_room.rs" "src/components/message.rs" "src/components/people.rs" "src/components/me.rs"
        "src/channels/chat.rs" "src/said.rs" "src/shelf.rs" "pages/live.js";
    "editor", editor::add: "src/components/editor.rs" "src/documents/opened.rs" "src/documents/sync.rs"
        "src/documents/replica.rs" "src/documents/splice.rs" "src/documents/log.rs" "src/documents/mod.rs"
        "pages/editor.js" "pages/change.js" "pages/live.js";
    "form", form::add: "src/components/form.rs";
    "risky", risky::add: "src/components/risky.rs";
    "table", table::add: "src/components/table.rs";
    "todos", todos::add: "src/components/todos.rs" "src/todo_list.rs" "src/shelf.rs";
    "users", users::add: "src/components/users.rs" "src/components/users/listing.rs" "src/components/users/rows.rs"
        "src/components/users/dialog.rs" "src/components/users/data.rs" "src/components/form.rs" "pages/modal.js";
}

/// The pages with forms whose submits are events.
const WITH_FORMS: [&str; 6] = ["/chat-room/:room_id", "/dashboard", "/form", "/risky", "/todos", "/users"];

/// Adds them all, and each file of their code at `/source/PATH`.
pub fn add(routes: &mut Routes<Showcase>) -> Added {
    for page in PAGES {
        (page.add)(routes)?;
    }
    for path in WITH_FORMS {
        routes.post(path, |_, request| not_live(request))?;
    }
    routes.get("/source/*file", |_, request| {
        let wanted = request.param("file");
        let found = PAGES.iter().flat_map(|page| page.code).find(|(file, _)| Some(*file) == wanted);
        Ok(found.map_or_else(Response::not_found, |(_, code)| Response::text(*code)))
    })
}

/// A page with this content, and with links to the code of the page of this name.
fn page(name: &str, title: &str, content: &dyn Render) -> Result<Response> {
    page_with(&[], name, title, content)
}

/// The same, with scripts for its hooks and with style sheets.
fn page_with(assets: &[&'static str], name: &str, title: &str, content: &dyn Render) -> Result<Response> {
    let code = PAGES.iter().find(|page| page.name == name).map_or(&[][..], |page| page.code);
    let response = Response::page(&layout::page(title, assets, code, content))?;
    Ok(response.with_header("Content-Security-Policy", POLICY)?)
}

/// The answer to a form that was sent before the page was live, or without JavaScript. (`method="post"` has it come here, and not
/// into the page's address.)
fn not_live(request: &Request) -> Result<Response> {
    let content = html! {
        div class="card" {
            h2 { "This was not sent" }
            p { "The page was not connected yet, so nothing of it was taken." }
            p class="toolbar" { a href=(request.target()) { "Back to the page" } }
        }
    };
    Ok(page("", "Not sent", &content)?.with_status(400))
}

/// The hours and minutes of a timestamp, in UTC: the page's script shows them in the reader's time zone.
fn clock(timestamp: &str) -> &str {
    timestamp.get(11..16).unwrap_or_default()
}

/// Which of these comes behind the one that goes, or before it if it is the last: where the focus goes.
fn beside<T: Copy + PartialEq>(mut ids: impl Iterator<Item = T>, gone: T) -> Option<T> {
    let mut before = None;
    while let Some(id) = ids.next() {
        if id == gone {
            return ids.next().or(before);
        }
        before = Some(id);
    }
    None
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
