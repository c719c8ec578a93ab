//! How connections end, and the hub with them.

use super::callback::Answer;
use super::state::{Due, Ending};
use super::{Hub, Work, callback};
use crate::canary::{Canary, ambient, is_planted};
use crate::channel::App;
use crate::id::ConnId;
use crate::input::Cause;
use crate::life::{Life, Next, Step};
use crate::log::Level;
use crate::output::Item;
use crate::time::Time;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

impl<A: App> Hub<A> {
    /// Decides a connection's end: it leaves its rooms at once, and what was queued before goes first. Messages that wait
    /// for their batch are handed over before that.
    pub(super) fn end(&mut self, conn: ConnId, code: u16, reason: &str) {
        if self.has_batch(conn) {
            // Not here: a batch's callback may end others, whose batches may end others yet.
            return self.work.push_back(Work::End { conn, code, reason: reason.into() });
        }
        self.end_at_once(conn, code, reason);
    }

    /// Decides a connection's end, and drops what waits for a batch.
    pub(super) fn end_at_once(&mut self, conn: ConnId, code: u16, reason: &str) {
        if self.state.conns.get(conn).is_some_and(|found| found.socket().is_some()) {
            return self.end_channel(conn, code, reason, true);
        }
        self.decide(conn, code, reason, true);
    }

    /// Decides a connection's end with a code of the application's, which may be one that cannot be sent.
    pub(super) fn end_with(&mut self, conn: ConnId, code: u16, reason: &str) {
        if crate::error::may_send(code) {
            return self.end(conn, code, reason);
        }
        self.log(Level::Error, "a close code that may not be sent", Some(conn), || format!("{code}"));
        self.end(conn, 1011, "Internal server error");
    }

    /// Decides the end of all connections of a user, on all hubs.
    pub(super) fn close_user(&mut self, user: &str, code: u16, reason: &str) {
        // Here at once: whose permission is withdrawn does not go on because a backplane is slow, or away.
        self.close_user_here(user, code, reason);
        if self.remote.is_on() {
            self.publish_close(user, code, reason);
        }
    }

    pub(super) fn close_user_here(&mut self, user: &str, code: u16, reason: &str) {
        let conns: Vec<ConnId> = self.state.sessions.conns(user).chain(self.state.users.conns(user)).collect();
        for conn in conns {
            self.end(conn, code, reason);
        }
    }

    /// Decides a socket's end and drops what waits for it.
    pub(super) fn end_now(&mut self, conn: ConnId, code: u16, reason: &str) {
        self.decide(conn, code, reason, false);
    }

    fn decide(&mut self, conn: ConnId, code: u16, reason: &str, linger: bool) {
        // A second decision of the application's own is no input that came too late.
        let ended = self.state.conns.get(conn).is_none_or(|found| found.is_ending());
        let Some(Next::To(life)) = (!ended).then(|| self.step(conn, Step::Ended)).flatten() else { return };
        let reason: Arc<str> = crate::error::fit_reason(reason).into();
        self.log(Level::Debug, "closing", Some(conn), || format!("{code} {reason}"));
        let latest = self.state.now + self.state.config.linger;
        let by = if linger { self.shutdown.map_or(latest, |deadline| deadline.min(latest)) } else { self.state.now };
        if !linger {
            self.state.stats.dropped += self.state.flow.clear(conn.index()) as u64;
        }
        self.unwatch(conn);
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let instance = found.instance;
        found.more().ending = Some(Ending { code, reason: reason.clone(), by, linger: None });
        self.put_off_batch(conn);
        self.detach(instance);
        if life == Life::Closing {
            // It never opened: nobody is told, nothing is queued.
            self.drop_channel(instance);
            self.state.forget_instance(instance);
            return self.ask_to_close(conn);
        }
        self.end_channels(conn, code, &reason);
        self.work.push_back(Work::Close { instance, code, reason });
        if !self.state.flow.is_waiting(conn.index()) {
            return self.flushed(conn);
        }
        let key = self.state.timers.insert(by.max(self.state.now), Due::Linger(conn));
        if let Some(ending) = self.state.conns.get_mut(conn).and_then(|found| found.ending()) {
            ending.linger = Some(key);
        }
    }

    /// Takes an instance out of its rooms, and its timers and its user from it.
    pub(super) fn detach(&mut self, instance: u32) {
        if let Some(conn) = self.state.instances.get(instance as usize).map(|found| found.conn) {
            self.untrack_all(instance, conn);
            if let Some(more) = self.state.conns.get_mut(conn).and_then(|found| found.more.as_mut()) {
                let (expires, batch) = (more.expires.take(), more.batch.take());
                self.state.forget(expires, batch);
            }
        }
        while let Some(change) = self.state.rooms.leave_last(instance) {
            self.on_change(change);
        }
        while self.state.users.leave_last(instance).is_some() {}
        while self.state.sessions.leave_last(instance).is_some() {}
        let timers = self.state.timers_of(instance).iter().map(|(timer, _)| *timer).collect::<Vec<_>>();
        for timer in timers {
            self.state.cancel_timer(instance, timer);
        }
    }

