//! Messages that wait for their batch.

use super::Model;
use super::clock::HubTimer;
use super::out::Item;
use super::session::{Due, End, Reason};
use crate::app::{Route, Verb};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use lazuli::Time;

/// What waits of one session.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    ops: Vec<u32>,
    bytes: usize,
    due: Option<(Time, u64)>,
    /// How the session ends once this was handed over.
    end: Option<(u16, Reason)>,
}

impl Model {
    /// Whether a session's batch has to be handed over before this message can be put with it.
    pub(super) fn is_too_much(&self, session: u32, op: u32) -> bool {
        let Some(limits) = self.limits_of(session) else { return false };
        let batch = &self.sessions[session as usize].batch;
        let most = limits.frames.text.max(limits.frames.binary);
        !batch.ops.is_empty() && batch.bytes + self.ops[op as usize].bytes.len() > most
    }

    /// Whether a session's batch has all the messages that it may have.
    pub(super) fn is_full(&self, session: u32) -> bool {
        let most = self.limits_of(session).and_then(|limits| limits.batch).map_or(usize::MAX, |batch| batch.most);
        self.sessions[session as usize].batch.ops.len() >= most
    }

    /// Puts a message with those that wait.
    pub(super) fn gather(&mut self, session: u32, op: u32) {
        let length = self.ops[op as usize].bytes.len();
        let Some(batching) = self.limits_of(session).and_then(|limits| limits.batch) else { return };
        let due = self.at(session).batch.due;
        let due = due.unwrap_or_else(|| self.set_hub_timer(self.now + batching.within, HubTimer::Batch(session)));
        let batch = &mut self.at(session).batch;
        batch.ops.push(op);
        batch.bytes += length;
        batch.due = Some(due);
        if self.is_full(session) {
            self.forget_batch_timer(session);
        }
    }

    pub(super) fn forget_batch_timer(&mut self, session: u32) {
        if let Some(due) = self.at(session).batch.due.take() {
            self.timers.remove(&due);
        }
    }

    /// A session is to end; whether that has to wait until its batch was handed over.
    pub(super) fn ends_after_batch(&mut self, session: u32, code: u16, reason: &Reason) -> bool {
        let batch = &mut self.at(session).batch;
        if batch.ops.is_empty() {
            return false;
        }
        if batch.end.is_none() {
            batch.end = Some((code, reason.clone()));
            self.mark_due(session, Due::Batch);
        }
        true
    }

    /// A session has ended, and is told what waits all the same.
    pub(super) fn batch_is_late(&mut self, session: u32) {
        if !self.at(session).batch.ops.is_empty() {
            self.coverage.add(Mark::LateBatch, 1);
            // One that was to end once its batch was handed over, and ended abruptly before that, is handed it once.
            if !self.at(session).due.contains(&Due::Batch) {
                self.mark_due(session, Due::Batch);
            }
        }
    }

    /// Whether the time has come for a session's batch.
    fn is_timed(&self, session: u32) -> bool {
        let first = self.timers.first_key_value().filter(|_| self.timing);
        first.is_some_and(|(key, timer)| key.0 <= self.now && *timer == HubTimer::Batch(session))
    }

    /// Whether a session's batch has to be handed over now, for all that can be told.
    pub(super) fn asks_for_batch(&self, session: u32) -> bool {
        let next = self.sessions.get(session as usize).and_then(|found| found.arrivals.front()?.op());
        self.is_timed(session)
            || self.is_full(session)
            || self.is_ending(session)
            || next.is_some_and(|op| self.is_too_much(session, op))
    }

    pub(super) fn on_batch(&mut self, session: u32, ops: &[u32]) -> Check {
        self.skip_silent(session);
        if self.at(session).due.is_empty() && !self.driver_first.contains(&session) {
            self.run_silent();
            self.run_beats(Some(session));
        }
        let is_due = self.at(session).due.front() == Some(&Due::Batch);
        if is_due {
            self.at(session).due.pop_front();
            if self.at(session).due.is_empty() {
                self.due.remove(&session);
            }
        } else if self.is_timed(session) {
            self.coverage.add(Mark::TimedBatch, 1);
        } else if self.is_full(session) {
            self.coverage.add(Mark::FullBatch, 1);
        } else if self.at(session).may_overflow() || self.at(session).may_be_silent {
            // It may be about to end for a reason that nobody can account for.
        } else if !self.asks_for_batch(session) {
            return complain(Oracle::Batches, format!("a batch of session {session} was handed over without need"));
        }
        self.forget_batch_timer(session);
        let batch = std::mem::take(&mut self.at(session).batch);
        if batch.ops != ops {
            let sentence = format!("session {session} was handed {ops:?}, where {:?} waited", batch.ops);
            return complain(Oracle::Batches, sentence);
        }
        self.coverage.add(Mark::Batched, ops.len() as u64);
        let failing = ops.iter().find_map(|op| match self.ops[*op as usize].verb {
            Some(Verb::Fail { how, .. }) => Some(how),
            _ => None,
        });
        match (failing, self.at(session).route.and_then(Route::room)) {
            (Some(how), _) => self.fail(session, how),
            (None, room) => {
                let told = ops.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
                self.text(session, &format!("b {told}"));
                self.cast(room.as_slice(), &[], &Item::text(&format!("b{session} {told}")));
            }
        }
        if let Some((code, reason)) = batch.end {
            self.end(session, code, reason);
        } else if self.is_open(session) {
            // It was handed over because the peer has ended it, if it has; the end follows at once.
            match self.take_end(session) {
                Some(End::Answered { code, reason }) => {
                    self.decide(session, code, reason.clone());
                    self.mark_due(session, Due::Close { code: code.unwrap_or(1005), reason });
                }
                Some(End::Lost) => {
                    self.detach(session);
                    self.cut(session);
                    self.mark_due(session, Due::Close { code: 1006, reason: Reason::Exactly(String::new()) });
                }
                None => {}
            }
        }
        Ok(())
    }
}
