//! What each client should see, worked out a second time from what the documentation promises.
//!
//! The model is told what arrives at the server, which callbacks ran and how many bytes the sockets took. From the first
//! it knows which callbacks have to run, from the second in which order they did (where the documentation leaves it open,
//! as between two connections that end at once), from the third what flow control has to hold back, drop or end. It
//! shares the verbs of the application with the product, and nothing else.

mod arrive;
mod batch;
mod call;
mod clock;
mod command;
mod hear;
mod out;
mod presence;
mod rate;
mod send;
mod session;
mod verbs;

pub(crate) use arrive::{Arrival, Full, Page};
pub(crate) use command::Command;

use crate::app::{RouteLimits, SimEffect, Verb};
use crate::coverage::Coverage;
use crate::oracle::{Check, Oracle, complain};
use crate::plan::Plan;
use crate::tally::{Fault, Tally};
use clock::HubTimer;
use lazuli::{Config, ConnId, Heartbeat, Limits, Time};
use presence::Presence;
use rate::Bucket;
use session::{Due, End, Life, Session};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A message of a client.
pub(crate) struct Op {
    /// What it asks for; `None` for a binary message, which is echoed.
    pub(crate) verb: Option<Verb>,
    pub(crate) bytes: Arc<[u8]>,
}

pub(crate) struct Model {
    config: Config,
    limits: RouteLimits,
    sessions: Vec<Session>,
    /// By number: every operation.
    ops: Vec<Op>,
    rooms: BTreeMap<u32, BTreeSet<u32>>,
    /// Sessions whose `on_connect` succeeded: the application knows them, even when they are gone.
    known: BTreeSet<u32>,
    /// Of each user: the sessions.
    users: BTreeMap<u32, BTreeSet<u32>>,
    presence: BTreeMap<u32, Presence>,
    /// Counts inputs, and times at which news are told.
    inputs: u64,
    /// Rooms of which nobody can tell any more when their members are told what. In the end it has to be right all the same.
    vague: BTreeSet<u32>,
    /// Rooms whose presence has changed in this input.
    news: BTreeSet<u32>,
    /// Those whose members were told of it last.
    told: BTreeSet<u32>,
    /// Every timer that is set, in the order in which they come.
    timers: BTreeMap<(Time, u64), HubTimer>,
    /// Whether somebody was closed and nobody could tell when: who was sent a ping before or after that is open.
    unsure_beats: bool,
    /// When sessions have to be done with a request, or with a message; or had, if they are.
    deadlines: BTreeSet<(Time, u32)>,
    /// Sessions whose messages the driver has cut short in this timeout: it does that before the hub looks at its timers.
    driver_first: BTreeSet<u32>,
    /// Who was looked after in this timeout.
    beaten: Vec<u32>,
    /// When which session is looked after.
    beats: BTreeMap<(Time, u64), u32>,
    /// What is left of the rate of requests, and of the failures of each address.
    accepted: Bucket,
    failures: BTreeMap<u8, Bucket>,
    /// Whether deadlines are being handled.
    timing: bool,
    /// Counts timers, which orders those of one time.
    timers_set: u64,
    /// Questions that have to be asked.
    effects: VecDeque<SimEffect>,
    /// How often something was added.
    total: u64,
    /// The latest time that the hub was told.
    now: Time,
    /// Until when a shutdown lets things go out.
    shutdown: Option<Time>,
    /// Sessions that have callbacks due.
    due: BTreeSet<u32>,
    /// Ends that the driver has yet to tell the hub of, in its next turn.
    ends: Vec<(u32, End)>,
    /// Whether the driver is in its turn, where sockets and callbacks come mixed.
    turning: bool,
    /// Bytes of hub frames that sockets took in this turn.
    written: Vec<(u32, usize)>,
    /// Sessions whose queue has changed since it was last compared.
    touched: BTreeSet<u32>,
    pub(crate) tally: Tally,
    pub(crate) coverage: Coverage,
}

