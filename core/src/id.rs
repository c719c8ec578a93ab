//! Names of connections that never come to mean another one.

use crate::canary::{Canary, is_planted};
use crate::grow;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU64;

/// Names one connection of one hub.
///
/// It holds a place in the hub's table and the generation of that place, so the id of a connection that is gone never
/// names the one that came after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(NonZeroU64);

impl ConnId {
    fn new(index: u32, generation: u32) -> ConnId {
        // Generations start at 1, so this is never zero.
        ConnId(NonZeroU64::new(u64::from(generation) << 32 | u64::from(index)).unwrap_or(NonZeroU64::MIN))
    }

    /// The place in the hub's table: dense, and used again once a connection is gone.
    pub fn index(self) -> usize {
        self.0.get() as u32 as usize
    }

    fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// The id as a number, for a log or a file.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// The id that [`ConnId::as_u64`] gave; `None` for zero, which is no id.
    pub const fn from_u64(number: u64) -> Option<ConnId> {
        match NonZeroU64::new(number) {
            Some(number) => Some(ConnId(number)),
            None => None,
        }
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.index(), self.generation())
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As a string: a number of 64 bits would lose digits in a browser.
impl serde::Serialize for ConnId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A table whose keys are [`ConnId`]s: a slab with generations.
///
/// ```
/// use lazuli::id::Table;
///
/// let mut table = Table::new();
/// let a = table.insert("a");
/// assert_eq!(table.remove(a), Some("a"));
/// let b = table.insert("b");
/// assert_eq!(a.index(), b.index());
/// assert_eq!((table.get(a), table.get(b)), (None, Some(&"b")));
/// ```
#[derive(Debug)]
pub struct Table<T> {
    slab: slab::Slab<T>,
    /// Of each place that was ever used: its latest generation.
    generations: Vec<u32>,
    /// The one before a place's first.
    before: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::with_generations_after(0)
    }
}

impl<T> Table<T> {
    /// An empty table; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table whose places begin with the generation after this one, so that ids of tables that begin far apart differ, until a place
    /// of one has been used as often as they lie apart.
    pub fn with_generations_after(before: u32) -> Self {
        Table { slab: slab::Slab::new(), generations: Vec::new(), before }
    }

    /// Puts a value in and names it.
    pub fn insert(&mut self, value: T) -> ConnId {
        let index = grow::insert(&mut self.slab, value);
        let before = self.before;
        let generation = grow::place(&mut self.generations, index, || before);
        *generation = generation.checked_add(1).unwrap_or(1);
        ConnId::new(index as u32, *generation)
    }

    fn is_current(&self, id: ConnId) -> bool {
        self.generations.get(id.index()) == Some(&id.generation()) || is_planted(Canary::StaleId)
    }

    /// Whether `id` names a value still.
    pub fn contains(&self, id: ConnId) -> bool {
        self.is_current(id) && self.slab.contains(id.index())
    }

    /// The value that `id` names, unless it is gone.
    pub fn get(&self, id: ConnId) -> Option<&T> {
        if self.is_current(id) { self.slab.get(id.index()) } else { None }
    }

    /// The value that `id` names, unless it is gone.
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        if self.is_current(id) { self.slab.get_mut(id.index()) } else { None }
    }

    /// Takes the value out; its id names nothing from now on.
    pub fn remove(&mut self, id: ConnId) -> Option<T> {
        if self.is_current(id) { self.slab.try_remove(id.index()) } else { None }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }

    /// All values with their ids, by place.
    pub fn iter(&self) -> impl Iterator<Item = (ConnId, &T)> {
        self.slab.iter().map(|(index, value)| (ConnId::new(index as u32, self.generations[index]), value))
    }
}
