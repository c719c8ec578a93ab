//! Seeds of the simulator, as part of every test run; the command line runs many more.

use lazuli_harness::{Fault, replay, run_seed, run_seeds};
use std::cell::RefCell;
use std::rc::Rc;

#[test]
fn two_hundred_seeds_hold() {
    let report = run_seeds(0..200, 2, |_, _| true);
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.median_clients() >= 20 && report.median_operations() >= 500, "{report}");
    for &fault in Fault::ALL {
        assert!(report.tally.get(fault) > 0, "no {} in {report}", fault.name());
    }
}

#[test]
fn a_seed_told_in_words_is_the_same_seed() {
    let (lines, last) = (Rc::new(RefCell::new(0)), Rc::new(RefCell::new(String::new())));
    let (count, keep) = (lines.clone(), last.clone());
    let told = replay(11, move |line| {
        *count.borrow_mut() += 1;
        line.clone_into(&mut keep.borrow_mut());
    });
    let run = run_seed(11);
    assert_eq!((told.hash, told.steps, told.simulated), (run.hash, run.steps, run.simulated));
    assert_eq!(*lines.borrow(), told.steps);
    assert!(last.borrow().contains(" s close of link "), "{last:?}");
    assert_ne!(run.hash, run_seed(12).hash);
}
