//! Whole trees, and what is around them.

use crate::misplaced::{Misplaced, PAGE, Why};
use crate::{Inside, Item, Outer, Space, is_known, place};

/// A tree of elements and texts.
pub trait Tree: Sized {
    /// What this is.
    fn item(&self) -> Item<'_>;
    /// What is directly in it.
    fn inside(&self) -> &[Self];
}

/// The name space in which a parser has to begin, given the names of the outermost elements: that of the first which is
/// known in one only, and HTML if there is none.
pub fn space_of<'a>(mut names: impl Iterator<Item = &'a str>) -> Space {
    names
        .find_map(|name| {
            let is = |space| is_known(name, space);
            match (is(Space::Html) || matches!(name, "svg" | "math"), is(Space::Svg), is(Space::Math)) {
                (true, false, _) => Some(Space::Html),
                (false, true, false) => Some(Space::Svg),
                (false, false, true) => Some(Space::Math),
                _ => None,
            }
        })
        .unwrap_or(Space::Html)
}

/// Whether a parser leaves these in place, the outermost elements and texts of one template (or those in an element
/// `template`), beside each other.
///
/// # Errors
/// A part of a table stands beside something that is no such part: a parser goes by what comes first, and drops the
/// rest.
pub fn together<'a>(items: impl Iterator<Item = Item<'a>>) -> Result<(), Misplaced<'a>> {
    let mut first: Option<(Item<'a>, u8)> = None;
    for item in items {
        let kind = match item {
            Item::Element("template") => continue,
            Item::Element(
                "base" | "basefont" | "bgsound" | "link" | "meta" | "noframes" | "script" | "style" | "title",
            ) => match first {
                // Once a parser has seen a column, it takes columns.
                Some((Item::Element(column @ "col"), _)) => return Err(Misplaced { item, why: Why::Beside(column) }),
                _ => continue,
            },
            Item::Element("caption" | "colgroup" | "thead" | "tbody" | "tfoot") => 1,
            Item::Element("col") => 2,
            Item::Element("tr") => 3,
            Item::Element("td" | "th") => 4,
            Item::Element("html") => 5,
            _ => 0,
        };
        match first {
            Some((other, other_kind)) if other_kind != kind || kind == 5 => {
                // Text has no name: the element of the two is the one to tell of.
                let (item, other) = match (item, other) {
                    (item, Item::Element(other)) => (item, other),
                    (Item::Element(item), other) => (other, item),
                    (Item::Text, Item::Text) => continue,
                };
                return Err(Misplaced { item, why: Why::Beside(other) });
            }
            Some(_) => {}
            None => first = Some((item, kind)),
        }
    }
    Ok(())
}

/// Whether these are what is directly in the `html` of a whole page: a `head` and a `body`. A parser makes both of them where they
/// are not.
pub fn is_page<'a>(items: impl Iterator<Item = Item<'a>>) -> bool {
    items.eq([Item::Element("head"), Item::Element("body")])
}

/// Whether a parser leaves trees in place that stand in the elements `ancestors`, from the outermost to the innermost.
///
/// # Errors
/// The first that it does not.
///
/// ```
/// use lazuli_markup::{Item, Tree, check};
///
/// struct Element(&'static str, &'static [Element]);
/// impl Tree for Element {
///     fn item(&self) -> Item<'_> {
///         Item::Element(self.0)
///     }
///     fn inside(&self) -> &[Self] {
///         self.1
///     }
/// }
/// let link = [Element("span", &[Element("a", &[])])];
/// assert!(check(&["div", "p"], &link).is_ok());
/// assert!(check(&["a", "b"], &link).is_err());
/// ```
pub fn check<'a, T: Tree>(ancestors: &[&'a str], trees: &'a [T]) -> Result<(), Misplaced<'a>> {
    let space = space_of(trees.iter().filter_map(|tree| match tree.item() {
        Item::Text => None,
        Item::Element(name) => Some(name),
    }));
    match ancestors.split_first() {
        None => all(Outer::Root(space), trees),
        Some(_) => below(Outer::Root(space_of(ancestors.iter().copied())), ancestors, trees, space),
    }
}

/// Goes down through the ancestors: the chain of them lies on the stack.
fn below<'n, T: Tree>(
    outer: Outer<'_, 'n>,
    ancestors: &[&'n str],
    trees: &'n [T],
    space: Space,
) -> Result<(), Misplaced<'n>> {
    if let [name, rest @ ..] = ancestors {
        return below(Outer::In(&Inside::element(outer, name)), rest, trees, space);
    }
    for item in trees.iter().map(Tree::item) {
        if let Item::Element(name) = item {
            let here = outer.space(name);
            if here != Space::Html && here != space && name != "svg" && name != "math" && is_known(name, here) {
                return Err(Misplaced { item, why: Why::Root(here) });
            }
        }
    }
    all(outer, trees)
}

fn all<'n, T: Tree>(outer: Outer<'_, 'n>, trees: &'n [T]) -> Result<(), Misplaced<'n>> {
    for tree in trees {
        let item = tree.item();
        place(outer, item)?;
        if let Item::Element(name) = item {
            if name == "html" && !is_page(tree.inside().iter().map(Tree::item)) {
                return Err(Misplaced { item, why: PAGE });
            }
            if name == "template" {
                together(tree.inside().iter().map(Tree::item))?;
            }
            all(Outer::In(&Inside::element(outer, name)), tree.inside())?;
        }
    }
    Ok(())
}
