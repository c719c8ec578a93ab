//! The hub's side of the backplane: what is broadcast goes out as a publication, and is delivered when it comes back.

use super::Hub;
use super::commit::Except;
use super::presence_remote::Hubs;
use crate::backplane::{Publication, Speaker, Whom};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::config::{Config, Node};
use crate::frame::{Frame, Kind};
use crate::input::Link;
use crate::log::Level;
use crate::output::Item;
use crate::rooms::{Change, Position};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

/// The topic of what concerns more than one room.
const ALL: &str = "all";
/// What a room's topic begins with.
const ROOM: &str = "room:";
/// At most so many bytes wait for a backplane that is away.
const WAITING: usize = 4 << 20;

/// Whether there is a backplane, and what waits for it.
pub(super) struct Remote {
    /// This hub, for the others.
    own: Option<Speaker>,
    up: bool,
    waiting: VecDeque<(Arc<str>, Arc<[u8]>)>,
    /// Orders to close users that wait for it, apart: no broadcast, however large, pushes them out.
    closes: BTreeMap<String, Arc<[u8]>>,
    /// Bytes in `waiting`.
    bytes: usize,
    /// The latest publication under the topic of everyone.
    seen: Option<Position>,
    pub(super) hubs: Hubs,
}

impl Remote {
    pub(super) fn new(config: &Config) -> Remote {
        let hubs = Hubs::new(config.wall);
        let born = config.wall.as_unix_micros();
        Remote {
            own: config.backplane.map(|node| Speaker { node, born }),
            up: true,
            waiting: VecDeque::new(),
            closes: BTreeMap::new(),
            bytes: 0,
            seen: None,
            hubs,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.own.is_some()
    }

    pub(super) fn node(&self) -> Option<Node> {
        self.own.map(|own| own.node)
    }

    pub(super) fn is_up(&self) -> bool {
        self.up
    }
}

fn owned<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().into()).collect()
}

fn topic(room: &str) -> Arc<str> {
    format!("{ROOM}{room}").into()
}

impl<A: App> Hub<A> {
    pub(super) fn subscribe_to_all(&mut self) {
        if self.remote.is_on() {
            self.out.push(Item::Subscribe { topic: ALL.into(), after: self.remote.seen });
        }
    }

    /// A room came to be or was freed.
    pub(super) fn on_change(&mut self, change: Change) {
        if let Change::Freed(_, timers) = change {
            for timer in timers.into_iter().flatten() {
                self.state.timers.cancel(timer);
            }
        }
        if !self.remote.is_on() {
            return;
        }
        match change {
            Change::None => {}
            Change::Made(room) => self.out.push(Item::Subscribe { topic: topic(&room), after: None }),
            Change::Freed(room, _) => self.out.push(Item::Unsubscribe { topic: topic(&room) }),
        }
    }

    pub(super) fn publish_to_rooms<S: AsRef<str>>(&mut self, rooms: &[S], except: Except<'_>, frame: &Frame) {
        match rooms {
            [] => {}
            [room] => self.publish(topic(room.as_ref()), Whom::Topic, except, frame.kind(), frame.payload()),
            rooms => self.publish(ALL.into(), Whom::Rooms(owned(rooms)), except, frame.kind(), frame.payload()),
        }
    }

    pub(super) fn publish_to_users<S: AsRef<str>>(&mut self, users: &[S], except: Except<'_>, frame: &Frame) {
        self.publish(ALL.into(), Whom::Users(owned(users)), except, frame.kind(), frame.payload());
    }

    pub(super) fn publish_to_all(&mut self, except: Except<'_>, frame: &Frame) {
        self.publish(ALL.into(), Whom::All, except, frame.kind(), frame.payload());
    }

    /// Every hub is to close its connections of a user.
    pub(super) fn publish_close(&mut self, user: &str, code: u16, reason: &str) {
        let whom = Whom::Close { user: user.into(), code };
        self.publish(ALL.into(), whom, Except::default(), Kind::Text, reason.as_bytes());
    }

    fn publish(&mut self, topic: Arc<str>, whom: Whom, except: Except<'_>, kind: Kind, payload: &[u8]) {
        let Some(by) = self.remote.own else { return };
        let (conns, users) = (except.conns.to_vec(), owned(except.users));
        let closed = if let Whom::Close { user, .. } = &whom { Some(user.clone()) } else { None };
        let message: Arc<[u8]> =
            Publication { by, whom, except: conns, except_users: users, kind, payload }.encode().into();
        if self.remote.up {
            if is_planted(Canary::PublishedTwice) {
                self.out.push(Item::Publish { topic: topic.clone(), message: message.clone() });
            }
            self.out.push(Item::Publish { topic, message });
            return;
        }
        if let Some(user) = closed {
            self.remote.closes.insert(user, message);
            return;
        }
        self.remote.bytes += message.len();
        self.remote.waiting.push_back((topic, message));
        while self.remote.bytes > WAITING
            && let Some((_, oldest)) = self.remote.waiting.pop_front()
        {
            self.remote.bytes -= oldest.len();
            self.state.stats.unpublished += 1;
        }
    }

