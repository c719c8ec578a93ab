//! A third transport, on tokio: what there is to write where sockets are somebody else's. `harness/tests/conformance.rs` runs the
//! conformance suite against it.
//!
//! The hub lives on one thread. Each socket has a task that reads it and one that waits while it is full. What happens goes to the
//! driver, and the turn that follows writes straight to the sockets.

use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::{App, Hub, Time};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc::UnboundedReceiver};
use tokio::task::{JoinSet, LocalSet, yield_now};
use tokio::time::{Instant, sleep, timeout_at};

/// What another thread wants done with the driver: hand in what a [`lazuli::Handle`] was given, or shut it down.
pub type Order<A> = Box<dyn FnOnce(&mut Driver<A>, Time) + Send>;

/// Serves until the driver was shut down and everyone is gone.
pub async fn serve<A: App>(listener: TcpListener, hub: Hub<A>, orders: UnboundedReceiver<Order<A>>) {
    let driver = RefCell::new(Driver::new(hub, Settings::default()));
    let buffer = RefCell::new(vec![0; 16 << 10]);
    let (next, moved) = (Cell::new(None), Notify::new());
    let server = Rc::new(Server { driver, sockets: RefCell::default(), buffer, start: Instant::now(), next, moved });
    let tasks = LocalSet::new();
    tasks.spawn_local(accept(listener, server.clone()));
    tasks.spawn_local(obey(orders, server.clone()));
    tasks.run_until(keep_time(server)).await;
}

struct Server<A: App> {
    driver: RefCell<Driver<A>>,
    sockets: RefCell<Sockets>,
    /// What every socket is read into.
    buffer: RefCell<Vec<u8>>,
    start: Instant,
    /// The next deadline, and who waits for it to move.
    next: Cell<Option<Time>>,
    moved: Notify,
}

impl<A: App> Server<A> {
    /// Tells the driver what has happened, and gives it its turn.
    fn tell(&self, what: impl FnOnce(&mut Driver<A>, Time)) {
        let now = Time::from_micros(self.start.elapsed().as_micros() as u64);
        let mut driver = self.driver.borrow_mut();
        driver.timeout(now); // which tells it the time, if nothing is due
        what(&mut driver, now);
        driver.turn(&mut *self.sockets.borrow_mut());
        let next = driver.next_timeout();
        if self.next.replace(next) != next || driver.is_drained() {
            self.moved.notify_one();
        }
    }
}

/// Lets the driver know when its deadlines have come.
async fn keep_time<A: App>(server: Rc<Server<A>>) {
    while !server.driver.borrow().is_drained() || server.driver.borrow().links() > 0 {
        match server.next.get().map(|at| server.start + Duration::from_micros(at.as_micros())) {
            Some(at) if timeout_at(at, server.moved.notified()).await.is_err() => server.tell(Driver::timeout),
            Some(_) => {}
            None => server.moved.notified().await,
        }
    }
}

async fn accept<A: App>(listener: TcpListener, server: Rc<Server<A>>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => server.tell(|driver, now| {
                let Some(link) = driver.accept(now, Some(peer)) else { return };
                let _ = stream.set_nodelay(true);
                let (stream, full, mut tasks) = (Rc::new(stream), Rc::new(Notify::new()), JoinSet::new());
                tasks.spawn_local(read(server.clone(), link, stream.clone()));
                tasks.spawn_local(refill(server.clone(), link, stream.clone(), full.clone()));
                server.sockets.borrow_mut().0.insert(link.index(), Socket { stream, full, _tasks: tasks });
            }),
            // Where the system has no descriptor left, to try again at once would only spin.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn obey<A: App>(mut orders: UnboundedReceiver<Order<A>>, server: Rc<Server<A>>) {
    while let Some(order) = orders.recv().await {
        server.tell(order);
    }
}

/// Reads a socket until it has nothing more to give.
async fn read<A: App>(server: Rc<Server<A>>, link: LinkId, stream: Rc<TcpStream>) {
    while stream.readable().await.is_ok() {
        let read = stream.try_read(&mut server.buffer.borrow_mut());
        match read {
            Ok(0) => return server.tell(|driver, now| driver.disconnected(now, link, false)),
            Ok(length) => server.tell(|driver, now| driver.receive(now, link, &server.buffer.borrow()[..length])),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return server.tell(|driver, now| driver.disconnected(now, link, true)),
        }
        yield_now().await; // others have their turn, and a task whose socket was closed meanwhile ends
    }
}

/// Waits for a socket that is full. An error of it shows when it is written to.
async fn refill<A: App>(server: Rc<Server<A>>, link: LinkId, stream: Rc<TcpStream>, full: Rc<Notify>) {
    loop {
        full.notified().await;
        let _ = stream.writable().await;
        server.tell(|driver, now| driver.writable(now, link));
    }
}

/// One socket and the tasks that wait for it; dropped, all are gone.
struct Socket {
    stream: Rc<TcpStream>,
    full: Rc<Notify>,
    _tasks: JoinSet<()>,
}

/// By [`LinkId::index`].
#[derive(Default)]
struct Sockets(BTreeMap<usize, Socket>);

/// Effects, the log and a backplane would be more functions here.
impl<A: App> Io<A> for Sockets {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(socket) = self.0.get(&link.index()) else { return Err(ErrorKind::NotConnected.into()) };
        let written = socket.stream.try_write_vectored(bytes);
        if !written.as_ref().is_ok_and(|written| *written == bytes.iter().map(|slice| slice.len()).sum::<usize>()) {
            socket.full.notify_one();
        }
        written
    }

    fn end(&mut self, link: LinkId) {
        if let Some(socket) = self.0.get(&link.index()) {
            let _ = socket2::SockRef::from(&*socket.stream).shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, link: LinkId) {
        self.0.remove(&link.index());
    }
}
