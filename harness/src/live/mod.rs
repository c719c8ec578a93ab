//! The simulated world of pages: browsers with live components, over the same network and the same driver.
//!
//! It stands beside [`crate::world`], whose model knows every byte that a client gets, and so cannot have clients whose patches
//! only the product can tell. Here browsers load pages, mount what they show on a Spark socket, send events, and apply patches
//! by `docs/patches.md` alone; links delay, split, stall and break, callbacks and renders fail and panic. A browser that has lost
//! its socket comes back, with the tokens and what its page shows. Then everything heals, and each page has to show what its
//! components are.

mod act;
mod browser;
mod drive;
mod frames;
mod hear;
mod plan;
mod request;

use crate::app::SimApp;
use crate::app::live::{Seen, Stage, live_application};
use crate::coverage::{Coverage, Mark};
use crate::journal::{Entry, Journal};
use crate::kernel::{Event, Kernel};
use crate::net::{Net, Peer, Server};
use crate::oracle::{Bounds, Check, Components, Failure, Oracle, Pace, Pages, complain};
use crate::rng::Rng;
use crate::trace::Trace;
use browser::{Browser, Visit};
use lazuli::driver::Driver;
use lazuli::{Hub, Time};
use plan::Plan;
use std::time::Duration;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Browsers do what they like, and things go wrong.
    Busy,
    /// Nothing goes wrong any more; who has lost a socket comes back.
    Resting,
    /// Everyone leaves.
    Leaving,
}

pub(crate) struct LiveWorld {
    plan: Plan,
    driver: Driver<SimApp>,
    pub(crate) net: Net,
    stage: Stage,
    pages: Pages,
    components: Components,
    pace: Pace,
    bounds: Bounds,
    journal: Journal,
    phase: Phase,
    /// By session: one request for a page, or one socket.
    visits: Vec<Visit>,
    browsers: Vec<Browser>,
    pub(crate) operations: u32,
    /// Counts components that pages ever showed.
    places: u32,
    /// Counts events.
    events: u32,
    /// Counts what comes from outside.
    outside: u32,
    /// Sessions whose links have ended, and whose components have to be gone once the driver has had its turn.
    lost: Vec<u32>,
    pub(crate) coverage: Coverage,
    entries: Vec<Entry>,
    seen: Vec<Seen>,
    buffer: Vec<u8>,
}

/// After faults have healed, everything comes to rest within this time.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where there are heartbeats, something always happens; after this time it is nothing else.
const CALM: Duration = Duration::from_secs(60);

impl LiveWorld {
    /// The world of a seed, if there are pages in it.
    pub(crate) fn new(seed: u64, trace: Trace) -> Result<LiveWorld, Trace> {
        // Another stream of numbers than those of the others.
        let mut rng = Rng::new(seed ^ 0x11fe_c0de);
        let Some(plan) = Plan::draw(&mut rng) else { return Err(trace) };
        let journal = Journal::default();
        let (app, routes) = live_application(plan.limits.clone(), &journal).expect("the patterns are right");
        let stage = app.stage.clone();
        let hub = Hub::new(plan.config.clone(), routes, app);
        let mut kernel = Kernel::new(rng, trace);
        kernel.step("pages", seed, || format!("{plan:#?}"));
        let mut net = Net::new(kernel, plan.net.clone(), journal.clone());
        net.notes_texts = true;
        Ok(LiveWorld {
            driver: Driver::new(hub, lazuli::driver::Settings::default()),
            net,
            stage,
            pages: Pages::default(),
            components: Components::default(),
            pace: Pace::new(plan.config.patches, plan.config.window),
            bounds: Bounds::new(plan.config.window, plan.limits.frames.control_frames),
            journal,
            phase: Phase::Busy,
            visits: Vec::new(),
            browsers: (0..plan.browsers).map(|_| Browser::default()).collect(),
            operations: 0,
            places: 0,
            events: 0,
            outside: 0,
            lost: Vec::new(),
            coverage: Coverage::default(),
            entries: Vec::new(),
            seen: Vec::new(),
            buffer: Vec::new(),
            plan,
        })
    }

    pub(crate) fn browsers(&self) -> usize {
        self.browsers.len()
    }

    fn now(&self) -> Time {
        self.net.kernel.now
    }

