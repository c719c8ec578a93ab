//! The parts that a seed is played in. Each has a world and a tape of its own, and none knows of the others.

use crate::coverage::Coverage;
use crate::oracle::{Failure, contain};
use crate::plan::Plan;
use crate::restless::{Manner, Restless};
use crate::rng::Rng;
use crate::spark::Law;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::{clients, hubs, live};
use lazuli::Time;
use std::mem;
use std::time::Duration;

/// One of the parts that a seed is played in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Clients of channels, over links with faults.
    Clients,
    /// Browsers with live components, over links with faults.
    Pages,
    /// One script on paths of their own and on Spark sockets.
    Spark,
    /// Several hubs on one backplane, with faults.
    Hubs,
}

impl Part {
    /// All of them, in the order in which they are played.
    pub const ALL: [Part; 4] = [Part::Clients, Part::Spark, Part::Pages, Part::Hubs];

    /// What a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Clients => "clients",
            Part::Pages => "pages",
            Part::Spark => "spark",
            Part::Hubs => "hubs",
        }
    }

    /// The seed of a part's own numbers.
    pub(crate) fn seed(self, seed: u64) -> u64 {
        seed ^ match self {
            Part::Clients => 0,
            Part::Pages => 0x11fe_c0de,
            Part::Spark => 0x5b7a_11ce,
            Part::Hubs => 0x0b5e_55ed,
        }
    }
}

/// What became of a part.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) failure: Option<Failure>,
    pub(crate) coverage: Coverage,
    pub(crate) tally: Tally,
    pub(crate) simulated: Duration,
    pub(crate) operations: u32,
    pub(crate) clients: usize,
    pub(crate) trace: Trace,
    /// What was read, as far as it is kept.
    pub(crate) tape: Vec<u8>,
}

/// Plays a part by what is on the tape, in this manner, and goes on with the trace.
pub(crate) fn play(part: Part, rng: Rng, trace: Trace, manner: Manner) -> Played {
    match part {
        Part::Clients => play_clients(rng, trace, manner),
        Part::Pages => play_pages(rng, trace, manner),
        Part::Spark => play_spark(rng, trace, manner),
        Part::Hubs => play_hubs(rng, trace, manner),
    }
}

fn play_clients(mut rng: Rng, trace: Trace, manner: Manner) -> Played {
    let plan = Plan::draw(&mut rng);
    play_plan(plan, rng, trace, manner)
}

/// Plays clients by a plan.
pub(crate) fn play_plan(plan: Plan, rng: Rng, trace: Trace, manner: Manner) -> Played {
    let mut world = clients::World::new(plan, rng, trace);
    world.restless = Restless::new(manner, world.net.kernel.trace.hash());
    let failure = world.run().err();
    let (clients, operations) = (world.clients(), world.operations);
    let (kernel, mut model) = (world.net.kernel, world.crowd.model);
    let mut tally = kernel.tally;
    tally.merge(&model.tally);
    Played {
        failure,
        coverage: mem::take(&mut model.coverage),
        tally,
        simulated: kernel.now.saturating_since(Time::ZERO),
        operations,
        clients,
        trace: kernel.trace,
        tape: kernel.rng.into_tape(),
    }
}

/// A seed may have no pages.
fn play_pages(mut rng: Rng, trace: Trace, manner: Manner) -> Played {
    let Some(plan) = live::Plan::draw(&mut rng) else {
        return Played { trace, tape: rng.into_tape(), ..Played::default() };
    };
    let mut world = live::World::new(plan, rng, trace);
    world.restless = Restless::new(manner, world.net.kernel.trace.hash());
    let failure = world.run().err();
    let (clients, operations) = (world.browsers(), world.operations);
    let kernel = world.net.kernel;
    Played {
        failure,
        coverage: world.crowd.coverage,
        tally: kernel.tally,
        simulated: kernel.now.saturating_since(Time::ZERO),
        operations,
        clients,
        trace: kernel.trace,
        tape: kernel.rng.into_tape(),
    }
}

fn play_spark(rng: Rng, trace: Trace, manner: Manner) -> Played {
    let mut law = Law::new(rng, trace, manner);
    let result = contain(|| law.play());
    Played {
        failure: result.err().map(|complaint| complaint.at(law.now)),
        coverage: law.coverage,
        simulated: law.now.saturating_since(Time::ZERO),
        operations: law.ops,
        trace: law.trace,
        tape: law.rng.into_tape(),
        ..Played::default()
    }
}

fn play_hubs(rng: Rng, trace: Trace, manner: Manner) -> Played {
    let mut world = hubs::World::new(rng, trace, manner);
    let result = contain(|| world.play());
    let clients = world.clients();
    let (operations, clock) = (world.operations, world.clock);
    Played {
        failure: result.err().map(|complaint| complaint.at(clock.now)),
        coverage: clock.coverage,
        tally: clock.tally,
        simulated: clock.now.saturating_since(Time::ZERO),
        operations,
        clients,
        trace: clock.trace,
        tape: clock.rng.into_tape(),
    }
}
