//! The names of elements.

use crate::Space;

/// How the inside of an element is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Elements and text.
    Markup,
    /// Nothing: the element has no end tag.
    Void,
    /// Text, in which `&` and `<` are escaped.
    Text,
    /// Text as it is, up to the end tag: nothing can be escaped in it.
    Raw,
}

/// The elements of HTML that a parser of today knows, those that are obsolete too.
#[rustfmt::skip]
pub const HTML: &[&str] = &[
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi",
    "bdo", "bgsound", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite",
    "code", "col", "colgroup", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt",
    "em", "embed", "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2", "h3",
    "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "image", "img", "input", "ins", "kbd",
    "keygen", "label", "legend", "li", "link", "listing", "main", "map", "mark", "marquee", "menu", "meta", "meter",
    "nav", "nobr", "noembed", "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param",
    "picture", "plaintext", "pre", "progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search",
    "section", "select", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup",
    "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u",
    "ul", "var", "video", "wbr", "xmp",
];

/// The elements of SVG.
#[rustfmt::skip]
pub const SVG: &[&str] = &[
    "a", "animate", "animateMotion", "animateTransform", "circle", "clipPath", "defs", "desc", "ellipse", "feBlend",
    "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap",
    "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur",
    "feImage", "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting",
    "feSpotLight", "feTile", "feTurbulence", "filter", "foreignObject", "g", "image", "line", "linearGradient",
    "marker", "mask", "metadata", "mpath", "path", "pattern", "polygon", "polyline", "radialGradient", "rect", "script",
    "set", "stop", "style", "svg", "switch", "symbol", "text", "textPath", "title", "tspan", "use", "view",
];

/// The elements of MathML.
#[rustfmt::skip]
pub const MATH: &[&str] = &[
    "annotation", "annotation-xml", "maction", "malignmark", "math", "menclose", "merror", "mfenced", "mfrac", "mglyph",
    "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace",
    "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
];

/// Whether an element of this name is known in a name space. Custom elements (`my-element`) are, in HTML.
///
/// ```
/// use lazuli_markup::{Space, is_known};
///
/// assert!(is_known("div", Space::Html) && is_known("my-element", Space::Html));
/// assert!(!is_known("dvi", Space::Html) && !is_known("div", Space::Svg));
/// ```
pub fn is_known(name: &str, space: Space) -> bool {
    match space {
        Space::Html => HTML.contains(&name) || is_custom(name),
        Space::Svg => SVG.contains(&name),
        Space::Math => MATH.contains(&name),
    }
}

/// Whether this is the name of a custom element: with a hyphen, from a lower-case letter on.
fn is_custom(name: &str) -> bool {
    const TAKEN: &[&str] = &[
        "annotation-xml",
        "color-profile",
        "font-face",
        "font-face-src",
        "font-face-uri",
        "font-face-format",
        "font-face-name",
        "missing-glyph",
    ];
    name.contains('-')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.contains(|letter: char| letter.is_ascii_uppercase())
        && !TAKEN.contains(&name)
}

/// How the inside of an element is parsed.
///
/// ```
/// use lazuli_markup::{Content, Space, content};
///
/// assert_eq!(content("br", Space::Html), Content::Void);
/// assert_eq!(content("style", Space::Html), Content::Raw);
/// assert_eq!(content("style", Space::Svg), Content::Text);
/// ```
pub fn content(name: &str, space: Space) -> Content {
    match (space, name) {
        (
            Space::Html,
            "area" | "base" | "basefont" | "bgsound" | "br" | "col" | "embed" | "frame" | "hr" | "img" | "input"
            | "keygen" | "link" | "meta" | "param" | "source" | "track" | "wbr",
        ) => Content::Void,
        (Space::Html, "iframe" | "noembed" | "noframes" | "script" | "style" | "xmp") => Content::Raw,
        (Space::Html, "textarea" | "title") | (Space::Svg, "script" | "style") => Content::Text,
        _ => Content::Markup,
    }
}

/// Whether a parser leaves out a newline that directly follows the start tag.
pub fn drops_newline(name: &str) -> bool {
    matches!(name, "pre" | "textarea" | "listing")
}

/// Elements that a parser ends an open `p` for.
pub(crate) fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "listing"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "plaintext"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "table"
            | "ul"
            | "xmp"
    ) || is_heading(name)
}

pub(crate) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// The elements that the standard calls special: an open `li`, `dd` or `dt` is not looked for beyond them.
pub(crate) fn is_special(name: &str, space: Space) -> bool {
    match space {
        Space::Html => {
            is_heading(name)
                || matches!(
                    name,
                    "address"
                        | "applet"
                        | "area"
                        | "article"
                        | "aside"
                        | "base"
                        | "basefont"
                        | "bgsound"
                        | "blockquote"
                        | "body"
                        | "br"
                        | "button"
                        | "caption"
                        | "center"
                        | "col"
                        | "colgroup"
                        | "dd"
                        | "details"
                        | "dir"
                        | "div"
                        | "dl"
                        | "dt"
                        | "embed"
                        | "fieldset"
                        | "figcaption"
                        | "figure"
                        | "footer"
                        | "form"
                        | "frame"
                        | "frameset"
                        | "head"
                        | "header"
                        | "hgroup"
                        | "hr"
                        | "html"
                        | "iframe"
                        | "img"
                        | "input"
                        | "keygen"
                        | "li"
                        | "link"
                        | "listing"
                        | "main"
                        | "marquee"
                        | "menu"
                        | "meta"
                        | "nav"
                        | "noembed"
                        | "noframes"
                        | "noscript"
                        | "object"
                        | "ol"
                        | "p"
                        | "param"
                        | "plaintext"
                        | "pre"
                        | "script"
                        | "section"
                        | "select"
                        | "source"
                        | "style"
                        | "summary"
                        | "table"
                        | "tbody"
                        | "td"
                        | "template"
                        | "textarea"
                        | "tfoot"
                        | "th"
                        | "thead"
                        | "title"
                        | "tr"
                        | "track"
                        | "ul"
                        | "wbr"
                        | "xmp"
                )
        }
        Space::Svg => matches!(name, "foreignObject" | "desc" | "title"),
        Space::Math => matches!(name, "mi" | "mo" | "mn" | "ms" | "mtext" | "annotation-xml"),
    }
}

/// Elements beyond which a parser looks for no open element ("scope").
pub(crate) fn bounds_scope(name: &str, space: Space) -> bool {
    match space {
        Space::Html => {
            matches!(
                name,
                "applet" | "caption" | "html" | "table" | "td" | "th" | "marquee" | "object" | "template" | "select"
            )
        }
        _ => is_special(name, space),
    }
}

/// Elements beyond which a parser looks for no open formatting element, such as an `a`.
pub(crate) fn bounds_formatting(name: &str, space: Space) -> bool {
    space == Space::Html && matches!(name, "applet" | "marquee" | "object" | "template" | "td" | "th" | "caption")
}

/// Elements whose end a parser puts in by itself.
pub(crate) fn ends_by_itself(name: &str) -> bool {
    matches!(name, "dd" | "dt" | "li" | "optgroup" | "option" | "p" | "rb" | "rp" | "rt" | "rtc")
}
