//! From one order of keys to another: what goes, what moves, what comes.

use super::moves::steps;
use alloc::vec::Vec;
use core::ops::Range;

/// A row that was not there before.
pub(super) const NEW: u32 = u32::MAX;

/// How rows become others. Its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Runs of old rows that go.
    pub(super) removed: Vec<Range<u32>>,
    /// What is done with those that stay.
    pub(super) order: Order,
    /// So many rows at the start are what they were.
    pub(super) first: usize,
    old: Vec<(u64, u32)>,
    taken: Vec<u32>,
    gone: Vec<bool>,
    ranks: Vec<u32>,
    kept: Vec<u32>,
}

/// How rows that stay change places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Same,
    /// One after the other: from where, to where.
    Moves(Vec<(u32, u32)>),
    /// From this row on: each one's place before, counted from there.
    Permuted(u32, Vec<u32>),
}

/// With more moves than one in so many rows, their order is said as a whole.
const ROWS_PER_MOVE: usize = 4;
/// As many are cheap, however few the rows.
const FEW_MOVES: usize = 2;

impl Plan {
    /// Finds out how the `old` keys become the `new` ones. Appends to `sources` for each new row which old one it is, or [`NEW`]. A key that
    /// stands there twice is another one each time.
    pub(super) fn make(&mut self, old: Keys<'_>, new: Keys<'_>, sources: &mut Vec<u32>) {
        self.removed.clear();
        self.order = Order::Same;
        let (before, after) = (old.len(), new.len());
        let shorter = before.min(after);
        let first = old.common_start(new, shorter);
        let ends = (0..shorter - first).find(|at| old.get(before - 1 - at) != new.get(after - 1 - at));
        let last = ends.unwrap_or(shorter - first);
        let (old_middle, new_middle) = (first..before - last, first..after - last);
        self.first = first;
        sources.extend(0..first as u32);
        if old_middle.is_empty() {
            sources.extend(new_middle.map(|_| NEW));
        } else if new_middle.is_empty() {
            self.removed.push(old_middle.start as u32..old_middle.end as u32);
        } else {
            let start = sources.len();
            self.find(old, old_middle.clone(), new, new_middle, sources);
            self.find_removed(old_middle);
            let sources = sources.get(start..).unwrap_or_default();
            self.find_order(first as u32, sources);
        }
        sources.extend((before - last) as u32..before as u32);
    }

    /// Looks each new key up among the old.
    fn find(&mut self, old: Keys<'_>, olds: Range<usize>, new: Keys<'_>, news: Range<usize>, sources: &mut Vec<u32>) {
        self.old.clear();
        self.old.extend(olds.clone().map(|at| (old.get(at), at as u32)));
        self.old.sort_unstable();
        self.taken.clear();
        self.taken.resize(self.old.len(), 0);
        self.gone.clear();
        self.gone.resize(olds.len(), true);
        for at in news {
            let key = new.get(at);
            let group = self.old.partition_point(|(found, _)| *found < key);
            let mut source = NEW;
            if let Some(taken) = self.taken.get_mut(group)
                && let Some(&(found, row)) = self.old.get(group + *taken as usize)
                && found == key
            {
                *taken += 1;
                self.gone[row as usize - olds.start] = false;
                source = row;
            }
            sources.push(source);
        }
    }

    fn find_removed(&mut self, olds: Range<usize>) {
        self.ranks.clear();
        let mut kept = 0;
        for (offset, gone) in self.gone.iter().enumerate() {
            self.ranks.push(kept);
            if !gone {
                kept += 1;
                continue;
            }
            let row = (olds.start + offset) as u32;
            match self.removed.last_mut() {
                Some(run) if run.end == row => run.end += 1,
                _ => self.removed.push(row..row + 1),
            }
        }
    }

    /// Finds how those that stay come into their new order. `first`: the row before which nothing changed.
    fn find_order(&mut self, first: u32, sources: &[u32]) {
        self.kept.clear();
        let ranks = &self.ranks;
        self.kept
            .extend(sources.iter().filter(|source| **source != NEW).map(|source| ranks[(source - first) as usize]));
        let Some(start) = (0..self.kept.len()).find(|at| self.kept[*at] != *at as u32) else { return };
        let end = (0..self.kept.len()).rfind(|at| self.kept[*at] != *at as u32).map_or(start, |at| at + 1);
        let order: Vec<u32> = self.kept[start..end].iter().map(|rank| rank - start as u32).collect();
        let first = first + start as u32;
        self.order = match steps(&order, FEW_MOVES.max(order.len() / ROWS_PER_MOVE)) {
            Some(steps) => {
                Order::Moves(steps.iter().map(|(from, to)| (first + *from as u32, first + *to as u32)).collect())
            }
            None => Order::Permuted(first, order),
        };
    }
}

