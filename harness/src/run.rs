//! Seeds and tapes, run.

use crate::coverage::Coverage;
use crate::oracle::{Failure, Oracle};
use crate::part::{Part, Played, play, play_plan};
use crate::plan::Plan;
use crate::report::Report;
use crate::restless::{Manner, Ran, run_again};
use crate::rng::Rng;
use crate::tally::Tally;
use crate::tape::Tape;
use crate::trace::Trace;
use lazuli::Time;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

/// What became of a seed, or of a tape.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The hash of everything that happened; the same on every machine, in debug and release.
    pub hash: u64,
    /// How many steps that were.
    pub steps: usize,
    /// How much virtual time passed.
    pub simulated: Duration,
    /// What clients and others did: messages, connections, closes.
    pub operations: u32,
    /// How many clients there were.
    pub clients: usize,
    /// What went wrong on purpose.
    pub tally: Tally,
    /// What was seen.
    pub coverage: Coverage,
    /// What was wrong in earnest.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Adds what became of a part.
    fn add(&mut self, played: Played) -> Trace {
        self.simulated += played.simulated;
        self.operations += played.operations;
        self.clients += played.clients;
        self.tally.merge(&played.tally);
        self.coverage.merge(&played.coverage);
        self.failure = played.failure;
        played.trace
    }
}

/// Runs a seed, twice; the second run has to be the same, though reads are split, outputs polled and clocks read otherwise in it.
///
/// ```
/// let [once, again] = [1, 1].map(lazuli_harness::run_seed);
/// assert_eq!(once.hash, again.hash);
/// ```
pub fn run_seed(seed: u64) -> Outcome {
    twice(|trace, manner| run_parts(&Part::ALL, |part| Rng::new(part.seed(seed)), trace, manner))
}

/// Runs a seed once and tells what happens in words, line by line.
pub fn replay(seed: u64, words: impl FnMut(&str) + 'static) -> Outcome {
    run_parts(&Part::ALL, |part| Rng::new(part.seed(seed)), Trace::in_words(words), Manner::CALM).0
}

/// Runs the mixed scenario of a seed, once: a hundred clients of channels, each of which does something at least once a virtual
/// second, with the seed's faults.
pub fn run_mixed(seed: u64) -> Outcome {
    play_mixed(seed, Trace::hash_only())
}

/// Runs the mixed scenario of a seed and tells what happens in words, line by line.
pub fn replay_mixed(seed: u64, words: impl FnMut(&str) + 'static) -> Outcome {
    play_mixed(seed, Trace::in_words(words))
}

fn play_mixed(seed: u64, trace: Trace) -> Outcome {
    let mut rng = Rng::new(seed);
    let plan = Plan::mixed(&mut rng);
    let mut outcome = Outcome::default();
    let trace = outcome.add(play_plan(plan, rng, trace, Manner::CALM));
    (outcome.hash, outcome.steps) = (trace.hash(), trace.len());
    outcome
}

/// Runs a tape, twice; the second run has to be the same.
///
/// ```
/// use lazuli_harness::{Part, Tape, run_tape};
///
/// // Behind the end of a tape there is nothing but zeros: who is there does nothing.
/// let outcome = run_tape(&Tape::new(Part::Clients, vec![7, 7, 7]));
/// assert_eq!(outcome.failure, None);
/// ```
pub fn run_tape(tape: &Tape) -> Outcome {
    twice(|trace, manner| run_parts(&[tape.part()], |_| tape.rng(), trace, manner))
}

/// Runs a tape once and tells what happens in words, line by line.
pub fn replay_tape(tape: &Tape, words: impl FnMut(&str) + 'static) -> Outcome {
    run_parts(&[tape.part()], |_| tape.rng(), Trace::in_words(words), Manner::CALM).0
}

fn twice(run: impl Fn(Trace, Manner) -> (Outcome, Trace)) -> Outcome {
    let (outcome, trace) = run(Trace::new(), Manner::CALM);
    if outcome.failure.is_some() {
        return outcome;
    }
    let again = run_again(trace.into_steps(), |trace, manner| {
        let (mut result, trace) = run(trace, manner);
        Ran { failure: result.failure.take(), simulated: result.simulated, result, trace }
    });
    Outcome { failure: again.failure, ..again.result }
}

/// Plays one part after the other, up to the first in which something is wrong.
fn run_parts(parts: &[Part], rng: impl Fn(Part) -> Rng, mut trace: Trace, manner: Manner) -> (Outcome, Trace) {
    let mut outcome = Outcome::default();
    for &part in parts {
        let played = play(part, rng(part), trace, manner);
        trace = outcome.add(played);
        if outcome.failure.is_some() {
            break;
        }
    }
    (outcome.hash, outcome.steps) = (trace.hash(), trace.len());
    (outcome, trace)
}

/// Runs many seeds on `jobs` threads, each as [`run_seed`] does. After each seed, `progress` gets how many are done and which have failed, and says whether to
/// go on.
///
/// A seed whose simulation itself panics counts as failed, as far as its neighbours are concerned.
pub fn run_seeds(seeds: Range<u64>, jobs: usize, progress: impl Fn(u64, &[(u64, Failure)]) -> bool + Sync) -> Report {
    run_all(seeds, jobs, run_seed, progress)
}

/// Runs many seeds with `run`; see [`run_seeds`].
pub fn run_all(
    seeds: Range<u64>,
    jobs: usize,
    run: impl Fn(u64) -> Outcome + Sync,
    progress: impl Fn(u64, &[(u64, Failure)]) -> bool + Sync,
) -> Report {
    let next = Mutex::new((seeds, BTreeMap::new(), Report::default()));
    let lock = || next.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            let Some(seed) = lock().0.next() else { return };
            let outcome = try_seed(seed, &run);
            let mut state = lock();
            let (left, waiting, report) = &mut *state;
            waiting.insert(seed, outcome);
            if !progress(report.seeds() + waiting.len() as u64, &report.failures) {
                left.end = left.start;
            }
            // In order, so that the report is the same whichever thread was first.
            while waiting.len() > 4 * jobs.max(1)
                && let Some((seed, outcome)) = waiting.pop_first()
            {
                report.add(seed, outcome);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let (_, waiting, mut report) = next.into_inner().unwrap_or_else(PoisonError::into_inner);
    waiting.into_iter().for_each(|(seed, outcome)| report.add(seed, outcome));
    report
}

/// Runs a seed; that the simulator itself panics is a failure too.
pub(crate) fn try_seed(seed: u64, run: impl Fn(u64) -> Outcome) -> Outcome {
    panic::catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|_| {
        let sentence = "the simulator itself panicked; its words are above".to_owned();
        Outcome { failure: Some(Failure { oracle: Oracle::Panics, at: Time::ZERO, sentence }), ..Outcome::default() }
    })
}
