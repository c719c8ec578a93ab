//! Worlds of a hub alone: no driver, no bytes of a socket.

use crate::channels::routes;
use lazuli::{Cause, Config, ConnId, Hub, Input, Kind, Message, Output, Rate, Request, Time};
use std::hint::black_box;
use std::time::Duration;

const TICK: Duration = Duration::from_micros(200);

/// A hub with connections.
pub struct World {
    hub: Hub,
    conns: Vec<ConnId>,
    now: Time,
    /// What was handed out and not yet reported as written.
    unreported: Vec<(ConnId, u32)>,
    /// A report for every connection.
    reports: Vec<(ConnId, u32)>,
}

impl World {
    /// A hub with `connections`, each opened for the target that `target` names.
    ///
    /// # Panics
    /// When a target is none, or refused.
    pub fn new(connections: usize, target: impl Fn(usize) -> String) -> World {
        // The widest window: with nothing ever reported, millions of frames go out before one has to wait.
        let config =
            Config { connections: usize::MAX, accepted: Rate::UNLIMITED, window: u32::MAX, ..Config::default() };
        let hub = Hub::new(config, routes().expect("good routes"), ());
        let (conns, reports) = (Vec::new(), Vec::new());
        let mut world = World { hub, conns, now: Time::ZERO, unreported: Vec::new(), reports };
        for number in 0..connections {
            world.join(&target(number));
        }
        world.drain();
        world
    }

    /// One more connection; it has the next number.
    ///
    /// # Panics
    /// When the target is none, or refused.
    pub fn join(&mut self, target: &str) {
        let conn = self.open(target);
        self.conns.push(conn);
        self.reports.push((conn, 100));
    }

    /// Each input has its own moment; so far apart that one connection may go on for ever, at its route's rate.
    fn tick(&mut self) -> Time {
        self.now = self.now + TICK;
        self.now
    }

    /// Lets time go by, and what is due happen.
    pub fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        if self.hub.poll_timeout().is_some_and(|at| at <= self.now) {
            self.hub.handle_timeout(self.now);
        }
    }

    fn open(&mut self, target: &str) -> ConnId {
        let now = self.tick();
        let request = Request::get(target).expect("a good target");
        let conn = self.hub.open(now, request).expect("a route that takes it");
        self.hub.handle(now, Input::Opened { conn });
        conn
    }

    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Hands in a message of one connection, by its number.
    pub fn message(&mut self, number: usize, text: &str) {
        let now = self.tick();
        let conn = self.conns[number % self.conns.len()];
        self.hub.handle(now, Input::Message { conn, message: Message::Text(text) });
    }

    /// Takes all outputs, and does nothing with them; returns how many receivers they had.
    pub fn drain(&mut self) -> usize {
        let mut receivers = 0;
        while let Some(output) = self.hub.poll_output() {
            if let Output::Send { to, .. } = black_box(output) {
                receivers += to.len();
            }
        }
        receivers
    }

    /// Takes all outputs and reports them as written, all in one input; returns how many receivers they had.
    pub fn drain_and_report(&mut self) -> usize {
        while let Some(output) = self.hub.poll_output() {
            if let Output::Send { to, frame } = output {
                let length = frame.wire().len() as u32;
                self.unreported.extend(to.iter().map(|&conn| (conn, length)));
            }
        }
        let receivers = self.unreported.len();
        let now = self.tick();
        self.hub.handle(now, Input::Sent(&self.unreported));
        self.unreported.clear();
        receivers
    }

    /// Reports bytes for every connection in one input; the hub takes no more than it had handed out. Returns for how
    /// many.
    pub fn report(&mut self) -> usize {
        let now = self.tick();
        self.hub.handle(now, Input::Sent(&self.reports));
        self.reports.len()
    }

    /// Opens a connection and loses it again.
    pub fn come_and_go(&mut self, target: &str) {
        self.come_and_go_after(target, Duration::ZERO);
    }

    /// Opens a connection and loses it after a while.
    pub fn come_and_go_after(&mut self, target: &str, while_there: Duration) {
        let conn = self.open(target);
        if !while_there.is_zero() {
            self.wait(while_there);
        }
        let now = self.tick();
        self.hub.handle(now, Input::Closed { conn, cause: Cause::Lost });
    }

    /// Lets the next timer fire.
    pub fn next_timer(&mut self) {
        if let Some(at) = self.hub.poll_timeout() {
            self.now = self.now.max(at);
            self.hub.handle_timeout(at);
        }
    }

    /// Lets the next moment come at which connections are looked after: each that is sent a ping gets it, and answers.
    /// Returns how many did.
    pub fn beat(&mut self) -> usize {
        self.next_timer();
        while let Some(output) = self.hub.poll_output() {
            if let Output::Send { to, frame } = output
                && frame.kind() == Kind::Ping
            {
                let length = frame.wire().len() as u32;
                self.unreported.extend(to.iter().map(|&conn| (conn, length)));
            }
        }
        let (now, pinged) = (self.now, self.unreported.len());
        self.hub.handle(now, Input::Sent(&self.unreported));
        for (conn, _) in self.unreported.drain(..) {
            self.hub.handle(now, Input::Pong { conn, bytes: b"heartbeat" });
        }
        pinged
    }
}
