//! The one thread: it waits for sockets, for the time and for other threads, reads what came, and gives the hub its turn.

use crate::clients::{Clients, LISTENER};
use crate::server::Order;
use crate::shards::Load;
use crate::sockets::Sockets;
use lazuli::driver::{Driver, LinkId};
use lazuli::{App, Time};
use polling::{Event, Events, Poller};
use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// At most so many bytes are read from a socket before others have their turn, and the hub its own.
const CHUNK: usize = 16 << 10;
/// After so many bytes were read, or sent by handles, they are answered before more is read: what they make the hub send to others must not
/// pile up, or those would be taken for slow.
const UNANSWERED: usize = 16 << 10;
/// So often something is taken from the backplane in one turn.
const ROUNDS: usize = 8;
/// So many sockets are looked after, and orders obeyed, before others get their turn.
const EVENTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();
const BATCH: usize = 64;
/// Some systems cannot wait for as long as one may ask.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// So long the last closes may take after everything else is drained.
const LAST: Duration = Duration::from_secs(1);

pub(crate) struct MainLoop<A: App> {
    pub(crate) driver: Driver<A>,
    pub(crate) sockets: Sockets<A>,
    pub(crate) poller: Arc<Poller>,
    pub(crate) clients: Clients<A>,
    inbox: Receiver<Order<A>>,
    is_stopping: bool,
    load: Arc<Load>,
    start: Instant,
    /// What every socket is read into: an idle connection has no buffer.
    buffer: Vec<u8>,
    /// What that was, where it was encrypted.
    plain: Vec<u8>,
    /// Bytes that were read since the last turn.
    unanswered: usize,
    /// Until when links may go on once the hub is drained.
    last: Option<Time>,
}

impl<A: App> MainLoop<A> {
    pub(crate) fn new(
        driver: Driver<A>,
        sockets: Sockets<A>,
        poller: Arc<Poller>,
        inbox: Receiver<Order<A>>,
        clients: Clients<A>,
        load: Arc<Load>,
    ) -> Self {
        load.is_open.store(true, Relaxed);
        MainLoop {
            driver,
            sockets,
            poller,
            clients,
            inbox,
            is_stopping: false,
            load,
            start: Instant::now(),
            buffer: vec![0; CHUNK],
            plain: Vec::new(),
            unanswered: 0,
            last: None,
        }
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_micros(self.start.elapsed().as_micros() as u64)
    }

    /// Serves until the hub is drained.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let has_more = self.obey();
            self.turn();
            let Some(until) = self.until() else { return Ok(()) };
            let wait = match until {
                _ if has_more || !self.sockets.broken.is_empty() => Some(Duration::ZERO),
                Some(until) => Some(until.saturating_since(self.now()).min(LONGEST_WAIT)),
                None => None,
            };
            events.clear();
            self.poller.wait(&mut events, wait)?;
            self.sockets.now = self.now();
            let mut is_asked = false;
            for event in events.iter() {
                if event.key == LISTENER {
                    is_asked = true;
                } else {
                    self.ready(event);
                }
            }
            // Last: what is accepted now must not be taken for what had its place when these events were collected.
            self.accept(is_asked);
        }
    }

    /// Until when there is nothing to do by itself. `None`: everything is done.
    fn until(&mut self) -> Option<Option<Time>> {
        let mut until = self.driver.next_timeout();
        if self.driver.is_drained() {
            let now = self.now();
            let last = *self.last.get_or_insert(now + LAST);
            if self.driver.links() == 0 || now >= last {
                return None;
            }
            until = until.into_iter().chain([last]).min();
        }
        Some(until.into_iter().chain(self.clients.accept_at()).min())
    }

    /// Does what other threads ask for; whether they may ask for more.
    fn obey(&mut self) -> bool {
        for _ in 0..BATCH {
            match self.inbox.try_recv() {
                Ok(Order::Remote(remote)) => {
                    self.unanswered += remote.bytes();
                    self.driver.remote(self.now(), remote);
                }
                Ok(Order::Client(socket, peer, seat)) => {
                    seat.taken();
                    self.take_in((socket, peer, Some(seat)));
                }
                Ok(Order::Stop(within)) => {
                    // A second one changes nothing.
                    if !std::mem::replace(&mut self.is_stopping, true) {
                        self.load.is_open.store(false, Relaxed);
                        self.clients.stop(within);
                        let now = self.now();
                        self.driver.shutdown(now, now + within);
                    }
                }
                Err(_) => return false,
            }
            if self.unanswered >= UNANSWERED {
                break;
            }
        }
        // What these sent goes out before more is taken in, or it would pile up.
        true
    }

    /// Gives the hub its turn.
    fn turn(&mut self) {
        self.unanswered = 0;
        let now = self.now();
        self.sockets.now = now;
        if self.driver.next_timeout().is_some_and(|at| at <= now) {
            self.driver.timeout(now);
        }
        for link in std::mem::take(&mut self.sockets.broken) {
            self.driver.disconnected(now, link, true);
        }
        self.driver.turn(&mut self.sockets);
        // What this turn published may have come back already.
        for round in 0.. {
            if !self.sockets.take_incoming(&mut self.driver) {
                break;
            }
            self.driver.turn(&mut self.sockets);
            if round == ROUNDS {
                // Others have their turn before the rest.
                let _ = self.poller.notify();
                break;
            }
        }
        self.sockets.pace();
    }

    /// A link's socket has something, or takes something.
    fn ready(&mut self, event: Event) {
        if event.writable
            && let Some(link) = self.sockets.writable(event.key)
        {
            self.driver.writable(self.now(), link);
        }
        if event.readable {
            self.read(event.key);
        }
        if self.unanswered >= UNANSWERED {
            self.turn();
        }
    }

    /// Reads once what a socket has.
    fn read(&mut self, index: usize) {
        let Some((link, stream)) = self.sockets.reader(index) else {
            // It has ended, and yet there is news: nor can it be written to.
            if let Some(link) = self.sockets.unwatched(index) {
                self.driver.disconnected(self.now(), link, true);
            }
            return;
        };
        match stream.read(&mut self.buffer) {
            Ok(0) => self.gone(link, false),
            Ok(length) => {
                self.unanswered += length;
                let now = self.now();
                let bytes = &self.buffer[..length];
                if !stream.receive(&mut self.driver, now, link, bytes, &mut self.plain) {
                    self.sockets.want_writable(link);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.gone(link, true),
        }
    }

    /// A socket has nothing more to give, ever.
    fn gone(&mut self, link: LinkId, reset: bool) {
        self.sockets.deafen(link);
        self.driver.disconnected(self.now(), link, reset);
    }
}
