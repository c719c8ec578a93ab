//! Seeds of the simulator, as part of every test run; the command line runs many more.

use lazuli_harness::{Fault, replay, run_seed, run_seeds};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn two_hundred_seeds_hold() {
    let report = run_seeds(0..200, 2, |_, _| true);
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.median_clients() >= 20 && report.median_operations() >= 1_000, "{report}");
    for &fault in Fault::ALL {
        assert!(report.tally.get(fault) > 0, "no {} in {report}", fault.name());
    }
}

#[test]
fn a_seed_told_in_words_is_the_same_seed() {
    let (lines, closes) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (count, count_closes) = (lines.clone(), closes.clone());
    let told = replay(11, move |line| {
        count.set(count.get() + 1);
        count_closes.set(count_closes.get() + usize::from(line.contains(" s close of link ")));
    });
    let run = run_seed(11);
    assert_eq!((told.hash, told.steps, told.simulated), (run.hash, run.steps, run.simulated));
    assert_eq!(lines.get(), told.steps);
    assert!(closes.get() > 10, "{closes:?}");
    assert_ne!(run.hash, run_seed(12).hash);
}
