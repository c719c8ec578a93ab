//! One element or text, and the elements around it.

use crate::Space;
use crate::misplaced::{Misplaced, PAGE, Why};
use crate::names::{
    Content, bounds_formatting, bounds_scope, content, ends_by_itself, ends_paragraph, is_heading, is_known, is_special,
};

/// An open element: its name, and what is around it.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'c, 'n> {
    pub(crate) name: &'n str,
    pub(crate) space: Space,
    outer: Outer<'c, 'n>,
}

/// What is around an element or a text.
#[derive(Clone, Copy, Debug)]
pub enum Outer<'c, 'n> {
    /// Nothing known: the outermost level of a template, whose elements are in this name space.
    Root(Space),
    /// An element.
    In(&'c Inside<'c, 'n>),
}

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// Text.
    Text,
    /// An element of this name.
    Element(&'a str),
}

impl<'c, 'n> Inside<'c, 'n> {
    /// The inside of an element.
    pub fn element(outer: Outer<'c, 'n>, name: &'n str) -> Inside<'c, 'n> {
        Inside { name, space: outer.space(name), outer }
    }

    /// The element's name.
    pub fn name(&self) -> &'n str {
        self.name
    }

    /// The name space of the element itself.
    pub fn space(&self) -> Space {
        self.space
    }

    /// From this element outwards.
    fn outwards(&self) -> impl Iterator<Item = &Inside<'_, 'n>> {
        core::iter::successors(Some(self), |inside| match inside.outer {
            Outer::Root(_) => None,
            Outer::In(outer) => Some(outer),
        })
    }

    fn is_html(&self, name: &str) -> bool {
        self.space == Space::Html && self.name == name
    }

    /// The name of the nearest element around for which `wanted` holds, if none for which `bound` holds comes first.
    fn find(&self, wanted: impl Fn(&str) -> bool, bound: impl Fn(&str, Space) -> bool) -> Option<&'n str> {
        for open in self.outwards() {
            if open.space == Space::Html && wanted(open.name) {
                return Some(open.name);
            }
            if bound(open.name, open.space) {
                return None;
            }
        }
        None
    }
}

impl Outer<'_, '_> {
    /// The name space of an element with this name that stands here.
    pub fn space(self, name: &str) -> Space {
        let inside = match self {
            Outer::Root(space) if space != Space::Html => return space,
            Outer::Root(_) => Space::Html,
            Outer::In(inside) => match (inside.space, inside.name) {
                (Space::Svg, "foreignObject" | "desc" | "title") => Space::Html,
                (Space::Math, "mi" | "mo" | "mn" | "ms" | "mtext") if !matches!(name, "mglyph" | "malignmark") => {
                    Space::Html
                }
                (Space::Math, "annotation-xml") if name == "svg" => Space::Svg,
                (space, _) => space,
            },
        };
        match (inside, name) {
            (Space::Html, "svg") => Space::Svg,
            (Space::Html, "math") => Space::Math,
            _ => inside,
        }
    }
}

/// Whether a parser leaves an element or a text where it stands.
///
/// # Errors
/// It would end up somewhere else, or something around it would.
pub fn place<'n>(outer: Outer<'_, 'n>, item: Item<'n>) -> Result<(), Misplaced<'n>> {
    let refuse = |why| Err(Misplaced { item, why });
    let name = match item {
        Item::Text => "",
        Item::Element(name) => name,
    };
    let space = outer.space(name);
    if let Some(reason) = never(name, space) {
        return refuse(Why::Never(reason));
    }
    if let Some(why) = page(outer, name) {
        return why.map_or(Ok(()), refuse);
    }
    let inside = match outer {
        Outer::In(inside) => inside,
        Outer::Root(root) => {
            let fits = item == Item::Text || space != root || is_known(name, space);
            return if fits { Ok(()) } else { refuse(Why::Space(root, "")) };
        }
    };
    match content(inside.name, inside.space) {
        Content::Void => return refuse(Why::Void(inside.name)),
        Content::Text | Content::Raw if item != Item::Text => return refuse(Why::Text(inside.name)),
        _ => {}
    }
    // `svg` and `math` begin another name space, but stand where HTML stands.
    let begins = matches!(name, "svg" | "math") && inside.space == Space::Html;
    let why = if space == Space::Html || begins {
        structure(inside, item, name).or_else(|| if item == Item::Text { None } else { flow(inside, name) })
    } else if item != Item::Text && !is_known(name, space) {
        Some(Why::Space(space, inside.name))
    } else {
        None
    };
    why.map_or(Ok(()), refuse)
}

