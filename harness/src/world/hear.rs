//! What clients read, and how they answer.

use super::World;
use super::visit::Talk;
use crate::codec::{Answer, Incoming};
use crate::net::Peer;
use crate::oracle::{Check, Oracle, complain};
use crate::trace::{bytes as digest, mix};
use lazuli::Kind;
use tungstenite::handshake::derive_accept_key;

/// What a client has read and has to answer.
enum Reply {
    Nothing,
    Pong(Vec<u8>),
    Close(Option<u16>),
}

impl World {
    /// A client reads what has come.
    pub(super) fn read(&mut self, link: usize) -> Check {
        let mut bytes = std::mem::take(&mut self.buffer);
        let ended = self.net.take_down(link, &mut bytes);
        let session = self.net.links[link].session;
        let result = if bytes.is_empty() || self.is_away(session) { Ok(()) } else { self.hear(session, &bytes) };
        self.buffer = bytes;
        result?;
        if ended && !self.is_away(session) { self.stream_ended(session) } else { Ok(()) }
    }

    fn hear(&mut self, session: u32, bytes: &[u8]) -> Check {
        self.net.kernel.step("read", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes by session {session}", bytes.len())
        });
        let visit = &mut self.visits[session as usize];
        match &mut visit.talk {
            Talk::Open => visit.frames.feed(bytes),
            Talk::Reading { body, .. } => {
                body.extend_from_slice(bytes);
                return Ok(());
            }
            Talk::Over => return Ok(()),
            Talk::Asking => match visit.answer.feed(bytes) {
                Ok(None) => return Ok(()),
                Ok(Some((answer, rest))) => self.hear_answer(session, &answer, &rest)?,
                Err(what) => return complain(Oracle::Delivery, format!("session {session} read {what}")),
            },
        }
        self.hear_frames(session)
    }

    fn hear_answer(&mut self, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        self.net.kernel.step("answer", u64::from(answer.status), || format!("to session {session}: {answer:?}"));
        self.model.answered(session, answer)?;
        let visit = &mut self.visits[session as usize];
        if answer.status != 101 {
            let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
            visit.talk = Talk::Reading { length, body: rest.to_vec() };
            visit.quiet = true;
            return Ok(());
        }
        let right = derive_accept_key(visit.key.as_bytes());
        if answer.headers.get("sec-websocket-accept") != Some(&right) {
            return complain(Oracle::Delivery, format!("session {session} got a wrong accept key: {answer:?}"));
        }
        visit.talk = Talk::Open;
        visit.frames.feed(rest);
        Ok(())
    }

    fn hear_frames(&mut self, session: u32) -> Check {
        while matches!(self.visits[session as usize].talk, Talk::Open) {
            match self.hear_frame(session)? {
                None => break,
                Some(Reply::Nothing) => {}
                Some(Reply::Pong(payload)) => self.pong(session, &payload),
                Some(Reply::Close(code)) => {
                    self.visits[session as usize].heard_close = true;
                    self.send_close(session, code, "");
                }
            }
        }
        Ok(())
    }

    fn hear_frame(&mut self, session: u32) -> Check<Option<Reply>> {
        let now = self.net.kernel.now;
        let blocked = self.net.links[self.visits[session as usize].link].was_blocked;
        let incoming = match self.visits[session as usize].frames.next() {
            Ok(Some(incoming)) => incoming,
            Ok(None) => return Ok(None),
            Err(what) => return complain(Oracle::Lifecycle, format!("session {session} read {what}")),
        };
        self.net.kernel.step("heard", u64::from(session), || format!("by session {session}: {incoming:.80?}"));
        let reply = match incoming {
            Incoming::Text(text) => {
                self.order.received(session, text)?;
                self.model.received(session, Kind::Text, text.as_bytes())?;
                self.views.received(session, text)?;
                Reply::Nothing
            }
            Incoming::Binary(bytes) => {
                self.model.received(session, Kind::Binary, bytes)?;
                Reply::Nothing
            }
            Incoming::Ping(bytes) => {
                self.model.received(session, Kind::Ping, bytes)?;
                Reply::Pong(bytes.to_vec())
            }
            Incoming::Pong(bytes) => {
                self.model.ponged(session, bytes, blocked)?;
                Reply::Nothing
            }
            Incoming::Close(code, reason) => {
                self.model.closed(now, session, code, reason)?;
                Reply::Close(code)
            }
        };
        Ok(Some(reply))
    }

    /// A client has read everything that the server will ever send.
    fn stream_ended(&mut self, session: u32) -> Check {
        self.net.kernel.step("stream end", session.into(), || format!("read by session {session}"));
        let visit = &mut self.visits[session as usize];
        let link = visit.link;
        let brisk = self.net.links[link].brisk;
        match std::mem::replace(&mut visit.talk, Talk::Over) {
            Talk::Open if !visit.heard_close => self.model.cut_off(session, brisk)?,
            Talk::Asking if brisk => {
                return complain(Oracle::Delivery, format!("the stream of session {session} ended without an answer"));
            }
            Talk::Reading { length, body } if brisk => {
                if length.is_some_and(|length| length != body.len()) {
                    let sentence = format!("session {session} read {} bytes of a body, and not {length:?}", body.len());
                    return complain(Oracle::Delivery, sentence);
                }
                self.model.page_came(session, &body)?;
            }
            _ => {}
        }
        self.net.finish(link);
        Ok(())
    }

    /// A reset reaches a client: what it has not read is lost.
    pub(super) fn client_reset(&mut self, link: usize) -> Check {
        let session = self.net.links[link].session;
        if !self.is_away(session) {
            self.net.kernel.step("client reset", session.into(), || format!("session {session}"));
            self.net.links[link].peer = Peer::Gone;
            self.net.links[link].down.clear();
            self.visits[session as usize].talk = Talk::Over;
        }
        Ok(())
    }
}
