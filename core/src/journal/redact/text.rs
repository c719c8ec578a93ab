//! Text, JSON or not, byte by byte as it comes.

use crate::driver::utf8::Utf8;
use alloc::string::String;

/// A text of which a part is redacted. What comes out is as long, in bytes, characters and UTF-16 units; it is UTF-8 up to the
/// same byte; and it is JSON if it was.
pub(super) struct Text {
    utf8: Utf8,
    /// Of a character: how many bytes it has, and how many of them there were.
    char: (u8, u8),
    form: Form,
}

enum Form {
    /// Nothing but white space yet.
    Unknown,
    Json(Json),
    Other,
}

/// What a character becomes, by its length in bytes.
const CHARS: [&[u8]; 5] = [b"", b"A", "é".as_bytes(), "€".as_bytes(), "😀".as_bytes()];

/// No UTF-8, wherever it is.
const WRONG: u8 = 0xff;

impl Text {
    pub(super) const fn new() -> Text {
        Text { utf8: Utf8::new(), char: (1, 0), form: Form::Unknown }
    }

    /// One that is not JSON, whatever it looks like.
    pub(super) const fn other() -> Text {
        Text { form: Form::Other, ..Text::new() }
    }

    pub(super) fn redact(&mut self, bytes: &mut [u8], keep: &[String]) {
        for byte in bytes {
            *byte = self.step(*byte, keep);
        }
    }

    pub(super) fn step(&mut self, byte: u8, keep: &[String]) -> u8 {
        if self.utf8.complete() {
            let length = match byte {
                0..=0x7f => 1,
                0x80..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xff => 4,
            };
            self.char = (length, 0);
        }
        self.utf8 = self.utf8.after(byte);
        if self.utf8.is_dead() {
            return WRONG;
        }
        let (length, index) = self.char;
        self.char.1 += 1;
        let shown = match length {
            1 => shape(byte),
            _ => CHARS[usize::from(length)].get(usize::from(index)).copied().unwrap_or(WRONG),
        };
        match &mut self.form {
            Form::Json(json) => {
                let kept = json.step(byte, keep);
                if json.is_too_deep() {
                    self.form = Form::Other;
                }
                kept.unwrap_or(shown)
            }
            Form::Other => shown,
            Form::Unknown => match byte {
                b' ' | b'\t' | b'\r' | b'\n' => byte,
                b'{' | b'[' | b'"' => {
                    let mut json = Json::default();
                    let kept = json.step(byte, keep);
                    self.form = Form::Json(json);
                    kept.unwrap_or(shown)
                }
                _ => {
                    self.form = Form::Other;
                    shown
                }
            },
        }
    }
}

/// What an ASCII character becomes. Control characters are no secret, and refused in places.
fn shape(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'1',
        0..=0x20 | 0x7f | b'-' | b'_' | b'.' | b':' | b'/' | b'@' | b',' | b'+' => byte,
        _ => b'A',
    }
}

/// The longest name of a field that can be kept.
const NAME: usize = 32;

/// Where in JSON a byte is.
#[derive(Default)]
struct Json {
    /// Of each object or array that is open: whether it is an object; the innermost one in the lowest bit.
    open: u128,
    depth: u32,
    /// Inside of a string: whether it is a name, and whether a backslash came before.
    string: Option<(bool, bool)>,
    /// Whether the next string is a name.
    name_next: bool,
    name: ([u8; NAME], usize),
    /// Whether the value that comes is kept.
    kept: bool,
    /// What is left of `true`, `false` or `null`.
    word: &'static [u8],
    /// Whether the last byte was one of a number, or of a word.
    number: bool,
    letter: bool,
}

impl Json {
    /// The byte that stays; `None` if it is to be redacted.
    fn step(&mut self, byte: u8, keep: &[String]) -> Option<u8> {
        let Some((is_name, escaped)) = self.string else { return self.between(byte) };
        if !escaped && byte == b'"' {
            self.string = None;
            if is_name {
                let name = self.name.0.get(..self.name.1).unwrap_or_default();
                self.kept = keep.iter().any(|kept| kept.as_bytes() == name);
            }
            return Some(byte);
        }
        self.string = Some((is_name, !escaped && byte == b'\\'));
        if is_name {
            if let Some(place) = self.name.0.get_mut(self.name.1) {
                *place = byte;
            }
            self.name.1 = (self.name.1 + 1).min(NAME + 1);
        }
        // A backslash that stays while what it escapes does not could escape too much.
        if is_name || self.kept {
            Some(byte)
        } else if byte == b'\\' {
            Some(b'A')
        } else {
            None
        }
    }

