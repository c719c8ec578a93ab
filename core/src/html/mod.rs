//! Markup that knows what can change: templates from `html!`, views that remember what was shown, patches
//! from one render to the next.
//!
//! `html!` makes a [`Render`] value. It can be written as HTML ([`to_html`]), and it can be compared with what a [`View`] showed before,
//! which gives a patch. `docs/patches.md` specifies templates and patches.
//!
//! - [`template`]: what `html!` knows when the program is compiled
//! - [`value`]: what can stand in a slot
//! - [`sink`]: what the code of `html!` talks to

pub mod sink;
pub mod template;
pub mod value;

pub use sink::{Render, Sink, from_fn};
pub use template::Template;
