//! The simulated world: clients, the network, somebody outside, and the product in their middle.

mod act;
mod drive;
mod hear;
mod hostile;
mod outside;
mod request;
mod talk;
mod visit;

use crate::app::{SimApp, application};
use crate::coverage::Mark;
use crate::journal::{Entry, Journal};
use crate::kernel::{Event, Kernel};
use crate::model::Model;
use crate::net::{Net, Peer, Server};
use crate::oracle::{Bounds, Check, Failure, Lifecycle, Oracle, Order, Silence, Views, complain};
use crate::plan::Plan;
use crate::rng::Rng;
use crate::trace::Trace;
use lazuli::driver::Driver;
use lazuli::{Hub, Time};
use std::time::Duration;
pub(crate) use talk::{draw_how, make_verb};
use visit::Visit;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Clients do what they like, and things go wrong.
    Busy,
    /// Nothing goes wrong any more, and what is under way arrives.
    Resting,
    /// Everyone leaves.
    Leaving,
}

pub(crate) struct World {
    plan: Plan,
    driver: Driver<SimApp>,
    pub(crate) net: Net,
    pub(crate) model: Model,
    lifecycle: Lifecycle,
    order: Order,
    bounds: Bounds,
    views: Views,
    silence: Silence,
    journal: Journal,
    phase: Phase,
    /// Whether the server was told to shut down.
    shut_down: bool,
    /// By session.
    visits: Vec<Visit>,
    /// The session of each client, if it has one.
    clients: Vec<Option<u32>>,
    pub(crate) operations: u32,
    /// Counts what comes from outside.
    outside: u32,
    /// Counts pings and pongs.
    controls: u32,
    entries: Vec<Entry>,
    buffer: Vec<u8>,
}

/// After faults have healed, everything comes to rest within this time; so it does after everyone has left. It is longer
/// than any timer, deadline and delay that a seed can draw, one after the other.
const PATIENCE: Duration = Duration::from_secs(180);

/// The same for everything but heartbeats.
const CALM: Duration = Duration::from_secs(120);

/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_secs(10);

impl World {
    pub(crate) fn new(seed: u64, trace: Trace) -> World {
        let mut rng = Rng::new(seed);
        let plan = Plan::draw(&mut rng);
        let journal = Journal::default();
        let (app, routes) = application(&plan.limits, &journal).expect("the patterns of the application are right");
        let hub = Hub::new(plan.config.clone(), routes, app);
        let mut kernel = Kernel::new(rng, trace);
        kernel.step("plan", seed, || format!("{plan:#?}"));
        World {
            driver: Driver::new(hub, plan.settings.clone()),
            net: Net::new(kernel, plan.net.clone(), journal.clone()),
            model: Model::new(&plan),
            lifecycle: Lifecycle::default(),
            order: Order::default(),
            views: Views::default(),
            silence: Silence::default(),
            bounds: Bounds::new(plan.config.window, plan.limits.plain.frames.control_frames),
            journal,
            phase: Phase::Busy,
            shut_down: false,
            visits: Vec::new(),
            clients: vec![None; plan.clients],
            operations: 0,
            outside: 0,
            controls: 0,
            entries: Vec::new(),
            buffer: Vec::new(),
            plan,
        }
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn now(&self) -> Time {
        self.net.kernel.now
    }

    /// Lets everything happen.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        let result = self.live();
        let now = self.now();
        result.map_err(|complaint| complaint.at(now))
    }

