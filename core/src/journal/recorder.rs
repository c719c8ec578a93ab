//! Writing journals, from inside a driver.

use super::entry::{self, Answers, End, Entry};
use super::field::Field;
use super::outputs::Outputs;
use super::reader::{Header, version};
use super::redact::Redactor;
use super::{Journal, MAGIC, VERSION, WriteEvent};
use crate::channel::App;
use crate::driver::{Io, LinkId, Settings};
use crate::hub::Hub;
use crate::input::Input;
use crate::log::Record;
use crate::rooms::Position;
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;
use std::io::{self, ErrorKind, IoSlice, Write};

/// So much memory it begins with: more than one read and one turn mostly take.
const BUFFER: usize = 64 << 10;

/// Room that is kept for the entry that says why the journal ends.
const LAST: u64 = 64;

pub(crate) struct Recorder<A: App> {
    writer: Box<dyn Write + Send>,
    events: Option<WriteEvent<A>>,
    redactor: Option<Redactor>,
    /// What was not handed to the writer yet.
    buffer: Vec<u8>,
    /// How many bytes the journal may still have.
    left: u64,
    last: Time,
    /// The hash of the last turn that was written down.
    hash: u64,
    outputs: Outputs,
    /// Of this turn: what sockets answered that did not take everything, and how many did since the last of these.
    answers: Vec<u8>,
    skipped: u64,
    /// Whether there was an input since the last turn.
    told: bool,
}

/// The journal is over, for this reason.
pub(crate) type Ended = String;

impl<A: App> Recorder<A> {
    /// Begins a journal for a driver that has done nothing yet.
    pub(crate) fn new(journal: Journal<A>, hub: &Hub<A>, settings: &Settings) -> Result<Recorder<A>, Ended> {
        let Journal { writer, most, events, with_secret, redaction } = journal;
        let (config, redacted) = (hub.config(), redaction.is_some());
        let mut header = Header {
            by: version(),
            redacted,
            config: config.clone(),
            settings: settings.clone(),
            secret_mark: config.secret.as_ref().map(|secret| secret.mark()),
        };
        header.config.secret.take_if(|_| !with_secret || redacted);
        let mut recorder = Recorder {
            writer,
            events,
            redactor: redaction.map(|redaction| Redactor::new(redaction, hub.protocols())),
            buffer: Vec::with_capacity(BUFFER),
            left: most,
            last: Time::ZERO,
            hash: 0,
            outputs: Outputs::new(redacted),
            answers: Vec::new(),
            skipped: 0,
            told: false,
        };
        recorder.buffer.extend_from_slice(MAGIC);
        recorder.buffer.extend(VERSION.to_le_bytes());
        entry::frame(&mut recorder.buffer, |to| {
            header.write(to);
            true
        });
        recorder.charge(0)?;
        recorder.hand_over()?;
        Ok(recorder)
    }

    /// Writes down an entry that is an input, before the driver acts on it: if that kills the process, it is there.
    pub(crate) fn input(&mut self, now: Time, mut entry: Entry<'_>) -> Result<(), Ended> {
        let since = self.since(now);
        if let (Some(redactor), Entry::Accepted { peer: Some(peer) }) = (&mut self.redactor, &mut entry) {
            *peer = redactor.peer(*peer);
        }
        self.append("an input of more than 16 MiB", |to, redactor| {
            entry::write(&entry, since, to);
            if let (Some(redactor), Entry::Received { link, bytes }) = (redactor, entry) {
                let start = to.len() - bytes.len();
                redactor.received(link, &mut to[start..]);
            }
            true
        })?;
        self.told = true;
        self.hand_over()
    }

