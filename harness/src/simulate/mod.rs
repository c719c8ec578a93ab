//! Tests of one's own application, with everything that can happen to its connections, from seeds.
//!
//! A test is a workload: who connects, what they say, what must be true. It runs once for each of many seeds, in virtual time; the
//! server is the real one, bytes in and bytes out, and each seed draws how its links are (delays, pieces, small buffers), what goes
//! wrong with them and how often (resets, links that are lost without a word, half-closes, stalls, slow readers, everyone at once), and
//! whatever the test leaves to chance. Clients come back by themselves.
//!
//! ```
#![doc = include_str!("example.rs")]
//! ```
//!
//! # What is watched
//!
//! Besides what the test asserts, in every run: no callback panics and none fails by an error that is the application's own fault
//! ([`Simulation::tolerates_faults`]); no panic gets out of the driver, and it keeps to the bounds of what it may hold; after all faults
//! have healed everything arrives, and what does not is named; nobody was sent away for good with something still to say, and every page that
//! was visited is one, unless the test has asked for that answer ([`Client::answer`], [`Client::closed`], [`Page::status`]); when everyone has left, or the server has shut down, no connection is
//! left. And each seed is run twice, and has to be the same, step by step: an application that asks a clock, its own random numbers or the
//! order of a `HashMap` is found out.
//!
//! At rest, every [`Page`] shows what its components would render.
//!
//! # When something is wrong
//!
//! `simulate` panics with the seed, a sentence, and what happened in words. `LAZULI_SEED=17` runs just that seed, `LAZULI_TRACE=1` tells
//! every step of it, and `LAZULI_SEEDS=5000` or `LAZULI_SEEDS=1000..2000` runs others than the first hundred.

mod client;
mod differs;
mod guests;
mod page;
mod party;
mod run;
mod site;
mod tab;
mod visits;
mod world;

pub use client::Client;
pub use page::Page;
pub use site::Application;
pub use world::World;

use crate::tally::Tally;
use lazuli::Config;
use std::env;
use std::error::Error;
use std::fmt::{self, Debug};
use std::ops::Range;
use std::time::Duration;

/// Something that a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// It has a connection.
    Opened {
        /// The subprotocol that was chosen.
        protocol: Option<String>,
    },
    /// Its request was answered otherwise: with a page, or a refusal.
    Answered {
        /// The HTTP status.
        status: u16,
        /// What came with it.
        body: String,
    },
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The server closed its connection.
    Closed {
        /// The code; 1005 if there was none.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// It lost its connection without a close.
    Lost,
}

impl Seen {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Seen::Text(text) = self { Some(text) } else { None }
    }
}

/// Runs a test on an application, with each of a hundred seeds; see the [module](self).
///
/// # Panics
/// When something is wrong: with the seed, a sentence, and what happened.
#[track_caller]
pub fn simulate<P: Application>(app: impl Fn() -> P, test: impl Fn(&World<P::App>)) {
    if let Err(found) = Simulation::new().run(app, test) {
        panic!("{found}");
    }
}

/// How a test is run.
///
/// ```
/// use lazuli::{Config, Routes};
/// use lazuli_harness::Simulation;
///
/// let summary = Simulation::new().seeds(0..20).calm().run(Routes::<()>::new, |_| {}).unwrap();
/// assert!(summary.seeds > 0);
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    seeds: Range<u64>,
    config: Config,
    is_calm: bool,
    tolerates: bool,
    is_whole: bool,
    /// How many other tapes are tried to make what is found simpler.
    tries: u32,
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation::new()
    }
}

impl Simulation {
    /// A hundred seeds, all faults.
    ///
    /// # Panics
    /// When the environment says `LAZULI_SHRINK`, and no number.
    #[track_caller]
    pub fn new() -> Simulation {
        let is_whole = env::var_os("LAZULI_TRACE").is_some_and(|value| value != "0");
        let tries = named("LAZULI_SHRINK").map_or(TRIES, |text| match text.trim().parse() {
            Ok(tries) => tries,
            Err(_) => panic!("LAZULI_SHRINK={text} is no number"),
        });
        Simulation { seeds: 0..100, config: Config::default(), is_calm: false, tolerates: false, is_whole, tries }
    }

