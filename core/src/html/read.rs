//! The first pass: a render as words.

use super::sink::{DEEPEST, Flaw};
use super::template::{Slot, Template};
use super::texts::Texts;
use super::value::Datum;
use super::word::{OFF, Words};
use alloc::string::String;
use alloc::vec::Vec;

/// Reads a render.
pub(super) struct Reader<'a> {
    pub(super) maker: &'a mut Words,
    pub(super) words: &'a mut Vec<u64>,
    /// The templates that the view names, in the order in which they came.
    pub(super) names: &'a mut Vec<&'static Template>,
    pub(super) levels: &'a mut Vec<Level>,
    /// For a view that begins: the numbers of its blocks.
    pub(super) numbering: Option<Numbering<'a>>,
    pub(super) scratch: &'a mut String,
    /// The place of the render's own template among the names, from 1.
    pub(super) root: usize,
    /// Whether a block is to come that fills a structure.
    pub(super) awaited: bool,
    pub(super) flaw: Option<Flaw>,
}

/// Numbers for a view that begins.
pub(super) struct Numbering<'a> {
    pub(super) bases: &'a mut Vec<u32>,
    pub(super) next: &'a mut u32,
    pub(super) texts: &'a mut Texts,
}

/// A block that is open.
pub(super) struct Level {
    template: &'static Template,
    /// The slot that is next.
    slot: usize,
    /// The number of its first slot, if the view begins.
    base: u32,
    /// Where the word of the list is that is open in it.
    list: usize,
}

impl Reader<'_> {
    pub(super) fn scratch(&mut self) -> &mut String {
        self.scratch
    }

    fn fail(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }

    /// The next slot of the innermost block.
    fn next_slot(&mut self) -> Option<Slot> {
        let found = self.levels.last_mut().and_then(|level| {
            level.slot += 1;
            level.template.slots.get(level.slot - 1).copied()
        });
        if found.is_none() {
            self.fail(Flaw::Left);
        }
        found
    }

    fn begin(&mut self, template: &'static Template) -> bool {
        if self.levels.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
            return false;
        }
        let mut base = 0;
        if let Some(numbering) = &mut self.numbering {
            base = *numbering.next;
            numbering.bases.push(base);
            *numbering.next += template.numbered();
        }
        self.levels.push(Level { template, slot: 0, base, list: 0 });
        true
    }

    pub(super) fn open(&mut self, template: &'static Template) -> bool {
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
            return false;
        }
        let name = name_of(self.names, template);
        if self.levels.is_empty() {
            self.root = name;
        } else {
            let Some(Slot::Embed) = self.next_slot() else { return false };
            self.words.push(name as u64);
        }
        self.begin(template)
    }

    pub(super) fn close(&mut self) {
        if self.levels.pop().is_none_or(|level| level.slot != level.template.slots.len()) {
            self.fail(Flaw::Left);
        }
    }

    pub(super) fn value(&mut self, datum: Datum<'_>) {
        let word = self.maker.word(datum);
        self.words.push(word);
        let Some(level) = self.levels.last_mut() else { return self.fail(Flaw::Left) };
        level.slot += 1;
        if let (Some(numbering), Datum::Str(text)) = (&mut self.numbering, datum)
            && let Some(offset) = (level.slot - 1).checked_sub(usize::from(level.template.hidden_key))
        {
            numbering.texts.keep(level.base + offset as u32, text);
        }
    }

    pub(super) fn nothing(&mut self) {
        self.awaited = false;
        if self.next_slot().is_some() {
            self.words.push(OFF);
        }
    }

    pub(super) fn branch(&mut self, alternative: usize) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        let Some(Slot::Branch(alternatives)) = self.next_slot() else { return false };
        let Some(template) = alternatives.get(alternative) else { return false };
        self.words.push(alternative as u64 + 1);
        self.begin(template)
    }

    pub(super) fn await_block(&mut self) -> bool {
        self.awaited = true;
        self.flaw.is_none()
    }

    pub(super) fn came(&mut self) {
        if core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
        }
    }

    pub(super) fn list(&mut self) {
        let place = self.words.len();
        self.words.push(0);
        match self.levels.last_mut() {
            Some(level) => level.list = place,
            None => self.fail(Flaw::Left),
        }
    }

    pub(super) fn row(&mut self) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        let Some(level) = self.levels.last() else { return false };
        let Some(&Slot::List(template)) = level.template.slots.get(level.slot) else {
            self.fail(Flaw::Left);
            return false;
        };
        if let Some(count) = self.words.get_mut(level.list) {
            *count += 1;
        }
        self.begin(template)
    }

    pub(super) fn end_list(&mut self) {
        if !matches!(self.next_slot(), Some(Slot::List(_))) {
            self.fail(Flaw::Left);
        }
    }

    /// What was wrong, once the render has run.
    pub(super) fn finish(&self) -> Option<Flaw> {
        self.flaw.or((self.awaited || !self.levels.is_empty()).then_some(Flaw::Left))
    }
}

/// A template's place in a view's list of names, from 1; it is put there if it is new.
fn name_of(names: &mut Vec<&'static Template>, template: &'static Template) -> usize {
    // Most pages have few, and rows use the same one again and again.
    let place = names.iter().rposition(|named| core::ptr::eq(*named, template));
    place.unwrap_or_else(|| {
        names.push(template);
        names.len() - 1
    }) + 1
}
