//! What one hub and its backplane owe each other, and what the hub has to count.
//!
//! All of it is said in the documentation of `lazuli::backplane`:
//!
//! - "Each room is a topic; a hub subscribes to it while it has a member there. What is for several rooms, for users or for everyone has one
//!   topic together, to which every hub subscribes."
//! - "A publication that is not behind it" (the latest position that came), "or of an older epoch, is a duplicate and ignored. What lies
//!   between the two, in one epoch, was missed, and does not count when it comes after all."
//! - "When the link is back subscriptions start anew, each after the latest position that came. Then what waited is published: orders to close
//!   users, and broadcasts in the order in which they were said."
//! - "What would be published waits: 4 MiB of broadcasts, then the oldest are dropped and counted. Orders to close a user wait apart, the
//!   latest of each user."

use super::{Check, Oracle, complain};
use lazuli::{Position, Stats};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What waits of broadcasts, in bytes, and what a publication may have beside its text.
const WAITING: usize = 4 << 20;
const BESIDE: usize = 1 << 10;

/// What it means that a publication came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    New {
        gap: bool,
    },
    Duplicate,
    /// Of a topic to which the hub is not subscribed any more.
    Stray,
}

/// What a hub has to know and to count.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Whether the hub thinks that the link is up.
    pub(crate) is_lost: bool,
    /// The topics that matter to it.
    topics: BTreeMap<Arc<str>, Place>,
    /// How many topics began to matter so far.
    begun: u64,
    duplicates: u64,
    missed: u64,
    unpublished: u64,
    /// Broadcasts that wait for the link, with their length.
    waiting: VecDeque<(usize, usize)>,
    closes: BTreeMap<u32, usize>,
}

/// Where a hub is in a topic.
#[derive(Default)]
struct Place {
    /// Which one it was, of the topics that began to matter.
    begun: u64,
    /// The place that it has come to.
    seen: Option<Position>,
    /// Where the topic was when the subscription reached the broker.
    from: Option<Position>,
}

/// A subscription that is asked for, or the end of one.
pub(crate) type Wanted = (Arc<str>, Option<Option<Position>>);

impl Ledger {
    /// A subscription holds.
    pub(crate) fn subscribed(&mut self, topic: &str, position: Position) {
        if let Some(place) = self.topics.get_mut(topic) {
            place.seen.get_or_insert(position);
        }
    }

    /// Of a subscription that is asked for next: how many topics have begun to matter by then.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// What the hub asked for then has reached the broker, where the topic is at this place.
    pub(crate) fn reached(&mut self, topic: &str, begun: u64, position: Position) {
        // An earlier subscription's end may be on its way, and then this one.
        if let Some(place) = self.topics.get_mut(topic).filter(|place| place.begun <= begun) {
            place.from.get_or_insert(position);
        }
    }

    /// A publication comes.
    pub(crate) fn arrives(&mut self, topic: &str, position: Position) -> Arrival {
        let Some(place) = self.topics.get_mut(topic) else { return Arrival::Stray };
        let gap = match place.seen {
            Some(last) if position.epoch < last.epoch => None,
            Some(last) if position.epoch == last.epoch => position.offset.checked_sub(last.offset + 1),
            _ => Some(0),
        };
        let Some(gap) = gap else {
            self.duplicates += 1;
            return Arrival::Duplicate;
        };
        place.seen = Some(position);
        self.missed += gap;
        Arrival::New { gap: gap > 0 }
    }

    /// Whether the hub's subscription holds, and it knows from where on.
    pub(crate) fn holds(&self, topic: &str) -> bool {
        self.topics.get(topic).is_some_and(|place| place.from.is_some() && place.seen >= place.from)
    }

    /// Something came that no hub wrote.
    pub(crate) fn foreign(&mut self) {
        self.unpublished += 1;
    }

    /// A broadcast, while the link is lost.
    pub(crate) fn wait(&mut self, cast: usize, length: usize) {
        self.waiting.push_back((cast, length));
    }

    /// The order to close a user, while the link is lost.
    pub(crate) fn wait_to_close(&mut self, user: u32, cast: usize) {
        self.closes.insert(user, cast);
    }

    /// The link is back: what has to be published, in order. How many of them are orders to close users.
    pub(crate) fn is_back(&mut self) -> (Vec<usize>, usize) {
        self.is_lost = false;
        let closes: Vec<usize> = std::mem::take(&mut self.closes).into_values().collect();
        let count = closes.len();
        (closes.into_iter().chain(self.waiting.drain(..).map(|(cast, _)| cast)).collect(), count)
    }

