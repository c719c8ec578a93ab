//! What is done to the driver, and what is seen of it.

use super::{Crowd, EffectOf, EventOf, World};
use crate::chronicle::Entry;
use crate::kernel::Event;
use crate::net::{Net, Server};
use crate::oracle::{Check, Oracle, complain, contain, handled};
use crate::trace::mix;
use lazuli::Time;
use lazuli::driver::{Driver, LinkId};
use lazuli::handle::Remote;
use std::mem;

impl<C: Crowd> World<C> {
    /// Calls the driver, and shows the oracles what came of it; a panic that gets out of it is a failure.
    pub(crate) fn drive<T>(&mut self, call: impl FnOnce(&mut Driver<C::App>, &mut Net<C::App>) -> T) -> Check<T> {
        let (driver, net) = (&mut self.driver, &mut self.net);
        let result = contain(|| Ok(call(driver, net)))?;
        self.absorb()?;
        Ok(result)
    }

    /// The time that the driver is told: now, or, where it knows that already, maybe an earlier one.
    pub(crate) fn time(&mut self) -> Time {
        let now = self.now();
        self.restless.time(&mut self.told, now)
    }

    pub(super) fn accept(&mut self, link: usize) -> Check {
        let now = self.time();
        let port = 1_024 + (link % 60_000) as u16;
        let address = C::address(self, self.net.links[link].session);
        let id = self.drive(|driver, _| driver.accept(now, Some(([10, 0, 0, address], port).into())))?;
        self.net.kernel.step("accept", u64::from(id.is_some()), || format!("link {link}: {id:?}"));
        let Some(id) = id else { return C::turned_away(self, link) };
        self.net.accepted(link, id);
        C::taken(self)
    }

    /// Bytes of a client, or its end of the stream, reach the server.
    pub(super) fn receive(&mut self, link: usize) -> Check {
        let mut bytes = mem::take(&mut self.buffer);
        let ended = self.net.take_up(link, &mut bytes);
        let (session, server) = (self.net.links[link].session, self.net.links[link].server);
        let result = match self.net.links[link].id.filter(|_| server != Server::Closed && !bytes.is_empty()) {
            Some(id) => {
                C::arrives(self, session, &bytes);
                self.hand_over(id, &bytes).and_then(|()| C::settled(self, Some(session)))
            }
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

    /// The driver gets bytes, in as many pieces as it is.
    fn hand_over(&mut self, id: LinkId, bytes: &[u8]) -> Check {
        let now = self.time();
        let mut ends = mem::take(&mut self.ends);
        self.restless.ends(bytes.len(), &mut ends);
        let result = self.drive(|driver, _| {
            let mut begin = 0;
            for &end in &ends {
                driver.receive(now, id, &bytes[begin..end]);
                begin = end;
            }
        });
        self.ends = ends;
        result
    }

    /// The driver is told that a peer is gone.
    pub(super) fn disconnect(&mut self, link: usize, reset: bool) -> Check {
        let session = self.net.links[link].session;
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        // Only a time that the driver is really told counts as told.
        let now = self.time();
        self.net.kernel.step("disconnected", mix(link as u64, u64::from(reset)), || {
            format!("link {link} of session {session}, {}", if reset { "reset" } else { "at its end" })
        });
        C::loses(self, link, reset);
        self.drive(|driver, _| driver.disconnected(now, id, reset))?;
        C::settled(self, None)
    }

    /// A reset reaches the server: it is told now, or later, and may find out by writing before.
    pub(super) fn server_reset(&mut self, link: usize) -> Check {
        self.net.links[link].broken = true;
        self.net.links[link].up.clear();
        if self.net.kernel.rng.chance(self.faults.broken_write) {
            self.net.kernel.schedule_within(3_000_000, Event::Notice(link));
            return Ok(());
        }
        self.disconnect(link, true)
    }

    pub(super) fn writable(&mut self, link: usize) -> Check {
        self.net.links[link].writable_due = false;
        let was_blocked = mem::take(&mut self.net.links[link].blocked);
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        if was_blocked {
            C::takes_again(self, self.net.links[link].session);
        }
        self.net.kernel.step("writable", link as u64, || format!("link {link}"));
        let told = self.time();
        self.drive(|driver, _| driver.writable(told, id))
    }

    pub(super) fn timeout(&mut self) -> Check {
        let now = self.now();
        self.net.kernel.step("timeout", 0, || "of the driver".to_owned());
        C::time_comes(self);
        let told = self.time();
        self.drive(|driver, _| driver.timeout(told))?;
        C::time_came(self)?;
        handled(now, self.driver.next_timeout())
    }

    /// `is_last`: nothing more happens at this moment.
    pub(crate) fn turn(&mut self, is_last: bool) -> Check {
        C::turns(self);
        self.drive(|driver, net| driver.turn(net))?;
        if self.restless.once_more() {
            self.drive(|driver, net| driver.turn(net))?;
        }
        self.tell_nothing()?;
        C::turned(self, is_last)
    }

    /// The driver may be told what is no news: that time has passed when nothing is due, and that a socket takes bytes which was not full.
    fn tell_nothing(&mut self) -> Check {
        let now = self.now();
        // A time that it does not know yet would be news: what it does next is done then.
        let is_known = self.told == now;
        if is_known && self.driver.next_timeout().is_none_or(|due| due > now) && self.restless.once_more() {
            let told = self.time();
            self.drive(|driver, _| driver.timeout(told))?;
        }
        if let Some(link) = self.restless.one_of(self.net.links.len())
            && let Some(id) = self.net.links[link].id.filter(|_| !self.net.links[link].blocked)
        {
            // It is looked at before anything else happens: the order in which sockets are written is no promise.
            let told = self.told;
            self.drive(|driver, net| {
                driver.writable(told, id);
                driver.turn(net);
            })?;
        }
        Ok(())
    }

    pub(crate) fn remote(&mut self, remote: Remote<EventOf<C>>) -> Check {
        let now = self.time();
        self.drive(|driver, _| driver.remote(now, remote))?;
        C::settled(self, None)
    }

    /// Shows the oracles what was seen.
    fn absorb(&mut self) -> Check {
        C::look(self)?;
        let mut entries = mem::take(&mut self.entries);
        self.chronicle.take(&mut entries);
        let result = entries.drain(..).try_for_each(|entry| self.see(entry));
        self.entries = entries;
        result
    }

    fn see(&mut self, entry: Entry<EffectOf<C>>) -> Check {
        match entry {
            Entry::Misuse { link, what } => {
                let session = link.map(|link| self.net.links[link].session);
                complain(Oracle::Lifecycle, format!("the driver misused a link of session {session:?}: {what}"))
            }
            Entry::Fault(what) => complain(Oracle::Lifecycle, format!("the driver has a fault: {what}")),
            entry => C::sees(self, entry),
        }
    }
}
