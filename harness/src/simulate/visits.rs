//! What clients do in their sessions, and what becomes of these.

use super::Seen;
use super::guests::{Guests, Session};
use super::party::{Farewell, News, Order, Said};
use crate::clients::key;
use crate::codec::{Answer, BINARY, CLOSE, FIN, TEXT, close_payload, push_frame};
use crate::kernel::Event;
use crate::net::{Peer, Server};
use crate::oracle::{Check, Oracle, complain};
use crate::trace::{bytes as digest, mix};
use crate::world::{Phase, Talk, World};
use lazuli::{App, Time};
use std::collections::VecDeque;
use std::time::Duration;
use tungstenite::handshake::derive_accept_key;

/// Turns of a client: something may go wrong with it, or it connects.
pub(super) fn fate(guest: usize) -> usize {
    2 * guest
}

pub(super) fn visit(guest: usize) -> usize {
    2 * guest + 1
}

impl<A: App> World<Guests<A>> {
    /// A new client is there.
    pub(super) fn arrive(&mut self, guest: usize) {
        self.net.kernel.schedule_within(200_000, Event::Act(visit(guest)));
        self.net.kernel.schedule_within(2 * self.crowd.pause, Event::Act(fate(guest)));
    }

    /// Clients do what they were told to.
    pub(super) fn obey(&mut self) {
        loop {
            let order = self.crowd.party.borrow_mut().orders.pop_front();
            let Some((guest, order)) = order else { return };
            self.operations += 1;
            let session = self.live_session(guest);
            match (order, session) {
                (Order::Connect, _) => {
                    self.crowd.party.borrow_mut().guests[guest].wants = true;
                    self.net.kernel.schedule(0, Event::Act(visit(guest)));
                }
                (Order::Say(said), session) => match session.filter(|session| self.may_speak(*session)) {
                    Some(session) => self.say(session, &said),
                    None => {
                        let mut party = self.crowd.party.borrow_mut();
                        if party.guests[guest].is_patient {
                            party.guests[guest].waiting.push_back(said);
                        }
                    }
                },
                (Order::Close(code), session) => {
                    self.crowd.party.borrow_mut().guests[guest].wants = false;
                    match session {
                        Some(session) if self.may_speak(session) => self.send_close(session, code),
                        Some(session) => self.hang_up(session),
                        None => {}
                    }
                }
                (Order::Reset, Some(session)) => {
                    self.break_off(session);
                    self.lost(session);
                }
                (Order::Vanish, Some(session)) => {
                    self.vanish(session);
                    self.lost(session);
                }
                (Order::Stall(time), Some(session)) => {
                    let link = self.visits[session as usize].link;
                    self.net.links[link].stalled = self.now() + time;
                }
                (Order::Reset | Order::Vanish | Order::Stall(_), None) => {}
            }
        }
    }

    /// The link of a client that has a connection.
    pub(super) fn link_of(&self, guest: usize) -> Option<usize> {
        let party = self.crowd.party.borrow();
        let session = party.guests[guest].session.filter(|_| party.guests[guest].is_open)?;
        Some(self.visits[session as usize].link)
    }

    /// Its session, as long as the client itself takes it for one.
    pub(super) fn live_session(&self, guest: usize) -> Option<u32> {
        let session = self.crowd.party.borrow().guests[guest].session;
        session.filter(|session| !self.is_over(*session))
    }

    pub(super) fn may_speak(&self, session: u32) -> bool {
        let visit = &self.visits[session as usize];
        matches!(visit.talk, Talk::Open) && !visit.is_quiet
    }

    pub(super) fn name(&self, session: u32) -> String {
        self.crowd.party.borrow().guests[self.visits[session as usize].own.guest].name.clone()
    }

    /// A line about a client, for who reads what happened.
    pub(super) fn tell(&mut self, what: &'static str, session: u32, sum: u64, words: impl FnOnce() -> String) {
        let name = self.name(session);
        let words = || match words() {
            words if words.is_empty() => name,
            words => format!("{name}: {words}"),
        };
        self.net.kernel.step(what, mix(u64::from(session), sum), words);
    }

    pub(super) fn see_of(&mut self, session: u32, seen: Seen) {
        let guest = self.visits[session as usize].own.guest;
        let mut party = self.crowd.party.borrow_mut();
        // What comes on an old connection is nobody's.
        if party.guests[guest].session == Some(session) {
            party.guests[guest].seen.push(seen);
        }
        drop(party);
        self.crowd.busy = self.now();
    }

