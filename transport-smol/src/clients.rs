//! New clients: the listening socket, and where they go.

use crate::main_loop::MainLoop;
use crate::shards::{Client, Shards};
use crate::stream::{Security, Stream};
use crate::watched::Watched;
use lazuli::log::Level;
use lazuli::{App, Time};
use polling::{Event, Poller};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// The listening socket's key; a link's is its index.
pub(crate) const LISTENER: usize = usize::MAX - 1;
/// So many clients are accepted before others get their turn.
const BATCH: usize = 64;
/// Where the system has no descriptor left, accepting waits: to try again at once would only spin.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

pub(crate) struct Clients<A: App> {
    /// `None`: no more clients are taken here.
    listener: Option<Watched<TcpListener>>,
    /// When accepting is tried again after it failed, and the pause after the next failure.
    accept_at: Option<Time>,
    pause: Duration,
    shards: Shards<A>,
    security: Security,
}

impl<A: App> Clients<A> {
    pub(crate) fn new(
        listener: Option<TcpListener>,
        shards: Shards<A>,
        security: Security,
        poller: &Arc<Poller>,
    ) -> io::Result<Self> {
        let watch = |listener: TcpListener| {
            listener.set_nonblocking(true)?;
            Watched::new(listener, poller, Event::readable(LISTENER))
        };
        let listener = listener.map(watch).transpose()?;
        Ok(Clients { listener, accept_at: None, pause: SHORTEST, shards, security })
    }

    /// When accepting is tried again.
    pub(crate) fn accept_at(&self) -> Option<Time> {
        self.accept_at
    }

    /// Takes no more, here and at the other servers of this address.
    pub(crate) fn stop(&mut self, within: Duration) {
        self.listener = None;
        self.accept_at = None;
        self.shards.stop(within);
    }
}

impl<A: App> MainLoop<A> {
    /// Takes the clients that wait: if there are any, or it is time to look again.
    pub(crate) fn accept(&mut self, is_asked: bool) {
        let may = match self.clients.accept_at {
            Some(at) => at <= self.now(),
            None => is_asked,
        };
        if !may {
            return;
        }
        for _ in 0..BATCH {
            let Some(listener) = &self.clients.listener else { return };
            match listener.accept() {
                Ok((socket, peer)) => {
                    if let Some(client) = self.clients.shards.deal(socket, peer) {
                        self.take_in(client);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // This client was faster gone than accepted.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => {
                    self.sockets.record(Level::Warn, "accepting failed", &error.to_string());
                    return self.accept_later();
                }
            }
            self.clients.pause = SHORTEST;
        }
        if self.clients.accept_at.take().is_some() && !self.listen(Event::readable(LISTENER)) {
            self.accept_later();
        }
    }

    /// Takes no clients for a while, and is not told of them.
    fn accept_later(&mut self) {
        self.clients.accept_at = Some(self.now() + self.clients.pause);
        self.clients.pause = (self.clients.pause * 2).min(LONGEST);
        self.listen(Event::none(LISTENER));
    }

    /// Says whether clients that come are told of; whether that could be said.
    fn listen(&mut self, interest: Event) -> bool {
        let Some(listener) = &self.clients.listener else { return true };
        let result = listener.watch(interest);
        if let Err(error) = &result {
            self.sockets.record(
                Level::Error,
                "the listening socket is not watched as it should be",
                &error.to_string(),
            );
        }
        result.is_ok()
    }

    pub(crate) fn take_in(&mut self, (socket, peer, seat): Client) {
        // Also where there are too many: the log says so.
        let now = self.now();
        let Some(link) = self.driver.accept(now, Some(peer)) else { return };
        match Stream::new(socket, &self.poller, link, &self.clients.security) {
            Ok(stream) => self.sockets.insert(link, stream, seat),
            Err(error) => {
                self.sockets.record(Level::Warn, "a socket was given up", &error.to_string());
                self.driver.disconnected(now, link, true);
            }
        }
    }
}
