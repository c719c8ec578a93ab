//! Delivery and order between hubs: who hears what of the broadcasts that come over a backplane.
//!
//! All of it is said in the documentation of `lazuli::backplane`:
//!
//! - "With `Config::backplane` a hub delivers nothing that it broadcasts by itself. It asks its driver to publish it, and delivers it when
//!   it comes back, so that all hubs see the order of the topic."
//! - "What comes is delivered to those who are members, or connections of the user, on the hub at that moment, to each once."
//! - "Whoever has been a member since its hub's subscription holds misses nothing, as long as nothing is lost."
//! - "Of a room that has no member on it any more a hub remembers nothing: who enters it again hears what still comes, in its order from
//!   there on."
//! - "Excepted connections are those of the hub that said it; excepted users are left out on every hub."

use super::{Check, Oracle, complain};
use crate::chronicle::Tag;
use crate::trace::bytes as digest;
use lazuli::{ConnId, Position, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A hub, by its node, and which of those that the node has had.
pub(crate) type Life = (usize, u32);

/// A connection, as far as it matters who hears what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guest {
    pub(crate) session: u32,
    /// The room of its route.
    pub(crate) home: Option<u32>,
    /// Where it is, and since when.
    pub(crate) rooms: BTreeMap<u32, Time>,
    pub(crate) user: Option<u32>,
    /// Rooms whose whole presence it was told since it came there.
    pub(crate) views: BTreeSet<u32>,
}

/// Whom a broadcast is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Room(u32),
    Rooms(Vec<u32>),
    Users(Vec<u32>),
    All,
    /// The connections of a user are to be closed.
    Close {
        user: u32,
        code: u16,
    },
}

/// Something that a hub was to broadcast.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    /// What; no other broadcast has the same.
    pub(crate) text: String,
    pub(crate) by: Life,
    pub(crate) to: Audience,
    pub(crate) but: Vec<ConnId>,
    pub(crate) but_users: Vec<u32>,
}

impl Cast {
    fn is_for(&self, conn: ConnId, guest: &Guest, here: Life) -> bool {
        let is_meant = match &self.to {
            Audience::Room(room) => guest.rooms.contains_key(room),
            Audience::Rooms(rooms) => rooms.iter().any(|room| guest.rooms.contains_key(room)),
            Audience::Users(users) => guest.user.is_some_and(|user| users.contains(&user)),
            Audience::All => true,
            Audience::Close { .. } => false,
        };
        let is_excepted = self.by == here && self.but.contains(&conn)
            || guest.user.is_some_and(|user| self.but_users.contains(&user));
        is_meant && !is_excepted
    }
}

/// All that was to be broadcast, and what came of it.
#[derive(Default)]
pub(crate) struct Casts {
    all: Vec<Cast>,
    tags: BTreeMap<Tag, usize>,
    /// Which one a publication carries, by its digest.
    published: BTreeMap<u64, usize>,
    /// The latest that each session heard of each topic.
    heard: BTreeMap<(u32, Arc<str>), Position>,
    /// What sessions have heard.
    told: BTreeMap<u32, BTreeSet<usize>>,
    /// What sessions have yet to hear, as long as they stay where they are.
    owed: BTreeSet<(u32, usize)>,
}

impl Casts {
    pub(crate) fn get(&self, cast: usize) -> &Cast {
        &self.all[cast]
    }

    /// Something is to be broadcast.
    pub(crate) fn add(&mut self, cast: Cast) -> usize {
        let number = self.all.len();
        if !matches!(cast.to, Audience::Close { .. }) {
            self.tags.extend(Tag::of(&cast.text).map(|tag| (tag, number)));
        }
        self.all.push(cast);
        number
    }

    /// The broadcast that a client hears, if it is one.
    pub(crate) fn of_text(&self, text: &str) -> Option<usize> {
        let cast = *self.tags.get(&Tag::of(text)?)?;
        (self.all[cast].text == text).then_some(cast)
    }

    /// A publication carries a broadcast.
    pub(crate) fn published(&mut self, message: &[u8], cast: usize) {
        self.published.insert(digest(message), cast);
    }

    /// The broadcast that a publication carries, if it carries one.
    pub(crate) fn of_message(&self, message: &[u8]) -> Option<usize> {
        self.published.get(&digest(message)).copied()
    }

    /// Who has to hear a broadcast that comes to a hub.
    pub(crate) fn due(&self, cast: usize, here: Life, guests: &BTreeMap<ConnId, Guest>) -> Vec<(ConnId, usize)> {
        let for_them = guests.iter().filter(|(conn, guest)| self.all[cast].is_for(**conn, guest, here));
        for_them.map(|(conn, _)| (*conn, cast)).collect()
    }

    /// A broadcast was published, on a backplane that loses nothing: who is on a hub whose subscription holds will hear it.
    pub(crate) fn owe(&mut self, cast: usize, here: Life, guests: &BTreeMap<ConnId, Guest>) {
        for (conn, _) in self.due(cast, here, guests) {
            self.owed.extend(guests.get(&conn).map(|guest| (guest.session, cast)));
        }
    }

    /// A session is not where it was.
    pub(crate) fn moves(&mut self, session: u32) {
        self.owed.retain(|(owed, _)| *owed != session);
    }

    /// A session's hub has nobody in this room any more, and remembers nothing of it: what is on its way twice comes anew.
    pub(crate) fn forget(&mut self, session: u32, topic: &Arc<str>) {
        self.heard.remove(&(session, topic.clone()));
        self.told.remove(&session);
    }

