//! The socket of a page ends for a reason.
//!
//! `docs/protocol.md`, "The close of a socket": "1000: the client asked for it", "1011: […] heard nothing for too long", "1013: the
//! client reads too slowly". Pages keep to the protocol, are authenticated for ever, and nobody shuts their server down: there is no
//! other reason, unless the clock jumps in the middle of a message. Known are what the server writes, whether sockets took it, and
//! what the page has done itself.

use super::{Check, Oracle, Silence, complain};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) struct Ends {
    /// So much may wait for a socket.
    waiting: usize,
    sockets: BTreeMap<u32, Socket>,
}

#[derive(Default)]
struct Socket {
    /// The latest write before this one, and the latest of all, has left something of its offer.
    was_short: bool,
    is_short: bool,
    /// A component of it was called or rendered since the latest turn.
    is_stirred: bool,
    /// So many bytes have come from its page since the latest turn.
    came: usize,
    /// By how much the clock has jumped since its page was heard.
    jumped: Duration,
    /// Its page was heard since the latest turn.
    is_heard: bool,
    /// The server knows that its peer is gone.
    is_lost: bool,
    /// Why it ended was seen.
    is_settled: bool,
}

/// Why a socket has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By its page's own doing.
    Own,
    Silent,
    /// Its socket did not take what it was to be told.
    Slow,
    /// More was made for it at once than may wait, or it has asked for more at once.
    Flooded,
    /// The clock has jumped in the middle of a message, which so has come too slowly.
    Jumped,
    /// Its socket did not even take the close frame: silent, or slow.
    Untold,
}

/// For a page less than this is made at one moment.
const AT_ONCE: usize = 512 << 10;

/// A page's message is answered with so many times its own bytes at most.
const ANSWERS: usize = 4;

/// A message has to be complete so soon after its first byte.
const MESSAGE: Duration = Duration::from_secs(30);

impl Ends {
    /// For sockets for which so many bytes may wait.
    pub(crate) fn new(waiting: usize) -> Ends {
        Ends { waiting, sockets: BTreeMap::new() }
    }

    /// Something was made for a session's page.
    pub(crate) fn stirred(&mut self, session: u32) {
        self.sockets.entry(session).or_default().is_stirred = true;
    }

    /// So many bytes have come from a session's page.
    pub(crate) fn came(&mut self, session: u32, bytes: usize) {
        let socket = self.sockets.entry(session).or_default();
        socket.is_heard = true;
        socket.came += bytes;
    }

    /// The clock has jumped.
    pub(crate) fn jumped(&mut self, by: Duration) {
        for socket in self.sockets.values_mut() {
            socket.jumped += by;
            // That was before this jump.
            socket.is_heard = false;
        }
    }

    /// The driver has had its turn.
    pub(crate) fn turned(&mut self) {
        for socket in self.sockets.values_mut() {
            (socket.is_stirred, socket.came) = (false, 0);
            // Until then, or until its socket takes something, what was decided before may not be written.
            if !socket.is_short && std::mem::take(&mut socket.is_heard) {
                socket.jumped = Duration::ZERO;
            }
        }
    }

    /// Something was written to a session's socket, which has left some of it, or not.
    pub(crate) fn wrote(&mut self, session: u32, is_short: bool) {
        let socket = self.sockets.entry(session).or_default();
        (socket.was_short, socket.is_short) = (socket.is_short, is_short);
    }

    /// The server has learned that the peer of a session is gone.
    pub(crate) fn lost(&mut self, session: u32) {
        self.sockets.entry(session).or_default().is_lost = true;
    }

