//! Browsers with live components, and the oracles that watch their pages.
//!
//! They are another crowd than [`crate::clients`], whose model knows every byte that a client gets, and so cannot have clients whose
//! patches only the product can tell. Here browsers load pages, mount what they show on a Spark socket, send events, and apply patches
//! by `docs/patches.md` alone; callbacks and renders fail and panic. A browser that has lost its socket comes back, with the tokens
//! and what its page shows. When everything has healed, each page has to show what its components are.

mod act;
mod browser;
mod crowd;
mod frames;
mod hear;
mod plan;
mod request;
mod see;

use crate::app::live::{Seen, Stage, live_application};
use crate::chronicle::Chronicle;
use crate::coverage::Coverage;
use crate::kernel::Kernel;
use crate::oracle::{Components, Ends, Pace, Pages, Silence};
use crate::rng::Rng;
use crate::trace::Trace;
use crate::world::{self, Product};
use browser::Browser;
use lazuli::Time;
use lazuli::driver::Settings;
pub(crate) use plan::Plan;

pub(crate) type World = world::World<Browsers>;

pub(crate) struct Browsers {
    plan: Plan,
    stage: Stage,
    pages: Pages,
    components: Components,
    pace: Pace,
    ends: Ends,
    silence: Silence,
    /// The latest time that the driver was told, or one before it.
    told: Time,
    browsers: Vec<Browser>,
    /// Counts components that pages ever showed.
    places: u32,
    /// Counts events.
    events: u32,
    /// Sessions whose links have ended, and whose components have to be gone once the driver has had its turn.
    lost: Vec<u32>,
    pub(crate) coverage: Coverage,
    seen: Vec<Seen>,
}

impl World {
    pub(crate) fn new(plan: Plan, rng: Rng, trace: Trace) -> World {
        let chronicle = Chronicle::default();
        let (app, routes) = live_application(plan.limits.clone(), &chronicle).expect("the patterns are right");
        let mut kernel = Kernel::new(rng, trace);
        kernel.step("plan", 0, || format!("{plan:#?}"));
        let browsers = Browsers {
            stage: app.stage.clone(),
            pages: Pages::default(),
            components: Components::default(),
            pace: Pace::new(plan.config.patches, plan.config.window),
            ends: Ends::new(plan.limits.waiting),
            silence: Silence::default(),
            told: Time::ZERO,
            browsers: (0..plan.browsers).map(|_| Browser::default()).collect(),
            places: 0,
            events: 0,
            lost: Vec::new(),
            coverage: Coverage::default(),
            seen: Vec::new(),
            plan: plan.clone(),
        };
        let Plan { config, limits, net, faults, .. } = plan;
        let settings = Settings::default();
        let product = Product { config: &config, settings, app, routes, limits: &limits, chronicle };
        let mut world = World::with(browsers, product, kernel, net, faults);
        world.net.notes_texts = true;
        world
    }

    pub(crate) fn browsers(&self) -> usize {
        self.crowd.browsers.len()
    }
}
