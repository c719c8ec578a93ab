//! Frames as a client reads them, strictly.

use super::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use std::ops::Range;

/// What a server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The close frame, the last that a server may send.
    Close(Option<u16>, &'a str),
}

/// Makes messages of the bytes that a server sent.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    /// What of `bytes` has been read.
    read: usize,
    /// The opcode of the fragmented message in progress, and what it has so far.
    message: Option<u8>,
    parts: Vec<u8>,
    closed: bool,
}

/// A frame: opcode, whether it is final, and where in the buffer its payload is.
type Frame = (u8, bool, Range<usize>);

impl Reader {
    /// Takes in bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, if it is complete.
    ///
    /// # Errors
    /// In words, what a server must not send.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming<'_>>, String> {
        loop {
            let Some((opcode, last, payload)) = self.frame()? else { return Ok(None) };
            self.read = payload.end;
            match opcode {
                CLOSE => return self.close(payload).map(Some),
                PING => return Ok(Some(Incoming::Ping(&self.bytes[payload]))),
                PONG => return Ok(Some(Incoming::Pong(&self.bytes[payload]))),
                TEXT | BINARY if self.message.is_some() => return Err("a message inside a message".into()),
                TEXT | BINARY if last => return message(opcode, &self.bytes[payload]).map(Some),
                TEXT | BINARY => {
                    self.message = Some(opcode);
                    self.parts.clear();
                    self.parts.extend_from_slice(&self.bytes[payload]);
                }
                _ => {
                    let kind = self.message.ok_or("a continuation of nothing")?;
                    self.parts.extend_from_slice(&self.bytes[payload]);
                    if last {
                        self.message = None;
                        return message(kind, &self.parts).map(Some);
                    }
                }
            }
        }
    }

    fn frame(&self) -> Result<Option<Frame>, String> {
        let rest = &self.bytes[self.read..];
        if self.closed && !rest.is_empty() {
            return Err("bytes after the close frame".into());
        }
        let &[first, second, ..] = rest else { return Ok(None) };
        let (opcode, last) = (first & 0x0f, first & FIN != 0);
        let control = opcode & 8 != 0;
        if first & 0x70 != 0 || !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            return Err(format!("a frame that begins with {first:#04x}"));
        }
        if second & 0x80 != 0 {
            return Err("a masked frame from a server".into());
        }
        if control && (!last || second > 125) {
            return Err("a control frame that is fragmented or too long".into());
        }
        let (header, length) = match second {
            126 => match rest.get(2..4) {
                Some(&[a, b]) => (4, usize::from(u16::from_be_bytes([a, b]))),
                _ => return Ok(None),
            },
            127 => match rest.get(2..10).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) {
                Some(bytes) => (10, usize::try_from(u64::from_be_bytes(bytes)).map_err(|_| "an absurd length")?),
                None => return Ok(None),
            },
            length => (2, usize::from(length)),
        };
        if header == 4 && length < 126 || header == 10 && length < 0x1_0000 {
            return Err("a length in more bytes than it needs".into());
        }
        let start = self.read + header;
        let end = start.checked_add(length).ok_or("an absurd length")?;
        Ok((end <= self.bytes.len()).then_some((opcode, last, start..end)))
    }

    fn close(&mut self, payload: Range<usize>) -> Result<Incoming<'_>, String> {
        self.closed = true;
        match &self.bytes[payload] {
            [] => Ok(Incoming::Close(None, "")),
            [_] => Err("a close frame of one byte".into()),
            [a, b, reason @ ..] => {
                let reason = str::from_utf8(reason).map_err(|_| "a close reason that is no UTF-8")?;
                Ok(Incoming::Close(Some(u16::from_be_bytes([*a, *b])), reason))
            }
        }
    }
}

fn message(opcode: u8, payload: &[u8]) -> Result<Incoming<'_>, String> {
    if opcode == BINARY {
        return Ok(Incoming::Binary(payload));
    }
    str::from_utf8(payload).map(Incoming::Text).map_err(|_| "a text message that is no UTF-8".into())
}
