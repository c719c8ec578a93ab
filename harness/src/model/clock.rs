//! Everything that happens because its time has come.

use super::Model;
use super::out::Item;
use super::session::{Life, Reason};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use lazuli::{Kind, Time};
use std::time::Duration;

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HubTimer {
    /// A timer of the application.
    App { session: u32, number: u64 },
    /// The members of a room can be told again who is present.
    Presence(u32),
    /// A batch has waited for as long as it may.
    Batch(u32),
    /// A session may no longer send, or has been so for as long as it may.
    Expired(u32),
}

/// What has its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timed {
    Timer(HubTimer),
    /// A session's peer has been silent.
    Beat(u32),
    /// A session has to be done with a message.
    Message(u32),
    /// And with a request.
    Request(u32),
}

/// What is never: times are counted in microseconds, and nothing is due at once.
const SOON: Duration = Duration::from_micros(1);

impl Model {
    /// Sets a timer; those of one time come in the order in which they were set.
    pub(super) fn set_hub_timer(&mut self, at: Time, timer: HubTimer) -> (Time, u64) {
        self.timers_set += 1;
        let key = (at.max(self.now + SOON), self.timers_set);
        self.timers.insert(key, timer);
        key
    }

    /// Does what is due and calls nobody back, up to what does.
    pub(super) fn run_silent(&mut self) {
        self.tell_news();
        while let Some((&key @ (at, _), &timer)) = self.timers.first_key_value()
            && at <= self.now
            && self.timing
        {
            match timer {
                HubTimer::App { .. } | HubTimer::Batch(_) => return,
                _ if !self.due.is_empty() => return,
                HubTimer::Presence(room) => {
                    self.timers.remove(&key);
                    self.presence_due(room);
                }
                HubTimer::Expired(session) => {
                    self.timers.remove(&key);
                    self.expiry_due(session);
                }
            }
            self.tell_news();
        }
    }

    /// Until when a session may send.
    pub(super) fn expire_at(&mut self, session: u32, at: Time) {
        let Some(limits) = self.limits_of(session).filter(|_| self.is_open(session)) else { return };
        let (now, grace) = (self.now, limits.grace);
        let is_over = at <= now;
        let by = if is_over { now + grace } else { at };
        self.forget_expiry(session);
        let key = self.set_hub_timer(by, HubTimer::Expired(session));
        let found = self.at(session);
        (found.is_expired, found.expires) = (is_over, Some(key));
    }

    pub(super) fn forget_expiry(&mut self, session: u32) {
        if let Some(key) = self.at(session).expires.take() {
            self.timers.remove(&key);
        }
    }

    fn expiry_due(&mut self, session: u32) {
        self.at(session).expires = None;
        if !self.at(session).is_expired {
            return self.expire_at(session, self.now);
        }
        self.coverage.add(Mark::Expired, 1);
        let reason = "Your permission has expired; come back with a new one";
        self.end(session, 1008, Reason::Exactly(reason.into()));
    }

    /// Begins to look after a session's peer.
    pub(super) fn watch(&mut self, session: u32) {
        self.at(session).heard = self.now;
        if let Some(heartbeat) = self.limits_of(session).and_then(|limits| limits.heartbeat) {
            self.beat_at(session, self.now + heartbeat.every);
        }
    }

    fn beat_at(&mut self, session: u32, at: Time) {
        self.unwatch(session);
        self.timers_set += 1;
        // Put off to a moment that others share, as the documentation has it.
        let heartbeat = self.limits_of(session).and_then(|limits| limits.heartbeat).unwrap_or_default();
        let grain = (heartbeat.every.min(heartbeat.timeout).as_micros() as u64 / 64).max(1);
        let at = Time::from_micros(at.max(self.now + SOON).as_micros().next_multiple_of(grain));
        let key = (at, self.timers_set);
        self.beats.insert(key, session);
        let found = self.at(session);
        (found.beat, found.beat_answers) = (Some(key), found.pinged);
    }

    pub(super) fn unwatch(&mut self, session: u32) {
        if let Some(key) = self.at(session).beat.take() {
            self.beats.remove(&key);
        }
    }

    /// Something came from a session's peer, or it took bytes after it had taken none.
    pub(crate) fn hear(&mut self, session: u32) {
        let now = self.now;
        let found = self.at(session);
        (found.heard, found.pinged, found.ping_waits) = (now, false, false);
        if std::mem::take(&mut found.may_be_silent)
            && self.is_open(session)
            && let Some(heartbeat) = self.limits_of(session).and_then(|limits| limits.heartbeat)
        {
            self.beat_at(session, now + heartbeat.every);
        }
    }

    /// Looks after peers whose time has come, up to what calls back, or may call back this session.
    pub(super) fn run_beats(&mut self, until: Option<u32>) {
        while let Some((&key @ (at, _), &session)) = self.beats.first_key_value()
            && at <= self.now
            && self.timing
            && self.due.is_empty()
            && !until.is_some_and(|session| self.sessions[session as usize].may_be_silent)
            && self.timers.first_key_value().is_none_or(|((due, _), _)| *due > self.now)
        {
            self.beats.remove(&key);
            self.at(session).beat = None;
            self.beaten.push(session);
            self.beat(session);
            self.tell_news();
            if until == Some(session) && self.at(session).may_overflow() {
                // Its ping was too much, as far as that can be told.
                return;
            }
        }
    }