    /// A client begins a session.
    pub(super) fn begin_visit(&mut self, guest: usize) {
        let key = key([self.net.kernel.rng.next(), self.net.kernel.rng.next()]);
        let head = self.crowd.party.borrow().guests[guest].request(&key);
        let is_slow = !self.net.healed && self.net.kernel.rng.chance(self.faults.slow_reader);
        let session = self.visit(is_slow, Session { guest, key, status: 0, said_close: false, offered: 0 });
        self.crowd.party.borrow_mut().guests[guest].session = Some(session);
        self.tell("connects", session, digest(head.as_bytes()), || {
            let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
            format!("{line}, session {session}{}", if is_slow { ", reading slowly" } else { "" })
        });
        self.net.send(self.visits[session as usize].link, head.as_bytes());
    }

    pub(super) fn say(&mut self, session: u32, said: &Said) {
        let (first, payload) = match said {
            Said::Text(text) => (FIN | TEXT, text.as_bytes()),
            Said::Binary(bytes) => (FIN | BINARY, &bytes[..]),
        };
        self.tell("says", session, digest(payload), || match said {
            Said::Text(text) => format!("{text:.400}"),
            Said::Binary(bytes) => format!("{} bytes", bytes.len()),
        });
        self.push(session, first, payload);
        self.crowd.busy = self.now();
        // What was just said is the likeliest to be lost.
        if self.phase == Phase::Busy {
            self.trouble(session);
        }
    }

    pub(super) fn push(&mut self, session: u32, first: u8, payload: &[u8]) {
        let mut bytes = Vec::new();
        let mask = self.net.kernel.rng.next_u32();
        push_frame(&mut bytes, first, mask, payload);
        self.net.send(self.visits[session as usize].link, &bytes);
    }

    pub(super) fn send_close(&mut self, session: u32, code: u16) {
        let own = &mut self.visits[session as usize].own;
        if !std::mem::replace(&mut own.said_close, true) {
            self.tell("closes", session, code.into(), || format!("with {code}"));
            self.push(session, FIN | CLOSE, &close_payload(Some(code), ""));
            self.visits[session as usize].is_quiet = true;
        }
    }

    pub(super) fn vanish(&mut self, session: u32) {
        self.tell("vanishes", session, 0, String::new);
        let link = self.visits[session as usize].link;
        self.net.links[link].peer = Peer::Vanished;
        self.visits[session as usize].talk = Talk::Over;
    }

    /// Something may go wrong with a session.
    pub(super) fn trouble(&mut self, session: u32) {
        if self.misfortune(session) && self.is_over(session) {
            self.lost(session);
        }
    }

    /// A client has lost its connection, and knows.
    pub(super) fn lost(&mut self, session: u32) {
        self.tell("loses", session, 0, || "its connection".into());
        self.see_of(session, Seen::Lost);
        self.left(session, true);
    }

    /// A client was sent away, and another try is not worth it.
    pub(super) fn sent_away(&mut self, session: u32, farewell: Farewell) {
        let mut party = self.crowd.party.borrow_mut();
        let found = &mut party.guests[self.visits[session as usize].own.guest];
        if found.session == Some(session) {
            found.farewell = Some(farewell);
        }
    }

    /// A client has no connection any more; `again`: it is worth another try.
    pub(super) fn left(&mut self, session: u32, again: bool) {
        let guest = self.visits[session as usize].own.guest;
        let mut party = self.crowd.party.borrow_mut();
        let found = &mut party.guests[guest];
        if found.session != Some(session) {
            return;
        }
        (found.session, found.is_open) = (None, false);
        if found.handlers.on_lost.is_some() {
            party.news.push_back((guest, News::Lost));
        }
        let found = &mut party.guests[guest];
        found.wants &= found.comes_back && again;
        if found.wants && self.phase != Phase::Leaving {
            drop(party);
            let back = self.net.kernel.rng.between(self.crowd.back / 2, self.crowd.back);
            self.net.kernel.schedule(back, Event::Act(visit(guest)));
        }
    }

