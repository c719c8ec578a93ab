//! Who shows in a room that they are here.
//!
//! A connection is tracked in a room as its user, with metadata. A user is there from the first tracked connection to the
//! last, on whichever hub; what is shown of them are the different metadata of their connections: by hub, and on each hub in
//! the order in which they came, so that all hubs show the same.
//!
//! Members of the room are told of changes by what was true when they were last told and what is true now, so that what
//! comes and goes in between costs nothing. What a diff says of a user is whole, so that it may be applied twice.

use crate::canary::{Canary, is_planted};
use crate::config::Node;
use crate::id::ConnId;
use crate::json;
use crate::time::Time;
use crate::timer::TimerKey;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

mod elsewhere;

use elsewhere::Elsewhere;
pub(crate) use elsewhere::Users;

/// Metadata as JSON.
pub(crate) type Meta = Arc<str>;

/// One room's presence.
#[derive(Debug)]
pub(crate) struct Presence {
    users: BTreeMap<Arc<str>, User>,
    /// How many of them have a connection on this hub.
    own: usize,
    pub(crate) elsewhere: Elsewhere,
    /// Users that have changed since the members were told.
    pending: BTreeMap<Arc<str>, Pending>,
    /// How many changes there were since, and who came with the latest.
    changes: usize,
    newcomer: Option<ConnId>,
    /// When the members were last told.
    pub(crate) told: Option<Time>,
    /// The timer for telling them, when it was too early at once.
    pub(crate) timer: Option<TimerKey>,
}

/// Where a user is.
#[derive(Debug, Default)]
struct User {
    /// The connections on this hub.
    conns: Vec<(ConnId, Meta)>,
    /// What the other hubs show, by node; none of it is empty.
    elsewhere: Vec<(Node, Vec<Meta>)>,
}

/// A user who has changed.
#[derive(Debug)]
struct Pending {
    /// What the members were told of the user.
    told: Vec<Meta>,
    /// What newcomers were shown since, where that may be neither what the others were told nor what is true in the end.
    shown: Vec<Vec<Meta>>,
}

impl Presence {
    /// Nobody, as `node` sees it.
    pub(crate) fn new(node: Option<Node>) -> Presence {
        Presence {
            users: BTreeMap::new(),
            own: 0,
            elsewhere: Elsewhere::new(node),
            pending: BTreeMap::new(),
            changes: 0,
            newcomer: None,
            told: None,
            timer: None,
        }
    }

    /// Tracks a connection, or gives it other metadata. Whether it is new.
    pub(crate) fn track(&mut self, user: &Arc<str>, conn: ConnId, meta: Meta) -> bool {
        self.touch(user);
        let conns = &mut self.users.entry(user.clone()).or_default().conns;
        match conns.iter_mut().find(|(tracked, _)| *tracked == conn) {
            Some((_, known)) => {
                *known = meta;
                false
            }
            None => {
                self.own += usize::from(conns.is_empty());
                conns.push((conn, meta));
                self.newcomer = Some(conn);
                true
            }
        }
    }

    /// No longer tracks a connection. Whether it was tracked.
    pub(crate) fn untrack(&mut self, user: &Arc<str>, conn: ConnId) -> bool {
        if !self.is_tracked(user, conn) {
            return false;
        }
        self.touch(user);
        if let Some(found) = self.users.get_mut(user) {
            found.conns.retain(|(tracked, _)| *tracked != conn && !is_planted(Canary::LeftTab));
            self.own -= usize::from(found.conns.is_empty());
            self.forget_if_gone(user);
        }
        true
    }

    pub(crate) fn is_tracked(&self, user: &str, conn: ConnId) -> bool {
        self.users.get(user).is_some_and(|user| user.conns.iter().any(|(tracked, _)| *tracked == conn))
    }

    /// How many connections of a user this hub tracks.
    pub(crate) fn tracked(&self, user: &str) -> usize {
        self.users.get(user).map_or(0, |user| user.conns.len())
    }

    fn forget_if_gone(&mut self, user: &str) {
        if self.users.get(user).is_some_and(|user| user.conns.is_empty() && user.elsewhere.is_empty()) {
            self.users.remove(user);
        }
    }

    /// Remembers what the members know of a user, before it changes.
    fn touch(&mut self, user: &Arc<str>) {
        self.changes += 1;
        self.newcomer = None;
        if !self.pending.contains_key(user) {
            let told = self.metas(user);
            self.pending.insert(user.clone(), Pending { told, shown: Vec::new() });
        }
    }

