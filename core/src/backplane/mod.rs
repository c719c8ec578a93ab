//! Publish and subscribe between hubs, and a broker for those of one process.
//!
//! With [`Config::backplane`](crate::Config::backplane) a hub delivers nothing that it broadcasts by itself. It asks its
//! driver to publish it ([`Output::Publish`](crate::Output::Publish)), and delivers it when it comes back
//! ([`Input::Published`]), so that all hubs see the order of the topic. Each room is a topic; a
//! hub subscribes to it while it has a member there. What is for several rooms, for users or for everyone has one topic
//! together, to which every hub subscribes. Sends to one connection, and events, stay on their hub.
//!
//! - **Who gets it:** what comes is delivered to those who are members, or connections of the user, on the hub at that moment, to
//!   each once. Excepted connections are those of the hub that said it; excepted users are left out on every hub. Whoever has
//!   been a member since its hub's subscription holds misses nothing, as long as nothing is lost.
//! - **What a hub counts:** it goes by the latest position that came under a topic, which at first is that of
//!   [`Input::Subscribed`] or of a publication, whichever comes first. A publication that is not behind it, or of an older
//!   epoch, is a duplicate and ignored ([`Stats::duplicates`](crate::Stats::duplicates)). What lies between the two, in one
//!   epoch, was missed ([`Stats::missed`](crate::Stats::missed)), and does not count when it comes after all. Of a room that has
//!   no member on it any more a hub remembers nothing: who enters it again hears what still comes, in its order from there on.
//! - **When the link is lost** ([`Link::Lost`]) what would be published waits: 4 MiB of broadcasts, then the oldest are
//!   dropped and counted ([`Stats::unpublished`](crate::Stats::unpublished)). Orders to close a user wait apart, the latest of
//!   each user.
//! - **When it is back** ([`Link::Up`]) subscriptions start anew, each after the latest position that came. Then what waited is
//!   published: orders to close users, and broadcasts in the order in which they were said.
//! - **To close a user** closes the connections on this hub at once, and those on the others when the order comes there.
//!
//! Hubs also say to each other who is present in their rooms, and every 10 s that they are there.

mod broker;
#[cfg(feature = "std")]
mod local;
mod publication;

pub use broker::Broker;
#[cfg(feature = "std")]
pub use local::{Local, Port};
pub(crate) use publication::{Publication, Shown, Speaker, Whom};

use crate::input::{Input, Link};
use crate::rooms::Position;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

/// A publication on its way to a hub: its topic, its place there, and what it is.
pub type Delivery = (Arc<str>, Position, Arc<[u8]>);

/// What a transport connects its hub to. [`Local`] is one for the servers of one process.
pub trait Backplane: Send {
    /// Publishes; every subscriber gets it, this hub too.
    fn publish(&mut self, topic: &str, message: &[u8]);

    /// From now on gives out what is published under `topic`, and before that what came `after` as far as it is known.
    fn subscribe(&mut self, topic: &str, after: Option<Position>);

    /// Ends a subscription.
    fn unsubscribe(&mut self, topic: &str);

    /// The next thing that came in.
    fn poll(&mut self) -> Option<Incoming>;

    /// Whether other hubs cannot follow this one. A transport asks after each turn in which the hub published something, and takes nothing
    /// in for a moment: that waits with its peers then. By default nobody knows.
    fn is_ahead(&self) -> bool {
        false
    }

    /// `wake` is to be called, from any thread, when [`Backplane::poll`] has something again. It need not be for what this hub
    /// has asked for itself: transports poll after each of its turns.
    fn on_incoming(&mut self, wake: Box<dyn Fn() + Send + Sync>);
}

/// A hub's patience with others that are behind what it publishes.
///
/// ```
/// use lazuli::Node;
/// use lazuli::backplane::{Backplane, Local, Patience};
///
/// let local = Local::new();
/// let (mut here, mut there) = (local.port(Node(1)), local.port(Node(2)));
/// there.subscribe("room:x", None);
/// (0..5_000).for_each(|_| here.publish("room:x", b"hello"));
/// let mut slept = 0;
/// let mut patience = Patience::default();
/// patience.let_catch_up(&here, |_| {
///     slept += 1;
///     while there.poll().is_some() {}
/// });
/// assert_eq!(slept, 1);
///
/// // One that is stuck shall not stop the others.
/// (0..5_000).for_each(|_| here.publish("room:x", b"hello"));
/// let mut slept = std::time::Duration::ZERO;
/// (0..1_000).for_each(|_| patience.let_catch_up(&here, |time| slept += time));
/// assert_eq!(slept.as_secs(), 5);
/// ```
#[derive(Clone, Debug)]
pub struct Patience {
    /// So many milliseconds are left until the others have caught up.
    left: u32,
}

/// So many milliseconds it lasts in all, and after one turn.
const PATIENCE: u32 = 5_000;
const PATIENCE_OF_A_TURN: u32 = 100;

impl Default for Patience {
    fn default() -> Self {
        Patience { left: PATIENCE }
    }
}

impl Patience {
    /// Lets the others catch up after a turn that published something: `sleep` is called as long as this hub
    /// [is ahead](Backplane::is_ahead), for 100 ms after one turn at most, and for 5 s in all until they have caught up.
    pub fn let_catch_up(&mut self, backplane: &dyn Backplane, mut sleep: impl FnMut(Duration)) {
        for _ in 0..PATIENCE_OF_A_TURN {
            if !backplane.is_ahead() {
                return *self = Patience::default();
            }
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            sleep(Duration::from_millis(1));
        }
    }
}

/// What comes in from a backplane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A subscription to this topic holds from this position on.
    Subscribed(Arc<str>, Position),
    /// A publication.
    Published(Delivery),
    /// The link came or went.
    Link(Link),
}

impl Incoming {
    /// How long its message is.
    #[cfg(feature = "websocket")]
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Incoming::Published((_, _, message)) => message.len(),
            Incoming::Subscribed(..) | Incoming::Link(_) => 0,
        }
    }

    /// The input that a driver makes of it.
    pub fn as_input<E>(&self) -> Input<'_, E> {
        match self {
            Incoming::Subscribed(topic, position) => Input::Subscribed { topic, position: *position },
            Incoming::Published((topic, position, message)) => Input::Published { topic, position: *position, message },
            Incoming::Link(link) => Input::Backplane(*link),
        }
    }
}
