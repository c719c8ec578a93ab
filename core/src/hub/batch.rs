//! Messages that are handed over in batches.

use super::callback::Answer;
use super::state::Due;
use super::{Hub, Work};
use crate::canary::{Canary, is_planted};
use crate::channel::{App, Batch};
use crate::config::Batching;
use crate::id::ConnId;
use crate::input::Message;
use crate::life::Life;
use crate::timer::TimerKey;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// Messages of one connection that wait for their batch; its memory is used again for the next.
#[derive(Default)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    messages: Vec<Entry>,
    timer: Option<TimerKey>,
}

struct Entry {
    is_text: bool,
    /// Where it ends in `bytes`.
    end: usize,
    reference: Option<u32>,
}

impl Gathered {
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn timer(&self) -> Option<TimerKey> {
        self.timer
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let mut start = 0;
        self.messages.iter().map(move |message| {
            let bytes = self.bytes.get(start..message.end).unwrap_or_default();
            start = message.end;
            match core::str::from_utf8(bytes) {
                Ok(text) if message.is_text => Message::Text(text),
                _ => Message::Binary(bytes),
            }
        })
    }

    fn lose_last(&mut self) {
        self.messages.pop();
    }

    fn push(&mut self, reference: Option<u32>, message: Message<'_>) {
        let (bytes, is_text) = match message {
            Message::Text(text) => (text.as_bytes(), true),
            Message::Binary(bytes) => (bytes, false),
        };
        self.bytes.extend_from_slice(bytes);
        self.messages.push(Entry { is_text, end: self.bytes.len(), reference });
    }
}

impl<A: App> Hub<A> {
    /// Puts a message with those that wait, and hands them over if they are enough.
    pub(super) fn gather(
        &mut self,
        conn: ConnId,
        reference: Option<u32>,
        message: Message<'_>,
        Batching { most, within }: Batching,
    ) {
        let frames = &self.state.limits(conn).frames;
        let largest = frames.text.max(frames.binary);
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let waiting = found.more.as_ref().and_then(|more| more.batch.as_ref()).map_or(0, |batch| batch.bytes.len());
        if waiting + message.len() > largest {
            let socket = self.state.way(conn).map(|(socket, _)| (socket, self.path_of(conn)));
            self.hand_over(conn);
            if let (false, Some(reference), Some((socket, path))) = (self.state.is_open(conn), reference, socket) {
                return self.not_subscribed(socket, &path, Some(reference));
            }
        }
        let now = self.state.now;
        // The batch before may have ended the connection.
        let Some(found) = self.state.conns.get_mut(conn).filter(|found| found.life == Life::Open) else { return };
        let batch = found.more().batch.get_or_insert_default();
        batch.push(reference, message);
        if batch.len() >= most {
            return self.hand_over(conn);
        }
        if batch.timer.is_none() {
            let at = now + within.max(Duration::from_micros(1));
            batch.timer = Some(self.state.timers.insert(at, Due::Batch(conn)));
        }
    }

    /// What waits has waited for as long as it may.
    pub(super) fn on_batch_due(&mut self, conn: ConnId) {
        if let Some(batch) = self.state.conns.get_mut(conn).and_then(|found| found.more.as_mut()?.batch.as_mut()) {
            batch.timer = None;
        }
        self.hand_over(conn);
    }

    /// Hands over what waits, if anything does.
    pub(super) fn hand_over(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let instance = found.instance;
        let Some(batch) = found.more.as_mut().and_then(|more| more.batch.as_mut()) else { return };
        if let Some(key) = batch.timer.take() {
            self.state.timers.cancel(key);
        }
        if batch.len() == 0 {
            return;
        }
        let mut gathered: Box<Gathered> = mem::take(batch);
        self.state.stats.batches += 1;
        let references = gathered.messages.iter().map(|message| message.reference).collect::<Vec<_>>();
        // If the batch ends the channel, they are answered before that is told.
        self.unanswered.extend(references.iter().flatten().rev().map(|reference| (conn, *reference)));
        let result =
            self.run(instance, Answer::None, |channel, cx| channel.on_batch(cx, &Batch { gathered: &gathered }));
        match result {
            Ok(()) => self.answer_all(conn),
            Err(failure) => {
                self.unanswered.retain(|(waiting, _)| *waiting != conn);
                self.on_failure(conn, instance, &references, failure);
            }
        }
        gathered.bytes.clear();
        gathered.messages.clear();
        if let Some(batch) = self.state.conns.get_mut(conn).and_then(|found| found.more.as_mut()?.batch.as_mut())
            && batch.len() == 0
        {
            *batch = gathered;
        }
    }

    /// Hands over what waits for a socket or for its channels, before any of them ends. Not from within a callback.
    pub(super) fn hand_over_all(&mut self, socket: ConnId) {
        for conn in self.state.channels_on(socket) {
            self.hand_over(conn);
        }
        self.hand_over(socket);
    }

    /// Puts off what waits for a connection that ends abruptly; it is handed over before the end is told.
    pub(super) fn put_off_batch(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let instance = found.instance;
        let Some(gathered) = found.more.as_mut().and_then(|more| more.batch.take()) else { return };
        if let Some(key) = gathered.timer {
            self.state.timers.cancel(key);
        }
        if gathered.len() > 0 {
            self.work.push_back(Work::Batch { instance, gathered });
        }
    }

    /// Hands over messages of a connection that has ended.
    pub(super) fn hand_over_late(&mut self, instance: u32, gathered: &Gathered) {
        self.state.stats.batches += 1;
        let conn = self.state.instances.get(instance as usize).map(|found| found.conn);
        let result = self.run(instance, Answer::None, |channel, cx| channel.on_batch(cx, &Batch { gathered }));
        if let (Err(failure), Some(conn)) = (result, conn) {
            self.on_failure(conn, instance, &[None], failure);
        }
    }

    /// Answers all messages of a connection that wait for it.
    pub(super) fn answer_all(&mut self, conn: ConnId) {
        while let Some(place) = self.unanswered.iter().rposition(|(waiting, _)| *waiting == conn) {
            let (_, reference) = self.unanswered.remove(place);
            self.reply_ok(conn, reference, None);
        }
    }

    /// Hands over what waits, because the connection ends.
    pub(super) fn hand_over_last(&mut self, conn: ConnId) {
        if is_planted(Canary::LostBatched)
            && let Some(batch) = self.state.conns.get_mut(conn).and_then(|found| found.more.as_mut()?.batch.as_mut())
        {
            batch.lose_last();
        }
        self.hand_over(conn);
    }

    pub(super) fn has_batch(&self, conn: ConnId) -> bool {
        let more = self.state.conns.get(conn).and_then(|found| found.more.as_ref());
        more.and_then(|more| more.batch.as_ref()).is_some_and(|batch| batch.len() > 0)
    }
}
