//! Sends, to whomever.

use super::Scope;
use crate::channel::App;
use crate::effects::{Effect, Target, Whom};
use crate::frame::Kind;
use crate::id::ConnId;
use alloc::sync::Arc;
use core::ops::Range;
use serde::Serialize;

impl<'a, A: App> Scope<'a, A> {
    /// Starts a send to everyone in a room.
    pub fn to_room(&mut self, room: &str) -> To<'_, 'a, A> {
        self.to_rooms([room])
    }

    /// Starts a send to everyone in any of these rooms; each connection gets it once.
    pub fn to_rooms<S: AsRef<str>>(&mut self, rooms: impl IntoIterator<Item = S>) -> To<'_, 'a, A> {
        let rooms = self.names(rooms);
        self.to(Whom::Rooms(rooms))
    }

    /// Starts a send to every connection of a user; see [`Context::identify`](crate::Context::identify).
    pub fn to_user(&mut self, user: &str) -> To<'_, 'a, A> {
        self.to_users([user])
    }

    /// Starts a send to every connection of these users; each gets it once.
    pub fn to_users<S: AsRef<str>>(&mut self, users: impl IntoIterator<Item = S>) -> To<'_, 'a, A> {
        let users = self.names(users);
        self.to(Whom::Users(users))
    }

    /// Starts a send to every open connection.
    pub fn to_all(&mut self) -> To<'_, 'a, A> {
        self.to(Whom::All)
    }

    /// Starts a send to one connection.
    pub fn to_conn(&mut self, conn: ConnId) -> To<'_, 'a, A> {
        self.to(Whom::Conn(conn))
    }

    fn to(&mut self, whom: Whom) -> To<'_, 'a, A> {
        let (except, but) = (self.fx.except.len(), self.fx.names.len());
        To { scope: self, whom, except, but }
    }

    fn names<S: AsRef<str>>(&mut self, names: impl IntoIterator<Item = S>) -> Range<usize> {
        let first = self.fx.names.len();
        for name in names {
            let name = self.fx.name(name.as_ref());
            self.fx.names.push(name);
        }
        first..self.fx.names.len()
    }
}

/// A send whose receivers are chosen; [`json`](To::json), [`text`](To::text), [`binary`](To::binary) or
/// [`event`](To::event) completes it.
#[must_use = "nothing is sent until `json`, `text`, `binary` or `event` says what"]
pub struct To<'s, 'a, A: App> {
    scope: &'s mut Scope<'a, A>,
    whom: Whom,
    /// Where its exceptions begin in the recording's arenas.
    except: usize,
    but: usize,
}

impl<A: App> To<'_, '_, A> {
    /// Leaves out a connection.
    pub fn except(self, conn: ConnId) -> Self {
        self.scope.fx.except.push(conn);
        self
    }

    /// Leaves out all connections of a user.
    pub fn except_user(self, user: &str) -> Self {
        let user = self.scope.fx.name(user);
        self.scope.fx.names.push(user);
        self
    }

    fn target(&self) -> Target {
        Target {
            whom: self.whom.clone(),
            except: self.except..self.scope.fx.except.len(),
            but: self.but..self.scope.fx.names.len(),
        }
    }

    /// Sends a value as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) {
        let target = self.target();
        let frame = self.scope.encode_json(value);
        self.scope.send_frame(target, frame);
    }

    /// Sends text.
    pub fn text(self, text: &str) {
        let target = self.target();
        let frame = self.scope.encode(Kind::Text, text.as_bytes());
        self.scope.send_frame(target, Some(frame));
    }

    /// Sends bytes.
    pub fn binary(self, bytes: &[u8]) {
        let target = self.target();
        let frame = self.scope.encode(Kind::Binary, bytes);
        self.scope.send_frame(target, Some(frame));
    }

    /// Hands an event to [`Channel::on_event`](crate::Channel::on_event) of each channel instance, on this hub alone.
    pub fn event(self, event: A::Event) {
        let to = self.target();
        self.scope.fx.list.push(Effect::Event { to, event: Arc::new(event) });
    }
}
