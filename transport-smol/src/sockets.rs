//! The sockets of all links: what the driver writes to.

use crate::log::Log;
use crate::server::Effects;
use crate::stream::Stream;
use lazuli::backplane::{Backplane, Incoming};
use lazuli::driver::{Io, LinkId};
use lazuli::log::{Level, Record};
use lazuli::{App, Handle, Position, Time};
use smol::Task;
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// One socket and the tasks that wait for it; dropped, all are gone.
struct Socket {
    link: LinkId,
    stream: Rc<Stream>,
    _reader: Task<()>,
    /// Waits until the socket takes bytes again, after it took less than it was offered.
    refill: Option<Task<()>>,
}

/// Sockets by [`LinkId::index`].
pub(crate) struct Sockets<A: App> {
    sockets: Vec<Option<Socket>>,
    /// Sockets that took less than they were offered; somebody has to wait for them.
    pub(crate) full: Vec<(LinkId, Rc<Stream>)>,
    effects: Option<Effects<A>>,
    handle: Handle<A>,
    log: Log,
    backplane: Option<Box<dyn Backplane>>,
    /// The time of the turn.
    pub(crate) now: Time,
}

impl<A: App> Sockets<A> {
    pub(crate) fn new(
        effects: Option<Effects<A>>,
        handle: Handle<A>,
        log: Log,
        backplane: Option<Box<dyn Backplane>>,
    ) -> Self {
        Sockets { sockets: Vec::new(), full: Vec::new(), effects, handle, log, backplane, now: Time::ZERO }
    }

    /// What came in from the backplane.
    pub(crate) fn incoming(&mut self) -> Option<Incoming> {
        self.backplane.as_mut()?.poll()
    }

    pub(crate) fn insert(&mut self, link: LinkId, stream: Rc<Stream>, reader: Task<()>) {
        let index = link.index();
        if self.sockets.len() <= index {
            self.sockets.resize_with(index + 1, || None);
        }
        self.sockets[index] = Some(Socket { link, stream, _reader: reader, refill: None });
    }

    pub(crate) fn set_refill(&mut self, link: LinkId, refill: Task<()>) {
        if let Some(Some(socket)) = self.sockets.get_mut(link.index())
            && socket.link == link
        {
            socket.refill = Some(refill);
        }
    }

    pub(crate) fn record(&mut self, level: Level, what: &'static str, detail: &str) {
        (self.log)(Record::new(self.now, level, what).with_detail(detail));
    }

    fn get(&self, link: LinkId) -> Option<&Socket> {
        self.sockets.get(link.index())?.as_ref().filter(|socket| socket.link == link)
    }
}

impl<A: App> Io<A> for Sockets<A> {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(socket) = self.get(link) else { return Err(io::ErrorKind::NotConnected.into()) };
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        let written = socket.stream.write(bytes)?;
        if written < offered {
            let full = (link, socket.stream.clone());
            self.full.push(full);
        }
        Ok(written)
    }

    fn end(&mut self, link: LinkId) {
        if let Some(socket) = self.get(link)
            && !socket.stream.end()
        {
            let full = (link, socket.stream.clone());
            self.full.push(full);
        }
    }

    fn close(&mut self, link: LinkId) {
        if let Some(socket) = self.get(link) {
            socket.stream.close();
            self.sockets[link.index()] = None;
        }
    }

    fn effect(&mut self, effect: A::Effect) {
        let Some(effects) = &mut self.effects else {
            return self.record(Level::Error, "an effect was dropped", "set what does it by Server::effects");
        };
        if catch_unwind(AssertUnwindSafe(|| effects(effect, &self.handle))).is_err() {
            self.record(Level::Error, "panic in the server's effects", "");
        }
    }

    fn log(&mut self, record: Record) {
        (self.log)(record);
    }

    fn publish(&mut self, topic: &str, message: &[u8]) {
        if let Some(backplane) = &mut self.backplane {
            backplane.publish(topic, message);
        }
    }

    fn subscribe(&mut self, topic: &str, after: Option<Position>) {
        if let Some(backplane) = &mut self.backplane {
            backplane.subscribe(topic, after);
        }
    }

    fn unsubscribe(&mut self, topic: &str) {
        if let Some(backplane) = &mut self.backplane {
            backplane.unsubscribe(topic);
        }
    }
}
