//! Who shows in a room that they are here, and what the room's members are told of it.

use super::Model;
use super::clock::HubTimer;
use super::out::Item;
use super::session::Session;
use crate::app::{meta_json, room_name, user_name};
use crate::coverage::Mark;
use lazuli::Time;
use std::collections::BTreeMap;

/// One room's presence.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Connections that are shown, in the order in which they came: user, session, metadata.
    here: Vec<(u32, u32, u32)>,
    /// Of each user who has changed since the members were told: what they were told, and newcomers since.
    changed: BTreeMap<u32, Vec<Vec<u32>>>,
    /// How many changes there were since, and who came with the latest.
    changes: u32,
    newcomer: Option<u32>,
    told: Option<Time>,
    due: Option<(Time, u64)>,
}

impl Presence {
    /// The different metadata of a user's connections, in the order in which they came.
    fn metas(&self, user: u32) -> Vec<u32> {
        let mut metas = Vec::new();
        for &(_, _, meta) in self.here.iter().filter(|(shown, ..)| *shown == user) {
            if !metas.contains(&meta) {
                metas.push(meta);
            }
        }
        metas
    }

    /// Who is here, by name.
    pub(super) fn users(&self) -> BTreeMap<u32, Vec<u32>> {
        self.here.iter().map(|&(user, ..)| (user, self.metas(user))).collect()
    }

    fn change(&mut self, user: u32) {
        let before = self.metas(user);
        self.changed.entry(user).or_insert(vec![before]);
        self.changes += 1;
        self.newcomer = None;
    }

    /// What the members have to be told, and who need not be: a newcomer whose own coming is all that is new.
    fn news(&mut self, room: u32) -> Option<(String, Option<u32>)> {
        let (mut joins, mut leaves, mut updates) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (user, known) in std::mem::take(&mut self.changed) {
            let now = self.metas(user);
            if known.iter().all(|known| *known == now) {
                continue;
            }
            let before = known.into_iter().next().unwrap_or_default();
            match (before.is_empty(), now.is_empty()) {
                (_, true) => leaves.insert(user, before),
                (true, false) => joins.insert(user, now),
                (false, false) => updates.insert(user, now),
            };
        }
        let (changes, newcomer) = (std::mem::take(&mut self.changes), self.newcomer.take());
        if joins.is_empty() && leaves.is_empty() && updates.is_empty() {
            return None;
        }
        let room = room_name(room);
        let (joins, leaves) = (users_json(&joins), users_json(&leaves));
        let updates = if updates.is_empty() { String::new() } else { format!(",\"updates\":{}", users_json(&updates)) };
        let told = format!(
            "{{\"type\":\"presence_diff\",\"room\":\"{room}\",\"joins\":{joins},\"leaves\":{leaves}{updates}}}"
        );
        Some((told, newcomer.filter(|_| changes == 1)))
    }
}

fn users_json(users: &BTreeMap<u32, Vec<u32>>) -> String {
    let metas = |metas: &[u32]| metas.iter().map(|&meta| meta_json(meta)).collect::<Vec<_>>().join(",");
    let users = users.iter().map(|(&user, shown)| format!("\"{}\":{{\"metas\":[{}]}}", user_name(user), metas(shown)));
    format!("{{{}}}", users.collect::<Vec<_>>().join(","))
}

impl Model {
    /// Shows a session in a room in which it is, and tells it who else is there.
    pub(super) fn track(&mut self, session: u32, room: u32, meta: u32) {
        let Some(user) = self.at(session).user.filter(|_| self.is_open(session)) else { return };
        let presence = self.presence.entry(room).or_default();
        presence.change(user);
        match presence.here.iter_mut().find(|(_, shown, _)| *shown == session) {
            Some((.., known)) => *known = meta,
            None => {
                presence.here.push((user, session, meta));
                presence.newcomer = Some(session);
                let shown: Vec<_> = presence.changed.keys().map(|&user| presence.metas(user)).collect();
                presence.changed.values_mut().zip(shown).for_each(|(known, shown)| known.push(shown));
                let (room_name, users) = (room_name(room), users_json(&presence.users()));
                self.coverage.add(Mark::PresenceState, 1);
                self.at(session).watches.insert(room);
                if self.vague.contains(&room) {
                    self.at(session).loosen();
                    self.news.insert(room);
                    return;
                }
                self.text(
                    session,
                    &format!("{{\"type\":\"presence_state\",\"room\":\"{room_name}\",\"users\":{users}}}"),
                );
            }
        }
        self.news.insert(room);
    }

    /// No longer shows a session in a room.
    pub(super) fn untrack(&mut self, session: u32, room: u32) {
        let Some(presence) = self.presence.get_mut(&room) else { return };
        let Some(place) = presence.here.iter().position(|(_, shown, _)| *shown == session) else { return };
        presence.change(presence.here[place].0);
        presence.here.remove(place);
        self.news.insert(room);
    }

    /// A room has lost its last member.
    pub(super) fn forget_presence(&mut self, room: u32) {
        if let Some(due) = self.presence.remove(&room).and_then(|presence| presence.due) {
            self.timers.remove(&due);
        }
    }

