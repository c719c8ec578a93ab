//! The hub behind its lock, and the sockets that it writes to.

use crate::Effects;
use crate::log::Logger;
use crate::signal::Signal;
use crate::stream::Stream;
use lazuli::backplane::{Backplane, Patience};
use lazuli::driver::{Driver, Io, LinkId};
use lazuli::log::{Level, Record};
use lazuli::{App, Handle, Position, Time};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What all threads of a server share.
///
/// The lock is there because threads that block have to share one hub. It is held for a turn, in which nothing waits. The
/// turnstile before it makes the lock fair: who holds the lock and wants it again right away (a connection that floods)
/// finds the next in line in the turnstile, and has to stand behind.
pub(crate) struct Shared<A: App> {
    turnstile: Mutex<()>,
    state: Mutex<State<A>>,
    start: Instant,
    pub(crate) signal: Arc<Signal>,
}

pub(crate) struct State<A: App> {
    pub(crate) driver: Driver<A>,
    pub(crate) io: Sockets<A>,
    /// Until when the main thread sleeps; `None` while it is awake.
    pub(crate) sleep: Option<Time>,
}

/// So often something is taken from the backplane in one turn.
const ROUNDS: usize = 8;

impl<A: App> State<A> {
    /// Gives the hub its turn, and again for what the backplane brought back meanwhile.
    pub(crate) fn turn(&mut self) {
        self.driver.turn(&mut self.io);
        let mut rounds = 0;
        while self.take_incoming() {
            self.driver.turn(&mut self.io);
            rounds += 1;
            if rounds == ROUNDS {
                // Others have their turn before the rest.
                self.io.outside.signal.wake();
                break;
            }
        }
        self.io.outside.pace();
    }

    /// Hands in what came from the backplane; whether there was anything.
    fn take_incoming(&mut self) -> bool {
        let (now, backplane) = (self.io.now, self.io.outside.backplane.as_deref_mut());
        backplane.is_some_and(|backplane| self.driver.take_from(now, backplane))
    }
}

impl<A: App> Shared<A> {
    pub(crate) fn new(driver: Driver<A>, outside: Outside<A>, signal: Arc<Signal>) -> Self {
        let io = Sockets { links: Vec::new(), blocked: Vec::new(), outside, now: Time::ZERO };
        let state = State { driver, io, sleep: None };
        Shared { turnstile: Mutex::new(()), state: Mutex::new(state), start: Instant::now(), signal }
    }

    /// Waits for the lock, which gives the time as well: taken before, it could go back.
    pub(crate) fn lock(&self) -> (MutexGuard<'_, State<A>>, Time) {
        let _in_line = self.turnstile.lock().unwrap_or_else(PoisonError::into_inner);
        // Callbacks cannot poison it, their panics are contained; and there is no better state to go on with than this.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        state.io.now = now;
        (state, now)
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Tells the driver something and does what follows; whether `link` is still there then.
    pub(crate) fn turn(&self, link: LinkId, tell: impl FnOnce(&mut Driver<A>, Time)) -> bool {
        let (mut state, now) = self.lock();
        tell(&mut state.driver, now);
        state.io.flush(link);
        state.turn();
        let State { driver, io, sleep } = &mut *state;
        let alive = io.get(link).is_some();
        let earlier = |until: Time| driver.next_timeout().is_some_and(|next| next < until);
        if sleep.is_some_and(|until| !io.blocked.is_empty() || driver.is_drained() || earlier(until)) {
            *sleep = None;
            drop(state);
            self.signal.wake();
        }
        alive
    }

    /// A socket was accepted; `None` if there are too many. The main thread calls it, and takes a turn afterwards.
    pub(crate) fn accept(&self, stream: &Arc<Stream>, peer: SocketAddr) -> Option<LinkId> {
        let (mut state, now) = self.lock();
        let link = state.driver.accept(now, Some(peer))?;
        state.io.insert(link, stream.clone());
        Some(link)
    }

    pub(crate) fn log(&self, level: Level, what: &'static str, detail: &dyn ToString) {
        self.lock().0.io.record(level, what, detail);
    }

    /// Ends every connection as it stands.
    pub(crate) fn close_all(&self) {
        for socket in self.lock().0.io.links.drain(..).flatten() {
            socket.stream.close();
        }
    }
}

/// The transport as the driver sees it.
pub(crate) struct Sockets<A: App> {
    /// By [`LinkId::index`]. A socket is closed when it is out of this table and its thread has let go of it too: a
    /// descriptor that is still in use never comes to mean another connection.
    links: Vec<Option<Socket>>,
    /// Sockets that took less than they were offered, for the main thread to wait for.
    pub(crate) blocked: Vec<(LinkId, Arc<Stream>)>,
    outside: Outside<A>,
    now: Time,
}

struct Socket {
    link: LinkId,
    stream: Arc<Stream>,
    /// Whether the main thread waits for it, or is about to.
    blocked: bool,
}

/// What the hub reaches beside sockets.
pub(crate) struct Outside<A: App> {
    pub(crate) effects: Option<Effects<A>>,
    pub(crate) handle: Handle<A>,
    pub(crate) backplane: Option<Box<dyn Backplane>>,
    /// Whether this turn published something.
    pub(crate) has_published: bool,
    pub(crate) patience: Patience,
    pub(crate) logger: Logger,
    pub(crate) signal: Arc<Signal>,
}

impl<A: App> Outside<A> {
    /// The turn is over: lets other hubs catch up.
    fn pace(&mut self) {
        if std::mem::take(&mut self.has_published)
            && let Some(backplane) = &self.backplane
        {
            self.patience.let_catch_up(&**backplane, std::thread::sleep);
        }
    }
}

impl<A: App> Sockets<A> {
    fn get(&self, link: LinkId) -> Option<&Socket> {
        self.links.get(link.index())?.as_ref().filter(|socket| socket.link == link)
    }

