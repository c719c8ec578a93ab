//! A place for journals of tests.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A journal's place in memory, for tests; clones are the same place.
///
/// ```
/// use lazuli::driver::{Driver, Settings};
/// use lazuli::journal::Journal;
/// use lazuli::{Config, Hub, Routes};
/// use lazuli_harness::journal::Memory;
/// use lazuli_harness::replay_journal;
///
/// let memory = Memory::default();
/// let hub: Hub = Hub::new(Config::default(), Routes::new(), ());
/// drop(Driver::recorded(hub, Settings::default(), Journal::to(memory.clone())));
/// assert!(replay_journal(&memory.bytes(), Routes::new(), ())?.difference.is_none());
/// # Ok::<(), lazuli_harness::journal::Unplayable>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
