//! Bytes on their way in: head, body, frames.

use super::guard::{Guard, Violation};
use super::head::{self, Reject};
use super::link::{Body, Deadline, LinkId, Open, Phase};
use super::response::{self, Response};
use super::run::Driver;
use super::whole::Whole;
use crate::channel::App;
use crate::grow;
use crate::hub::Hub;
use crate::id::ConnId;
use crate::input::{Input, Message};
use crate::journal::Entry;
use crate::log::Level;
use crate::request::{Method, Request};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::mem;
use tungstenite::handshake::derive_accept_key;

impl<A: App> Driver<A> {
    /// Bytes came in.
    pub fn receive(&mut self, now: Time, link: LinkId, bytes: &[u8]) {
        self.note(now, || Entry::Received { link, bytes });
        self.advance(now);
        self.take(link, bytes);
    }

    #[inline]
    fn take(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(found) = self.links.get_mut(link.0) else { return };
        match &mut found.phase {
            Phase::Gone => {}
            Phase::Open(open) if open.ended => {}
            Phase::Open(_) => self.receive_frames(link, bytes),
            Phase::Leaving(_) => self.receive_late(link, bytes),
            Phase::Head(head) => {
                // The parser stops at its limit; what it has not looked at by then is not needed.
                let room = (self.settings.head.bytes + 1).saturating_sub(head.bytes.len());
                let (taken, rest) = bytes.split_at(room.min(bytes.len()));
                head.bytes.extend_from_slice(taken);
                self.receive_head(link, rest);
            }
            Phase::Body(body) => {
                let missing = body.length - body.bytes.len();
                body.bytes.extend_from_slice(&bytes[..missing.min(bytes.len())]);
                self.receive_body(link);
            }
        }
    }

