//! Sends from outside a callback.

use crate::channel::App;
use crate::error::Result;
use crate::frame::{Frame, Kind};
use crate::id::ConnId;
use crate::input::{Command, Input, Receivers};
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
    /// How long the message is that is to be sent; 0 if there is none.
    ///
    /// A driver takes only some of what waits before it lets the sockets have what came of it: sixty messages of 60 kB at once are
    /// more than may wait for one connection, and whoever reads as fast as can be would be closed as too slow.
    ///
    /// ```
    /// use lazuli::{Handle, handle::Remote};
    /// use std::sync::mpsc;
    ///
    /// let (sender, inbox) = mpsc::channel();
    /// let handle: Handle = Handle::new(move |remote| { let _ = sender.send(remote); });
    /// handle.to_all().text("hello");
    /// assert_eq!(inbox.recv().unwrap().bytes(), 5);
    /// ```
    pub fn bytes(&self) -> usize {
        match self {
            Remote::Command(Command::Send { frame, .. }) => frame.payload().len(),
            Remote::Event(_) | Remote::Command(Command::CloseUser { .. } | Command::Close { .. }) => 0,
        }
    }

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

    /// Starts a send to one connection.
    pub fn to_conn(&self, conn: ConnId) -> Sending<'_, A> {
        self.to(Receivers::Conn(conn))
    }

    /// Starts a send to everyone in a room.
    pub fn to_room(&self, room: &str) -> Sending<'_, A> {
        self.to_rooms([room])
    }

    /// Starts a send to everyone in any of these rooms; each connection gets it once.
    pub fn to_rooms<S: Into<String>>(&self, rooms: impl IntoIterator<Item = S>) -> Sending<'_, A> {
        self.to(Receivers::Rooms(rooms.into_iter().map(Into::into).collect()))
    }

    /// Starts a send to every connection of a user; see [`Context::identify`](crate::Context::identify).
    pub fn to_user(&self, user: &str) -> Sending<'_, A> {
        self.to_users([user])
    }

    /// Starts a send to every connection of these users; each gets it once.
    pub fn to_users<S: Into<String>>(&self, users: impl IntoIterator<Item = S>) -> Sending<'_, A> {
        self.to(Receivers::Users(users.into_iter().map(Into::into).collect()))
    }

    /// Starts a send to every open connection.
    pub fn to_all(&self) -> Sending<'_, A> {
        self.to(Receivers::All)
    }

    fn to(&self, to: Receivers) -> Sending<'_, A> {
        Sending { handle: self, to, except: Vec::new(), except_users: Vec::new() }
    }

    /// Sends a value as JSON to everyone in a room.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn broadcast(&self, room: &str, value: &(impl Serialize + ?Sized)) -> Result {
        self.to_room(room).json(value)
    }

    /// Closes all connections of a user, on all hubs; a code that may not be sent becomes 1000, a reason is cut to 123 bytes.
    pub fn close_user(&self, user: &str, code: u16, reason: &str) {
        self.command(Command::CloseUser { user: user.into(), code, reason: reason.into() });
    }

    /// Closes a connection; a code that may not be sent becomes 1000, a reason is cut to 123 bytes.
    pub fn close(&self, conn: ConnId, code: u16, reason: &str) {
        self.command(Command::Close { conn, code, reason: reason.into() });
    }
}

/// A send whose receivers are chosen; [`json`](Sending::json), [`text`](Sending::text) or [`binary`](Sending::binary)
/// completes it.
#[must_use = "nothing is sent until `json`, `text` or `binary` says what"]
pub struct Sending<'h, A: App> {
    handle: &'h Handle<A>,
    to: Receivers,
    except: Vec<ConnId>,
    except_users: Vec<String>,
}

impl<A: App> Sending<'_, A> {
    /// Leaves out a connection.
    pub fn except(mut self, conn: ConnId) -> Self {
        self.except.push(conn);
        self
    }

    /// Leaves out all connections of a user.
    pub fn except_user(mut self, user: &str) -> Self {
        self.except_users.push(user.into());
        self
    }

    /// Sends a value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Result {
        let mut bytes = Vec::new();
        json::write(value, &mut bytes)?;
        self.send(Frame::new(Kind::Text, &bytes));
        Ok(())
    }

    /// Sends text.
    pub fn text(self, text: &str) {
        self.send(Frame::new(Kind::Text, text.as_bytes()));
    }

    /// Sends bytes.
    pub fn binary(self, bytes: &[u8]) {
        self.send(Frame::new(Kind::Binary, bytes));
    }

    fn send(self, frame: Frame) {
        let Sending { handle, to, except, except_users } = self;
        handle.command(Command::Send { to, except, except_users, frame });
    }
}