    /// What is shown of a user: nothing if they are not here.
    fn metas(&self, user: &str) -> Vec<Meta> {
        let mut metas: Vec<Meta> = Vec::new();
        let Some(user) = self.users.get(user) else { return metas };
        let here = user.elsewhere.partition_point(|(node, _)| *node < self.elsewhere.node);
        let (before, after) = user.elsewhere.split_at(here);
        let own = user.conns.iter().map(|(_, meta)| meta);
        for meta in shown_by(before).chain(own).chain(shown_by(after)) {
            if !metas.contains(meta) {
                metas.push(meta.clone());
            }
        }
        metas
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// All users, by name, with what is shown of them.
    pub(crate) fn users(&self) -> impl Iterator<Item = (&Arc<str>, Vec<Meta>)> {
        self.users.keys().map(|user| (user, self.metas(user)))
    }

    /// What a newcomer is told, as JSON.
    pub(crate) fn write_state(&mut self, room: &str, bytes: &mut Vec<u8>) -> serde_json::Result<()> {
        let shown: Vec<_> = self.pending.keys().map(|user| self.metas(user)).collect();
        for (pending, metas) in self.pending.values_mut().zip(shown) {
            if pending.shown.last() != Some(&metas) {
                pending.shown.push(metas);
            }
        }
        begin("presence_state", room, bytes)?;
        write_users("users", self.users().map(|(user, metas)| (user.clone(), metas)), bytes)?;
        bytes.push(b'}');
        Ok(())
    }

    /// What has changed since the members were last told; `None` if that is nothing. Also the one connection that need not
    /// be told, because the change is its own coming, and it got the whole state.
    pub(crate) fn take_diff(&mut self) -> Option<(Diff, Option<ConnId>)> {
        let mut diff = Diff::default();
        let (changes, newcomer) = (core::mem::take(&mut self.changes), self.newcomer.take());
        for (user, Pending { told, shown }) in core::mem::take(&mut self.pending) {
            let now = self.metas(&user);
            match (told.is_empty(), now.is_empty()) {
                _ if told == now && shown.iter().all(|shown| *shown == now) => {}
                (_, true) => diff.leaves.push((user, told)),
                (true, _) => diff.joins.push((user, now)),
                _ => diff.updates.push((user, now)),
            }
        }
        if diff.joins.is_empty() && diff.leaves.is_empty() && diff.updates.is_empty() {
            return None;
        }
        let except = newcomer.filter(|_| changes == 1);
        Some((diff, except))
    }
}

fn shown_by(hubs: &[(Node, Vec<Meta>)]) -> impl Iterator<Item = &Meta> {
    hubs.iter().flat_map(|(_, metas)| metas)
}

/// A change of a room's presence.
#[derive(Debug, Default)]
pub(crate) struct Diff {
    joins: Vec<(Arc<str>, Vec<Meta>)>,
    leaves: Vec<(Arc<str>, Vec<Meta>)>,
    updates: Vec<(Arc<str>, Vec<Meta>)>,
}

impl Diff {
    /// As JSON. Updates stand there only if there are any.
    pub(crate) fn write(&self, room: &str, bytes: &mut Vec<u8>) -> serde_json::Result<()> {
        begin("presence_diff", room, bytes)?;
        write_users("joins", self.joins.iter().cloned(), bytes)?;
        bytes.push(b',');
        write_users("leaves", self.leaves.iter().cloned(), bytes)?;
        if !self.updates.is_empty() {
            bytes.push(b',');
            write_users("updates", self.updates.iter().cloned(), bytes)?;
        }
        bytes.push(b'}');
        Ok(())
    }
}

fn begin(kind: &str, room: &str, bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    bytes.extend_from_slice(b"{\"type\":");
    json::write(kind, bytes)?;
    bytes.extend_from_slice(b",\"room\":");
    json::write(room, bytes)?;
    bytes.push(b',');
    Ok(())
}

fn write_users(
    key: &str,
    users: impl Iterator<Item = (Arc<str>, Vec<Meta>)>,
    bytes: &mut Vec<u8>,
) -> serde_json::Result<()> {
    json::write(key, bytes)?;
    bytes.extend_from_slice(b":{");
    for (place, (user, metas)) in users.enumerate() {
        if place > 0 {
            bytes.push(b',');
        }
        json::write(&*user, bytes)?;
        bytes.extend_from_slice(b":{\"metas\":[");
        for (place, meta) in metas.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            bytes.extend_from_slice(meta.as_bytes());
        }
        bytes.extend_from_slice(b"]}");
    }
    bytes.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests;
