//! How many attributes a tag has, counted before its end has come: a tokenizer compares each with all those before it.

/// Where in a tag a tokenizer is.
#[derive(Clone, Copy)]
enum At {
    TagName,
    Between,
    Name,
    AfterName,
    BeforeValue,
    Bare,
    /// Up to this quote.
    Quoted(u8),
}

/// A tag that has begun.
pub(super) struct Tag {
    at: At,
    attributes: usize,
}

impl Tag {
    /// What begins like this, if it may be a tag with attributes: no text, and no comment.
    pub(super) fn begin(markup: &str) -> Option<Tag> {
        let rest = markup.strip_prefix('<').filter(|rest| !rest.starts_with(['!', '?']))?;
        let mut tag = Tag { at: At::TagName, attributes: 0 };
        tag.read(rest.strip_prefix('/').unwrap_or(rest));
        Some(tag)
    }

    /// What comes next, up to the tag's end at most.
    pub(super) fn read(&mut self, markup: &str) {
        for byte in markup.bytes() {
            let is_space = byte.is_ascii_whitespace();
            self.at = match (self.at, byte) {
                (At::TagName, _) if !is_space && byte != b'/' => At::TagName,
                (At::Quoted(quote), _) if byte != quote => At::Quoted(quote),
                (At::Bare, _) if !is_space => At::Bare,
                (At::TagName | At::Quoted(_) | At::Bare, _) => At::Between,
                (At::Name | At::AfterName, b'=') => At::BeforeValue,
                (At::Name | At::AfterName, b'/') => At::Between,
                (At::Name, _) if !is_space => At::Name,
                (At::Name, _) => At::AfterName,
                (At::BeforeValue, b'"' | b'\'') => At::Quoted(byte),
                (At::BeforeValue, _) if !is_space => At::Bare,
                (at, _) if is_space => at,
                (_, b'/') => At::Between,
                _ => {
                    self.attributes += 1;
                    At::Name
                }
            };
        }
    }

    /// How many attributes have begun, one that stands there twice counted twice.
    pub(super) fn attributes(&self) -> usize {
        self.attributes
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::super::tree::{HOLDER, html_name};
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn counted(markup: &str) -> Option<usize> {
        Tag::begin(markup).map(|tag| tag.attributes())
    }

    #[test]
    fn attributes_are_counted_as_they_begin() {
        for (markup, count) in [
            ("<b", Some(0)),
            ("<b a", Some(1)),
            ("</b a b", Some(2)),
            ("<b/a/b", Some(2)),
            ("<b a='x y z' c", Some(2)),
            ("<b a = 'x'c", Some(2)),
            ("<b a=x'y z' c", Some(3)),
            ("<b a=\"' b=c", Some(1)),
            ("<b ='x y", Some(2)),
            ("<b a==' x y", Some(3)),
            ("text", None),
            ("<!-- a b c", None),
        ] {
            assert_eq!(counted(markup), count, "{markup}");
        }
    }

    proptest! {
        #[test]
        fn as_many_are_counted_as_a_parser_finds(pieces in prop::collection::vec(prop_oneof![
            4 => Just(" "), 4 => Just("?"), 3 => Just("="), 1 => Just("\""), 1 => Just("'"), 1 => Just("/"), 1 => Just("\n"), 1 => Just("<"),
        ], 0..40)) {
            // No name stands there twice, as far as a name is asked for.
            let numbered = pieces.iter().enumerate().map(|(n, piece)| if *piece == "?" { format!("x{n}") } else { (*piece).into() });
            let markup = format!("<b {}", numbered.collect::<String>());
            let tree = parse(&html_name("div"), Vec::new(), &format!("{markup}>"));
            let found = tree.children(HOLDER).next().map(|element| tree.attributes(element).count());
            if let Some(found) = found {
                prop_assert!(counted(&markup) >= Some(found), "{markup}: {found}");
            }
        }
    }
}
