//! What was observed of a copy, until somebody asks.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// Notes, the oldest first. Clones are the same log. (A copy may go from thread to thread, so what observes it has to be able to.)
pub struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    /// One more.
    pub fn note(&self, one: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }

    /// All of them; the log is empty then.
    pub fn take(&self) -> Vec<T> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Log(self.0.clone())
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Log(Arc::default())
    }
}
