//! Clients of channels, somebody outside, and what their oracles know: a model that says of every byte what it has to be.

mod act;
mod crowd;
mod hostile;
mod outside;
mod request;
mod see;
mod session;
mod talk;

use crate::app::application;
use crate::chronicle::Chronicle;
use crate::kernel::Kernel;
use crate::model::Model;
use crate::oracle::{Lifecycle, Order, Shutdown, Silence, Views};
use crate::plan::Plan;
use crate::rng::Rng;
use crate::trace::Trace;
use crate::world::{self, Product};
pub(crate) use request::key;
use std::time::Duration;
pub(crate) use talk::{draw_how, make_verb};

pub(crate) type World = world::World<Clients>;

pub(crate) struct Clients {
    plan: Plan,
    pub(crate) model: Model,
    lifecycle: Lifecycle,
    order: Order,
    views: Views,
    silence: Silence,
    shutdown: Shutdown,
    /// The session of each client, if it has one.
    sessions: Vec<Option<u32>>,
    /// Counts pings and pongs.
    controls: u32,
}

/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_secs(10);

impl World {
    pub(crate) fn new(plan: Plan, rng: Rng, trace: Trace) -> World {
        let chronicle = Chronicle::default();
        let (app, routes) = application(&plan.limits, &chronicle).expect("the patterns of the application are right");
        let mut kernel = Kernel::new(rng, trace);
        kernel.step("plan", 0, || format!("{plan:#?}"));
        let clients = Clients {
            model: Model::new(&plan),
            lifecycle: Lifecycle::default(),
            order: Order::default(),
            views: Views::default(),
            silence: Silence::default(),
            shutdown: Shutdown::new(plan.config.come_back),
            sessions: vec![None; plan.clients],
            controls: 0,
            plan: plan.clone(),
        };
        let Plan { config, settings, limits, net, faults, .. } = plan;
        let product = Product { config: &config, settings, app, routes, limits: &limits.plain, chronicle };
        World::with(clients, product, kernel, net, faults)
    }

    pub(crate) fn clients(&self) -> usize {
        self.crowd.sessions.len()
    }
}