/// The elements of a whole page: whether this is one of them, or directly in one, and then what is wrong.
fn page<'n>(outer: Outer<'_, 'n>, name: &str) -> Option<Option<Why<'n>>> {
    let inside = match outer {
        Outer::Root(Space::Html) if name == "html" => return Some(None),
        Outer::In(inside) => Some(inside),
        Outer::Root(_) => None,
    };
    let is_in = |element: &str| inside.is_some_and(|inside| inside.is_html(element));
    match name {
        "head" | "body" => Some((!is_in("html")).then_some(PAGE)),
        "html" => Some(Some(PAGE)),
        _ if is_in("html") => Some(Some(Why::Only("`head` or `body`", Some("html")))),
        "base" | "link" | "meta" | "script" | "style" | "template" | "title" => None,
        _ if is_in("head") => Some(Some(Why::Only("`body`", Some("head")))),
        _ => None,
    }
}

/// What stands nowhere in a template.
fn never(name: &str, space: Space) -> Option<&'static str> {
    match (space, name) {
        (Space::Html, "frameset" | "frame") => Some("a parser drops it"),
        (Space::Html, "plaintext") => Some("it has no end; use `pre`"),
        (Space::Html, "image") => Some("a parser makes it an `img`; write `img`"),
        _ => None,
    }
}

/// Elements that say themselves what may stand in them, or where they may stand.
fn structure<'n>(inside: &Inside<'_, 'n>, item: Item<'n>, name: &str) -> Option<Why<'n>> {
    let open = if inside.space == Space::Html { inside.name } else { "" };
    let anywhere = matches!(name, "script" | "style" | "template");
    let only = |places: &[&str], words| {
        (!places.contains(&open) && open != "template").then_some(Why::Only(words, Some(inside.name)))
    };
    match name {
        "caption" | "colgroup" | "thead" | "tbody" | "tfoot" => only(&["table"], "`table`"),
        "col" => only(&["colgroup"], "`colgroup`"),
        "tr" => only(&["tbody", "thead", "tfoot"], "`tbody`, `thead` or `tfoot`"),
        "td" | "th" => only(&["tr"], "`tr`"),
        _ if item != Item::Text && !is_known(name, Space::Html) && !matches!(name, "svg" | "math") => {
            Some(Why::Space(Space::Html, inside.name))
        }
        _ => match open {
            "table" | "thead" | "tbody" | "tfoot" | "tr" => (!anywhere).then_some(Why::Table(open)),
            "colgroup" => (name != "template").then_some(Why::Columns),
            "select" => (!matches!(name, "option" | "optgroup" | "hr") && !anywhere).then_some(Why::Select(open)),
            "optgroup" => (name != "option" && !anywhere).then_some(Why::Select(open)),
            "option" => (item != Item::Text && !anywhere).then_some(Why::Select(open)),
            _ => None,
        },
    }
}

/// Elements for which a parser ends others, or which it leaves out.
fn flow<'n>(inside: &Inside<'_, 'n>, name: &str) -> Option<Why<'n>> {
    let in_scope = |wanted: &str| inside.find(|open| open == wanted, bounds_scope);
    let ended = match name {
        "a" => inside.find(|open| open == "a", bounds_formatting),
        "nobr" | "button" => in_scope(name),
        "li" => inside.find(|open| open == "li", bounds_items),
        "dd" | "dt" => inside.find(|open| matches!(open, "dd" | "dt"), bounds_items),
        "rb" | "rtc" if ends_by_itself(inside.name) && in_scope("ruby").is_some() => Some(inside.name),
        "rp" | "rt" if inside.name != "rtc" && ends_by_itself(inside.name) && in_scope("ruby").is_some() => {
            Some(inside.name)
        }
        _ if is_heading(name) && inside.space == Space::Html && is_heading(inside.name) => Some(inside.name),
        _ => None,
    };
    if let Some(open) = ended {
        return Some(Why::Ends(open));
    }
    if name == "form"
        && inside.find(|open| open == "form", |open, space| space == Space::Html && open == "template").is_some()
    {
        return Some(Why::Form);
    }
    if ends_paragraph(name) && !inside.is_html("template") {
        let bound = |open: &str, space| bounds_scope(open, space) || (space == Space::Html && open == "button");
        return inside.find(|open| open == "p", bound).map(Why::Ends);
    }
    None
}

/// What ends the search for an open `li`, `dd` or `dt`.
fn bounds_items(name: &str, space: Space) -> bool {
    is_special(name, space) && !matches!(name, "address" | "div" | "p")
}
