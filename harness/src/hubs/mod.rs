//! Several hubs on one backplane that delays, doubles, reorders, loses and goes away, and hubs that die and start anew.
//!
//! The hubs are driven by hand, their links to clients are perfect: what happens on these is another part's. After each step what clients
//! heard, what the hub asked of the backplane and what it has counted are compared with what the documentation promises.

mod act;
mod bus;
mod feed;
mod hub;
mod plan;
mod rest;

use crate::coverage::{Coverage, Mark};
use crate::oracle::{Arrival, Casts, Check, Dead, Guest, Ledger, Life, Pauses, Tracks, Views, handled, same_so_far};
use crate::queue::Queue;
use crate::restless::{Manner, Restless};
use crate::rng::Rng;
use crate::tally::{Fault, Tally};
use crate::trace::{Trace, bytes as digest};
use bus::{Ask, Bus, Event};
use feed::Due;
use hub::Driven;
use lazuli::backplane::Incoming;
use lazuli::{ConnId, Input, Link, Time};
use plan::{Plan, WALL, later};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Time, chance, and what comes next.
pub(crate) struct Clock {
    pub(crate) now: Time,
    pub(crate) rng: Rng,
    queue: Queue<Event>,
    pub(crate) trace: Trace,
    pub(crate) tally: Tally,
    pub(crate) coverage: Coverage,
}

/// One node: the hub that it has now, and what has to be true of it.
#[derive(Default)]
struct Slot {
    /// Which of its hubs it is.
    life: u32,
    /// `None`: it is dead.
    driven: Option<Driven>,
    guests: BTreeMap<ConnId, Guest>,
    tracks: Tracks,
    pauses: Pauses,
    ledger: Ledger,
}

pub(crate) struct World {
    pub(crate) clock: Clock,
    plan: Plan,
    manner: Manner,
    bus: Bus,
    slots: Vec<Slot>,
    casts: Casts,
    dead: Dead,
    views: Views,
    sessions: u32,
    /// Counts what clients and others say.
    said: u32,
    pub(crate) operations: u32,
    /// Whether faults have healed.
    healed: bool,
    /// What a hub has published last.
    latest: Vec<u8>,
    /// Digests of what no hub has published.
    foreign: BTreeSet<u64>,
    /// What a hub has said last of who is in a room.
    who: Option<Value>,
}

impl World {
    pub(crate) fn new(mut rng: Rng, mut trace: Trace, manner: Manner) -> World {
        let plan = Plan::draw(&mut rng);
        trace.step(Time::ZERO, "plan", digest(format!("{plan:?}").as_bytes()), || format!("{plan:#?}"));
        let (tally, coverage) = (Tally::default(), Coverage::default());
        World {
            clock: Clock { now: Time::ZERO, rng, queue: Queue::new(), trace, tally, coverage },
            bus: Bus::new(plan.hubs, plan.bus.clone()),
            slots: (0..plan.hubs).map(|_| Slot::default()).collect(),
            plan,
            manner,
            casts: Casts::default(),
            dead: Dead::default(),
            views: Views::default(),
            sessions: 0,
            said: 0,
            operations: 0,
            healed: false,
            latest: Vec::new(),
            foreign: BTreeSet::new(),
            who: None,
        }
    }

    pub(crate) fn clients(&self) -> usize {
        self.sessions as usize
    }

    /// Everything that goes wrong, then that it comes to rest.
    pub(crate) fn play(&mut self) -> Check {
        for node in 0..self.slots.len() {
            self.start(node, 0)?;
        }
        self.clock.queue.push(Time::ZERO, Event::Act);
        while self.operations < self.plan.operations && !self.clock.rng.is_over() {
            self.step(None)?;
        }
        self.rest()
    }

    fn here(&self, node: usize) -> Life {
        (node, self.slots[node].life)
    }

    fn is_alive(&self, node: usize) -> bool {
        self.slots[node].driven.is_some()
    }

    /// The next thing happens, if it happens until then.
    fn step(&mut self, until: Option<Time>) -> Check<bool> {
        let due = |(node, slot): (usize, &Slot)| Some((slot.driven.as_ref()?.timeout()?, node));
        let timeout = self.slots.iter().enumerate().filter_map(due).min();
        let event = self.clock.queue.next();
        let next = match (timeout, event) {
            (Some((at, _)), Some(event)) => at.min(event),
            (Some((at, _)), None) => at,
            (None, Some(event)) => event,
            (None, None) => return Ok(false),
        };
        if until.is_some_and(|until| next > until) {
            return Ok(false);
        }
        self.clock.now = self.clock.now.max(next);
        match timeout {
            Some((at, node)) if event.is_none_or(|event| at <= event) => self.timeout(node)?,
            _ => {
                if let Some(event) = self.clock.queue.pop() {
                    self.happen(event)?;
                }
            }
        }
        same_so_far(&self.clock.trace)?;
        Ok(true)
    }

    fn timeout(&mut self, node: usize) -> Check {
        self.feed(node, "timeout", Due::default(), |hub, now| hub.handle_timeout(now))?;
        handled(self.clock.now, self.slots[node].driven.as_ref().and_then(Driven::timeout))
    }

