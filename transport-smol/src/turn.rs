//! The one thread's shared state, and the task that gives the hub its turns.

use crate::sockets::Sockets;
use crate::stream::{Security, Stream};
use lazuli::driver::{Driver, LinkId};
use lazuli::handle::Remote;
use lazuli::log::Level;
use lazuli::{App, Time};
use smol::{Async, LocalExecutor, Timer};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// At most so many bytes are read from a socket before others have their turn, and the hub its own.
const CHUNK: usize = 16 << 10;

/// After so many bytes were read, they are answered before more is read: what they make the hub send to others must not
/// pile up, or those would be taken for slow.
const UNANSWERED: usize = 16 << 10;

/// So much is taken from the backplane at once, and so often in one turn.
const INCOMING: usize = 64;
const ROUNDS: usize = 8;

pub(crate) struct Shared<A: App> {
    driver: RefCell<Driver<A>>,
    sockets: RefCell<Sockets<A>>,
    /// Weak: its tasks own what is here.
    executor: Weak<LocalExecutor<'static>>,
    start: Instant,
    /// What every socket is read into: an idle connection has no buffer.
    buffer: RefCell<Vec<u8>>,
    /// What that was, where it was encrypted.
    plain: RefCell<Vec<u8>>,
    security: Security,
    /// Whether a turn is due, and the task that takes it.
    due: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// Bytes that were read since the last turn.
    unanswered: Cell<usize>,
    stopping: Cell<bool>,
    /// When stopping: until when links may go on that the hub is done with.
    deadline: Cell<Option<Instant>>,
}

impl<A: App> Shared<A> {
    pub(crate) fn new(
        driver: Driver<A>,
        sockets: Sockets<A>,
        security: Security,
        executor: Weak<LocalExecutor<'static>>,
    ) -> Self {
        Shared {
            driver: RefCell::new(driver),
            sockets: RefCell::new(sockets),
            executor,
            start: Instant::now(),
            buffer: RefCell::new(vec![0; CHUNK]),
            plain: RefCell::new(Vec::new()),
            security,
            due: Cell::new(true),
            waker: RefCell::new(None),
            unanswered: Cell::new(0),
            stopping: Cell::new(false),
            deadline: Cell::new(None),
        }
    }

    fn now(&self) -> Time {
        Time::from_micros(self.start.elapsed().as_micros() as u64)
    }

    /// Asks for a turn, once all that is ready has been read.
    pub(crate) fn wake(&self) {
        if !self.due.replace(true)
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }

    pub(crate) fn accept(self: &Rc<Self>, socket: Async<TcpStream>, peer: SocketAddr) {
        let Some(executor) = self.executor.upgrade() else { return };
        let stream = match Stream::new(socket, &self.security) {
            Ok(stream) => stream,
            Err(error) => return self.warn("a socket was given up", error.to_string()),
        };
        // Also where there are too many: the log says so.
        self.wake();
        let Some(link) = self.driver.borrow_mut().accept(self.now(), Some(peer)) else { return };
        let stream = Rc::new(stream);
        let reader = executor.spawn(read(self.clone(), link, stream.clone()));
        self.sockets.borrow_mut().insert(link, stream, reader);
    }

    pub(crate) fn remote(&self, remote: Remote<A::Event>) {
        self.driver.borrow_mut().remote(self.now(), remote);
        self.wake();
    }

    pub(crate) fn stop(&self, within: Duration) {
        if !self.stopping.replace(true) {
            let now = self.now();
            self.driver.borrow_mut().shutdown(now, now + within);
            self.wake();
        }
    }

    pub(crate) fn warn(&self, what: &'static str, detail: String) {
        self.sockets.borrow_mut().record(Level::Warn, what, &detail);
    }

    /// Gives the hub its turn.
    pub(crate) fn turn(self: &Rc<Self>) {
        self.unanswered.set(0);
        let (mut driver, mut sockets) = (self.driver.borrow_mut(), self.sockets.borrow_mut());
        let now = self.now();
        sockets.now = now;
        if driver.next_timeout().is_some_and(|at| at <= now) {
            driver.timeout(now);
        }
        driver.turn(&mut *sockets);
        // What this turn published may have come back already.
        for round in 0.. {
            if !take_incoming(&mut driver, &mut sockets, now) {
                break;
            }
            driver.turn(&mut *sockets);
            if round == ROUNDS {
                // Others have their turn before the rest.
                self.wake();
                break;
            }
        }
        let full = std::mem::take(&mut sockets.full);
        if let Some(executor) = self.executor.upgrade() {
            for (link, stream) in full {
                let refill = executor.spawn(refill(self.clone(), link, stream));
                sockets.set_refill(link, refill);
            }
        }
    }

