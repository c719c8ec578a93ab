//! The order of each topic, and who is to be told.

use super::{Delivery, Publication};
use crate::config::Node;
use crate::rooms::Position;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A broker for the hubs of one process: it keeps the latest publications of each topic, so that a hub whose link was
/// lost gets what it missed.
///
/// It is a state machine too: whoever owns it hands over what hubs ask for, and takes out what they get.
///
/// ```
/// use lazuli::Node;
/// use lazuli::backplane::Broker;
///
/// let mut broker = Broker::new(0, 100);
/// broker.subscribe(Node(1), "room:a", None);
/// broker.publish("room:a", b"hello");
/// let (topic, position, message) = broker.poll(Node(1)).unwrap();
/// assert_eq!((&*topic, position.offset, &*message), ("room:a", 1, &b"hello"[..]));
/// assert!(broker.poll(Node(1)).is_none());
/// ```
#[derive(Debug)]
pub struct Broker {
    /// The epoch of the topic that was made last.
    epoch: u64,
    keep: usize,
    topics: BTreeMap<Arc<str>, Topic>,
    /// How many topics have no subscriber, and are kept for hubs that may come back.
    left: usize,
    waiting: BTreeMap<Node, Waiting>,
    /// Whose queue was empty and is not any more.
    woken: BTreeSet<Node>,
}

#[derive(Debug)]
struct Topic {
    /// A topic that is made anew counts anew, so it needs another epoch than before.
    epoch: u64,
    offset: u64,
    kept: VecDeque<Arc<[u8]>>,
    subscribers: BTreeSet<Node>,
    /// Hubs that had subscribed when their links were lost.
    away: BTreeSet<Node>,
}

/// What waits for one hub.
#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<Delivery>,
    /// Bytes of the messages in `queue`.
    bytes: usize,
}

impl Waiting {
    /// Whether the hub is so far behind that others had better wait for it.
    fn is_long(&self) -> bool {
        self.queue.len() > WAITING / 16 || self.bytes > WAITING_BYTES / 16
    }

    /// Lets more wait; whether they are the first.
    fn push(&mut self, deliveries: impl IntoIterator<Item = Delivery>) -> bool {
        let before = self.queue.is_empty();
        for delivery in deliveries {
            self.bytes += delivery.2.len();
            self.queue.push_back(delivery);
        }
        while self.queue.len() > WAITING || self.bytes > WAITING_BYTES && self.queue.len() > 1 {
            // Who was to be closed would stay, if the order went.
            let oldest = self.queue.iter().position(|(_, _, message)| !Publication::is_order(message)).unwrap_or(0);
            self.bytes -= self.queue.remove(oldest).map_or(0, |(_, _, message)| message.len());
        }
        before && !self.queue.is_empty()
    }

    fn pop(&mut self) -> Option<Delivery> {
        let oldest = self.queue.pop_front()?;
        self.bytes -= oldest.2.len();
        Some(oldest)
    }
}

impl Topic {
    /// Whether nobody uses it now, but somebody may come back to it.
    fn is_left(&self) -> bool {
        self.subscribers.is_empty() && !self.away.is_empty()
    }
}

/// At most so many publications, and so many bytes of them, wait for one hub; beyond that it misses the oldest but for orders to close
/// users, and counts them.
const WAITING: usize = 1 << 16;
const WAITING_BYTES: usize = 64 << 20;
/// At most so many topics are kept for hubs that may come back.
const LEFT: usize = 10_000;

impl Broker {
    /// A broker that keeps the latest `keep` publications of each topic. Epochs begin after `epoch`: a broker that takes
    /// the place of another needs a greater one.
    pub fn new(epoch: u64, keep: usize) -> Broker {
        Broker { epoch, keep, topics: BTreeMap::new(), left: 0, waiting: BTreeMap::new(), woken: BTreeSet::new() }
    }

    /// What a hub asks for by [`Output::Publish`](crate::Output::Publish). Where nobody subscribed, nothing is kept.
    pub fn publish(&mut self, topic: &str, message: &[u8]) {
        let Some((name, _)) = self.topics.get_key_value(topic) else { return };
        let name = name.clone();
        let Broker { topics, waiting, woken, .. } = self;
        let Some(found) = topics.get_mut(topic) else { return };
        let message: Arc<[u8]> = message.into();
        found.offset += 1;
        found.kept.push_back(message.clone());
        if found.kept.len() > self.keep {
            found.kept.pop_front();
        }
        let position = Position { epoch: found.epoch, offset: found.offset };
        for &node in &found.subscribers {
            let waiting = waiting.entry(node).or_default();
            if waiting.push([(name.clone(), position, message.clone())]) {
                woken.insert(node);
            }
        }
    }

