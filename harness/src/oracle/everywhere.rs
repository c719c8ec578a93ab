//! Presence over several hubs: what every member and every hub knows of a room is what all hubs show together.
//!
//! - "With a backplane the presence of a room is that of all hubs: a user is here as long as a connection of theirs is tracked on any of
//!   them, and metadata stand in one order everywhere, by node." "The users of a hub that dies without a word leave after 20 to 40
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
pub(crate) struct Tracks {
    rooms: BTreeMap<u32, Vec<Track>>,
    /// When a user of a room was last taken out of it.
    left: BTreeMap<(u32, u32), Time>,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    conn: ConnId,
    user: u32,
    meta: u32,
    since: Time,
}

/// After so long all hubs know that a user is there, where nothing goes wrong; a hub that had nobody in the room before has subscribed
/// by then, has asked, and was answered.
const KNOWN: Duration = Duration::from_secs(5);

impl Tracks {
    /// A connection is shown. Whether it was not before.
    pub(crate) fn track(&mut self, room: u32, conn: ConnId, user: u32, meta: u32, now: Time) -> bool {
        let tracks = self.rooms.entry(room).or_default();
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
    pub(crate) fn untrack(&mut self, room: u32, conn: ConnId, now: Time) {
        if let Some(tracks) = self.rooms.get_mut(&room)
            && let Some(place) = tracks.iter().position(|track| track.conn == conn)
        {
            self.left.insert((room, tracks.remove(place).user), now);
        }
    }

    /// It has ended.
    pub(crate) fn untrack_all(&mut self, conn: ConnId, now: Time) {
        let rooms: Vec<u32> = self.rooms.keys().copied().collect();
        rooms.into_iter().for_each(|room| self.untrack(room, conn, now));
    }

    /// Whether a user is in a room, or was until a moment ago.
    fn may_show(&self, room: u32, user: &str, now: Time) -> bool {
        let is_here = self.rooms.get(&room).into_iter().flatten().any(|track| user_name(track.user) == user);
        let left = self.left.iter().filter(|((of, who), _)| *of == room && user_name(*who) == user);
        is_here || left.into_iter().any(|(_, left)| *left + KNOWN > now)
    }

    fn metas(&self, room: u32) -> BTreeMap<u32, Vec<Value>> {
        let mut metas: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
        for track in self.rooms.get(&room).into_iter().flatten() {
            let meta = meta_json(track.meta).parse().unwrap_or_default();
            let of_user = metas.entry(track.user).or_default();
            if !of_user.contains(&meta) {
                of_user.push(meta);
            }
        }
        metas
    }

    /// Nobody is told that somebody has left who is there, on a backplane that loses nothing; `since`: from when on the hub that tells it
    /// has known each room.
    pub(crate) fn no_false_leave(&self, since: &BTreeMap<u32, Time>, text: &str, now: Time) -> Check {
        let told: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(leaves) = told["leaves"].as_object().filter(|leaves| !leaves.is_empty()) else { return Ok(()) };
        for (room, tracks) in &self.rooms {
            let is_known = since.get(room).is_some_and(|since| *since + KNOWN <= now);
            for track in tracks.iter().filter(|track| is_known && track.since + KNOWN <= now) {
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

/// Hubs that have died without a word, and when, where nothing else goes wrong: their users stay for a while, and not for longer.
#[derive(Default)]
pub(crate) struct Dead(Vec<(Time, Tracks)>);

/// So long after its end, a hub's users are there; so long after it, they are not.
const STAY: Duration = Duration::from_secs(20);
const GONE: Duration = Duration::from_secs(40);

impl Dead {
    pub(crate) fn add(&mut self, at: Time, tracks: Tracks) {
        self.0.push((at, tracks));
    }

    /// What a hub says of a room that it knows since then.
    pub(crate) fn check<'a>(
        &self,
        living: impl Iterator<Item = &'a Tracks> + Clone,
        (room, since): (u32, Time),
        who: &Value,
        now: Time,
    ) -> Check {
        let said = read_who(who);
        for user in said.keys() {
            let lingers = |(at, dead): &(Time, Tracks)| *at + GONE + KNOWN > now && dead.may_show(room, user, *at);
            if !living.clone().any(|hub| hub.may_show(room, user, now)) && !self.0.iter().any(lingers) {
                return complain(Oracle::Presence, format!("{user} is said to be in room {room}, and is on no hub"));
            }
        }
        for (at, dead) in self.0.iter().filter(|(at, _)| now + KNOWN < *at + STAY && since + KNOWN <= *at) {
            for track in dead.rooms.get(&room).into_iter().flatten().filter(|track| track.since + KNOWN <= *at) {
                if !said.contains_key(&user_name(track.user)) {
                    let what =
                        format!("user {} is not said to be in room {room}, too soon after the hub's end", track.user);
                    return complain(Oracle::Presence, what);
                }
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
        one.untrack(1, conn(2), Time::ZERO);
        two.untrack_all(conn(1), Time::ZERO);
        assert!(compare_who(0, 1, &who, &union([&one, &two].into_iter(), 1)).is_err());
    }

    #[test]
    fn who_is_there_is_not_said_to_have_left() {
        let mut hub = Tracks::default();
        hub.track(1, conn(1), 7, 3, Time::ZERO);
        let text = "{\"type\":\"presence_diff\",\"room\":\"r1\",\"joins\":{},\"leaves\":{\"u7\":{\"metas\":[]}}}";
        let at = Time::ZERO + KNOWN;
        let check = |since, text: &str, now| hub.no_false_leave(&[(1, since), (2, since)].into(), text, now).is_ok();
        assert!(!check(Time::ZERO, text, at));
        assert!(check(Time::ZERO, text, Time::ZERO), "it may be the one before");
        assert!(check(at, text, at), "who tells it does not know it yet");
        assert!(check(Time::ZERO, &text.replace("u7", "u8"), at));
        assert!(check(Time::ZERO, &text.replace("r1", "r2"), at));
    }

    #[test]
    fn users_of_a_dead_hub_stay_for_a_while_and_not_for_longer() {
        let (mut dead, mut living, mut gone) = (Dead::default(), Tracks::default(), Tracks::default());
        gone.track(1, conn(1), 7, 3, Time::ZERO);
        living.track(1, conn(2), 8, 3, Time::ZERO);
        let at = Time::ZERO + KNOWN;
        dead.add(at, gone);
        let check = |seconds, who: &Value| {
            dead.check([&living].into_iter(), (1, Time::ZERO), who, at + Duration::from_secs(seconds)).is_ok()
        };
        let both = json!([{ "user": "u7", "metas": [] }, { "user": "u8", "metas": [] }]);
        let one = json!([{ "user": "u8", "metas": [] }]);
        assert_eq!([10, 30, 50].map(|seconds| check(seconds, &both)), [true, true, false]);
        assert_eq!([10, 30, 50].map(|seconds| check(seconds, &one)), [false, true, true]);
        assert!(!check(30, &json!([{ "user": "u9", "metas": [] }])));
    }
}
