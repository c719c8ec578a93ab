//! What a callback can see of the hub.

use super::Scope;
use crate::channel::App;
use crate::id::ConnId;
use crate::stats::{RouteStats, Stats};
use crate::time::Time;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Serialize;
use serde_json::Value;

/// What the hub knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConnInfo<'a> {
    /// When it was opened.
    pub connected_at: Time,
    /// When its peer last sent a message or a ping; until then, when it was opened.
    pub last_activity: Time,
    /// The pattern of its route.
    pub route: &'a str,
    /// Whose it is, if it was [identified](crate::Context::identify).
    pub user: Option<&'a str>,
    /// What was noted by [`Context::set_metadata`](crate::Context::set_metadata).
    pub metadata: Option<&'a Value>,
}

/// One user who is present in a room.
#[derive(Clone, Debug, Serialize)]
pub struct Present {
    /// Who.
    pub user: String,
    /// The different metadata of their connections: by hub, and on each in the order in which they came.
    pub metas: Vec<Value>,
}

impl<A: App> Scope<'_, A> {
    /// How many are in a room on this hub: channel instances, so that a Spark socket counts once for each of its channels
    /// there.
    pub fn count(&self, room: &str) -> usize {
        self.state.rooms.count(room)
    }

    /// The connections in a room on this hub, in no particular order.
    pub fn members(&self, room: &str) -> impl Iterator<Item = ConnId> {
        self.state.rooms.conns(room)
    }

    /// The rooms on this hub whose names begin with `prefix`, with how many are in each, by name.
    pub fn rooms<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, usize)> {
        self.state.rooms.under(prefix)
    }

    /// The connections of a user on this hub, in no particular order.
    pub fn user_conns(&self, user: &str) -> impl Iterator<Item = ConnId> {
        self.state.users.conns(user)
    }

    /// Whether a user has a connection on this hub.
    pub fn is_online(&self, user: &str) -> bool {
        self.state.users.count(user) > 0
    }

    /// The users on this hub, by name, with how many connections each has.
    pub fn users(&self) -> impl Iterator<Item = (&str, usize)> {
        self.state.users.under("")
    }

    /// Who is present in a room, by name, on all hubs as far as this one has a member there; see [`Context::track`](crate::Context::track).
    pub fn presence(&self, room: &str) -> Vec<Present> {
        let presence = self.state.rooms.room(room).and_then(|room| room.presence.as_ref());
        let read = |meta: &str| serde_json::from_str(meta).unwrap_or_default();
        let users = presence.into_iter().flat_map(|presence| presence.users());
        users
            .map(|(user, metas)| Present { user: user.to_string(), metas: metas.iter().map(|m| read(m)).collect() })
            .collect()
    }

    /// What is known of a connection; `None` if it is gone.
    pub fn conn_info(&self, conn: ConnId) -> Option<ConnInfo<'_>> {
        let found = self.state.conns.get(conn)?;
        Some(ConnInfo {
            connected_at: found.opened,
            last_activity: found.active,
            route: &self.state.stats.routes.get(found.route as usize)?.route,
            user: self.state.users.first(found.instance).map(|user| &**user),
            metadata: found.more.as_ref().and_then(|more| more.metadata.as_deref()),
        })
    }

    /// What the hub has counted.
    pub fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// What the hub has counted for a route, by its pattern.
    pub fn route_stats(&self, pattern: &str) -> Option<&RouteStats> {
        self.state.stats.routes.iter().find(|route| &*route.route == pattern)
    }
}
