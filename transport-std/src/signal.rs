//! How other threads reach the main thread: a pipe that wakes it, and what they leave for it.

use lazuli::App;
use lazuli::handle::Remote;
use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Wakes the main thread from its `poll`, and tells it to stop.
#[derive(Debug)]
pub(crate) struct Signal {
    reader: PipeReader,
    writer: PipeWriter,
    /// Whether a byte is in the pipe, or about to be: there is never a second one, so a write never waits.
    woken: AtomicBool,
    stop: Mutex<Option<Duration>>,
}

impl Signal {
    pub(crate) fn new() -> io::Result<Signal> {
        let (reader, writer) = pipe()?;
        Ok(Signal { reader, writer, woken: AtomicBool::new(false), stop: Mutex::new(None) })
    }

    /// What to wait for: readable once woken.
    pub(crate) fn reader(&self) -> &PipeReader {
        &self.reader
    }

    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, SeqCst) {
            // Both ends are ours: it cannot fail.
            let _ = (&self.writer).write(&[0]);
        }
    }

    /// Takes the byte out. Only then may another one come: whoever finds `woken` still set has left its work before the
    /// main thread goes on to look for it.
    pub(crate) fn clear(&self) {
        let _ = (&self.reader).read(&mut [0]);
        self.woken.store(false, SeqCst);
    }

    pub(crate) fn stop(&self, within: Duration) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(within);
        self.wake();
    }

    pub(crate) fn stopped(&self) -> Option<Duration> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What handles have sent and the hub has not taken in. A lock of its own, held for a push or a pop: a handle that is used
/// in a callback, under the hub's lock, must not wait for the hub.
pub(crate) struct Inbox<A: App> {
    waiting: Mutex<VecDeque<Remote<A::Event>>>,
    signal: Arc<Signal>,
}

impl<A: App> Inbox<A> {
    pub(crate) fn new(signal: Arc<Signal>) -> Self {
        Inbox { waiting: Mutex::default(), signal }
    }

    pub(crate) fn push(&self, remote: Remote<A::Event>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(remote);
        // Only the first has to wake: the main thread does not sleep while any is left.
        if waiting.len() == 1 {
            drop(waiting);
            self.signal.wake();
        }
    }

    /// Moves at most `most` to `batch`; whether more are left.
    pub(crate) fn take(&self, most: usize, batch: &mut Vec<Remote<A::Event>>) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(most);
        batch.extend(waiting.drain(..count));
        !waiting.is_empty()
    }
}