    fn live(&mut self) -> Check {
        for client in 0..self.clients.len() {
            self.net.kernel.schedule_within(self.plan.pause, Event::Act(client));
        }
        if self.plan.outside > 0 {
            self.net.kernel.schedule_within(self.plan.outside, Event::Outside);
        }
        while self.phase == Phase::Busy && self.happen()? {}
        self.rest()?;
        self.leave()?;
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
            self.turn()?;
        }
        match self.net.kernel.trace.difference(false) {
            Some(difference) => complain(Oracle::Determinism, difference),
            None => Ok(true),
        }
    }

    fn handle(&mut self, event: Event) -> Check {
        match event {
            Event::Act(client) => self.act(client),
            Event::Accept(link) => self.accept(link),
            Event::Up(link) => self.receive(link),
            Event::Down(link) => self.read(link),
            Event::Writable(link) => self.writable(link),
            Event::ServerReset(link) => self.server_reset(link),
            Event::Notice(link) => self.disconnect(link, true),
            Event::ClientReset(link) => self.client_reset(link),
            Event::Outside => self.act_outside(),
            Event::Answer(event) => self.answer(event),
        }
    }

    /// Faults heal, and what is under way arrives.
    fn rest(&mut self) -> Check {
        self.net.kernel.step("heal", 0, || "everything".to_owned());
        self.net.healed = true;
        for link in 0..self.net.links.len() {
            match self.net.links[link].peer {
                // Who went away without a word is found to be away: by the heartbeat, where there is one.
                Peer::Vanished if self.model.heartbeat(self.net.links[link].session).is_some() => {}
                Peer::Vanished => self.net.reset(link),
                Peer::Open | Peer::Finished => self.net.kernel.schedule(0, Event::Down(link)),
                Peer::Gone => {}
            }
        }
        self.rest_until_quiet()?;
        let pending = self.model.pending(|session| self.reads(session));
        if !pending.is_empty() {
            return complain(Oracle::Rest, format!("at rest, {}", pending.join("; ")));
        }
        for (session, room, truth) in self.model.watched() {
            if self.reads(session) {
                self.model.coverage.add(Mark::ViewCompared, 1);
                self.views.compare(session, &room, &truth)?;
            }
        }
        Ok(())
    }

    /// Whether the client of a session still reads.
    fn reads(&self, session: u32) -> bool {
        self.net.links[self.visits[session as usize].link].peer == Peer::Open
    }

    fn rest_until_quiet(&mut self) -> Check {
        let (begin, patience) = (self.now(), self.now() + PATIENCE);
        while self.happen()? {
            // Where there are heartbeats, something always happens; after a while it is nothing else.
            if self.now() > begin + CALM && self.model.has_heartbeats() {
                let pending = self.model.pending(|session| self.reads(session));
                if pending.is_empty() {
                    return Ok(());
                }
            }
            if self.now() > patience {
                let mut pending = self.model.pending(|_| true);
                pending.extend(self.net.kernel.queue.next().map(|at| format!("an event will happen at {at:?}")));
                pending.extend(self.driver.next_timeout().map(|at| format!("the driver has a deadline at {at:?}")));
                return complain(Oracle::Rest, format!("there is no rest: {}", pending.join("; ")));
            }
        }
        Ok(())
    }

    /// Everyone leaves, each in a way of their own, or the server shuts down.
    fn leave(&mut self) -> Check {
        self.phase = Phase::Leaving;
        if self.plan.shutdown {
            self.shut_down()?;
            // The next event may be far away, and deadlines before it.
            return self.turn();
        }
        for session in 0..self.visits.len() as u32 {
            let link = self.visits[session as usize].link;
            match self.net.kernel.rng.below(10) {
                _ if self.net.links[link].peer != Peer::Open => {}
                0 => self.break_off(session),
                1 => {
                    self.net.links[link].brisk = false;
                    self.net.finish(link);
                }
                _ => self.say_goodbye(session),
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Check {
        self.lifecycle.finished(self.driver.stats(), self.driver.links())?;
        if let Some(link) = self.net.links.iter().position(|link| matches!(link.server, Server::Open | Server::Ended)) {
            return complain(Oracle::Lifecycle, format!("link {link} was never closed"));
        }
        if self.shut_down && !self.driver.is_drained() {
            return complain(Oracle::Lifecycle, "a shutdown never came to its end");
        }
        match self.net.kernel.trace.difference(true) {
            Some(difference) => complain(Oracle::Determinism, difference),
            None => Ok(()),
        }
    }
}
