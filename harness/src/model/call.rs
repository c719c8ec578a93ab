//! Callbacks that ran: each must have been due, and does what the application's documentation says.

use super::arrive::Arrival;
use super::clock::HubTimer;
use super::session::{Due, End, Life, Reason};
use super::{Model, Page};
use crate::app::{How, Route, TURNS};
use crate::chronicle::{Call, Verdict, What};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use std::time::Duration;

impl Model {
    /// A callback ran.
    pub(crate) fn called(&mut self, call: &Call) -> Check {
        let session = call.session;
        // Who is too slow though nobody can tell was so because of what was sent last.
        let is_slow = match call.what {
            What::Close { code, .. } => code == 1013,
            What::Batch { .. } => session < self.sessions() && !self.asks_for_batch(session),
            _ => false,
        };
        let is_due = self.sessions.get(session as usize).is_some_and(|found| {
            let may_be_slow = is_slow && found.may_overflow();
            !found.due.is_empty() || may_be_slow && (found.sent_in == self.inputs || self.may_be_told(found))
        });
        if is_due && is_slow && self.at(session).due.is_empty() {
            self.lose_track();
            if self.is_beat_due(session) {
                // Or it was its own ping, which comes behind those of others.
                self.lose_beats();
            }
        }
        if !is_due {
            // The first callback of an input: what follows from the one before was done.
            self.tell_news();
        }
        if session >= self.sessions() {
            return complain(
                Oracle::Delivery,
                format!("{:?} was called for session {session}, which is none", call.what),
            );
        }
        match &call.what {
            What::Close { code, reason } => self.on_close(session, *code, reason, is_due),
            What::Timer { number } => self.on_timer(session, *number),
            What::Told { op } => self.on_told(session, *op),
            What::Batch { ops } => self.on_batch(session, ops),
            what => {
                self.skip_silent(session);
                if let What::Text { op } | What::Binary { op } = what
                    && self.at(session).refused_op == Some(*op)
                {
                    return complain(Oracle::Limits, format!("message {op} of session {session} is one too many"));
                }
                self.at(session).admitted = false;
                let Some(arrival) = self.at(session).arrivals.pop_front() else {
                    return complain(
                        Oracle::Delivery,
                        format!("{what:?} was called for session {session} out of nothing"),
                    );
                };
                self.on_arrival(session, what, call.verdict, arrival)
            }
        }
    }

    fn on_arrival(&mut self, session: u32, what: &What, verdict: Verdict, arrival: Arrival) -> Check {
        let life = self.at(session).life;
        match (what, &arrival, life) {
            (What::Connect { conn }, &Arrival::Upgrade { route, full }, Life::Waiting)
                if self.refusal(session, route, full).is_none() =>
            {
                let found = self.at(session);
                (found.conn, found.route, found.life) = (Some(*conn), Some(route), Life::Open);
                found.answers.push(101);
                self.watch(session);
                self.on_connect(session, route)
            }
            (What::Text { op: seen }, &Arrival::Text(op), Life::Open) if *seen == op => self.on_text(session, op),
            (What::Binary { op: seen }, &Arrival::Binary(op), Life::Open) if *seen == op => {
                let item = super::out::Item { kind: lazuli::Kind::Binary, bytes: self.bytes(op) };
                self.send(session, item);
                Ok(())
            }
            (What::Ping { bytes: seen }, Arrival::Ping(bytes), Life::Open) if seen == bytes => {
                self.at(session).pings.push_back(bytes.clone());
                Ok(())
            }
            (What::Pong { bytes: seen }, Arrival::Pong(bytes), Life::Open) if seen == bytes => Ok(()),
            (What::Page, Arrival::Page(page), Life::Waiting) => {
                let page = page.clone();
                self.on_page(session, page, verdict)
            }
            _ => complain(
                Oracle::Delivery,
                format!("{what:?} was called for session {session}, which is {life:?}, and {arrival:?} had come"),
            ),
        }
    }

