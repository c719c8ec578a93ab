//! Looking after connections: peers that have fallen silent, and permissions that have expired.

use super::{Hub, State};
use crate::beats::Beat;
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::config::Heartbeat;
use crate::id::ConnId;
use crate::life::Life;
use crate::log::Level;
use alloc::string::String;
use core::mem;
use core::time::Duration;

/// The reason of a close.
pub(super) const EXPIRED: &str = "Your permission has expired; come back with a new one";

impl<A: App> Hub<A> {
    /// Begins to look after a socket.
    pub(super) fn watch(&mut self, conn: ConnId) {
        if let Some(heartbeat) = self.state.limits(conn).heartbeat {
            self.beat_after(conn, heartbeat.every, heartbeat);
        }
    }

    fn beat_after(&mut self, conn: ConnId, after: Duration, heartbeat: Heartbeat) {
        // Never now: a timeout that is handled leaves none that is due.
        let at = self.state.now + after.max(Duration::from_micros(1));
        let beat = self.state.beats.insert(at, heartbeat.every.min(heartbeat.timeout), conn);
        if let Some(found) = self.state.conns.get_mut(conn) {
            found.beat = beat;
        }
    }

    /// No longer looks after a socket.
    pub(super) fn unwatch(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let beat = mem::replace(&mut found.beat, Beat::NONE);
        let State { beats, conns, .. } = &mut self.state;
        beats.cancel(beat, |moved, beat| {
            if let Some(found) = conns.get_mut(moved) {
                found.beat = beat;
            }
        });
    }

    /// The time has come to look after a socket. What was heard meanwhile has moved no timer, which is set anew only here.
    pub(super) fn on_beat(&mut self, conn: ConnId) {
        let now = self.state.now;
        let Some(heartbeat) = self.state.limits(conn).heartbeat else { return };
        let Some(found) = self.state.conns.get_mut(conn).filter(|found| found.life == Life::Open) else { return };
        found.beat = Beat::NONE;
        let silence = now.saturating_since(found.heard);
        if found.pinged && !is_planted(Canary::LeftSilent) {
            self.state.stats.silent += 1;
            self.log(Level::Info, "silent", Some(conn), String::new);
            return self.end(conn, 1011, "Nothing was heard for too long, not even the answer to a ping");
        }
        if silence < heartbeat.every {
            return self.beat_after(conn, heartbeat.every - silence, heartbeat);
        }
        if is_planted(Canary::UnwatchedPage) && found.spark().is_some() {
            return self.beat_after(conn, heartbeat.every, heartbeat);
        }
        found.pinged = true;
        // Behind what waits it would say nothing: that a peer takes what waits is a sign of life too.
        found.ping_waits = self.state.flow.is_waiting(conn.index());
        let is_sent = !found.ping_waits;
        self.beat_after(conn, heartbeat.timeout, heartbeat);
        if is_sent {
            self.send_one(conn, &self.ping.clone());
        }
    }

    /// Nothing waits for a socket any more: a ping that did goes out, and its answer has its whole time.
    pub(super) fn on_drained(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn).filter(|found| found.ping_waits) else { return };
        found.ping_waits = false;
        let is_open = found.life == Life::Open;
        let Some(heartbeat) = self.state.limits(conn).heartbeat.filter(|_| is_open) else { return };
        self.unwatch(conn);
        self.beat_after(conn, heartbeat.timeout, heartbeat);
        self.send_one(conn, &self.ping.clone());
    }

    /// A connection's permission, or the time after it, is over.
    pub(super) fn on_expired(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        if let Some(more) = &mut found.more {
            more.expires = None;
        }
        // Of a Spark socket the channels are its session's.
        if found.expired || found.spark().is_some() {
            self.state.stats.expired += 1;
            self.log(Level::Info, "expired", Some(conn), String::new);
            return self.end(conn, 1008, EXPIRED);
        }
        let now = self.state.now;
        self.expire_at(conn, now);
    }
}
