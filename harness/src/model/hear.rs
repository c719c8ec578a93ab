//! What clients receive.

use super::Model;
use super::session::Life;
use crate::codec::Answer;
use crate::oracle::{Check, Oracle, complain};
use crate::trace::Seconds;
use lazuli::{Kind, Time};

impl Model {
    /// A client received the head of an answer.
    pub(crate) fn answered(&mut self, session: u32, answer: &Answer) -> Check {
        let right = &self.at(session).answers;
        if right.contains(&answer.status) {
            return Ok(());
        }
        let sentence = format!("session {session} was answered {}, and not {right:?}", answer.status);
        complain(Oracle::Delivery, sentence)
    }

    /// A client received the whole body of an answer.
    pub(crate) fn page_came(&mut self, session: u32, body: &[u8]) -> Check {
        match &self.at(session).body {
            Some(right) if right.as_bytes() != body => {
                let sentence = format!("session {session} read {:?}, and not {right:?}", String::from_utf8_lossy(body));
                complain(Oracle::Delivery, sentence)
            }
            _ => Ok(()),
        }
    }

    /// A client received a message or a ping.
    pub(crate) fn received(&mut self, session: u32, kind: Kind, bytes: &[u8]) -> Check {
        let found = self.at(session);
        let lossy = !found.exact && found.may_drop();
        loop {
            match found.out.handed.pop_front() {
                Some(item) if item.kind == kind && *item.bytes == *bytes => return Ok(()),
                Some(_) if lossy => {}
                due => {
                    let got = super::out::Item { kind, bytes: bytes.into() }.shown();
                    let due = due.map_or("nothing".to_owned(), |item| item.shown());
                    let sentence = format!("session {session} received {got} where {due} was due");
                    return complain(Oracle::Delivery, sentence);
                }
            }
        }
    }

    /// A client received a pong.
    pub(crate) fn ponged(&mut self, session: u32, bytes: &[u8]) -> Check {
        // A new pong replaces one that waits, so that some pings have none.
        let pings = &mut self.at(session).pings;
        match pings.iter().position(|ping| ping == bytes) {
            Some(place) => {
                pings.drain(..=place);
                Ok(())
            }
            None => complain(Oracle::Delivery, format!("session {session} received a pong to no ping: {bytes:.8?}")),
        }
    }

    /// A client received a close frame.
    pub(crate) fn closed(&mut self, now: Time, session: u32, code: Option<u16>, reason: &str) -> Check {
        let found = self.at(session);
        if !found.exact && !found.may_drop() && code == Some(1013) {
            // It may have been too slow, and its channel dropped before it could be told.
            return Ok(());
        }
        if !found.farewells.iter().any(|(due, fits)| *due == code && fits.fits(reason)) {
            let due = &found.farewells;
            let sentence = format!("session {session} was closed with {code:?} {reason:?}, and not as in {due:?}");
            return complain(Oracle::Delivery, sentence);
        }
        let missing = found.out.handed.len() + found.out.queue_len();
        let lossy = !found.exact && found.may_drop();
        if missing > 0 && now < found.cut_from && !lossy {
            let until = Seconds(found.cut_from);
            let sentence = format!("session {session} was closed {missing} messages too early; they had until {until}");
            return complain(Oracle::Delivery, sentence);
        }
        Ok(())
    }

    /// A client read the end of the stream and had no close frame before it. `brisk`: nothing was in the way of one.
    pub(crate) fn cut_off(&mut self, session: u32, brisk: bool) -> Check {
        let found = self.at(session);
        match found.life {
            Life::Open => complain(Oracle::Delivery, format!("the stream of session {session} ended, which is open")),
            Life::Ended if brisk && found.route.is_some() => {
                complain(Oracle::Delivery, format!("the stream of session {session} ended without a close frame"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the server still talks to a session as a WebSocket.
    pub(crate) fn is_connected(&self, session: u32) -> bool {
        self.is_open(session)
    }
}