    fn get_mut(&mut self, link: LinkId) -> Option<&mut Socket> {
        self.links.get_mut(link.index())?.as_mut().filter(|socket| socket.link == link)
    }

    fn insert(&mut self, link: LinkId, stream: Arc<Stream>) {
        if self.links.len() <= link.index() {
            self.links.resize_with(link.index() + 1, || None);
        }
        self.links[link.index()] = Some(Socket { link, stream, blocked: false });
    }

    /// The socket took less than it was offered: has the main thread wait for it, once.
    fn wait_for(&mut self, link: LinkId) {
        if let Some(socket) = self.get_mut(link)
            && !std::mem::replace(&mut socket.blocked, true)
        {
            let stream = socket.stream.clone();
            self.blocked.push((link, stream));
        }
    }

    /// Writes what waits in the stream itself.
    fn flush(&mut self, link: LinkId) -> bool {
        let flushed = self.get(link).is_none_or(|socket| socket.stream.flush());
        if !flushed {
            self.wait_for(link);
        }
        flushed
    }

    /// The main thread has seen that the socket takes bytes again; whether the driver may have more written.
    pub(crate) fn writable(&mut self, link: LinkId) -> bool {
        if let Some(socket) = self.get_mut(link) {
            socket.blocked = false;
        }
        self.flush(link)
    }

    fn record(&mut self, level: Level, what: &'static str, detail: &dyn ToString) {
        let record = Record::new(self.now, level, what).with_detail(detail.to_string());
        self.outside.logger.log(record);
    }
}

impl<A: App> Io<A> for Sockets<A> {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let socket = self.get(link).ok_or(io::ErrorKind::NotConnected)?;
        let written = socket.stream.write(bytes)?;
        if written < bytes.iter().map(|slice| slice.len()).sum() {
            self.wait_for(link);
        }
        Ok(written)
    }

    fn end(&mut self, link: LinkId) {
        if self.get(link).is_some_and(|socket| !socket.stream.end()) {
            self.wait_for(link);
        }
    }

    fn close(&mut self, link: LinkId) {
        if self.get(link).is_some()
            && let Some(socket) = self.links[link.index()].take()
        {
            socket.stream.close();
        }
    }

    fn effect(&mut self, effect: A::Effect) {
        let Some(effects) = &mut self.outside.effects else {
            return self.record(Level::Error, "an effect was dropped", &"set what does it by Server::effects");
        };
        if catch_unwind(AssertUnwindSafe(|| effects(effect, &self.outside.handle))).is_err() {
            self.record(Level::Error, "panic in the server's effects", &"");
        }
    }

    fn log(&mut self, record: Record) {
        self.outside.logger.log(record);
    }

    fn publish(&mut self, topic: &str, message: &[u8]) {
        if let Some(backplane) = &mut self.outside.backplane {
            backplane.publish(topic, message);
            self.outside.has_published = true;
        }
    }

    fn subscribe(&mut self, topic: &str, after: Option<Position>) {
        if let Some(backplane) = &mut self.outside.backplane {
            backplane.subscribe(topic, after);
        }
    }

    fn unsubscribe(&mut self, topic: &str) {
        if let Some(backplane) = &mut self.outside.backplane {
            backplane.unsubscribe(topic);
        }
    }
}