    fn happen(&mut self, event: Event) -> Check {
        match event {
            Event::Act if self.healed => {}
            Event::Act => {
                self.operations += 1;
                self.act()?;
                let pause = self.clock.rng.below(self.plan.pause);
                self.clock.queue.push(later(self.clock.now, pause), Event::Act);
            }
            Event::Asked { node, line, ask, begun } => {
                if self.bus.takes(node, line, &ask) {
                    self.owe(&ask);
                    if let Ask::Publish(_, message) = &ask {
                        self.latest.clone_from(message);
                    }
                    if let Some((topic, position)) = self.bus.arrive(&mut self.clock, node, ask) {
                        self.slots[node].ledger.reached(&topic, begun, position);
                    }
                }
            }
            Event::Came { node, line, incoming } => {
                if self.bus.is_current(node, line) && self.is_alive(node) {
                    self.come(node, incoming)?;
                }
            }
            Event::Lost { node, line } => {
                if self.bus.is_current(node, line) && self.is_alive(node) {
                    self.lose(node)?;
                }
            }
            Event::Mend { node, line } => {
                if self.bus.is_current(node, line) && self.is_alive(node) {
                    self.bus.mend(&self.clock, node);
                    self.clock.coverage.add(Mark::LinkBack, 1);
                    self.come_back(node)?;
                }
            }
            Event::Break { node, line } => {
                if self.bus.is_current(node, line) {
                    self.bus.cut(&mut self.clock, node);
                }
            }
            Event::Start { node } => {
                if !self.is_alive(node) {
                    let back = match self.clock.rng.below(4) {
                        3 => self.clock.rng.below(7_200_000_000),
                        _ => 0,
                    };
                    self.start(node, back)?;
                }
            }
        }
        Ok(())
    }

    /// What is published where nothing is lost has to be heard, by hubs whose links are broken too.
    fn owe(&mut self, ask: &Ask) {
        let Ask::Publish(topic, message) = ask else { return };
        let Some(cast) = self.casts.of_message(message).filter(|_| !self.plan.loses) else { return };
        for (node, slot) in self.slots.iter().enumerate() {
            if slot.ledger.holds(topic) {
                self.casts.owe(cast, (node, slot.life), &slot.guests);
            }
        }
    }

    /// A hub starts, with a clock that goes so many microseconds wrong.
    fn start(&mut self, node: usize, back: u64) -> Check {
        if back > 0 {
            self.clock.tally.add(Fault::ClockSetBack, 1);
        }
        self.bus.mend(&self.clock, node);
        let wall = WALL + self.clock.now.as_micros() - back;
        let restless = Restless::new(self.manner, self.clock.trace.hash());
        let driven = Driven::new(self.plan.config(node, wall), self.clock.now, restless);
        let life = self.slots[node].life + 1;
        self.slots[node] = Slot { life, driven: Some(driven), ..Slot::default() };
        self.feed(node, "start", Due::default(), |_, _| {})
    }

    /// A hub dies without a word.
    fn die(&mut self, node: usize, still_arrives: bool) {
        let life = self.slots[node].life;
        self.slots[node] = Slot { life, ..Slot::default() };
        self.bus.hang_up(node, still_arrives);
        self.clock.trace.step(self.clock.now, "die", node as u64, || format!("hub {node}"));
    }

    /// Something comes from the backplane.
    fn come(&mut self, node: usize, incoming: Incoming) -> Check {
        let mut due = Due::default();
        let here = self.here(node);
        let slot = &mut self.slots[node];
        match &incoming {
            Incoming::Subscribed(topic, position) => slot.ledger.subscribed(topic, *position),
            Incoming::Published((topic, position, message)) => {
                due.place = Some((topic.clone(), *position));
                match slot.ledger.arrives(topic, *position) {
                    Arrival::Stray => self.clock.coverage.add(Mark::Stray, 1),
                    Arrival::Duplicate => self.clock.coverage.add(Mark::DuplicateCame, 1),
                    Arrival::New { gap } => {
                        self.clock.coverage.add(Mark::Gap, u64::from(gap));
                        if let Some(cast) = self.casts.of_message(message) {
                            due.hears(&self.casts, cast, here, &slot.guests);
                            self.clock.coverage.add(Mark::CastCame, 1);
                        } else if self.foreign.contains(&digest(message)) {
                            slot.ledger.foreign();
                            self.clock.coverage.add(Mark::ForeignCame, 1);
                        }
                    }
                }
            }
            Incoming::Link(_) => {}
        }
        let what = if due.place.is_some() { "published" } else { "subscribed" };
        self.feed(node, what, due, |hub, now| hub.handle(now, incoming.as_input()))
    }

    /// A hub learns that its link is lost.
    fn lose(&mut self, node: usize) -> Check {
        self.slots[node].ledger.is_lost = true;
        self.feed(node, "link lost", Due::default(), |hub, now| hub.handle(now, Input::Backplane(Link::Lost)))
    }

    /// A hub learns that its link is up.
    fn come_back(&mut self, node: usize) -> Check {
        let (casts, closes) = self.slots[node].ledger.is_back();
        self.clock.coverage.add(Mark::CloseWaited, closes as u64);
        self.clock.coverage.add(Mark::CastWaited, (casts.len() - closes) as u64);
        let due = Due { casts, anew: true, ..Due::default() };
        self.feed(node, "link up", due, |hub, now| hub.handle(now, Input::Backplane(Link::Up)))
    }

    /// Time passes.
    fn pass(&mut self, time: Duration) -> Check {
        let until = self.clock.now + time;
        while self.step(Some(until))? {}
        self.clock.now = until;
        Ok(())
    }
}
