//! What arrives: answers to requests, then frames and the messages that they make up, strictly
//! checked.

use std::time::Instant;

use super::client::{Client, Filled};
use super::reply::Reply;
use super::report::Failure;
use super::wire::{self, Received};

/// The two kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
}

/// What arrives on an upgraded connection. Pings of the server are answered and not reported.
#[derive(Debug)]
pub(super) enum Event {
    Message(Kind, Vec<u8>),
    Pong(Vec<u8>),
    /// The code, if any, and the reason.
    Close(Option<u16>, String),
    Ended,
    /// The end of the connection, inside of a frame.
    Cut,
}

impl Client {
    /// The next thing to arrive; `expected` is for the report if it is nothing, or nothing that may
    /// be.
    pub(super) fn next(&mut self, expected: &str) -> Result<Event, Failure> {
        let deadline = Instant::now() + self.patience();
        loop {
            if let Some(event) = self.ready(expected)? {
                return Ok(event);
            }
            let cut = self.inbox.len() - self.at;
            match self.fill(deadline) {
                Filled::Some => {}
                Filled::Late => return Err(self.late(expected)),
                Filled::Ended(_) if cut > 0 => {
                    self.seen.push(format!("which is {cut} bytes into a frame"));
                    return Ok(Event::Cut);
                }
                Filled::Ended(_) => return Ok(Event::Ended),
            }
        }
    }

    /// The next thing of what has arrived already.
    pub(super) fn ready(&mut self, expected: &str) -> Result<Option<Event>, Failure> {
        loop {
            let frame = wire::decode(&self.inbox[self.at..]);
            let Some((frame, length)) = frame.map_err(|wrong| self.wrong(wrong, expected))? else {
                return Ok(None);
            };
            self.at += length;
            let event = self.take(frame).map_err(|wrong| self.wrong(wrong, expected))?;
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    fn take(&mut self, frame: Received) -> Result<Option<Event>, String> {
        let Received { fin, opcode, payload } = frame;
        self.seen.push(format!("{} {}", wire::name(opcode), wire::show_payload(opcode, &payload)));
        if self.closed {
            return Err("a frame after the close frame".into());
        }
        match opcode {
            wire::PING => {
                self.send_pong(payload);
                Ok(None)
            }
            wire::PONG => Ok(Some(Event::Pong(payload))),
            wire::CLOSE => {
                self.closed = true;
                let (code, reason) = match payload.as_slice() {
                    [] => (None, &[][..]),
                    [high, low, reason @ ..] => (Some(u16::from_be_bytes([*high, *low])), reason),
                    [_] => return Err("a close frame of 1 byte".into()),
                };
                let reason = std::str::from_utf8(reason).map_err(|_| "a close reason that isn't UTF-8")?;
                Ok(Some(Event::Close(code, reason.to_owned())))
            }
            data => self.take_data(data, fin, &payload),
        }
    }

    fn take_data(&mut self, opcode: u8, fin: bool, payload: &[u8]) -> Result<Option<Event>, String> {
        let (kind, mut message) = match (opcode, self.partial.take()) {
            (wire::CONTINUATION, Some(partial)) => partial,
            (wire::TEXT, None) => (Kind::Text, Vec::new()),
            (wire::BINARY, None) => (Kind::Binary, Vec::new()),
            (wire::CONTINUATION, None) => return Err("a continuation of nothing".into()),
            _ => return Err("a new message inside of an unfinished one".into()),
        };
        message.extend_from_slice(payload);
        if !fin {
            self.partial = Some((kind, message));
            return Ok(None);
        }
        if kind == Kind::Text && std::str::from_utf8(&message).is_err() {
            return Err("a text that isn't UTF-8".into());
        }
        Ok(Some(Event::Message(kind, message)))
    }

    /// Reads the answer to a request.
    pub(super) fn reply(&mut self, expected: &str) -> Result<Reply, Failure> {
        let deadline = Instant::now() + self.patience();
        let mut ended = false;
        loop {
            let reply = Reply::parse(&self.inbox[self.at..], ended);
            if let Some((reply, length)) = reply.map_err(|wrong| self.wrong(wrong, expected))? {
                self.at += length;
                self.seen.push(reply.to_string());
                return Ok(reply);
            }
            if ended {
                return Err(self.fail(expected));
            }
            match self.fill(deadline) {
                Filled::Some => {}
                Filled::Late => return Err(self.late(expected)),
                Filled::Ended(_) => ended = true,
            }
        }
    }

    /// Reads the head of an answer from what has come.
    pub(super) fn reply_head(&mut self, expected: &str) -> Result<Reply, Failure> {
        let reply = Reply::parse_head(&self.inbox[self.at..]);
        let Some((reply, length)) = reply.map_err(|wrong| self.wrong(wrong, expected))? else {
            return Err(self.fail(expected));
        };
        self.at += length;
        self.seen.push(reply.to_string());
        Ok(reply)
    }
}
