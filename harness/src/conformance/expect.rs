//! What a case demands of the server, each demand with the words for its failure.

use std::time::{Duration, Instant};

use super::client::{Client, End, Filled};
use super::inbound::{Event, Kind};
use super::reply::Reply;
use super::wire::{Frame, KEYS, show};
use super::{Outcome, Target, report::Failure};

/// After its close frame, how long a server may take to end the connection before the client
/// answers the frame.
const GRACE: Duration = Duration::from_millis(200);

/// The share of the patience within which what must come soon has to come: a second of ten.
const SOON: u32 = 10;

/// What has to come soon, and takes as long as `attempt` says on its client, did so once in three
/// times: a busy machine is forgiven, a server that is always late isn't. Each attempt gets its
/// number.
pub(super) fn soon(
    target: &Target,
    expected: &str,
    attempt: impl Fn(usize) -> Result<(Client, Duration), Failure>,
) -> Outcome {
    let bound = target.patience / SOON;
    let mut result = Ok(());
    for number in 0..3 {
        let (mut client, took) = attempt(number)?;
        if took <= bound {
            return Ok(());
        }
        result =
            Err(client.wrong(format!("it {took:.0?} late, as the times before"), &format!("{expected}, in {bound:?}")));
    }
    result
}

impl Client {
    /// A right answer to an upgrade with the first of the keys.
    pub(super) fn upgraded(&mut self) -> Result<Reply, Failure> {
        self.upgraded_with(KEYS[0].1)
    }

    /// A right answer to an upgrade, with this `Sec-WebSocket-Accept`.
    pub(super) fn upgraded_with(&mut self, accept: &str) -> Result<Reply, Failure> {
        let expected = format!(
            "HTTP status 101, upgrade: websocket, connection: upgrade, \
             sec-websocket-accept: {accept}"
        );
        let reply = self.reply(&expected)?;
        let right = reply.status == 101
            && reply.lists("upgrade", "websocket")
            && reply.lists("connection", "upgrade")
            && reply.field("sec-websocket-accept") == Some(accept);
        if right { Ok(reply) } else { Err(self.fail(expected)) }
    }

    /// An answer with one of these statuses.
    pub(super) fn status(&mut self, allowed: &[u16]) -> Result<Reply, Failure> {
        let expected = format!("HTTP status {}", any_of(allowed));
        let reply = self.reply(&expected)?;
        if allowed.contains(&reply.status) { Ok(reply) } else { Err(self.fail(expected)) }
    }

    /// An answer with one of these statuses, and then an orderly end: nothing else is answered.
    pub(super) fn refused(&mut self, allowed: &[u16]) -> Outcome {
        self.status(allowed)?;
        let expected = format!("HTTP status {}, then the end of the stream", any_of(allowed));
        self.ends(&expected)
    }

    /// An answer with one of these statuses and without a body, whatever length it declares, then
    /// the end of the stream.
    pub(super) fn refused_without_body(&mut self, allowed: &[u16]) -> Outcome {
        let expected = format!("HTTP status {}, no body, the end of the stream", any_of(allowed));
        let deadline = Instant::now() + self.patience();
        while let Filled::Some = self.fill(deadline) {}
        let reply = self.reply_head(&expected)?;
        match allowed.contains(&reply.status) && self.unread() == 0 {
            true => Ok(()),
            false => Err(self.fail(expected)),
        }
    }

    /// The end of the stream and nothing before it; not a reset.
    pub(super) fn ends(&mut self, expected: &str) -> Outcome {
        match self.end(expected, false)? {
            End::Eof => Ok(()),
            End::Reset => Err(self.fail(expected)),
        }
    }

    /// The end of the connection, whatever comes before it, in order or by a reset.
    pub(super) fn gone(&mut self, expected: &str) -> Outcome {
        let deadline = Instant::now() + self.patience();
        loop {
            self.skip();
            match self.fill(deadline) {
                Filled::Some => {}
                Filled::Late => return Err(self.late(expected)),
                Filled::Ended(_) => return Ok(()),
            }
        }
    }

    /// This message, next.
    pub(super) fn echoed(&mut self, kind: Kind, payload: &[u8]) -> Outcome {
        let expected = format!("the same message back, {kind:?} {}", show(payload));
        loop {
            match self.next(&expected)? {
                Event::Pong(_) => {}
                Event::Message(k, p) if k == kind && p == payload => return Ok(()),
                _ => return Err(self.fail(expected)),
            }
        }
    }

