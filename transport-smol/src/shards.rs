//! Servers that share an address: the first one takes the clients in, and hands them to all in turn.

use crate::server::{Order, Orders};
use lazuli::backplane::{Local, Port};
use lazuli::{App, Node, Secret};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What the first server still gives the others when it ends without having been stopped.
const LAST: Duration = Duration::from_secs(1);

/// What servers of one address have in common.
pub(crate) struct Group {
    local: Local,
    /// What one signs, all have to know: a page may come from another hub than the socket that it opens.
    pub(crate) secret: Secret,
    servers: AtomicU64,
    /// Whether the first server was given a backplane of its own.
    has_backplane: AtomicBool,
}

impl Group {
    /// The group of a server that has none beside it yet.
    pub(crate) fn new() -> io::Result<Group> {
        Ok(Group {
            local: Local::new(),
            secret: new_secret()?,
            servers: AtomicU64::new(1),
            has_backplane: AtomicBool::new(false),
        })
    }

    /// The number of one more server; the first one's is 0.
    pub(crate) fn add(&self) -> u64 {
        self.servers.fetch_add(1, Ordering::Relaxed)
    }

    /// The first server was given a backplane.
    pub(crate) fn set_backplane(&self) {
        self.has_backplane.store(true, Ordering::Relaxed);
    }

    /// What joins a server to the others; `None`: it has a backplane, as they do.
    pub(crate) fn port(&self, server: u64, has_backplane: bool) -> io::Result<Option<(Node, Port)>> {
        match (self.has_backplane.load(Ordering::Relaxed), has_backplane) {
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

fn odd(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}

/// A secret that is good for one run.
pub(crate) fn new_secret() -> io::Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(bytes))
}

/// The way to the servers that take clients from the first one; where that ends, they do.
pub(crate) struct Shards<A: App> {
    shards: Vec<Orders<A>>,
    /// Whose turn it is; beyond the last of them it is the first server's own.
    next: usize,
}

impl<A: App> Default for Shards<A> {
    fn default() -> Self {
        Shards { shards: Vec::new(), next: usize::MAX }
    }
}

impl<A: App> Shards<A> {
    pub(crate) fn add(&mut self, orders: Orders<A>) {
        self.shards.push(orders);
    }

    /// Hands a client to the server whose turn it is; `None`: to another one.
    pub(crate) fn hand_over(&mut self, socket: TcpStream, peer: SocketAddr) -> Option<(TcpStream, SocketAddr)> {
        let Some(shard) = self.shards.get(self.next) else {
            self.next = 0;
            return Some((socket, peer));
        };
        match shard.give(Order::Client(socket, peer)) {
            Err(Order::Client(socket, peer)) => {
                // It has stopped before the others. The next one has moved up.
                self.shards.remove(self.next);
                self.hand_over(socket, peer)
            }
            _ => {
                self.next += 1;
                None
            }
        }
    }

    pub(crate) fn stop(&self, within: Duration) {
        for shard in &self.shards {
            let _ = shard.give(Order::Stop(within));
        }
    }
}

impl<A: App> Drop for Shards<A> {
    fn drop(&mut self) {
        self.stop(LAST);
    }
}