    /// Lets everything happen.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        let result = self.play();
        let now = self.now();
        result.map_err(|complaint| complaint.at(now))
    }

    fn play(&mut self) -> Check {
        for browser in 0..self.browsers.len() {
            self.net.kernel.schedule_within(self.plan.pause, Event::Act(browser));
        }
        self.net.kernel.schedule_within(self.plan.pause, Event::Outside);
        while self.phase == Phase::Busy && self.happen()? {}
        self.rest()?;
        self.leave();
        self.rest_until_quiet()?;
        self.finish()
    }

    /// The next thing happens, and all that does at the same moment; `false` when nothing will ever happen again.
    fn happen(&mut self) -> Check<bool> {
        let event = self.net.kernel.queue.next();
        let late = Duration::from_micros(self.plan.net.late);
        let deadline = self.driver.next_timeout().map(|at| at + late);
        let Some(at) = [event, deadline].into_iter().flatten().min() else { return Ok(false) };
        self.net.kernel.now = self.now().max(at);
        if deadline.is_some_and(|deadline| deadline <= self.now()) {
            self.timeout()?;
        } else if let Some(event) = self.net.kernel.queue.pop() {
            self.handle(event)?;
        }
        let more = self.net.kernel.queue.next().is_some_and(|next| next <= self.now());
        if !more || self.net.kernel.rng.chance(self.plan.net.turns) {
            self.turn(!more)?;
        }
        match self.net.kernel.trace.difference(false) {
            Some(difference) => complain(Oracle::Determinism, difference),
            None => Ok(true),
        }
    }

    fn handle(&mut self, event: Event) -> Check {
        match event {
            Event::Act(browser) => self.act(browser),
            Event::Accept(link) => self.accept(link),
            Event::Up(link) => self.receive(link),
            Event::Down(link) => self.read(link),
            Event::Writable(link) => self.writable(link),
            Event::ServerReset(link) => self.server_reset(link),
            Event::Notice(link) => self.disconnect(link, true),
            Event::ClientReset(link) => self.client_reset(link),
            Event::Outside => self.act_outside(),
            Event::Answer(_) => Ok(()),
        }
    }

    /// Faults heal, who has lost a socket comes back, and what is under way arrives.
    fn rest(&mut self) -> Check {
        self.net.kernel.step("heal", 0, || "everything".to_owned());
        self.phase = Phase::Resting;
        self.net.healed = true;
        for link in 0..self.net.links.len() {
            match self.net.links[link].peer {
                Peer::Vanished => self.net.reset(link),
                Peer::Open | Peer::Finished => self.net.kernel.schedule(0, Event::Down(link)),
                Peer::Gone => {}
            }
        }
        self.come_back();
        self.rest_until_quiet()?;
        (0..self.browsers.len()).try_for_each(|browser| self.compare(browser))
    }

    /// Whoever lacks a page or a socket sees to it.
    fn come_back(&mut self) {
        for browser in 0..self.browsers.len() {
            self.net.kernel.schedule_within(1_000_000, Event::Act(browser));
        }
    }

    /// What a page shows has to be what its components are, and it has to have been told everything.
    fn compare(&mut self, number: usize) -> Check {
        let browser = &self.browsers[number];
        let Some((session, socket)) = browser.socket.as_ref().map(|socket| (socket.session, socket)) else {
            return complain(Oracle::Rest, format!("at rest, browser {number} has no socket: {browser:?}"));
        };
        // All that the driver ever held has been written by now.
        let visit = &self.visits[session as usize];
        self.bounds.offered(session, visit.offered, visit.largest)?;
        self.components.knows(session)?;
        if let Some(asked) = socket.asked.values().next() {
            return complain(Oracle::Components, format!("at rest, {asked:?} of session {session} was not answered"));
        }
        let Some(page) = &browser.page else {
            return complain(Oracle::Rest, format!("at rest, browser {number} has no page: {browser:?}"));
        };
        for part in &page.parts {
            let home = part.home(session);
            match part.number {
                Some(_) if !part.is_awaited => {
                    self.coverage.add(Mark::PageCompared, 1);
                    self.pages.compare(home, &page.dom, part.host)?;
                }
                None if part.is_given_up => {}
                _ => return complain(Oracle::Rest, format!("at rest, {home:?} is not mounted: {part:?}")),
            }
        }
        Ok(())
    }

    fn rest_until_quiet(&mut self) -> Check {
        let begin = self.now();
        while self.happen()? {
            if self.now() > begin + CALM && self.plan.limits.heartbeat.is_some() && self.phase == Phase::Resting {
                return Ok(());
            }
            if self.now() > begin + PATIENCE {
                let next = (self.net.kernel.queue.next(), self.driver.next_timeout());
                return complain(Oracle::Rest, format!("there is no rest among pages: {next:?}"));
            }
        }
        Ok(())
    }

    /// Everyone leaves, each in a way of their own.
    fn leave(&mut self) {
        self.phase = Phase::Leaving;
        for session in 0..self.visits.len() as u32 {
            let link = self.visits[session as usize].link;
            match self.net.kernel.rng.below(10) {
                _ if self.net.links[link].peer != Peer::Open => {}
                0..3 => self.break_off(session),
                3 => {
                    self.net.links[link].brisk = false;
                    self.net.finish(link);
                }
                _ => self.say_goodbye(session),
            }
        }
    }

    fn finish(&mut self) -> Check {
        self.components.finished(self.driver.stats())?;
        if let Some(link) = self.net.links.iter().position(|link| matches!(link.server, Server::Open | Server::Ended)) {
            return complain(Oracle::Lifecycle, format!("link {link} of a page was never closed"));
        }
        Ok(())
    }
}
