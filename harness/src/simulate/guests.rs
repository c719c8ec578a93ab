//! Clients of somebody's own application as the crowd of a world.

use super::Seen;
use super::party::{News, Order, Party, Said};
use crate::clients::key;
use crate::codec::{Answer, BINARY, CLOSE, FIN, Incoming, PONG, TEXT, close_payload, push_frame};
use crate::journal::Entry;
use crate::kernel::Event;
use crate::net::{Peer, Server};
use crate::oracle::{Check, Oracle, complain};
use crate::rng::Rng;
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};
use crate::world::{Crowd, EffectOf, EventOf, Phase, Talk, World};
use lazuli::handle::Remote;
use lazuli::log::Record;
use lazuli::{App, Time};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tungstenite::handshake::derive_accept_key;

/// The crowd: what only the simulation knows of the clients, and what the application has asked for.
pub(super) struct Guests<A: App> {
    pub(super) party: Rc<RefCell<Party>>,
    /// What the application wanted done, and nobody has.
    pub(super) effects: VecDeque<A::Effect>,
    /// What comes from outside.
    pub(super) remotes: VecDeque<Remote<A::Event>>,
    /// What the hub logged as a fault of the application.
    pub(super) wrong: Vec<Record>,
    /// What lies between two moments at which something may go wrong with a client, in microseconds.
    pub(super) pause: u64,
    /// How soon a client comes back at first, in microseconds.
    pub(super) back: u64,
    /// When somebody said or heard something last.
    pub(super) busy: Time,
    /// Whether the server was shut down.
    pub(super) is_down: bool,
}

/// What is known of a session beside what every visit has.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) guest: usize,
    key: String,
    /// Of an answer that opened no WebSocket.
    status: u16,
    said_close: bool,
    /// The most bytes that the driver held for it at once.
    offered: usize,
}

/// Turns of a client: something may go wrong with it, or it connects.
fn fate(guest: usize) -> usize {
    2 * guest
}

fn visit(guest: usize) -> usize {
    2 * guest + 1
}

type Guesthouse<A> = World<Guests<A>>;

impl<A: App> Guesthouse<A> {
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
                    None => self.crowd.party.borrow_mut().guests[guest].waiting.push_back(said),
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

    /// Its session, as long as the client itself takes it for one.
    fn live_session(&self, guest: usize) -> Option<u32> {
        let session = self.crowd.party.borrow().guests[guest].session;
        session.filter(|session| !self.is_over(*session))
    }

    fn may_speak(&self, session: u32) -> bool {
        let visit = &self.visits[session as usize];
        matches!(visit.talk, Talk::Open) && !visit.is_quiet
    }

    fn name(&self, session: u32) -> String {
        self.crowd.party.borrow().guests[self.visits[session as usize].own.guest].name.clone()
    }

    /// A line about a client, for who reads what happened.
    fn tell(&mut self, what: &'static str, session: u32, sum: u64, words: impl FnOnce() -> String) {
        let name = self.name(session);
        let words = || match words() {
            words if words.is_empty() => name,
            words => format!("{name}: {words}"),
        };
        self.net.kernel.step(what, mix(u64::from(session), sum), words);
    }