    /// The topics that matter from now on; what the hub has to ask for. `anew`: it starts all subscriptions anew.
    pub(crate) fn turn_to(&mut self, topics: BTreeSet<Arc<str>>, anew: bool) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        self.topics.retain(|topic, _| {
            let stays = topics.contains(topic);
            if !stays {
                wanted.push((topic.clone(), None));
            }
            stays
        });
        for topic in topics {
            let is_new = !self.topics.contains_key(&topic);
            self.begun += u64::from(is_new);
            let begun = Place { begun: self.begun, ..Place::default() };
            let place = self.topics.entry(topic.clone()).or_insert(begun);
            if is_new || anew {
                wanted.push((topic, Some(place.seen)));
            }
        }
        wanted
    }

    /// The hub has asked for these subscriptions.
    pub(crate) fn compare(&self, mut asked: Vec<Wanted>, mut wanted: Vec<Wanted>) -> Check {
        asked.sort();
        wanted.sort();
        if asked == wanted {
            return Ok(());
        }
        complain(Oracle::Backplane, format!("a hub asked for the subscriptions {asked:?}, where {wanted:?} is right"))
    }

    /// What the hub has counted has to be what happened. How many broadcasts it has dropped because too much waited.
    pub(crate) fn check(&mut self, stats: &Stats) -> Check<u64> {
        let dropped = self.drop_oldest(stats.unpublished)?;
        let counted = [stats.duplicates, stats.missed, stats.unpublished];
        let right = [self.duplicates, self.missed, self.unpublished];
        if counted == right {
            return Ok(dropped);
        }
        let what = format!("duplicates, missed and unpublished are counted as {counted:?}, where {right:?} is right");
        complain(Oracle::Backplane, what)
    }

    fn drop_oldest(&mut self, unpublished: u64) -> Check<u64> {
        let sum = |waiting: &VecDeque<(usize, usize)>| waiting.iter().map(|(_, length)| length).sum::<usize>();
        let mut dropped = 0;
        while self.is_lost && self.unpublished < unpublished {
            let most = sum(&self.waiting) + BESIDE * self.waiting.len();
            if most <= WAITING || self.waiting.pop_front().is_none() {
                return complain(Oracle::Bounds, format!("a broadcast was dropped where at most {most} bytes waited"));
            }
            self.unpublished += 1;
            dropped += 1;
        }
        let least = sum(&self.waiting);
        if least > WAITING {
            return complain(Oracle::Bounds, format!("at least {least} bytes wait for a backplane that is away"));
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, offset: u64) -> Position {
        Position { epoch, offset }
    }

    fn topics(names: &[&str]) -> BTreeSet<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    #[test]
    fn an_earlier_subscription_does_not_hold_for_a_later_one() {
        let mut ledger = Ledger::default();
        ledger.turn_to(topics(&["a"]), false);
        let earlier = ledger.begun();
        ledger.turn_to(topics(&[]), false);
        ledger.turn_to(topics(&["a"]), false);
        ledger.reached("a", earlier, at(1, 2));
        ledger.subscribed("a", at(1, 2));
        assert!(!ledger.holds("a"), "the broker has heard of the earlier one alone");
        ledger.reached("a", ledger.begun(), at(1, 5));
        assert!(!ledger.holds("a"), "the hub has had the earlier one's answer alone");
        ledger.arrives("a", at(1, 5));
        assert!(ledger.holds("a"));
        // The link is lost, and the hub is subscribed anew.
        ledger.turn_to(topics(&["a"]), true);
        ledger.reached("a", ledger.begun(), at(1, 9));
        assert!(ledger.holds("a"), "it is told of what lies between");
    }

    #[test]
    fn gaps_and_duplicates_are_told_from_what_is_new() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.arrives("all", at(1, 1)), Arrival::Stray);
        ledger.turn_to(topics(&["all"]), false);
        ledger.subscribed("all", at(1, 3));
        for (position, arrival) in [
            (at(1, 3), Arrival::Duplicate),
            (at(1, 4), Arrival::New { gap: false }),
            (at(1, 7), Arrival::New { gap: true }),
            (at(1, 6), Arrival::Duplicate),
            (at(2, 5), Arrival::New { gap: false }),
            (at(1, 9), Arrival::Duplicate),
        ] {
            assert_eq!(ledger.arrives("all", position), arrival, "{position:?}");
        }
        assert_eq!((ledger.duplicates, ledger.missed), (3, 2));
    }

    #[test]
    fn subscriptions_start_anew_where_they_were() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.turn_to(topics(&["all"]), false), [("all".into(), Some(None))]);
        ledger.subscribed("all", at(1, 3));
        assert_eq!(ledger.turn_to(topics(&["all", "room:r"]), false), [("room:r".into(), Some(None))]);
        let anew = ledger.turn_to(topics(&["all", "room:r"]), true);
        assert_eq!(anew, [("all".into(), Some(Some(at(1, 3)))), ("room:r".into(), Some(None))]);
        assert_eq!(ledger.turn_to(topics(&["all"]), false), [("room:r".into(), None)]);
    }

    #[test]
    fn no_more_waits_than_may_and_no_less() {
        let mut ledger = Ledger { is_lost: true, ..Ledger::default() };
        (0..5).for_each(|cast| ledger.wait(cast, 1 << 20));
        let dropped = |ledger: &mut Ledger, unpublished| {
            let mut stats = Stats::default();
            stats.unpublished = unpublished;
            ledger.check(&stats).map_err(|complaint| complaint.oracle)
        };
        assert_eq!(dropped(&mut ledger, 0), Err(Oracle::Bounds));
        assert_eq!(dropped(&mut ledger, 2), Ok(2));
        assert_eq!(dropped(&mut ledger, 3), Err(Oracle::Bounds));
        ledger.wait_to_close(1, 9);
        assert_eq!(ledger.is_back(), (vec![9, 2, 3, 4], 1));
    }
}