impl Model {
    pub(crate) fn new(plan: &Plan) -> Model {
        Model {
            config: plan.config.clone(),
            limits: plan.limits.clone(),
            sessions: Vec::new(),
            ops: Vec::new(),
            rooms: BTreeMap::new(),
            known: BTreeSet::new(),
            users: BTreeMap::new(),
            presence: BTreeMap::new(),
            inputs: 0,
            vague: BTreeSet::new(),
            news: BTreeSet::new(),
            told: BTreeSet::new(),
            timers: BTreeMap::new(),
            unsure_beats: false,
            deadlines: BTreeSet::new(),
            driver_first: BTreeSet::new(),
            beaten: Vec::new(),
            beats: BTreeMap::new(),
            accepted: Bucket::default(),
            failures: BTreeMap::new(),
            timing: false,
            timers_set: 0,
            effects: VecDeque::new(),
            total: 0,
            now: Time::ZERO,
            shutdown: None,
            due: BTreeSet::new(),
            ends: Vec::new(),
            turning: false,
            written: Vec::new(),
            touched: BTreeSet::new(),
            tally: Tally::default(),
            coverage: Coverage::default(),
        }
    }

    /// A client begins a session, from this address; its number.
    pub(crate) fn begin(&mut self, address: u8) -> u32 {
        self.sessions.push(Session { address, ..Session::new(self.config.window.into()) });
        self.sessions.len() as u32 - 1
    }

    /// A client makes up an operation; its number.
    pub(crate) fn operation(&mut self, make: impl FnOnce(u32) -> Op) -> u32 {
        let number = self.ops.len() as u32;
        self.ops.push(make(number));
        number
    }

    /// The message of an operation.
    pub(crate) fn bytes(&self, op: u32) -> Arc<[u8]> {
        self.ops[op as usize].bytes.clone()
    }

    /// The connection of a session, once it has one.
    pub(crate) fn conn(&self, session: u32) -> Option<ConnId> {
        self.sessions.get(session as usize)?.conn
    }

    /// The address of a session.
    pub(crate) fn address(&self, session: u32) -> u8 {
        self.sessions[session as usize].address
    }

