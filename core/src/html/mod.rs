//! Markup that knows what can change: templates from `html!`, views that remember what was shown, patches from one render
//! to the next.
//!
//! `html!` makes a [`Render`] value. It can be written as HTML ([`to_html`]), and it can be compared with what a [`View`]
//! showed before, which gives a patch. `docs/patches.md` specifies templates and patches.
//!
//! A render is a program that says slot by slot what it shows. It is run in up to three passes, and no tree is built:
//!
//! - `read`: it becomes words, one for each value (`word`), laid out as `walk` says
//! - `write`: where the words differ from those of the view, it is asked for the values, which become a patch (`patch`);
//!   `list` finds out how rows moved
//! - `markup`: it becomes HTML
//!
//! A component may also give its markup as a string: `Raw`, with the feature `html-strings`. There is one pass then, and nodes are compared.

mod fault;
mod list;
mod markup;
mod moves;
mod nested;
mod patch;
#[cfg(feature = "html-strings")]
mod raw;
mod read;
mod sink;
#[cfg(feature = "html-strings")]
pub mod strings;
pub mod template;
mod texts;
mod url;
pub mod value;
mod view;
mod walk;
mod word;
mod write;

pub use fault::Fault;
pub use nested::{Nested, Stage};
#[cfg(feature = "html-strings")]
pub use raw::Raw;
pub use sink::{Joiner, Render, Sink, from_fn};
#[cfg(feature = "html-strings")]
pub use strings::{StringView, diff};
pub use template::{Piece, Root, Slot, Template};
pub use value::Value;
pub use view::{Page, Renderer, View, to_html};
