//! Long texts that a view shows, kept so that a change can be said as a splice.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// The long texts of a view, by the numbers of their slots.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: BTreeMap<u32, Box<str>>,
    bytes: usize,
    /// The lengths of those that are too long to be kept.
    lengths: BTreeMap<u32, usize>,
}

/// What is known of a text beside its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'t> {
    Text(&'t str),
    Length(usize),
    /// No more, but that it is shorter than [`LONG`].
    Nothing,
}

/// Shorter texts are not kept: they are sent whole.
const SHORTEST: usize = 48;
/// From here on, at least the length is kept: to find the beginning of a text by its word alone takes a try for each that it may have.
pub(super) const LONG: usize = 1024;
/// How many bytes of texts a view keeps at most.
const MOST: usize = 16 * 1024;

impl Texts {
    pub(super) fn get(&self, number: u32) -> Known<'_> {
        match (self.texts.get(&number), self.lengths.get(&number)) {
            (Some(text), _) => Known::Text(text),
            (None, Some(length)) => Known::Length(*length),
            (None, None) => Known::Nothing,
        }
    }

    /// Keeps the text that a slot holds now, if it is worth it.
    pub(super) fn keep(&mut self, number: u32, text: &str) {
        self.forget(number, 1);
        if text.len() >= SHORTEST && self.bytes + text.len() <= MOST {
            self.bytes += text.len();
            self.texts.insert(number, text.into());
        } else if text.len() >= LONG {
            self.lengths.insert(number, text.len());
        }
    }

    /// Forgets the texts of `count` slots from this one on.
    pub(super) fn forget(&mut self, number: u32, count: u32) {
        while let Some((&found, text)) = self.texts.range(number..number.saturating_add(count)).next() {
            self.bytes -= text.len();
            self.texts.remove(&found);
        }
        while let Some((&found, _)) = self.lengths.range(number..number.saturating_add(count)).next() {
            self.lengths.remove(&found);
        }
    }

    /// Moves the texts of `count` slots to another number, in a copy.
    pub(super) fn renumber(&self, from: u32, count: u32, to: u32, into: &mut Texts) {
        for (number, text) in self.texts.range(from..from.saturating_add(count)) {
            into.bytes += text.len();
            into.texts.insert(number - from + to, text.clone());
        }
        for (number, length) in self.lengths.range(from..from.saturating_add(count)) {
            into.lengths.insert(number - from + to, *length);
        }
    }

    /// About how many bytes they take.
    pub(super) fn memory(&self) -> usize {
        self.bytes + (self.texts.len() + self.lengths.len()) * 32
    }
}