    /// Whether a session's peer is looked after in this timeout, for all that can be told.
    pub(super) fn is_beat_due(&self, session: u32) -> bool {
        self.timing && self.sessions[session as usize].beat.is_some_and(|(at, _)| at <= self.now)
    }

    /// Somebody was closed and nobody can tell when: whoever is looked after at the same time is so before or after that.
    pub(super) fn lose_beats(&mut self) {
        self.unsure_beats = true;
        let now = self.now;
        let due: Vec<u32> =
            self.beats.iter().take_while(|((at, _), _)| *at <= now).map(|(_, session)| *session).collect();
        for session in due.into_iter().chain(std::mem::take(&mut self.beaten)) {
            self.at(session).loosen();
        }
    }

    fn beat(&mut self, session: u32) {
        let Some(heartbeat) = self.limits_of(session).and_then(|limits| limits.heartbeat) else { return };
        let found = self.at(session);
        let silent_at = found.heard + heartbeat.every;
        if found.pinged && !found.exact {
            // The ping may have had to wait. Once something is heard, everything is clear again.
            found.may_be_silent = true;
            return;
        }
        if found.pinged {
            self.coverage.add(Mark::Silent, 1);
            let reason = "Nothing was heard for too long, not even the answer to a ping";
            return self.end(session, 1011, Reason::Exactly(reason.into()));
        }
        if silent_at > self.now {
            return self.beat_at(session, silent_at);
        }
        self.at(session).pinged = true;
        self.beat_at(session, self.now + heartbeat.timeout);
        if self.at(session).out.queue_len() > 0 {
            // Behind what waits it would say nothing.
            self.at(session).ping_waits = true;
        } else {
            self.send_heartbeat(session);
        }
    }

    /// Nothing waits for a session any more.
    pub(super) fn drained(&mut self, session: u32) {
        let heartbeat = self.limits_of(session).and_then(|limits| limits.heartbeat);
        if let Some(heartbeat) = heartbeat
            && self.is_open(session)
            && std::mem::take(&mut self.at(session).ping_waits)
        {
            self.beat_at(session, self.now + heartbeat.timeout);
            self.send_heartbeat(session);
        }
    }

    fn send_heartbeat(&mut self, session: u32) {
        self.coverage.add(Mark::Heartbeat, 1);
        if !self.at(session).exact {
            // It is taken whenever it comes.
            return;
        }
        self.send(session, Item { kind: Kind::Ping, bytes: b"heartbeat"[..].into() });
    }

    /// What is due first and when, as far as that can be told.
    pub(crate) fn first_due(&mut self) -> Option<(Time, Timed)> {
        let is_sure = |timer: &HubTimer| !matches!(timer, HubTimer::Presence(room) if self.vague.contains(room));
        let timer =
            self.timers.iter().find(|(_, timer)| is_sure(timer)).map(|(key, timer)| (key.0, Timed::Timer(*timer)));
        // A ping that had to wait gives its peer more time, and of some nobody can tell whether theirs had to.
        let is_known = |session: u32| {
            let found = &self.sessions[session as usize];
            found.exact || !found.beat_answers
        };
        let beat = self.beats.iter().find(|(_, session)| is_known(**session));
        let beat = beat.map(|(key, session)| (key.0, Timed::Beat(*session)));
        [timer, beat, self.first_deadline()].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// By when a session has to be done with a request or a message.
    fn first_deadline(&mut self) -> Option<(Time, Timed)> {
        while let Some(&(at, session)) = self.deadlines.first() {
            let found = &self.sessions[session as usize];
            let due = if found.unfinished == Some(at) {
                Some(Timed::Message(session))
            } else if found.request_by == at && found.life == Life::Waiting {
                Some(Timed::Request(session))
            } else {
                None
            };
            if let Some(due) = due {
                // Who has ended its stream may be gone.
                return Some((at, due)).filter(|_| !found.muted);
            }
            self.deadlines.pop_first();
        }
        None
    }

    /// Deadlines are about to be handled.
    pub(crate) fn time_comes(&mut self, now: Time) {
        self.advance(now);
        while let Some(&(at, session)) = self.deadlines.first()
            && at <= now
        {
            self.deadlines.pop_first();
            if self.cut_short(session) {
                self.driver_first.insert(session);
            }
            let found = self.at(session);
            if found.life == Life::Waiting && found.request_by <= now {
                found.life = Life::Ended;
                found.arrivals.clear();
                found.answers.push(408);
            }
        }
        self.timing = true;
    }

    /// Deadlines were handled: none may be left.
    pub(crate) fn time_came(&mut self) -> Check {
        self.run_silent();
        let left = self.timers.first_key_value().filter(|((at, _), _)| *at <= self.now);
        if let Some((_, timer)) = left
            && self.due.is_empty()
        {
            return complain(Oracle::Time, format!("{timer:?} did not come"));
        }
        self.run_beats(None);
        self.timing = false;
        self.beaten.clear();
        self.driver_first.clear();
        self.settled(None)
    }
}
