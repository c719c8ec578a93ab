//! The sockets of all links: what the driver writes to.

use crate::log::Log;
use crate::server::Effects;
use crate::shards::Seat;
use crate::stream::Stream;
use lazuli::backplane::{Backplane, Patience};
use lazuli::driver::{Driver, Io, LinkId};
use lazuli::log::{Level, Record};
use lazuli::{App, Handle, Position, Time};
use polling::Event;
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One socket, and what it is watched for.
struct Socket {
    link: LinkId,
    stream: Stream,
    /// Whether it may have something to read.
    hears: bool,
    /// Whether it took less than it was offered.
    waits: bool,
    /// Is given back with the rest.
    _seat: Option<Seat>,
}

impl Socket {
    fn watch(&self) -> io::Result<()> {
        let Socket { link, hears, waits, .. } = *self;
        self.stream.watch(Event::new(link.index(), hears, waits))
    }
}

/// Sockets by [`LinkId::index`].
pub(crate) struct Sockets<A: App> {
    sockets: Vec<Option<Socket>>,
    /// Links whose sockets cannot be watched.
    pub(crate) broken: Vec<LinkId>,
    effects: Option<Effects<A>>,
    handle: Handle<A>,
    log: Log,
    backplane: Option<Box<dyn Backplane>>,
    /// Whether this turn published something.
    has_published: bool,
    patience: Patience,
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
        Sockets {
            sockets: Vec::new(),
            broken: Vec::new(),
            effects,
            handle,
            log,
            backplane,
            has_published: false,
            patience: Patience::default(),
            now: Time::ZERO,
        }
    }

    /// Hands the driver what came in from the backplane; whether there was anything.
    pub(crate) fn take_incoming(&mut self, driver: &mut Driver<A>) -> bool {
        let now = self.now;
        self.backplane.as_deref_mut().is_some_and(|backplane| driver.take_from(now, backplane))
    }

    /// The turn is over: lets other hubs catch up.
    pub(crate) fn pace(&mut self) {
        if std::mem::take(&mut self.has_published)
            && let Some(backplane) = &self.backplane
        {
            self.patience.let_catch_up(&**backplane, std::thread::sleep);
        }
    }

    pub(crate) fn insert(&mut self, link: LinkId, stream: Stream, seat: Option<Seat>) {
        let index = link.index();
        if self.sockets.len() <= index {
            self.sockets.resize_with(index + 1, || None);
        }
        self.sockets[index] = Some(Socket { link, stream, hears: true, waits: false, _seat: seat });
    }

    /// The link with this index, if its socket is read.
    pub(crate) fn reader(&self, index: usize) -> Option<(LinkId, &Stream)> {
        let socket = self.sockets.get(index)?.as_ref().filter(|socket| socket.hears)?;
        Some((socket.link, &socket.stream))
    }

    /// The link with this index, if its socket is watched for nothing. (Where the system tells of an end nevertheless.)
    pub(crate) fn unwatched(&self, index: usize) -> Option<LinkId> {
        let socket = self.sockets.get(index)?.as_ref().filter(|socket| !socket.hears && !socket.waits)?;
        Some(socket.link)
    }

    /// A link's socket has nothing more to read.
    pub(crate) fn deafen(&mut self, link: LinkId) {
        self.watch(link, |socket| socket.hears = false);
    }

    /// A link's socket took less than it was offered: it tells when it takes more.
    pub(crate) fn want_writable(&mut self, link: LinkId) {
        self.watch(link, |socket| socket.waits = true);
    }

    /// The socket with this index takes something again: writes what waits in its stream. The link, if that was all.
    pub(crate) fn writable(&mut self, index: usize) -> Option<LinkId> {
        let socket = self.sockets.get(index)?.as_ref().filter(|socket| socket.waits)?;
        let link = socket.link;
        if !socket.stream.flush() {
            return None;
        }
        self.watch(link, |socket| socket.waits = false);
        Some(link)
    }

    /// Changes what a socket is watched for.
    fn watch(&mut self, link: LinkId, change: impl FnOnce(&mut Socket)) {
        let Some(Some(socket)) = self.sockets.get_mut(link.index()) else { return };
        if socket.link != link {
            return;
        }
        let before = (socket.hears, socket.waits);
        change(socket);
        if before != (socket.hears, socket.waits)
            && let Err(error) = socket.watch()
        {
            self.record(
                Level::Error,
                "a socket is given up that cannot be watched as it should be",
                &error.to_string(),
            );
            self.broken.push(link);
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
            self.want_writable(link);
        }
        Ok(written)
    }

    fn end(&mut self, link: LinkId) {
        if let Some(socket) = self.get(link)
            && !socket.stream.end()
        {
            self.want_writable(link);
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
            self.has_published = true;
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