    /// Says something to the other hubs, in a room or to all. While the link is lost nothing waits: what holds is said anew
    /// when it is back.
    pub(super) fn tell_hubs(&mut self, room: Option<&str>, whom: Whom) {
        let Some(own) = self.remote.own.filter(|_| self.remote.up) else { return };
        let message = Publication::of_hub(own, whom).encode().into();
        self.out.push(Item::Publish { topic: room.map_or_else(|| ALL.into(), topic), message });
    }

    pub(super) fn on_link(&mut self, link: Link) {
        if !self.remote.is_on() {
            return;
        }
        self.remote.up = link == Link::Up;
        if link == Link::Lost {
            self.log(Level::Warn, "backplane lost; broadcasts wait for it", None, String::new);
            return;
        }
        self.log(Level::Info, "backplane up", None, String::new);
        self.link_is_back();
        self.subscribe_to_all();
        for room in self.state.rooms.iter() {
            let after = room.seen.filter(|_| !is_planted(Canary::LostPlace));
            self.out.push(Item::Subscribe { topic: topic(&room.name), after });
        }
        for message in mem::take(&mut self.remote.closes).into_values() {
            if is_planted(Canary::LostOrder) {
                continue;
            }
            self.out.push(Item::Publish { topic: ALL.into(), message });
        }
        self.remote.bytes = 0;
        for (topic, message) in self.remote.waiting.drain(..) {
            self.out.push(Item::Publish { topic, message });
        }
    }

    pub(super) fn on_subscribed(&mut self, topic: &str, position: Position) {
        if !self.remote.is_on() {
            return;
        }
        let Some(seen) = self.seen(topic) else { return };
        seen.get_or_insert(position);
        if let Some(room) = topic.strip_prefix(ROOM) {
            self.ask(room);
        }
    }

    /// The latest publication of a topic; `None` for a room that is gone, and for what is no topic of ours.
    fn seen(&mut self, topic: &str) -> Option<&mut Option<Position>> {
        match topic.strip_prefix(ROOM) {
            None => (topic == ALL).then_some(&mut self.remote.seen),
            Some(room) => {
                let room = self.state.rooms.find(room)?;
                self.state.rooms.get_mut(room).map(|room| &mut room.seen)
            }
        }
    }

    pub(super) fn on_published(&mut self, topic: &str, position: Position, message: &[u8]) {
        let Some(own) = self.remote.own else { return };
        let room = topic.strip_prefix(ROOM);
        // A publication may cross with the unsubscription of a room that is gone.
        let Some(seen) = self.seen(topic) else { return };
        if seen.is_some_and(|last| position.epoch < last.epoch) {
            // Of a log that ended before this room came to be anew.
            self.state.stats.duplicates += 1;
            return;
        }
        let is_new_epoch = seen.is_some_and(|last| position.epoch > last.epoch);
        let last = seen.filter(|last| last.epoch == position.epoch);
        if last.is_none_or(|last| position.offset > last.offset) {
            *seen = Some(position);
        }
        match last {
            Some(last) if position.offset <= last.offset => {
                self.state.stats.duplicates += 1;
                if !is_planted(Canary::TwiceHeard) {
                    return;
                }
            }
            _ => {}
        }
        let missed = last.map_or(0, |last| position.offset.saturating_sub(last.offset).saturating_sub(1));
        if missed > 0 {
            self.state.stats.missed += missed;
            self.log(Level::Warn, "publications were missed", None, || format!("{missed} under {topic}"));
        }
        if let Some(room) = room.filter(|_| missed > 0 || is_new_epoch) {
            self.on_gap(room);
        }
        let Some(publication) = Publication::decode(message) else {
            self.state.stats.unpublished += 1;
            self.log(Level::Warn, "a publication that no hub wrote was ignored", None, || topic.into());
            return;
        };
        let frame = Frame::new(publication.kind, publication.payload);
        let is_own = publication.by == own;
        let conns = if is_own { publication.except.as_slice() } else { &[] };
        let mut users: Vec<&str> = publication.except_users.iter().map(String::as_str).collect();
        if is_planted(Canary::NearExcept) && !is_own {
            users.clear();
        }
        let except = Except { conns, users: &users };
        match (publication.whom, room) {
            (Whom::Topic, Some(room)) => self.broadcast_here(&[room], except, &frame),
            (Whom::Rooms(rooms), None) => self.broadcast_here(&rooms, except, &frame),
            (Whom::Users(users), None) => self.broadcast_users_here(&users, except, &frame),
            // The hub that says it has done it.
            (Whom::Close { .. }, None) if is_own => {}
            (Whom::Close { user, code }, None) => {
                let reason = core::str::from_utf8(publication.payload).unwrap_or_default();
                let code = if crate::error::may_send(code) { code } else { 1000 };
                self.close_user_here(&user, code, reason);
            }
            (Whom::All, None) => self.broadcast_all_here(except, &frame),
            (Whom::Shown(shown), Some(room)) if is_own => self.on_own_shown(room, &shown),
            // Of the hub whose place this one has taken.
            (Whom::Shown(_), Some(_)) if publication.by.node == own.node => {}
            (Whom::Shown(shown), Some(room)) => self.on_shown(room, publication.by.node, shown),
            (Whom::Here { life }, None) => self.on_here(publication.by.node, life),
            (Whom::Forgotten { node: forgotten, life }, None) => self.on_forgotten(forgotten, life),
            _ => self.state.stats.unpublished += 1,
        }
    }
}
