//! Pages and their live components played without a browser: deterministic, in virtual time.
//!
//! A [`Site`] is a hub of its own. A [`Page`] is what a browser would show of it: it is loaded by HTTP, its components are mounted
//! over a Spark socket, what a user does becomes events, and patches change a [`Dom`](crate::dom::Dom). A [`Client`] is a WebSocket
//! on a channel of the same hub.
//!
//! ```
//! use lazuli::html::Render;
//! use lazuli::{Component, Context, Event, Response, Result, Routes, html};
//! use lazuli_harness::page::Site;
//!
//! struct Counter(i64);
//!
//! impl Component for Counter {
//!     fn render(&self) -> impl Render {
//!         html! { h2 { "Counter: " (self.0) } button on:click="add" { "+1" } }
//!     }
//!     fn on_event(&mut self, _: &mut Context, event: &Event) -> Result {
//!         self.0 += i64::from(event.name() == "add");
//!         Ok(())
//!     }
//! }
//!
//! let mut routes: Routes = Routes::new();
//! routes.spark("/spark")?;
//! let counter = routes.component("counter", |_, start| Ok(Counter(start)))?;
//! routes.get("/counter", move |cx, request| Response::page(&cx.show(&counter, request, &5)?).map_err(Into::into))?;
//!
//! let site = Site::new(routes, ());
//! let page = site.visit("/counter")?;
//! page.click_text("+1");
//! assert_eq!(page.text("h2"), "Counter: 6");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Steps
//!
//! Whatever a user does takes 16 ms of virtual time ([`Config::patches`](lazuli::Config::patches)), so that afterwards every page shows what came of it;
//! otherwise time passes only in [`Site::wait`]. Nothing is drawn at random and there is no other clock: a test that runs again sees the
//! same, byte by byte ([`Site::trace`]).
//!
//! After each step every mounted component of every page is checked: what patches have made of its element has to be what a whole new
//! render gives. (Not while its last callback has failed: then a component may rightly know more than it shows.) So each test of an
//! application also tests the way of its changes into the page.
//!
//! # What fails a test
//!
//! What a call asks for and the page does not have; a selector that finds several elements where one is meant; a patch that does not fit. And
//! an error that a component gives and nobody looks at: [`Page::errors`] takes those that a test expects. Each of these panics,
//! and says what the page shows.
//!
//! # What is not played
//!
//! Scripts, styles, the order of tabs, and forms that a browser sends by itself.

mod client;
mod field;
mod hear;
#[expect(clippy::module_inception, reason = "what the module is about")]
mod page;
mod server;
mod site;
mod tab;
mod user;
mod world;

pub use client::Client;
pub use page::Page;
pub use site::{Session, Site};
pub(crate) use user::camel;

use serde_json::Value;
use std::error::Error;
use std::fmt;

/// Why a page or a client does not come.
#[derive(Clone, PartialEq, Eq)]
pub struct Failed(pub(crate) String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In words, as a test that fails shows it.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

/// What a component asked its page to do. A `target` is a selector inside of the component; the empty one is its element.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Give an element the focus; the page does it.
    Focus {
        /// Which element.
        target: String,
    },
    /// Scroll.
    Scroll {
        /// Which element.
        target: String,
        /// `top`, `bottom` or `into_view`.
        to: String,
    },
    /// Set the value of a field; the page does it.
    SetValue {
        /// Which field.
        target: String,
        /// The value.
        value: String,
    },
    /// Dispatch a DOM event; the page does it.
    Dispatch {
        /// At which element.
        target: String,
        /// The event.
        event: String,
        /// What it carries.
        detail: Value,
    },
    /// Call a function that the page's script has registered.
    Call {
        /// Its name.
        name: String,
        /// What it is called with.
        data: Value,
    },
}
