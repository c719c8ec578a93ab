//! A socket in the poller's list. The only unsafe line of this crate is here: the list must not outlive the socket.

#![allow(unsafe_code)]

use polling::{AsRawSource, AsSource, Event, PollMode, Poller};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::ops::Deref;
use std::sync::Arc;

/// What owns one descriptor, and lends it only.
pub(crate) trait Socket: AsSource {}

impl Socket for TcpStream {}
impl Socket for TcpListener {}

/// A socket that a poller watches for as long as it is there, without being asked again after each event.
pub(crate) struct Watched<S: Socket> {
    socket: S,
    poller: Arc<Poller>,
}

impl<S: Socket> Watched<S>
where
    for<'a> &'a S: AsRawSource,
{
    /// Watches it for what `interest` says; its key comes with each event.
    ///
    /// # Errors
    /// When the system cannot watch it: it has no memory, or (illumos) tells of nothing twice.
    pub(crate) fn new(socket: S, poller: &Arc<Poller>, interest: Event) -> io::Result<Self> {
        // SAFETY: `Drop` takes it off the list; until then the socket stays in here, and open. (Leaked, it stays open for ever.)
        unsafe { poller.add_with_mode(&socket, interest, PollMode::Level) }?;
        Ok(Watched { socket, poller: poller.clone() })
    }
}

impl<S: Socket> Watched<S> {
    /// Watches it for something else from now on.
    pub(crate) fn watch(&self, interest: Event) -> io::Result<()> {
        self.poller.modify_with_mode(&self.socket, interest, PollMode::Level)
    }
}

impl<S: Socket> Deref for Watched<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.socket
    }
}

impl<S: Socket> Drop for Watched<S> {
    fn drop(&mut self) {
        // It can fail only if it is not in the list.
        let _ = self.poller.delete(&self.socket);
    }
}
