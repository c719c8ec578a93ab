//! Servers that share an address: the first one accepts, and each client goes to the one that has fewest.

use crate::server::{Order, Orders};
use lazuli::backplane::{Local, Port};
use lazuli::{App, Node};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// What the first server still gives the others when it ends without having been stopped.
pub(crate) const LAST: Duration = Duration::from_secs(1);
/// So many clients wait for a server's next turn; more are better off with another, or where the system lets them wait.
const WAITING: usize = 256;

/// What servers of one address have in common.
pub(crate) struct Group {
    local: Local,
    servers: AtomicU64,
    /// Whether each has a backplane of its own.
    has_backplane: bool,
}

impl Group {
    /// The group of a server that has none beside it yet.
    pub(crate) fn new(has_backplane: bool) -> Group {
        Group { local: Local::new(), servers: AtomicU64::new(1), has_backplane }
    }

    /// The number of one more server; the first one's is 0.
    pub(crate) fn add(&self) -> u64 {
        self.servers.fetch_add(1, Relaxed)
    }

    /// What joins a server to the others; `None`: it has a backplane, as they do.
    pub(crate) fn port(&self, server: u64, has_backplane: bool) -> io::Result<Option<(Node, Port)>> {
        match (self.has_backplane, has_backplane) {
            (true, true) => Ok(None),
            (false, false) => {
                let node = Node(server + 1);
                Ok(Some((node, self.local.port(node))))
            }
            (true, false) => Err(odd("the first server has a backplane and this shard has none; give it one, too")),
            (false, true) => Err(odd("this shard has a backplane and the first server has none; give it one, too")),
        }
    }
}

/// The mistake of whoever sets servers up.
pub(crate) fn odd(what: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what.into())
}

/// How busy a server is, for the one that accepts.
#[derive(Default)]
pub(crate) struct Load {
    /// Whether it runs, and is not about to stop.
    pub(crate) is_open: AtomicBool,
    clients: AtomicUsize,
    /// Those of them that it has not taken in yet.
    waiting: AtomicUsize,
}

/// A client's place at a server, until it is dropped.
pub(crate) struct Seat(Arc<Load>);

impl Seat {
    fn at(load: &Arc<Load>) -> Seat {
        load.clients.fetch_add(1, Relaxed);
        Seat(load.clone())
    }

    /// Its server has taken the client in.
    pub(crate) fn taken(&self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Relaxed);
    }
}

/// A client that is a server's own; it has a seat if there are several servers.
pub(crate) type Client = (TcpStream, SocketAddr, Option<Seat>);

/// The way to the servers that take clients from the first one; where that ends, they do.
pub(crate) struct Shards<A: App> {
    /// The first server's own.
    load: Arc<Load>,
    shards: Vec<(Orders<A>, Arc<Load>)>,
}

impl<A: App> Default for Shards<A> {
    fn default() -> Self {
        Shards { load: Arc::default(), shards: Vec::new() }
    }
}

impl<A: App> Shards<A> {
    /// The first server's own.
    pub(crate) fn load(&self) -> Arc<Load> {
        self.load.clone()
    }

    pub(crate) fn add(&mut self, orders: Orders<A>, load: Arc<Load>) {
        self.shards.push((orders, load));
    }

    /// Hands a client to the server that has fewest; what comes back is the first server's own.
    pub(crate) fn deal(&self, socket: TcpStream, peer: SocketAddr) -> Option<Client> {
        if self.shards.is_empty() {
            return Some((socket, peer, None));
        }
        let may = |load: &Load| load.is_open.load(Relaxed) && load.waiting.load(Relaxed) < WAITING;
        let open = self.shards.iter().filter(|(_, load)| may(load));
        let least = open.min_by_key(|(_, load)| load.clients.load(Relaxed));
        let Some((orders, load)) =
            least.filter(|(_, load)| load.clients.load(Relaxed) < self.load.clients.load(Relaxed))
        else {
            return Some((socket, peer, Some(Seat::at(&self.load))));
        };
        load.waiting.fetch_add(1, Relaxed);
        match orders.give(Order::Client(socket, peer, Seat::at(load))) {
            // It has ended without having been stopped.
            Err(Order::Client(socket, peer, _)) => Some((socket, peer, Some(Seat::at(&self.load)))),
            _ => None,
        }
    }

    pub(crate) fn stop(&self, within: Duration) {
        for (shard, _) in &self.shards {
            let _ = shard.give(Order::Stop(within));
        }
    }
}

impl<A: App> Drop for Shards<A> {
    fn drop(&mut self) {
        self.stop(LAST);
    }
}