    /// There is a server again: who wants a connection and could not get one tries.
    pub(super) fn come_again(&mut self) {
        let party = self.crowd.party.borrow();
        let away = |guest: &usize| party.guests[*guest].wants && self.live_session(*guest).is_none();
        let away: Vec<usize> = (0..party.guests.len()).filter(away).collect();
        drop(party);
        for guest in away {
            self.net.kernel.schedule_within(self.crowd.back, Event::Act(visit(guest)));
        }
    }

    /// The answer opened a WebSocket.
    pub(super) fn opened(&mut self, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        let right = derive_accept_key(self.visits[session as usize].own.key.as_bytes());
        if answer.headers.get("sec-websocket-accept") != Some(&right) {
            return complain(Oracle::Delivery, format!("{} got a wrong accept key: {answer:?}", self.name(session)));
        }
        let visit = &mut self.visits[session as usize];
        visit.talk = Talk::Open;
        visit.frames.feed(rest);
        let guest = visit.own.guest;
        let mut party = self.crowd.party.borrow_mut();
        let found = &mut party.guests[guest];
        if found.session != Some(session) {
            return Ok(());
        }
        (found.is_open, found.farewell) = (true, None);
        found.since = found.seen.len();
        let mut says: VecDeque<Said> = found.greetings.iter().cloned().map(Said::Text).collect();
        says.append(&mut found.waiting);
        party.news.push_back((guest, News::Open));
        drop(party);
        self.see_of(session, Seen::Opened { protocol: answer.headers.get("sec-websocket-protocol").cloned() });
        while let Some(said) = says.pop_front() {
            if !self.may_speak(session) {
                // It was lost again over what it said.
                says.push_front(said);
                self.crowd.party.borrow_mut().guests[guest].waiting.extend(says);
                break;
            }
            self.say(session, &said);
        }
        Ok(())
    }

    /// An answer that opened no WebSocket is complete.
    pub(super) fn answered_whole(&mut self, session: u32, status: u16, body: &[u8]) {
        let body = String::from_utf8_lossy(body).into_owned();
        self.tell("is answered", session, digest(body.as_bytes()), || format!("{status} {body:.200}"));
        let guest = self.visits[session as usize].own.guest;
        if self.crowd.party.borrow().guests[guest].handlers.on_answer.is_some() {
            self.crowd.party.borrow_mut().news.push_back((guest, News::Answer(status, body.clone())));
        }
        self.see_of(session, Seen::Answered { status, body });
        self.visits[session as usize].talk = Talk::Over;
        self.hang_up(session);
        let again = matches!(status, 408 | 429 | 503);
        if !again {
            self.sent_away(session, Farewell::Answered(status));
        }
        self.left(session, again);
    }

    /// What has not arrived though everything is well, in words.
    pub(super) fn stuck(&self) -> Vec<String> {
        let overdue = |at: Option<Time>| at.is_some_and(|at| at + Duration::from_secs(1) < self.now());
        let party = self.crowd.party.borrow();
        let mut stuck = Vec::new();
        for guest in &party.guests {
            let name = &guest.name;
            let link = guest.session.map(|session| &self.net.links[self.visits[session as usize].link]);
            match link {
                _ if !guest.wants || self.crowd.is_down => {}
                None => stuck.push(format!("{name} has no connection")),
                Some(_) if !guest.is_open => stuck.push(format!("{name} has no answer to its request")),
                Some(_) if !guest.waiting.is_empty() => {
                    stuck.push(format!("{name} could not say {:?}", guest.waiting));
                }
                Some(link) if link.server == Server::Open && overdue(link.up.next()) => {
                    stuck.push(format!("the server has not read what {name} said"));
                }
                Some(link) if link.peer == Peer::Open && link.server == Server::Open && link.owed > 0 => {
                    stuck.push(format!("the server has {} bytes for {name}, and does not write them", link.owed));
                }
                Some(link) if link.peer == Peer::Open && overdue(link.down.next()) => {
                    stuck.push(format!("{name} has not read what the server said"));
                }
                Some(_) => {}
            }
        }
        stuck
    }

    /// What the driver held for one client was never more than it may.
    pub(super) fn within_bounds(&self) -> Check {
        let sessions = self.crowd.party.borrow().guests.iter().filter_map(|guest| guest.session).collect::<Vec<_>>();
        for session in sessions {
            let visit = &self.visits[session as usize];
            let largest = self.net.links[visit.link].wire.largest as usize;
            if matches!(visit.talk, Talk::Open) {
                self.bounds.offered(session, visit.own.offered, largest)?;
            }
        }
        Ok(())
    }
}
