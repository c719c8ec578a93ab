//! The turn: outputs of the hub become writes.
//!
//! First every output is taken, and each link notes which frames it gets; then each of these links is written to once,
//! with all of its frames in one write. A link that keeps up allocates nothing, and no frame is copied for it: of many
//! small ones a copy is made, for all links that get the same.

use super::joined::Joined;
use super::link::{Link, LinkId, NONE, Phase};
use super::notes::Notes;
use super::queue::OutQueue;
use super::receive::close_frame;
use super::run::{Driver, Io};
use crate::channel::App;
use crate::id::ConnId;
use crate::output::Output;
use alloc::vec::Vec;
use core::mem;
use std::io::{ErrorKind, IoSlice};

/// How many slices, and about how many bytes, one write may have.
const SLICES: usize = 64;
const BYTES: usize = 256 << 10;

impl<A: App> Driver<A> {
    /// Does everything that there is to do: takes the hub's outputs, writes, closes, until nothing is left.
    pub fn turn(&mut self, io: &mut impl Io<A>) {
        if self.recorder.is_none() || self.work_recorded(io) {
            self.work(io);
        }
    }

    /// A turn that is written down; whether there is another one to take, because the journal has come to its end.
    #[cold]
    #[inline(never)]
    fn work_recorded(&mut self, io: &mut impl Io<A>) -> bool {
        let Some(mut recorder) = self.recorder.take() else { return true };
        self.work(&mut recorder.watch(io));
        let result = recorder.turned(self.next_timeout());
        self.recorder = Some(recorder);
        // What the log has of it is to go out now.
        result.map_err(|why| self.end_journal(why)).is_err()
    }

    #[inline]
    fn work(&mut self, io: &mut impl Io<A>) {
        loop {
            let mut busy = self.take_outputs(io);
            let mut dirty = mem::take(&mut self.dirty);
            busy |= !dirty.is_empty();
            for link in dirty.drain(..) {
                self.write_link(link, io);
            }
            dirty.append(&mut self.dirty);
            self.dirty = dirty;
            self.notes.clear();
            self.joined.clear();
            busy |= !self.done.is_empty() || !self.doomed.is_empty();
            for link in self.done.drain(..) {
                io.end(link);
            }
            for link in self.doomed.drain(..) {
                io.close(link);
                self.links.remove(link.0);
            }
            busy |= self.report_sent();
            if !busy {
                return;
            }
        }
    }

    /// Notes who gets what; whether there was anything.
    fn take_outputs(&mut self, io: &mut impl Io<A>) -> bool {
        let mut any = false;
        while let Some(output) = self.hub.poll_output() {
            any = true;
            match output {
                Output::Send { to, frame } => {
                    let Some(bundle) = self.notes.begin(frame, to) else { continue };
                    for &conn in to {
                        if let Some(&Some((known, link))) = self.by_conn.get(conn.index())
                            && known == conn
                            && let Some(found) = self.links.get_mut(link.0)
                        {
                            self.notes.note(found, bundle);
                            if !found.dirty {
                                found.dirty = true;
                                self.dirty.push(link);
                            }
                        }
                    }
                    continue;
                }
                Output::Close { conn, code, reason, by } => {
                    let last = close_frame(code, reason);
                    self.close_asked(conn, last, by);
                }
                Output::Publish { topic, message } => io.publish(topic, message),
                Output::Subscribe { topic, after } => io.subscribe(topic, after),
                Output::Unsubscribe { topic } => io.unsubscribe(topic),
                Output::App(effect) => io.effect(effect),
                Output::Log(record) => io.log(record),
                Output::Drained => self.drained = true,
            }
            self.notes.seal();
        }
        any
    }

    /// Writes what a link has, as far as its socket takes it.
    fn write_link(&mut self, link: LinkId, io: &mut impl Io<A>) {
        let Some(found) = self.links.get_mut(link.0) else { return };
        found.dirty = false;
        if found.blocked || found.queue.is_some() {
            self.settle_notes(link);
        }
        let Some(found) = self.links.get_mut(link.0) else { return };
        if found.blocked {
            return;
        }
        let conn = found.conn();
        let mut hub = 0;
        let result = if found.queue.is_some() {
            write_queue(found, link, io, &mut hub)
        } else {
            write_noted(found, link, io, &self.notes, &mut self.joined, &mut hub)
        };
        if hub > 0
            && let Some(conn) = conn
        {
            note_sent(&mut self.sent, found, conn, hub);
        }
        match result {
            Err(()) => self.lose(link),
            Ok(()) if matches!(found.phase, Phase::Leaving(_)) => self.proceed(link),
            Ok(()) => {}
        }
    }

