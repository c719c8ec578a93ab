//! What can be wrong with a render.

use alloc::boxed::Box;
use core::fmt;

/// Why a render cannot be shown.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::{Render, to_html};
///
/// fn row() -> impl Render {
///     html! { tr { td { "a row" } } }
/// }
///
/// // Each is right by itself, but not one in the other.
/// let fault = html::Renderer::new(1).mount(&html! { p { @(row()) } }, None).err().unwrap();
/// assert!(fault.to_string().contains("`tr` cannot stand in `p`"), "{fault}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub(super) Flaw);

/// What is wrong with a render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A block was left before its end, or more came than it has slots.
    Left,
    /// Where one block belongs stood none, or several.
    NotOne,
    /// Blocks stand in one another more than [`DEEPEST`](super::sink::DEEPEST) times.
    TooDeep,
    /// Another run of the same render said something else.
    NotTheSame,
    /// It holds what a parser would put elsewhere.
    Misplaced(Box<str>),
    /// It is a string, and too large.
    #[cfg(feature = "html-strings")]
    TooLarge,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Flaw::Left => "the render left a block before its end; leave no `html!` by `return`, `break` or `?`",
            Flaw::NotOne => {
                "where `@(…)` stands, one `html!` or none has to be rendered; this rendered several, or forgot to say that it \
                 is none"
            }
            Flaw::TooDeep => "blocks stand in one another more than 256 times",
            Flaw::NotTheSame => {
                "the render said something else when it ran a second time; it has to depend on the component's fields alone"
            }
            Flaw::Misplaced(said) => said,
            #[cfg(feature = "html-strings")]
            Flaw::TooLarge => {
                "markup that is a string may have 1 MiB, and 131,072 nodes and attributes, 512 levels deep, with 1,024 attributes in \
                 a tag; show less of it at once, or write it with `html!`"
            }
        })
    }
}

impl core::error::Error for Fault {}
