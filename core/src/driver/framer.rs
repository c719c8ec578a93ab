//! tungstenite, fed by hand.
//!
//! It reads from memory what the guard has let through, and never writes: pongs and close frames are the driver's, so that
//! one queue decides the order on the wire. Between messages a framer holds nothing of a connection, and serves the next.

use std::io::{self, Read, Write};
use std::vec::Vec;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

/// What tungstenite takes for a socket.
#[derive(Debug, Default)]
struct Feed {
    input: Vec<u8>,
    read: usize,
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.input.get(self.read..).unwrap_or_default();
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes messages of bytes.
#[derive(Debug)]
pub(super) struct Framer {
    socket: WebSocket<Feed>,
    /// The largest message so far, which tells how much memory the buffer holds on to.
    largest: usize,
}

/// A framer in the middle of a message holds a buffer of at least this many bytes.
const BUFFER: usize = 4 << 10;

/// Memory for messages that has grown larger than this is not kept.
pub(super) const KEPT: usize = 64 << 10;

impl Framer {
    pub(super) fn new() -> Framer {
        // Sizes are the guard's to check, before a byte comes here.
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(None)
            .max_frame_size(None);
        Framer { socket: WebSocket::from_raw_socket(Feed::default(), Role::Server, Some(config)), largest: 0 }
    }

    /// Hands over bytes; [`Framer::next`] gives what becomes of them.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let feed = self.socket.get_mut();
        feed.input.clear();
        feed.read = 0;
        feed.input.extend_from_slice(bytes);
    }

    /// Whether it is worth keeping for another connection: its buffer has not grown too large.
    pub(super) fn is_small(&self) -> bool {
        self.largest <= KEPT
    }

    /// The next message; `None` when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Error> {
        match self.socket.read() {
            Ok(message) => {
                self.largest = self.largest.max(message.len());
                Ok(Some(message))
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}
