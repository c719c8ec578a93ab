//! What clients read.

use super::visit::Talk;
use super::{Crowd, World};
use crate::net::Peer;
use crate::oracle::{Check, Oracle, complain};
use crate::trace::{bytes as digest, mix};
use std::mem;

impl<C: Crowd> World<C> {
    /// A client reads what has come.
    pub(super) fn read(&mut self, link: usize) -> Check {
        let mut bytes = mem::take(&mut self.buffer);
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
                return C::read_on(self, session);
            }
            Talk::Over => return Ok(()),
            Talk::Asking => match visit.answer.feed(bytes) {
                Ok(None) => return Ok(()),
                Ok(Some((answer, rest))) => {
                    self.net
                        .kernel
                        .step("answer", u64::from(answer.status), || format!("to session {session}: {answer:?}"));
                    C::answered(self, session, &answer, &rest)?;
                }
                Err(what) => return complain(Oracle::Delivery, format!("session {session} read {what}")),
            },
        }
        self.hear_frames(session)
    }

    fn hear_frames(&mut self, session: u32) -> Check {
        // Taken out, so that who hears a frame has the whole world to act in.
        let mut frames = mem::take(&mut self.visits[session as usize].frames);
        let mut result = Ok(());
        while result.is_ok() && matches!(self.visits[session as usize].talk, Talk::Open) {
            match frames.next() {
                Ok(Some(incoming)) => {
                    let kernel = &mut self.net.kernel;
                    kernel.step("heard", u64::from(session), || format!("by session {session}: {incoming:.400?}"));
                    result = C::heard(self, session, incoming);
                }
                Ok(None) => break,
                Err(what) => result = complain(Oracle::Lifecycle, format!("session {session} read {what}")),
            }
        }
        self.visits[session as usize].frames = frames;
        result
    }

    /// A client has read everything that the server will ever send.
    fn stream_ended(&mut self, session: u32) -> Check {
        self.net.kernel.step("stream end", session.into(), || format!("read by session {session}"));
        let visit = &mut self.visits[session as usize];
        let (link, talk) = (visit.link, mem::replace(&mut visit.talk, Talk::Over));
        C::ended(self, session, talk)?;
        self.net.finish(link);
        Ok(())
    }

    /// A reset reaches a client: what it has not read is lost.
    pub(super) fn client_reset(&mut self, link: usize) {
        let session = self.net.links[link].session;
        if self.is_away(session) {
            return;
        }
        self.net.kernel.step("client reset", session.into(), || format!("session {session}"));
        self.net.links[link].peer = Peer::Gone;
        self.net.links[link].down.clear();
        self.visits[session as usize].talk = Talk::Over;
        C::cut_off(self, session);
    }
}
