//! The members of a room know who is there, and know it right in the end.
//!
//! Each member applies what it is told as the documentation says: a state is everything, and what a diff says of a user is
//! everything that is known of them. At rest that has to be what is true.

use super::{Check, Oracle, complain};
use crate::trace::Seconds;
use lazuli::Time;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// What each session knows of each room.
#[derive(Default)]
pub(crate) struct Views(BTreeMap<(u32, String), Map<String, Value>>);

impl Views {
    /// A session received a text.
    pub(crate) fn received(&mut self, session: u32, text: &str) -> Check {
        if !text.starts_with("{\"type\":\"presence_") {
            return Ok(());
        }
        let told: Value = serde_json::from_str(text).unwrap_or_default();
        let wrong = || complain(Oracle::Presence, format!("session {session} was told {text:.80}"));
        let Some(room) = told["room"].as_str() else { return wrong() };
        let at = (session, room.to_owned());
        match (told["type"].as_str(), &told["users"]) {
            (Some("presence_state"), Value::Object(users)) => {
                self.0.insert(at, users.clone());
            }
            (Some("presence_diff"), Value::Null) => {
                let view = self.0.entry(at).or_default();
                for (user, metas) in ["joins", "updates"].iter().filter_map(|key| told[*key].as_object()).flatten() {
                    view.insert(user.clone(), metas.clone());
                }
                for user in told["leaves"].as_object().into_iter().flat_map(Map::keys) {
                    view.remove(user);
                }
            }
            _ => return wrong(),
        }
        Ok(())
    }

    /// At rest, what a session knows of a room has to be this.
    pub(crate) fn compare(&self, session: u32, room: &str, truth: &Value) -> Check {
        let view = self.0.get(&(session, room.to_owned())).cloned().map(Value::Object);
        if view.as_ref() == Some(truth) {
            return Ok(());
        }
        let view = view.unwrap_or_default();
        complain(Oracle::Presence, format!("at rest, session {session} knows {view} of {room}, where {truth} is true"))
    }
}

/// When a hub told the members of each room last what has changed: no sooner than [`lazuli::Config::presence`] after that again.
#[derive(Default)]
pub(crate) struct Pauses(BTreeMap<String, Time>);

impl Pauses {
    /// The members of a room are told what has changed.
    pub(crate) fn told(&mut self, now: Time, every: Duration, room: &str) -> Check {
        match self.0.insert(room.to_owned(), now) {
            Some(before) if now < before + every => {
                let (before, now) = (Seconds(before), Seconds(now));
                complain(Oracle::Presence, format!("{room} was told changes at {before} and at {now}"))
            }
            _ => Ok(()),
        }
    }

    /// Rooms that have lost their last member begin anew.
    pub(crate) fn keep(&mut self, has_members: impl Fn(&str) -> bool) {
        self.0.retain(|room, _| has_members(room));
    }
}

/// The room that a text on presence is about.
pub(crate) fn room_of(text: &str) -> &str {
    text.split("\"room\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_come_at_most_so_often_in_each_room() {
        let mut pauses = Pauses::default();
        let mut told = |millis: u64, room| {
            let every = Duration::from_millis(100);
            pauses.told(Time::from_micros(1_000 * millis), every, room).is_ok()
        };
        assert!(told(0, "a") && told(10, "b") && told(100, "a") && !told(109, "b"));
        pauses.keep(|room| room == "a");
        let at = Time::from_micros(110_000);
        assert!(
            pauses.told(at, Duration::from_secs(1), "b").is_ok()
                && pauses.told(at, Duration::from_secs(1), "a").is_err()
        );
        assert_eq!(room_of("{\"type\":\"presence_diff\",\"room\":\"r1\",\"joins\":{}}"), "r1");
    }

    #[test]
    fn a_view_is_a_state_and_what_came_after_it() {
        let mut views = Views::default();
        let one = json!({ "metas": [{}] });
        for told in [
            json!({ "type": "presence_state", "room": "r", "users": { "ada": one } }),
            json!({ "type": "presence_diff", "room": "r", "joins": { "bob": one }, "leaves": { "ada": one } }),
            json!({ "type": "presence_diff", "room": "s", "joins": { "eve": one }, "leaves": {} }),
            json!({ "type": "presence_diff", "room": "r", "joins": {}, "leaves": {}, "updates": { "bob": { "metas": [1] } } }),
        ] {
            // As the server writes it, `type` comes first.
            let text = told.to_string();
            let rest = text
                .replace(&format!("\"type\":{},", told["type"]), "")
                .replace(&format!(",\"type\":{}", told["type"]), "");
            views.received(1, &format!("{{\"type\":{},{}", told["type"], &rest[1..])).unwrap();
        }
        assert_eq!(views.compare(1, "r", &json!({ "bob": { "metas": [1] } })), Ok(()));
        assert!(views.compare(1, "r", &json!({ "ada": one, "bob": { "metas": [1] } })).is_err());
        assert!(views.compare(2, "r", &json!({})).is_err(), "never told");
        assert!(views.received(1, "{\"type\":\"presence_riddle\"}").is_err());
    }
}
