//! Fixed texts, as HTML has them.

use lazuli_markup::{Content, content};

use crate::lower::DomElement;

/// A carriage return is written as a reference: a parser makes a newline of it otherwise.
pub fn text(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(letter),
        }
    }
}

pub fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(letter),
        }
    }
    out
}

/// An attribute with its value, or bare, with the blank before it.
pub fn fixed(name: &str, value: Option<&str>, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    if let Some(value) = value {
        out.push_str("=\"");
        out.push_str(&attribute(value));
        out.push('"');
    }
}

/// A text in an element, which may be one whose text is taken as it is.
pub fn text_in(element: Option<&DomElement>, text: &str, out: &mut String) {
    match element.map(|element| content(&element.name, element.space)) {
        Some(Content::Raw) => out.push_str(text),
        _ => self::text(text, out),
    }
}
