//! What is held for one connection has an end.

use super::{Check, Oracle, complain};

/// What may stand in an out-queue beside frames of the hub and pongs: an answer to a handshake and a close frame.
const BESIDE: usize = 2_048;

/// The longest pong.
const PONG: usize = 127;

/// What may be held for one connection.
pub(crate) struct Bounds {
    window: usize,
    beside: usize,
}

impl Bounds {
    /// For a window of so many bytes, and peers that may send so many pings at once.
    pub(crate) fn new(window: u32, pings: u32) -> Bounds {
        Bounds { window: window as usize, beside: BESIDE + PONG * pings as usize }
    }

    /// The driver offered so many bytes to a socket at once; `largest` is the largest frame that the connection had.
    pub(crate) fn offered(&self, session: u32, bytes: usize, largest: usize) -> Check {
        let most = self.window.max(largest) + self.beside;
        if bytes <= most {
            return Ok(());
        }
        complain(Oracle::Bounds, format!("the driver held {bytes} bytes for session {session}, more than {most}"))
    }

    /// So many bytes wait in the hub for a connection.
    pub(crate) fn waiting(&self, session: u32, bytes: usize, limit: usize) -> Check {
        if bytes <= limit {
            return Ok(());
        }
        complain(Oracle::Bounds, format!("{bytes} bytes wait for session {session}, more than its limit of {limit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_inclusive() {
        let bounds = Bounds::new(100, 2);
        let beside = BESIDE + 2 * PONG;
        assert!(bounds.waiting(0, 10, 10).is_ok() && bounds.waiting(0, 11, 10).is_err());
        assert!(bounds.offered(0, 100 + beside, 50).is_ok() && bounds.offered(0, 101 + beside, 50).is_err());
        assert!(bounds.offered(0, 101 + beside, 101).is_ok(), "one large frame is always let through");
    }
}