    /// Reads once what the socket has; `false` when it has nothing more to give, ever.
    fn read(self: &Rc<Self>, link: LinkId, stream: &Rc<Stream>) -> bool {
        let more = self.read_once(link, stream);
        self.wake();
        if self.unanswered.get() >= UNANSWERED {
            self.turn();
        }
        more
    }

    fn read_once(&self, link: LinkId, stream: &Rc<Stream>) -> bool {
        let mut buffer = self.buffer.borrow_mut();
        let mut driver = self.driver.borrow_mut();
        match stream.read(&mut buffer) {
            Ok(0) => {
                driver.disconnected(self.now(), link, false);
                false
            }
            Ok(length) => {
                self.unanswered.set(self.unanswered.get() + length);
                let mut plain = self.plain.borrow_mut();
                if !stream.receive(&mut driver, self.now(), link, &buffer[..length], &mut plain) {
                    self.sockets.borrow_mut().full.push((link, stream.clone()));
                }
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => true,
            Err(_) => {
                driver.disconnected(self.now(), link, true);
                false
            }
        }
    }
}

/// Reads a link's socket until it has nothing more to give.
async fn read<A: App>(shared: Rc<Shared<A>>, link: LinkId, stream: Rc<Stream>) {
    while stream.readable().await.is_ok() {
        if !shared.read(link, &stream) {
            return;
        }
    }
}

/// Waits until the socket takes bytes again.
async fn refill<A: App>(shared: Rc<Shared<A>>, link: LinkId, stream: Rc<Stream>) {
    // An error of the socket shows when it is written to.
    while stream.writable().await.is_ok() && !stream.flush() {}
    shared.driver.borrow_mut().writable(link);
    shared.wake();
}

/// Gives the hub its turns until it is drained.
pub(crate) async fn turns<A: App>(shared: &Rc<Shared<A>>) {
    let mut timer: Option<(Time, Timer)> = None;
    loop {
        wait(shared, timer.as_mut().map(|(_, timer)| timer)).await;
        shared.turn();
        let (driver, now) = (shared.driver.borrow(), shared.now());
        if driver.is_drained() && finished(shared, driver.links()) {
            return;
        }
        // A timer that stands earlier than needed costs one idle turn; to set it anew for every change costs more.
        let mut next = driver.next_timeout();
        if let Some(deadline) = shared.deadline.get() {
            let deadline = Time::from_micros(deadline.duration_since(shared.start).as_micros() as u64);
            next = Some(next.map_or(deadline, |next| next.min(deadline)));
        }
        timer = match (timer, next) {
            (Some((at, timer)), Some(next)) if at <= next && at > now => Some((at, timer)),
            (_, Some(next)) => Some((next, Timer::at(shared.start + Duration::from_micros(next.as_micros())))),
            (_, None) => None,
        };
    }
}

/// Hands in what came from the backplane; whether there was anything.
fn take_incoming<A: App>(driver: &mut Driver<A>, sockets: &mut Sockets<A>, now: Time) -> bool {
    let mut any = false;
    for incoming in std::iter::from_fn(|| sockets.incoming()).take(INCOMING) {
        driver.input(now, incoming.as_input());
        any = true;
    }
    any
}

/// After the hub is drained: whether every link is closed, or has had a second for it.
fn finished<A: App>(shared: &Shared<A>, links: usize) -> bool {
    let now = Instant::now();
    let deadline = shared.deadline.get().unwrap_or(now + Duration::from_secs(1));
    shared.deadline.set(Some(deadline));
    links == 0 || now >= deadline
}

/// Waits until a turn is due or the timer fires.
async fn wait<A: App>(shared: &Shared<A>, mut timer: Option<&mut Timer>) {
    poll_fn(|cx| {
        let fired = timer.as_mut().is_some_and(|timer| Pin::new(&mut **timer).poll(cx).is_ready());
        if shared.due.replace(false) || fired {
            return Poll::Ready(());
        }
        *shared.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    })
    .await;
}
