//! The second pass: a patch from what a view showed to what a render says now.
//!
//! It walks along the words of both. The words say what differs; the render is asked for the values that have to be sent, and only
//! for those rows that changed.

mod rows;

use super::fault::Flaw;
use super::list::Plan;
use super::patch::Out;
use super::sink::DEEPEST;
use super::template::{Slot, Template};
use super::texts::Texts;
use super::value::Datum;
use super::walk::{Place, Tree};
use super::word::Words;
use alloc::string::String;
use alloc::vec::Vec;
use rows::List;

/// Writes a patch. Its memory is used again.
pub(super) struct Writer {
    pub(super) out: Out,
    maker: Words,
    pub(super) names: Vec<&'static Template>,
    /// The view as it was, its words and its numbers.
    pub(super) old_words: Vec<u64>,
    pub(super) old_bases: Vec<u32>,
    /// The same as it is now.
    pub(super) words: Vec<u64>,
    pub(super) bases: Vec<u32>,
    /// Where the old words are that belong to what the render says next.
    was: Place,
    /// Where the new ones are.
    is: usize,
    /// The next number.
    pub(super) next: u32,
    /// How many numbers blocks have.
    pub(super) live: u32,
    pub(super) texts: Texts,
    /// How many names the browser knows.
    known: usize,
    levels: Vec<Level>,
    lists: Vec<List>,
    plan: Plan,
    /// Of each new row of the open lists, which old one it is.
    sources: Vec<u32>,
    /// Where the rows of the open lists begin, old and new.
    starts: Vec<Place>,
    scratch: String,
    awaited: bool,
    /// A component takes the place of another: its number.
    other: Option<u32>,
    flaw: Option<Flaw>,
}

/// A block that is open.
struct Level {
    template: &'static Template,
    slot: usize,
    base: u32,
    /// Whether the browser has it, so that only what changed is sent.
    known: bool,
    /// Values that the row before has sent already.
    mask: u32,
}

impl Level {
    /// The number of a slot; `None` for a key that is not shown.
    fn number(&self, slot: usize) -> Option<u32> {
        Some(self.base + slot.checked_sub(usize::from(self.template.hidden_key))? as u32)
    }
}

impl Writer {
    pub(super) fn new(maker: Words) -> Writer {
        Writer {
            out: Out::default(),
            maker,
            names: Vec::new(),
            old_words: Vec::new(),
            old_bases: Vec::new(),
            words: Vec::new(),
            bases: Vec::new(),
            was: Place::default(),
            is: 0,
            next: 1,
            live: 0,
            texts: Texts::default(),
            known: 0,
            levels: Vec::new(),
            lists: Vec::new(),
            plan: Plan::default(),
            sources: Vec::new(),
            starts: Vec::new(),
            scratch: String::new(),
            awaited: true,
            other: None,
            flaw: None,
        }
    }

    /// Makes ready for a patch. `known`: how many of the names the browser knows; none, if it does not show the view.
    pub(super) fn begin_patch(&mut self, known: usize) {
        self.bases.clear();
        self.levels.clear();
        self.lists.clear();
        self.sources.clear();
        self.starts.clear();
        (self.was, self.is, self.known) = (Place::default(), 0, known);
        (self.awaited, self.other, self.flaw) = (true, None, None);
    }

    pub(super) fn scratch(&mut self) -> &mut String {
        &mut self.scratch
    }

