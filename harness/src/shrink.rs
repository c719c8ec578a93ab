//! Makes the tape of a failure short and plain: what is left is what it takes.

use crate::oracle::Failure;
use crate::part::{Part, play};
use crate::restless::{Manner, Ran, run_again};
use crate::rng::Rng;
use crate::tape::Tape;
use crate::trace::Trace;
use std::mem;

/// A failure, and a short tape that leads to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// What leads to it.
    pub tape: Tape,
    /// What is wrong; the same oracle says so that did at first.
    pub failure: Failure,
    /// How long the tape was at first, in bytes.
    pub before: usize,
    /// How often it was tried.
    pub tries: u32,
}

/// Finds a short tape for what is wrong with a seed. It is tried at most so often; 20,000 tries take some seconds and lead far.
/// `progress` gets how often it was tried so far, and how many bytes are left. `None`: nothing is wrong with the seed.
///
/// ```
/// assert!(lazuli_harness::shrink(7, 100, |_, _| {}).is_none());
/// ```
pub fn shrink(seed: u64, tries: u32, progress: impl FnMut(u32, usize)) -> Option<Shrunk> {
    let tape = |part: Part| Tape::of_seed(part, seed);
    let begin = |tape: Tape| Some((tape.part(), Shrinker::new(tape.bytes(), tries, fails_in(tape.part()))?));
    let (part, shrinker) = Part::ALL.into_iter().map(tape).find_map(begin)?;
    Some(shrink_by(part, shrinker, progress))
}

/// The same for a tape.
pub fn shrink_tape(tape: Tape, tries: u32, progress: impl FnMut(u32, usize)) -> Option<Shrunk> {
    let shrinker = Shrinker::new(tape.bytes(), tries, fails_in(tape.part()))?;
    Some(shrink_by(tape.part(), shrinker, progress))
}

fn shrink_by(
    part: Part,
    shrinker: Shrinker<Failure, impl Fn(&[u8], Option<&Failure>) -> Found>,
    progress: impl FnMut(u32, usize),
) -> Shrunk {
    let before = shrinker.best.len();
    let shrinker = shrinker.run(progress);
    Shrunk { tape: Tape::new(part, shrinker.best), failure: shrinker.failure, before, tries: shrinker.tried }
}

/// What is wrong, and as much of the tape as was read until then.
type Found = Option<(Failure, Vec<u8>)>;

/// Makes bytes simpler, as long as they lead to a failure of the same kind.
pub(crate) struct Shrinker<T, F> {
    /// Says what is wrong with bytes, and as much of them as was read until then; only what is like this failure counts.
    fails: F,
    pub(crate) best: Vec<u8>,
    pub(crate) failure: T,
    pub(crate) tried: u32,
    tries: u32,
}

impl<T, F: Fn(&[u8], Option<&T>) -> Option<(T, Vec<u8>)>> Shrinker<T, F> {
    /// `None`: the bytes lead to no failure.
    pub(crate) fn new(bytes: &[u8], tries: u32, fails: F) -> Option<Shrinker<T, F>> {
        let (failure, best) = fails(bytes, None)?;
        Some(Shrinker { fails, best, failure, tried: 0, tries })
    }

    pub(crate) fn run(mut self, mut progress: impl FnMut(u32, usize)) -> Self {
        loop {
            let before = self.best.clone();
            self.cut();
            self.edit(|bytes, at, size| drop(bytes.drain(at..at + size)), &mut progress);
            self.edit(|bytes, at, size| bytes[at..at + size].fill(0), &mut progress);
            self.lower();
            progress(self.tried, self.best.len());
            if self.best == before || self.tried >= self.tries {
                return self;
            }
        }
    }

    /// Leaves out the end, as much of it as can be.
    fn cut(&mut self) {
        let mut short = 0;
        while short < self.best.len() {
            let half = (self.best.len() - short) / 2;
            if !self.attempt(self.best[..short + half].to_vec()) {
                short += half.max(1);
            }
        }
    }