    /// The same for one that concerns no link.
    pub(crate) fn told(&mut self, now: Time, input: &Input<'_, A::Event>) -> Result<(), Ended> {
        let since = self.since(now);
        let why = match input {
            Input::App(_) => "an event of the application, and Journal::events does not say how to write it",
            _ => "an input that only the driver gives, or one of more than 16 MiB",
        };
        let mut events = self.events.take();
        let result = self.append(why, |to, redactor| {
            let mut write = |input: &Input<'_, A::Event>, to: &mut Vec<u8>| {
                entry::write_input(input, since, to, |event, to| events.as_mut().is_some_and(|write| write(event, to)))
            };
            match (redactor, input) {
                (Some(redactor), Input::Published { topic, position, message }) => {
                    let message = &redactor.publication(message);
                    write(&Input::Published { topic, position: *position, message }, to)
                }
                (Some(redactor), Input::Command(command)) => write(&Input::Command(redactor.command(command)), to),
                _ => write(input, to),
            }
        });
        self.events = events;
        result?;
        self.told = true;
        self.hand_over()
    }

    /// What became of an accepted socket.
    pub(crate) fn accepted(&mut self, link: Option<LinkId>) {
        self.outputs.accepted(link);
    }

    /// A turn is over.
    pub(crate) fn turned(&mut self, next: Option<Time>) -> Result<(), Ended> {
        if !mem::take(&mut self.told) && self.outputs.is_idle() {
            return Ok(());
        }
        let turn = self.outputs.turned(next);
        let answers = mem::take(&mut self.answers);
        self.skipped = 0;
        self.append("a turn", |to, _| {
            entry::write(&Entry::Turned { turn, answers: Answers::of(&answers) }, 0, to);
            true
        })?;
        self.hash = turn.hash;
        // Kept for its memory.
        self.answers = answers;
        self.answers.clear();
        self.hand_over()
    }

    /// The transport, as seen by the driver in a turn that is written down.
    pub(crate) fn watch<'r, I: Io<A>>(&'r mut self, io: &'r mut I) -> Watched<'r, A, I> {
        Watched { recorder: self, io }
    }

    fn since(&mut self, now: Time) -> u64 {
        let now = now.max(self.last);
        let before = mem::replace(&mut self.last, now);
        self.last.saturating_since(before).as_micros() as u64
    }

    /// Appends an entry to the buffer. `what` cannot be written down if `fill` says so.
    fn append(
        &mut self,
        what: &str,
        fill: impl FnOnce(&mut Vec<u8>, Option<&mut Redactor>) -> bool,
    ) -> Result<(), Ended> {
        let before = self.buffer.len();
        if !entry::frame(&mut self.buffer, |to| fill(to, self.redactor.as_mut())) {
            self.end(End::Unwritable)?;
            return Err(alloc::format!("it cannot have {what}"));
        }
        self.charge(before)
    }

    /// Counts what was appended since `before`; if it is too much, it is taken back, and the journal is over.
    fn charge(&mut self, before: usize) -> Result<(), Ended> {
        let length = (self.buffer.len() - before) as u64;
        if length + LAST <= self.left {
            self.left -= length;
            return Ok(());
        }
        self.buffer.truncate(before);
        self.end(End::Full)?;
        Err("it has as many bytes as it may have".to_string())
    }

    fn end(&mut self, end: End) -> Result<(), Ended> {
        let hash = self.hash;
        entry::frame(&mut self.buffer, |to| {
            entry::write(&Entry::End { end, hash }, 0, to);
            true
        });
        self.left = 0;
        self.hand_over()?;
        self.writer.flush().map_err(|error| error.to_string())
    }

    fn hand_over(&mut self) -> Result<(), Ended> {
        let result = self.writer.write_all(&self.buffer).map_err(|error| {
            self.left = 0;
            error.to_string()
        });
        self.buffer.clear();
        // One large message must not be paid for until the end.
        self.buffer.shrink_to(BUFFER);
        result
    }
}

/// The driver is gone.
impl<A: App> Drop for Recorder<A> {
    fn drop(&mut self) {
        // A panic of the driver itself has left its last turn unfinished.
        if self.left > 0 && !std::thread::panicking() {
            let _ = self.end(End::Stopped);
        }
        let _ = self.writer.flush();
    }
}

/// A transport of which everything is written down that the driver does with it.
pub(crate) struct Watched<'r, A: App, I> {
    recorder: &'r mut Recorder<A>,
    io: &'r mut I,
}

impl<A: App, I: Io<A>> Io<A> for Watched<'_, A, I> {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = self.io.write(link, bytes);
        let taken = match &result {
            Ok(taken) => Some(*taken),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Some(0),
            Err(_) => None,
        };
        let recorder = &mut *self.recorder;
        recorder.outputs.wrote(link, bytes, taken);
        if taken == Some(bytes.iter().map(|slice| slice.len()).sum()) {
            recorder.skipped += 1;
        } else {
            Answers::push(&mut recorder.answers, mem::take(&mut recorder.skipped), taken);
        }
        result
    }

    fn end(&mut self, link: LinkId) {
        self.recorder.outputs.ended(link);
        self.io.end(link);
    }

    fn close(&mut self, link: LinkId) {
        self.recorder.outputs.closed(link);
        self.io.close(link);
    }

    fn effect(&mut self, effect: A::Effect) {
        self.recorder.outputs.effect();
        self.io.effect(effect);
    }

    fn log(&mut self, record: Record) {
        self.recorder.outputs.logged(&record);
        self.io.log(record);
    }

    fn publish(&mut self, topic: &str, message: &[u8]) {
        self.recorder.outputs.published(topic, message);
        self.io.publish(topic, message);
    }

    fn subscribe(&mut self, topic: &str, after: Option<Position>) {
        self.recorder.outputs.subscribed(topic, after);
        self.io.subscribe(topic, after);
    }

    fn unsubscribe(&mut self, topic: &str) {
        self.recorder.outputs.unsubscribed(topic);
        self.io.unsubscribe(topic);
    }
}