    fn on_connect(&mut self, session: u32, route: Route) -> Check {
        if let Route::Deny(how) = route {
            // Only what is said on purpose counts.
            if matches!(how, How::Close(1008) | How::Denied) {
                self.note_failure(session);
            }
            let (code, reason) = match how {
                How::Reply => (1008, "No."),
                How::Code => (1008, "No, says the code."),
                How::Validation => (1008, "Validation failed: this is nothing"),
                How::Denied => (1008, "Access denied: not for you"),
                How::Internal | How::Unsendable => (1011, "Internal server error"),
                How::Close(code) if may_send(code) => (code, "out with you"),
                How::Close(_) => (1011, "Internal server error"),
                How::Panic => {
                    self.internal_error(session);
                    (1011, "Internal server error")
                }
            };
            self.failed(how);
            self.end_untold(session, code, reason);
            return Ok(());
        }
        self.known.insert(session);
        match route.room() {
            Some(room) => {
                self.join(session, room);
                let count = self.members(room);
                self.cast(&[room], &[], &super::out::Item::text(&format!("h{session} {count}")));
            }
            None => self.text(session, &format!("h{session} alone")),
        }
        Ok(())
    }

    /// `on_close` ran: because the session's end was decided, or its peer has brought it about. `is_due`: it follows from
    /// the input that is being handled, so that nothing else was done since.
    fn on_close(&mut self, session: u32, code: u16, reason: &str, is_due: bool) -> Check {
        // What it was sent for a message that calls nobody back may have been too much.
        self.skip_silent(session);
        let is_first = !is_due && !self.driver_first.contains(&session);
        if is_first && self.at(session).due.is_empty() && !self.is_ending(session) {
            self.run_silent();
            self.run_beats(Some(session));
        }
        let due = match self.at(session).due.pop_front() {
            None if self.is_open(session) => match self.take_end(session) {
                Some(End::Answered { code: said, reason: fits }) => {
                    // What an application reads as the reason of a violation, its peer reads too.
                    let exactly = if fits == Reason::Any { Reason::Exactly(reason.to_owned()) } else { fits.clone() };
                    self.decide(session, said, exactly);
                    Some(Due::Close { code: said.unwrap_or(1005), reason: fits })
                }
                Some(End::Lost) => {
                    self.detach(session);
                    self.cut(session);
                    Some(Due::Close { code: 1006, reason: Reason::Exactly(String::new()) })
                }
                None if self.at(session).may_overflow() && code == 1013 => {
                    self.count(Fault::Overflow);
                    self.decide(session, Some(code), Reason::Any);
                    self.cut(session);
                    Some(Due::Close { code, reason: Reason::Any })
                }
                None if self.at(session).may_be_silent && code == 1011 => {
                    self.lose_beats();
                    self.coverage.add(Mark::Silent, 1);
                    self.decide(session, Some(code), Reason::Any);
                    // Its end was decided before the application hears of it: what is sent meanwhile does not reach it. Since
                    // when, nobody can tell: all of this instant may be missing.
                    let now = self.now;
                    let found = self.at(session);
                    found.may_lack = if found.sent_at == now { found.sent_lately } else { 0 };
                    Some(Due::Close { code, reason: Reason::Any })
                }
                None => None,
            },
            due => due,
        };
        if self.at(session).due.is_empty() {
            self.due.remove(&session);
        }
        match due {
            Some(Due::Close { code: right, reason: fits }) if right == code && fits.fits(reason) => {}
            Some(Due::Close { .. }) if code == 1013 && self.at(session).may_overflow() => {}
            due => {
                let sentence =
                    format!("session {session} was told that it ended with {code} {reason:?}, and not {due:?}");
                return complain(Oracle::Lifecycle, sentence);
            }
        }
        if let Some(room) = self.at(session).route.and_then(Route::room) {
            self.cast(&[room], &[], &super::out::Item::text(&format!("l{session} {code}")));
        }
        Ok(())
    }