    /// An input was handled, or is about to be: members are told what has changed, room by room in the order of their
    /// names.
    pub(super) fn tell_news(&mut self) {
        if !self.due.is_empty() {
            // Callbacks come first.
            return;
        }
        self.inputs += 1;
        self.told = std::mem::take(&mut self.news);
        let mut rooms: Vec<u32> = self.told.iter().copied().collect();
        if rooms.len() > 1 {
            rooms.sort_by_cached_key(|room| room_name(*room));
        }
        for room in rooms {
            self.tell_presence(room);
        }
    }

    /// The time has come to tell the members of a room.
    pub(super) fn presence_due(&mut self, room: u32) {
        if let Some(presence) = self.presence.get_mut(&room) {
            presence.due = None;
        }
        self.tell_presence(room);
    }

    fn tell_presence(&mut self, room: u32) {
        let (now, every) = (self.now, self.config.presence);
        let Some(presence) = self.presence.get_mut(&room) else { return };
        if presence.changed.is_empty() || presence.due.is_some() {
            return;
        }
        let earliest = presence.told.map_or(now, |told| told + every);
        if earliest > now {
            let due = self.set_hub_timer(earliest, HubTimer::Presence(room));
            if let Some(presence) = self.presence.get_mut(&room) {
                presence.due = Some(due);
            }
            return;
        }
        let Some((told, newcomer)) = presence.news(room) else { return };
        if self.members(room) <= usize::from(newcomer.is_some()) {
            return;
        }
        if let Some(presence) = self.presence.get_mut(&room) {
            presence.told = Some(now);
        }
        self.coverage.add(Mark::PresenceDiff, 1);
        if self.vague.contains(&room) {
            return self.loosen_members(room);
        }
        self.cast(&[room], newcomer.as_slice(), &Item::text(&told));
    }

    /// Somebody was too slow, and nobody can tell whether that was before the members of rooms were told what has changed, or
    /// while they were.
    pub(super) fn lose_track(&mut self) {
        let (now, timing) = (self.now, self.timing);
        let is_due = |((at, _), _): &(&(Time, u64), &HubTimer)| timing && *at <= now;
        let timed = self.timers.iter().take_while(is_due).filter_map(|(_, timer)| match timer {
            HubTimer::Presence(room) => Some(*room),
            _ => None,
        });
        let rooms: Vec<u32> = timed.chain(self.news.union(&self.told).copied()).collect();
        self.lose_track_of(&rooms);
    }

    /// Whether a session may have been told, in this input, of a presence of which nobody can tell when.
    pub(super) fn may_be_told(&self, found: &Session) -> bool {
        let mut rooms = self.vague.intersection(&found.rooms);
        rooms.any(|room| self.news.contains(room) || self.told.contains(room))
    }

    /// The clock has jumped far: nobody can tell what comes before what.
    pub(crate) fn lose_all_track(&mut self) {
        let rooms: Vec<u32> = self.presence.keys().copied().collect();
        self.lose_track_of(&rooms);
    }

    fn lose_track_of(&mut self, rooms: &[u32]) {
        for &room in rooms {
            self.vague.insert(room);
            self.loosen_members(room);
        }
        for session in 0..self.sessions() {
            let mut handed = std::mem::take(&mut self.at(session).out.handed);
            handed.retain(|item| !self.is_vague(&item.bytes));
            self.at(session).out.handed = handed;
        }
    }

    fn loosen_members(&mut self, room: u32) {
        for member in self.rooms.get(&room).cloned().unwrap_or_default() {
            self.at(member).loosen();
        }
    }

    /// Whether a text tells of a presence of which nobody can tell when.
    pub(super) fn is_vague(&self, text: &[u8]) -> bool {
        if self.vague.is_empty() || !text.starts_with(b"{\"type\":\"presence_") {
            return false;
        }
        let Ok(text) = str::from_utf8(text) else { return false };
        self.vague.iter().any(|room| text.contains(&format!("\"room\":\"{}\"", room_name(*room))))
    }

    /// What is true in a room, for the application.
    pub(super) fn present(&self, room: u32) -> String {
        let users = self.presence.get(&room).map(Presence::users).unwrap_or_default();
        let shown = users.iter().map(|(&user, metas)| {
            let metas = metas.iter().map(|&meta| meta_json(meta)).collect::<Vec<_>>().join(",");
            format!("{{\"user\":\"{}\",\"metas\":[{metas}]}}", user_name(user))
        });
        format!("[{}]", shown.collect::<Vec<_>>().join(","))
    }

    /// Who has to know of which room everything that is true: those who were told its state and have not left it.
    pub(crate) fn watched(&self) -> Vec<(u32, String, serde_json::Value)> {
        let truth = |room: &u32| {
            let users = self.presence.get(room).map(Presence::users).unwrap_or_default();
            serde_json::from_str(&users_json(&users)).unwrap_or_default()
        };
        let sure = self
            .sessions
            .iter()
            .enumerate()
            .filter(|(number, found)| self.is_open(*number as u32) && !found.may_drop());
        sure.flat_map(|(number, found)| found.watches.iter().map(move |room| (number as u32, room)))
            .map(|(session, room)| (session, room_name(*room), truth(room)))
            .collect()
    }
}
