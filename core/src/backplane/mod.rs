//! Publish and subscribe between hubs, and a broker for those of one process.
//!
//! With [`Config::backplane`](crate::Config::backplane) a hub delivers nothing that it broadcasts by itself. It asks its
//! driver to publish it ([`Output::Publish`](crate::Output::Publish)), and delivers it when it comes back
//! ([`Input::Published`]), so that all hubs see the order of the topic. Each room is a topic; a
//! hub subscribes to it while it has a member there. Sends to one connection, and events, stay on their hub.
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

    /// `wake` is to be called, from any thread, when [`Backplane::poll`] has something again.
    fn on_incoming(&mut self, wake: Box<dyn Fn() + Send + Sync>);
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
    /// The input that a driver makes of it.
    pub fn as_input<E>(&self) -> Input<'_, E> {
        match self {
            Incoming::Subscribed(topic, position) => Input::Subscribed { topic, position: *position },
            Incoming::Published((topic, position, message)) => Input::Published { topic, position: *position, message },
            Incoming::Link(link) => Input::Backplane(*link),
        }
    }
}
