//! Presence over several hubs: what every member and every hub knows of a room is what all hubs show together.
//!
//! - "With a backplane the presence of a room is that of all hubs: a user is here as long as a connection of theirs is tracked on any of
//!   them, and metadata stand in one order everywhere, by node." "The users of a hub that dies without a word leave after 30 to 40
//!   seconds." (`Context::track`)
//! - "The different metadata of their connections: by hub, and on each in the order in which they came." (`Present::metas`)
//! - "A hub tells its own members of its own users at once; they are right while the link is lost, too." (`docs/architecture.md`)

use super::{Check, Oracle, complain};
use crate::app::{meta_json, room_name, user_name};
use lazuli::{ConnId, Time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Whom one hub shows, by room, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracks(BTreeMap<u32, Vec<Track>>);

#[derive(Clone, Copy, Debug)]
struct Track {
    conn: ConnId,
    user: u32,
    meta: u32,
    since: Time,
}

/// After so long all hubs know that a user is there, where nothing goes wrong.
const KNOWN: Duration = Duration::from_secs(2);

impl Tracks {
    /// A connection is shown. Whether it was not before.
    pub(crate) fn track(&mut self, room: u32, conn: ConnId, user: u32, meta: u32, now: Time) -> bool {
        let tracks = self.0.entry(room).or_default();
        match tracks.iter_mut().find(|track| track.conn == conn) {
            Some(track) => {
                track.meta = meta;
                false
            }
            None => {
                tracks.push(Track { conn, user, meta, since: now });
                true
            }
        }
    }

    /// It is not any more.
    pub(crate) fn untrack(&mut self, room: u32, conn: ConnId) {
        if let Some(tracks) = self.0.get_mut(&room) {
            tracks.retain(|track| track.conn != conn);
        }
    }

    /// It has ended.
    pub(crate) fn untrack_all(&mut self, conn: ConnId) {
        self.0.values_mut().for_each(|tracks| tracks.retain(|track| track.conn != conn));
    }

    fn metas(&self, room: u32) -> BTreeMap<u32, Vec<Value>> {
        let mut metas: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
        for track in self.0.get(&room).into_iter().flatten() {
            let meta = meta_json(track.meta).parse().unwrap_or_default();
            let of_user = metas.entry(track.user).or_default();
            if !of_user.contains(&meta) {
                of_user.push(meta);
            }
        }
        metas
    }

    /// Nobody is told that somebody has left who is there, on a backplane that loses nothing.
    pub(crate) fn no_false_leave(&self, text: &str, now: Time) -> Check {
        if !text.starts_with("{\"type\":\"presence_diff\"") {
            return Ok(());
        }
        let told: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(leaves) = told["leaves"].as_object().filter(|leaves| !leaves.is_empty()) else { return Ok(()) };
        for (room, tracks) in &self.0 {
            for track in tracks.iter().filter(|track| track.since + KNOWN <= now) {
                if told["room"] == room_name(*room).as_str() && leaves.contains_key(&user_name(track.user)) {
                    return complain(
                        Oracle::Presence,
                        format!("user {} is in room {room}, and {text} was told", track.user),
                    );
                }
            }
        }
        Ok(())
    }

    /// What a hub says of a room holds of its own users: their own metadata stand there, in order.
    pub(crate) fn own(&self, room: u32, who: &Value) -> Check {
        let said = read_who(who);
        for (user, metas) in self.metas(room) {
            let shown = said.get(&user_name(user)).and_then(|user| user["metas"].as_array());
            let shown = shown.map_or(&[][..], Vec::as_slice);
            if metas.iter().any(|meta| !shown.contains(meta)) {
                return complain(
                    Oracle::Presence,
                    format!("a hub shows {metas:?} of user {user}, and says {who} of room {room}"),
                );
            }
        }
        Ok(())
    }
}

/// What all hubs show of a room together; the hubs in the order of their nodes.
pub(crate) fn union<'a>(hubs: impl Iterator<Item = &'a Tracks>, room: u32) -> Value {
    let mut union: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    for hub in hubs {
        for (user, metas) in hub.metas(room) {
            let all = union.entry(user).or_default();
            for meta in metas {
                if !all.contains(&meta) {
                    all.push(meta);
                }
            }
        }
    }
    let users = union.into_iter().map(|(user, metas)| (user_name(user), json!({ "metas": metas })));
    Value::Object(users.collect())
}

/// At rest, what a hub says of a room has to be this.
pub(crate) fn compare_who(node: usize, room: u32, who: &Value, truth: &Value) -> Check {
    if Value::Object(read_who(who)) == *truth {
        return Ok(());
    }
    complain(Oracle::Presence, format!("at rest, hub {node} says {who} of room {room}, where {truth} is true"))
}

fn read_who(who: &Value) -> Map<String, Value> {
    let users = who.as_array().into_iter().flatten();
    users
        .map(|user| (user["user"].as_str().unwrap_or_default().to_owned(), json!({ "metas": user["metas"] })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(number: u64) -> ConnId {
        ConnId::from_u64(number).unwrap()
    }

    #[test]
    fn what_hubs_show_stands_side_by_side_and_equal_metadata_once() {
        let (mut one, mut two) = (Tracks::default(), Tracks::default());
        assert!(one.track(1, conn(1), 7, 3, Time::ZERO));
        assert!(one.track(1, conn(2), 7, 4, Time::ZERO));
        assert!(!one.track(1, conn(1), 7, 5, Time::ZERO));
        assert!(two.track(1, conn(1), 7, 4, Time::ZERO));
        assert!(two.track(1, conn(2), 7, 6, Time::ZERO));
        let all = || [&one, &two].into_iter();
        assert_eq!(union(all(), 1), json!({ "u7": { "metas": [{ "m": 5 }, { "m": 4 }, { "m": 6 }] } }));
        assert_eq!(union(all(), 2), json!({}));
        let who = json!([{ "user": "u7", "metas": [{ "m": 5 }, { "m": 4 }, { "m": 6 }] }]);
        assert_eq!(compare_who(0, 1, &who, &union(all(), 1)), Ok(()));
        assert_eq!(one.own(1, &who), Ok(()));
        assert!(two.own(1, &json!([])).is_err());
        one.untrack(1, conn(2));
        two.untrack_all(conn(1));
        assert!(compare_who(0, 1, &who, &union([&one, &two].into_iter(), 1)).is_err());
    }

    #[test]
    fn who_is_there_is_not_said_to_have_left() {
        let mut hub = Tracks::default();
        hub.track(1, conn(1), 7, 3, Time::ZERO);
        let text = "{\"type\":\"presence_diff\",\"room\":\"r1\",\"joins\":{},\"leaves\":{\"u7\":{\"metas\":[]}}}";
        assert_eq!(hub.no_false_leave(text, Time::ZERO), Ok(()), "it may be the one before");
        assert!(hub.no_false_leave(text, Time::ZERO + KNOWN).is_err());
        assert_eq!(hub.no_false_leave(&text.replace("u7", "u8"), Time::ZERO + KNOWN), Ok(()));
        assert_eq!(hub.no_false_leave(&text.replace("r1", "r2"), Time::ZERO + KNOWN), Ok(()));
    }
}
