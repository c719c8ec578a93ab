//! The first pass: a render as words.

use super::fault::Flaw;
use super::sink::DEEPEST;
use super::template::{Slot, Template};
use super::texts::Texts;
use super::value::Datum;
use super::word::{OFF, ON, Words, of_int};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// Reads a render. Its memory is used again.
pub(super) struct Reader {
    pub(super) maker: Words,
    pub(super) words: Vec<u64>,
    /// The templates that the view names, in the order in which they came.
    pub(super) names: Vec<&'static Template>,
    /// For a view that begins: the numbers of its blocks.
    pub(super) numbering: Option<Numbering>,
    pub(super) scratch: String,
    /// The place of the render's own template among the names, from 1.
    pub(super) root: usize,
    /// The string that the render is, if its root is [`RAW`].
    #[cfg(feature = "html-strings")]
    pub(super) raw: String,
    /// Where the numbers of components are among the words.
    pub(super) components: Vec<usize>,
    /// The places at which components were found.
    places: BTreeSet<u64>,
    /// The innermost block that is open, and those around it.
    at: Level,
    around: Vec<Level>,
    /// Whether a block is to come that fills a structure.
    awaited: bool,
    flaw: Option<Flaw>,
}

/// Numbers for a view that begins.
#[derive(Default)]
pub(super) struct Numbering {
    pub(super) bases: Vec<u32>,
    pub(super) next: u32,
    pub(super) texts: Texts,
}

/// What is around a render: no block.
static OUTSIDE: Template = Template { name: "", source: "", slots: &[], hidden_key: false, pieces: &[], roots: &[] };

/// A block that is open, or the rows of a list one after the other.
#[derive(Clone, Copy)]
pub(super) struct Level {
    template: &'static Template,
    /// The slot that is next; [`BETWEEN`] rows, there is none.
    slot: usize,
    /// The number of its first slot, if the view begins.
    base: u32,
    /// For rows: where the word is that counts them.
    list: Option<usize>,
    /// Where its words begin.
    start: usize,
}

const BETWEEN: usize = usize::MAX / 2;

/// The root of a render that is a string.
pub(super) const RAW: usize = usize::MAX;

impl Level {
    const OUTSIDE: Level = Level { template: &OUTSIDE, slot: 0, base: 0, list: None, start: 0 };
}

impl Reader {
    pub(super) fn new(maker: Words) -> Reader {
        Reader {
            maker,
            words: Vec::new(),
            names: Vec::new(),
            numbering: None,
            scratch: String::new(),
            root: 0,
            #[cfg(feature = "html-strings")]
            raw: String::new(),
            components: Vec::new(),
            places: BTreeSet::new(),
            at: Level::OUTSIDE,
            around: Vec::new(),
            awaited: true,
            flaw: None,
        }
    }

    /// Makes ready for a render of a view that names these templates already.
    pub(super) fn begin_view(&mut self, names: Vec<&'static Template>, numbering: Option<Numbering>) {
        self.words.clear();
        self.components.clear();
        self.places.clear();
        self.around.clear();
        (self.names, self.numbering) = (names, numbering);
        (self.at, self.awaited, self.flaw) = (Level::OUTSIDE, true, None);
    }

    pub(super) fn scratch(&mut self) -> &mut String {
        &mut self.scratch
    }

    fn fail(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }

    /// The next slot of the innermost block.
    fn next_slot(&mut self) -> Option<Slot> {
        let found = self.at.template.slots.get(self.at.slot).copied();
        self.at.slot += 1;
        if found.is_none() {
            self.fail(Flaw::Left);
        }
        found
    }

