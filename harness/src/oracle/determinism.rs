//! Determinism: two runs of a seed, or of a tape, are the same, step by step.

use super::{Check, Failure, Oracle, complain};
use crate::trace::Trace;
use lazuli::Time;
use std::time::Duration;

/// While the second run goes on.
pub(crate) fn same_so_far(trace: &Trace) -> Check {
    match trace.difference(false) {
        Some(difference) => complain(Oracle::Determinism, difference),
        None => Ok(()),
    }
}

/// At its end, which the first run had too, after so much virtual time.
pub(crate) fn unequal_at_end(trace: &Trace, simulated: Duration) -> Option<Failure> {
    let sentence = trace.difference(true)?;
    Some(Failure { oracle: Oracle::Determinism, at: Time::ZERO + simulated, sentence })
}
