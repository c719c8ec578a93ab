//! What pages do to the driver, and what comes of it.

use super::{LiveWorld, Phase};
use crate::app::SimApp;
use crate::app::live::{Called, Id, Seen};
use crate::coverage::Mark;
use crate::journal::{Entry, Verdict};
use crate::kernel::Event;
use crate::net::{Net, Peer, Server};
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};
use lazuli::driver::Driver;
use lazuli::handle::Remote;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

impl LiveWorld {
    /// Calls the driver; a panic that gets out of it is a failure.
    pub(super) fn drive<T>(&mut self, call: impl FnOnce(&mut Driver<SimApp>, &mut Net) -> T) -> Check<T> {
        let (driver, net) = (&mut self.driver, &mut self.net);
        let result = catch_unwind(AssertUnwindSafe(|| call(driver, net))).or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            complain(Oracle::Panics, format!("a panic got out of the driver: {text}"))
        })?;
        self.absorb()?;
        Ok(result)
    }

    pub(super) fn accept(&mut self, link: usize) -> Check {
        let now = self.now();
        let port = 1_024 + (link % 60_000) as u16;
        let id = self.drive(|driver, _| driver.accept(now, Some(([10, 0, 0, 1], port).into())))?;
        self.net.kernel.step("accept", u64::from(id.is_some()), || format!("link {link}: {id:?}"));
        match id {
            Some(id) => self.net.accepted(link, id),
            None => return complain(Oracle::Bounds, format!("link {link} was refused")),
        }
        Ok(())
    }

    /// Bytes of a browser, or its end of the stream, reach the server.
    pub(super) fn receive(&mut self, link: usize) -> Check {
        let mut bytes = std::mem::take(&mut self.buffer);
        let ended = self.net.take_up(link, &mut bytes);
        let (session, server) = (self.net.links[link].session, self.net.links[link].server);
        let result = match self.net.links[link].id.filter(|_| server != Server::Closed && !bytes.is_empty()) {
            Some(id) => {
                let now = self.now();
                self.net.kernel.step("receive", mix(u64::from(session), digest(&bytes)), || {
                    format!("{} bytes of session {session}: {:.200}", bytes.len(), String::from_utf8_lossy(&bytes))
                });
                self.drive(|driver, _| driver.receive(now, id, &bytes))
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

    /// The driver is told that a peer is gone.
    pub(super) fn disconnect(&mut self, link: usize, reset: bool) -> Check {
        let now = self.now();
        let session = self.net.links[link].session;
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        self.net.kernel.step("disconnected", mix(link as u64, u64::from(reset)), || format!("session {session}"));
        self.lost.push(session);
        self.drive(|driver, _| driver.disconnected(now, id, reset))
    }

    /// A reset reaches the server: it is told now, or later, and may find out by writing before.
    pub(super) fn server_reset(&mut self, link: usize) -> Check {
        self.net.links[link].broken = true;
        self.net.links[link].up.clear();
        if self.net.kernel.rng.chance(self.plan.faults.broken_write) && self.phase == Phase::Busy {
            self.net.kernel.schedule_within(3_000_000, Event::Notice(link));
            return Ok(());
        }
        self.disconnect(link, true)
    }

    pub(super) fn writable(&mut self, link: usize) -> Check {
        self.net.links[link].writable_due = false;
        self.net.links[link].blocked = false;
        let Some(id) = self.net.links[link].id else { return Ok(()) };
        self.net.kernel.step("writable", link as u64, || format!("link {link}"));
        self.drive(|driver, _| driver.writable(id))
    }

    pub(super) fn timeout(&mut self) -> Check {
        let now = self.now();
        self.net.kernel.step("timeout", 0, || "of the driver".to_owned());
        self.drive(|driver, _| driver.timeout(now))?;
        self.bounds.handled(now, self.driver.next_timeout())
    }

    pub(super) fn remote(&mut self, remote: Remote<crate::app::SimEvent>) -> Check {
        let now = self.now();
        self.drive(|driver, _| driver.remote(now, remote))
    }

    /// `is_last`: nothing more happens at this moment.
    pub(super) fn turn(&mut self, is_last: bool) -> Check {
        self.drive(|driver, net| driver.turn(net))?;
        for session in std::mem::take(&mut self.lost) {
            self.components.lost(session)?;
            self.pace.gone(session);
        }
        if !is_last {
            return Ok(());
        }
        let late = Duration::from_micros(self.plan.net.late);
        let LiveWorld { pages, pace, browsers, net, .. } = self;
        let is_due = |session: u32| {
            let socket = browsers.iter().find_map(|browser| {
                let is_its = browser.socket.as_ref().is_some_and(|socket| socket.session == session);
                browser.page.as_ref().filter(|_| is_its)
            });
            let mut homes = socket.into_iter().flat_map(|page| &page.parts).map(|part| part.home(session));
            homes.any(|home| pages.at(home).is_some_and(|outer| pages.is_due(outer)))
        };
        pace.turned(net.kernel.now, late, is_due)
    }

    /// Shows the oracles what was seen.
    fn absorb(&mut self) -> Check {
        let mut seen = std::mem::take(&mut self.seen);
        self.stage.take(&mut seen);
        let result = seen.drain(..).try_for_each(|seen| self.see(seen));
        self.seen = seen;
        result?;
        let mut entries = std::mem::take(&mut self.entries);
        self.journal.take(&mut entries);
        let result = entries.drain(..).try_for_each(|entry| self.see_entry(entry));
        self.entries = entries;
        result
    }

    fn see(&mut self, seen: Seen) -> Check {
        let now = self.now();
        match seen {
            Seen::Made(id) => {
                self.note("made", id, 0);
                self.pages.made(id);
            }
            Seen::Called { id, what, verdict, version } => {
                self.note("called", id, mix(version, verdict as u64));
                self.net.kernel.step("component", version, || format!("{what:?}: {verdict:?}, version {version}"));
                match verdict {
                    Verdict::Done => {}
                    Verdict::Failed => self.net.kernel.count(Fault::Failed),
                    Verdict::Panicked => self.net.kernel.count(Fault::Panicked),
                }
                self.mark(id, what, verdict);
                self.components.called(id, what, verdict)?;
                self.pages.called(id, what, verdict, version);
                match id.home {
                    Some(home) if what == Called::Update => self.pace.looked(home.session),
                    Some(home) if self.pages.is_due(id.outer) => self.pace.changed(now, home.session),
                    _ => {}
                }
            }
            Seen::Shown { id, version, state } => {
                self.note("shown", id, version);
                let is_changed = self.pages.is_due(id.outer);
                self.pages.shown(id, version, state)?;
                if let Some(home) = id.home.filter(|_| id.key.is_none()) {
                    self.pace.rendered(now, home.session, is_changed);
                }
            }
            Seen::Blown(id) => {
                self.note("blown", id, 0);
                self.coverage.add(Mark::RenderPanicked, 1);
                let is_first = self.pages.blown(id.outer);
                self.components.blown(id, is_first);
            }
        }
        Ok(())
    }

    fn note(&mut self, what: &'static str, id: Id, digest: u64) {
        self.net.kernel.step(what, mix(u64::from(id.number), digest), || format!("{id:?}"));
    }

    fn mark(&mut self, id: Id, what: Called, verdict: Verdict) {
        match (what, verdict) {
            (Called::Update, Verdict::Failed) => self.coverage.add(Mark::UpdateFailed, 1),
            (Called::Mount, Verdict::Failed | Verdict::Panicked) => self.coverage.add(Mark::MountFailed, 1),
            (Called::Mount, Verdict::Done) if id.key.is_some() => self.coverage.add(Mark::Nested, 1),
            (Called::Message | Called::App, _) => self.coverage.add(Mark::ComponentHeard, 1),
            (Called::Kin, _) => self.coverage.add(Mark::KinTold, 1),
            (Called::Event(_), Verdict::Panicked) => self.coverage.add(Mark::ComponentPanicked, 1),
            _ => {}
        }
    }

    fn see_entry(&mut self, entry: Entry) -> Check {
        match entry {
            Entry::Wrote { link, offered, .. } => {
                let session = self.net.links[link].session;
                if self.net.links[link].was_blocked {
                    self.pace.is_slow(session);
                }
                let visit = &mut self.visits[session as usize];
                visit.offered = visit.offered.max(offered);
                Ok(())
            }
            Entry::Said { link, text, length } => {
                let (now, session) = (self.now(), self.net.links[link].session);
                let visit = &mut self.visits[session as usize];
                visit.largest = visit.largest.max(length as usize);
                self.pace.wrote(now, session, text)
            }
            Entry::Broke { link } | Entry::Closed { link } => {
                self.lost.push(self.net.links[link].session);
                Ok(())
            }
            Entry::Misuse { link, what } => {
                complain(Oracle::Lifecycle, format!("the driver misused link {link:?} of a page: {what}"))
            }
            Entry::Fault(what) => complain(Oracle::Lifecycle, format!("the driver has a fault: {what}")),
            Entry::Call(_) | Entry::Effect(_) => Ok(()),
        }
    }

    /// A browser is gone, as far as it is concerned.
    pub(super) fn is_away(&self, session: u32) -> bool {
        matches!(self.net.links[self.visits[session as usize].link].peer, Peer::Gone | Peer::Vanished)
    }
}
