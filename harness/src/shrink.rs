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
    let begin = |tape: Tape| Shrinker::new(tape.clone(), tries, fails_in(tape.part()));
    Some(Part::ALL.into_iter().map(tape).find_map(begin)?.run(progress))
}

/// The same for a tape.
pub fn shrink_tape(tape: Tape, tries: u32, progress: impl FnMut(u32, usize)) -> Option<Shrunk> {
    let part = tape.part();
    Some(Shrinker::new(tape, tries, fails_in(part))?.run(progress))
}

/// What is wrong, and as much of the tape as was read until then.
type Found = Option<(Failure, Vec<u8>)>;

struct Shrinker<F> {
    /// Says what is wrong with bytes, and as much of them as was read until then; on demand also whether two runs differ.
    fails: F,
    best: Tape,
    failure: Failure,
    before: usize,
    tried: u32,
    tries: u32,
}

impl<F: Fn(&[u8], bool) -> Found> Shrinker<F> {
    /// `None`: the tape leads to no failure.
    fn new(tape: Tape, tries: u32, fails: F) -> Option<Shrinker<F>> {
        let (failure, bytes) = fails(tape.bytes(), true)?;
        let best = Tape::new(tape.part(), bytes);
        Some(Shrinker { fails, before: best.bytes().len(), best, failure, tried: 0, tries })
    }

    fn run(mut self, mut progress: impl FnMut(u32, usize)) -> Shrunk {
        loop {
            let before = self.best.clone();
            self.cut();
            self.edit(|bytes, at, size| drop(bytes.drain(at..at + size)), &mut progress);
            self.edit(|bytes, at, size| bytes[at..at + size].fill(0), &mut progress);
            self.lower();
            progress(self.tried, self.best.bytes().len());
            if self.best == before || self.tried >= self.tries {
                return Shrunk { tape: self.best, failure: self.failure, before: self.before, tries: self.tried };
            }
        }
    }

    /// Leaves out the end, as much of it as can be.
    fn cut(&mut self) {
        let mut short = 0;
        while short < self.best.bytes().len() {
            let half = (self.best.bytes().len() - short) / 2;
            if !self.attempt(self.best.bytes()[..short + half].to_vec()) {
                short += half.max(1);
            }
        }
    }

    /// Changes pieces, the large ones first, and those at the end.
    fn edit(&mut self, change: impl Fn(&mut Vec<u8>, usize, usize), progress: &mut impl FnMut(u32, usize)) {
        let mut size = self.best.bytes().len() / 2;
        while size > 0 {
            let mut at = self.best.bytes().len();
            while at > 0 && self.tried < self.tries {
                at = at.min(self.best.bytes().len()).saturating_sub(size);
                let mut bytes = self.best.bytes().to_vec();
                let size = size.min(bytes.len() - at);
                change(&mut bytes, at, size);
                self.attempt(bytes);
            }
            progress(self.tried, self.best.bytes().len());
            size /= 2;
        }
    }

    /// Makes single bytes smaller.
    fn lower(&mut self) {
        for at in (0..self.best.bytes().len()).rev() {
            for lower in [|byte: u8| byte / 2, |byte: u8| byte.saturating_sub(1)] {
                let mut bytes = self.best.bytes().to_vec();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = lower(*byte);
                    self.attempt(bytes);
                }
            }
        }
    }

    /// Takes other bytes if they lead to the same failure and are simpler: fewer, or smaller ones.
    fn attempt(&mut self, bytes: Vec<u8>) -> bool {
        let is_simpler = |bytes: &[u8]| (bytes.len(), bytes) < (self.best.bytes().len(), self.best.bytes());
        if self.tried >= self.tries || !is_simpler(&bytes) {
            return false;
        }
        self.tried += 1;
        let oracle = self.failure.oracle;
        let found = (self.fails)(&bytes, oracle.takes_two_runs()).filter(|(failure, _)| failure.oracle == oracle);
        let Some((failure, bytes)) = found else { return false };
        (self.failure, self.best) = (failure, Tape::new(self.best.part(), bytes));
        true
    }
}

/// Says what is wrong with bytes on a tape of this part.
fn fails_in(part: Part) -> impl Fn(&[u8], bool) -> Found {
    move |bytes, runs_twice| fails(part, bytes, runs_twice)
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
    use lazuli::Time;

    /// Wrong is a byte above 100 that has one above 50 somewhere before it. Another oracle finds the byte 77.
    fn wrong(bytes: &[u8], _: bool) -> Found {
        let failure = |oracle| Failure { oracle, at: Time::ZERO, sentence: String::new() };
        for (at, &byte) in bytes.iter().enumerate() {
            if byte > 100 && bytes[..at].iter().any(|&before| before > 50) {
                return Some((failure(Oracle::Order), bytes[..=at].to_vec()));
            }
        }
        bytes.contains(&77).then(|| (failure(Oracle::Rest), bytes.to_vec()))
    }

    #[test]
    fn what_is_left_is_what_it_takes() {
        let bytes: Vec<u8> = (0..200).map(|n: u32| (n * 37 % 251) as u8).collect();
        let shrinker = Shrinker::new(Tape::new(Part::Clients, bytes), 10_000, wrong).unwrap();
        let shrunk = shrinker.run(|_, _| {});
        assert_eq!((shrunk.tape.bytes(), shrunk.failure.oracle), (&[51, 101][..], Oracle::Order));
    }

    #[test]
    fn another_failure_is_not_taken_for_it() {
        let shrinker = Shrinker::new(Tape::new(Part::Clients, vec![77, 200, 9]), 10_000, wrong).unwrap();
        assert_eq!(shrinker.run(|_, _| {}).tape.bytes(), [51, 101]);
        assert!(Shrinker::new(Tape::new(Part::Clients, vec![1, 2, 3]), 10, wrong).is_none());
    }

    #[test]
    fn it_ends_when_it_was_tried_often_enough() {
        let mut tries = 0;
        let bytes: Vec<u8> = (0..=250).collect();
        let counted = |bytes: &[u8], twice| wrong(bytes, twice);
        let shrunk = Shrinker::new(Tape::new(Part::Clients, bytes), 5, counted).unwrap().run(|tried, _| tries = tried);
        assert_eq!((shrunk.tries, tries), (5, 5));
    }
}