    fn receive_head(&mut self, link: LinkId, rest: &[u8]) {
        let Some(Phase::Head(head)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        match head.parser.parse(&head.bytes, head.peer) {
            Ok(None) => {}
            Err(reject) => self.reject(link, reject),
            Ok(Some(head::Head::Upgrade { request, key, used })) => {
                let early = mem::take(&mut head.bytes);
                if self.upgrade(link, request, &key) {
                    // A client may send its first frames without waiting for the answer.
                    self.take(link, early.get(used..).unwrap_or_default());
                    self.take(link, rest);
                }
            }
            Ok(Some(head::Head::Plain { request, used, body: length })) => {
                let mut bytes = mem::take(&mut head.bytes).split_off(used);
                bytes.extend_from_slice(rest);
                bytes.truncate(length);
                if let Some(found) = self.links.get_mut(link.0) {
                    found.phase = Phase::Body(Box::new(Body { request: Some(request), bytes, length }));
                    self.receive_body(link);
                }
            }
        }
    }

    fn receive_body(&mut self, link: LinkId) {
        let Some(Phase::Body(body)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        if body.bytes.len() < body.length {
            return;
        }
        let Some(request) = body.request.take() else { return };
        let request = request.with_body(mem::take(&mut body.bytes));
        let head_only = request.method() == Method::Head;
        let response = self.hub.respond(self.now, request);
        self.answer(link, &response, head_only);
    }

    fn reject(&mut self, link: LinkId, reject: Reject) {
        let peer = self.peer(link);
        self.hub.log_peer(Level::Debug, "bad request", None, peer, || reject.message.into());
        self.answer(link, &Response::from(&reject), false);
    }

    /// Sends the answer to a plain request, and the link on its way out.
    fn answer(&mut self, link: LinkId, response: &Response, head_only: bool) {
        let by = self.now + self.settings.answer_time;
        self.leave(link, None, response.encode(head_only), by);
    }

    /// Asks the hub, and answers; whether the link is a WebSocket now.
    fn upgrade(&mut self, link: LinkId, request: Request, key: &[u8; 24]) -> bool {
        let protocol = self.hub.subprotocol(&request).map(alloc::string::String::from);
        let conn = match self.hub.open(self.now, request) {
            Ok(conn) => conn,
            Err(refused) => {
                self.answer(link, &Response::from(&refused), false);
                return false;
            }
        };
        *grow::place(&mut self.by_conn, conn.index(), || None) = Some((conn, link));
        let limits = self.hub.limits(conn).clone();
        self.clear_deadline(link);
        if let Some(found) = self.links.get_mut(link.0) {
            found.queue().push_head(response::encode_upgrade(&derive_accept_key(key), protocol.as_deref()));
            found.phase =
                Phase::Open(Open { conn, limits, guard: Guard::new(), framer: None, ended: false, eof: false });
        }
        self.mark(link);
        // Whatever the hub sends comes behind the answer in the link's queue.
        self.hub.handle(self.now, Input::Opened { conn });
        true
    }

    fn receive_frames(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(Phase::Open(open)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        let conn = open.conn;
        let bytes = match open.framer {
            None if open.guard.is_between() => {
                let rest = whole_messages(&mut self.hub, self.now, &mut self.plain, open, bytes);
                if rest.is_empty() {
                    return self.clear_deadline(link);
                }
                rest
            }
            _ => bytes,
        };
        let inspected = open.guard.inspect(&open.limits.frames, self.now, bytes);
        let (good, violation) = match inspected {
            Ok(good) => (good, None),
            Err(violation) => (violation.good, Some(violation)),
        };
        let rest = bytes.get(..good).unwrap_or_default();
        let mut framer = match open.framer.take() {
            Some(framer) => framer,
            None if !rest.is_empty() => self.framer(),
            None if violation.is_some() => return self.violate(link, conn, violation),
            None => return self.clear_deadline(link),
        };
        framer.feed(rest);
        loop {
            match framer.next() {
                Ok(Some(message)) => {
                    if !self.message(link, conn, message) {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    // The guard lets nothing through that tungstenite would refuse; a test of both says so.
                    self.hub.log(Level::Error, "the guard let a violation through", Some(conn), || error.to_string());
                    let violation = Violation { good: 0, at: 0, code: 1002, reason: "Protocol error" };
                    return self.violate(link, conn, Some(violation));
                }
            }
        }
        if violation.is_some() {
            return self.violate(link, conn, violation);
        }
        self.pause(link, framer);
    }

    /// After the last whole message: keeps the framer if another has begun, and sets or clears its deadline.
    fn pause(&mut self, link: LinkId, framer: Box<super::framer::Framer>) {
        let Some(Phase::Open(open)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        if open.guard.at_boundary() {
            self.clear_deadline(link);
            return self.put_back(framer);
        }
        open.framer = Some(framer);
        let conn = open.conn;
        self.hub.handle(self.now, Input::Alive { conn });
        let Some(Phase::Open(open)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        if let Some(at) = open.guard.deadline(&open.limits.frames) {
            self.set_deadline(link, at, Deadline::Message);
        }
    }

    /// Hands a message to the hub; `false` when it was the last.
    fn message(&mut self, link: LinkId, conn: ConnId, message: tungstenite::Message) -> bool {
        use tungstenite::Message as M;
        let input = match &message {
            M::Text(text) => Input::Message { conn, message: Message::Text(text) },
            M::Binary(bytes) => Input::Message { conn, message: Message::Binary(bytes) },
            M::Pong(bytes) => Input::Pong { conn, bytes },
            M::Ping(bytes) => {
                if let Some(found) = self.links.get_mut(link.0) {
                    let blocked = found.blocked;
                    found.queue().push_pong(&control(0x8a, bytes), blocked);
                }
                self.mark(link);
                Input::Ping { conn, bytes }
            }
            M::Close(frame) => {
                let (code, reason) = match frame {
                    Some(frame) => (Some(u16::from(frame.code)), frame.reason.as_str()),
                    None => (None, ""),
                };
                self.ended_by_peer(link, conn, code, reason);
                return false;
            }
            // tungstenite gives no raw frames out.
            M::Frame(_) => return true,
        };
        self.hub.handle(self.now, input);
        true
    }

    /// Nothing that the peer sends matters any more. What the hub has for it goes first, then the hub asks for the close.
    fn ended_by_peer(&mut self, link: LinkId, conn: ConnId, code: Option<u16>, reason: &str) {
        if let Some(Phase::Open(open)) = self.links.get_mut(link.0).map(|found| &mut found.phase) {
            open.ended = true;
            open.framer = None;
        }
        self.clear_deadline(link);
        self.hub.handle(self.now, Input::Ended { conn, code, reason });
    }

    /// Ends a connection whose peer broke the protocol or a limit.
    pub(super) fn violate(&mut self, link: LinkId, conn: ConnId, violation: Option<Violation>) {
        let Some(Violation { code, reason, .. }) = violation else { return };
        self.hub.log(Level::Info, "violation", Some(conn), || alloc::format!("{code} {reason}"));
        self.ended_by_peer(link, conn, Some(code), reason);
    }

    pub(super) fn request_timeout(&mut self, link: LinkId) {
        let peer = self.peer(link);
        self.hub.log_peer(Level::Debug, "slow request", None, peer, alloc::string::String::new);
        let response = Response::text("The request took too long; send it whole within the time\n").with_status(408);
        self.answer(link, &response, false);
    }

    pub(super) fn message_timeout(&mut self, link: LinkId) {
        let Some(Phase::Open(open)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        let conn = open.conn;
        let violation = open.guard.expired(&open.limits.frames, self.now);
        self.violate(link, conn, violation);
    }
}

/// Hands the hub the messages that are whole frames, up to the first that is not; what is left.
fn whole_messages<'a, A: App>(
    hub: &mut Hub<A>,
    now: Time,
    plain: &mut Vec<u8>,
    open: &Open,
    mut bytes: &'a [u8],
) -> &'a [u8] {
    while let Some((whole, rest)) = Whole::split(&open.limits.frames, bytes)
        && let Some(message) = whole.unmask(plain)
    {
        hub.handle(now, Input::Message { conn: open.conn, message });
        bytes = rest;
    }
    bytes
}

/// A control frame with a payload of at most 125 bytes.
fn control(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + payload.len());
    bytes.extend([first, payload.len() as u8]);
    bytes.extend_from_slice(payload);
    bytes
}

/// A close frame; the reason is cut to 123 bytes. 1005 stands for no code at all.
pub(super) fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    if code == 1005 {
        return control(0x88, &[]);
    }
    let mut payload = Vec::from(code.to_be_bytes());
    payload.extend_from_slice(crate::error::fit_reason(reason).as_bytes());
    control(0x88, &payload)
}