    fn see_of(&mut self, session: u32, seen: Seen) {
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
    fn begin_visit(&mut self, guest: usize) {
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

    fn say(&mut self, session: u32, said: &Said) {
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

    fn push(&mut self, session: u32, first: u8, payload: &[u8]) {
        let mut bytes = Vec::new();
        let mask = self.net.kernel.rng.next() as u32;
        push_frame(&mut bytes, first, mask, payload);
        self.net.send(self.visits[session as usize].link, &bytes);
    }

    fn send_close(&mut self, session: u32, code: u16) {
        let own = &mut self.visits[session as usize].own;
        if !std::mem::replace(&mut own.said_close, true) {
            self.tell("closes", session, code.into(), || format!("with {code}"));
            self.push(session, FIN | CLOSE, &close_payload(Some(code), ""));
            self.visits[session as usize].is_quiet = true;
        }
    }

    fn vanish(&mut self, session: u32) {
        self.tell("vanishes", session, 0, String::new);
        let link = self.visits[session as usize].link;
        self.net.links[link].peer = Peer::Vanished;
        self.visits[session as usize].talk = Talk::Over;
    }

    /// Something may go wrong with a session.
    fn trouble(&mut self, session: u32) {
        if self.misfortune(session) && self.is_over(session) {
            self.lost(session);
        }
    }

    /// A client has lost its connection, and knows.
    fn lost(&mut self, session: u32) {
        self.tell("loses", session, 0, || "its connection".into());
        self.see_of(session, Seen::Lost);
        self.left(session, true);
    }

    /// A client has no connection any more; `again`: it is worth another try.
    fn left(&mut self, session: u32, again: bool) {
        let guest = self.visits[session as usize].own.guest;
        let mut party = self.crowd.party.borrow_mut();
        let found = &mut party.guests[guest];
        if found.session != Some(session) {
            return;
        }
        (found.session, found.is_open) = (None, false);
        found.wants &= found.comes_back && again;
        if found.wants && self.phase != Phase::Leaving {
            drop(party);
            self.net.kernel.schedule_within(self.crowd.back, Event::Act(visit(guest)));
        }
    }

    /// The answer opened a WebSocket.
    fn opened(&mut self, session: u32, answer: &Answer, rest: &[u8]) -> Check {
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
        found.is_open = true;
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
    fn answered_whole(&mut self, session: u32, status: u16, body: &[u8]) {
        let body = String::from_utf8_lossy(body).into_owned();
        self.tell("is answered", session, digest(body.as_bytes()), || format!("{status} {body:.200}"));
        self.see_of(session, Seen::Answered { status, body });
        self.visits[session as usize].talk = Talk::Over;
        self.hang_up(session);
        self.left(session, matches!(status, 429 | 503));
    }

    /// What has not arrived though everything is well, in words.
    fn stuck(&self) -> Vec<String> {
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
                Some(link) if link.peer == Peer::Open && overdue(link.down.next()) => {
                    stuck.push(format!("{name} has not read what the server said"));
                }
                Some(_) => {}
            }
        }
        stuck
    }

    /// What the driver held for one client was never more than it may.
    fn within_bounds(&self) -> Check {
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

impl<A: App> Crowd for Guests<A> {
    type App = A;
    type Own = Session;
    const STALL: u64 = 15_000_000;
    /// Tests wait by themselves.
    const CALM: Duration = Duration::ZERO;

    fn begin(_: &mut World<Self>) {}

    fn act(world: &mut World<Self>, who: usize) -> Check {
        let guest = who / 2;
        let session = world.live_session(guest);
        if who == visit(guest) {
            let wants = world.crowd.party.borrow().guests[guest].wants && !world.crowd.is_down;
            if wants && session.is_none() && world.phase != Phase::Leaving {
                world.begin_visit(guest);
            }
        } else if world.phase == Phase::Busy {
            world.net.kernel.schedule_within(2 * world.crowd.pause, Event::Act(who));
            if world.net.kernel.rng.chance(world.faults.storm) {
                world.net.kernel.count(Fault::Storm);
                let count = world.crowd.party.borrow().guests.len();
                let all: Vec<u32> = (0..count).filter_map(|guest| world.live_session(guest)).collect();
                for session in all {
                    world.break_off(session);
                    world.lost(session);
                }
            } else if let Some(session) = session {
                world.trouble(session);
            }
        }
        Ok(())
    }

    fn act_outside(world: &mut World<Self>) -> Check {
        match world.crowd.remotes.pop_front() {
            Some(remote) => {
                world.outside += 1;
                world.net.kernel.step("outside", 0, || "sends something".into());
                world.remote(remote)
            }
            None => Ok(()),
        }
    }

    fn answer(world: &mut World<Self>, event: EventOf<Self>) -> Check {
        world.net.kernel.step("event", 0, || "for the application".into());
        world.remote(Remote::Event(event))
    }

    fn address(world: &mut World<Self>, session: u32) -> u8 {
        1 + (world.visits[session as usize].own.guest % 250) as u8
    }

    fn turned_away(world: &mut World<Self>, link: usize) -> Check {
        world.net.links[link].server = Server::Closed;
        world.net.kernel.schedule(world.net.plan.delay, Event::ClientReset(link));
        Ok(())
    }

    fn arrives(world: &mut World<Self>, session: u32, bytes: &[u8]) {
        world.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}", bytes.len())
        });
    }

    fn loses(_: &mut World<Self>, _: usize, _: bool) {}

    fn turned(_: &mut World<Self>, _: bool) -> Check {
        Ok(())
    }

    fn sees(world: &mut World<Self>, entry: Entry<EffectOf<Self>>) -> Check {
        match entry {
            Entry::Effect(effect) => world.crowd.effects.push_back(effect),
            Entry::Wrong(record) => world.crowd.wrong.push(record),
            Entry::Wrote { link, offered, .. } => {
                let own = &mut world.visits[world.net.links[link].session as usize].own;
                own.offered = own.offered.max(offered);
            }
            _ => {}
        }
        Ok(())
    }

    fn answered(world: &mut World<Self>, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        if answer.status == 101 {
            return world.opened(session, answer, rest);
        }
        let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
        let visit = &mut world.visits[session as usize];
        visit.own.status = answer.status;
        visit.talk = Talk::Reading { length, body: rest.to_vec() };
        visit.is_quiet = true;
        Self::read_on(world, session)
    }

    fn read_on(world: &mut World<Self>, session: u32) -> Check {
        let visit = &mut world.visits[session as usize];
        if let Talk::Reading { length, body } = &mut visit.talk
            && length.is_none_or(|length| body.len() >= length)
        {
            let (body, status) = (std::mem::take(body), visit.own.status);
            world.answered_whole(session, status, &body);
        }
        Ok(())
    }

    fn heard(world: &mut World<Self>, session: u32, incoming: Incoming<'_>) -> Check {
        match incoming {
            Incoming::Text(text) => {
                world.tell("hears", session, digest(text.as_bytes()), || format!("{text:.400}"));
                world.see_of(session, Seen::Text(text.into()));
                let guest = world.visits[session as usize].own.guest;
                let mut party = world.crowd.party.borrow_mut();
                if party.guests[guest].session == Some(session) && party.guests[guest].on_text.is_some() {
                    party.news.push_back((guest, News::Text(text.into())));
                }
            }
            Incoming::Binary(bytes) => {
                world.tell("hears", session, digest(bytes), || format!("{} bytes", bytes.len()));
                world.see_of(session, Seen::Binary(bytes.into()));
            }
            Incoming::Ping(bytes) if world.may_speak(session) => world.push(session, FIN | PONG, bytes),
            Incoming::Ping(_) | Incoming::Pong(_) => {}
            Incoming::Close(code, reason) => {
                let code = code.unwrap_or(1005);
                world.tell("is closed", session, code.into(), || format!("with {code} {reason}"));
                if !world.visits[session as usize].own.said_close {
                    world.see_of(session, Seen::Closed { code, reason: reason.into() });
                    if world.may_speak(session) {
                        world.push(session, FIN | CLOSE, &close_payload(Some(code).filter(|code| *code != 1005), ""));
                    }
                }
                world.visits[session as usize].is_quiet = true;
                world.left(session, matches!(code, 1001 | 1011 | 1012 | 1013));
            }
        }
        Ok(())
    }

    fn ended(world: &mut World<Self>, session: u32, talk: Talk) -> Check {
        match talk {
            Talk::Reading { body, .. } => {
                let status = world.visits[session as usize].own.status;
                world.answered_whole(session, status, &body);
            }
            Talk::Open | Talk::Asking
                if world.crowd.party.borrow().guests[world.visits[session as usize].own.guest].session
                    == Some(session) =>
            {
                world.lost(session);
            }
            _ => {}
        }
        Ok(())
    }

    fn cut_off(world: &mut World<Self>, session: u32) {
        let guest = world.visits[session as usize].own.guest;
        if world.crowd.party.borrow().guests[guest].session == Some(session) {
            world.lost(session);
        }
    }

    fn is_calm(world: &World<Self>) -> bool {
        world.stuck().is_empty()
    }

    fn pending(world: &World<Self>) -> Vec<String> {
        world.stuck()
    }

    fn rested(world: &mut World<Self>) -> Check {
        world.within_bounds()
    }

    fn leave(world: &mut World<Self>) -> Check {
        world.leave_each(1);
        Ok(())
    }

    fn say_goodbye(world: &mut World<Self>, session: u32) {
        match world.visits[session as usize].talk {
            Talk::Open if !world.visits[session as usize].is_quiet => world.send_close(session, 1001),
            _ => world.hang_up(session),
        }
    }

    fn finished(world: &mut World<Self>) -> Check {
        let open = world.net.links.iter().filter(|link| matches!(link.server, Server::Open | Server::Ended));
        let names: Vec<String> = open.map(|link| world.name(link.session)).collect();
        let left = world.driver.stats().connections;
        match names.is_empty() && left == 0 {
            true => Ok(()),
            false => complain(
                Oracle::Lifecycle,
                format!("everyone has left, and the server has {left} connections, with sockets of {names:?}"),
            ),
        }
    }
}

impl<A: App> Guests<A> {
    /// Nobody yet.
    pub(super) fn new(party: Rc<RefCell<Party>>, rng: &mut Rng) -> Guests<A> {
        Guests {
            party,
            effects: VecDeque::new(),
            remotes: VecDeque::new(),
            wrong: Vec::new(),
            pause: rng.between(200_000, 2_000_000),
            back: *rng.pick(&[10_000, 200_000, 1_000_000, 5_000_000]),
            busy: Time::ZERO,
            is_down: false,
        }
    }
}
