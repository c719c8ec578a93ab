//! From nodes to markup that a parser makes the same nodes of, where there is such markup.

use super::tree::{Kind, Tree};
use alloc::string::String;
use alloc::vec::Vec;
use html5ever::{QualName, ns};

/// Writes what an element holds.
pub(super) fn inside(tree: &Tree, element: usize, out: &mut String) {
    write(tree, element, element + 1..tree.end(element), out);
}

/// Writes nodes of an element, one next to the other.
pub(super) fn write(tree: &Tree, parent: usize, nodes: core::ops::Range<usize>, out: &mut String) {
    write_but(tree, parent, nodes, |_| false, out);
}

/// The same, without some of the nodes and what is in them.
pub(super) fn write_but(
    tree: &Tree,
    parent: usize,
    nodes: core::ops::Range<usize>,
    is_left_out: impl Fn(usize) -> bool,
    out: &mut String,
) {
    let raw_text = |element: usize| matches!(tree.kind(element), Kind::Element { name, .. } if is_raw(name));
    let mut open: Vec<usize> = Vec::new();
    let mut next = nodes.start;
    for node in nodes.clone() {
        if node < next {
            continue;
        }
        close(tree, &mut open, node, out);
        if is_left_out(node) {
            next = tree.end(node);
            continue;
        }
        match tree.kind(node) {
            Kind::Comment(text) => {
                out.push_str("<!--");
                out.push_str(text);
                out.push_str("-->");
            }
            Kind::Text(text) => {
                let first_in = open.last().is_some_and(|element| element + 1 == node);
                if raw_text(open.last().copied().unwrap_or(parent)) {
                    out.push_str(text);
                    continue;
                }
                // A parser drops one newline there.
                if first_in && text.starts_with('\n') && drops_newline(tree, node - 1) {
                    out.push('\n');
                }
                escape(text, out);
            }
            Kind::Element { name, .. } => {
                out.push('<');
                out.push_str(&name.local);
                for (name, value) in tree.attributes(node) {
                    out.push(' ');
                    qualified(name, out);
                    attribute_value(value, out);
                }
                out.push('>');
                if !is_void(name) {
                    open.push(node);
                }
            }
        }
    }
    close(tree, &mut open, nodes.end, out);
}

/// Ends the elements that end before `node`.
fn close(tree: &Tree, open: &mut Vec<usize>, node: usize, out: &mut String) {
    while let Some(element) = open.pop_if(|element| tree.end(*element) <= node) {
        if let Kind::Element { name, .. } = tree.kind(element) {
            out.push_str("</");
            out.push_str(&name.local);
            out.push('>');
        }
    }
}

/// A name as it stands in markup, and as `setAttribute` takes it.
pub(super) fn qualified(name: &QualName, out: &mut String) {
    if let Some(prefix) = name.prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(&name.local);
}

/// The value of an attribute with what goes before it: with the quotes, if any, that need the fewest letters within JSON.
fn attribute_value(value: &str, out: &mut String) {
    if value.is_empty() {
        return;
    }
    let quote = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '=' | '<' | '>' | '`');
    out.push('=');
    let quote = match value {
        _ if !value.contains(quote) => None,
        _ if value.contains('\'') => Some('"'),
        _ => Some('\''),
    };
    out.extend(quote);
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#13;"),
            '"' if quote == Some('"') => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out.extend(quote);
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(c),
        }
    }
}

fn drops_newline(tree: &Tree, element: usize) -> bool {
    let Kind::Element { name, .. } = tree.kind(element) else { return false };
    name.ns == ns!(html) && matches!(&*name.local, "pre" | "textarea" | "listing")
}

/// Whether a parser takes the text in an element as it stands, `&` and `<` too.
fn is_raw(name: &QualName) -> bool {
    name.ns == ns!(html)
        && matches!(&*name.local, "script" | "style" | "xmp" | "iframe" | "noembed" | "noframes" | "plaintext")
}

fn is_void(name: &QualName) -> bool {
    name.ns == ns!(html)
        && matches!(
            &*name.local,
            "area"
                | "base"
                | "basefont"
                | "bgsound"
                | "br"
                | "col"
                | "embed"
                | "frame"
                | "hr"
                | "img"
                | "input"
                | "keygen"
                | "link"
                | "meta"
                | "param"
                | "source"
                | "track"
                | "wbr"
        )
}