    /// This text, next.
    pub(super) fn told(&mut self, text: &str) -> Outcome {
        let expected = format!("text \"{text}\"");
        loop {
            match self.next(&expected)? {
                Event::Pong(_) => {}
                Event::Message(Kind::Text, payload) if payload == text.as_bytes() => return Ok(()),
                _ => return Err(self.fail(expected)),
            }
        }
    }

    /// A text of any content.
    pub(super) fn answered(&mut self) -> Outcome {
        let expected = "an answer, as a text";
        loop {
            match self.next(expected)? {
                Event::Message(Kind::Text, _) => return Ok(()),
                Event::Pong(_) => {}
                _ => return Err(self.fail(expected)),
            }
        }
    }

    /// A pong with this payload. Others, which nobody asked for, are allowed and say nothing.
    pub(super) fn pong(&mut self, payload: &[u8]) -> Outcome {
        let expected = format!("pong {}", show(payload));
        loop {
            match self.next(&expected)? {
                Event::Pong(p) if p == payload => return Ok(()),
                Event::Pong(_) => {}
                Event::Message(..) if self.is_talkative() => {}
                _ => return Err(self.fail(expected)),
            }
        }
    }

    /// The connection still works, which a ping shows.
    pub(super) fn still_open(&mut self) -> Outcome {
        self.send_frame(&Frame::ping("still there?"));
        self.pong(b"still there?")
    }

    /// A close frame with one of these codes, then an orderly end of the stream.
    pub(super) fn closed(&mut self, codes: &[u16]) -> Outcome {
        let expected = format!("close frame with {}, then the end of the stream", any_of(codes));
        self.close_frame(codes, &expected)?;
        match self.end(&expected, true)? {
            End::Eof => Ok(()),
            End::Reset => Err(self.fail(expected)),
        }
    }

    /// The same, of a client that never answers the close frame.
    pub(super) fn closed_unanswered(&mut self, codes: &[u16]) -> Outcome {
        let expected = format!("close frame with {}, then the end of the stream", any_of(codes));
        self.close_frame(codes, &expected)?;
        self.ends(&expected)
    }

    /// A close frame with one of these codes, however the stream then ends.
    pub(super) fn close_frame(&mut self, codes: &[u16], expected: &str) -> Outcome {
        loop {
            match self.next(expected)? {
                Event::Message(..) if self.is_talkative() => {}
                Event::Close(Some(code), _) if codes.contains(&code) => return Ok(()),
                _ => return Err(self.fail(expected)),
            }
        }
    }

    /// The answer to the client's own close frame: `code` and, if the server repeats a reason, this
    /// one. Then it is the server that ends the stream.
    pub(super) fn close_answered(&mut self, code: u16, reason: &str) -> Outcome {
        let expected = format!("close frame with {code} in answer, then the end of the stream");
        match self.next(&expected)? {
            Event::Close(Some(c), r) if c == code && (r == reason || r.is_empty()) => self.ends(&expected),
            _ => Err(self.fail(expected)),
        }
    }

    /// The answer to a close frame without a code: none either, or 1000.
    pub(super) fn close_answered_plainly(&mut self) -> Outcome {
        let expected = "close frame without a code or with 1000, then the end of the stream";
        match self.next(expected)? {
            Event::Close(None | Some(1000), _) => self.ends(expected),
            _ => Err(self.fail(expected)),
        }
    }

    /// Waits for the end; any byte before it is wrong. If the server has sent a close frame and
    /// waits for an answer before it ends the stream, it gets one if `answering`.
    fn end(&mut self, expected: &str, mut answering: bool) -> Result<End, Failure> {
        let patience = if answering { GRACE } else { self.patience() };
        let mut deadline = Instant::now() + patience;
        loop {
            if self.unread() > 0 {
                return Err(self.fail(expected));
            }
            match self.fill(deadline) {
                Filled::Some => {}
                Filled::Ended(end) => return Ok(end),
                Filled::Late if answering => {
                    answering = false;
                    self.answer_close();
                    deadline = Instant::now() + self.patience();
                }
                Filled::Late => return Err(self.late(expected)),
            }
        }
    }
}

fn any_of(codes: &[u16]) -> String {
    codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}