    /// At rest, nobody waits for anything.
    pub(crate) fn all_heard(&self) -> Check {
        match self.owed.first() {
            Some((session, cast)) => {
                let text = &self.all[*cast].text;
                complain(
                    Oracle::Delivery,
                    format!("session {session} never heard {text:.60?}, though nothing was lost"),
                )
            }
            None => Ok(()),
        }
    }

    /// What was heard on a hub in one step, and what was due; `place`: the publication that came in it.
    pub(crate) fn compare(
        &mut self,
        here: Life,
        guests: &BTreeMap<ConnId, Guest>,
        place: Option<(&Arc<str>, Position)>,
        mut heard: Vec<(ConnId, usize)>,
        mut due: Vec<(ConnId, usize)>,
    ) -> Check {
        if let Some((topic, position)) = place {
            for (conn, cast) in &heard {
                let Some(guest) = guests.get(conn) else { continue };
                self.owed.remove(&(guest.session, *cast));
                let before = self.heard.insert((guest.session, topic.clone()), position);
                if before.is_some_and(|before| position <= before) {
                    let (session, text) = (guest.session, &self.all[*cast].text);
                    let what =
                        format!("session {session} heard {text:.60?} of {topic}, {position:?}, after {before:?}");
                    return complain(Oracle::Order, what);
                }
                if !self.told.entry(guest.session).or_default().insert(*cast) {
                    let (session, text) = (guest.session, &self.all[*cast].text);
                    return complain(Oracle::Delivery, format!("session {session} heard {text:.60?} a second time"));
                }
            }
        }
        heard.sort_unstable();
        due.sort_unstable();
        if heard == due {
            return Ok(());
        }
        let name = |(conn, cast): &(ConnId, usize)| {
            let session = guests.get(conn).map(|guest| guest.session);
            format!("{:.60?} by session {session:?}", self.all[*cast].text)
        };
        let missing = due.iter().find(|one| !heard.contains(one)).map(name);
        let extra = heard.iter().find(|one| !due.contains(one)).map(name);
        let what = match (missing, extra) {
            (Some(missing), _) => format!("{missing} should have been heard"),
            (None, Some(extra)) => format!("{extra} should not have been heard"),
            (None, None) => format!("something was heard twice: {heard:?}"),
        };
        complain(Oracle::Delivery, format!("on hub {here:?}, {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(number: u64) -> ConnId {
        ConnId::from_u64(number).unwrap()
    }

    fn guest(session: u32, rooms: &[u32], user: Option<u32>) -> Guest {
        Guest { session, rooms: rooms.iter().map(|room| (*room, Time::ZERO)).collect(), user, ..Guest::default() }
    }

    fn world() -> (Casts, BTreeMap<ConnId, Guest>) {
        let guests = [(conn(1), guest(1, &[1], None)), (conn(2), guest(2, &[1, 2], Some(7)))];
        (Casts::default(), guests.into())
    }

    fn cast(text: &str, to: Audience) -> Cast {
        Cast { text: text.to_owned(), by: (0, 0), to, but: vec![conn(1)], but_users: Vec::new() }
    }

    #[test]
    fn who_is_left_out_is_so_on_the_hub_that_said_it() {
        let (mut casts, guests) = world();
        let said = casts.add(cast("1 x", Audience::Room(1)));
        assert_eq!(casts.due(said, (0, 0), &guests), [(conn(2), said)]);
        assert_eq!(casts.due(said, (1, 0), &guests).len(), 2);
        assert_eq!(casts.due(said, (0, 1), &guests).len(), 2, "another hub of the same number");
        let users = casts.add(cast("2 x", Audience::Users(vec![7, 8])));
        assert_eq!(casts.due(users, (1, 0), &guests), [(conn(2), users)]);
    }

    #[test]
    fn what_is_missing_too_much_late_or_twice_is_found() {
        let (mut casts, guests) = world();
        let topic: Arc<str> = "room:r1".into();
        let at = |offset| Position { epoch: 1, offset };
        let said = casts.add(cast("1 x", Audience::Room(1)));
        let due = || vec![(conn(1), said), (conn(2), said)];
        let mut step = |offset, heard: Vec<_>, due: Vec<_>| {
            let check = casts.compare((1, 0), &guests, Some((&topic, at(offset))), heard, due);
            check.err().map(|complaint| complaint.oracle)
        };
        assert_eq!(step(2, due(), due()), None);
        assert_eq!(step(2, due(), due()), Some(Oracle::Order));
        assert_eq!(step(1, due(), due()), Some(Oracle::Order));
        assert_eq!(step(3, vec![(conn(1), said)], due()), Some(Oracle::Delivery));
        assert_eq!(step(4, due(), Vec::new()), Some(Oracle::Delivery));
    }

    #[test]
    fn who_is_there_has_to_hear_it_and_who_goes_has_not() {
        let (mut casts, guests) = world();
        let said = casts.add(cast("1 x", Audience::Room(1)));
        casts.owe(said, (1, 0), &guests);
        casts.moves(1);
        assert!(casts.all_heard().is_err());
        let topic: Arc<str> = "room:r1".into();
        let place = Some((&topic, Position { epoch: 1, offset: 1 }));
        let all = vec![(conn(1), said), (conn(2), said)];
        assert_eq!(casts.compare((1, 0), &guests, place, all.clone(), all), Ok(()));
        assert_eq!(casts.all_heard(), Ok(()));
    }
}
