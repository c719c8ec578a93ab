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
        let right = |item: &super::out::Item| item.kind == kind && *item.bytes == *bytes;
        if self.is_vague(bytes) {
            let place = self.at(session).out.handed.iter().position(right);
            place.map(|place| self.at(session).out.handed.remove(place));
            return Ok(());
        }
        let (unsure_beats, found) = (self.unsure_beats, self.at(session));
        let is_heartbeat = kind == Kind::Ping && bytes == b"heartbeat";
        if is_heartbeat && !found.exact {
            found.out.handed.retain(|item| item.kind != Kind::Ping || *item.bytes != *b"heartbeat");
            return Ok(());
        }
        if found.is_lossy() {
            while found.out.handed.front().is_some_and(|item| !right(item)) {
                found.out.handed.pop_front();
            }
        }
        let first =
            found.out.handed.iter().position(|item| item.is_heartbeat() == is_heartbeat).filter(|_| unsure_beats);
        match found.out.handed.remove(first.unwrap_or(0)) {
            Some(item) if right(&item) => Ok(()),
            due => {
                let got = super::out::Item { kind, bytes: bytes.into() }.shown();
                let due = due.map_or("nothing".to_owned(), |item| item.shown());
                let told = |text: &str| text.contains("\"presence_");
                let oracle = match kind {
                    Kind::Ping if is_heartbeat => Oracle::Silence,
                    _ if told(&got) || told(&due) => Oracle::Presence,
                    _ if got.contains("Too many mess") || due.contains("Too many mess") => Oracle::Limits,
                    _ => Oracle::Delivery,
                };
                complain(oracle, format!("session {session} received {got} where {due} was due"))
            }
        }
    }

    /// A client received a pong. `blocked`: its socket did not take everything at once, ever; only then a new pong may have
    /// replaced one that waited.
    pub(crate) fn ponged(&mut self, session: u32, bytes: &[u8], blocked: bool) -> Check {
        let pings = &mut self.at(session).pings;
        match pings.iter().position(|ping| ping == bytes) {
            Some(place) if place > 0 && !blocked => {
                complain(Oracle::Delivery, format!("{place} pings of session {session} were passed over"))
            }
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
        if found.may_overflow() && code == Some(1013) {
            // Its channel may have been dropped before it could be told.
            return Ok(());
        }
        if !found.farewell.as_ref().is_some_and(|(due, fits)| *due == code && fits.fits(reason)) {
            let due = &found.farewell;
            let sentence = format!("session {session} was closed with {code:?} {reason:?}, and not with {due:?}");
            return complain(Oracle::Delivery, sentence);
        }
        let missing = found.out.handed.len() + found.out.queue_len();
        if missing > found.may_lack && now < found.cut_from && !found.is_lossy() {
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
