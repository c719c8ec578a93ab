//! Seeds, run.

use crate::coverage::Coverage;
use crate::oracle::{Failure, Oracle};
use crate::report::Report;
use crate::spark::Law;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::{clients, live};
use lazuli::Time;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

/// What became of a seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
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

/// Runs a seed, twice; the second run has to be the same.
///
/// ```
/// let [once, again] = [1, 1].map(lazuli_harness::run_seed);
/// assert_eq!(once.hash, again.hash);
/// ```
pub fn run_seed(seed: u64) -> Outcome {
    let (outcome, trace) = run_once(seed, Trace::new());
    if outcome.failure.is_some() {
        return outcome;
    }
    run_once(seed, Trace::against(trace.into_steps())).0
}

/// Runs a seed once and tells what happens in words, line by line.
pub fn replay(seed: u64, words: impl FnMut(&str) + 'static) -> Outcome {
    run_once(seed, Trace::in_words(words)).0
}

fn run_once(seed: u64, trace: Trace) -> (Outcome, Trace) {
    let (pages, trace) = run_pages(seed, trace);
    let mut world = clients::World::new(seed, trace);
    let mut law = Law::new(seed);
    let heard = law.play();
    world.net.kernel.step("spark", *heard.as_ref().unwrap_or(&0), || format!("both ways: {heard:?}"));
    let failure = world.run().err().or(heard.err().map(|complaint| complaint.at(Time::ZERO))).or(pages.failure);
    world.crowd.model.coverage.merge(&law.coverage);
    world.crowd.model.coverage.merge(&pages.coverage);
    let kernel = &mut world.net.kernel;
    let trace = std::mem::take(&mut kernel.trace);
    let mut tally = std::mem::take(&mut kernel.tally);
    tally.merge(&world.crowd.model.tally);
    tally.merge(&pages.tally);
    let outcome = Outcome {
        seed,
        hash: trace.hash(),
        steps: trace.len(),
        simulated: world.now().saturating_since(Time::ZERO) + pages.simulated,
        operations: world.operations + pages.operations,
        clients: world.clients() + pages.browsers,
        tally,
        coverage: std::mem::take(&mut world.crowd.model.coverage),
        failure,
    };
    (outcome, trace)
}

/// What became of the pages of a seed.
#[derive(Default)]
struct Paged {
    failure: Option<Failure>,
    coverage: Coverage,
    tally: Tally,
    simulated: Duration,
    operations: u32,
    browsers: usize,
}

/// Runs the pages of a seed, if it has any; gives the trace back.
fn run_pages(seed: u64, trace: Trace) -> (Paged, Trace) {
    let mut world = match live::World::new(seed, trace) {
        Ok(world) => world,
        Err(trace) => return (Paged::default(), trace),
    };
    let failure = world.run().err();
    let kernel = &mut world.net.kernel;
    let trace = std::mem::take(&mut kernel.trace);
    let paged = Paged {
        failure,
        tally: std::mem::take(&mut kernel.tally),
        simulated: kernel.now.saturating_since(Time::ZERO),
        operations: world.operations,
        browsers: world.browsers(),
        coverage: world.crowd.coverage,
    };
    (paged, trace)
}

/// Runs many seeds on `jobs` threads. After each seed, `progress` gets how many are done and how many have failed.
///
/// A seed whose simulation itself panics counts as failed, as far as its neighbours are concerned.
pub fn run_seeds(seeds: Range<u64>, jobs: usize, progress: impl Fn(u64, u64) + Sync) -> Report {
    let next = Mutex::new((seeds, BTreeMap::new(), Report::default()));
    let lock = || next.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            let Some(seed) = lock().0.next() else { return };
            let outcome = panic::catch_unwind(|| run_seed(seed)).unwrap_or_else(|_| broken(seed));
            let mut state = lock();
            let (_, waiting, report) = &mut *state;
            waiting.insert(seed, outcome);
            progress(report.seeds() + waiting.len() as u64, report.failures.len() as u64);
            // In order, so that the report is the same whichever thread was first.
            while waiting.len() > 4 * jobs.max(1)
                && let Some((_, outcome)) = waiting.pop_first()
            {
                report.add(outcome);
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
    waiting.into_values().for_each(|outcome| report.add(outcome));
    report
}

/// A seed in which the simulator itself panicked.
fn broken(seed: u64) -> Outcome {
    let sentence = "the simulator itself panicked; its words are above".to_owned();
    Outcome {
        seed,
        hash: 0,
        steps: 0,
        simulated: Duration::ZERO,
        operations: 0,
        clients: 0,
        tally: Tally::default(),
        coverage: Coverage::default(),
        failure: Some(Failure { oracle: Oracle::Panics, at: Time::ZERO, sentence }),
    }
}
