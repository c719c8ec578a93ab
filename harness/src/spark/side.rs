//! One of two hubs that are compared, and what its connections were sent.

use crate::app::{RouteLimits, SimApp, SimEffect, SimEvent, application};
use crate::by_hand::ByHand;
use crate::chronicle::Chronicle;
use crate::restless::Restless;
use lazuli::{Cause, Config, ConnId, Hub, Input, Kind, Limits, Output, Refused, Request, Time};
use std::collections::BTreeMap;

/// What a connection was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
}

pub(super) struct Side {
    by_hand: ByHand<SimApp>,
    now: Time,
    sent: BTreeMap<ConnId, Vec<Sent>>,
    /// Questions of the application that have not been answered.
    effects: Vec<SimEffect>,
}

impl Side {
    /// A hub with the simulated application, and Spark sockets with these limits.
    pub(super) fn new(config: Config, limits: &RouteLimits, spark: Limits, restless: Restless) -> Side {
        let (app, mut routes) =
            application(limits, &Chronicle::default()).expect("the patterns of the application are right");
        routes.spark_with("/spark", spark, |_| Ok(lazuli::Session::default())).expect("a new pattern");
        let by_hand = ByHand::new(Hub::new(config, routes, app), restless);
        Side { by_hand, now: Time::ZERO, sent: BTreeMap::new(), effects: Vec::new() }
    }

    /// Asks for a WebSocket.
    pub(super) fn open(&mut self, target: &str) -> Result<ConnId, Refused> {
        let request = Request::get(target).map_err(|error| Refused::new(400, error.to_string()))?;
        let conn = self.by_hand.open(self.now, request)?;
        self.input(Input::Opened { conn });
        Ok(conn)
    }

    pub(super) fn input(&mut self, input: Input<'_, SimEvent>) {
        self.act(|hub, now| hub.handle(now, input));
    }

    pub(super) fn message(&mut self, conn: ConnId, message: lazuli::Message<'_>) {
        self.input(Input::Message { conn, message });
    }

    /// The peer closes in order.
    pub(super) fn leave(&mut self, conn: ConnId) {
        self.input(Input::Ended { conn, code: Some(1000), reason: "" });
    }

    /// The peer is lost.
    pub(super) fn lose(&mut self, conn: ConnId) {
        self.input(Input::Closed { conn, cause: Cause::Lost });
    }

    /// Answers all questions.
    pub(super) fn answer(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            self.input(Input::App(SimEvent::Answer(effect)));
        }
    }

    /// Time passes, deadline by deadline.
    pub(super) fn pass(&mut self, until: Time) {
        while let Some(at) = self.by_hand.hub.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.act(|hub, now| hub.handle_timeout(now));
        }
        self.now = until;
    }

    /// What a connection was sent since the last time.
    pub(super) fn take(&mut self, conn: ConnId) -> Vec<Sent> {
        self.sent.remove(&conn).unwrap_or_default()
    }

    pub(super) fn stats(&self) -> &lazuli::Stats {
        self.by_hand.hub.stats()
    }

    fn act(&mut self, act: impl FnOnce(&mut Hub<SimApp>, Time)) {
        let (sent, effects) = (&mut self.sent, &mut self.effects);
        self.by_hand.act(self.now, act, |output| match output {
            Output::Send { to, frame } => {
                let what = match frame.kind() {
                    Kind::Text => Sent::Text(String::from_utf8_lossy(frame.payload()).into_owned()),
                    Kind::Binary => Sent::Binary(frame.payload().to_vec()),
                    Kind::Ping => return,
                };
                to.iter().for_each(|&conn| sent.entry(conn).or_default().push(what.clone()));
            }
            Output::Close { conn, code, reason, .. } => {
                sent.entry(conn).or_default().push(Sent::Close(code, reason.to_owned()));
            }
            Output::App(effect) => effects.push(effect),
            _ => {}
        });
    }
}
