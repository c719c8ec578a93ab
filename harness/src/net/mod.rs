//! The network between clients and the server: streams in memory, with everything that can happen to them.

mod link;
mod pipe;
mod wire;

pub(crate) use link::{Link, Peer, Server};
pub(crate) use wire::Text;

use crate::chronicle::{Chronicle, Entry};
use crate::kernel::{Event, Kernel};
use crate::plan::NetPlan;
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};
use lazuli::driver::{Io, LinkId};
use lazuli::log::{Level, Record};
use lazuli::{App, Time};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, IoSlice};

/// All links, and the server's side of them.
pub(crate) struct Net<A: App> {
    pub(crate) kernel: Kernel<A::Event>,
    pub(crate) links: Vec<Link>,
    pub(crate) plan: NetPlan,
    pub(crate) chronicle: Chronicle<A::Effect>,
    /// The link of each of the driver's ids, by the id's index.
    by_id: Vec<Option<(LinkId, usize)>>,
    /// All ids that this server gave out.
    ids: BTreeSet<u64>,
    /// Whether faults have healed: everyone reads at once.
    pub(crate) healed: bool,
    /// Whether the chronicle is to have each text that was written.
    pub(crate) notes_texts: bool,
}

impl<A: App> Net<A> {
    pub(crate) fn new(kernel: Kernel<A::Event>, plan: NetPlan, chronicle: Chronicle<A::Effect>) -> Net<A> {
        Net {
            kernel,
            links: Vec::new(),
            plan,
            chronicle,
            by_id: Vec::new(),
            ids: BTreeSet::new(),
            healed: false,
            notes_texts: false,
        }
    }

    /// A new link for a session.
    pub(crate) fn connect(&mut self, session: u32, slow: bool) -> usize {
        let link = self.links.len();
        let brisk = !slow && self.plan.capacity >= 64 << 10;
        self.links.push(Link::new(session, slow, brisk));
        let delay = self.delay();
        self.links[link].latest_up = self.kernel.after(delay);
        self.kernel.schedule(delay, Event::Accept(link));
        link
    }

    /// The driver knows a link by this id.
    pub(crate) fn accepted(&mut self, link: usize, id: LinkId) {
        if self.by_id.len() <= id.index() {
            self.by_id.resize(id.index() + 1, None);
        }
        // Whoever keeps sockets in a table by the index of their ids relies on this.
        if let Some((_, before)) = self.by_id[id.index()]
            && self.links[before].server != Server::Closed
        {
            let what = format!("{id:?} takes the place of a link that was not closed yet");
            self.chronicle.push(Entry::Misuse { link: Some(before), what });
        }
        if !self.ids.insert(id.as_u64()) {
            self.chronicle.push(Entry::Misuse { link: Some(link), what: format!("{id:?} was given out twice") });
        }
        self.by_id[id.index()] = Some((id, link));
        let found = &mut self.links[link];
        found.id = Some(id);
        found.server = Server::Open;
    }

    pub(crate) fn delay(&mut self) -> u64 {
        self.plan.delay + self.kernel.rng.between(0, self.plan.jitter)
    }

    /// A client sends.
    pub(crate) fn send(&mut self, link: usize, bytes: &[u8]) {
        let at = self.arrival_up(link);
        let found = &mut self.links[link];
        if found.peer == Peer::Open {
            found.up.push(bytes, at);
            self.schedule_up(link);
        }
    }

    /// A client sends nothing more.
    pub(crate) fn finish(&mut self, link: usize) {
        let at = self.arrival_up(link);
        let found = &mut self.links[link];
        if found.peer == Peer::Open {
            found.peer = Peer::Finished;
            found.up.end(at);
            self.schedule_up(link);
        }
    }

    /// When what is sent now arrives: never before what was sent earlier.
    fn arrival_up(&mut self, link: usize) -> Time {
        let delay = self.delay();
        let at = self.kernel.after(delay).max(self.links[link].latest_up);
        self.links[link].latest_up = at;
        at
    }

    fn schedule_up(&mut self, link: usize) {
        let found = &mut self.links[link];
        if !found.up_due
            && let Some(at) = found.up.next()
        {
            found.up_due = true;
            self.kernel.queue.push(at.max(self.kernel.now), Event::Up(link));
        }
    }

    /// A piece of what has arrived at the server; whether the client's end of the stream has.
    pub(crate) fn take_up(&mut self, link: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        let (now, rng) = (self.kernel.now, &mut self.kernel.rng);
        let found = &mut self.links[link];
        found.up_due = false;
        let ready = found.up.ready(now);
        if ready > 0 {
            let size = if rng.chance(self.plan.cut) { cut(rng.between(0, 7), ready, rng.next()) } else { ready };
            found.up.take(size, out);
        }
        let ended = found.up.has_ended(now);
        self.schedule_up(link);
        ended
    }

