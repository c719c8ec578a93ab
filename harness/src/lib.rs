//! Simulates a lazuli server from a seed: clients, a network with everything that can happen to it, and a clock that
//! jumps from one event to the next. The product in the middle is the real one, [`lazuli::driver::Driver`], bytes in and
//! bytes out.
//!
//! A seed decides everything: how many clients there are and what they like to do, how links delay, split, stall and
//! break, which callbacks fail or panic. While the run goes on, [`Oracle`]s compare what is seen with what the
//! documentation promises. Every seed runs twice, and both runs have to be the same, step by step.
//!
//! Some seeds have pages besides: browsers that mount live components, lose their sockets and come back. At rest, each page's
//! tree has to be what a parser makes of its components' states. And every seed has several hubs on one backplane, which delays,
//! doubles, reorders and loses what they say, and goes away, while hubs die and start anew.
//!
//! ```
//! let outcome = lazuli_harness::run_seed(7);
//! assert_eq!(outcome.failure, None);
//! assert!(outcome.operations > 0);
//! ```
//!
//! From the command line:
//!
//! ```text
//! cargo run --release -p lazuli-harness -- run --seeds 10000
//! cargo run --release -p lazuli-harness -- replay 7
//! ```
//!
//! [`journal`] plays what a real transport has written down.
//!
//! [`script`] plays one written scenario in the simulator and over real sockets, for both to be compared.

/// The examples of the guides to testing and to journals.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
#[doc = include_str!("../../docs/journals.md")]
mod guide {}

mod app;
mod by_hand;
#[cfg(feature = "canary")]
mod canaries;
mod chronicle;
mod clients;
mod codec;
pub mod conformance;
mod coverage;
pub mod dom;
mod hubs;
pub mod journal;
mod kernel;
mod live;
mod model;
mod net;
mod oracle;
pub mod page;
mod part;
mod plan;
mod queue;
mod report;
mod restless;
mod rng;
mod run;
pub mod script;
mod shrink;
pub mod simulate;
mod spark;
mod tally;
mod tape;
mod trace;
mod world;

#[cfg(feature = "canary")]
pub use canaries::{Sighting, canaries, plant};
pub use coverage::{Coverage, Mark};
pub use journal::replay_journal;
pub use oracle::{Failure, Oracle, Promise};
pub use page::Client as TestClient;
pub use part::Part;
pub use report::Report;
pub use run::{Outcome, replay, replay_mixed, replay_tape, run_all, run_mixed, run_seed, run_seeds, run_tape};
pub use shrink::{Shrunk, shrink, shrink_tape};
pub use simulate::{Simulation, simulate};
pub use tally::{Fault, Tally};
pub use tape::Tape;
