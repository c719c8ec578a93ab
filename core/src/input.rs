//! What the driver tells the hub.

use crate::frame::Frame;
use crate::id::ConnId;
use crate::rooms::Position;
use alloc::string::String;
use alloc::vec::Vec;

/// One thing that happened outside the core.
#[derive(Debug)]
pub enum Input<'a, E> {
    /// The upgrade of an accepted request went out.
    Opened {
        /// Which connection.
        conn: ConnId,
    },
    /// A whole message came in.
    Message {
        /// From whom.
        conn: ConnId,
        /// What.
        message: Message<'a>,
    },
    /// A ping came in; the driver answers it.
    Ping {
        /// From whom.
        conn: ConnId,
        /// What it carried.
        bytes: &'a [u8],
    },
    /// A pong came in.
    Pong {
        /// From whom.
        conn: ConnId,
        /// What it carried.
        bytes: &'a [u8],
    },
    /// A sign of life that is none of the above: part of a message came in, or a peer that took nothing takes bytes again.
    Alive {
        /// Of whom.
        conn: ConnId,
    },
    /// Wire bytes of hub frames that were written since the last report, for any number of connections.
    Sent(&'a [(ConnId, u32)]),
    /// The peer has closed the connection with a close frame, or broken a rule: its end is decided. What is queued for it
    /// goes first, for a while; then the hub asks for the close, with the same code and reason.
    Ended {
        /// Which connection.
        conn: ConnId,
        /// The peer's code, or the rule's; `None` if the close frame was empty, and then 1005 is asked for.
        code: Option<u16>,
        /// The peer's reason, or the rule's.
        reason: &'a str,
    },
    /// The connection has ended; exactly once for each one that was opened, failed upgrades included.
    Closed {
        /// Which connection.
        conn: ConnId,
        /// How.
        cause: Cause<'a>,
    },
    /// A subscription holds from this position on: what is published after it comes in.
    Subscribed {
        /// To which topic.
        topic: &'a str,
        /// The latest publication that came before it.
        position: Position,
    },
    /// A publication came in from the backplane, this hub's own included.
    Published {
        /// Under which topic.
        topic: &'a str,
        /// Where in its order.
        position: Position,
        /// What a hub had published.
        message: &'a [u8],
    },
    /// The backplane came or went.
    Backplane(Link),
    /// An answer to an effect, or an event of the application's domain.
    App(E),
    /// A send from outside a callback.
    Command(Command),
}

/// A whole message of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// UTF-8 text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl Message<'_> {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// The peer closed it with a close frame.
    Peer {
        /// Its code; `None` if the frame was empty.
        code: Option<u16>,
        /// Its reason.
        reason: &'a str,
    },
    /// The driver closed it because the peer broke the protocol or a limit.
    Violation {
        /// The code that the peer was sent.
        code: u16,
        /// The reason that the peer was sent.
        reason: &'a str,
    },
    /// It was lost without a close frame, or the upgrade failed.
    Lost,
    /// The hub had asked for it, and it is done.
    Done,
}

impl<'a> Cause<'a> {
    /// The code and reason that [`Channel::on_close`](crate::Channel::on_close) gets.
    pub(crate) fn told(self) -> (u16, &'a str) {
        match self {
            Cause::Peer { code, reason } => (code.unwrap_or(1005), reason),
            Cause::Violation { code, reason } => (code, reason),
            Cause::Lost | Cause::Done => (1006, ""),
        }
    }
}

/// Whether the backplane can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It can; subscriptions start anew.
    Up,
    /// It cannot; what would be published waits.
    Lost,
}

impl Command {
    /// A send without exceptions.
    pub fn send(to: Receivers, frame: Frame) -> Command {
        Command::Send { to, except: Vec::new(), except_users: Vec::new(), frame }
    }

    /// A send to all of `to` but these connections.
    pub fn send_except(to: Receivers, except: Vec<ConnId>, frame: Frame) -> Command {
        Command::Send { to, except, except_users: Vec::new(), frame }
    }
}

/// Who gets a send from outside a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receivers {
    /// One connection.
    Conn(ConnId),
    /// Everyone in any of these rooms, each connection once.
    Rooms(Vec<String>),
    /// Every connection of these users, each once.
    Users(Vec<String>),
    /// Every open connection.
    All,
}

/// A send from outside a callback: what a [`Handle`](crate::Handle) hands over.
#[derive(Clone, Debug)]
pub enum Command {
    /// Send a frame.
    Send {
        /// To whom.
        to: Receivers,
        /// Connections that get none.
        except: Vec<ConnId>,
        /// Users whose connections get none.
        except_users: Vec<String>,
        /// What.
        frame: Frame,
    },
    /// Close all connections of a user. A code that may not be sent becomes 1000.
    CloseUser {
        /// Whose.
        user: String,
        /// The code.
        code: u16,
        /// The reason, cut to 123 bytes.
        reason: String,
    },
    /// Close a connection. A code that may not be sent becomes 1000.
    Close {
        /// Which one.
        conn: ConnId,
        /// The code.
        code: u16,
        /// The reason, cut to 123 bytes.
        reason: String,
    },
}
