//! What became of many seeds.

use crate::coverage::{Coverage, Mark};
use crate::oracle::{Failure, Promise};
use crate::run::Outcome;
use crate::tally::{Fault, Tally};
use crate::trace::mix;
use std::fmt;
use std::time::Duration;

/// What became of many seeds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The seeds that failed, and how.
    pub failures: Vec<(u64, Failure)>,
    /// How much virtual time passed.
    pub simulated: Duration,
    /// How long it took, if that was measured.
    pub wall: Option<Duration>,
    /// How much of the processor's time it took, if that was measured.
    pub cpu: Option<Duration>,
    /// What clients and others did.
    pub operations: u64,
    /// Steps of the traces.
    pub steps: u64,
    /// The hash of everything that happened in all of them; the same on every machine, in debug and release, and for any number of
    /// threads.
    pub hash: u64,
    /// What went wrong on purpose.
    pub tally: Tally,
    /// What was seen.
    pub coverage: Coverage,
    /// Whether it was the mixed scenario of each seed.
    pub is_mixed: bool,
    /// Of each seed.
    clients: Vec<u64>,
    operations_each: Vec<u64>,
}

impl Report {
    /// Adds a seed.
    pub fn add(&mut self, seed: u64, outcome: Outcome) {
        self.simulated += outcome.simulated;
        self.operations += u64::from(outcome.operations);
        self.steps += outcome.steps as u64;
        // In any order.
        self.hash ^= mix(seed, outcome.hash);
        self.tally.merge(&outcome.tally);
        self.coverage.merge(&outcome.coverage);
        self.clients.push(outcome.clients as u64);
        self.operations_each.push(outcome.operations.into());
        self.failures.extend(outcome.failure.map(|failure| (seed, failure)));
    }

    /// What a run should have seen, and did not, faults included, by name: with 10,000 seeds or more there is nothing of the kind.
    pub fn never_seen(&self) -> Vec<&'static str> {
        let faults = Fault::ALL.iter().filter(|&&fault| self.tally.get(fault) == 0).map(|fault| fault.name());
        let marks = Mark::ALL.iter().filter(|&&mark| self.coverage.get(mark) == 0).map(|mark| mark.name());
        faults.chain(marks).collect()
    }

    /// How many seeds there are.
    pub fn seeds(&self) -> u64 {
        self.clients.len() as u64
    }

    /// The median of clients in a seed.
    pub fn median_clients(&self) -> u64 {
        median(&self.clients)
    }

    /// The median of operations in a seed.
    pub fn median_operations(&self) -> u64 {
        median(&self.operations_each)
    }
}

/// The middle one, or the lower of the two middle ones.
fn median(numbers: &[u64]) -> u64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// So many failures are shown.
const SHOWN: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let simulated = self.simulated.as_secs();
        write!(f, "simulated   {simulated} s")?;
        if let Some(wall) = self.wall {
            let ratio = self.simulated.as_micros() / wall.as_micros().max(1);
            write!(f, " in {:.1} s, {ratio} times as fast as it happens", wall.as_secs_f64())?;
        }
        writeln!(f)?;
        write!(f, "operations  {} in {} steps", self.operations, self.steps)?;
        if let Some(cpu) = self.cpu.filter(|cpu| !cpu.is_zero()) {
            write!(f, ", {:.0} a second of the processor's time", self.operations as f64 / cpu.as_secs_f64())?;
        }
        writeln!(f)?;
        writeln!(f, "median      {} clients, {} operations a seed", self.median_clients(), self.median_operations())?;
        writeln!(f, "hash        {:016x}", self.hash)?;
        writeln!(f, "faults      {}", self.tally)?;
        writeln!(f, "seen        {}", self.coverage)?;
        let never = self.never_seen();
        if !never.is_empty() {
            writeln!(f, "never seen  {}", never.join(", "))?;
        }
        for (seed, failure) in self.failures.iter().take(SHOWN) {
            writeln!(f, "seed {seed} failed: {failure}")?;
            for Promise { sentence, file } in failure.oracle.promises() {
                writeln!(f, "  {file} says: {sentence}")?;
            }
            let mixed = if self.is_mixed { "--mixed " } else { "" };
            writeln!(f, "  again, in words: cargo run --release -p lazuli-harness -- replay {mixed}{seed}")?;
        }
        if self.failures.len() > SHOWN {
            writeln!(f, "and {} more", self.failures.len() - SHOWN)?;
        }
        write!(f, "{} seeds, {} failed", self.seeds(), self.failures.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!((median(&[]), median(&[3]), median(&[9, 1, 5]), median(&[4, 1, 9, 2])), (0, 3, 5, 2));
    }
}
