//! What is seen of clients and of the server, told to the model and the oracles.

use super::World;
use crate::app::{SimEffect, SimEvent, Whom};
use crate::chronicle::{Entry, What};
use crate::codec::{Answer, Incoming};
use crate::coverage::Mark;
use crate::kernel::Event;
use crate::model::{Arrival, Full};
use crate::net::{Peer, Server};
use crate::oracle::{Check, Oracle, complain, in_time};
use crate::trace::{bytes as digest, mix};
use crate::world::Talk;
use lazuli::handle::Remote;
use lazuli::{ConnId, Kind};
use tungstenite::handshake::derive_accept_key;

impl World {
    /// How many sockets the server has.
    pub(super) fn sockets(&self) -> usize {
        self.net.links.iter().filter(|link| matches!(link.server, Server::Open | Server::Ended)).count()
    }

    pub(super) fn on_turned_away(&mut self, link: usize) -> Check {
        let count = self.sockets();
        if count < self.crowd.plan.settings.links && !self.driver.is_drained() {
            return complain(Oracle::Bounds, format!("a socket was refused when there were {count}"));
        }
        self.crowd.model.turned_away(self.net.links[link].session);
        self.net.links[link].server = Server::Closed;
        self.net.kernel.schedule(self.net.plan.delay, Event::ClientReset(link));
        Ok(())
    }

    pub(super) fn on_taken(&mut self) -> Check {
        let (count, most) = (self.sockets(), self.crowd.plan.settings.links);
        if count > most {
            return complain(Oracle::Limits, format!("{count} sockets were taken, where {most} are allowed"));
        }
        Ok(())
    }