    /// What a hub asks for by [`Output::Subscribe`](crate::Output::Subscribe): it gets what comes after `after`, as far as
    /// that is kept, and all that follows. Returns the position that the subscription holds from, to hand in as
    /// [`Input::Subscribed`](crate::Input::Subscribed).
    pub fn subscribe(&mut self, node: Node, topic: &str, after: Option<Position>) -> Position {
        let name: Arc<str> = topic.into();
        let found = self.topics.entry(name.clone()).or_insert_with(|| {
            self.epoch += 1;
            let (subscribers, away) = (BTreeSet::new(), BTreeSet::new());
            Topic { epoch: self.epoch, offset: 0, kept: VecDeque::new(), subscribers, away }
        });
        self.left -= usize::from(found.is_left());
        found.subscribers.insert(node);
        found.away.remove(&node);
        let (epoch, now) = (found.epoch, Position { epoch: found.epoch, offset: found.offset });
        let Some(after) = after else { return now };
        let first = found.offset - found.kept.len() as u64 + 1;
        let from = if after.epoch == epoch { after.offset.saturating_add(1) } else { first };
        let missed = (first..).zip(&found.kept).filter(|(offset, _)| *offset >= from);
        let missed: Vec<Delivery> =
            missed.map(|(offset, message)| (name.clone(), Position { epoch, offset }, message.clone())).collect();
        if self.waiting.entry(node).or_default().push(missed) {
            self.woken.insert(node);
        }
        now
    }

    /// The hubs that had nothing to poll and have something now.
    pub fn take_woken(&mut self) -> impl Iterator<Item = Node> + use<> {
        core::mem::take(&mut self.woken).into_iter()
    }

    /// What a hub asks for by [`Output::Unsubscribe`](crate::Output::Unsubscribe). A topic without subscribers is freed, unless
    /// it is kept for a hub whose link was lost.
    pub fn unsubscribe(&mut self, node: Node, topic: &str) {
        let Some(found) = self.topics.get_mut(topic) else { return };
        let was_left = found.is_left();
        found.away.remove(&node);
        found.subscribers.remove(&node);
        if found.subscribers.is_empty() && found.away.is_empty() {
            self.left -= usize::from(was_left);
            self.topics.remove(topic);
        } else if found.is_left() && !was_left {
            self.left += 1;
            self.bound_left();
        }
    }

    /// A hub's link is lost: its subscriptions end, and what was on its way is gone. What is published meanwhile is kept
    /// for its return.
    pub fn disconnect(&mut self, node: Node) {
        self.waiting.remove(&node);
        self.woken.remove(&node);
        for found in self.topics.values_mut() {
            if found.subscribers.remove(&node) {
                found.away.insert(node);
                self.left += usize::from(found.is_left());
            }
        }
        self.bound_left();
    }

    fn bound_left(&mut self) {
        if self.left > LEFT {
            self.topics.retain(|_, found| !found.is_left());
            self.left = 0;
        }
    }

    /// The next publication for a hub, to hand in as [`Input::Published`](crate::Input::Published).
    pub fn poll(&mut self, node: Node) -> Option<Delivery> {
        self.waiting.get_mut(&node)?.pop()
    }

    /// Whether publications wait for a hub.
    pub fn has(&self, node: Node) -> bool {
        self.waiting.get(&node).is_some_and(|waiting| !waiting.queue.is_empty())
    }

    /// Whether another hub than this one is far behind: 4,096 publications or 4 MiB. With sixteen times as much it would miss some.
    pub fn is_ahead(&self, node: Node) -> bool {
        self.waiting.iter().any(|(other, waiting)| *other != node && waiting.is_long())
    }

    /// Moves all publications that wait for a hub to the end of `into`.
    pub fn poll_all(&mut self, node: Node, into: &mut VecDeque<Delivery>) {
        if let Some(waiting) = self.waiting.get_mut(&node) {
            into.append(&mut waiting.queue);
            waiting.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backplane::{Speaker, Whom};

    #[test]
    fn an_order_to_close_a_user_outlasts_what_a_slow_hub_misses() {
        let close = Whom::Close { user: "ada".into(), code: 4001 };
        let order = Publication::of_hub(Speaker { node: Node(1), born: 2 }, close).encode();
        let mut broker = Broker::new(0, 0);
        broker.subscribe(Node(1), "all", None);
        broker.subscribe(Node(2), "all", None);
        for message in [&b"first"[..], &order, b"last"] {
            broker.publish("all", message);
        }
        assert!(broker.has(Node(2)) && !broker.is_ahead(Node(1)));
        for n in 0..WAITING {
            broker.publish("all", b"noise");
            assert_eq!(broker.is_ahead(Node(1)), n + 4 > WAITING / 16);
        }
        let mut taken = VecDeque::new();
        broker.poll_all(Node(2), &mut taken);
        assert_eq!((taken.len(), broker.has(Node(2))), (WAITING, false));
        // It is in its place, as the second of what is there.
        let kept = |at: usize| (taken[at].1.offset, &*taken[at].2);
        assert_eq!((kept(0), kept(1)), ((2, &*order), (5, &b"noise"[..])));
    }
}
