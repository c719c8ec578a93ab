//! What yrs would take from the machine if it were left to: numbers for copies, and the time. Here the hub gives them, so that the same happens
//! again when a journal is played.

use lazuli::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use yrs::undo::Options as UndoOptions;
use yrs::{ClientID, Doc, OffsetKind, Options};

/// An empty document for the copy with this number, of which 53 bits count. No two may change a text that have the same.
pub fn document(number: u64) -> Doc {
    let (client_id, guid) = (ClientID::new(number & (u64::MAX >> 11)), "text".into());
    Doc::with_options(Options { client_id, guid, offset_kind: OffsetKind::Utf16, ..Options::default() })
}

/// The time as a copy was told it last, in milliseconds.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Says what time it is.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_unix_micros() / 1_000, Relaxed);
    }

    /// Changes that come shortly one after the other are undone together.
    pub fn undo_options(&self) -> UndoOptions<()> {
        let clock = self.clone();
        UndoOptions { timestamp: Arc::new(move || clock.0.load(Relaxed)), ..UndoOptions::default() }
    }
}
