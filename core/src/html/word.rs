//! A value as one word of 64 bits: itself if it is short, else a keyed hash.

use super::texts::LONG as LONG_TEXT;
use super::value::Datum;
use alloc::string::String;
use core::fmt::Write;
use core::hash::Hasher;
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// Makes words. Equal words mean equal values, but for one pair in 2⁶³ that nobody can find who does not know the key.
#[derive(Clone)]
pub(super) struct Words {
    key: u64,
    shared: SharedSeed,
    /// A value that had to be written to be read.
    text: String,
}

pub(super) const OFF: u64 = 0;
pub(super) const ON: u64 = 1;
/// The lowest byte of a word is its kind. A whole number:
const INT: u64 = 2;
/// A text of this many bytes less than the kind says, up to seven:
const SHORT: u64 = 8;
/// A longer text, whose length the kind tells but for a multiple of [`LENGTHS`]:
const LONG: u64 = 64;
const LENGTHS: usize = 128;

impl Words {
    pub(super) fn new(key: u64) -> Words {
        Words { key, shared: SharedSeed::from_u64(key ^ 0x6c61_7a75_6c69), text: String::new() }
    }

    /// The word of a value.
    pub(super) fn word(&mut self, datum: Datum<'_>) -> u64 {
        match datum {
            Datum::Off => OFF,
            Datum::On => ON,
            Datum::Int(int) => of_int(int).unwrap_or_else(|| self.of_other(datum)),
            Datum::Str(text) => self.of_text(text),
            other => self.of_other(other),
        }
    }

    pub(super) fn of_other(&mut self, datum: Datum<'_>) -> u64 {
        let mut text = core::mem::take(&mut self.text);
        text.clear();
        let _ = write_text(datum, &mut text);
        let word = self.of_text(&text);
        self.text = text;
        word
    }

    #[inline]
    pub(super) fn of_text(&self, text: &str) -> u64 {
        let bytes = text.as_bytes();
        if bytes.len() < 8 {
            let text = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            return text << 8 | (SHORT + bytes.len() as u64);
        }
        self.hash(bytes) << 8 | (LONG + (bytes.len() % LENGTHS) as u64)
    }

    /// The hash of many words.
    pub(super) fn of_words(&self, words: &[u64]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.key, &self.shared);
        words.iter().for_each(|word| hasher.write_u64(*word));
        hasher.finish()
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.key, &self.shared);
        hasher.write(bytes);
        hasher.finish()
    }

    /// How many bytes of `text` are the text that the word `was` stands for, if it begins with that and goes on. `length`: that of the
    /// old text, if it is known; if not, it is less than [`LONG_TEXT`].
    pub(super) fn grown_from(&self, was: u64, length: Option<usize>, text: &str) -> Option<usize> {
        let kind = was & 0xff;
        if kind < LONG {
            let mut buffer = [0; 8];
            let old = short_text(was, &mut buffer)?;
            return (!old.is_empty() && text.len() > old.len() && text.starts_with(old)).then_some(old.len());
        }
        let is_it = |length: &usize| {
            (8..text.len()).contains(length) && text.is_char_boundary(*length) && self.of_text(&text[..*length]) == was
        };
        match length {
            Some(length) => Some(length).filter(is_it),
            None => ((kind - LONG) as usize..LONG_TEXT).step_by(LENGTHS).find(is_it),
        }
    }
}

/// The text that a word holds itself.
pub(super) fn short_text(word: u64, buffer: &mut [u8; 8]) -> Option<&str> {
    let length = usize::try_from((word & 0xff).checked_sub(SHORT)?).ok().filter(|length| *length < 8)?;
    *buffer = word.to_le_bytes();
    core::str::from_utf8(&buffer[1..=length]).ok()
}

/// The word of a number that has room in one beside its kind.
#[inline]
pub(super) fn of_int(int: i64) -> Option<u64> {
    ((int << 8) >> 8 == int).then_some((int as u64) << 8 | INT)
}

/// Writes a value as text.
pub(super) fn write_text(datum: Datum<'_>, out: &mut String) -> core::fmt::Result {
    match datum {
        Datum::Off => Ok(()),
        Datum::On => out.write_str("true"),
        Datum::Int(int) => write!(out, "{int}"),
        Datum::Char(char) => out.write_char(char),
        Datum::Str(text) => out.write_str(text),
        Datum::Shown(shown) => write!(out, "{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn different_values_have_different_words() {
        let mut words = Words::new(7);
        let texts: Vec<String> = ["", "0", "a", "abcdefg", "abcdefgh", "abcdefgi", "\0", "\0\0", "true", "äöü"]
            .into_iter()
            .map(String::from)
            .chain((0..200).map(|length| "x".repeat(20 + length)))
            .collect();
        let mut seen = BTreeMap::new();
        for text in &texts {
            assert_eq!(seen.insert(words.word(Datum::Str(text)), text), None, "{text}");
        }
        for int in [0, 1, -1, 255, 1 << 40, i64::MAX, i64::MIN] {
            let shown = format!("{int}");
            assert!(seen.insert(words.word(Datum::Int(int)), &texts[0]).is_none(), "{shown}");
        }
        assert!(!seen.contains_key(&OFF) && !seen.contains_key(&ON));
    }

    proptest! {
        #[test]
        fn a_text_that_grew_is_known_by_its_word(old in "[a-zé]{1,400}", more in "[a-zé]{1,20}", key: u64) {
            let words = Words::new(key);
            let was = words.of_text(&old);
            for length in [None, Some(old.len())] {
                prop_assert_eq!(words.grown_from(was, length, &format!("{old}{more}")), Some(old.len()));
                prop_assert_eq!(words.grown_from(was, length, &old), None);
                prop_assert_eq!(words.grown_from(was, length, &format!("?{old}{more}")), None);
            }
            // A long one is looked for at its own length only.
            let long = old.repeat(LONG_TEXT);
            let was = words.of_text(&long);
            prop_assert_eq!(words.grown_from(was, Some(long.len()), &format!("{long}{more}")), Some(long.len()));
            prop_assert_eq!(words.grown_from(was, None, &format!("{long}{more}")), None);
        }

        #[test]
        fn a_short_text_is_in_its_word(text in "[a-zé]{0,3}") {
            let mut buffer = [0; 8];
            prop_assert_eq!(short_text(Words::new(1).of_text(&text), &mut buffer), Some(&*text));
        }
    }
}
