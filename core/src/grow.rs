//! Tables that grow by a quarter.
//!
//! A vector doubles when it is full, and just after that half of it is empty. The tables of all connections are most of
//! what an idle connection takes, so here a fifth is empty at most. A place is copied four to five times while its table
//! grows, not once; nothing else changes: a table that is not full costs one comparison.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use slab::Slab;

/// For how many more there is to be room. Many have one place and never another: a user's connections, a room of one.
fn step(length: usize) -> usize {
    (length / 4).max(length.min(4)).max(1)
}

/// Puts a value behind the others.
#[inline]
pub(crate) fn push<T>(table: &mut Vec<T>, value: T) {
    if table.len() == table.capacity() {
        table.reserve_exact(step(table.len()));
    }
    table.push(value);
}

/// Puts a value behind the others.
#[inline]
pub(crate) fn push_back<T>(queue: &mut VecDeque<T>, value: T) {
    if queue.len() == queue.capacity() {
        queue.reserve_exact(step(queue.len()));
    }
    queue.push_back(value);
}

/// Puts a value into a free place, and says where.
#[inline]
pub(crate) fn insert<T>(slab: &mut Slab<T>, value: T) -> usize {
    if slab.len() == slab.capacity() {
        slab.reserve_exact(step(slab.len()));
    }
    slab.insert(value)
}

/// The place `index`; if it is not there yet, it is made, with all before it.
#[inline]
pub(crate) fn place<T>(table: &mut Vec<T>, index: usize, empty: impl FnMut() -> T) -> &mut T {
    if index >= table.len() {
        reach(table, index, empty);
    }
    &mut table[index]
}

#[cold]
fn reach<T>(table: &mut Vec<T>, index: usize, empty: impl FnMut() -> T) {
    let more = index + 1 - table.len();
    if more > table.capacity() - table.len() {
        table.reserve_exact(more.max(step(table.len())));
    }
    table.resize_with(index + 1, empty);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the length, no more than a fifth and four places are empty, and it is not copied with every value.
    fn is_good(capacities: impl Iterator<Item = usize>) {
        let (mut before, mut copied) = (0, 0);
        for (length, capacity) in (1..).zip(capacities) {
            assert!(length <= capacity && capacity <= length + length / 4 + 4, "{length} of {capacity}");
            if capacity != before {
                copied += before;
            }
            before = capacity;
            assert!(copied < 6 * length, "{copied} copied for {length}");
        }
    }

    #[test]
    fn all_tables_grow_by_a_quarter() {
        let (mut pushed, mut queue, mut slab, mut placed) = (Vec::new(), VecDeque::new(), Slab::new(), Vec::new());
        let numbers = || 0..20_000usize;
        is_good(numbers().map(|number| {
            push(&mut pushed, number);
            pushed.capacity()
        }));
        is_good(numbers().map(|number| {
            push_back(&mut queue, number);
            queue.capacity()
        }));
        is_good(numbers().map(|number| {
            assert_eq!(insert(&mut slab, number), number);
            slab.capacity()
        }));
        is_good(numbers().map(|number| {
            *place(&mut placed, number, || 0) = 1;
            placed.capacity()
        }));
    }

    #[test]
    fn a_slab_with_free_places_does_not_grow() {
        let mut slab = Slab::new();
        let places: Vec<usize> = (0..100).map(|number| insert(&mut slab, number)).collect();
        let capacity = slab.capacity();
        for &place in &places[10..60] {
            slab.remove(place);
        }
        for number in 0..50 {
            assert!(insert(&mut slab, number) < 100);
        }
        assert_eq!(slab.capacity(), capacity);
    }

    #[test]
    fn a_place_far_away_is_made_with_all_before_it() {
        let mut table = Vec::new();
        *place(&mut table, 1_000, || 1) = 7u8;
        assert_eq!((table.len(), table.iter().map(|&number| u32::from(number)).sum()), (1_001, 1_007));
        assert_eq!(*place(&mut table, 3, || 2), 1);
    }
}