    /// A piece of what the client can read; whether the server's end of the stream has come.
    pub(crate) fn take_down(&mut self, link: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        let (now, rng) = (self.kernel.now, &mut self.kernel.rng);
        let found = &mut self.links[link];
        found.down_due = false;
        if found.peer == Peer::Vanished {
            return false;
        }
        let stalled = !self.healed && found.stalled > now;
        if stalled {
            found.down_due = true;
            self.kernel.queue.push(found.stalled, Event::Down(link));
            return false;
        }
        let slow = found.slow && !self.healed;
        let ready = found.down.ready(now);
        if ready > 0 {
            let size = match ready {
                _ if slow => ready.min(1 + rng.below(400) as usize),
                _ if rng.chance(self.plan.cut) => cut(rng.between(0, 7), ready, rng.next()),
                _ => ready,
            };
            found.down.take(size, out);
            let spurious = rng.chance(self.plan.spurious);
            if (found.blocked || spurious) && !found.writable_due {
                found.writable_due = true;
                self.kernel.schedule_within(1_000, Event::Writable(link));
            }
        }
        let pause = if slow { self.kernel.rng.between(1_000, 50_000) } else { 0 };
        self.schedule_down(link, pause);
        self.links[link].down.has_ended(now)
    }

    fn schedule_down(&mut self, link: usize, pause: u64) {
        let earliest = self.kernel.after(pause);
        let found = &mut self.links[link];
        if !found.down_due
            && let Some(at) = found.down.next()
        {
            found.down_due = true;
            self.kernel.queue.push(at.max(earliest), Event::Down(link));
        }
    }

    /// A client breaks its link off, or the network does: what is on its way may be lost.
    pub(crate) fn reset(&mut self, link: usize) {
        let delay = self.delay();
        let found = &mut self.links[link];
        if matches!(found.peer, Peer::Gone) {
            return;
        }
        found.peer = Peer::Gone;
        found.brisk = false;
        found.down.clear();
        let at = self.kernel.after(delay).max(found.latest_up);
        if self.kernel.rng.chance(500) {
            found.up.clear();
        }
        self.kernel.queue.push(at, Event::ServerReset(link));
    }

    /// The server is gone, and all of its sockets are reset. Who has not reached it yet reaches the next one.
    pub(crate) fn server_dies(&mut self) {
        self.by_id.clear();
        self.ids.clear();
        for link in 0..self.links.len() {
            // The next server gives out the same ids.
            self.links[link].id = None;
            if !matches!(self.links[link].server, Server::Open | Server::Ended) {
                continue;
            }
            self.links[link].server = Server::Closed;
            self.links[link].up.clear();
            let delay = self.delay();
            self.kernel.schedule(delay, Event::ClientReset(link));
        }
    }

    /// The server's socket is closed while bytes of the client are on their way: they are answered with a reset.
    fn reject_late_bytes(&mut self, link: usize) {
        let found = &self.links[link];
        if found.server == Server::Closed && found.up.next().is_some() && !found.rejected {
            let at = found.latest_up.max(self.kernel.now);
            let delay = self.delay();
            self.links[link].rejected = true;
            self.kernel.queue.push(at + std::time::Duration::from_micros(delay), Event::ClientReset(link));
        }
    }

    /// What arrives at a closed socket.
    pub(crate) fn arrive_late(&mut self, link: usize) {
        self.reject_late_bytes(link);
        self.links[link].up.clear();
    }

    fn find(&self, id: LinkId) -> Option<usize> {
        self.by_id.get(id.index()).copied().flatten().filter(|&(known, _)| known == id).map(|(_, link)| link)
    }

    /// The link of an id that the driver may still use.
    fn find_open(&self, id: LinkId, call: &str, mut open: impl FnMut(Server) -> bool) -> Option<usize> {
        let link = self.find(id);
        let server = link.map(|link| self.links[link].server);
        if server.is_some_and(&mut open) {
            return link;
        }
        let what = match server {
            Some(server) => format!("{call} on a link that is {server:?}"),
            None => format!("{call} on a link that never was"),
        };
        self.chronicle.push(Entry::Misuse { link, what });
        None
    }

