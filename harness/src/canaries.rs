//! Planted bugs: each has to be found, or the oracles are blind there.

use crate::oracle::Oracle;
use crate::run::run_seed;
use lazuli::canary::{Canary, set};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Who has found a planted bug, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sighting {
    /// The bug.
    pub canary: Canary,
    /// The oracle that it is planted for.
    pub meant_for: Oracle,
    /// In how many seeds which oracle was the first to find it.
    pub found: BTreeMap<Oracle, u64>,
    /// The first of these seeds.
    pub first: Option<u64>,
    /// How many seeds were run.
    pub seeds: u64,
}

impl Sighting {
    /// Whether the oracle that it is planted for found it.
    pub fn is_found(&self) -> bool {
        self.found.contains_key(&self.meant_for)
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{:?}", self.canary);
        let count = self.found.values().sum::<u64>();
        write!(f, "{name:<18} for {:<12} ", self.meant_for.to_string())?;
        match self.first {
            None => write!(f, "NOT FOUND in {} seeds", self.seeds),
            Some(first) => {
                let all: Vec<String> = self.found.iter().map(|(oracle, count)| format!("{oracle} {count}")).collect();
                let missed = if self.is_found() { "" } else { ", NOT BY ITS OWN" };
                write!(f, "found in {count} of {} seeds, first in {first}: {}{missed}", self.seeds, all.join(", "))
            }
        }
    }
}

/// Plants each bug and runs these seeds with it. It is planted for the whole process: nothing else may run meanwhile.
pub fn canaries(seeds: Range<u64>) -> Vec<Sighting> {
    Canary::ALL.iter().map(|&canary| plant(canary, seeds.clone())).collect()
}

fn plant(canary: Canary, seeds: Range<u64>) -> Sighting {
    let (meant_for, seeds_run) = (meant_for(canary), seeds.end.saturating_sub(seeds.start));
    let mut sighting = Sighting { canary, meant_for, found: BTreeMap::new(), first: None, seeds: seeds_run };
    set(Some(canary));
    for seed in seeds {
        if let Some(failure) = run_seed(seed).failure {
            *sighting.found.entry(failure.oracle).or_default() += 1;
            sighting.first.get_or_insert(seed);
        }
    }
    set(None);
    sighting
}

/// The oracle that has to find a bug.
fn meant_for(canary: Canary) -> Oracle {
    match canary {
        Canary::SkippedMember | Canary::SurvivingEffects | Canary::DeadTimer => Oracle::Delivery,
        Canary::Overtaking => Oracle::Order,
        Canary::StaleId | Canary::UntoldClose | Canary::EmptyRoom | Canary::PongInFrame => Oracle::Lifecycle,
        Canary::LostCredit | Canary::NoLimit => Oracle::Bounds,
        Canary::ForgottenSocket => Oracle::Rest,
        Canary::AmbientRandomness => Oracle::Determinism,
        Canary::Panic => Oracle::Panics,
        Canary::LeftTab | Canary::LostDiff => Oracle::Presence,
        Canary::OneMore => Oracle::Limits,
        Canary::ClosedActive | Canary::LeftSilent => Oracle::Silence,
        Canary::LostBatched => Oracle::Batches,
        Canary::TwoAnswers | Canary::AfterEnd | Canary::LostForm => Oracle::Spark,
        Canary::LostPatch | Canary::UnevenNumbers | Canary::WrongPlace | Canary::ShownFailure | Canary::WrongSplice => {
            Oracle::Dom
        }
        Canary::QueuedPatch | Canary::TwoFrames => Oracle::Pace,
        Canary::LeftComponent | Canary::AnyToken | Canary::SilentAnew => Oracle::Components,
    }
}