    /// Runs these seeds, unless the environment names others.
    #[must_use]
    pub fn seeds(mut self, seeds: Range<u64>) -> Simulation {
        self.seeds = seeds;
        self
    }

    /// Settings of the hub. Its seed is drawn; a secret and a wall clock are filled in.
    #[must_use]
    pub fn config(mut self, config: Config) -> Simulation {
        self.config = config;
        self
    }

    /// Nothing goes wrong with links, but what the test does to them; delays and pieces there are.
    #[must_use]
    pub fn calm(mut self) -> Simulation {
        self.is_calm = true;
        self
    }

    /// Callbacks may panic, or fail by an error that is the application's fault.
    #[must_use]
    pub fn tolerates_faults(mut self) -> Simulation {
        self.tolerates = true;
        self
    }

    /// Runs a test with one seed after the other.
    ///
    /// # Errors
    /// When something is wrong with a seed. What went wrong there and need not have to is left out of the words.
    ///
    /// # Panics
    /// When the application cannot be made, or there are no seeds to run: neither here nor in the environment.
    #[track_caller]
    pub fn run<P: Application>(&self, app: impl Fn() -> P, test: impl Fn(&World<P::App>)) -> Result<Summary, Found> {
        let mut summary = Summary::default();
        let seeds = self.chosen();
        assert!(!seeds.is_empty(), "there is nothing to run: {seeds:?} has no seeds at all");
        for seed in seeds {
            match self.run_seed(seed, &app, &test) {
                Ok(run) => summary.add(&run),
                Err(found) => return Err(found),
            }
        }
        Ok(summary)
    }

    /// The seeds to run: those that the environment names, or else one's own.
    #[track_caller]
    fn chosen(&self) -> Range<u64> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        if let Some(text) = named("LAZULI_SEED") {
            let seed = number(&text).unwrap_or_else(|| panic!("LAZULI_SEED={text} is no number"));
            return seed..seed + 1;
        }
        let Some(text) = named("LAZULI_SEEDS") else { return self.seeds.clone() };
        let range = match text.split_once("..") {
            Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
            None => number(&text).map(|count| 0..count),
        };
        range.unwrap_or_else(|| panic!("LAZULI_SEEDS={text} is neither a number nor a range such as 1000..2000"))
    }
}

/// What the environment says.
fn named(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// So many unless the environment says otherwise.
const TRIES: u32 = 1_000;

/// What was run, when all was well.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many seeds.
    pub seeds: u64,
    /// How much virtual time passed.
    pub simulated: Duration,
    /// How much clients were told to do.
    pub operations: u64,
    /// How many clients there were.
    pub clients: u64,
    /// What went wrong on purpose.
    pub faults: Tally,
}

impl Summary {
    fn add(&mut self, other: &Summary) {
        self.seeds += other.seeds;
        self.simulated += other.simulated;
        self.operations += other.operations;
        self.clients += other.clients;
        self.faults.merge(&other.faults);
    }
}

/// What was found: shown, it tells all of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The seed that shows it.
    pub seed: u64,
    /// When, in virtual time.
    pub at: Duration,
    /// What is wrong.
    pub sentence: String,
    /// What happened, a line for each step.
    pub words: Vec<String>,
}

impl Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Found {}

/// Sees to it that all of these have one order: whatever two of them both have, they have in the same order.
///
/// ```
/// use lazuli_harness::simulate::assert_one_order;
///
/// assert_one_order(&[vec![1, 2, 4], vec![2, 3, 4]]);
/// ```
///
/// # Panics
/// When it is not so; it says which two differ.
#[track_caller]
pub fn assert_one_order<T: PartialEq + Debug>(views: &[Vec<T>]) {
    for (place, one) in views.iter().enumerate() {
        for (number, other) in views.iter().enumerate().skip(place + 1) {
            let here: Vec<&T> = one.iter().filter(|item| other.contains(item)).collect();
            let there: Vec<&T> = other.iter().filter(|item| one.contains(item)).collect();
            if let Some(at) = (0..here.len().max(there.len())).find(|&at| here.get(at) != there.get(at)) {
                panic!(
                    "number {place} and number {number} saw what both have in another order: {:?} and {:?} come after {at} others",
                    here.get(at),
                    there.get(at)
                );
            }
        }
    }
}
