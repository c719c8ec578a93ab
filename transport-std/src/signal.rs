//! How other threads reach the main thread.

use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// Wakes the main thread from its `poll`, and tells it to stop.
#[derive(Debug)]
pub(crate) struct Signal {
    reader: PipeReader,
    writer: PipeWriter,
    /// Whether a byte is in the pipe, or about to be: there is never a second one, so a write never waits.
    woken: AtomicBool,
    stop: OnceLock<Duration>,
}

impl Signal {
    pub(crate) fn new() -> io::Result<Signal> {
        let (reader, writer) = pipe()?;
        Ok(Signal { reader, writer, woken: AtomicBool::new(false), stop: OnceLock::new() })
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
        self.stop.get_or_init(|| within);
        self.wake();
    }

    pub(crate) fn stopped(&self) -> Option<Duration> {
        self.stop.get().copied()
    }
}
