//! The rows, by theme.

use crate::runner::{Outcome, Row, Stage};
use lazuli_harness::conformance::{Target, names, run_only};

mod access;
mod components;
mod crowds;
mod faults;
mod frames;
mod handshakes;
mod messages;
mod pages;
mod spark;
mod tokens;

pub use access::{PER_ADDRESS, PER_USER, RUSH};
pub use crowds::{FEW_FILES, TIMERS_A_MESSAGE};

/// Fails the row with these words unless it holds.
macro_rules! ensure {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(format!($($words)*).into());
        }
    };
}
use ensure;

/// All rows, in the order of the list.
pub fn all() -> Vec<Row> {
    let mut rows = handshakes::rows();
    rows.extend(frames::rows());
    rows.extend(messages::rows());
    rows.extend(crowds::rows());
    rows.extend(spark::rows());
    rows.extend(components::rows());
    rows.extend(pages::rows());
    rows.extend(access::rows());
    rows.extend(tokens::rows());
    rows.extend(faults::rows());
    rows
}

/// Runs those cases of the conformance suite whose names begin with any of these: they are attacks as well.
fn conforms(stage: &Stage, cases: &[&str]) -> Outcome {
    for case in cases {
        ensure!(names().iter().any(|name| name.starts_with(case)), "the conformance suite has no {case}");
    }
    let target = Target::new(stage.server.addr, "/large", "/echo");
    let report = run_only(&target, |name| cases.iter().any(|case| name.starts_with(case)));
    ensure!(report.failed() == 0, "{report}");
    Ok(format!("{} cases", report.passed()))
}