    fn old(&self) -> Tree<'_> {
        Tree { words: &self.old_words, names: &self.names }
    }

    fn fail(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }

    /// The next slot of the innermost block: its kind, its number, and whether the browser has the block.
    fn next_slot(&mut self) -> Option<(Slot, u32, bool)> {
        let found = self.levels.last_mut().and_then(|level| {
            level.slot += 1;
            let slot = level.template.slots.get(level.slot - 1)?;
            Some((*slot, level.number(level.slot - 1)?, level.known))
        });
        if found.is_none() {
            self.fail(Flaw::Left);
        }
        found
    }

    fn next_old(&mut self) -> u64 {
        self.was.word += 1;
        self.old().word(self.was.word - 1)
    }

    fn next_new(&mut self) -> u64 {
        self.is += 1;
        self.words.get(self.is - 1).copied().unwrap_or(0)
    }

    /// Opens a block that the browser has.
    fn begin_known(&mut self, template: &'static Template) -> bool {
        let base = self.old_bases.get(self.was.block).copied().unwrap_or(0);
        self.was.block += 1;
        self.begin(template, base, true, 0)
    }

    /// Opens a block that is new.
    fn begin_new(&mut self, template: &'static Template, mask: u32) -> bool {
        let base = self.next;
        self.next += template.numbered();
        self.live += template.numbered();
        self.begin(template, base, false, mask)
    }

    fn begin(&mut self, template: &'static Template, base: u32, known: bool, mask: u32) -> bool {
        if self.levels.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
            return false;
        }
        self.bases.push(base);
        self.levels.push(Level { template, slot: 0, base, known, mask });
        true
    }

    /// Goes past an old block that is there no more.
    fn drop_old(&mut self, template: &'static Template) {
        let Writer { old_words, old_bases, names, texts, live, was, .. } = self;
        Tree { words: old_words, names }.walk(template, was, &mut |place, template| {
            let count = template.numbered();
            *live -= count.min(*live);
            texts.forget(old_bases.get(place.block).copied().unwrap_or(0), count);
        });
    }

    /// Goes past what is in a structure that changes.
    fn drop_in(&mut self, slot: Slot, word: u64) {
        let inner = match slot {
            Slot::Branch(alternatives) => alternatives.get((word as usize).wrapping_sub(1)).copied(),
            Slot::Embed | Slot::Component => self.names.get((word as usize).wrapping_sub(1)).copied(),
            Slot::Value | Slot::List(_) => None,
        };
        if let Some(inner) = inner {
            self.drop_old(inner);
        }
    }

    pub(super) fn open(&mut self, template: &'static Template) -> bool {
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
            return false;
        }
        if self.levels.is_empty() {
            return self.open_root(template);
        }
        let Some((slot, number, known)) = self.next_slot() else { return false };
        let (name, other) = (self.next_new(), self.other.take());
        let named = self.names.get((name as usize).wrapping_sub(1));
        if !matches!(slot, Slot::Embed | Slot::Component) || !named.is_some_and(|named| core::ptr::eq(*named, template))
        {
            self.fail(Flaw::NotTheSame);
            return false;
        }
        if known {
            let was = self.next_old();
            if was == name && other.is_none() {
                return self.begin_known(template);
            }
            self.drop_in(slot, was);
            self.out.int(number.into());
        }
        self.check(template);
        self.write_component(slot, other);
        self.write_name(name as usize);
        self.begin_new(template, 0)
    }

    /// Checks that a parser leaves a template where it comes to stand now.
    fn check(&mut self, template: &'static Template) {
        if let Err(misplaced) = template.check_in(self.levels.iter().map(|level| (level.template, level.slot))) {
            self.fail(Flaw::Misplaced(misplaced));
        }
    }

    /// A component stands here; its number is what was read.
    pub(super) fn component(&mut self) -> u32 {
        let known = self.levels.last().is_some_and(|level| level.known);
        let number = self.next_new();
        let is_same = known && self.next_old() == number;
        self.other = (!is_same).then_some(number as u32);
        number as u32
    }

    /// Names a component whose markup follows: one that is there already by the number that it has.
    fn write_component(&mut self, slot: Slot, other: Option<u32>) {
        if matches!(slot, Slot::Component) {
            let number = other.map_or_else(|| self.words.get(self.is - 2).copied().unwrap_or(0), u64::from);
            self.out.int(number as i64);
        }
    }

    fn open_root(&mut self, template: &'static Template) -> bool {
        if !self.names.first().is_some_and(|named| core::ptr::eq(*named, template)) {
            self.fail(Flaw::NotTheSame);
            return false;
        }
        // The browser knows the first name as soon as it shows the view at all.
        if self.known > 0 {
            return self.begin_known(template);
        }
        self.check(template);
        self.out.int(-6);
        self.write_name(1);
        self.begin_new(template, 0)
    }

    /// Names a template: in full where it comes first.
    fn write_name(&mut self, name: usize) {
        if name <= self.known {
            return self.out.int(name as i64);
        }
        match self.names.get(name - 1) {
            Some(template) if name == self.known + 1 => {
                self.known = name;
                self.out.text(template.name);
            }
            _ => self.fail(Flaw::NotTheSame),
        }
    }

    pub(super) fn close(&mut self) {
        if self.levels.pop().is_none_or(|level| level.slot != level.template.slots.len()) {
            self.fail(Flaw::Left);
        }
    }

    pub(super) fn value(&mut self, datum: Datum<'_>) {
        let word = self.next_new();
        let Some(level) = self.levels.last_mut() else { return self.fail(Flaw::Left) };
        let slot = level.slot;
        level.slot += 1;
        let (number, known, mask) = (level.number(slot), level.known, level.mask);
        let was = if known { self.next_old() } else { 0 };
        if known && was == word {
            return;
        }
        if self.maker.word(datum) != word {
            return self.fail(Flaw::NotTheSame);
        }
        let Some(number) = number else { return };
        let is_sent = !known && slot < 32 && mask & 1 << slot != 0;
        let Writer { out, maker, texts, .. } = self;
        if let (true, Datum::Str(text)) = (known, datum) {
            out.int(number.into());
            out.change(texts.get(number), was, text, maker);
        } else if !is_sent {
            if known {
                out.int(number.into());
            }
            out.value(datum);
        }
        match datum {
            Datum::Str(text) => texts.keep(number, text),
            _ => texts.forget(number, 1),
        }
    }

    pub(super) fn nothing(&mut self) {
        let was_awaited = core::mem::take(&mut self.awaited);
        if was_awaited && self.levels.is_empty() {
            self.out.int(-6);
            return self.out.int(0);
        }
        let Some((slot, number, known)) = self.next_slot() else { return };
        let other = self.other.take();
        if self.next_new() != 0 {
            return self.fail(Flaw::NotTheSame);
        }
        if known {
            let was = self.next_old();
            if was == 0 && other.is_none() {
                return;
            }
            self.drop_in(slot, was);
            self.out.int(number.into());
        }
        self.write_component(slot, other);
        self.out.int(0);
    }

    pub(super) fn branch(&mut self, alternative: usize) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        let Some((slot, number, known)) = self.next_slot() else { return false };
        let (word, is) = (alternative as u64 + 1, self.next_new());
        let (Slot::Branch(alternatives), true) = (slot, word == is) else {
            self.fail(Flaw::NotTheSame);
            return false;
        };
        let Some(template) = alternatives.get(alternative) else { return false };
        if known {
            let was = self.next_old();
            if was == word {
                return self.begin_known(template);
            }
            self.drop_in(slot, was);
            self.out.int(number.into());
        }
        self.out.int(word as i64);
        self.begin_new(template, 0)
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

    /// What was wrong, once the render has run.
    pub(super) fn finish(&self) -> Option<Flaw> {
        let is_open = self.awaited || !self.levels.is_empty() || !self.lists.is_empty();
        self.flaw.clone().or((is_open || self.is != self.words.len()).then_some(Flaw::NotTheSame))
    }
}
