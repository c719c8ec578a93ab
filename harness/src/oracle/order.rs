//! The members of a room see one order.
//!
//! Known are the order in which callbacks recorded broadcasts to a room, and who was in it from when to when. Everyone
//! has to see a run of that order without a gap from the moment of joining, but for what went to others only. Who is
//! slow may miss some under a policy that drops, and never sees anything late or twice.

use super::{Check, Oracle, complain};
use crate::chronicle::{Call, Did, Tag, Verdict, What};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Default)]
pub(crate) struct Order {
    /// Where each room is in `rooms`.
    names: BTreeMap<String, usize>,
    rooms: Vec<Room>,
    /// Which broadcast of which room.
    casts: BTreeMap<Tag, (usize, usize)>,
    /// By session and room.
    members: BTreeMap<(u32, usize), Member>,
    /// Sessions whose policy may drop messages.
    lossy: BTreeSet<u32>,
}

/// The broadcasts to a room, in order: who got none of each.
#[derive(Default)]
struct Room(Vec<Option<u32>>);

/// What a session has seen of a room.
#[derive(Default)]
struct Member {
    /// From which broadcast to which it was in the room, oldest first; the last one may be open.
    stays: VecDeque<(usize, Option<usize>)>,
    /// The first broadcast that it may see next.
    next: usize,
}

impl Order {
    /// A session whose policy for slow connections drops messages.
    pub(crate) fn may_drop(&mut self, session: u32) {
        self.lossy.insert(session);
    }

    fn room(&mut self, name: &str) -> usize {
        if let Some(&place) = self.names.get(name) {
            return place;
        }
        self.names.insert(name.to_owned(), self.rooms.len());
        self.rooms.push(Room::default());
        self.rooms.len() - 1
    }

    /// Somebody broadcasts to a room.
    pub(crate) fn cast(&mut self, room: &str, tag: Tag, except: Option<u32>) {
        let room = self.room(room);
        let log = &mut self.rooms[room].0;
        self.casts.insert(tag, (room, log.len()));
        log.push(except);
    }

    /// A callback ran.
    pub(crate) fn called(&mut self, call: &Call) {
        let session = call.session;
        if call.verdict == Verdict::Done {
            for did in &call.did {
                match did {
                    Did::Joined { room } => self.joined(session, room),
                    Did::Left { room } => {
                        let room = self.room(room);
                        self.left(session, room);
                    }
                    Did::Cast { room, tag, but_itself } => self.cast(room, *tag, but_itself.then_some(session)),
                }
            }
        }
        if matches!(call.what, What::Close { .. }) || call.verdict == Verdict::Panicked {
            for room in 0..self.rooms.len() {
                self.left(session, room);
            }
        }
    }

    fn joined(&mut self, session: u32, room: &str) {
        let room = self.room(room);
        let now = self.rooms[room].0.len();
        let member = self.members.entry((session, room)).or_default();
        if !matches!(member.stays.back(), Some((_, None))) {
            member.stays.push_back((now, None));
        }
    }

    fn left(&mut self, session: u32, room: usize) {
        let now = self.rooms[room].0.len();
        if let Some(member) = self.members.get_mut(&(session, room))
            && let Some((_, end @ None)) = member.stays.back_mut()
        {
            *end = Some(now);
        }
    }

    /// A client received a text.
    pub(crate) fn received(&mut self, session: u32, text: &str) -> Check {
        let Some(&(room, place)) = Tag::of(text).and_then(|tag| self.casts.get(&tag)) else { return Ok(()) };
        let wrong = |what: &str| {
            let shown: String = text.chars().take(40).collect();
            complain(Oracle::Order, format!("session {session} received {shown:?}, a broadcast to a room, {what}"))
        };
        let log = &self.rooms[room].0;
        let Some(member) = self.members.get_mut(&(session, room)) else {
            return wrong("without having joined it");
        };
        if place < member.next {
            return wrong("late or twice");
        }
        let for_others = |place: usize| log.get(place) == Some(&Some(session));
        while let Some(&(from, to)) = member.stays.front() {
            member.next = member.next.max(from);
            let to = to.unwrap_or(log.len());
            let missed = (member.next..to.min(place)).any(|missed| !for_others(missed));
            if missed && !self.lossy.contains(&session) {
                return wrong("before an earlier one");
            }
            if (member.next..to).contains(&place) {
                member.next = place + 1;
                return if for_others(place) { wrong("though it was for others") } else { Ok(()) };
            }
            member.stays.pop_front();
        }
        wrong("without being in it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn did(session: u32, did: Did) -> Call {
        Call { session, what: What::Text { op: 0 }, verdict: Verdict::Done, did: vec![did] }
    }

    fn room() -> String {
        "r".into()
    }

    fn order(calls: &[Call]) -> Order {
        let mut order = Order::default();
        calls.iter().for_each(|call| order.called(call));
        order
    }

    fn cast(session: u32, op: u32, but_itself: bool) -> Call {
        did(session, Did::Cast { room: room(), tag: Tag::Op(op), but_itself })
    }

    fn joined(session: u32) -> Call {
        did(session, Did::Joined { room: room() })
    }

    fn left(session: u32) -> Call {
        did(session, Did::Left { room: room() })
    }

    fn sees(order: &mut Order, session: u32, ops: &[u32]) -> bool {
        ops.iter().all(|op| order.received(session, &format!("{op} x")).is_ok())
    }

    #[test]
    fn members_see_all_from_when_they_joined_in_order() {
        let calls =
            [joined(1), cast(1, 10, false), joined(2), cast(1, 11, true), cast(2, 12, false), cast(1, 13, false)];
        assert!(sees(&mut order(&calls), 1, &[10, 12, 13]));
        assert!(sees(&mut order(&calls), 2, &[11, 12, 13]));
        assert!(!sees(&mut order(&calls), 1, &[12]), "a gap");
        assert!(!sees(&mut order(&calls), 2, &[10]), "before joining");
        assert!(!sees(&mut order(&calls), 2, &[11, 12, 12]), "twice");
        assert!(!sees(&mut order(&calls), 2, &[11, 13, 12]), "out of order");
        assert!(!sees(&mut order(&calls), 1, &[10, 11]), "its own, for others");
        assert!(!sees(&mut order(&calls), 3, &[10]), "no member");
    }

    #[test]
    fn who_leaves_and_comes_back_misses_what_was_between() {
        let calls = [joined(1), cast(2, 10, false), left(1), cast(2, 11, false), joined(1), cast(2, 12, false)];
        assert!(sees(&mut order(&calls), 1, &[10, 12]));
        assert!(!sees(&mut order(&calls), 1, &[10, 11]));
        assert!(!sees(&mut order(&calls), 1, &[12]), "a gap before the leave");
    }

    #[test]
    fn who_may_drop_sees_a_part_in_order() {
        let calls = [joined(1), cast(2, 10, false), cast(2, 11, false), cast(2, 12, false)];
        let mut lossy = order(&calls);
        lossy.may_drop(1);
        assert!(sees(&mut lossy, 1, &[10, 12]));
        assert!(!sees(&mut lossy, 1, &[11]));
    }

    #[test]
    fn what_failed_does_not_count() {
        let failed = Call { verdict: Verdict::Failed, ..cast(1, 10, false) };
        assert!(sees(&mut order(&[joined(1), failed, cast(1, 11, false)]), 1, &[11]));
    }
}
