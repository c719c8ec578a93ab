//! How sessions get messages, and how they end.

use super::Model;
use super::out::{Fate, Item};
use super::session::{Due, End, Life, Reason};
use crate::coverage::Mark;
use crate::tally::Fault;
use lazuli::{Time, Timestamp};
use std::collections::BTreeSet;

impl Model {
    /// Sends to one session; to one that is not open goes nothing.
    pub(super) fn send(&mut self, session: u32, item: Item) {
        if !self.is_open(session) {
            return;
        }
        let found = &mut self.sessions[session as usize];
        if self.turning && found.unreported > 0 {
            found.loosen();
        }
        found.sent_in = self.inputs;
        found.sent_lately = if found.sent_at == self.now { found.sent_lately + 1 } else { 1 };
        found.sent_at = self.now;
        if !found.exact {
            return found.out.push_loose(item);
        }
        let Some(route) = found.route else { return };
        let limits = self.limits.of(route);
        let fate = found.out.offer(item, limits.waiting, limits.slow);
        self.touched.insert(session);
        match fate {
            Fate::Taken { dropped } => self.tally.add(Fault::Dropped, dropped as u64),
            Fate::Overflow => {
                self.count(Fault::Overflow);
                let reason = "Too slow: more waits for you than the limit allows; try again later";
                self.end_at_once(session, 1013, reason);
            }
        }
    }

    pub(super) fn text(&mut self, session: u32, text: &str) {
        self.send(session, Item::text(text));
    }

    /// Broadcasts to the members of rooms, each once.
    pub(super) fn cast(&mut self, rooms: &[u32], except: &[u32], item: &Item) {
        let mut members: Vec<u32> = rooms.iter().filter_map(|room| self.rooms.get(room)).flatten().copied().collect();
        members.sort_unstable();
        members.dedup();
        for member in members {
            if !except.contains(&member) {
                self.send(member, item.clone());
            }
        }
    }

    /// The sessions of users.
    pub(super) fn conns_of(&self, users: &[u32]) -> BTreeSet<u32> {
        users.iter().filter_map(|user| self.users.get(user)).flatten().copied().collect()
    }

    /// Sends to all sessions of users but those of one.
    pub(super) fn cast_users(&mut self, users: &[u32], but: Option<u32>, item: &Item) {
        for session in &self.conns_of(users) - &self.conns_of(but.as_slice()) {
            self.coverage.add(Mark::ToUser, 1);
            self.send(session, item.clone());
        }
    }

    pub(super) fn cast_all(&mut self, except: &[u32], item: &Item) {
        for session in 0..self.sessions() {
            if self.is_open(session) && !except.contains(&session) {
                self.send(session, item.clone());
            }
        }
    }

    /// What the peer of a callback that failed gets to read.
    pub(super) fn error(&mut self, session: u32, message: &str, code: Option<&str>) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let code = code.map_or(String::new(), |code| format!(",\"code\":{}", quoted(code)));
        let time = Timestamp::from_unix_micros(self.config.wall.as_unix_micros() + self.now.as_micros());
        let message = quoted(message);
        self.text(session, &format!("{{\"type\":\"error\",\"message\":{message}{code},\"timestamp\":\"{time}\"}}"));
    }

    pub(super) fn internal_error(&mut self, session: u32) {
        self.error(session, "Internal server error", Some("INTERNAL_ERROR"));
    }

    pub(super) fn join(&mut self, session: u32, room: u32) {
        if self.is_open(session) && self.at(session).rooms.insert(room) {
            self.rooms.entry(room).or_default().insert(session);
            if self.vague.contains(&room) {
                // What it is told there of others' presence may come at any time.
                self.at(session).loosen();
            }
        }
    }

    pub(super) fn leave(&mut self, session: u32, room: u32) {
        self.untrack(session, room);
        if self.at(session).rooms.remove(&room) {
            self.go(session, room);
        }
    }

    fn go(&mut self, session: u32, room: u32) {
        self.at(session).watches.remove(&room);
        let Some(members) = self.rooms.get_mut(&room) else { return };
        members.remove(&session);
        if members.is_empty() {
            self.rooms.remove(&room);
            self.forget_presence(room);
        }
    }

    /// How many are in a room.
    pub(super) fn members(&self, room: u32) -> usize {
        self.rooms.get(&room).map_or(0, |members| members.len())
    }

    /// Takes a session out of its rooms and its timers away.
    pub(super) fn detach(&mut self, session: u32) {
        for room in std::mem::take(&mut self.at(session).rooms) {
            self.untrack(session, room);
            self.go(session, room);
        }
        if let Some(user) = self.at(session).user.take()
            && let Some(conns) = self.users.get_mut(&user)
        {
            conns.remove(&session);
        }
        self.forget_expiry(session);
        self.forget_batch_timer(session);
        self.unwatch(session);
        for (at, order, _) in std::mem::take(&mut self.at(session).timers).into_values() {
            self.timers.remove(&(at, order));
        }
        let found = self.at(session);
        found.life = Life::Ended;
        found.unfinished = None;
        found.due.retain(|due| !matches!(due, Due::Told { .. }));
        if found.due.is_empty() {
            self.due.remove(&session);
        }
    }

    /// The server decides a session's end; what was queued before goes first, for a while.
    pub(super) fn end(&mut self, session: u32, code: u16, reason: Reason) {
        if self.is_open(session) && !self.ends_after_batch(session, code, &reason) {
            self.decide(session, Some(code), reason.clone());
            self.mark_due(session, Due::Close { code, reason });
        }
    }

    /// A session's end is decided, with this close frame.
    pub(super) fn decide(&mut self, session: u32, code: Option<u16>, reason: Reason) {
        self.detach(session);
        let by = self.shutdown.unwrap_or(Time::MAX).min(self.now + self.config.linger);
        let found = self.at(session);
        found.farewell = Some((code, reason));
        found.cut_from = by;
    }

    fn end_at_once(&mut self, session: u32, code: u16, reason: &str) {
        let reason = Reason::Exactly(reason.to_owned());
        self.decide(session, Some(code), reason.clone());
        self.batch_is_late(session);
        self.mark_due(session, Due::Close { code, reason });
        self.cut(session);
    }

    /// The same, and the session is not told: its channel is gone.
    pub(super) fn end_untold(&mut self, session: u32, code: u16, reason: &str) {
        if self.is_open(session) {
            self.decide(session, Some(code), Reason::Exactly(reason.to_owned()));
        }
        self.at(session).due.clear();
        self.due.remove(&session);
    }

    /// What waits is lost, and what was handed to the driver may be.
    pub(super) fn cut(&mut self, session: u32) {
        let found = self.at(session);
        found.out.clear();
        found.cut_from = Time::ZERO;
    }

    /// The driver is told, or finds out, that a peer is gone: that it will send nothing more, or (`reset`) is not there.
    /// The hub hears of it in the driver's turn.
    pub(crate) fn lost(&mut self, now: Time, session: u32, reset: bool) {
        self.advance(now);
        // Who has closed may end its stream while it is answered.
        if reset || !self.at(session).muted {
            self.at(session).muted = true;
            self.ends.push((session, End::Lost));
        }
    }

    /// What the driver has to tell the hub of a session's end: the first that it has not.
    pub(super) fn take_end(&mut self, session: u32) -> Option<End> {
        let place = self.ends.iter().position(|(ending, _)| *ending == session)?;
        Some(self.ends.remove(place).1)
    }

    /// Whether the driver still has to tell the hub of a session's end.
    pub(crate) fn is_ending(&self, session: u32) -> bool {
        self.ends.iter().any(|(ending, _)| *ending == session)
    }
}
