//! Long texts that a view shows, kept so that a change can be said as a splice.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// The long texts of a view, by the numbers of their slots.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: BTreeMap<u32, Box<str>>,
    bytes: usize,
}

/// Shorter texts are not kept: they are sent whole.
const SHORTEST: usize = 48;
/// How many bytes of texts a view keeps at most.
const MOST: usize = 16 * 1024;

impl Texts {
    pub(super) fn get(&self, number: u32) -> Option<&str> {
        self.texts.get(&number).map(|text| &**text)
    }

    /// Keeps the text that a slot holds now, if it is worth it.
    pub(super) fn keep(&mut self, number: u32, text: &str) {
        if text.len() >= SHORTEST && self.bytes + text.len() <= MOST + self.get(number).map_or(0, str::len) {
            self.bytes += text.len();
            let before = self.texts.insert(number, text.into());
            self.bytes -= before.map_or(0, |before| before.len());
        } else {
            self.forget(number, 1);
        }
    }

    /// Forgets the texts of `count` slots from this one on.
    pub(super) fn forget(&mut self, number: u32, count: u32) {
        while let Some((&found, text)) = self.texts.range(number..number.saturating_add(count)).next() {
            self.bytes -= text.len();
            self.texts.remove(&found);
        }
    }

    /// Moves the texts of `count` slots to another number, in a copy.
    pub(super) fn renumber(&self, from: u32, count: u32, to: u32, into: &mut Texts) {
        for (number, text) in self.texts.range(from..from.saturating_add(count)) {
            into.bytes += text.len();
            into.texts.insert(number - from + to, text.clone());
        }
    }

    /// About how many bytes they take.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.texts.len() * 32
    }
}
