//! One socket of a client and one of the server, and the two streams between them.

use super::pipe::Pipe;
use super::wire::Wire;
use lazuli::Time;
use lazuli::driver::LinkId;

/// What the server has done with its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// It has not accepted it yet.
    Waiting,
    /// It reads and writes.
    Open,
    /// It writes nothing more.
    Ended,
    /// It has closed it.
    Closed,
}

/// What the client has done with its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// It reads and writes.
    Open,
    /// It writes nothing more.
    Finished,
    /// It is away without a word: nothing is read, nothing is said.
    Vanished,
    /// It has closed it, or the link is broken.
    Gone,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: u32,
    pub(crate) id: Option<LinkId>,
    pub(crate) server: Server,
    pub(crate) peer: Peer,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    /// What the server writes, followed frame by frame.
    pub(crate) wire: Wire,
    /// The server's socket took less than it was offered, and has not said that it takes more.
    pub(crate) blocked: bool,
    /// It ever did.
    pub(crate) was_blocked: bool,
    /// How much of what the server offered last its socket did not take.
    pub(crate) owed: usize,
    /// A reset has reached the server: writing fails.
    pub(crate) broken: bool,
    /// Until when the client does not read.
    pub(crate) stalled: Time,
    /// The client reads little at a time.
    pub(crate) slow: bool,
    /// No fault has touched it: whatever the server says in good time arrives in good time.
    pub(crate) brisk: bool,
    /// When what the client sent last arrives.
    pub(super) latest_up: Time,
    pub(super) up_due: bool,
    pub(super) down_due: bool,
    pub(crate) writable_due: bool,
    pub(super) rejected: bool,
}

impl Link {
    pub(super) fn new(session: u32, slow: bool, brisk: bool) -> Link {
        Link {
            session,
            id: None,
            server: Server::Waiting,
            peer: Peer::Open,
            up: Pipe::default(),
            down: Pipe::default(),
            wire: Wire::default(),
            blocked: false,
            owed: 0,
            was_blocked: false,
            broken: false,
            stalled: Time::ZERO,
            slow,
            brisk,
            latest_up: Time::ZERO,
            up_due: false,
            down_due: false,
            writable_due: false,
            rejected: false,
        }
    }
}
