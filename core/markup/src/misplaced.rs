//! What is wrong, and what would be right.

use core::fmt;

use crate::{Item, Space};

/// Something stands where a parser would not leave it.
///
/// Its `Display` says what is wrong and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced<'a> {
    pub(crate) item: Item<'a>,
    pub(crate) why: Why<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why<'a> {
    /// A parser ends this open element first.
    Ends(&'a str),
    /// A form in a form.
    Form,
    /// A parser moves it out of the table.
    Table(&'a str),
    /// It has its place in these only.
    Only(&'static str, Option<&'a str>),
    /// What a `colgroup` holds.
    Columns,
    /// What a `select` holds.
    Select(&'a str),
    /// This one holds text only.
    Text(&'a str),
    /// This one holds nothing.
    Void(&'a str),
    /// Another name space.
    Space(Space, &'a str),
    /// At the outermost level of its template it is taken for HTML.
    Root(Space),
    /// Beside an element that has its place in tables.
    Beside(&'a str),
    /// Nowhere; with the reason.
    Never(&'static str),
}

/// What a whole page is.
pub(crate) const PAGE: Why<'static> =
    Why::Never("a page is one `html`, outermost, with one `head` and then one `body` in it; a parser drops others");

impl fmt::Display for Misplaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.item;
        match self.why {
            Why::Ends(open) => {
                write!(f, "{item} cannot stand in `{open}`: a parser ends the `{open}` before it; {}", Instead(item, open))
            }
            Why::Form => f.write_str(
                "`form` cannot stand in `form`: a parser leaves the inner one out; put them side by side, and tie a field \
                 to a form with its attribute `form`",
            ),
            Why::Table(open) => {
                let cells = match open {
                    "table" => "`tbody { tr { td { … } } }`, or in `caption`",
                    "tr" => "`td` or `th`",
                    _ => "`tr { td { … } }`",
                };
                write!(f, "{item} cannot stand directly in `{open}`: a parser moves it out of the table; put it in {cells}")
            }
            Why::Only(places, None) => write!(f, "{item} can only stand directly in {places}"),
            Why::Only(places, Some(open)) => match (item, open) {
                (Item::Element("tr"), "table") => f.write_str(
                    "`tr` cannot stand directly in `table`: a parser puts a `tbody` around it; write `tbody { tr { … } }`",
                ),
                (Item::Element("col"), "table") => f.write_str(
                    "`col` cannot stand directly in `table`: a parser puts a `colgroup` around it; write `colgroup { col; }`",
                ),
                _ => write!(f, "{item} cannot stand in `{open}`, only directly in {places}"),
            },
            Why::Columns => write!(f, "{item} cannot stand in `colgroup`, which holds `col` only"),
            Why::Select(open @ "select") => {
                write!(f, "{item} cannot stand in `{open}`, which holds `option`, `optgroup` and `hr` only")
            }
            Why::Select(open @ "optgroup") => write!(f, "{item} cannot stand in `{open}`, which holds `option` only"),
            Why::Select(open) | Why::Text(open) => write!(f, "{item} cannot stand in `{open}`, which holds text only"),
            Why::Void(open) => write!(f, "{item} cannot stand in `{open}`: it has no content and no end tag"),
            Why::Space(space, "") => {
                let name = match space {
                    Space::Html => "HTML",
                    Space::Svg => "SVG",
                    Space::Math => "MathML",
                };
                write!(f, "{item} cannot stand here: it is no element of {name}, as the others at the outermost level are")
            }
            Why::Space(Space::Html, open) => {
                write!(
                    f,
                    "{item} cannot stand in `{open}`: it is no element of HTML; elements of SVG stand in `svg`, those of \
                     MathML in `math`"
                )
            }
            Why::Space(Space::Svg, open) => {
                write!(
                    f,
                    "{item} cannot stand in `{open}`: it is no element of SVG; what is HTML stands in a `foreignObject`"
                )
            }
            Why::Space(Space::Math, open) => {
                write!(f, "{item} cannot stand in `{open}`: it is no element of MathML; what is HTML stands in an `mtext`")
            }
            Why::Root(space) => {
                let (name, around) = if space == Space::Svg { ("SVG", "g") } else { ("MathML", "mrow") };
                write!(
                    f,
                    "{item} is the outermost element of a template, and so one of HTML, but stands in {name}; put it in a \
                     `{around}`"
                )
            }
            Why::Beside(other) => {
                write!(f, "{item} cannot stand beside `{other}` at the outermost level: a parser drops one of them there")
            }
            Why::Never(reason) => write!(f, "{item} cannot stand here: {reason}"),
        }
    }
}

impl core::error::Error for Misplaced<'_> {}

/// What to do where an open element would be ended.
struct Instead<'a>(Item<'a>, &'a str);

impl fmt::Display for Instead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Instead(item, open) = *self;
        match open {
            "p" => write!(f, "use an element such as `span`, or put the {item} outside"),
            "li" => f.write_str("put the inner `li` in a list of its own (`ul`, `ol`)"),
            "dd" | "dt" => f.write_str("put them side by side, or the inner one in a `dl` of its own"),
            "a" => f.write_str("links do not nest; put them side by side"),
            "button" => f.write_str("buttons do not nest; put them side by side"),
            _ => f.write_str("put them side by side"),
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Text => f.write_str("text"),
            Item::Element(name) => write!(f, "`{name}`"),
        }
    }
}
