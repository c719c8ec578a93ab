//! Planted bugs: each has to be found, or the oracles are blind there.

use crate::oracle::Oracle;
use crate::run::{run_seed, try_seed};
use lazuli::canary::{Canary, set};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::thread;

/// So often each bug is looked for, each time among other seeds.
const HUNTS: u64 = 3;

/// Who has found a planted bug, and how soon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sighting {
    /// The bug.
    pub canary: Canary,
    /// The oracle that it is planted for.
    pub meant_for: Oracle,
    /// Of each hunt, how many seeds it took until that oracle found it; `None`: it did not.
    pub hunts: Vec<Option<u64>>,
    /// In how many seeds which oracle found something.
    pub found: BTreeMap<Oracle, u64>,
}

impl Sighting {
    /// Whether the oracle that it is planted for found it, each time.
    pub fn is_found(&self) -> bool {
        self.hunts.iter().all(Option::is_some)
    }

    /// How many seeds it takes: the median.
    pub fn median(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.hunts.iter().map(|hunt| hunt.unwrap_or(u64::MAX)).collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().filter(|&seeds| seeds < u64::MAX)
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{:?}", self.canary);
        write!(f, "{name:<18} for {:<12} ", self.meant_for.to_string())?;
        let worst = self.hunts.iter().flatten().max().copied().unwrap_or_default();
        match (self.is_found(), self.median()) {
            (true, Some(median)) => write!(f, "found within {median} seeds (median), {worst} at worst")?,
            _ => write!(
                f,
                "NOT FOUND in {} of {} hunts",
                self.hunts.iter().filter(|hunt| hunt.is_none()).count(),
                self.hunts.len()
            )?,
        }
        let all: Vec<String> = self.found.iter().map(|(oracle, count)| format!("{oracle} {count}")).collect();
        write!(f, "; seen by {}", if all.is_empty() { "nobody".to_owned() } else { all.join(", ") })
    }
}

/// Plants each bug and looks for it three times, each time among so many other seeds, until the oracle has found it that it is
/// planted for. It is planted for the whole process: nothing else may run meanwhile. `progress` gets what was found.
pub fn canaries(start: u64, seeds: u64, jobs: usize, mut progress: impl FnMut(&Sighting)) -> Vec<Sighting> {
    let hunt_all = |&canary: &Canary| {
        let sighting = hunt(canary, start, seeds, jobs);
        progress(&sighting);
        sighting
    };
    Canary::ALL.iter().map(hunt_all).collect()
}

/// Plants a bug by its name for the rest of the process.
///
/// # Errors
/// The names that there are.
pub fn plant(name: &str) -> Result<(), String> {
    let names = || Canary::ALL.iter().map(|canary| format!("{canary:?}"));
    match names().position(|one| one == name) {
        Some(place) => {
            set(Some(Canary::ALL[place]));
            Ok(())
        }
        None => Err(names().collect::<Vec<_>>().join(", ")),
    }
}

fn hunt(canary: Canary, start: u64, seeds: u64, jobs: usize) -> Sighting {
    let meant_for = meant_for(canary);
    let starts: Vec<u64> = (0..HUNTS).map(|hunt| start + hunt * seeds).collect();
    set(Some(canary));
    let mut sighting = Sighting { canary, meant_for, hunts: Vec::new(), found: BTreeMap::new() };
    for starts in starts.chunks(jobs.max(1)) {
        let hunts: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                starts.iter().map(|&start| scope.spawn(move || look(meant_for, start..start + seeds))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        for (found, others) in hunts {
            sighting.hunts.push(found);
            for oracle in others {
                *sighting.found.entry(oracle).or_default() += 1;
            }
        }
    }
    set(None);
    sighting
}

/// How many seeds it takes until this oracle finds something, and who found something until then.
fn look(meant_for: Oracle, seeds: Range<u64>) -> (Option<u64>, Vec<Oracle>) {
    let mut seen = Vec::new();
    for (number, seed) in (1..).zip(seeds) {
        let oracle = try_seed(seed, run_seed).failure.map(|failure| failure.oracle);
        seen.extend(oracle);
        if oracle == Some(meant_for) {
            return (Some(number), seen);
        }
    }
    (None, seen)
}

/// The oracle that has to find a bug.
fn meant_for(canary: Canary) -> Oracle {
    match canary {
        Canary::SkippedMember | Canary::SurvivingEffects => Oracle::Delivery,
        Canary::DeadTimer | Canary::ClockBack | Canary::LateTimer => Oracle::Time,
        Canary::CountedPieces => Oracle::Chunking,
        Canary::LeftOpen => Oracle::Shutdown,
        Canary::Overtaking => Oracle::Order,
        Canary::StaleId | Canary::UntoldClose | Canary::EmptyRoom | Canary::PongInFrame => Oracle::Lifecycle,
        Canary::ClosedPage => Oracle::Lifecycle,
        Canary::LostCredit | Canary::NoLimit => Oracle::Bounds,
        Canary::ForgottenSocket => Oracle::Rest,
        Canary::AmbientRandomness => Oracle::Determinism,
        Canary::Panic => Oracle::Panics,
        Canary::LeftTab | Canary::LostDiff | Canary::HastyNews => Oracle::Presence,
        Canary::OneMore | Canary::NoSocketLimit => Oracle::Limits,
        Canary::ClosedActive | Canary::LeftSilent | Canary::UnwatchedPage => Oracle::Silence,
        Canary::LostBatched => Oracle::Batches,
        Canary::TwoAnswers | Canary::AfterEnd | Canary::LostForm => Oracle::Spark,
        Canary::LostPatch | Canary::UnevenNumbers | Canary::WrongPlace | Canary::ShownFailure | Canary::WrongSplice => {
            Oracle::Dom
        }
        Canary::QueuedPatch | Canary::TwoFrames | Canary::LatePatch => Oracle::Pace,
        Canary::TwiceHeard => Oracle::Order,
        Canary::EarlyEcho | Canary::NearExcept | Canary::PublishedTwice => Oracle::Delivery,
        Canary::LostPlace | Canary::LostOrder => Oracle::Backplane,
        Canary::UnaskedGap | Canary::KeptSilent | Canary::KeptDoubt | Canary::UntoldForgotten => Oracle::Presence,
        Canary::LeftComponent | Canary::AnyToken | Canary::SilentAnew => Oracle::Components,
        Canary::LostFlash | Canary::TwiceFlash | Canary::TwiceAnew => Oracle::Components,
    }
}
