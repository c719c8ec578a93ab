//! A backplane for the servers of one process.

use super::{Backplane, Broker, Delivery, Incoming};
use crate::config::Node;
use crate::rooms::Position;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::{Mutex, PoisonError};

type Wake = Arc<dyn Fn() + Send + Sync>;

/// Joins the hubs of one process: each server gets a [`Port`].
///
/// ```
/// use lazuli::Node;
/// use lazuli::backplane::{Backplane, Incoming, Local};
///
/// let local = Local::new();
/// let (mut a, mut b) = (local.port(Node(1)), local.port(Node(2)));
/// b.subscribe("room:x", None);
/// a.publish("room:x", b"hello");
/// assert!(matches!(b.poll(), Some(Incoming::Subscribed(..))));
/// assert!(matches!(b.poll(), Some(Incoming::Published(_))));
/// assert!(a.poll().is_none());
/// ```
#[derive(Clone)]
pub struct Local(Arc<Mutex<Shared>>);

struct Shared {
    broker: Broker,
    wakes: BTreeMap<Node, Wake>,
}

/// Nothing is kept for a hub that comes back: within a process the link is never lost.
const KEEP: usize = 0;

impl Default for Local {
    fn default() -> Self {
        Local(Arc::new(Mutex::new(Shared { broker: Broker::new(0, KEEP), wakes: BTreeMap::new() })))
    }
}

impl Local {
    /// A backplane that joins nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The port of one hub; each node has one at a time.
    pub fn port(&self, node: Node) -> Port {
        Port { local: self.clone(), node, subscribed: VecDeque::new(), taken: VecDeque::new() }
    }
}

/// One hub's end of a [`Local`] backplane; dropped, its subscriptions end.
pub struct Port {
    local: Local,
    node: Node,
    /// Subscriptions that the hub has not been told of.
    subscribed: VecDeque<Incoming>,
    /// Publications that were taken from the broker all at once, under one lock.
    taken: VecDeque<Delivery>,
}

impl Port {
    /// Does something under the lock, and wakes the others that have something to poll then. (This port's own hub polls after each
    /// turn.)
    fn with<T>(&self, act: impl FnOnce(&mut Broker) -> T) -> T {
        let mut shared = self.local.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut shared.broker);
        let Shared { broker, wakes } = &mut *shared;
        let others = broker.take_woken().filter(|node| *node != self.node);
        let woken: Vec<Wake> = others.filter_map(|node| wakes.get(&node).cloned()).collect();
        drop(shared);
        // Not under the lock: what is woken may come back here at once.
        for wake in woken {
            wake();
        }
        result
    }
}

impl Backplane for Port {
    fn publish(&mut self, topic: &str, message: &[u8]) {
        self.with(|broker| broker.publish(topic, message));
    }

    fn subscribe(&mut self, topic: &str, after: Option<Position>) {
        let position = self.with(|broker| broker.subscribe(self.node, topic, after));
        self.subscribed.push_back(Incoming::Subscribed(topic.into(), position));
    }

    fn unsubscribe(&mut self, topic: &str) {
        self.with(|broker| broker.unsubscribe(self.node, topic));
    }

    fn poll(&mut self) -> Option<Incoming> {
        if let Some(told) = self.subscribed.pop_front() {
            return Some(told);
        }
        if self.taken.is_empty() {
            let mut shared = self.local.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.broker.poll_all(self.node, &mut self.taken);
        }
        self.taken.pop_front().map(Incoming::Published)
    }

    /// Who has something to take itself is not: two hubs would wait for each other.
    fn is_ahead(&self) -> bool {
        let shared = self.local.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.broker.is_ahead(self.node) && !shared.broker.has(self.node) && self.taken.is_empty()
    }

    fn on_incoming(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        let mut shared = self.local.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.wakes.insert(self.node, wake.into());
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let mut shared = self.local.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.broker.disconnect(self.node);
        shared.wakes.remove(&self.node);
    }
}
