//! An instance's rooms, its user, and its presence.

use super::{Context, To};
use crate::channel::App;
use crate::effects::Effect;
use crate::error::Error;
use crate::rooms::MAX_ROOM_NAME;
use alloc::format;
use serde::Serialize;

/// Whether a text can name a room or a user.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_ROOM_NAME && !name.chars().any(char::is_control)
}

impl<'a, A: App> Context<'a, A> {
    /// Enters a room; a second time changes nothing, nor does it in [`Channel::on_close`](crate::Channel::on_close).
    ///
    /// The callback fails when the name is empty, longer than 255 bytes or holds control characters, and when the
    /// instance would be in more rooms than its limit allows.
    pub fn join(&mut self, room: &str) {
        if !is_name(room) {
            self.fx
                .fail(Error::reply("A room's name has 1 to 255 bytes and no control characters").with_code("BAD_ROOM"));
            return;
        }
        if self.is_in(room) || !self.state.is_open(self.conn) {
            return;
        }
        let limit = self.state.limits(self.conn).rooms;
        if self.joined() >= limit {
            self.fx.fail(
                Error::reply(format!("At most {limit} rooms at once; leave one first")).with_code("TOO_MANY_ROOMS"),
            );
            return;
        }
        let name = self.fx.name(room);
        self.fx.list.push(Effect::Join(name));
    }

    /// Leaves a room; where it is not a member, nothing changes.
    pub fn leave(&mut self, room: &str) {
        if self.is_in(room) {
            let name = self.fx.name(room);
            self.fx.list.push(Effect::Leave(name));
        }
    }

    /// Whether this instance is in the room, what this callback recorded included.
    pub fn is_in(&self, room: &str) -> bool {
        self.recorded(room).unwrap_or_else(|| self.state.rooms.is_member(self.instance, room))
    }

    /// How many are in a room, with what this callback recorded.
    pub fn count(&self, room: &str) -> usize {
        let before = usize::from(self.state.rooms.is_member(self.instance, room));
        self.scope.count(room) - before + usize::from(self.is_in(room))
    }

    /// The latest join (`true`) or leave of the room in the recording.
    fn recorded(&self, room: &str) -> Option<bool> {
        self.fx.list.iter().rev().find_map(|effect| match effect {
            Effect::Join(name) if self.fx.text(name) == room => Some(true),
            Effect::Leave(name) if self.fx.text(name) == room => Some(false),
            _ => None,
        })
    }

    /// In how many rooms this instance is, with what this callback recorded: only joins and leaves that change something
    /// are recorded.
    fn joined(&self) -> usize {
        let recorded = |wanted: fn(&Effect<A>) -> bool| self.fx.list.iter().filter(|effect| wanted(effect)).count();
        self.state.rooms.joined(self.instance) + recorded(|effect| matches!(effect, Effect::Join(_)))
            - recorded(|effect| matches!(effect, Effect::Leave(_)))
    }

    /// Starts a send to everyone in a room but this connection.
    pub fn to_others(&mut self, room: &str) -> To<'_, 'a, A> {
        let conn = self.conn;
        self.to_room(room).except(conn)
    }

    /// Sends a value as JSON to everyone in a room but this connection.
    pub fn broadcast_from(&mut self, room: &str, value: &(impl Serialize + ?Sized)) {
        self.to_others(room).json(value);
    }

    /// Sends a value as JSON to everyone in a room.
    pub fn broadcast(&mut self, room: &str, value: &(impl Serialize + ?Sized)) {
        self.to_room(room).json(value);
    }

