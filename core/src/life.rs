//! The life of a connection, in one table.
//!
//! ```text
//!             Opened    Input    Ended      Flushed   Closed
//! Opening     Open      -        Closing    -         (gone)
//! Open        -         Open     Draining   -         (gone)
//! Draining    -         -        -          Closing   (gone)
//! Closing     -         -        -          -         (gone)
//! ```
//!
//! `-`: counted as stale and ignored. *Opening*: the request was accepted, the upgrade is under way. *Draining*: the
//! connection's end is decided; what was queued before goes first. *Closing*: the transport has been told to close; no
//! output names the connection any more.

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Accepted; the upgrade is under way.
    Opening,
    /// Messages go both ways.
    Open,
    /// Its end is decided; what was queued goes first.
    Draining,
    /// The transport has been told to close.
    Closing,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The upgrade went out.
    Opened,
    /// A message, a ping or a pong came in.
    Input,
    /// The hub or the application decided its end.
    Ended,
    /// Nothing that was queued is left, or its time is over.
    Flushed,
    /// The transport has closed it.
    Closed,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The connection stands here now.
    To(Life),
    /// The step comes too late or twice, and changes nothing.
    Stale,
    /// The connection is gone, and its id with it.
    Gone,
}

use Life::{Closing, Draining, Open};
use Next::{Gone, Stale, To};

const TABLE: [[Next; 5]; 4] = [
    // Opened     Input     Ended         Flushed      Closed
    [To(Open), Stale, To(Closing), Stale, Gone],
    [Stale, To(Open), To(Draining), Stale, Gone],
    [Stale, Stale, Stale, To(Closing), Gone],
    [Stale, Stale, Stale, Stale, Gone],
];

impl Life {
    /// What `step` leads to from here.
    ///
    /// ```
    /// use lazuli::life::{Life, Next, Step};
    ///
    /// assert_eq!(Life::Open.after(Step::Ended), Next::To(Life::Draining));
    /// assert_eq!(Life::Draining.after(Step::Input), Next::Stale);
    /// ```
    pub const fn after(self, step: Step) -> Next {
        TABLE[self as usize][step as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Life::Opening;
    use super::*;
    use alloc::format;
    use alloc::string::String;

    /// The table of the documentation is made from the table of the code.
    #[test]
    fn documentation_shows_the_table() {
        let steps = [Step::Opened, Step::Input, Step::Ended, Step::Flushed, Step::Closed];
        let mut shown = String::new();
        for life in [Opening, Open, Draining, Closing] {
            let mut line = format!("{:<12}", format!("{life:?}"));
            for (step, width) in steps.iter().zip([10, 9, 11, 10, 6]) {
                let cell = match life.after(*step) {
                    To(next) => format!("{next:?}"),
                    Stale => "-".into(),
                    Gone => "(gone)".into(),
                };
                line += &format!("{cell:<width$}");
            }
            shown += &format!("//! {}\n", line.trim_end());
        }
        assert!(include_str!("life.rs").contains(&shown), "the documentation should show:\n{shown}");
    }

    #[test]
    fn every_life_ends() {
        for life in [Opening, Open, Draining, Closing] {
            assert_eq!(life.after(Step::Closed), Gone);
        }
    }
}
