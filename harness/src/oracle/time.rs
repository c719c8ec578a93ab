//! What is due comes when it is due, and not before: deadlines that were handled are over, and the driver asks for the time by when something is due.
//!
//! What is due when, and that timers of the application come in their order, the model says. That a clock which goes back stands still is seen
//! where two runs are compared.

use super::{Check, Oracle, complain};
use crate::trace::Seconds;
use lazuli::Time;
use std::fmt::Debug;
use std::time::Duration;

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

/// At `now`, something is `due`; the driver wants to be told the time at `next`.
pub(crate) fn in_time(now: Time, due: Option<(Time, impl Debug)>, next: Option<Time>) -> Check {
    let Some((at, what)) = due else { return Ok(()) };
    // Nothing is due at once.
    let at = at.max(now + Duration::from_micros(1));
    if next.is_some_and(|next| next <= at) {
        return Ok(());
    }
    let (at, next) = (Seconds(at), next.map_or("never".to_owned(), |next| format!("at {}", Seconds(next))));
    complain(Oracle::Time, format!("{what:?} is due at {at}, and the driver asks for the time {next}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_handled_is_over() {
        assert!(handled(Time::ZERO, Some(Time::ZERO)).is_err());
        assert!(handled(Time::ZERO, Some(Time::from_micros(1))).is_ok() && handled(Time::ZERO, None).is_ok());
    }

    #[test]
    fn what_is_due_is_asked_for() {
        let at = Time::from_micros;
        let asks = |due: Option<u64>, next: Option<u64>| {
            in_time(at(10), due.map(|due| (at(due), "tea")), next.map(at)).is_ok()
        };
        assert!(asks(None, None) && asks(None, Some(30)) && asks(Some(20), Some(20)) && asks(Some(20), Some(12)));
        assert!(asks(Some(5), Some(11)), "at once is a microsecond later");
        assert!(!asks(Some(20), Some(21)) && !asks(Some(20), None));
    }
}
