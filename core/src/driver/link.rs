//! One accepted socket, from its first byte to its last.

use super::framer::Framer;
use super::guard::Guard;
use super::head::HeadParser;
use super::queue::OutQueue;
use crate::config::Limits;
use crate::id::ConnId;
use crate::request::Request;
use crate::timer::TimerKey;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

/// Names one accepted socket of one driver; never another one after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(super) ConnId);

impl LinkId {
    /// Its place in the driver's table: dense, and used again once the link is gone.
    pub fn index(self) -> usize {
        self.0.index()
    }

    /// The link as a number, for a log or a file.
    pub fn as_u64(self) -> u64 {
        self.0.as_u64()
    }

    /// The link that [`LinkId::as_u64`] gave; `None` for zero, which is none.
    pub const fn from_u64(number: u64) -> Option<LinkId> {
        match ConnId::from_u64(number) {
            Some(id) => Some(LinkId(id)),
            None => None,
        }
    }

    pub(crate) fn conn_id(self) -> ConnId {
        self.0
    }

    pub(crate) fn from_conn_id(id: ConnId) -> LinkId {
        LinkId(id)
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// No entry in the turn's list.
pub(super) const NONE: u32 = u32::MAX;

/// What the driver keeps of a socket. While it is idle, this and nothing else.
pub(super) struct Link {
    pub(super) phase: Phase,
    /// The link's one deadline.
    pub(super) timer: Option<TimerKey>,
    /// What the socket did not take at once.
    pub(super) queue: Option<Box<OutQueue>>,
    /// Frames of this turn: first and last entry in the turn's list.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Where its entry in the driver's report of what was written is, if it has one.
    pub(super) report: u32,
    /// Whether it is among those to be written to at the end of the turn.
    pub(super) dirty: bool,
    /// Whether the socket took less than it was offered, and has not said that it takes more.
    pub(super) blocked: bool,
}

/// Where a link stands.
pub(super) enum Phase {
    /// The head of its request is coming in.
    Head(Box<Head>),
    /// The body of its request is coming in.
    Body(Box<Body>),
    /// It is a WebSocket.
    Open(Open),
    /// Its last bytes go out, or have gone.
    Leaving(Leaving),
    /// Its socket is to be closed, at the end of this turn.
    Gone,
}

pub(super) struct Head {
    pub(super) peer: Option<SocketAddr>,
    pub(super) parser: HeadParser,
    pub(super) bytes: Vec<u8>,
}

pub(super) struct Body {
    /// Until it is answered.
    pub(super) request: Option<Request>,
    pub(super) bytes: Vec<u8>,
    pub(super) length: usize,
}

pub(super) struct Open {
    pub(super) conn: ConnId,
    pub(super) limits: Arc<Limits>,
    pub(super) guard: Guard,
    /// Only in the middle of a message.
    pub(super) framer: Option<Box<Framer>>,
    /// The peer has closed or broken a rule: what it sends from now on is thrown away. The hub lets out what waits, and
    /// asks for the close.
    pub(super) ended: bool,
    /// The peer has sent its last byte.
    pub(super) eof: bool,
}

/// The end of a link.
pub(super) struct Leaving {
    /// The connection that the hub still has to be told of.
    pub(super) conn: Option<ConnId>,
    pub(super) stage: Stage,
    /// Bytes that were read and thrown away.
    pub(super) discarded: usize,
    /// Reads close frames of a peer that is asked to close; `None` when nothing it says matters any more.
    pub(super) listening: Option<Box<(Guard, Arc<Limits>)>>,
    /// The peer has sent its last byte.
    pub(super) ended: bool,
}

/// How far a link is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The queue goes out.
    Flushing,
    /// The close frame went out; the peer's is awaited.
    Asked,
    /// Everything is said in both directions; the peer's end of the stream is awaited.
    Said,
}

impl Link {
    pub(super) fn new(peer: Option<SocketAddr>, parser: HeadParser) -> Link {
        Link {
            phase: Phase::Head(Box::new(Head { peer, parser, bytes: Vec::new() })),
            timer: None,
            queue: None,
            first: NONE,
            last: NONE,
            report: NONE,
            dirty: false,
            blocked: false,
        }
    }

    pub(super) fn queue(&mut self) -> &mut OutQueue {
        self.queue.get_or_insert_default()
    }

    /// Where its peer is, as long as its request is not answered.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match &self.phase {
            Phase::Head(head) => head.peer,
            Phase::Body(body) => body.request.as_ref().and_then(Request::peer),
            Phase::Open(_) | Phase::Leaving(_) | Phase::Gone => None,
        }
    }

    /// The connection that the hub knows this link by.
    pub(super) fn conn(&self) -> Option<ConnId> {
        match &self.phase {
            Phase::Open(open) => Some(open.conn),
            Phase::Leaving(leaving) => leaving.conn,
            Phase::Head(_) | Phase::Body(_) | Phase::Gone => None,
        }
    }
}

/// What a link's deadline is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deadline {
    /// The request has to be complete.
    Request,
    /// The message in progress has to be complete.
    Message,
    /// This stage of its end has to be over.
    Leave,
}

/// A deadline and its link.
pub(super) type Due = (LinkId, Deadline);
