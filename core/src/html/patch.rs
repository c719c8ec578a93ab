//! The words of the patch language, written.

use super::texts::Known;
use super::value::Datum;
use super::word::{Words, short_text, write_text};
use crate::canary::{Canary, is_planted};
use crate::json;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// A patch that is being written: a JSON array.
#[derive(Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    /// Where its first item goes.
    first: usize,
    /// For values that have to be written to be read.
    text: String,
}

/// Whole numbers up to here are the same in a browser.
const LARGEST: u64 = 1 << 53;

impl Out {
    /// Begins a patch behind what is in `bytes`.
    pub(super) fn begin(&mut self, mut bytes: Vec<u8>) {
        bytes.push(b'[');
        self.first = bytes.len();
        self.bytes = bytes;
    }

    /// Ends the patch, or takes it back.
    pub(super) fn end(&mut self, is_good: bool) -> Vec<u8> {
        if is_good {
            self.bytes.push(b']');
        } else {
            self.bytes.truncate(self.first - 1);
        }
        core::mem::take(&mut self.bytes)
    }

    fn separate(&mut self) {
        if self.bytes.len() > self.first {
            self.bytes.push(b',');
        }
    }

    pub(super) fn int(&mut self, int: i64) {
        self.separate();
        push_int(&mut self.bytes, int);
    }

    pub(super) fn ints(&mut self, ints: &[i64]) {
        ints.iter().for_each(|int| self.int(*int));
    }

    pub(super) fn array(&mut self, items: impl Iterator<Item = u32>) {
        self.separate();
        self.bytes.push(b'[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            push_int(&mut self.bytes, item.into());
        }
        self.bytes.push(b']');
    }

    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        push_text(&mut self.bytes, text);
    }

    pub(super) fn value(&mut self, datum: Datum<'_>) {
        match datum {
            Datum::Off => self.word(b"null"),
            Datum::On => self.word(b"true"),
            Datum::Int(int) if int.unsigned_abs() <= LARGEST => self.int(int),
            Datum::Str(text) => self.text(text),
            other => {
                let mut text = core::mem::take(&mut self.text);
                text.clear();
                let _ = write_text(other, &mut text);
                self.text(&text);
                self.text = text;
            }
        }
    }

    fn word(&mut self, word: &[u8]) {
        self.separate();
        self.bytes.extend_from_slice(word);
    }

    /// A text that takes the place of another: as a splice, if that is shorter. The other one is known as it was, or by its word.
    pub(super) fn change(&mut self, known: Known<'_>, was: u64, text: &str, words: &Words) {
        let mut short = [0; 8];
        let (kept, length) = match known {
            Known::Text(text) => (Some(text), None),
            Known::Length(length) => (None, Some(length)),
            Known::Nothing => (None, None),
        };
        if let Some(old) = kept.or_else(|| short_text(was, &mut short)) {
            let start = common_start(old, text);
            let end = common_end(&old[start..], &text[start..]);
            let (gone, come) = (&old[start..old.len() - end], &text[start..text.len() - end]);
            let is_end = end == 0 && gone.is_empty();
            // The brackets, and what two numbers may take.
            if come.len() + if is_end { 2 } else { 10 } < text.len() {
                return if is_end { self.append(come) } else { self.splice(units(&old[..start]), units(gone), come) };
            }
        } else if let Some(length) = words.grown_from(was, length, text) {
            return self.append(&text[length..]);
        }
        self.text(text);
    }

    fn append(&mut self, text: &str) {
        self.word(b"[");
        push_text(&mut self.bytes, text);
        self.bytes.push(b']');
    }

    fn splice(&mut self, keep: usize, delete: usize, insert: &str) {
        let keep = keep.saturating_sub(usize::from(is_planted(Canary::WrongSplice)));
        self.word(b"[");
        push_int(&mut self.bytes, keep as i64);
        self.bytes.push(b',');
        push_int(&mut self.bytes, delete as i64);
        self.bytes.push(b',');
        push_text(&mut self.bytes, insert);
        self.bytes.push(b']');
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    // No page can hold a NUL; a parser makes this of it.
    if text.contains('\0') {
        let _ = json::write(&text.replace('\0', "\u{fffd}"), bytes);
    } else {
        let _ = json::write(text, bytes);
    }
}

fn push_int(bytes: &mut Vec<u8>, int: i64) {
    struct Bytes<'a>(&'a mut Vec<u8>);
    impl Write for Bytes<'_> {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
    if let digit @ 0..=9 = int {
        bytes.push(b'0' + digit as u8);
    } else {
        let _ = write!(Bytes(bytes), "{int}");
    }
}

/// How many bytes two texts have in common at their start, up to the end of a character.
fn common_start(a: &str, b: &str) -> usize {
    let mut length = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(length) || !b.is_char_boundary(length) {
        length -= 1;
    }
    length
}

/// The same at their end.
fn common_end(a: &str, b: &str) -> usize {
    let mut length = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(a.len() - length) || !b.is_char_boundary(b.len() - length) {
        length -= 1;
    }
    length
}

/// How many UTF-16 units a text has.
fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