    /// Changes pieces, the large ones first, and those at the end.
    fn edit(&mut self, change: impl Fn(&mut Vec<u8>, usize, usize), progress: &mut impl FnMut(u32, usize)) {
        let mut size = self.best.len() / 2;
        while size > 0 {
            let mut at = self.best.len();
            while at > 0 && self.tried < self.tries {
                at = at.min(self.best.len()).saturating_sub(size);
                let mut bytes = self.best.to_vec();
                let size = size.min(bytes.len() - at);
                change(&mut bytes, at, size);
                self.attempt(bytes);
            }
            progress(self.tried, self.best.len());
            size /= 2;
        }
    }

    /// Makes single bytes smaller.
    fn lower(&mut self) {
        for at in (0..self.best.len()).rev() {
            for lower in [|byte: u8| byte / 2, |byte: u8| byte.saturating_sub(1)] {
                let mut bytes = self.best.to_vec();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = lower(*byte);
                    self.attempt(bytes);
                }
            }
        }
    }

    /// Takes other bytes if they lead to the same failure and are simpler: fewer, or smaller ones.
    fn attempt(&mut self, bytes: Vec<u8>) -> bool {
        let is_simpler = |bytes: &[u8]| (bytes.len(), bytes) < (self.best.len(), &self.best[..]);
        if self.tried >= self.tries || !is_simpler(&bytes) {
            return false;
        }
        self.tried += 1;
        let Some((failure, bytes)) = (self.fails)(&bytes, Some(&self.failure)) else { return false };
        (self.failure, self.best) = (failure, bytes);
        true
    }
}

/// Says what is wrong with bytes on a tape of this part, or whether something is that the same oracle sees.
fn fails_in(part: Part) -> impl Fn(&[u8], Option<&Failure>) -> Found {
    move |bytes, like| {
        let runs_twice = like.is_none_or(|like| like.oracle.takes_two_runs());
        fails(part, bytes, runs_twice).filter(|(failure, _)| like.is_none_or(|like| like.oracle == failure.oracle))
    }
}

fn fails(part: Part, bytes: &[u8], runs_twice: bool) -> Found {
    let run = |trace, manner| play(part, Rng::from_tape(bytes.to_vec()), trace, manner);
    let once = run(Trace::new(), Manner::CALM);
    if once.failure.is_some() || !runs_twice {
        return once.failure.map(|failure| (failure, once.tape));
    }
    let again = run_again(once.trace.into_steps(), |trace, manner| {
        let mut played = run(trace, manner);
        Ran {
            failure: played.failure.take(),
            simulated: played.simulated,
            trace: mem::take(&mut played.trace),
            result: played.tape,
        }
    });
    again.failure.map(|failure| (failure, again.result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Oracle;

    /// Wrong is a byte above 100 that has one above 50 somewhere before it. Another oracle finds the byte 77.
    fn wrong(bytes: &[u8], like: Option<&Oracle>) -> Option<(Oracle, Vec<u8>)> {
        let (mut found, mut read) = (bytes.contains(&77).then_some(Oracle::Rest), bytes.len());
        for (at, &byte) in bytes.iter().enumerate() {
            if byte > 100 && bytes[..at].iter().any(|&before| before > 50) {
                (found, read) = (Some(Oracle::Order), at + 1);
                break;
            }
        }
        let found = found.filter(|found| like.is_none_or(|like| like == found))?;
        Some((found, bytes[..read].to_vec()))
    }

    #[test]
    fn what_is_left_is_what_it_takes() {
        let bytes: Vec<u8> = (0..200).map(|n: u32| (n * 37 % 251) as u8).collect();
        let shrunk = Shrinker::new(&bytes, 10_000, wrong).unwrap().run(|_, _| {});
        assert_eq!((&shrunk.best[..], shrunk.failure), (&[51, 101][..], Oracle::Order));
    }

    #[test]
    fn another_failure_is_not_taken_for_it() {
        assert_eq!(Shrinker::new(&[77, 200, 9], 10_000, wrong).unwrap().run(|_, _| {}).best, [51, 101]);
        assert!(Shrinker::new(&[1, 2, 3], 10, wrong).is_none());
    }

    #[test]
    fn it_ends_when_it_was_tried_often_enough() {
        let mut tries = 0;
        let bytes: Vec<u8> = (0..=250).collect();
        let shrunk = Shrinker::new(&bytes, 5, wrong).unwrap().run(|tried, _| tries = tried);
        assert_eq!((shrunk.tried, tries), (5, 5));
    }
}
