//! What is kept by name: so much, and each for a day after it was last used.

use lazuli::Timestamp;
use std::collections::BTreeMap;

/// So long something is kept that nobody uses: as long as a page can be mounted.
const KEPT: u64 = 24 * 60 * 60 * 1_000_000; // microseconds

/// Values by name, at most so many. What was not used for longest goes.
pub struct Shelf<T> {
    most: usize,
    all: BTreeMap<String, Kept<T>>,
    /// The names by the number of their latest use, and when that was.
    by_use: BTreeMap<u64, (Timestamp, String)>,
    uses: u64,
}

#[derive(Default)]
struct Kept<T> {
    value: T,
    latest_use: u64,
}

impl<T: Default> Shelf<T> {
    /// An empty one, for so many values, one at least.
    pub fn new(most: usize) -> Shelf<T> {
        Shelf { most, all: BTreeMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// The value of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.all.get(name).map(|kept| &kept.value)
    }

    /// Changes the value of this name. If there is none, it begins as the default.
    pub fn change(&mut self, name: &str, now: Timestamp, change: impl FnOnce(&mut T)) {
        change(&mut self.all.entry(name.into()).or_default().value);
        self.touch(name, now);
    }

    /// Keeps the value of this name from now on, if there is one, and drops what was not used for too long.
    pub fn touch(&mut self, name: &str, now: Timestamp) {
        if let Some(kept) = self.all.get_mut(name) {
            self.by_use.remove(&kept.latest_use);
            self.uses += 1;
            kept.latest_use = self.uses;
            self.by_use.insert(self.uses, (now, name.into()));
        }
        while let Some(oldest) = self.by_use.first_entry() {
            let is_old = now.as_unix_micros().saturating_sub(oldest.get().0.as_unix_micros()) > KEPT;
            if !is_old && self.all.len() <= self.most {
                break;
            }
            self.all.remove(&oldest.remove().1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_unix_micros(micros)
    }

    fn names(shelf: &Shelf<u32>) -> Vec<&str> {
        assert_eq!(shelf.by_use.len(), shelf.all.len());
        shelf.all.keys().map(|name| &**name).collect()
    }

    #[test]
    fn a_value_begins_as_the_default_and_is_changed() {
        let mut shelf = Shelf::new(2);
        shelf.touch("a", at(0));
        assert_eq!(shelf.get("a"), None);
        for _ in 0..2 {
            shelf.change("a", at(1), |number: &mut u32| *number += 1);
        }
        assert_eq!(shelf.get("a"), Some(&2));
    }

    #[test]
    fn of_too_many_the_one_goes_that_was_not_used_for_longest() {
        let mut shelf = Shelf::new(2);
        for name in ["a", "b"] {
            shelf.change(name, at(0), |_| ());
        }
        shelf.touch("a", at(0));
        shelf.change("c", at(0), |_| ());
        assert_eq!(names(&shelf), ["a", "c"]);
    }

    #[test]
    fn what_nobody_uses_goes_after_a_day() {
        let mut shelf = Shelf::new(9);
        shelf.change("a", at(0), |_| ());
        shelf.change("b", at(1), |_| ());
        shelf.touch("another", at(KEPT));
        assert_eq!(names(&shelf), ["a", "b"]);
        shelf.touch("b", at(KEPT + 1));
        assert_eq!(names(&shelf), ["b"]);
        shelf.touch("another", at(3 * KEPT));
        assert_eq!(names(&shelf), [""; 0]);
    }
}
