//! Which elements may stand in which.
//!
//! HTML can be written that a parser does not give back as it was meant: it ends the `p` around a `div`, moves a `div`
//! out of a `table`, puts a `tbody` around a `tr`, leaves out the inner of two forms. [`place`] says so before it
//! happens, and what would be right.
//!
//! It is no check of what is good HTML (a `div` in a `span` is none of its business), only of what survives a parser.
//!
//! ```
//! use lazuli_markup::{Inside, Item, Outer, Space, place};
//!
//! let p = Inside::element(Outer::Root(Space::Html), "p");
//! assert!(place(Outer::In(&p), Item::Element("span")).is_ok());
//! let misplaced = place(Outer::In(&p), Item::Element("div")).unwrap_err();
//! assert_eq!(
//!     misplaced.to_string(),
//!     "`div` cannot stand in `p`: a parser ends the `p` before it; use an element such as `span`, or put the `div` outside"
//! );
//! ```

#![no_std]
#![forbid(unsafe_code)]

mod misplaced;
mod names;
mod place;
mod tree;

pub use misplaced::Misplaced;
pub use names::{Content, HTML, MATH, SVG, content, drops_newline, is_known};
pub use place::{Inside, Item, Outer, place};
pub use tree::{Tree, check, is_page, space_of, together};

/// A name space of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// HTML.
    Html,
    /// SVG.
    Svg,
    /// MathML.
    Math,
}