    fn on_told(&mut self, session: u32, op: u32) -> Check {
        match self.at(session).due.pop_front() {
            Some(Due::Told { op: due }) if due == op => {}
            due => {
                let sentence = format!("session {session} was told of {op}, and not {due:?}");
                return complain(Oracle::Delivery, sentence);
            }
        }
        if self.at(session).due.is_empty() {
            self.due.remove(&session);
        }
        self.text(session, &format!("{op} told"));
        Ok(())
    }

    fn on_timer(&mut self, session: u32, number: u64) -> Check {
        self.run_silent();
        let Some(&(at, order, every)) = self.at(session).timers.get(&number) else {
            return complain(Oracle::Time, format!("timer {number} of session {session} came and is not set"));
        };
        let first = self.timers.first_key_value().map(|(first, _)| *first);
        if at > self.now || first != Some((at, order)) {
            let sentence = format!("timer {number} of session {session} came before its time or its turn");
            return complain(Oracle::Time, sentence);
        }
        self.cancel(session, number);
        if let Some(every) = every {
            // Without drift; a turn that was missed is skipped.
            let late = self.now.saturating_since(at).as_micros() % every.as_micros();
            self.set(session, number, every - Duration::from_micros(late as u64), Some(every));
        }
        let left = self.at(session).turns.get_mut(&number).map(|left| {
            *left -= 1;
            *left
        });
        if left == Some(0) {
            self.at(session).turns.remove(&number);
            self.cancel(session, number);
        }
        self.text(session, &format!("t{number} {}", left.unwrap_or_default()));
        Ok(())
    }

    pub(super) fn set(&mut self, session: u32, number: u64, after: Duration, every: Option<Duration>) {
        if !self.is_open(session) {
            return;
        }
        self.cancel(session, number);
        let (at, order) = self.set_hub_timer(self.now + after, HubTimer::App { session, number });
        self.at(session).timers.insert(number, (at, order, every));
    }

    pub(super) fn cancel(&mut self, session: u32, number: u64) {
        if let Some((at, order, _)) = self.at(session).timers.remove(&number) {
            self.timers.remove(&(at, order));
        }
    }

    /// Sets a timer for a callback; whether that is within the limit.
    pub(super) fn set_within_limit(&mut self, session: u32, number: u64, millis: u64, repeats: bool) -> bool {
        let Some(route) = self.at(session).route else { return false };
        let limit = self.limits.of(route).timers;
        let timers = &self.at(session).timers;
        if !timers.contains_key(&number) && timers.len() >= limit {
            return false;
        }
        let after = Duration::from_millis(if repeats { millis.max(1) } else { millis });
        self.set(session, number, after, repeats.then_some(after));
        true
    }

    fn on_page(&mut self, session: u32, page: Page, verdict: Verdict) -> Check {
        let (status, body) = match page {
            Page::Count { room } => (200, Some(self.members(room).to_string())),
            Page::Say { room, text } => {
                self.cast(&[room], &[], &super::out::Item::text(&text));
                (200, Some("said".to_owned()))
            }
            Page::SayNever => (400, None),
            Page::Other { status } => {
                return complain(Oracle::Delivery, format!("a page was called that should answer {status}"));
            }
        };
        if (verdict == Verdict::Done) != (status == 200) {
            return complain(Oracle::Delivery, format!("the page of session {session} ended with {verdict:?}"));
        }
        let found = self.at(session);
        found.life = Life::Ended;
        found.answers.push(status);
        found.body = body;
        Ok(())
    }

    /// How many turns an interval has.
    pub(super) fn begin_turns(&mut self, session: u32, number: u64) {
        self.at(session).turns.insert(number, TURNS);
    }
}

/// Whether an endpoint may send this close code: RFC 6455, section 7.4, and the codes registered since.
pub(super) fn may_send(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
