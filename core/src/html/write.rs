//! The second pass: a patch from what a view showed to what a render says now.
//!
//! It walks along the words of both. The words say what differs; the render is asked for the values that have to be sent, and only
//! for those rows that changed.

use super::list::{Keys, NEW, Order, Plan};
use super::patch::Out;
use super::sink::{DEEPEST, Flaw};
use super::template::{Slot, Template};
use super::texts::Texts;
use super::value::Datum;
use super::walk::{Place, Tree};
use super::word::Words;
use alloc::string::String;
use alloc::vec::Vec;

/// Writes a patch.
pub(super) struct Writer<'a> {
    pub(super) out: Out<'a>,
    pub(super) maker: &'a mut Words,
    pub(super) old: Tree<'a>,
    pub(super) old_bases: &'a [u32],
    pub(super) new: Tree<'a>,
    /// Where the old words are that belong to what the render says next.
    pub(super) was: Place,
    /// Where the new ones are.
    pub(super) is: usize,
    /// The numbers of the blocks as they are now.
    pub(super) bases: &'a mut Vec<u32>,
    /// The next number.
    pub(super) next: u32,
    /// How many numbers blocks have.
    pub(super) live: u32,
    pub(super) texts: &'a mut Texts,
    /// How many names the browser knows.
    pub(super) known: usize,
    pub(super) memory: &'a mut Memory,
    pub(super) awaited: bool,
    pub(super) flaw: Option<Flaw>,
}

/// Memory that is used again for the next patch.
#[derive(Default)]
pub(super) struct Memory {
    levels: Vec<Level>,
    lists: Vec<List>,
    plan: Plan,
    /// Of each new row of the open lists, which old one it is.
    sources: Vec<u32>,
    /// Where the rows of the open lists begin, old and new.
    starts: Vec<Place>,
    pub(super) scratch: String,
}

impl Memory {
    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.lists.clear();
        self.sources.clear();
        self.starts.clear();
    }
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

/// A list that is open.
struct List {
    row: &'static Template,
    number: u32,
    known: bool,
    /// The row that is next, and how many there are.
    at: usize,
    rows: usize,
    /// The mask of the rows that come now, and where they end.
    mask: u32,
    run: usize,
    /// Its part of [`Memory::sources`].
    sources: usize,
    /// Its parts of [`Memory::starts`]: old rows and new ones, each with an end. Empty for rows of values alone.
    old_starts: usize,
    new_starts: usize,
    /// Where the first old row begins, and what comes after the last.
    old_first: Place,
    old_end: Place,
}

impl<'a> Writer<'a> {
    pub(super) fn scratch(&mut self) -> &mut String {
        &mut self.memory.scratch
    }

    fn fail(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }

    /// The next slot of the innermost block: its kind, its number, and whether the browser has the block.
    fn next_slot(&mut self) -> Option<(Slot, u32, bool)> {
        let found = self.memory.levels.last_mut().and_then(|level| {
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
        self.old.word(self.was.word - 1)
    }

    fn next_new(&mut self) -> u64 {
        self.is += 1;
        self.new.word(self.is - 1)
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
        if self.memory.levels.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
            return false;
        }
        self.bases.push(base);
        self.memory.levels.push(Level { template, slot: 0, base, known, mask });
        true
    }

    /// Goes past an old block that is there no more.
    fn drop_old(&mut self, template: &'static Template) {
        let Writer { old, old_bases, texts, live, was, .. } = self;
        old.walk(template, was, &mut |place, template| {
            let count = template.numbered();
            *live -= count.min(*live);
            texts.forget(old_bases.get(place.block).copied().unwrap_or(0), count);
        });
    }

    /// Goes past what is in a structure that changes.
    fn drop_in(&mut self, slot: Slot, word: u64) {
        let inner = match slot {
            Slot::Branch(alternatives) => alternatives.get((word as usize).wrapping_sub(1)).copied(),
            Slot::Embed => self.old.names.get((word as usize).wrapping_sub(1)).copied(),
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
        if self.memory.levels.is_empty() {
            return self.open_root(template);
        }
        let Some((slot, number, known)) = self.next_slot() else { return false };
        let name = self.next_new();
        let named = self.new.names.get((name as usize).wrapping_sub(1));
        if !matches!(slot, Slot::Embed) || !named.is_some_and(|named| core::ptr::eq(*named, template)) {
            self.fail(Flaw::NotTheSame);
            return false;
        }
        if known {
            let was = self.next_old();
            if was == name {
                return self.begin_known(template);
            }
            self.drop_in(slot, was);
            self.out.int(number.into());
        }
        self.write_name(name as usize);
        self.begin_new(template, 0)
    }

    fn open_root(&mut self, template: &'static Template) -> bool {
        if !self.new.names.first().is_some_and(|named| core::ptr::eq(*named, template)) {
            self.fail(Flaw::NotTheSame);
            return false;
        }
        // The browser knows the first name as soon as it shows the view at all.
        if self.known > 0 {
            return self.begin_known(template);
        }
        self.out.int(-6);
        self.write_name(1);
        self.begin_new(template, 0)
    }

    /// Names a template: in full where it comes first.
    fn write_name(&mut self, name: usize) {
        if name <= self.known {
            return self.out.int(name as i64);
        }
        match self.new.names.get(name - 1) {
            Some(template) if name == self.known + 1 => {
                self.known = name;
                self.out.text(template.name);
            }
            _ => self.fail(Flaw::NotTheSame),
        }
    }

    pub(super) fn close(&mut self) {
        if self.memory.levels.pop().is_none_or(|level| level.slot != level.template.slots.len()) {
            self.fail(Flaw::Left);
        }
    }

    pub(super) fn value(&mut self, datum: Datum<'_>) {
        let word = self.next_new();
        let Some(level) = self.memory.levels.last_mut() else { return self.fail(Flaw::Left) };
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
        self.awaited = false;
        let Some((slot, number, known)) = self.next_slot() else { return };
        if self.next_new() != 0 {
            return self.fail(Flaw::NotTheSame);
        }
        if known {
            let was = self.next_old();
            if was == 0 {
                return;
            }
            self.drop_in(slot, was);
            self.out.int(number.into());
        }
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

    pub(super) fn list(&mut self) {
        let Some((Slot::List(row), number, known)) = self.next_slot() else { return self.fail(Flaw::NotTheSame) };
        // Its slot is over when the list is.
        if let Some(level) = self.memory.levels.last_mut() {
            level.slot -= 1;
        }
        let rows = self.next_new() as usize;
        let mut list = List {
            row,
            number,
            known,
            at: 0,
            rows,
            mask: 0,
            run: 0,
            sources: self.memory.sources.len(),
            old_starts: self.memory.starts.len(),
            new_starts: self.memory.starts.len(),
            old_first: self.was,
            old_end: self.was,
        };
        if known {
            self.plan(&mut list);
        } else {
            self.out.int(rows as i64);
            list.mask = self.begin_run(row, self.is, rows);
            list.run = rows;
        }
        self.memory.lists.push(list);
    }

    /// Says which rows go and how the others change places.
    fn plan(&mut self, list: &mut List) {
        let row = list.row;
        let old_rows = self.next_old() as usize;
        list.old_first = self.was;
        let (mut end, stride) = (self.was, row.slots.len());
        let Memory { plan, sources, starts, .. } = &mut *self.memory;
        let (old, new) = if row.is_flat() {
            end.word += old_rows * stride;
            end.block += old_rows;
            (
                Keys::Strided(self.old.words.get(self.was.word..end.word).unwrap_or_default(), stride),
                Keys::Strided(self.new.words.get(self.is..self.is + list.rows * stride).unwrap_or_default(), stride),
            )
        } else {
            // The rows of lists that are open already are before these.
            let mut note = |tree: Tree<'_>, place: &mut Place, rows: usize| {
                for _ in 0..rows {
                    starts.push(*place);
                    tree.skip(row, place);
                }
                starts.push(*place);
            };
            note(self.old, &mut end, old_rows);
            note(self.new, &mut Place { word: self.is, block: 0 }, list.rows);
            list.new_starts += old_rows + 1;
            (
                Keys::At(self.old.words, starts.get(list.old_starts..list.new_starts - 1).unwrap_or_default()),
                Keys::At(self.new.words, starts.get(list.new_starts..list.new_starts + list.rows).unwrap_or_default()),
            )
        };
        list.old_end = end;
        plan.make(old, new, sources);
        let number = list.number.into();
        for run in &plan.removed {
            self.out.ints(&[-2, number, run.start.into(), run.len() as i64]);
        }
        match &plan.order {
            Order::Same => {}
            Order::Moves(moves) => {
                for (from, to) in moves {
                    self.out.ints(&[-3, number, (*from).into(), (*to).into()]);
                }
            }
            Order::Permuted(at, order) => {
                self.out.ints(&[-4, number, (*at).into()]);
                self.out.array(order);
            }
        }
        let removed = core::mem::take(&mut self.memory.plan.removed);
        for at in removed.iter().cloned().flatten() {
            self.was = self.old_start(list, at as usize);
            self.drop_old(row);
        }
        self.memory.plan.removed = removed;
    }

    /// Where an old row of a list begins.
    fn old_start(&self, list: &List, row: usize) -> Place {
        if list.row.is_flat() {
            let Place { word, block } = list.old_first;
            return Place { word: word + row * list.row.slots.len(), block: block + row };
        }
        self.memory.starts.get(list.old_starts + row).copied().unwrap_or_default()
    }

    /// Writes the mask of rows that begin at a word, if there are two or more.
    fn begin_run(&mut self, row: &'static Template, word: usize, rows: usize) -> u32 {
        if rows < 2 {
            return 0;
        }
        let (hidden, stride) = (usize::from(row.hidden_key), row.slots.len());
        let words = self.new.words.get(word..word + rows * stride).unwrap_or_default();
        let mut mask = 0;
        if row.is_flat() {
            for slot in hidden..stride.min(31) {
                let mut column = words.iter().skip(slot).step_by(stride);
                let first = column.next();
                if column.all(|word| Some(word) == first) {
                    mask |= 1 << slot;
                }
            }
        }
        self.out.int((mask >> hidden).into());
        mask
    }

    pub(super) fn row(&mut self) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        let Some(list) = self.memory.lists.last_mut().filter(|list| list.at < list.rows) else {
            self.fail(Flaw::NotTheSame);
            return false;
        };
        let (at, row) = (list.at, list.row);
        list.at += 1;
        let source = if list.known { self.memory.sources.get(list.sources + at).copied() } else { None };
        match source {
            Some(source) if source != NEW => self.old_row(at, source as usize),
            _ => {
                if at >= list.run {
                    self.begin_inserts(at);
                    return self.begin_new(row, 0);
                }
                let mask = if at > 0 { list.mask } else { 0 };
                self.begin_new(row, mask)
            }
        }
    }

    /// Says that rows come in, from this one to the next that was there before.
    fn begin_inserts(&mut self, at: usize) {
        let Memory { lists, sources, .. } = &mut *self.memory;
        let Some(list) = lists.last_mut() else { return };
        let sources = sources.get(list.sources + at..list.sources + list.rows).unwrap_or_default();
        let rows = sources.iter().take_while(|source| **source == NEW).count();
        list.run = at + rows;
        let row = list.row;
        self.out.ints(&[-1, list.number.into(), at as i64, rows as i64]);
        let mask = self.begin_run(row, self.is, rows);
        if let Some(list) = self.memory.lists.last_mut() {
            list.mask = mask;
        }
    }

    /// A row that the browser has: gone past, if nothing in it changed.
    fn old_row(&mut self, at: usize, source: usize) -> bool {
        let Some(list) = self.memory.lists.last() else { return false };
        let row = list.row;
        let (start, end, is_end) = if row.is_flat() {
            let start = self.old_start(list, source);
            let stride = row.slots.len();
            (start, Place { word: start.word + stride, block: start.block + 1 }, self.is + stride)
        } else {
            let is_end = self.memory.starts.get(list.new_starts + at + 1).map_or(0, |place| place.word);
            (self.old_start(list, source), self.old_start(list, source + 1), is_end)
        };
        self.was = start;
        let was = self.old.words.get(start.word..end.word);
        if was.is_some() && was == self.new.words.get(self.is..is_end) {
            self.bases.extend_from_slice(self.old_bases.get(start.block..end.block).unwrap_or_default());
            self.is = is_end;
            return false;
        }
        self.begin_known(row)
    }

    pub(super) fn end_list(&mut self) {
        let is_list = matches!(self.next_slot(), Some((Slot::List(_), _, _)));
        match self.memory.lists.pop() {
            Some(list) if is_list && list.at == list.rows => {
                self.was = list.old_end;
                self.memory.sources.truncate(list.sources);
                self.memory.starts.truncate(list.old_starts);
            }
            _ => self.fail(Flaw::NotTheSame),
        }
    }

    /// What was wrong, once the render has run.
    pub(super) fn finish(&self) -> Option<Flaw> {
        let is_open = self.awaited || !self.memory.levels.is_empty() || !self.memory.lists.is_empty();
        self.flaw.or((is_open || self.is != self.new.words.len()).then_some(Flaw::NotTheSame))
    }
}
