//! Publish and subscribe between hubs, and a broker for those of one process.
//!
//! With [`Config::backplane`](crate::Config::backplane) a hub delivers nothing that it broadcasts by itself. It asks its
//! driver to publish it ([`Output::Publish`](crate::Output::Publish)), and delivers it when it comes back
//! ([`Input::Published`](crate::Input::Published)), so that all hubs see the order of the topic. Each room is a topic; a
//! hub subscribes to it while it has a member there. Sends to one connection, and events, stay on their hub.

use crate::config::Node;
use crate::frame::Kind;
use crate::id::ConnId;
use crate::rooms::Position;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What one hub tells the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Publication<'a> {
    pub(crate) node: Node,
    pub(crate) whom: Whom,
    /// Connections of `node`.
    pub(crate) except: Vec<ConnId>,
    pub(crate) kind: Kind,
    pub(crate) payload: &'a [u8],
}

/// Whom a publication is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The members of the topic's room.
    Topic,
    /// The members of several rooms, each connection once.
    Rooms(Vec<String>),
    /// Everyone.
    All,
}

/// The first byte of each publication: another layout gets another one.
const VERSION: u8 = 1;

impl<'a> Publication<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.payload.len());
        bytes.extend([
            VERSION,
            match self.kind {
                Kind::Text => 1,
                Kind::Binary => 2,
                Kind::Ping => 9,
            },
        ]);
        bytes.extend(self.node.0.to_le_bytes());
        bytes.extend((self.except.len() as u32).to_le_bytes());
        for conn in &self.except {
            bytes.extend(conn.as_u64().to_le_bytes());
        }
        match &self.whom {
            Whom::Topic => bytes.push(0),
            Whom::All => bytes.push(1),
            Whom::Rooms(rooms) => {
                bytes.push(2);
                bytes.extend((rooms.len() as u32).to_le_bytes());
                for room in rooms {
                    bytes.extend((room.len() as u32).to_le_bytes());
                    bytes.extend(room.as_bytes());
                }
            }
        }
        bytes.extend(self.payload);
        bytes
    }

    /// `None` for bytes that no hub of this version wrote.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Publication<'a>> {
        let mut reader = Reader(bytes);
        let [VERSION, kind] = reader.array()? else { return None };
        let kind = match kind {
            1 => Kind::Text,
            2 => Kind::Binary,
            9 => Kind::Ping,
            _ => return None,
        };
        let node = Node(u64::from_le_bytes(reader.array()?));
        let mut except = Vec::new();
        for _ in 0..reader.length()? {
            except.push(ConnId::from_u64(u64::from_le_bytes(reader.array()?))?);
        }
        let whom = match reader.array()? {
            [0] => Whom::Topic,
            [1] => Whom::All,
            [2] => {
                let mut rooms = Vec::new();
                for _ in 0..reader.length()? {
                    let length = reader.length()?;
                    rooms.push(core::str::from_utf8(reader.take(length)?).ok()?.into());
                }
                Whom::Rooms(rooms)
            }
            _ => return None,
        };
        let payload = reader.0;
        if kind == Kind::Text {
            core::str::from_utf8(payload).ok()?;
        }
        Some(Publication { node, whom, except, kind, payload })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }
}

/// A broker for the hubs of one process: it keeps the latest publications of each topic, so that a hub whose link was
/// lost gets what it missed.
///
/// It is a state machine too: whoever owns it hands over what hubs ask for, and takes out what they get.
///
/// ```
/// use lazuli::Node;
/// use lazuli::backplane::Broker;
///
/// let mut broker = Broker::new(1, 100);
/// broker.subscribe(Node(1), "room:a", None);
/// broker.publish("room:a", b"hello");
/// let (topic, position, message) = broker.poll(Node(1)).unwrap();
/// assert_eq!((&*topic, position.offset, &*message), ("room:a", 1, &b"hello"[..]));
/// assert!(broker.poll(Node(1)).is_none());
/// ```
#[derive(Debug)]
pub struct Broker {
    epoch: u64,
    keep: usize,
    topics: BTreeMap<Arc<str>, Topic>,
    waiting: BTreeMap<Node, VecDeque<Delivery>>,
}

/// A publication on its way to a hub: its topic, its place there, and what it is.
pub type Delivery = (Arc<str>, Position, Arc<[u8]>);

#[derive(Debug, Default)]
struct Topic {
    offset: u64,
    kept: VecDeque<Arc<[u8]>>,
    subscribers: BTreeSet<Node>,
}

impl Broker {
    /// A broker that keeps the latest `keep` publications of each topic. `epoch` tells it from one that was here before:
    /// a new broker needs a new one.
    pub fn new(epoch: u64, keep: usize) -> Broker {
        Broker { epoch, keep, topics: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// What a hub asks for by [`Output::Publish`](crate::Output::Publish).
    pub fn publish(&mut self, topic: &str, message: &[u8]) {
        let Some((topic, found)) = self.topic(topic) else { return };
        let message: Arc<[u8]> = message.into();
        found.offset += 1;
        found.kept.push_back(message.clone());
        let offset = found.offset;
        let subscribers: Vec<Node> = found.subscribers.iter().copied().collect();
        if found.kept.len() > self.keep {
            self.topics.get_mut(&topic).map(|found| found.kept.pop_front());
        }
        let position = Position { epoch: self.epoch, offset };
        for node in subscribers {
            self.waiting.entry(node).or_default().push_back((topic.clone(), position, message.clone()));
        }
    }

    fn topic(&mut self, name: &str) -> Option<(Arc<str>, &mut Topic)> {
        if !self.topics.contains_key(name) {
            self.topics.insert(name.into(), Topic::default());
        }
        let (name, _) = self.topics.get_key_value(name)?;
        let name = name.clone();
        self.topics.get_mut(&name).map(|found| (name, found))
    }

    /// What a hub asks for by [`Output::Subscribe`](crate::Output::Subscribe): it gets what comes after `after`, as far as
    /// that is kept, and all that follows.
    pub fn subscribe(&mut self, node: Node, topic: &str, after: Option<Position>) {
        let epoch = self.epoch;
        let Some((name, found)) = self.topic(topic) else { return };
        found.subscribers.insert(node);
        let Some(after) = after else { return };
        let first = found.offset - found.kept.len() as u64 + 1;
        let from = if after.epoch == epoch { (after.offset + 1).max(first) } else { first };
        let missed = (first..).zip(&found.kept).filter(|(offset, _)| *offset >= from);
        let missed: Vec<Delivery> =
            missed.map(|(offset, message)| (name.clone(), Position { epoch, offset }, message.clone())).collect();
        self.waiting.entry(node).or_default().extend(missed);
    }

    /// What a hub asks for by [`Output::Unsubscribe`](crate::Output::Unsubscribe).
    pub fn unsubscribe(&mut self, node: Node, topic: &str) {
        if let Some(found) = self.topics.get_mut(topic) {
            found.subscribers.remove(&node);
        }
    }

    /// A hub's link is lost: its subscriptions end, and what was on its way is gone.
    pub fn disconnect(&mut self, node: Node) {
        self.waiting.remove(&node);
        for found in self.topics.values_mut() {
            found.subscribers.remove(&node);
        }
    }

    /// The next publication for a hub, to hand in as [`Input::Published`](crate::Input::Published).
    pub fn poll(&mut self, node: Node) -> Option<Delivery> {
        self.waiting.get_mut(&node)?.pop_front()
    }
}
