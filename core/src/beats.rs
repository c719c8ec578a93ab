//! When to look after each socket.
//!
//! Every socket has a next moment, and moments need not be exact: those that are close to each other share one, and a
//! list of connections. That is a few bytes for each where a timer takes forty.

use crate::grow;
use crate::id::ConnId;
use crate::time::Time;
use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

/// Connections by the moment at which to look after them; those of one moment in the order in which they were noted.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    moments: BTreeMap<Time, Moment>,
}

#[derive(Debug, Default)]
struct Moment {
    /// With gaps where one was cancelled, so that the others keep their order.
    conns: VecDeque<Option<ConnId>>,
    /// The place of the first.
    base: u32,
    /// How many are no gaps.
    live: usize,
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

    /// Notes a connection for a moment, which is put off to the next multiple of a 64th of `every`.
    pub(crate) fn insert(&mut self, at: Time, every: Duration, conn: ConnId) -> Beat {
        let grain = (every.as_micros() as u64 / 64).max(1);
        let at = Time::from_micros(at.as_micros().div_ceil(grain).saturating_mul(grain));
        if at == Time::MAX {
            // At the end of time, where nothing comes any more.
            return Beat::NONE;
        }
        let moment = self.moments.entry(at).or_default();
        grow::push_back(&mut moment.conns, Some(conn));
        moment.live += 1;
        Beat { at, place: moment.base + moment.conns.len() as u32 - 1 }
    }

    /// Forgets what was noted. `moved` is told of connections that stand elsewhere now.
    pub(crate) fn cancel(&mut self, beat: Beat, mut moved: impl FnMut(ConnId, Beat)) {
        let Some(moment) = self.moments.get_mut(&beat.at) else { return };
        let place = beat.place.wrapping_sub(moment.base) as usize;
        if moment.conns.get_mut(place).and_then(Option::take).is_none() {
            return;
        }
        moment.live -= 1;
        if moment.live == 0 {
            self.moments.remove(&beat.at);
        } else if moment.conns.len() > 2 * moment.live + 16 {
            // Gaps take no more than what lives.
            moment.conns.retain(Option::is_some);
            moment.base = 0;
            for (place, conn) in moment.conns.iter().flatten().enumerate() {
                moved(*conn, Beat { at: beat.at, place: place as u32 });
            }
        }
    }

    /// Takes out a connection whose moment has come.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<ConnId> {
        let mut first = self.moments.first_entry().filter(|first| *first.key() <= now)?;
        let moment = first.get_mut();
        while let Some(conn) = moment.conns.pop_front() {
            moment.base += 1;
            if conn.is_some() {
                moment.live -= 1;
                if moment.live == 0 {
                    first.remove();
                }
                return conn;
            }
        }
        first.remove();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It agrees with a plain map, and nobody comes early or more than a 64th late.
        #[test]
        fn each_comes_once_in_time_unless_cancelled(steps in prop::collection::vec((0u8..6, 0u64..60, 0u64..200), 0..600)) {
            let every = Duration::from_micros(640);
            let (mut beats, mut now) = (Beats::default(), Time::ZERO);
            let mut noted: BTreeMap<ConnId, (Time, Beat, usize)> = BTreeMap::new();
            for (order, (what, number, after)) in steps.into_iter().enumerate() {
                let conn = ConnId::from_u64(1 << 32 | number).unwrap_or_else(|| unreachable!());
                match what {
                    0..3 => {
                        if let std::collections::btree_map::Entry::Vacant(entry) = noted.entry(conn) {
                            let at = now + Duration::from_micros(after);
                            entry.insert((at, beats.insert(at, every, conn), order));
                        }
                    }
                    3 | 4 => {
                        if let Some((_, beat, _)) = noted.remove(&conn) {
                            beats.cancel(beat, |moved, beat| noted.get_mut(&moved).unwrap().1 = beat);
                        }
                    }
                    _ => {
                        now = now + Duration::from_micros(after);
                        let mut before = (Time::ZERO, 0);
                        while let Some(conn) = beats.pop_due(now) {
                            let (at, beat, order) = noted.remove(&conn).unwrap();
                            prop_assert!(at <= now && before < (beat.at, order + 1));
                            before = (beat.at, order + 1);
                        }
                        prop_assert!(noted.values().all(|(at, _, _)| *at + Duration::from_micros(10) > now));
                    }
                }
                prop_assert_eq!(beats.moments.values().map(|moment| moment.live).sum::<usize>(), noted.len());
                prop_assert!(beats.moments.values().all(|moment| moment.conns.len() <= 2 * moment.live + 16));
                prop_assert_eq!(beats.next().is_some(), !noted.is_empty());
            }
        }
    }
}