    fn begin(&mut self, template: &'static Template) -> bool {
        if self.around.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
            return false;
        }
        self.around.push(self.at);
        self.at = Level { template, slot: 0, base: 0, list: None, start: self.words.len() };
        self.number();
        true
    }

    /// Gives the block that begins its numbers.
    fn number(&mut self) {
        if let Some(numbering) = &mut self.numbering {
            self.at.base = numbering.next;
            numbering.bases.push(self.at.base);
            numbering.next += self.at.template.numbered();
        }
    }

    pub(super) fn open(&mut self, template: &'static Template) -> bool {
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
            return false;
        }
        let name = name_of(&mut self.names, template);
        if self.numbering.is_some() {
            self.check(template);
        }
        if self.around.is_empty() {
            self.root = name;
        } else {
            let Some(Slot::Embed | Slot::Component) = self.next_slot() else { return false };
            self.words.push(name as u64);
        }
        self.begin(template)
    }

    /// The render is a string. `false`: it stands in other markup.
    #[cfg(feature = "html-strings")]
    pub(super) fn raw(&mut self, html: &str) -> bool {
        if !self.around.is_empty() {
            return false;
        }
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
        } else if html.len() > super::strings::MOST_BYTES {
            self.fail(Flaw::TooLarge);
        } else {
            self.root = RAW;
            self.words.push(self.maker.of_text(html));
            self.raw.clear();
            self.raw.push_str(html);
        }
        true
    }

    /// Checks that a parser leaves a template where it comes to stand now: of a view that begins. Later on the second pass does so, where
    /// something comes to stand elsewhere.
    fn check(&mut self, template: &'static Template) {
        let at = (self.at.template, self.at.slot + 1);
        let around = self.around.iter().map(|level| (level.template, level.slot)).chain([at]).skip(1);
        if let Err(misplaced) = template.check_in(around) {
            self.fail(Flaw::Misplaced(misplaced));
        }
    }

    #[inline]
    pub(super) fn close(&mut self) {
        if self.at.slot != self.at.template.slots.len() {
            self.fail(Flaw::Left);
        }
        if self.at.list.is_some() {
            self.at.slot = BETWEEN;
        } else {
            self.leave();
        }
    }

    fn leave(&mut self) {
        match self.around.pop() {
            Some(level) => self.at = level,
            None => self.fail(Flaw::Left),
        }
    }

    #[inline(always)]
    pub(super) fn value(&mut self, datum: Datum<'_>) {
        match datum {
            Datum::Off => self.put(OFF),
            Datum::On => self.put(ON),
            Datum::Int(int) => match of_int(int) {
                Some(word) => self.put(word),
                None => self.other(datum),
            },
            Datum::Str(text) => self.text(text),
            other => self.other(other),
        }
    }

    #[inline]
    fn put(&mut self, word: u64) {
        self.words.push(word);
        self.at.slot += 1;
    }

    fn other(&mut self, datum: Datum<'_>) {
        let word = self.maker.of_other(datum);
        self.put(word);
    }

    fn text(&mut self, text: &str) {
        let word = self.maker.of_text(text);
        self.put(word);
        if let Some(numbering) = &mut self.numbering
            && let Some(offset) = (self.at.slot - 1).checked_sub(usize::from(self.at.template.hidden_key))
        {
            numbering.texts.keep(self.at.base.wrapping_add(offset as u32), text);
        }
    }

    pub(super) fn nothing(&mut self) {
        let was_awaited = core::mem::take(&mut self.awaited);
        if was_awaited && self.around.is_empty() {
            // The view as a whole is empty.
            self.root = 0;
            return;
        }
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

    /// A place for a component: the same one as long as the structures around it are, and rows have their keys.
    pub(super) fn place(&mut self) -> u64 {
        let mut place = 0;
        for level in self.around.iter().skip(1).chain([&self.at]) {
            // A row is known by its key, any other block by the word before it, which says which one it is.
            let start = if level.list.is_some() { Some(level.start) } else { level.start.checked_sub(1) };
            let which = start.and_then(|start| self.words.get(start)).copied().unwrap_or(0);
            place = self.maker.of_words(&[place, which, level.slot as u64]);
        }
        // Where a key stands twice, the second one is another place.
        while !self.places.insert(place) {
            place = place.wrapping_add(1);
        }
        place
    }

    /// A component stands here.
    pub(super) fn component(&mut self, number: u32) {
        if !matches!(self.at.template.slots.get(self.at.slot), Some(Slot::Component)) {
            self.fail(Flaw::Left);
        }
        self.components.push(self.words.len());
        self.words.push(number.into());
    }

    pub(super) fn list(&mut self) {
        let Some(Slot::List(row)) = self.next_slot() else { return self.fail(Flaw::Left) };
        let list = Some(self.words.len());
        self.words.push(0);
        if self.around.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
        }
        self.around.push(self.at);
        self.at = Level { template: row, slot: BETWEEN, base: 0, list, start: 0 };
    }

    #[inline]
    pub(super) fn row(&mut self) -> bool {
        if self.at.slot != BETWEEN || self.flaw.is_some() {
            self.fail(Flaw::Left);
            return false;
        }
        self.at.slot = 0;
        self.at.start = self.words.len();
        if let Some(count) = self.at.list.and_then(|list| self.words.get_mut(list)) {
            *count += 1;
        }
        if self.numbering.is_some() {
            self.number();
        }
        true
    }

    pub(super) fn end_list(&mut self) {
        if self.at.slot != BETWEEN {
            self.fail(Flaw::Left);
        }
        self.leave();
    }

    /// What was wrong, once the render has run.
    pub(super) fn finish(&self) -> Option<Flaw> {
        let is_open = self.awaited || !self.around.is_empty() || self.at.slot != 0;
        self.flaw.clone().or(is_open.then_some(Flaw::Left))
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
