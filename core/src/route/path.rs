//! Paths: how a request names a place, and what makes one unacceptable.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use super::MAX_VALUE;

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadPath {
    /// It does not begin with `/`.
    MissingSlash,
    /// It holds a character that a path cannot hold unescaped, such as `?` or `#`.
    Character,
    /// A `%` is not followed by two hexadecimal digits.
    Escape,
    /// A segment does not decode to UTF-8.
    NotUtf8,
    /// A segment decodes to something with `/` or `\`.
    Separator,
    /// A segment decodes to something with a control character.
    Control,
    /// A segment is `.` or `..`.
    Dots,
    /// A segment, or what a wildcard took, is longer than [`MAX_VALUE`] bytes.
    TooLong,
}

impl BadPath {
    /// What is wrong and what would be right, in one line.
    pub fn message(self) -> &'static str {
        match self {
            Self::MissingSlash => "the path must begin with a slash",
            Self::Character => "the path holds a character that must be percent-encoded there",
            Self::Escape => "a % in the path must be followed by two hexadecimal digits; write %25 for a plain %",
            Self::NotUtf8 => "the path must be UTF-8 after percent-decoding",
            Self::Separator => "a path segment must not contain an encoded slash or a backslash",
            Self::Control => "the path must not contain control characters",
            Self::Dots => "the path must not contain the segments . and ..; write it resolved",
            Self::TooLong => "a part of the path is too long; 255 bytes are allowed",
        }
    }
}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for BadPath {}

/// The segments of an encoded path, decoded and checked one by one; `/` has none.
pub(crate) fn decode_path(path: &str) -> Result<impl Iterator<Item = Result<Cow<'_, str>, BadPath>>, BadPath> {
    let path = path.strip_prefix('/').ok_or(BadPath::MissingSlash)?;
    Ok(split(path).map(decode_segment))
}

/// Splits what follows the first slash: nothing at all is no segment, not an empty one.
pub(super) fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(usize::from(path.is_empty()))
}

fn decode_segment(raw: &str) -> Result<Cow<'_, str>, BadPath> {
    if raw.contains(['?', '#']) {
        return Err(BadPath::Character);
    }
    let text = if raw.contains('%') { Cow::Owned(unescape(raw)?) } else { Cow::Borrowed(raw) };
    check_decoded(&text)?;
    Ok(text)
}

pub(super) fn check_decoded(text: &str) -> Result<(), BadPath> {
    if text.contains(['/', '\\']) {
        Err(BadPath::Separator)
    } else if text.contains(char::is_control) {
        Err(BadPath::Control)
    } else if text == "." || text == ".." {
        Err(BadPath::Dots)
    } else if text.len() > MAX_VALUE {
        Err(BadPath::TooLong)
    } else {
        Ok(())
    }
}

fn unescape(raw: &str) -> Result<String, BadPath> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = rest.next().zip(rest.next());
            bytes.push(pair.and_then(|(high, low)| hex_pair(high, low)).ok_or(BadPath::Escape)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| BadPath::NotUtf8)
}

/// The byte that two hexadecimal digits of either case stand for.
pub(crate) fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(path: &str) -> Result<Vec<Cow<'_, str>>, BadPath> {
        decode_path(path)?.collect()
    }

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(decode("/a/%62%63/caf%c3%A9").unwrap(), ["a", "bc", "café"]);
        assert_eq!(decode("/a+b/100%25/x%3Fy").unwrap(), ["a+b", "100%", "x?y"]);
        assert_eq!(decode("/").unwrap(), [""; 0]);
        assert_eq!(decode("//").unwrap(), ["", ""]);
        assert_eq!(decode("/a/").unwrap(), ["a", ""]);
    }

    #[test]
    fn what_is_plain_is_borrowed() {
        assert!(decode("/a/bc").unwrap().iter().all(|segment| matches!(segment, Cow::Borrowed(_))));
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (path, reason) in [
            ("", BadPath::MissingSlash),
            ("a/b", BadPath::MissingSlash),
            ("/a?b", BadPath::Character),
            ("/a#b", BadPath::Character),
            ("/%", BadPath::Escape),
            ("/%4", BadPath::Escape),
            ("/%4/a", BadPath::Escape),
            ("/%zz", BadPath::Escape),
            ("/%+1", BadPath::Escape),
            ("/%ff", BadPath::NotUtf8),
            ("/%c0%ae", BadPath::NotUtf8),
            ("/%ed%a0%80", BadPath::NotUtf8),
            ("/%c3/%a9", BadPath::NotUtf8),
            ("/a%2fb", BadPath::Separator),
            ("/a%5Cb", BadPath::Separator),
            ("/a\\b", BadPath::Separator),
            ("/%00", BadPath::Control),
            ("/%0d%0a", BadPath::Control),
            ("/%7F", BadPath::Control),
            ("/%c2%85", BadPath::Control),
            ("/../etc/passwd", BadPath::Dots),
            ("/a/./b", BadPath::Dots),
            ("/%2e%2E", BadPath::Dots),
            ("/.%2e", BadPath::Dots),
            ("/%2e%2e%2fetc", BadPath::Separator),
        ] {
            assert_eq!(decode(path), Err(reason), "{path}");
        }
    }

    #[test]
    fn dots_within_a_name_are_fine() {
        assert_eq!(decode("/.../..a/.well-known").unwrap(), ["...", "..a", ".well-known"]);
    }

    #[test]
    fn the_limit_counts_decoded_bytes() {
        let longest = "%61".repeat(MAX_VALUE);
        assert_eq!(decode(&["/", &longest].concat()).unwrap(), ["a".repeat(MAX_VALUE)]);
        assert_eq!(decode(&["/", &longest, "b"].concat()), Err(BadPath::TooLong));
    }
}
