//! A socket in the poller's list. The only unsafe line of this crate is here: the list must not outlive the socket.

#![allow(unsafe_code)]

use polling::{AsRawSource, AsSource, Event, PollMode, Poller};
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// A socket that a poller watches for as long as it is there, without being asked again after each event.
pub(crate) struct Watched<S: AsSource> {
    socket: S,
    poller: Arc<Poller>,
}

impl<S: AsSource> Watched<S>
where
    for<'a> &'a S: AsRawSource,
{
    /// Watches it for what `interest` says; its key comes with each event.
    pub(crate) fn new(socket: S, poller: &Arc<Poller>, interest: Event) -> io::Result<Self> {
        // SAFETY: `Drop` takes it off the list. Nobody else can take the socket out of here, or close it.
        unsafe { poller.add_with_mode(&socket, interest, PollMode::Level) }?;
        Ok(Watched { socket, poller: poller.clone() })
    }
}

impl<S: AsSource> Watched<S> {
    /// Watches it for something else from now on.
    pub(crate) fn watch(&self, interest: Event) -> io::Result<()> {
        self.poller.modify_with_mode(&self.socket, interest, PollMode::Level)
    }
}

impl<S: AsSource> Deref for Watched<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.socket
    }
}

impl<S: AsSource> Drop for Watched<S> {
    fn drop(&mut self) {
        // It can fail only if it is not in the list.
        let _ = self.poller.delete(&self.socket);
    }
}