    /// How many sessions there were.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions.len() as u32
    }

    fn at(&mut self, session: u32) -> &mut Session {
        &mut self.sessions[session as usize]
    }

    fn is_open(&self, session: u32) -> bool {
        self.sessions.get(session as usize).is_some_and(|found| found.life == Life::Open)
    }

    fn limits_of(&self, session: u32) -> Option<&Limits> {
        self.sessions.get(session as usize)?.route.map(|route| self.limits.of(route))
    }

    /// The driver is told the time.
    pub(crate) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// An input of the driver was handled: every callback that it asks for must have run.
    pub(crate) fn settled(&mut self, receiving: Option<u32>) -> Check {
        if let Some(session) = receiving {
            self.finish_arrivals(session)?;
        }
        self.tell_news();
        match self.due.first() {
            Some(&session) => {
                let due = self.at(session).due.front().cloned();
                let told = matches!(due, Some(Due::Told { .. }));
                let oracle = match due {
                    Some(Due::Batch) => Oracle::Batches,
                    Some(Due::Close { code: 1011, ref reason }) if reason.is_silence() => Oracle::Silence,
                    _ if told => Oracle::Delivery,
                    _ => Oracle::Lifecycle,
                };
                complain(oracle, format!("{due:?} was never told to session {session}"))
            }
            None => {
                // Whoever was too slow for that was so in this input.
                self.told.clear();
                Ok(())
            }
        }
    }

    /// The driver begins its turn.
    pub(crate) fn turn(&mut self) {
        self.turning = true;
    }

    /// A socket took bytes of hub frames. They are credit again at the end of the turn.
    pub(crate) fn wrote(&mut self, session: u32, bytes: usize) {
        if bytes > 0 {
            // What was told in this turn was so before.
            self.tell_news();
            self.at(session).unreported += bytes;
            self.written.push((session, bytes));
        }
    }

    /// The driver ends its turn: the hub has heard of everything.
    pub(crate) fn turned(&mut self) -> Check {
        self.tell_news();
        self.turning = false;
        for (session, bytes) in std::mem::take(&mut self.written) {
            let found = self.at(session);
            found.unreported = 0;
            found.out.sent(bytes);
            self.touched.insert(session);
            if self.at(session).out.queue_len() == 0 {
                self.drained(session);
            }
        }
        for (session, end) in std::mem::take(&mut self.ends) {
            if self.is_open(session) {
                return complain(Oracle::Lifecycle, format!("{end:?} was never told to session {session}"));
            }
            if end == End::Lost {
                // Who has only ended its stream may still be sent what waits, before the close that was decided.
                let found = self.at(session);
                found.out.loosen();
                found.cut_from = Time::ZERO;
            }
        }
        self.settled(None)
    }

    /// The driver asks for I/O of the application.
    pub(crate) fn asked(&mut self, effect: &SimEffect) -> Check {
        match self.effects.pop_front() {
            Some(due) if due == *effect => Ok(()),
            due => complain(Oracle::Delivery, format!("{effect:?} was asked for, and not {due:?}")),
        }
    }

    /// Whose queue has changed: the session, its connection, what should wait for it and what may.
    pub(crate) fn changed(&mut self) -> Vec<(u32, ConnId, usize, usize)> {
        let touched = std::mem::take(&mut self.touched);
        let known = |session: u32| {
            let found = &self.sessions[session as usize];
            let sure = found.exact && (found.life == Life::Open || found.cut_from > self.now);
            let limit = found.route.map_or(0, |route| self.limits.of(route).waiting);
            Some((session, found.conn.filter(|_| sure)?, found.out.waiting(), limit))
        };
        touched.into_iter().filter_map(known).collect()
    }

    /// How a session's peer is looked after, while it is connected.
    pub(crate) fn heartbeat(&self, session: u32) -> Option<Heartbeat> {
        self.limits_of(session).filter(|_| self.is_open(session))?.heartbeat
    }

    /// Whether anybody is looked after.
    pub(crate) fn has_heartbeats(&self) -> bool {
        !self.beats.is_empty()
    }

    /// The latest time that the hub was told.
    pub(crate) fn time(&self) -> Time {
        self.now
    }

    /// The largest frame that a session ever had.
    pub(crate) fn largest(&self, session: u32) -> usize {
        self.sessions.get(session as usize).map_or(0, |found| found.out.largest)
    }

    /// What is under way, in words.
    pub(crate) fn pending(&self, reads: impl Fn(u32) -> bool) -> Vec<String> {
        let mut pending = Vec::new();
        for (number, session) in self.sessions.iter().enumerate().filter(|(number, _)| reads(*number as u32)) {
            if session.life != Life::Open {
                continue;
            }
            let sent = session.out.handed.iter().filter(|item| !item.is_heartbeat()).count();
            let waiting = session.out.queue_len();
            if sent + waiting > 0 && !session.is_lossy() {
                pending.push(format!("session {number} lacks {sent} messages on their way and {waiting} that wait"));
            }
            if !session.pings.is_empty() {
                pending.push(format!("session {number} lacks the pong to its latest ping"));
            }
        }
        if !self.timers.is_empty() {
            pending.push(format!("{} timers have not come", self.timers.len()));
        }
        if !self.effects.is_empty() {
            pending.push(format!("{} effects were not asked for", self.effects.len()));
        }
        pending
    }

    fn mark_due(&mut self, session: u32, due: Due) {
        self.at(session).due.push_back(due);
        self.due.insert(session);
    }

    fn count(&mut self, fault: Fault) {
        self.tally.add(fault, 1);
    }
}
