//! Which URLs may stand in a page.

/// What stands in place of one that may not.
pub(super) const BLOCKED: &str = "about:blank#blocked";

/// Schemes that do nothing but name something.
const HARMLESS: [&str; 8] = ["http", "https", "mailto", "tel", "sms", "ftp", "ws", "wss"];

/// Whether a browser that follows this URL runs no code of it: it has no scheme, or one that is known to be harmless, or is an image
/// as data. Read as a browser reads it, which skips blanks and control characters before the scheme, and tabs and line ends in it.
pub(super) fn is_harmless(url: &str) -> bool {
    let start = url.trim_start_matches(|c: char| c <= ' ');
    let skipped = |c: &char| !matches!(c, '\t' | '\n' | '\r');
    let mut scheme = [0_u8; 12];
    let mut length = 0;
    for c in start.chars().filter(skipped) {
        match c {
            ':' => {
                let scheme = scheme.get(..length).unwrap_or_default();
                let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(scheme);
                return HARMLESS.iter().any(|known| is(known)) || is("data") && is_image(start);
            }
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if length > 0 => {}
            // No scheme can go on like this: it is a path.
            _ => return true,
        }
        if length < scheme.len() {
            scheme[length] = c as u8;
            length += 1;
        }
    }
    true
}

/// Whether a `data:` URL is a picture that cannot hold scripts.
fn is_image(url: &str) -> bool {
    let kinds = ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp", "data:image/avif"];
    kinds.iter().any(|kind| {
        let found = url.as_bytes().get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()));
        found && url.as_bytes().get(kind.len()).is_some_and(|next| matches!(next, b';' | b','))
    })
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    #[test]
    fn what_names_something_is_harmless() {
        for url in [
            "",
            "/",
            "/a:b",
            "a/b:c",
            "?q=javascript:",
            "#x:y",
            "//host/x",
            "https://example.org",
            "HTTP://x",
            "mailto:a@b",
            "tel:+1",
            "1:2",
            "data:image/png;base64,AAAA",
            "rooms/x",
            "über:x",
            "wss://x",
        ] {
            assert!(is_harmless(url), "{url:?}");
        }
    }

    #[test]
    fn what_runs_is_not() {
        for url in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:x",
            "\u{1}javascript:x",
            "java\tscript:x",
            "java\r\nscript:x",
            "\n\tjavascript\n:x",
            "data:text/html,<script>",
            "data:image/svg+xml,<svg onload=x>",
            "vbscript:x",
            "unknownandverylongscheme:x",
            "httpsx:x",
            "data:image/pngx,x",
            "blob:x",
            "view-source:x",
        ] {
            assert!(!is_harmless(url), "{url:?}");
        }
    }
}