    /// How much of an offer a socket takes.
    fn accept(&mut self, link: usize, offered: usize) -> usize {
        let found = &self.links[link];
        let capacity = if self.healed { self.plan.capacity.max(64 << 10) } else { self.plan.capacity };
        let room = (capacity as usize).saturating_sub(found.down.len());
        let most = offered.min(room);
        // Of a peer that is gone, a socket makes room no more: that it does is a sign of life.
        let is_there = found.peer != Peer::Vanished;
        let taken = if most > 0 && is_there && self.kernel.rng.chance(self.plan.partial) {
            self.kernel.rng.below(most as u64 + 1) as usize
        } else {
            most
        };
        if taken < offered {
            self.kernel.count(Fault::ShortWrite);
            let found = &mut self.links[link];
            (found.blocked, found.was_blocked) = (true, true);
            if taken < room && !found.writable_due {
                found.writable_due = true;
                self.kernel.schedule_within(5_000, Event::Writable(link));
            }
        }
        taken
    }
}

/// The size of a piece: a byte, a part, or nearly all.
fn cut(how: u64, ready: usize, random: u64) -> usize {
    match how {
        0 | 1 => 1,
        2 => ready.saturating_sub(1).max(1),
        _ => 1 + (random % ready as u64) as usize,
    }
}

impl<A: App> Io<A> for Net<A> {
    fn write(&mut self, id: LinkId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let offered = slices.iter().map(|slice| slice.len()).sum::<usize>();
        let Some(link) = self.find_open(id, "write", |server| server == Server::Open) else {
            return Err(ErrorKind::NotConnected.into());
        };
        if self.links[link].broken {
            self.kernel.count(Fault::BrokenWrite);
            self.chronicle.push(Entry::Broke { link });
            self.kernel.step("broken write", link as u64, || format!("on link {link}"));
            return Err(ErrorKind::BrokenPipe.into());
        }
        let taken = self.accept(link, offered);
        let delay = self.delay();
        let at = self.kernel.after(delay);
        let found = &mut self.links[link];
        found.owed = offered - taken;
        let (mut left, mut sum, mut hub) = (taken, 0, 0);
        for slice in slices {
            let part = &slice[..left.min(slice.len())];
            left -= part.len();
            sum = mix(sum, digest(part));
            match found.wire.feed(part) {
                Ok(bytes) => hub += bytes,
                Err(what) => self.chronicle.push(Entry::Misuse { link: Some(link), what }),
            }
            // What is sent to somebody who is gone is on its way until the reset comes back.
            if found.peer != Peer::Gone {
                found.down.push(part, at);
            }
        }
        for (text, length) in found.wire.texts.drain(..).filter(|_| self.notes_texts) {
            self.chronicle.push(Entry::Said { link, text, length });
        }
        self.schedule_down(link, 0);
        self.chronicle.push(Entry::Wrote { link, offered, hub });
        self.kernel.step("write", mix(sum, taken as u64), || format!("{taken} of {offered} bytes to link {link}"));
        match taken {
            0 if offered > 0 && self.kernel.rng.chance(300) => Err(ErrorKind::Interrupted.into()),
            0 if offered > 0 && self.kernel.rng.chance(500) => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(taken),
        }
    }

    fn end(&mut self, id: LinkId) {
        let Some(link) = self.find_open(id, "end", |server| server == Server::Open) else { return };
        let delay = self.delay();
        let at = self.kernel.after(delay);
        let found = &mut self.links[link];
        found.server = Server::Ended;
        if found.peer != Peer::Gone {
            found.down.end(at);
        }
        self.schedule_down(link, 0);
        self.kernel.step("end", link as u64, || format!("of the server's stream on link {link}"));
    }

    fn close(&mut self, id: LinkId) {
        let Some(link) = self.find_open(id, "close", |server| server != Server::Closed) else { return };
        let delay = self.delay();
        let at = self.kernel.after(delay);
        let found = &mut self.links[link];
        found.server = Server::Closed;
        if found.peer != Peer::Gone {
            found.down.end(at);
        }
        self.schedule_down(link, 0);
        self.reject_late_bytes(link);
        self.chronicle.push(Entry::Closed { link });
        self.kernel.step("close", link as u64, || format!("of link {link} by the server"));
    }

    fn effect(&mut self, effect: A::Effect) {
        self.chronicle.push(Entry::Effect(effect));
    }

    fn log(&mut self, record: Record) {
        self.kernel.step("log", digest(record.to_string().as_bytes()), || format!("{} {record}", record.level));
        if record.what == "the guard let a violation through" {
            self.chronicle.push(Entry::Fault(record.to_string()));
        } else if record.level == Level::Error {
            self.chronicle.push(Entry::Wrong(record));
        }
    }
}
