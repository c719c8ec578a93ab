//! What the hub asks of its driver, in order.

use crate::frame::Frame;
use crate::id::ConnId;
use crate::log::Record;
use crate::rooms::Position;
use crate::time::Time;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One thing for the driver to do.
#[derive(Debug)]
pub enum Output<'a, F> {
    /// Send `frame` to each of `to`; a connection may stand there more than once, and gets it as often. What the last messages
    /// of a lost connection cause may still name it; that goes nowhere.
    Send {
        /// The receivers.
        to: &'a [ConnId],
        /// What they get; encoded once for all.
        frame: &'a Frame,
    },
    /// Close the connection: the last output that names this id.
    Close {
        /// Which connection.
        conn: ConnId,
        /// The code of the close frame; 1005 where the peer's own had none, and the answer has none either.
        code: u16,
        /// The reason beside it, at most 123 bytes.
        reason: &'a str,
        /// Until when what was handed over before may still be written; what is left then is dropped.
        by: Time,
    },
    /// Publish on the backplane.
    Publish {
        /// Where.
        topic: &'a str,
        /// What; only a hub can read it.
        message: &'a [u8],
    },
    /// From now on hand in what is published under `topic`.
    Subscribe {
        /// Which topic.
        topic: &'a str,
        /// The last publication that the hub has; `None`: start with the next one.
        after: Option<Position>,
    },
    /// No longer hand in what is published under `topic`.
    Unsubscribe {
        /// Which topic.
        topic: &'a str,
    },
    /// The application's own I/O; the answer comes back as [`Input::App`](crate::Input::App).
    App(F),
    /// Something for the log.
    Log(Record),
    /// After [`Hub::shutdown`](crate::Hub::shutdown): no connection is left, or the deadline has passed.
    Drained,
}

/// Many may wait, so none is large: a record is boxed.
#[derive(Debug)]
pub(crate) enum Item<F> {
    Send { to: usize, frame: Frame },
    Close { conn: ConnId, code: u16, reason: Arc<str>, by: Time },
    Publish { topic: Arc<str>, message: Arc<[u8]> },
    Subscribe { topic: Arc<str>, after: Option<Position> },
    Unsubscribe { topic: Arc<str> },
    App(F),
    Log(Box<Record>),
    Drained,
}

/// Outputs that wait to be polled.
#[derive(Debug)]
pub(crate) struct Outbox<F> {
    items: VecDeque<Item<F>>,
    /// Receivers of all waiting sends, one after the other; those before `polled` are done with.
    to: Vec<ConnId>,
    polled: usize,
    /// What the latest output borrows from.
    held: Option<Item<()>>,
}

impl<F> Default for Outbox<F> {
    fn default() -> Self {
        Outbox { items: VecDeque::new(), to: Vec::new(), polled: 0, held: None }
    }
}

impl<F> Outbox<F> {
    pub(crate) fn push(&mut self, item: Item<F>) {
        self.items.push_back(item);
    }

    /// Queues a send of `frame` to those that `fill` appends; to nobody is no output. Returns how many they are.
    pub(crate) fn send(&mut self, frame: &Frame, fill: impl FnOnce(&mut Vec<ConnId>)) -> usize {
        self.reclaim();
        let before = self.to.len();
        fill(&mut self.to);
        let to = self.to.len() - before;
        if to > 0 {
            self.items.push_back(Item::Send { to, frame: frame.clone() });
        }
        to
    }

    /// Frees the receivers that are done with, so that the list stays as short as what waits.
    fn reclaim(&mut self) {
        if self.polled == self.to.len() {
            self.to.clear();
            self.polled = 0;
        } else if self.polled > 1_024 && self.polled > self.to.len() / 2 {
            self.to.drain(..self.polled);
            self.polled = 0;
        }
    }

    // A driver's turn stands in the program twice, with a journal and without; this is still worth more inside.
    #[inline(always)]
    pub(crate) fn poll(&mut self) -> Option<Output<'_, F>> {
        let item = match self.items.pop_front()? {
            Item::App(effect) => return Some(Output::App(effect)),
            Item::Log(record) => return Some(Output::Log(*record)),
            Item::Drained => return Some(Output::Drained),
            Item::Send { to, frame } => Item::Send { to, frame },
            Item::Close { conn, code, reason, by } => Item::Close { conn, code, reason, by },
            Item::Publish { topic, message } => Item::Publish { topic, message },
            Item::Subscribe { topic, after } => Item::Subscribe { topic, after },
            Item::Unsubscribe { topic } => Item::Unsubscribe { topic },
        };
        Some(match self.held.insert(item) {
            Item::Send { to, frame } => {
                let start = self.polled;
                self.polled += *to;
                Output::Send { to: &self.to[start..self.polled], frame }
            }
            Item::Close { conn, code, reason, by } => Output::Close { conn: *conn, code: *code, reason, by: *by },
            Item::Publish { topic, message } => Output::Publish { topic, message },
            Item::Subscribe { topic, after } => Output::Subscribe { topic, after: *after },
            Item::Unsubscribe { topic } => Output::Unsubscribe { topic },
            Item::App(()) | Item::Log(_) | Item::Drained => return None,
        })
    }
}