    /// The close frame of a session was written. `has_left`: its page has said that it goes.
    pub(crate) fn said(
        &mut self,
        session: u32,
        code: u16,
        reason: &str,
        has_left: bool,
        silence: &Silence,
    ) -> Check<Option<End>> {
        let socket = self.sockets.entry(session).or_default();
        if std::mem::replace(&mut socket.is_settled, true) {
            return Ok(None);
        }
        let end = match code {
            1011 if silence.told(session, reason)? => Some(End::Silent),
            1013 if socket.was_short => Some(End::Slow),
            1013 if socket.is_stirred && self.waiting < AT_ONCE => Some(End::Flooded),
            1013 if socket.came * ANSWERS >= self.waiting => Some(End::Flooded),
            1008 if socket.jumped >= MESSAGE && reason.starts_with("message not complete in time") => Some(End::Jumped),
            // The server says after it what the page has said.
            1001 if has_left => Some(End::Own),
            _ => None,
        };
        match end {
            Some(end) => Ok(Some(end)),
            None => complain(Oracle::Lifecycle, format!("session {session} was closed for no reason: {code} {reason}")),
        }
    }

    /// The server has closed the socket of a session that was open.
    pub(crate) fn closed(&mut self, session: u32, has_left: bool) -> Check<Option<End>> {
        match self.sockets.remove(&session) {
            Some(socket) if socket.is_settled => Ok(None),
            Some(socket) if socket.is_lost || has_left => Ok(Some(End::Own)),
            Some(socket) if socket.is_short => Ok(Some(End::Untold)),
            _ => complain(Oracle::Lifecycle, format!("the socket of session {session} was closed without a word")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli::{Heartbeat, Time};

    fn said(ends: &mut Ends, code: u16, reason: &str, has_left: bool) -> Option<End> {
        let mut silence = Silence::default();
        let second = Duration::from_secs(1);
        silence.connected(Time::ZERO, 1, Heartbeat { every: second, timeout: second });
        silence.due(Time::ZERO + 2 * second);
        ends.said(1, code, reason, has_left, &silence).ok().flatten()
    }

    #[test]
    fn a_close_has_a_reason() {
        let ends = |writes: &[bool]| {
            let mut ends = Ends::new(1 << 20);
            writes.iter().for_each(|is_short| ends.wrote(1, *is_short));
            ends
        };
        let silent = "Nothing was heard for too long, not even the answer to a ping";
        assert_eq!(said(&mut ends(&[]), 1011, silent, false), Some(End::Silent));
        assert_eq!(said(&mut ends(&[true, false]), 1013, "", false), Some(End::Slow));
        assert_eq!(said(&mut ends(&[]), 1001, "", true), Some(End::Own));
        let mut flooded = Ends::new(2_000);
        flooded.stirred(1);
        assert_eq!(said(&mut flooded, 1013, "", false), Some(End::Flooded));
        for (bytes, end) in [(500, Some(End::Flooded)), (499, None)] {
            let mut asked = Ends::new(2_000);
            asked.came(1, bytes);
            assert_eq!(said(&mut asked, 1013, "", false), end, "{bytes}");
        }
        let mut jumped = ends(&[false]);
        jumped.jumped(MESSAGE);
        assert_eq!(said(&mut jumped, 1008, "message not complete in time", false), Some(End::Jumped));
        let mut jumped = ends(&[false]);
        jumped.came(1, 10);
        jumped.jumped(MESSAGE / 2);
        jumped.turned();
        jumped.jumped(MESSAGE / 2);
        assert_eq!(
            said(&mut jumped, 1008, "message not complete in time", false),
            Some(End::Jumped),
            "begun before both"
        );
        for (code, reason) in [(1011, "Internal server error"), (1013, ""), (1001, ""), (1002, ""), (1000, "")] {
            assert_eq!(said(&mut ends(&[true, false, false]), code, reason, false), None, "{code}");
        }
    }

    #[test]
    fn a_socket_is_not_closed_without_a_word() {
        let closed = |is_short, has_left| {
            let mut ends = Ends::new(1 << 20);
            ends.wrote(1, is_short);
            ends.closed(1, has_left).ok().flatten()
        };
        assert_eq!((closed(false, false), closed(false, true)), (None, Some(End::Own)));
        assert_eq!(closed(true, false), Some(End::Untold));
    }
}
