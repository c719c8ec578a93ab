//! Lists in a patch: which rows go, move and come, and which are gone past because nothing in them changed.

use super::Writer;
use crate::canary::{Canary, is_planted};
use crate::html::fault::Flaw;
use crate::html::list::{Keys, NEW, Order};
use crate::html::template::{Slot, Template};
use crate::html::walk::{Place, Tree};

/// A list that is open.
pub(super) struct List {
    row: &'static Template,
    number: u32,
    known: bool,
    /// The row that is next, and how many there are.
    at: usize,
    rows: usize,
    /// Up to here the rows are as they were, and gone past already.
    same: usize,
    /// The mask of the rows that come now, and where they end.
    mask: u32,
    run: usize,
    /// So many at the start are the first old ones.
    first: usize,
    /// Its part of [`Writer::sources`].
    sources: usize,
    /// Its parts of [`Writer::starts`]: old rows and new ones, each with an end. Empty for rows of values alone.
    old_starts: usize,
    new_starts: usize,
    /// Where the first old row begins, and what comes after the last.
    old_first: Place,
    old_end: Place,
}

impl Writer {
    pub(in crate::html) fn list(&mut self) {
        let Some((Slot::List(row), number, known)) = self.next_slot() else { return self.fail(Flaw::NotTheSame) };
        let rows = self.next_new() as usize;
        let mut list = List {
            row,
            number,
            known,
            at: 0,
            rows,
            same: 0,
            mask: 0,
            run: 0,
            first: 0,
            sources: self.sources.len(),
            old_starts: self.starts.len(),
            new_starts: self.starts.len(),
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
        self.lists.push(list);
    }

    /// Says which rows go and how the others change places.
    fn plan(&mut self, list: &mut List) {
        let row = list.row;
        let old_rows = self.next_old() as usize;
        list.old_first = self.was;
        let (mut end, stride) = (self.was, row.slots.len());
        let Writer { plan, sources, starts, old_words, words, names, .. } = self;
        let (old, new) = if row.is_flat() {
            end.word += old_rows * stride;
            end.block += old_rows;
            (
                Keys::Strided(old_words.get(self.was.word..end.word).unwrap_or_default(), stride),
                Keys::Strided(words.get(self.is..self.is + list.rows * stride).unwrap_or_default(), stride),
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
            note(Tree { words: old_words, names }, &mut end, old_rows);
            note(Tree { words, names }, &mut Place { word: self.is, block: 0 }, list.rows);
            list.new_starts += old_rows + 1;
            (
                Keys::At(old_words, starts.get(list.old_starts..list.new_starts - 1).unwrap_or_default()),
                Keys::At(words, starts.get(list.new_starts..list.new_starts + list.rows).unwrap_or_default()),
            )
        };
        list.old_end = end;
        plan.make(old, new, sources);
        list.first = plan.first;
        let number = list.number.into();
        match &plan.removed[..] {
            [] => {}
            [run] => self.out.ints(&[-2, number, run.start.into(), run.len() as i64]),
            runs => {
                self.out.ints(&[-2, number]);
                let mut stays = 0;
                self.out.array(runs.iter().flat_map(|run| {
                    let before = core::mem::replace(&mut stays, run.end);
                    [run.start - before, run.end - run.start]
                }));
            }
        }
        match &plan.order {
            Order::Same => {}
            Order::Moves(moves) => {
                for (from, to) in moves {
                    let to = to - u32::from(to > from && is_planted(Canary::WrongPlace));
                    self.out.ints(&[-3, number, (*from).into(), to.into()]);
                }
            }
            Order::Permuted(at, order) => {
                self.out.ints(&[-4, number, (*at).into()]);
                self.out.array(order.iter().copied());
            }
        }
        let removed = core::mem::take(&mut self.plan.removed);
        for at in removed.iter().cloned().flatten() {
            self.was = self.old_start(list, at as usize);
            self.drop_old(row);
        }
        self.plan.removed = removed;
    }

    /// Where an old row of a list begins.
    fn old_start(&self, list: &List, row: usize) -> Place {
        if list.row.is_flat() {
            let Place { word, block } = list.old_first;
            return Place { word: word + row * list.row.slots.len(), block: block + row };
        }
        self.starts.get(list.old_starts + row).copied().unwrap_or_default()
    }

    /// Writes the mask of rows that begin at a word, if there are two or more.
    fn begin_run(&mut self, row: &'static Template, word: usize, rows: usize) -> u32 {
        if rows < 2 {
            return 0;
        }
        let (hidden, stride) = (usize::from(row.hidden_key), row.slots.len());
        let words = self.words.get(word..word + rows * stride).unwrap_or_default();
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

    #[inline]
    pub(in crate::html) fn row(&mut self) -> bool {
        if let Some(list) = self.lists.last_mut()
            && list.at < list.same
        {
            list.at += 1;
            return false;
        }
        self.next_row()
    }

    fn next_row(&mut self) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        let Some(list) = self.lists.last_mut().filter(|list| list.at < list.rows) else {
            self.fail(Flaw::NotTheSame);
            return false;
        };
        let (at, row) = (list.at, list.row);
        list.at += 1;
        let source = if list.known { self.sources.get(list.sources + at).copied() } else { None };
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
        let Writer { lists, sources, .. } = self;
        let Some(list) = lists.last_mut() else { return };
        let sources = sources.get(list.sources + at..list.sources + list.rows).unwrap_or_default();
        let rows = sources.iter().take_while(|source| **source == NEW).count();
        list.run = at + rows;
        let row = list.row;
        self.out.ints(&[-1, list.number.into(), at as i64, rows as i64]);
        let mask = self.begin_run(row, self.is, rows);
        if let Some(list) = self.lists.last_mut() {
            list.mask = mask;
        }
    }

    /// A row that the browser has: gone past, if nothing in it changed, and with it all after it of which the same is true.
    fn old_row(&mut self, at: usize, source: usize) -> bool {
        let Some(list) = self.lists.last() else { return false };
        let row = list.row;
        let start = self.old_start(list, source);
        self.was = start;
        let (same, end, is_end) = if row.is_flat() {
            let same = self.same_rows(list, at, source);
            (same, start.block + same, self.is + same * row.slots.len())
        } else {
            let end = self.old_start(list, source + 1);
            let is_end = self.starts.get(list.new_starts + at + 1).map_or(0, |place| place.word);
            let was = self.old_words.get(start.word..end.word);
            let is_same = was.is_some() && was == self.words.get(self.is..is_end);
            (usize::from(is_same), end.block, is_end)
        };
        if same == 0 {
            return self.begin_known(row);
        }
        self.bases.extend_from_slice(self.old_bases.get(start.block..end).unwrap_or_default());
        self.is = is_end;
        if let Some(list) = self.lists.last_mut() {
            list.same = at + same;
        }
        false
    }

    /// How many rows of values alone, from this one on, are the old ones from `source` on.
    fn same_rows(&self, list: &List, at: usize, source: usize) -> usize {
        let stride = list.row.slots.len();
        let was = self.old_words.get(self.was.word..list.old_end.word).unwrap_or_default();
        let is = self.words.get(self.is..self.is + (list.rows - at) * stride).unwrap_or_default();
        let sources = self.sources.get(list.sources + at..list.sources + list.rows).unwrap_or_default();
        let equal = common_start(was, is) / stride;
        let sources = sources.get(..equal).unwrap_or(sources);
        // Before the first key that changed, each row has its own place.
        let sure = if source == at { list.first.saturating_sub(at).min(sources.len()) } else { 0 };
        (sure..sources.len()).find(|row| sources[*row] as usize != source + row).unwrap_or(sources.len())
    }

    pub(in crate::html) fn end_list(&mut self) {
        let slot = self.levels.last().and_then(|level| level.template.slots.get(level.slot.wrapping_sub(1)));
        let is_list = matches!(slot, Some(Slot::List(_)));
        match self.lists.pop() {
            Some(list) if is_list && list.at == list.rows => {
                self.was = list.old_end;
                self.sources.truncate(list.sources);
                self.starts.truncate(list.old_starts);
            }
            _ => self.fail(Flaw::NotTheSame),
        }
    }
}

/// How many words two rows of words have in common at their start.
fn common_start(a: &[u64], b: &[u64]) -> usize {
    // Whole chunks are compared by what the machine does fastest.
    const CHUNK: usize = 32;
    let chunks = a.chunks(CHUNK).zip(b.chunks(CHUNK)).take_while(|(a, b)| a == b && a.len() == CHUNK).count() * CHUNK;
    let (a, b) = (a.get(chunks..).unwrap_or_default(), b.get(chunks..).unwrap_or_default());
    let rest = a.iter().zip(b).position(|(a, b)| a != b);
    chunks + rest.unwrap_or(a.len().min(b.len()))
}