    pub(super) fn on_arrives(&mut self, session: u32, bytes: &[u8]) {
        let now = self.now();
        let arrivals = self.visits[session as usize].own.arrive(bytes.len());
        self.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}, and with them {arrivals:?}", bytes.len())
        });
        let is_upgrade = |arrival: &Arrival| matches!(arrival, Arrival::Upgrade { .. });
        // All sockets are counted for it.
        let full = if arrivals.iter().any(is_upgrade) { self.is_full(session) } else { Full::No };
        let arrivals = arrivals.into_iter().map(|arrival| match arrival {
            Arrival::Upgrade { route, .. } => Arrival::Upgrade { route, full },
            other => other,
        });
        self.crowd.model.arrive(now, session, arrivals);
        self.crowd.silence.heard(now, session);
    }

    /// Whether there is room for one more connection.
    fn is_full(&self, session: u32) -> Full {
        let config = &self.crowd.plan.config;
        let all = |_: u32| true;
        if self.are_there(config.connections, all, || self.driver.stats().connections as usize) {
            return Full::All;
        }
        let model = &self.crowd.model;
        let address = model.address(session);
        let near = |other: u32| model.address(other) == address;
        // What nobody may do any more is gone.
        let is_there = |conn: &ConnId| self.driver.hub().limits(*conn).rooms > 0;
        let known =
            || (0..model.sessions()).filter(|one| near(*one)).filter_map(|one| model.conn(one)).filter(is_there);
        match self.are_there(config.per_address, near, || known().count()) {
            true => Full::Address,
            false => Full::No,
        }
    }

    /// Whether there are so many connections of sessions. Those are there that are open, and none that have no link any more. Of those
    /// that are about to end the product says how many are gone already; all others are counted here.
    fn are_there(&self, most: usize, which: impl Fn(u32) -> bool, known: impl Fn() -> usize) -> bool {
        let model = &self.crowd.model;
        let links = self.net.links.iter().filter(|link| link.server == Server::Open && which(link.session));
        let open = links.clone().filter(|link| model.is_connected(link.session) && !model.is_ending(link.session));
        let last = links.filter(|link| model.conn(link.session).is_some());
        most != usize::MAX && (open.count() >= most || last.count() >= most && known() >= most)
    }

    pub(super) fn on_loses(&mut self, link: usize, reset: bool) {
        let now = self.now();
        self.crowd.model.advance(now);
        if self.net.links[link].server != Server::Closed {
            self.crowd.model.lost(now, self.net.links[link].session, reset);
        }
    }

    pub(super) fn on_turned(&mut self) -> Check {
        self.crowd.model.turned()?;
        in_time(self.crowd.model.time(), self.crowd.model.first_due(), self.driver.next_timeout())?;
        self.crowd.shutdown.turned(self.driver.stats().connections, self.driver.is_drained())?;
        for (session, conn, right, limit) in self.crowd.model.changed() {
            let waiting = self.driver.hub().waiting(conn);
            self.bounds.waiting(session, waiting, limit)?;
            if waiting != right {
                let sentence = format!("{waiting} bytes wait in the hub for session {session}, and not {right}");
                return complain(Oracle::Bounds, sentence);
            }
        }
        Ok(())
    }

    pub(super) fn on_answer(&mut self, event: SimEvent) -> Check {
        self.net.kernel.step("event", 0, || format!("{event:?}"));
        if let SimEvent::Answer(SimEffect { whom: Whom::Panic, .. }) = event {
            self.crowd.lifecycle.panicked();
        }
        self.crowd.model.event(self.net.kernel.now, &event);
        self.remote(Remote::Event(event))
    }

    pub(super) fn shut_down(&mut self) -> Check {
        let now = self.now();
        let deadline = now + super::SHUTDOWN;
        self.net.kernel.step("shutdown", 0, || format!("until {deadline:?}"));
        self.crowd.model.shut_down(now, deadline);
        self.crowd.shutdown.begins(deadline);
        let (told, again) = (self.time(), self.restless.once_more());
        self.drive(|driver, _| {
            driver.shutdown(told, deadline);
            if again {
                driver.shutdown(told, told);
            }
        })?;
        self.crowd.shutdown.begun()?;
        self.crowd.model.settled(None)
    }

    pub(super) fn on_sees(&mut self, entry: Entry<SimEffect>) -> Check {
        let crowd = &mut self.crowd;
        match entry {
            Entry::Call(call) => {
                self.net.kernel.step("call", call.digest(), || {
                    format!("{:?} of session {}: {:?} {:?}", call.what, call.session, call.verdict, call.did)
                });
                crowd.lifecycle.called(&call)?;
                crowd.shutdown.called(&call)?;
                crowd.order.called(&call);
                crowd.silence.called(crowd.model.time(), &call)?;
                crowd.model.called(&call)?;
                if let (What::Connect { .. }, Some(heartbeat)) = (&call.what, crowd.model.heartbeat(call.session)) {
                    crowd.silence.connected(crowd.model.time(), call.session, heartbeat);
                }
                Ok(())
            }
            Entry::Wrote { link, offered, hub } => {
                let session = self.net.links[link].session;
                crowd.model.wrote(session, hub);
                if self.net.links[link].was_blocked || crowd.plan.config.window < 16 << 10 {
                    crowd.silence.wrote_late(crowd.model.time(), session);
                }
                self.bounds.offered(session, offered, crowd.model.largest(session))
            }
            Entry::Broke { link } => {
                // The driver has no newer time in its turn.
                crowd.model.lost(crowd.model.time(), self.net.links[link].session, true);
                Ok(())
            }
            Entry::Closed { link } => {
                let session = self.net.links[link].session;
                if crowd.model.is_connected(session) && !crowd.model.is_ending(session) {
                    return complain(
                        Oracle::Lifecycle,
                        format!("the link of session {session} was closed, which is open"),
                    );
                }
                Ok(())
            }
            Entry::Effect(effect) => {
                self.net.kernel.step("effect", u64::from(effect.op), || format!("{effect:?}"));
                crowd.model.asked(&effect)?;
                self.net.kernel.schedule_within(200_000, Event::Answer(SimEvent::Answer(effect)));
                Ok(())
            }
            // What pages are told is seen where there are pages, and the rest in every world.
            Entry::Said { .. } | Entry::Misuse { .. } | Entry::Fault(_) | Entry::Wrong(_) => Ok(()),
        }
    }

    pub(super) fn on_answered(&mut self, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        self.crowd.model.answered(session, answer)?;
        let visit = &mut self.visits[session as usize];
        if answer.status != 101 {
            let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
            visit.talk = Talk::Reading { length, body: rest.to_vec() };
            visit.is_quiet = true;
            return Ok(());
        }
        let right = derive_accept_key(visit.own.key.as_bytes());
        if answer.headers.get("sec-websocket-accept") != Some(&right) {
            return complain(Oracle::Delivery, format!("session {session} got a wrong accept key: {answer:?}"));
        }
        visit.talk = Talk::Open;
        visit.frames.feed(rest);
        Ok(())
    }

    pub(super) fn on_heard(&mut self, session: u32, incoming: Incoming<'_>) -> Check {
        let now = self.now();
        let crowd = &mut self.crowd;
        match incoming {
            Incoming::Text(text) => {
                crowd.order.received(session, text)?;
                crowd.model.received(session, Kind::Text, text.as_bytes())?;
                crowd.views.received(session, text)?;
            }
            Incoming::Binary(bytes) => crowd.model.received(session, Kind::Binary, bytes)?,
            Incoming::Ping(bytes) => {
                crowd.model.received(session, Kind::Ping, bytes)?;
                self.pong(session, bytes);
            }
            Incoming::Pong(bytes) => {
                let was_blocked = self.net.links[self.visits[session as usize].link].was_blocked;
                crowd.model.ponged(session, bytes, was_blocked)?;
            }
            Incoming::Close(code, reason) => {
                crowd.shutdown.closed(session, code, reason)?;
                crowd.model.closed(now, session, code, reason)?;
                self.visits[session as usize].own.heard_close = true;
                self.send_close(session, code, "");
            }
        }
        Ok(())
    }

    pub(super) fn on_ended(&mut self, session: u32, talk: Talk) -> Check {
        let visit = &self.visits[session as usize];
        let brisk = self.net.links[visit.link].brisk;
        match talk {
            Talk::Open if !visit.own.heard_close => self.crowd.model.cut_off(session, brisk),
            Talk::Asking if brisk => {
                complain(Oracle::Delivery, format!("the stream of session {session} ended without an answer"))
            }
            Talk::Reading { length, body } if brisk => {
                if length.is_some_and(|length| length != body.len()) {
                    let sentence = format!("session {session} read {} bytes of a body, and not {length:?}", body.len());
                    return complain(Oracle::Delivery, sentence);
                }
                self.crowd.model.page_came(session, &body)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn on_rested(&mut self) -> Check {
        let pending = self.pending();
        if !pending.is_empty() {
            return complain(Oracle::Rest, format!("at rest, {}", pending.join("; ")));
        }
        for (session, room, truth) in self.crowd.model.watched() {
            if self.reads(session) {
                self.crowd.model.coverage.add(Mark::ViewCompared, 1);
                self.crowd.views.compare(session, &room, &truth)?;
            }
        }
        Ok(())
    }

    /// What is stuck on its way to those who still read.
    pub(super) fn pending(&self) -> Vec<String> {
        self.crowd.model.pending(|session| self.reads(session))
    }

    /// Whether the client of a session still reads.
    fn reads(&self, session: u32) -> bool {
        self.net.links[self.visits[session as usize].link].peer == Peer::Open
    }

    pub(super) fn on_finished(&mut self) -> Check {
        self.crowd.lifecycle.finished(self.driver.stats(), self.driver.links())
    }
}
