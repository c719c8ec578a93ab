//! What `html!` knows when the program is compiled.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use lazuli_markup::Item;

/// The fixed part of one `html!`, or of one alternative or row in it. Made by `html!`, never by hand.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::Renderer;
///
/// // What a browser loads once of `html! { li class=(state) { (name) } }`, whatever the names are:
/// let mut renderer = Renderer::new(1);
/// let page = renderer.page(&html! { li class=("new") { ("milk") } })?;
/// let name = page.shape.split('"').nth(1).unwrap();
/// assert_eq!(renderer.template(name), Some(r#"["<li> </li>",[[[[[],[1]]],[0,"class"]]]]"#));
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
#[derive(Debug)]
pub struct Template {
    /// The name: the first 64 bits of the SHA-256 of `source`, base64url. Empty for a template inside another.
    pub name: &'static str,
    /// What the browser gets, as JSON, with the templates inside it. Empty for a template inside another.
    pub source: &'static str,
    /// The slots. In a template of rows, the first is the key.
    pub slots: &'static [Slot],
    /// Whether the first slot is a key and shown nowhere. It has no number then, and never travels.
    pub hidden_key: bool,
    /// The markup and the places of the slots, in the order of the document.
    pub pieces: &'static [Piece],
    /// The outermost elements and texts, for the check of what may stand where.
    pub roots: &'static [Root],
}

/// What can change.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// A value, in any number of places.
    Value,
    /// One of these, or nothing.
    Branch(&'static [&'static Template]),
    /// Rows.
    List(&'static Template),
    /// Markup that is known only when it comes, or nothing.
    Embed,
    /// A component of its own, with its markup.
    Component,
}

/// A part of the markup.
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// As it stands here.
    Html(&'static str),
    /// A value as text.
    Text(u16),
    /// A value that is markup already.
    Raw(u16),
    /// A value as an attribute, between two fixed texts, which are HTML already.
    Attr {
        /// The slot.
        slot: u16,
        /// The attribute's name.
        name: &'static str,
        /// What stands before the value.
        before: &'static str,
        /// What stands after it.
        after: &'static str,
    },
    /// A structure: what is in its slot.
    Structure {
        /// The slot.
        slot: u16,
        /// The elements around it, from the outermost in this template to the innermost.
        inside: &'static [&'static str],
    },
}

/// Something at the outermost level of a template, with what is in it: enough to say where it may stand.
#[derive(Clone, Copy, Debug)]
pub enum Root {
    /// Text.
    Text,
    /// An element and what is directly in it.
    Element(&'static str, &'static [Root]),
}

impl lazuli_markup::Tree for Root {
    fn item(&self) -> Item<'_> {
        match self {
            Root::Text => Item::Text,
            Root::Element(name, _) => Item::Element(name),
        }
    }

    fn inside(&self) -> &[Root] {
        match self {
            Root::Text => &[],
            Root::Element(_, inside) => inside,
        }
    }
}

impl Template {
    /// The elements around what is in one of its structures, as far as they are its own.
    pub(crate) fn inside(&self, structure: usize) -> &'static [&'static str] {
        let found = self.pieces.iter().find_map(|piece| match piece {
            Piece::Structure { slot, inside } if usize::from(*slot) == structure => Some(*inside),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Checks that a parser leaves it where it stands: in these blocks, each with the slot that is next in it, which is already the one
    /// behind. What stands within one `html!` was checked when the program was compiled.
    pub(crate) fn check_in<'b>(
        &self,
        blocks: impl Iterator<Item = (&'b Template, usize)> + Clone,
    ) -> Result<(), Box<str>> {
        // A view is in a `div`, and so the components in it.
        let is_page = blocks.clone().next().map_or(self.is_page(), |(own, _)| own.is_page());
        let holder: &[&str] = if is_page { &[] } else { &["div"] };
        let inside = blocks.flat_map(|(block, slot)| block.inside(slot.wrapping_sub(1)).iter().copied());
        let chain: Vec<&str> = holder.iter().copied().chain(inside).collect();
        lazuli_markup::check(&chain, self.roots).map_err(|misplaced| format!("{misplaced}").into())
    }

    /// Whether it is a whole page.
    pub(crate) fn is_page(&self) -> bool {
        matches!(self.roots, [Root::Element("html", _)])
    }

    /// How many of its slots have numbers.
    pub(crate) fn numbered(&self) -> u32 {
        self.slots.len() as u32 - u32::from(self.hidden_key)
    }

    /// Whether all of its slots are values.
    pub(crate) fn is_flat(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot, Slot::Value))
    }
}
