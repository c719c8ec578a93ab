//! Who shows in a room that they are here.
//!
//! A connection is tracked in a room as its user, with metadata. A user is there from the first tracked connection to the
//! last; what is shown of them are the different metadata of their connections, in the order in which they came.
//!
//! Members of the room are told of changes by what was true when they were last told and what is true now, so that what
//! comes and goes in between costs nothing. What a diff says of a user is whole, so that it may be applied twice.

use crate::canary::{Canary, is_planted};
use crate::id::ConnId;
use crate::json;
use crate::time::Time;
use crate::timer::TimerKey;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Metadata as JSON.
pub(crate) type Meta = Arc<str>;

/// One room's presence.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    users: BTreeMap<Arc<str>, Vec<(ConnId, Meta)>>,
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

/// A user who has changed.
#[derive(Debug)]
struct Pending {
    /// What the members were told of the user.
    told: Vec<Meta>,
    /// What newcomers were shown since, where that may be neither what the others were told nor what is true in the end.
    shown: Vec<Vec<Meta>>,
}

impl Presence {
    /// Tracks a connection, or gives it other metadata. Whether it is new.
    pub(crate) fn track(&mut self, user: &Arc<str>, conn: ConnId, meta: Meta) -> bool {
        self.touch(user);
        let conns = self.users.entry(user.clone()).or_default();
        match conns.iter_mut().find(|(tracked, _)| *tracked == conn) {
            Some((_, known)) => {
                *known = meta;
                false
            }
            None => {
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
        if let Some(conns) = self.users.get_mut(user) {
            conns.retain(|(tracked, _)| *tracked != conn);
            if conns.is_empty() || is_planted(Canary::LeftTab) {
                self.users.remove(user);
            }
        }
        true
    }

    pub(crate) fn is_tracked(&self, user: &str, conn: ConnId) -> bool {
        self.users.get(user).is_some_and(|conns| conns.iter().any(|(tracked, _)| *tracked == conn))
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
        for (_, meta) in self.users.get(user).into_iter().flatten() {
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
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn conn(number: u64) -> ConnId {
        ConnId::from_u64(1 << 32 | number).unwrap_or_else(|| unreachable!())
    }

    fn written(write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> Value {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    type View = Map<String, Value>;

    fn state(presence: &mut Presence) -> View {
        match written(|bytes| presence.write_state("r\"", bytes)) {
            Value::Object(mut fields) => match fields.remove("users") {
                Some(Value::Object(users)) => users,
                other => panic!("{other:?}"),
            },
            other => panic!("{other}"),
        }
    }

    /// What is true, without telling anybody.
    fn truth(presence: &Presence) -> View {
        let metas =
            |metas: Vec<Meta>| metas.iter().map(|meta| serde_json::from_str(meta).unwrap()).collect::<Vec<Value>>();
        presence.users().map(|(user, m)| (user.as_ref().into(), serde_json::json!({ "metas": metas(m) }))).collect()
    }

    fn apply(view: &mut View, diff: &Value) {
        for key in ["joins", "updates"] {
            for (user, metas) in diff.get(key).and_then(Value::as_object).into_iter().flatten() {
                view.insert(user.clone(), metas.clone());
            }
        }
        for user in diff["leaves"].as_object().unwrap().keys() {
            view.remove(user);
        }
    }

    proptest! {
        /// Whoever applies the diffs to the state that they once got has the state that is true, however many changes a
        /// diff stands for, and whenever they came.
        #[test]
        fn states_and_diffs_converge(steps in prop::collection::vec((0u8..4, 0u64..6, 0u8..3), 0..100)) {
            let mut presence = Presence::default();
            let mut views: BTreeMap<ConnId, View> = BTreeMap::new();
            for (what, number, meta) in steps {
                let user: Arc<str> = format!("user {}", number % 3).into();
                match what {
                    0 | 1 => {
                        if presence.track(&user, conn(number), format!("{{\"m\":{meta}}}").into()) {
                            views.insert(conn(number), state(&mut presence));
                        }
                    }
                    2 => {
                        presence.untrack(&user, conn(number));
                    }
                    _ => {
                        if let Some((diff, except)) = presence.take_diff() {
                            let diff = written(|bytes| diff.write("r", bytes));
                            for (conn, view) in &mut views {
                                if Some(*conn) != except {
                                    apply(view, &diff);
                                }
                            }
                        }
                        for view in views.values() {
                            prop_assert_eq!(view, &truth(&presence));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_user_leaves_with_the_last_connection() {
        let (mut presence, ada): (_, Arc<str>) = (Presence::default(), "ada".into());
        assert!(presence.track(&ada, conn(1), "{}".into()));
        let (diff, except) = presence.take_diff().unwrap();
        assert_eq!((diff.joins.len(), except), (1, Some(conn(1))));
        assert!(presence.track(&ada, conn(2), "{}".into()));
        assert!(presence.take_diff().is_none(), "a second tab changes nothing that is shown");
        assert!(presence.untrack(&ada, conn(1)));
        assert!(presence.take_diff().is_none());
        assert!(!presence.untrack(&ada, conn(1)));
        assert!(presence.untrack(&ada, conn(2)));
        assert_eq!(presence.take_diff().map(|(diff, _)| diff.leaves.len()), Some(1));
    }
}
