//! What arrives at the server.

use super::Model;
use super::session::{End, Life, Reason};
use crate::app::Route;
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use lazuli::Time;
use std::time::Duration;

/// Something of a session that has reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The last byte of a request for a WebSocket.
    Upgrade { route: Route, full: Full },
    /// The last byte of a request for a page.
    Page(Page),
    /// The byte at which a request is refused, with this status.
    BadRequest { status: u16 },
    /// The last byte of a text message.
    Text(u32),
    /// The last byte of a binary message.
    Binary(u32),
    /// The first byte of a ping or pong.
    Control,
    /// The last byte of a ping.
    Ping(Vec<u8>),
    /// The last byte of a pong.
    Pong(Vec<u8>),
    /// The last byte of a close frame.
    Close { code: Option<u16>, reason: String },
    /// The first byte that breaks a rule.
    Violation(u16),
    /// The first byte of a message or a control frame, which has to be complete in time.
    Begun,
    /// Its last byte.
    Complete,
}

/// Whether there is room for one more connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Full {
    /// There is.
    #[default]
    No,
    /// The server has as many as it may have.
    All,
    /// The address has.
    Address,
}

impl Arrival {
    /// The operation that it brings.
    pub(super) fn op(&self) -> Option<u32> {
        match self {
            Arrival::Text(op) | Arrival::Binary(op) => Some(*op),
            _ => None,
        }
    }
}

/// A page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// How many are in a room.
    Count { room: u32 },
    /// A broadcast to a room.
    Say { room: u32, text: String },
    /// The same, by a callback that fails.
    SayNever,
    /// One that is answered without a callback, with this status.
    Other { status: u16 },
}

impl Model {
    /// A session's bytes are about to be handed to the driver; these arrive with them.
    pub(crate) fn arrive(&mut self, now: Time, session: u32, arrivals: impl IntoIterator<Item = Arrival>) {
        self.advance(now);
        self.cut_short(session);
        let found = self.at(session);
        found.arrivals.extend(arrivals);
        if found.life == Life::Open && !found.muted {
            self.hear(session);
        }
    }

    /// A session's link is being accepted; its request has to be complete within this time.
    pub(crate) fn accepted(&mut self, now: Time, session: u32, request_time: Duration) {
        self.advance(now);
        self.at(session).request_by = now + request_time;
        self.deadlines.insert((now + request_time, session));
    }

    /// The driver did not take its link.
    pub(crate) fn turned_away(&mut self, session: u32) {
        self.at(session).request_by = Time::MAX;
    }

    /// The time for a message that has begun may be over; whether it is.
    pub(super) fn cut_short(&mut self, session: u32) -> bool {
        let is_over = self.at(session).unfinished.is_some_and(|at| at <= self.now);
        if is_over {
            self.at(session).unfinished = None;
            self.answer_end(session, Some(1008), Reason::Any);
        }
        is_over
    }

    /// Passes over what arrived and calls nobody back, or not before the driver's turn.
    pub(super) fn skip_silent(&mut self, session: u32) {
        while let Some(route) = self.at(session).route {
            if self.is_full(session) && self.is_open(session) {
                return;
            }
            let life = self.at(session).life;
            if self.at(session).muted {
                self.at(session).arrivals.clear();
            }
            match self.at(session).arrivals.front() {
                Some(Arrival::Begun) => {
                    let by = self.now + self.limits.of(route).frames.message_time;
                    self.at(session).unfinished = (life == Life::Open).then_some(by);
                    self.deadlines.insert((by, session));
                }
                Some(Arrival::Complete) => self.at(session).unfinished = None,
                _ => {}
            }
            if let Some(Arrival::Begun | Arrival::Complete) = self.at(session).arrivals.front() {
                self.at(session).arrivals.pop_front();
                continue;
            }
            if !self.at(session).arrivals.is_empty() {
                // What follows from the message before came first.
                self.tell_news();
            }
            match self.at(session).arrivals.pop_front() {
                None => return,
                Some(Arrival::Control) if self.is_flood(session) => {
                    self.count(Fault::Flooded);
                    self.answer_end(session, Some(1008), Reason::Any);
                }
                Some(Arrival::Control) => {}
                Some(Arrival::Violation(code)) => self.answer_end(session, Some(code), Reason::Any),
                Some(Arrival::Close { code, reason }) => self.answer_end(session, code, Reason::Exactly(reason)),
                Some(arrival @ (Arrival::Text(_) | Arrival::Binary(_)))
                    if life == Life::Open && !self.at(session).admitted =>
                {
                    if self.admit(session) {
                        self.at(session).admitted = true;
                        self.at(session).arrivals.push_front(arrival);
                    } else {
                        self.at(session).refused_op = arrival.op();
                    }
                }
                Some(arrival @ (Arrival::Text(op) | Arrival::Binary(op)))
                    if matches!(route, Route::Batch(_)) && life == Life::Open =>
                {
                    if self.is_too_much(session, op) {
                        return self.at(session).arrivals.push_front(arrival);
                    }
                    self.at(session).admitted = false;
                    self.gather(session, op);
                }
                Some(Arrival::Binary(_)) if route == Route::Plain && life == Life::Open => {
                    self.at(session).admitted = false;
                    self.error(session, "Binary messages are not supported here; send text", None);
                }
                Some(arrival) if life == Life::Open => return self.at(session).arrivals.push_front(arrival),
                // The driver answers it as long as it reads.
                Some(Arrival::Ping(bytes)) => self.at(session).pings.push_back(bytes),
                Some(_) => {}
            }
        }
    }

