//! The second run of a seed is a restless one: what must not matter is otherwise in it, and it has to be the same run.
//!
//! The clock goes back between two calls of one moment, and time has passed when nothing is due. Where there are links (clients and pages),
//! what was read from a socket at once is handed to the driver in pieces, the driver has a turn when there is nothing to do, is told that
//! a socket takes bytes which has taken all, and of a shutdown twice. Where hubs are driven by hand, they hear in two calls of what was
//! written at once. What is drawn for that is not read off the tape: the tape is that of the first run.

use crate::oracle::{Failure, Oracle, unequal_at_end};
use crate::rng::Rng;
use crate::trace::{Step, Trace};
use lazuli::Time;
use std::time::Duration;

/// What is otherwise in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// How reads are split, and when outputs are polled.
    pub(crate) chunks: bool,
    /// A clock that goes back.
    pub(crate) clock: bool,
}

impl Manner {
    /// That of a seed's first run.
    pub(crate) const CALM: Manner = Manner { chunks: false, clock: false };
    /// That of its second.
    pub(crate) const RESTLESS: Manner = Manner { chunks: true, clock: true };
}

/// What became of a run.
pub(crate) struct Ran<T> {
    pub(crate) result: T,
    pub(crate) failure: Option<Failure>,
    pub(crate) trace: Trace,
    pub(crate) simulated: Duration,
}

/// Runs again, restlessly, what was right when it ran first, with these steps. If it is not the same, it runs until it is
/// clear what makes the difference.
pub(crate) fn run_again<T>(steps: Vec<Step>, run: impl Fn(Trace, Manner) -> Ran<T>) -> Ran<T> {
    let compared = |steps, manner| {
        let mut ran = run(Trace::against(steps), manner);
        ran.failure = ran.failure.or_else(|| unequal_at_end(&ran.trace, ran.simulated));
        ran
    };
    let mut again = compared(steps, Manner::RESTLESS);
    let Some(failure) = &mut again.failure else { return again };
    let mut steps = again.trace.take_before();
    failure.oracle = Oracle::Time;
    for (manner, oracle) in
        [(Manner::CALM, Oracle::Determinism), (Manner { chunks: true, ..Manner::CALM }, Oracle::Chunking)]
    {
        let mut ran = compared(steps, manner);
        if let Some(failure) = &mut ran.failure {
            failure.oracle = oracle;
            return ran;
        }
        steps = ran.trace.take_before();
    }
    again
}

/// Draws what is otherwise.
#[derive(Debug)]
pub(crate) struct Restless {
    manner: Manner,
    rng: Rng,
}

impl Restless {
    /// In this manner; the seed is what is known when the run begins.
    pub(crate) fn new(manner: Manner, seed: u64) -> Restless {
        Restless { manner, rng: Rng::new(seed) }
    }

    /// The pieces in which so many bytes are handed over: where each of them ends.
    pub(crate) fn ends(&mut self, length: usize, ends: &mut Vec<usize>) {
        ends.clear();
        if self.manner.chunks && length > 1 {
            match self.rng.below(8) {
                0 if length <= 512 => ends.extend(1..length),
                0..4 => {
                    ends.extend((0..=self.rng.below(3)).map(|_| self.rng.between(1, length as u64 - 1) as usize));
                    ends.sort_unstable();
                    ends.dedup();
                }
                _ => {}
            }
        }
        ends.push(length);
    }

    /// Whether the driver is called once more than it has to be.
    pub(crate) fn once_more(&mut self) -> bool {
        self.manner.chunks && self.rng.chance(200)
    }

    /// One of so many, which the driver is told of although there is nothing to tell.
    pub(crate) fn one_of(&mut self, count: usize) -> Option<usize> {
        (count > 0 && self.once_more()).then(|| self.rng.below(count as u64) as usize)
    }

    /// What is told of the time, `told` being what was so last: now, or, where that is known already, maybe an earlier one.
    pub(crate) fn time(&mut self, told: &mut Time, now: Time) -> Time {
        let back = if *told == now { self.back() } else { 0 };
        *told = now;
        Time::from_micros(now.as_micros().saturating_sub(back))
    }

    /// By so many microseconds the clock goes back when a call comes at the same moment as the one before.
    fn back(&mut self) -> u64 {
        if self.manner.clock && self.rng.chance(300) { 1 + self.rng.below(10_000_000) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        let mut restless = Restless::new(Manner::RESTLESS, 7);
        let (mut ends, mut split) = (Vec::new(), 0);
        for length in (0..2_000).map(|n| n % 700) {
            restless.ends(length, &mut ends);
            assert_eq!(ends.last(), Some(&length));
            assert!(ends.is_sorted_by(|a, b| a < b) && (length == 0 || ends[0] > 0), "{ends:?}");
            split += usize::from(ends.len() > 1);
        }
        assert!((800..1_200).contains(&split), "{split}");
    }

    #[test]
    fn a_calm_run_is_as_it_is() {
        let mut restless = Restless::new(Manner::CALM, 7);
        let mut ends = Vec::new();
        for _ in 0..100 {
            restless.ends(100, &mut ends);
            assert_eq!((&ends[..], restless.once_more(), restless.back()), (&[100][..], false, 0));
        }
    }
}
