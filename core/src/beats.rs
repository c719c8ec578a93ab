//! When to look after each socket.
//!
//! Every socket has a next moment, and moments need not be exact: those that are close to each other share one, and a
//! list of connections. That is a few bytes for each where a timer takes forty.

use crate::id::ConnId;
use crate::time::Time;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

/// Connections by the moment at which to look after them.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    moments: BTreeMap<Time, Vec<ConnId>>,
}

/// Where a connection stands; it is kept with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    /// [`Time::MAX`]: nowhere.
    at: Time,
    place: u32,
}

impl Beat {
    pub(crate) const NONE: Beat = Beat { at: Time::MAX, place: 0 };
}

impl Beats {
    pub(crate) fn next(&self) -> Option<Time> {
        self.moments.first_key_value().map(|(at, _)| *at)
    }

    /// Notes a connection for a moment, which may be put off by a 64th of `every`.
    pub(crate) fn insert(&mut self, at: Time, every: Duration, conn: ConnId) -> Beat {
        let grain = (every.as_micros() as u64 / 64).max(1);
        let micros = at.as_micros().div_ceil(grain).saturating_mul(grain);
        let at = Time::from_micros(micros);
        if at == Time::MAX {
            // At the end of time, where nothing comes any more.
            return Beat::NONE;
        }
        let conns = self.moments.entry(at).or_default();
        conns.push(conn);
        Beat { at, place: conns.len() as u32 - 1 }
    }

    /// Forgets what was noted. If another connection takes the place, its own [`Beat`] is the one that was cancelled now.
    pub(crate) fn cancel(&mut self, beat: Beat) -> Option<ConnId> {
        let conns = self.moments.get_mut(&beat.at)?;
        let place = beat.place as usize;
        if place < conns.len() {
            conns.swap_remove(place);
        }
        let moved = conns.get(place).copied();
        if conns.is_empty() {
            self.moments.remove(&beat.at);
        }
        moved
    }

    /// Takes out a connection whose moment has come.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<ConnId> {
        let mut first = self.moments.first_entry().filter(|first| *first.key() <= now)?;
        let conn = first.get_mut().pop();
        if first.get().is_empty() {
            first.remove();
        }
        conn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It agrees with a plain map, and nobody comes early or more than a 64th late.
        #[test]
        fn each_comes_once_in_time_unless_cancelled(steps in prop::collection::vec((0u8..4, 0u64..8, 0u64..2_000), 0..200)) {
            let every = Duration::from_micros(640);
            let (mut beats, mut now) = (Beats::default(), Time::ZERO);
            let mut noted: BTreeMap<ConnId, (Time, Beat)> = BTreeMap::new();
            for (what, number, after) in steps {
                let conn = ConnId::from_u64(1 << 32 | number).unwrap_or_else(|| unreachable!());
                match what {
                    0 | 1 => {
                        if let std::collections::btree_map::Entry::Vacant(entry) = noted.entry(conn) {
                            let at = now + Duration::from_micros(after);
                            entry.insert((at, beats.insert(at, every, conn)));
                        }
                    }
                    2 => {
                        if let Some((_, beat)) = noted.remove(&conn)
                            && let Some(moved) = beats.cancel(beat)
                        {
                            noted.get_mut(&moved).unwrap().1 = beat;
                        }
                    }
                    _ => {
                        now = now + Duration::from_micros(after);
                        while let Some(conn) = beats.pop_due(now) {
                            let (at, _) = noted.remove(&conn).unwrap();
                            prop_assert!(at <= now);
                        }
                        prop_assert!(noted.values().all(|(at, _)| *at + Duration::from_micros(10) > now));
                    }
                }
                prop_assert_eq!(beats.moments.values().map(Vec::len).sum::<usize>(), noted.len());
                prop_assert_eq!(beats.next().is_some(), !noted.is_empty());
            }
        }
    }
}