    /// Whether a message is within the rate and the time of its session; if not, its peer is told.
    fn admit(&mut self, session: u32) -> bool {
        let (now, Some(rate)) = (self.now, self.limits_of(session).map(|limits| limits.rate)) else { return false };
        let found = self.at(session);
        if found.rate.take(rate, now) {
            found.refused = 0;
            if found.is_expired {
                self.coverage.add(Mark::NotAuthenticated, 1);
                self.error(session, "Not authenticated", None);
                return false;
            }
            return true;
        }
        found.refused += 1;
        let goes_on = found.refused > rate.burst;
        self.coverage.add(Mark::RateRefused, 1);
        let message = format!("Too many messages; at most {} a second", rate.per_second);
        if goes_on {
            self.coverage.add(Mark::RateClosed, 1);
            self.end(session, 1008, Reason::Exactly(message));
        } else {
            self.error(session, &message, Some("RATE_LIMITED"));
        }
        false
    }

    /// A peer closes, or breaks a rule: what it sends after that does not matter. The hub hears of it in the driver's turn.
    pub(super) fn answer_end(&mut self, session: u32, code: Option<u16>, reason: Reason) {
        self.at(session).muted = true;
        self.ends.push((session, End::Answered { code, reason }));
    }

    /// Counts a ping or pong; whether it is one too many.
    fn is_flood(&mut self, session: u32) -> bool {
        let Some(route) = self.at(session).route else { return false };
        let limits = &self.limits.of(route).frames;
        let (now, most, window) = (self.now, limits.control_frames, limits.control_window);
        let (count, since) = &mut self.at(session).controls;
        if *count == 0 || now.saturating_since(*since) >= window {
            (*count, *since) = (0, now);
        }
        *count += 1;
        *count > most
    }

    /// All callbacks of an input have run: what has arrived must be handled.
    pub(super) fn finish_arrivals(&mut self, session: u32) -> Check {
        self.skip_silent(session);
        let life = self.at(session).life;
        match (life, self.at(session).arrivals.front().cloned()) {
            (Life::Open, _) if self.is_full(session) => {
                complain(Oracle::Batches, format!("a full batch of session {session} was not handed over"))
            }
            (_, None) => Ok(()),
            (Life::Open, Some(arrival)) => {
                complain(Oracle::Delivery, format!("{arrival:?} of session {session} had no effect"))
            }
            (Life::Waiting, Some(arrival)) => {
                self.at(session).arrivals.clear();
                self.refuse(session, arrival)
            }
            (Life::Ended, Some(_)) => {
                self.at(session).arrivals.clear();
                Ok(())
            }
        }
    }

    /// The status with which a request for a WebSocket is refused, if it is.
    pub(super) fn refusal(&mut self, session: u32, route: Route, full: Full) -> Option<u16> {
        let now = self.now;
        if self.shutdown.is_some() || full == Full::All {
            return Some(503);
        }
        if full == Full::Address {
            self.coverage.add(Mark::AddressFull, 1);
            return Some(429);
        }
        if !self.accepted.take(self.config.accepted, now) {
            self.coverage.add(Mark::AcceptRefused, 1);
            return Some(503);
        }
        if route == Route::Nowhere {
            return Some(404);
        }
        let (rate, address) = (self.config.failures, self.at(session).address);
        if !self.failures.entry(address).or_default().has(rate, now) {
            self.coverage.add(Mark::LockedOut, 1);
            return Some(429);
        }
        if route == Route::Shut {
            self.note_failure(session);
            return Some(403);
        }
        None
    }

    /// A session's address has failed to show who it is.
    pub(super) fn note_failure(&mut self, session: u32) {
        let (now, rate, address) = (self.now, self.config.failures, self.at(session).address);
        self.failures.entry(address).or_default().take(rate, now);
    }

    /// A request that calls nobody back.
    fn refuse(&mut self, session: u32, arrival: Arrival) -> Check {
        let status = match arrival {
            Arrival::Upgrade { route, full } => match self.refusal(session, route, full) {
                Some(status) => status,
                None => {
                    return complain(Oracle::Limits, format!("session {session} was not let in to {route:?}"));
                }
            },
            Arrival::BadRequest { status } => status,
            Arrival::Page(Page::Other { status }) => status,
            other => return complain(Oracle::Delivery, format!("{other:?} of session {session} had no effect")),
        };
        let found = self.at(session);
        found.life = Life::Ended;
        found.answers.push(status);
        Ok(())
    }
}
