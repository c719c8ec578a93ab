//! How a link ends: its last bytes go out, the peer's are heard or thrown away, and only then is the socket closed.
//!
//! ```text
//! Flushing ──queue written──▶ Asked ──close frame of the peer──▶ Said ──end of the stream──▶ (closed)
//!     └───────────(the peer was first, or is not asked)──────────▶┘
//! ```
//! Each stage has its time; when it is over, the next begins.

use super::link::{Deadline, Leaving, LinkId, Phase, Stage};
use super::run::Driver;
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::id::ConnId;
use crate::input::Cause;
use crate::journal::Entry;
use crate::log::Level;
use crate::time::Time;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

impl<A: App> Driver<A> {
    /// Queues a link's last bytes, which have until `by` to go out.
    pub(super) fn leave(&mut self, link: LinkId, conn: Option<ConnId>, last: Vec<u8>, by: Time) {
        // Frames of this turn came before the end.
        self.settle_notes(link);
        let Some(found) = self.links.get_mut(link.0) else { return };
        let phase =
            Phase::Leaving(Leaving { conn, stage: Stage::Flushing, discarded: 0, listening: None, ended: false });
        let before = mem::replace(&mut found.phase, phase);
        if let (Phase::Open(open), Phase::Leaving(leaving)) = (before, &mut found.phase) {
            leaving.listening = (!open.ended).then(|| Box::new((open.guard, open.limits)));
            leaving.ended = open.eof;
        }
        found.queue().set_last(last);
        self.set_deadline(link, by, Deadline::Leave);
        self.mark(link);
    }

    /// The hub asks for a close, with this frame.
    pub(super) fn close_asked(&mut self, conn: ConnId, last: Vec<u8>, by: Time) {
        let Some(&Some((known, link))) = self.by_conn.get(conn.index()) else { return };
        if known != conn {
            return;
        }
        self.leave(link, Some(conn), last, by);
        if by <= self.now
            && let Some(found) = self.links.get_mut(link.0)
        {
            // What was queued is dropped, but a frame that has begun has to be finished.
            found.queue().drop_frames();
            let by = self.now + self.settings.close_time;
            self.set_deadline(link, by, Deadline::Leave);
        }
    }

    /// Bytes of a peer that is on its way out.
    pub(super) fn receive_late(&mut self, link: LinkId, bytes: &[u8]) {
        let now = self.now;
        let Some(Phase::Leaving(leaving)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        assert!(bytes.len() < 100 || !is_planted(Canary::Panic), "a planted panic");
        if let Some(listening) = &mut leaving.listening {
            let (guard, limits) = &mut **listening;
            // Its messages are late; only its close frame counts, or that it cannot be understood any more.
            if guard.inspect(&limits.frames, now, bytes).is_err() || guard.closed() {
                leaving.listening = None;
                self.proceed(link);
            }
        } else if leaving.stage == Stage::Said {
            leaving.discarded = leaving.discarded.saturating_add(bytes.len());
            if leaving.discarded > self.settings.discard_bytes {
                self.lose(link);
            }
        }
    }

    /// Goes to the next stage if this one is over.
    pub(super) fn proceed(&mut self, link: LinkId) {
        let Some(found) = self.links.get_mut(link.0) else { return };
        let flushed = found.queue.is_none() && found.first == super::link::NONE;
        let Phase::Leaving(leaving) = &mut found.phase else { return };
        if leaving.stage == Stage::Flushing && flushed {
            leaving.stage = Stage::Asked;
            let by = self.now + self.settings.close_time;
            if leaving.listening.is_some() && !leaving.ended {
                return self.set_deadline(link, by, Deadline::Leave);
            }
        }
        let Some(Phase::Leaving(leaving)) = self.links.get_mut(link.0).map(|found| &mut found.phase) else { return };
        if leaving.stage == Stage::Asked && (leaving.listening.is_none() || leaving.ended) {
            leaving.stage = Stage::Said;
            leaving.listening = None;
            let (conn, ended) = (leaving.conn.take(), leaving.ended);
            if let Some(conn) = conn {
                self.close_conn(conn, Cause::Done);
            }
            if ended {
                return self.lose(link);
            }
            self.done.push(link);
            let by = self.now + self.settings.discard_time;
            self.set_deadline(link, by, Deadline::Leave);
        } else if leaving.stage == Stage::Said && leaving.ended {
            self.lose(link);
        }
    }

    pub(super) fn leave_timeout(&mut self, link: LinkId) {
        let Some(found) = self.links.get_mut(link.0) else { return };
        let Phase::Leaving(leaving) = &mut found.phase else { return };
        match leaving.stage {
            // It did not take its last bytes in time, or has had its time to fall silent.
            Stage::Flushing | Stage::Said => self.lose(link),
            Stage::Asked => {
                leaving.listening = None;
                self.proceed(link);
            }
        }
    }

    /// Closes the socket now and forgets the link.
    pub(super) fn lose(&mut self, link: LinkId) {
        self.clear_deadline(link);
        self.forget_notes(link);
        let Some(found) = self.links.get_mut(link.0) else { return };
        let cause = match &found.phase {
            Phase::Gone => return,
            Phase::Open(open) if !open.ended => Cause::Lost,
            _ => Cause::Done,
        };
        let conn = found.conn();
        // Its place is taken again only when its socket is closed.
        found.phase = Phase::Gone;
        found.queue = None;
        self.doomed.push(link);
        if let Some(conn) = conn {
            self.close_conn(conn, cause);
        }
    }

    /// The peer can no longer be understood, nor understand, as it broke TLS: its connection is lost. The link goes on for the
    /// last stage of its end, or a reset could destroy the alert that tells it so. `why` is for the log.
    pub fn fail(&mut self, now: Time, link: LinkId, why: &str) {
        self.note(now, || Entry::Failed { link });
        self.advance(now);
        let Some(found) = self.links.get_mut(link.0) else { return };
        let cause = match &found.phase {
            Phase::Gone | Phase::Leaving(Leaving { stage: Stage::Said, .. }) => return,
            Phase::Open(open) if !open.ended => Cause::Lost,
            _ => Cause::Done,
        };
        let (conn, peer) = (found.conn(), found.peer());
        found.queue = None;
        let leaving = Leaving { conn: None, stage: Stage::Said, discarded: 0, listening: None, ended: false };
        found.phase = Phase::Leaving(leaving);
        self.forget_notes(link);
        self.done.push(link);
        self.set_deadline(link, self.now + self.settings.discard_time, Deadline::Leave);
        self.hub.log_peer(Level::Debug, "bad TLS", conn, peer, || why.into());
        if let Some(conn) = conn {
            self.close_conn(conn, cause);
        }
    }
}