/// The keys of rows, where they stand among the words.
#[derive(Clone, Copy)]
pub(super) enum Keys<'a> {
    /// Every so many words one.
    Strided(&'a [u64], usize),
    /// At these places.
    At(&'a [u64], &'a [super::walk::Place]),
}

impl Keys<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Keys::Strided(words, stride) => words.len() / stride.max(1),
            Keys::At(_, places) => places.len(),
        }
    }

    /// How many of the first `most` keys are the same.
    fn common_start(self, other: Keys<'_>, most: usize) -> usize {
        match (self, other) {
            (Keys::Strided(a, stride), Keys::Strided(b, _)) => common_rows(a, b, stride.max(1)).min(most),
            _ => (0..most).find(|at| self.get(*at) != other.get(*at)).unwrap_or(most),
        }
    }

    pub(super) fn get(self, row: usize) -> u64 {
        match self {
            Keys::Strided(words, stride) => words.get(row * stride),
            Keys::At(words, places) => places.get(row).and_then(|place| words.get(place.word)),
        }
        .copied()
        .unwrap_or(0)
    }
}

/// How many rows have the same keys, from the first on.
fn common_rows(a: &[u64], b: &[u64], stride: usize) -> usize {
    // Most rows are the same as a whole, which is found out for many at once by what the machine does fastest.
    const MANY: usize = 32;
    let mut same = 0;
    for (a, b) in a.chunks(MANY * stride).zip(b.chunks(MANY * stride)) {
        let rows = a.len() / stride;
        let found = if a == b {
            rows
        } else {
            a.chunks_exact(stride).zip(b.chunks_exact(stride)).take_while(|(a, b)| a[0] == b[0]).count()
        };
        same += found;
        if found < rows {
            break;
        }
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Does what the plan says, as a browser would.
    fn play(old: &[u64], new: &[u64]) -> (Vec<u64>, Plan) {
        let (mut plan, mut sources) = (Plan::default(), Vec::new());
        plan.make(Keys::Strided(old, 1), Keys::Strided(new, 1), &mut sources);
        let mut rows = old.to_vec();
        for run in plan.removed.iter().rev() {
            rows.drain(run.start as usize..run.end as usize);
        }
        match &plan.order {
            Order::Same => {}
            Order::Moves(moves) => {
                for (from, to) in moves {
                    let row = rows.remove(*from as usize);
                    rows.insert(*to as usize, row);
                }
            }
            Order::Permuted(at, order) => {
                let at = *at as usize;
                let before = rows[at..at + order.len()].to_vec();
                for (place, from) in order.iter().enumerate() {
                    rows[at + place] = before[*from as usize];
                }
            }
        }
        assert_eq!(sources.len(), new.len());
        for (at, source) in sources.iter().enumerate() {
            match *source {
                NEW => rows.insert(at, new[at]),
                source => assert_eq!(old[source as usize], new[at]),
            }
        }
        (rows, plan)
    }

    #[test]
    fn few_rows_move() {
        let old: Vec<u64> = (0..1000).collect();
        let mut swapped = old.clone();
        swapped.swap(1, 998);
        let (rows, plan) = play(&old, &swapped);
        assert_eq!((rows, plan.order), (swapped, Order::Moves([(998, 1), (2, 998)].into())));

        let mut rotated = old.clone();
        rotated.rotate_right(1);
        assert_eq!(play(&old, &rotated).1.order, Order::Moves([(999, 0)].into()));

        let reversed: Vec<u64> = old.iter().rev().copied().collect();
        let (rows, plan) = play(&old, &reversed);
        assert_eq!(rows, reversed);
        assert!(matches!(plan.order, Order::Permuted(0, order) if order.len() == 1000));
    }

    #[test]
    fn rows_that_go_go_in_runs() {
        let old: Vec<u64> = (0..10).collect();
        let (_, plan) = play(&old, &[0, 1, 5, 9]);
        assert_eq!((plan.removed, plan.order), ([2..5, 6..9].into(), Order::Same));
    }

    proptest! {
        #[test]
        fn a_plan_leads_from_old_to_new(old in prop::collection::vec(0_u64..30, 0..40), new in prop::collection::vec(0_u64..30, 0..40)) {
            prop_assert_eq!(play(&old, &new).0, new);
        }

        #[test]
        fn a_shuffle_loses_nothing(old in Just((0_u64..60).collect::<Vec<_>>()), new in Just((0_u64..60).collect::<Vec<_>>()).prop_shuffle()) {
            let (rows, plan) = play(&old, &new);
            prop_assert_eq!(rows, new);
            prop_assert!(plan.removed.is_empty());
        }
    }
}
