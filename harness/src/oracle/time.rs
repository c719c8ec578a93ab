//! What is due comes when it is due: deadlines that were handled are over.
//!
//! That timers of the application come in their time and order, the model says. That a clock which goes back stands still is seen
//! where two runs are compared.

use super::{Check, Oracle, complain};
use lazuli::Time;

/// Deadlines were handled at `now`; the next one is `next`.
pub(crate) fn handled(now: Time, next: Option<Time>) -> Check {
    match next {
        Some(next) if next <= now => {
            let next = next.as_micros();
            complain(Oracle::Time, format!("a deadline of {next} µs is left after it was handled"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_handled_is_over() {
        assert!(handled(Time::ZERO, Some(Time::ZERO)).is_err());
        assert!(handled(Time::ZERO, Some(Time::from_micros(1))).is_ok() && handled(Time::ZERO, None).is_ok());
    }
}
