//! A hub on the backplane, and what comes of each of its inputs.

use super::bus::Ask;
use crate::app::{RouteLimits, SimApp, SimEffect, application};
use crate::by_hand::ByHand;
use crate::chronicle::{Chronicle, Entry};
use crate::restless::Restless;
use lazuli::{Config, ConnId, Hub, Kind, Limits, Output, Request, Stats, Time};

/// What came of an input.
#[derive(Default)]
pub(super) struct Done {
    pub(super) asks: Vec<Ask>,
    /// Texts, and who got each, as often as they stand there.
    pub(super) sent: Vec<(String, Vec<ConnId>)>,
    pub(super) closed: Vec<(ConnId, u16, String)>,
    pub(super) calls: Vec<Entry<SimEffect>>,
    pub(super) drained: bool,
}

pub(super) struct Driven {
    by_hand: ByHand<SimApp>,
    /// When it started: its own time begins there.
    started: Time,
    chronicle: Chronicle<SimEffect>,
}

impl Driven {
    pub(super) fn new(config: Config, started: Time, restless: Restless) -> Driven {
        let limits = Limits { heartbeat: None, ..Limits::default() };
        let limits = RouteLimits {
            room: limits.clone(),
            feed: limits.clone(),
            state: limits.clone(),
            batch: limits.clone(),
            plain: limits,
        };
        let chronicle = Chronicle::default();
        let (app, routes) = application(&limits, &chronicle).expect("the patterns of the application are right");
        Driven { by_hand: ByHand::new(Hub::new(config, routes, app), restless), started, chronicle }
    }

    pub(super) fn stats(&self) -> &Stats {
        self.by_hand.hub.stats()
    }

    /// When it has to be told that time has passed.
    pub(super) fn timeout(&self) -> Option<Time> {
        Some(self.started + self.by_hand.hub.poll_timeout()?.saturating_since(Time::ZERO))
    }

    fn own_time(&self, now: Time) -> Time {
        Time::ZERO + now.saturating_since(self.started)
    }

    /// Asks for a WebSocket.
    pub(super) fn open(&mut self, now: Time, target: &str) -> Option<ConnId> {
        let now = self.own_time(now);
        self.by_hand.open(now, Request::get(target).ok()?).ok()
    }

    /// Does something with the hub, and all that comes of it.
    pub(super) fn act(&mut self, now: Time, act: impl FnOnce(&mut Hub<SimApp>, Time)) -> Done {
        let now = self.own_time(now);
        let mut done = Done::default();
        self.by_hand.act(now, act, |output| match output {
            Output::Send { to, frame } if frame.kind() == Kind::Text => {
                done.sent.push((String::from_utf8_lossy(frame.payload()).into_owned(), to.to_vec()));
            }
            Output::Close { conn, code, reason, .. } => done.closed.push((conn, code, reason.to_owned())),
            Output::Publish { topic, message } => done.asks.push(Ask::Publish(topic.into(), message.to_vec())),
            Output::Subscribe { topic, after } => done.asks.push(Ask::Subscribe(topic.into(), after)),
            Output::Unsubscribe { topic } => done.asks.push(Ask::Unsubscribe(topic.into())),
            Output::Drained => done.drained = true,
            Output::Send { .. } | Output::App(_) | Output::Log(_) => {}
        });
        self.chronicle.take(&mut done.calls);
        done
    }
}
