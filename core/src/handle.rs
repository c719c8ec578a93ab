//! Sends from outside a callback.

use crate::channel::App;
use crate::error::Result;
use crate::frame::{Frame, Kind};
use crate::id::ConnId;
use crate::input::{Command, Input};
use crate::json;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use serde::Serialize;

/// What a handle hands over.
#[derive(Debug)]
pub enum Remote<E> {
    /// An event for [`App::on_event`].
    Event(E),
    /// A send, or a close.
    Command(Command),
}

impl<E> Remote<E> {
    /// The input that a driver makes of it.
    pub fn into_input(self) -> Input<'static, E> {
        match self {
            Remote::Event(event) => Input::App(event),
            Remote::Command(command) => Input::Command(command),
        }
    }
}

/// The hub as seen from another thread, a job, or an HTTP server beside it: what is sent through it takes its turn among
/// the hub's inputs. Clones reach the same hub; after the hub is gone, what is sent goes nowhere.
///
/// Transports make it; a driver of one's own makes it from whatever queue it reads.
///
/// ```
/// use lazuli::{Handle, handle::Remote};
/// use std::sync::mpsc;
///
/// let (sender, inbox) = mpsc::channel();
/// let handle: Handle = Handle::new(move |remote| { let _ = sender.send(remote); });
/// handle.broadcast("lobby", &serde_json::json!({ "type": "news" })).unwrap();
/// assert!(matches!(inbox.recv(), Ok(Remote::Command(_))));
/// ```
pub struct Handle<A: App = ()>(Arc<dyn Fn(Remote<A::Event>) + Send + Sync>);

impl<A: App> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Handle(self.0.clone())
    }
}

impl<A: App> fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl<A: App> Handle<A> {
    /// A handle that puts what it is given where the hub's driver finds it.
    pub fn new(submit: impl Fn(Remote<A::Event>) + Send + Sync + 'static) -> Self {
        Handle(Arc::new(submit))
    }

    /// Hands an event to [`App::on_event`].
    pub fn event(&self, event: A::Event) {
        (self.0)(Remote::Event(event));
    }

    /// Hands over a send as it is.
    pub fn command(&self, command: Command) {
        (self.0)(Remote::Command(command));
    }

    /// Sends a value as JSON to one connection.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn send(&self, conn: ConnId, value: &(impl Serialize + ?Sized)) -> Result {
        self.command(Command::Send { conn, frame: frame(value)? });
        Ok(())
    }

    /// Sends a value as JSON to everyone in a room.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn broadcast(&self, room: &str, value: &(impl Serialize + ?Sized)) -> Result {
        self.broadcast_rooms([room], value)
    }

    /// Sends a value as JSON to everyone in any of these rooms, each connection once.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn broadcast_rooms<S: Into<String>>(
        &self,
        rooms: impl IntoIterator<Item = S>,
        value: &(impl Serialize + ?Sized),
    ) -> Result {
        let rooms = rooms.into_iter().map(Into::into).collect();
        self.command(Command::Broadcast { rooms, except: Vec::new(), frame: frame(value)? });
        Ok(())
    }

    /// Sends a value as JSON to every open connection.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn broadcast_all(&self, value: &(impl Serialize + ?Sized)) -> Result {
        self.command(Command::All { except: Vec::new(), frame: frame(value)? });
        Ok(())
    }

    /// Closes a connection; a code that may not be sent becomes 1000, a reason is cut to 123 bytes.
    pub fn close(&self, conn: ConnId, code: u16, reason: &str) {
        self.command(Command::Close { conn, code, reason: reason.into() });
    }
}

fn frame(value: &(impl Serialize + ?Sized)) -> Result<Frame> {
    let mut bytes = Vec::new();
    json::write(value, &mut bytes)?;
    Ok(Frame::new(Kind::Text, &bytes))
}
