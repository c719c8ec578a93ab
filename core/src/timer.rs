//! Deadlines in order, with exact cancellation.

use crate::grow;
use crate::time::Time;
use alloc::vec::Vec;

/// Names a timer until it fires or is cancelled.
///
/// A key is meant to be kept by the timer's owner and forgotten with it: a key used after that may name another timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey(u32);

/// Timers as a binary heap that knows where each timer stands in it.
///
/// The next deadline is read in O(1); insertion, cancellation and firing are O(log n). A cancelled timer leaves nothing
/// behind. Timers of equal time fire in the order in which they were set.
///
/// ```
/// use lazuli::Time;
/// use lazuli::timer::TimerQueue;
///
/// let mut timers = TimerQueue::new();
/// let a = timers.insert(Time::from_micros(10), "a");
/// timers.insert(Time::from_micros(20), "b");
/// assert_eq!(timers.cancel(a), Some("a"));
/// assert_eq!(timers.next(), Some(Time::from_micros(20)));
/// assert_eq!(timers.pop_due(Time::from_micros(19)), None);
/// assert_eq!(timers.pop_due(Time::from_micros(20)), Some("b"));
/// ```
#[derive(Debug)]
pub struct TimerQueue<T> {
    /// Each child is not earlier than its parent; `at` and `order` are here so that ordering touches no slab.
    heap: Vec<Entry>,
    slab: slab::Slab<Timer<T>>,
    /// Counts insertions: the order among equal times.
    inserted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Time,
    order: u64,
    key: u32,
}

impl Entry {
    fn before(&self, other: &Entry) -> bool {
        (self.at, self.order) < (other.at, other.order)
    }
}

#[derive(Debug)]
struct Timer<T> {
    /// Where this timer's entry stands in the heap.
    position: u32,
    value: T,
}

impl<T> Default for TimerQueue<T> {
    fn default() -> Self {
        TimerQueue { heap: Vec::new(), slab: slab::Slab::new(), inserted: 0 }
    }
}

impl<T> TimerQueue<T> {
    /// An empty queue; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many timers are set.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Time> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Sets a timer.
    pub fn insert(&mut self, at: Time, value: T) -> TimerKey {
        let position = self.heap.len();
        let key = grow::insert(&mut self.slab, Timer { position: position as u32, value }) as u32;
        self.inserted += 1;
        grow::push(&mut self.heap, Entry { at, order: self.inserted, key });
        self.rise(position);
        TimerKey(key)
    }

    /// Takes a timer back before it fires.
    pub fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let timer = self.slab.try_remove(key.0 as usize)?;
        self.take_out(timer.position as usize);
        Some(timer.value)
    }

    /// Takes out the earliest timer if its time has come.
    pub fn pop_due(&mut self, now: Time) -> Option<T> {
        let first = self.heap.first().filter(|entry| entry.at <= now)?;
        self.cancel(TimerKey(first.key))
    }

    /// Removes the entry at `position` and mends the heap around the one that takes its place.
    fn take_out(&mut self, position: usize) {
        self.heap.swap_remove(position);
        if position < self.heap.len() {
            self.rise(position);
            self.sink(position);
        }
    }

    /// Puts an entry where it belongs, and tells its timer.
    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        if let Some(timer) = self.slab.get_mut(entry.key as usize) {
            timer.position = position as u32;
        }
    }

    /// Moves the entry at `position` up until its parent is not later.
    fn rise(&mut self, mut position: usize) {
        let entry = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / 2;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.put(position, self.heap[parent]);
            position = parent;
        }
        self.put(position, entry);
    }

    /// Moves the entry at `position` down until no child is earlier.
    fn sink(&mut self, mut position: usize) {
        let entry = self.heap[position];
        loop {
            let left = 2 * position + 1;
            let Some(mut least) = self.heap.get(left).map(|_| left) else { break };
            if self.heap.get(left + 1).is_some_and(|right| right.before(&self.heap[left])) {
                least = left + 1;
            }
            if !self.heap[least].before(&entry) {
                break;
            }
            self.put(position, self.heap[least]);
            position = least;
        }
        self.put(position, entry);
    }
}
