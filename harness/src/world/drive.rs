//! What the world does to the driver, and what comes of it.

use super::World;
use crate::app::{SimApp, SimEffect, SimEvent, Whom};
use crate::journal::{Entry, What};
use crate::kernel::Event;
use crate::model::Full;
use crate::net::{Net, Peer, Server};
use crate::oracle::{Check, Oracle, complain};
use crate::trace::{bytes as digest, mix};
use lazuli::ConnId;
use lazuli::driver::Driver;
use lazuli::handle::Remote;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

impl World {
    /// Calls the driver; a panic that gets out of it is a failure.
    fn drive<T>(&mut self, call: impl FnOnce(&mut Driver<SimApp>, &mut Net) -> T) -> Check<T> {
        let (driver, net) = (&mut self.driver, &mut self.net);
        catch_unwind(AssertUnwindSafe(|| call(driver, net))).or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            complain(Oracle::Panics, format!("a panic got out of the driver: {text}"))
        })
    }

    pub(super) fn accept(&mut self, link: usize) -> Check {
        let now = self.now();
        self.model.advance(now);
        let port = 1_024 + (link % 60_000) as u16;
        let address = self.model.address(self.net.links[link].session);
        let id = self.drive(|driver, _| driver.accept(now, Some(([10, 0, 0, address], port).into())))?;
        self.net.kernel.step("accept", u64::from(id.is_some()), || format!("link {link}: {id:?}"));
        match id {
            Some(id) => self.net.accepted(link, id),
            None => {
                let held = |server| matches!(server, Server::Open | Server::Ended);
                let count = self.net.links.iter().filter(|link| held(link.server)).count();
                if count < self.plan.settings.links && !self.driver.is_drained() {
                    return complain(Oracle::Bounds, format!("a socket was refused when there were {count}"));
                }
                self.net.links[link].server = Server::Closed;
                self.net.kernel.schedule(self.plan.net.delay, Event::ClientReset(link));
            }
        }
        self.absorb()
    }

    /// Bytes of a client, or its end of the stream, reach the server.
    pub(super) fn receive(&mut self, link: usize) -> Check {
        let mut bytes = std::mem::take(&mut self.buffer);
        let ended = self.net.take_up(link, &mut bytes);
        let session = self.net.links[link].session;
        let server = self.net.links[link].server;
        let result = match self.net.links[link].id.filter(|_| server != Server::Closed && !bytes.is_empty()) {
            Some(id) => self.hand_over(session, id, &bytes),
            None => Ok(()),
        };
        self.buffer = bytes;
        result?;
        match server {
            Server::Closed => self.net.arrive_late(link),
            _ if ended => self.disconnect(link, false)?,
            _ => {}
        }
        Ok(())
    }

    fn hand_over(&mut self, session: u32, id: lazuli::driver::LinkId, bytes: &[u8]) -> Check {
        let now = self.now();
        let arrivals = self.visits[session as usize].arrive(bytes.len());
        self.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}, and with them {arrivals:?}", bytes.len())
        });
        let full = self.is_full(session);
        let arrivals = arrivals.into_iter().map(|arrival| match arrival {
            crate::model::Arrival::Upgrade { route, .. } => crate::model::Arrival::Upgrade { route, full },
            other => other,
        });
        self.model.arrive(now, session, arrivals);
        self.silence.heard(now, session);
        self.drive(|driver, _| driver.receive(now, id, bytes))?;
        self.absorb()?;
        self.model.settled(Some(session))
    }

    /// Whether there is room for one more connection.
    fn is_full(&self, session: u32) -> Full {
        let config = &self.plan.config;
        // What nobody may do any more is gone.
        let is_there = |conn: &ConnId| self.driver.hub().limits(*conn).rooms > 0;
        if self.driver.stats().connections >= config.connections as u64 {
            Full::All
        } else if config.per_address != usize::MAX
            && self.model.conns_like(session).filter(is_there).count() >= config.per_address
        {
            Full::Address
        } else {
            Full::No
        }
    }

    /// The driver is told that a peer is gone.
    pub(super) fn disconnect(&mut self, link: usize, reset: bool) -> Check {
        let now = self.now();
        let session = self.net.links[link].session;
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        self.net.kernel.step("disconnected", mix(link as u64, u64::from(reset)), || {
            format!("link {link} of session {session}, {}", if reset { "reset" } else { "at its end" })
        });
        self.model.advance(now);
        if self.net.links[link].server != Server::Closed {
            self.model.lost(now, session, reset);
        }
        self.drive(|driver, _| driver.disconnected(now, id, reset))?;
        self.absorb()?;
        self.model.settled(None)
    }

    /// A reset reaches the server: it is told now, or later, and may find out by writing before.
    pub(super) fn server_reset(&mut self, link: usize) -> Check {
        self.net.links[link].broken = true;
        self.net.links[link].up.clear();
        if self.net.kernel.rng.chance(self.plan.faults.broken_write) {
            self.net.kernel.schedule_within(3_000_000, Event::Notice(link));
            return Ok(());
        }
        self.disconnect(link, true)
    }

    pub(super) fn writable(&mut self, link: usize) -> Check {
        self.net.links[link].writable_due = false;
        let was_blocked = std::mem::take(&mut self.net.links[link].blocked);
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        if was_blocked {
            // Only a peer that is there makes room.
            let session = self.net.links[link].session;
            self.model.hear(session);
            self.silence.heard(self.model.time(), session);
        }
        self.net.kernel.step("writable", link as u64, || format!("link {link}"));
        self.drive(|driver, _| driver.writable(id))?;
        self.absorb()
    }

    pub(super) fn timeout(&mut self) -> Check {
        let now = self.now();
        self.net.kernel.step("timeout", 0, || "of the driver".to_owned());
        self.model.time_comes(now);
        self.drive(|driver, _| driver.timeout(now))?;
        self.absorb()?;
        self.model.time_came()?;
        let late = Duration::from_micros(self.plan.net.late);
        self.silence.handled(now, late, |session| self.model.is_connected(session))?;
        self.bounds.handled(now, self.driver.next_timeout())
    }

    pub(super) fn turn(&mut self) -> Check {
        self.model.turn();
        self.drive(|driver, net| driver.turn(net))?;
        self.absorb()?;
        self.model.turned()?;
        for (session, conn, right, limit) in self.model.changed() {
            let waiting = self.driver.hub().waiting(conn);
            self.bounds.waiting(session, waiting, limit)?;
            if waiting != right {
                let sentence = format!("{waiting} bytes wait in the hub for session {session}, and not {right}");
                return complain(Oracle::Bounds, sentence);
            }
        }
        Ok(())
    }

    pub(super) fn remote(&mut self, remote: Remote<SimEvent>) -> Check {
        let now = self.now();
        self.drive(|driver, _| driver.remote(now, remote))?;
        self.absorb()?;
        self.model.settled(None)
    }

    pub(super) fn answer(&mut self, event: SimEvent) -> Check {
        self.net.kernel.step("event", 0, || format!("{event:?}"));
        if let SimEvent::Answer(SimEffect { whom: Whom::Panic, .. }) = event {
            self.lifecycle.panicked();
        }
        self.model.event(self.net.kernel.now, &event);
        self.remote(Remote::Event(event))
    }

    pub(super) fn shut_down(&mut self) -> Check {
        let now = self.now();
        let deadline = now + super::SHUTDOWN;
        self.shut_down = true;
        self.net.kernel.step("shutdown", 0, || format!("until {deadline:?}"));
        self.model.shut_down(now, deadline);
        self.drive(|driver, _| driver.shutdown(now, deadline))?;
        self.absorb()?;
        self.model.settled(None)
    }

    /// Shows the oracles what was seen.
    fn absorb(&mut self) -> Check {
        let mut entries = std::mem::take(&mut self.entries);
        self.journal.take(&mut entries);
        let result = entries.drain(..).try_for_each(|entry| self.see(entry));
        self.entries = entries;
        result
    }

    fn see(&mut self, entry: Entry) -> Check {
        match entry {
            Entry::Call(call) => {
                self.net.kernel.step("call", call.digest(), || {
                    format!("{:?} of session {}: {:?} {:?}", call.what, call.session, call.verdict, call.did)
                });
                self.lifecycle.called(&call)?;
                self.order.called(&call);
                self.silence.called(self.model.time(), &call)?;
                self.model.called(&call)?;
                if let (What::Connect { .. }, Some(heartbeat)) = (&call.what, self.model.heartbeat(call.session)) {
                    self.silence.connected(self.model.time(), call.session, heartbeat);
                }
                Ok(())
            }
            Entry::Wrote { link, offered, hub } => {
                let session = self.net.links[link].session;
                self.model.wrote(session, hub);
                if self.net.links[link].was_blocked || self.plan.config.window < 16 << 10 {
                    self.silence.wrote_late(self.model.time(), session);
                }
                self.bounds.offered(session, offered, self.model.largest(session))
            }
            // What pages are told is seen where there are pages.
            Entry::Said { .. } => Ok(()),
            Entry::Broke { link } => {
                // The driver has no newer time in its turn.
                self.model.lost(self.model.time(), self.net.links[link].session, true);
                Ok(())
            }
            Entry::Closed { link } => {
                let session = self.net.links[link].session;
                if self.model.is_connected(session) && !self.model.is_ending(session) {
                    return complain(
                        Oracle::Lifecycle,
                        format!("the link of session {session} was closed, which is open"),
                    );
                }
                Ok(())
            }
            Entry::Misuse { link, what } => {
                let session = link.map(|link| self.net.links[link].session);
                complain(Oracle::Lifecycle, format!("the driver misused a link of session {session:?}: {what}"))
            }
            Entry::Effect(effect) => {
                self.model.asked(&effect)?;
                self.net.kernel.schedule_within(200_000, Event::Answer(SimEvent::Answer(effect)));
                Ok(())
            }
            Entry::Fault(what) => complain(Oracle::Lifecycle, format!("the driver has a fault: {what}")),
        }
    }

    /// A client is gone, as far as it is concerned.
    pub(super) fn is_away(&self, session: u32) -> bool {
        matches!(self.net.links[self.visits[session as usize].link].peer, Peer::Gone | Peer::Vanished)
    }
}