    /// Says whose this connection is. What is sent to the user reaches it from now on, together with all other connections
    /// of theirs: every tab, every device. The same again changes nothing.
    ///
    /// The callback fails when the name is empty, longer than 255 bytes or holds control characters, when the connection
    /// is another user's already, and when the user has as many connections as
    /// [`Config::per_user`](crate::Config::per_user) allows (the peer reads "Too many connections of this user", code
    /// `TOO_MANY_CONNECTIONS`; in [`Channel::on_connect`](crate::Channel::on_connect) that closes it with 1008).
    pub fn identify(&mut self, user: &str) {
        if !is_name(user) {
            let error = Error::reply("A user's name has 1 to 255 bytes and no control characters");
            self.fx.fail(error.with_code("BAD_USER"));
            return;
        }
        match self.user() {
            Some(known) if known == user => {}
            Some(_) => self.fx.fail(Error::internal("this connection is another user's already")),
            None if !self.state.is_open(self.conn) => {}
            None if self.state.conns_of_user(user, Some(self.conn)) >= self.state.config.per_user => {
                let error = Error::reply("Too many connections of this user");
                self.fx.fail(error.with_code("TOO_MANY_CONNECTIONS"));
            }
            None => {
                let user = self.fx.name(user);
                self.fx.list.push(Effect::Identify(user));
            }
        }
    }

    /// Whose this connection is, what this callback recorded included.
    pub fn user(&self) -> Option<&str> {
        let recorded = self.fx.list.iter().find_map(|effect| match effect {
            Effect::Identify(user) => Some(self.fx.text(user)),
            _ => None,
        });
        recorded.or_else(|| self.state.users.first(self.instance).map(|user| &**user))
    }

    /// Shows in a room that this connection's user is here, with metadata; again, with other metadata. The connection
    /// enters the room if it is not there, and gets the whole presence of the room, and changes from then on:
    ///
    /// ```text
    /// {"type":"presence_state","room":"lobby","users":{"ada":{"metas":[{"status":"away"}]}}}
    /// {"type":"presence_diff","room":"lobby","joins":{"bob":{"metas":[{}]}},"leaves":{}}
    /// ```
    ///
    /// All members get the changes: who came, who went with their last connection, and as `updates` whose metadata are
    /// others now; at once, and then at most every [`Config::presence`](crate::Config::presence). Metadata of several
    /// connections of a user stand side by side; equal ones stand there once. What a change says of a user is all that
    /// is known of them.
    ///
    /// With a [backplane](crate::Config::backplane) the presence of a room is that of all hubs: a user is here as long as
    /// a connection of theirs is tracked on any of them, and metadata stand in one order everywhere, by node. The first to
    /// enter a room on a hub gets the state of this hub, and whom the others show as changes right after it. The users of
    /// a hub that dies without a word leave after 20 to 40 seconds.
    ///
    /// The callback fails as [`Context::join`] does, when the connection was not [identified](Context::identify), when the
    /// user has as many connections in the room as [`Config::per_user`](crate::Config::per_user) allows (code
    /// `TOO_MANY_CONNECTIONS`), and when the metadata are no JSON.
    pub fn track(&mut self, room: &str, metadata: &(impl Serialize + ?Sized)) {
        if self.user().is_none() {
            self.fx.fail(Error::internal("identify the connection before it is tracked"));
            return;
        }
        let tracked = self.state.rooms.room(room).and_then(|room| room.presence.as_ref());
        if let (Some(presence), Some(user)) = (tracked, self.user())
            && presence.tracked(user) >= self.state.config.per_user
            && !presence.is_tracked(user, self.conn)
        {
            let error = Error::reply("Too many connections of this user in this room");
            self.fx.fail(error.with_code("TOO_MANY_CONNECTIONS"));
            return;
        }
        self.join(room);
        match serde_json::to_string(metadata) {
            Ok(meta) if self.is_in(room) => {
                let room = self.fx.name(room);
                self.fx.list.push(Effect::Track { room, meta: meta.into() });
            }
            Ok(_) => {}
            Err(error) => self.fx.fail(Error::internal(format!("metadata could not be written as JSON: {error}"))),
        }
    }

    /// Ends what [`Context::track`] began. The connection stays in the room. Leaving the room does the same.
    pub fn untrack(&mut self, room: &str) {
        let room = self.fx.name(room);
        self.fx.list.push(Effect::Untrack(room));
    }
}