    fn between(&mut self, byte: u8) -> Option<u8> {
        let was_number = core::mem::take(&mut self.number);
        let was_letter = core::mem::take(&mut self.letter);
        let word = core::mem::take(&mut self.word);
        match byte {
            b'"' => {
                self.string = Some((self.name_next, false));
                self.name.1 = 0;
            }
            b'{' | b'[' => {
                self.open = self.open << 1 | u128::from(byte == b'{');
                self.depth += 1;
                (self.name_next, self.kept) = (byte == b'{', false);
            }
            b'}' | b']' => {
                self.open >>= 1;
                self.depth = self.depth.saturating_sub(1);
                (self.name_next, self.kept) = (false, false);
            }
            b',' => {
                self.name_next = self.open & 1 == 1;
                self.kept &= !self.name_next;
            }
            b':' => self.name_next = false,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'0'..=b'9' => {
                self.number = true;
                return self.kept.then_some(byte);
            }
            b'-' | b'+' | b'.' => self.number = was_number,
            b'e' | b'E' if was_number => {}
            _ => {
                self.letter = true;
                let rest: &'static [u8] = match byte {
                    _ if was_letter => b"",
                    b't' => b"rue",
                    b'f' => b"alse",
                    b'n' => b"ull",
                    _ => b"",
                };
                match word.split_first() {
                    Some((next, rest)) if *next == byte => self.word = rest,
                    _ if !rest.is_empty() => self.word = rest,
                    _ => return None,
                }
            }
        }
        Some(byte)
    }

    /// Deeper than any reader goes, and than is counted here.
    fn is_too_deep(&self) -> bool {
        self.depth > 128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;
    use serde_json::Value;

    fn redacted(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Text::new().redact(&mut bytes, &["type".into(), "keep".into()]);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_keeps_its_shape_and_what_is_to_be_kept() {
        for (text, expected) in [
            (r#"{"type":"login","password":"hunter2!"}"#, r#"{"type":"login","password":"AAAAAA1A"}"#),
            (r#"{"a":[true,null,-12.5e3,"x"],"type":7}"#, r#"{"a":[true,null,-11.1e1,"A"],"type":7}"#),
            (r#"{"a":"say \"hi\" \\","b":{"keep":"it"}}"#, r#"{"a":"AAA AAAAAA AA","b":{"keep":"it"}}"#),
            (r#"{"keep":{"a":"b"},"type":["c"]}"#, r#"{"keep":{"a":"A"},"type":["A"]}"#),
            (r#""just \u00e4 text""#, r#""AAAA AA11A1 AAAA""#),
            ("[1,\"é€😀\"]", "[1,\"é€😀\"]"),
            ("say hello: ada@example.com, 42 £", "AAA AAAAA: AAA@AAAAAAA.AAA, 11 é"),
            ("{secret: trust}", "{AAAAAA: truAA}"),
        ] {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| f64::from(eighths) / 8.0).prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("type|[a-z\"\\\\]{0,5}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    /// The same but for strings and numbers.
    fn like(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| like(a, b)),
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|((name, a), (other, b))| {
                        let kept = name == "type" && !a.is_array() && !a.is_object();
                        name == other && like(a, b) && (!kept || a == b)
                    })
            }
            (Value::String(a), Value::String(b)) => {
                b.chars().all(|c| "A1é€😀 -_.:/@,+".contains(c) || c.is_control()) || a == b
            }
            (Value::Number(_), Value::Number(_)) => true,
            _ => a == b,
        }
    }

    proptest! {
        #[test]
        fn what_was_json_is_json_of_the_same_shape(value in json()) {
            // Alone, `null` could as well be a word.
            let value = Value::Array([value].into());
            let text = value.to_string();
            let redacted = redacted(&text);
            prop_assert_eq!(redacted.len(), text.len());
            let read: Value = serde_json::from_str(&redacted).map_err(|error| TestCaseError::fail(alloc::format!("{redacted}: {error}")))?;
            prop_assert!(like(&value, &read), "{} {}", value, read);
        }

        #[test]
        fn bytes_are_text_up_to_the_same_place(bytes in prop::collection::vec(any::<u8>(), 0..40), text in ".{0,9}") {
            let bytes = [text.as_bytes(), &bytes].concat();
            let mut redacted = bytes.clone();
            Text::new().redact(&mut redacted, &[]);
            let wrong = |bytes: &[u8]| core::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
            prop_assert_eq!(wrong(&bytes), wrong(&redacted));
        }

        #[test]
        fn how_it_is_cut_changes_nothing(text in "[\\[{\"a-z0-9:,\\\\ é😀]{0,40}", cut: prop::sample::Index) {
            let mut bytes = text.as_bytes().to_vec();
            let cut = cut.index(bytes.len() + 1);
            let (mut state, keep) = (Text::new(), ["type".into(), "keep".into()]);
            let (a, b) = bytes.split_at_mut(cut);
            state.redact(a, &keep);
            state.redact(b, &keep);
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), redacted(&text));
        }
    }
}
