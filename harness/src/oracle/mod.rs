//! What must be true of every run. One family a file; none of them shares code with the product.

mod backplane;
mod bounds;
mod casts;
mod components;
mod determinism;
mod dom;
mod ends;
mod everywhere;
mod lifecycle;
mod order;
mod pace;
mod panics;
mod presence;
mod promises;
mod shutdown;
mod silence;
mod time;

pub(crate) use backplane::{Arrival, Ledger};
pub(crate) use bounds::Bounds;
pub(crate) use casts::{Audience, Cast, Casts, Guest, Life};
pub(crate) use components::{Answered, Components, PageOrder};
pub(crate) use determinism::{same_so_far, unequal_at_end};
pub(crate) use dom::Pages;
pub(crate) use ends::{End, Ends};
pub(crate) use everywhere::{Dead, Tracks, compare_who, union};
pub(crate) use lifecycle::Lifecycle;
pub(crate) use order::Order;
pub(crate) use pace::Pace;
pub(crate) use panics::{contain, text_of};
pub(crate) use presence::{Pauses, Views, room_of};
pub use promises::Promise;
pub(crate) use shutdown::{Shutdown, come_back};
pub(crate) use silence::Silence;
pub(crate) use time::{handled, in_time};

use crate::trace::Seconds;
use lazuli::Time;
use std::fmt;

/// A family of things that must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Oracle {
    /// Each connection comes once and goes once, for a reason; nothing is said before or after; in the end nothing is left.
    Lifecycle,
    /// Each client sees exactly what the application's documentation promises it.
    Delivery,
    /// The members of a room see one order.
    Order,
    /// What is held for one connection has an end.
    Bounds,
    /// The members of a room know who is there, and know it right in the end.
    Presence,
    /// Silent peers are sent pings, and then closed; others never.
    Silence,
    /// A server that is shut down closes everyone in order, lets nobody in, and comes to its end in time.
    Shutdown,
    /// Limits hold exactly.
    Limits,
    /// Messages that wait for their batch are handed over in order, in time, and before the end.
    Batches,
    /// A channel hears the same on a Spark socket as on a path of its own, and the socket keeps to the protocol.
    Spark,
    /// A hub subscribes to what it needs, publishes all that it says in order, counts what it missed, and closes users everywhere.
    Backplane,
    /// Every page shows what its components are, and each patch fits what it is for.
    Dom,
    /// Components live as long as they are mounted, are mounted by those alone to whom they were shown, and answer once.
    Components,
    /// A page's first change goes out at once, the next ones in one frame for all, and a slow page gets one to the present.
    Pace,
    /// Once faults have healed, everything that is under way arrives.
    Rest,
    /// How reads are split, and when outputs are polled, changes nothing.
    Chunking,
    /// What is due comes when it is due, not before; a clock that goes back stands still.
    Time,
    /// Two runs of a seed are the same, step by step.
    Determinism,
    /// No panic gets out of the driver.
    Panics,
}

impl Oracle {
    /// All of them.
    pub const ALL: &[Oracle] = &[
        Oracle::Lifecycle,
        Oracle::Delivery,
        Oracle::Order,
        Oracle::Bounds,
        Oracle::Presence,
        Oracle::Silence,
        Oracle::Shutdown,
        Oracle::Limits,
        Oracle::Batches,
        Oracle::Spark,
        Oracle::Dom,
        Oracle::Components,
        Oracle::Pace,
        Oracle::Rest,
        Oracle::Chunking,
        Oracle::Time,
        Oracle::Determinism,
        Oracle::Backplane,
        Oracle::Panics,
    ];

    /// Whether it says something of two runs that are compared, or may do.
    pub(crate) fn takes_two_runs(self) -> bool {
        matches!(self, Oracle::Chunking | Oracle::Time | Oracle::Determinism)
    }
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Oracle::Lifecycle => "lifecycle",
            Oracle::Delivery => "delivery",
            Oracle::Order => "order",
            Oracle::Bounds => "bounds",
            Oracle::Presence => "presence",
            Oracle::Silence => "silence",
            Oracle::Shutdown => "shutdown",
            Oracle::Limits => "limits",
            Oracle::Batches => "batches",
            Oracle::Spark => "spark",
            Oracle::Backplane => "backplane",
            Oracle::Dom => "dom",
            Oracle::Components => "components",
            Oracle::Pace => "pace",
            Oracle::Rest => "rest",
            Oracle::Chunking => "chunking",
            Oracle::Time => "time",
            Oracle::Determinism => "determinism",
            Oracle::Panics => "panics",
        })
    }
}

/// Something that should be true and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Who says so.
    pub oracle: Oracle,
    /// When, in virtual time.
    pub at: Time,
    /// What is wrong.
    pub sentence: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.oracle, Seconds(self.at), self.sentence)
    }
}

impl std::error::Error for Failure {}

/// A failure that has no time yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) oracle: Oracle,
    pub(crate) sentence: String,
}

impl Complaint {
    pub(crate) fn at(self, at: Time) -> Failure {
        Failure { oracle: self.oracle, at, sentence: self.sentence }
    }
}

/// What an oracle says.
pub(crate) type Check<T = ()> = Result<T, Complaint>;

/// Says that something is wrong.
pub(crate) fn complain<T>(oracle: Oracle, sentence: impl Into<String>) -> Check<T> {
    Err(Complaint { oracle, sentence: sentence.into() })
}
