//! The transport of a replay: what sockets answer comes from the journal.

use super::words::{Did, Shown};
use lazuli::driver::{Io, LinkId};
use lazuli::journal::{Answers, Outputs};
use lazuli::log::{Level, Record};
use lazuli::{App, Position};
use std::io::{self, ErrorKind, IoSlice};

pub(super) struct ReplayIo<'j> {
    pub(super) answers: Answers<'j>,
    pub(super) outputs: Outputs,
    /// What was done in this turn.
    pub(super) did: Vec<Did>,
    /// Warnings and errors of the log.
    pub(super) records: Vec<Record>,
}

impl ReplayIo<'_> {
    pub(super) fn new(lengths_only: bool) -> Self {
        ReplayIo { answers: Answers::ALL, outputs: Outputs::new(lengths_only), did: Vec::new(), records: Vec::new() }
    }
}

impl<A: App> Io<A> for ReplayIo<'_> {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let offered = Shown::of_slices(bytes);
        let taken = self.answers.next(bytes.iter().map(|slice| slice.len()).sum());
        self.outputs.wrote(link, bytes, taken);
        self.did.push(Did::Wrote { link, offered, taken });
        taken.ok_or_else(|| ErrorKind::BrokenPipe.into())
    }

    fn end(&mut self, link: LinkId) {
        self.outputs.ended(link);
        self.did.push(Did::Ended(link));
    }

    fn close(&mut self, link: LinkId) {
        self.outputs.closed(link);
        self.did.push(Did::Closed(link));
    }

    fn effect(&mut self, _: A::Effect) {
        // It is not done again: what came of it is in the journal.
        self.outputs.effect();
        self.did.push(Did::Effect);
    }

    fn log(&mut self, record: Record) {
        self.outputs.logged(&record);
        if record.level >= Level::Warn {
            self.records.push(record.clone());
        }
        self.did.push(Did::Logged(record));
    }

    fn publish(&mut self, topic: &str, message: &[u8]) {
        self.outputs.published(topic, message);
        self.did.push(Did::Published { topic: topic.into(), message: Shown::of(message) });
    }

    fn subscribe(&mut self, topic: &str, after: Option<Position>) {
        self.outputs.subscribed(topic, after);
        self.did.push(Did::Subscribed(topic.into()));
    }

    fn unsubscribe(&mut self, topic: &str) {
        self.outputs.unsubscribed(topic);
        self.did.push(Did::Unsubscribed(topic.into()));
    }
}
