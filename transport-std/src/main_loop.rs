//! The main thread: it accepts, keeps the time, waits for sockets that are full, and takes in what handles send.

use crate::hub::{Shared, State};
use crate::reader;
use crate::stream::{Security, Stream};
use lazuli::driver::LinkId;
use lazuli::handle::Remote;
use lazuli::log::Level;
use lazuli::{App, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::mem;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{Builder, Scope};
use std::time::Duration;

/// Accepting stops for so long when the system has no descriptor, memory or thread for another connection.
const BACK_OFF: Duration = Duration::from_millis(100);
/// At most so many clients are accepted, and inputs of handles taken in, before others get their turn.
const BATCH: usize = 64;
/// And not many more bytes of messages: what a turn sends must not pile up, or who reads would be taken for slow.
const BATCH_BYTES: usize = 16 << 10;
/// So long the last closes may take after everything else is drained.
const LAST: Duration = Duration::from_secs(1);

pub(crate) struct MainLoop<'a, A: App> {
    shared: &'a Shared<A>,
    /// What handles send.
    inbox: Receiver<Remote<A::Event>>,
    /// `None`: no more clients are taken.
    listener: Option<TcpListener>,
    security: Security,
    /// While it is later than now, clients have to wait.
    accept_at: Time,
    /// Sockets that took less than they were offered.
    blocked: Vec<(LinkId, Arc<Stream>)>,
    /// Those among them that take more now.
    writable: Vec<LinkId>,
    /// When the drain was complete.
    drained: Option<Time>,
}

impl<'a, A: App> MainLoop<'a, A> {
    pub(crate) fn new(
        shared: &'a Shared<A>,
        inbox: Receiver<Remote<A::Event>>,
        listener: TcpListener,
        security: Security,
    ) -> Self {
        MainLoop {
            shared,
            inbox,
            listener: Some(listener),
            security,
            accept_at: Time::ZERO,
            blocked: Vec::new(),
            writable: Vec::new(),
            drained: None,
        }
    }

    /// Runs until it was stopped and everything is drained.
    pub(crate) fn run<'scope>(&mut self, scope: &'scope Scope<'scope, '_>) -> io::Result<()>
    where
        'a: 'scope,
    {
        while let Some((now, until)) = self.turn() {
            if self.wait(now, until)? {
                self.accept(scope);
            }
        }
        Ok(())
    }

    /// Does what is due; now, and until when there is nothing more to do by itself. `None`: everything is done.
    fn turn(&mut self) -> Option<(Time, Time)> {
        let (mut state, now) = self.shared.lock();
        let State { driver, io, .. } = &mut *state;
        let (mut taken, mut bytes) = (0, 0);
        for remote in self.inbox.try_iter().take(BATCH) {
            (taken, bytes) = (taken + 1, bytes + remote.bytes());
            driver.remote(now, remote);
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        for link in self.writable.drain(..) {
            if io.writable(link) {
                driver.writable(now, link);
            }
        }
        driver.timeout(now);
        if let Some(within) = self.shared.signal.stopped()
            && self.listener.take().is_some()
        {
            driver.shutdown(now, now + within);
        }
        state.turn();
        let State { driver, io, sleep } = &mut *state;
        self.blocked.append(&mut io.blocked);
        let mut until = driver.next_timeout().unwrap_or(Time::MAX);
        if driver.is_drained() {
            let last = *self.drained.get_or_insert(now) + LAST;
            if driver.links() == 0 || now >= last {
                return None;
            }
            until = until.min(last);
        }
        if self.listener.is_some() && self.accept_at > now {
            until = until.min(self.accept_at);
        }
        if taken == BATCH || bytes >= BATCH_BYTES {
            until = now;
        }
        *sleep = Some(until);
        Some((now, until))
    }

    /// Waits for clients, full sockets, other threads and the time; whether there are clients.
    fn wait(&mut self, now: Time, until: Time) -> io::Result<bool> {
        let signal = &self.shared.signal;
        let mut fds = vec![PollFd::new(signal.reader(), PollFlags::IN)];
        fds.extend(self.blocked.iter().map(|(_, socket)| PollFd::new(socket, PollFlags::OUT)));
        let listener = self.listener.as_ref().filter(|_| self.accept_at <= now);
        fds.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        // Systems without `ppoll` cannot wait much longer than this.
        let timeout = until.saturating_since(now).min(Duration::from_secs(3_600));
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Err(Errno::INTR) => return Ok(false),
            result => result?,
        };
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[0] {
            signal.clear();
        }
        for ((link, socket), ready) in mem::take(&mut self.blocked).into_iter().zip(&ready[1..]) {
            if *ready {
                self.writable.push(link);
            } else {
                self.blocked.push((link, socket));
            }
        }
        Ok(listener.is_some() && ready.last() == Some(&true))
    }

    /// Takes the clients that wait.
    fn accept<'scope>(&mut self, scope: &'scope Scope<'scope, '_>)
    where
        'a: 'scope,
    {
        let Some(listener) = &self.listener else { return };
        for _ in 0..BATCH {
            let result = match listener.accept() {
                Ok((socket, peer)) => {
                    Stream::new(socket, &self.security).and_then(|stream| start(self.shared, stream, peer, scope))
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // This client was faster gone than accepted.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.shared.log(Level::Warn, "cannot accept; next try in 100 ms", &error);
                self.accept_at = self.shared.now() + BACK_OFF;
                return;
            }
        }
    }
}

/// Gives an accepted socket its link and its thread.
fn start<'scope, 'a: 'scope, A: App>(
    shared: &'a Shared<A>,
    stream: Stream,
    peer: std::net::SocketAddr,
    scope: &'scope Scope<'scope, '_>,
) -> io::Result<()> {
    let stream = Arc::new(stream);
    let Some(link) = shared.accept(&stream, peer) else { return Ok(()) };
    let thread = Builder::new().name("lazuli link".into()).stack_size(reader::STACK);
    let result = thread.spawn_scoped(scope, move || reader::run(shared, link, &stream));
    result.map(drop).inspect_err(|_| {
        shared.turn(link, |driver, now| driver.disconnected(now, link, true));
    })
}