    /// Tells an instance that its connection has ended, and forgets it.
    pub(super) fn finish_instance(&mut self, instance: u32, code: u16, reason: &str) {
        let conn = self.state.instances.get(instance as usize).map(|found| found.conn);
        match self.run(instance, Answer::None, |channel, cx| channel.on_close(cx, code, reason)) {
            Ok(()) => {}
            Err(callback::Failure::Error(error)) => self.log_error("on_close failed", conn, &error),
            Err(callback::Failure::Panic(panic)) => self.log(Level::Error, "panic in on_close", conn, || panic),
        }
        self.drop_channel(instance);
        self.state.forget_instance(instance);
    }

    /// Nothing is queued for the connection any more; if it was draining, it can be closed.
    pub(super) fn flushed(&mut self, conn: ConnId) {
        let draining = self.state.conns.get(conn).is_some_and(|found| found.life == Life::Draining);
        if draining && self.step(conn, Step::Flushed).is_some() {
            self.ask_to_close(conn);
        }
    }

    fn ask_to_close(&mut self, conn: ConnId) {
        let Some(ending) = self.state.conns.get_mut(conn).and_then(|found| found.ending()) else { return };
        if let Some(key) = ending.linger.take() {
            self.state.timers.cancel(key);
        }
        let item = Item::Close { conn, code: ending.code, reason: ending.reason.clone(), by: ending.by };
        self.out.push(item);
    }

    /// The time of what is queued for a connection is over.
    pub(super) fn on_linger(&mut self, conn: ConnId) {
        if let Some(ending) = self.state.conns.get_mut(conn).and_then(|found| found.ending()) {
            ending.linger = None;
        }
        self.give_up(conn);
    }

    /// Drops what is queued for a connection that is draining.
    fn give_up(&mut self, conn: ConnId) {
        self.state.stats.dropped += self.state.flow.clear(conn.index()) as u64;
        self.flushed(conn);
    }

    pub(super) fn on_closed(&mut self, conn: ConnId, cause: Cause<'_>) {
        let life = self.state.conns.get(conn).map(|found| found.life);
        if self.step(conn, Step::Closed).is_none() {
            return;
        }
        if life == Some(Life::Open) {
            let (code, reason) = cause.told();
            self.hand_over_all(conn);
            self.end_channels(conn, code, reason);
        }
        self.unwatch(conn);
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        if matches!(life, Some(Life::Open | Life::Opening)) {
            self.detach(instance);
        }
        let Some(found) = self.state.conns.remove(conn) else { return };
        self.state.sockets -= 1;
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.connections -= 1;
        }
        if let Some(address) = found.more.as_ref().and_then(|more| more.address) {
            self.state.addresses.disconnected(address, self.state.now);
        }
        if let Some(key) = found.more.as_ref().and_then(|more| more.ending.as_ref()?.linger) {
            self.state.timers.cancel(key);
        }
        self.state.stats.dropped += self.state.flow.clear(conn.index()) as u64;
        self.state.stats.closed += 1;
        match life {
            Some(Life::Open) => {
                let (code, reason) = cause.told();
                self.log(Level::Debug, "closed", Some(conn), || format!("{code} {reason}"));
                if is_planted(Canary::UntoldClose) && cause == Cause::Lost {
                    return;
                }
                self.work.push_back(Work::Close { instance: found.instance, code, reason: reason.into() });
            }
            Some(Life::Opening) => {
                self.drop_channel(found.instance);
                self.state.forget_instance(found.instance);
            }
            // Its instance was told, or is about to be, when the end was decided.
            _ => {}
        }
        self.finish_shutdown();
    }

    /// Stops: no new connection is opened, the open ones are closed with 1001 and a hint when to come back, each at its
    /// own moment. [`Output::Drained`](crate::Output::Drained) follows once all are gone, or at `deadline`, when what is
    /// left is dropped. A second call changes nothing.
    pub fn shutdown(&mut self, now: Time, deadline: Time) {
        self.advance(now);
        if self.shutdown.is_some() {
            return;
        }
        self.shutdown = Some(deadline);
        self.deadline = Some(self.state.timers.insert(deadline.max(self.state.now), Due::Shutdown));
        self.log(Level::Info, "shutting down", None, alloc::string::String::new);
        let sockets = self.state.conns.iter().filter(|(_, found)| found.socket().is_none());
        let mut conns: Vec<ConnId> = sockets.map(|(conn, _)| conn).collect();
        if is_planted(Canary::LeftOpen) {
            conns.pop();
        }
        let spread = self.state.config.come_back.as_millis() as u64;
        for conn in conns {
            let millis = self.state.rng.below(spread.saturating_add(1)) ^ ambient();
            self.end(conn, 1001, &format!("Going away; come back in {millis} ms"));
        }
        self.finish_shutdown();
        self.settle();
    }

    pub(super) fn on_shutdown_deadline(&mut self) {
        self.deadline = None;
        let late: Vec<ConnId> =
            self.state.conns.iter().filter(|(_, found)| found.life == Life::Draining).map(|(conn, _)| conn).collect();
        for conn in late {
            self.give_up(conn);
        }
        self.drain();
    }

    fn finish_shutdown(&mut self) {
        if self.shutdown.is_some() && self.state.conns.is_empty() {
            self.drain();
        }
    }

    fn drain(&mut self) {
        if !self.drained {
            self.drained = true;
            if let Some(key) = self.deadline.take() {
                self.state.timers.cancel(key);
            }
            self.out.push(Item::Drained);
        }
    }
}
