//! Attributes that lead somewhere, and so could run a script.

use crate::ast::Part;

/// Whether the value of an attribute is an address.
pub fn is_url(element: &str, attribute: &str) -> bool {
    match attribute {
        "href" | "src" | "action" | "formaction" | "xlink:href" | "poster" | "cite" | "background" | "ping"
        | "longdesc" | "manifest" => true,
        "data" => element == "object",
        _ => false,
    }
}

/// Whether a browser would run the address as a script. It ignores blanks before it, and tabs and newlines in it.
pub fn is_script(address: &str) -> bool {
    let address: String = address
        .trim_start_matches(|letter: char| letter <= ' ')
        .chars()
        .filter(|letter| !matches!(letter, '\t' | '\n' | '\r'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    address.starts_with("javascript:") || address.starts_with("vbscript:")
}

/// Whether the first part fixes where an address leads, whatever follows.
pub fn is_fixed(parts: &[Part]) -> bool {
    matches!(parts.first(), Some(Part::Text(text)) if !is_script(text) && text.contains(['/', '?', '#', ':']))
}