    /// Moves a link's frames of this turn into its queue.
    pub(super) fn settle_notes(&mut self, link: LinkId) {
        let Some(found) = self.links.get_mut(link.0) else { return };
        let first = mem::replace(&mut found.first, NONE);
        found.last = NONE;
        for frame in self.notes.frames(first) {
            found.queue().push_frame(frame.clone());
        }
    }

    /// Drops a link's frames of this turn.
    pub(super) fn forget_notes(&mut self, link: LinkId) {
        if let Some(found) = self.links.get_mut(link.0) {
            (found.first, found.last) = (NONE, NONE);
        }
    }
}

/// Notes in the report that so many bytes were written to a connection.
fn note_sent(report: &mut Vec<(ConnId, u32)>, link: &mut Link, conn: ConnId, bytes: usize) {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    match report.get_mut(link.report as usize) {
        Some((known, before)) if *known == conn => *before = before.saturating_add(bytes),
        _ => {
            link.report = report.len() as u32;
            report.push((conn, bytes));
        }
    }
}

/// Writes the queue of a link until it is empty or the socket takes no more.
fn write_queue<A: App>(found: &mut Link, link: LinkId, io: &mut impl Io<A>, hub: &mut usize) -> Result<(), ()> {
    while let Some(queue) = &mut found.queue {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let (count, bytes) = queue.gather(&mut slices, BYTES);
        let written = if bytes > 0 { write(io, link, &slices[..count])? } else { 0 };
        *hub += queue.consume(written);
        if queue.is_empty() {
            found.queue = None;
        } else if written < bytes {
            found.blocked = true;
            return Ok(());
        }
    }
    Ok(())
}

/// Writes a link's frames of this turn; what the socket does not take becomes its queue.
#[inline]
fn write_noted<A: App>(
    found: &mut Link,
    link: LinkId,
    io: &mut impl Io<A>,
    notes: &Notes,
    joined: &mut Joined,
    hub: &mut usize,
) -> Result<(), ()> {
    let first = mem::replace(&mut found.first, NONE);
    if first == NONE {
        return Ok(());
    }
    found.last = NONE;
    // Mostly there is one frame, and a list of slices would cost more to clear than all the rest.
    let at_once = match notes.only(first) {
        Some(frame) => Some(frame.wire()),
        None => joined.join(first, notes),
    };
    let mut rest = notes.frames(first).peekable();
    let mut written = if let Some(bytes) = at_once {
        let written = write(io, link, &[IoSlice::new(bytes)])?;
        *hub += written;
        if written == bytes.len() {
            return Ok(());
        }
        written
    } else {
        loop {
            let start = rest.clone();
            let mut slices = [IoSlice::new(&[]); SLICES];
            let (mut count, mut bytes) = (0, 0);
            while count < slices.len()
                && bytes < BYTES
                && let Some(frame) = rest.next()
            {
                slices[count] = IoSlice::new(frame.wire());
                bytes += frame.wire().len();
                count += 1;
            }
            let written = write(io, link, &slices[..count])?;
            *hub += written;
            if written < bytes {
                rest = start;
                break written;
            }
            if rest.peek().is_none() {
                return Ok(());
            }
        }
    };
    let mut queue = OutQueue::default();
    for frame in rest {
        let length = frame.wire().len();
        if written >= length {
            written -= length;
        } else if written > 0 {
            queue.push_partial(frame.clone(), mem::take(&mut written));
        } else {
            queue.push_frame(frame.clone());
        }
    }
    found.queue = Some(queue.into());
    found.blocked = true;
    Ok(())
}

/// Writes; `Err` for a broken socket.
fn write<A: App>(io: &mut impl Io<A>, link: LinkId, slices: &[IoSlice<'_>]) -> Result<usize, ()> {
    match io.write(link, slices) {
        Ok(written) => Ok(written),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
        Err(_) => Err(()),
    }
}
