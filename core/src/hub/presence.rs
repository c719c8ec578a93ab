//! Presence: members of rooms are told who is here.

use super::Hub;
use super::commit::Except;
use super::state::Due;
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::frame::Kind;
use crate::id::ConnId;
use crate::presence::{Meta, Presence};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

impl<A: App> Hub<A> {
    /// Shows a connection in a room of which it is a member, as its user.
    pub(super) fn track(&mut self, instance: u32, conn: ConnId, room: &str, meta: Meta) {
        let Some(user) = self.state.users.first(instance).cloned() else { return };
        let Some(found) = self.state.rooms.room_mut(room) else { return };
        let name = found.name.clone();
        let presence = found.presence.get_or_insert_with(|| Presence::new(self.remote.node()).into());
        let before = self.remote.is_on().then(|| presence.own(&user));
        let is_new = presence.track(&user, conn, meta);
        let shown = before.map(|before| (before, presence.own(&user)));
        if is_new {
            let state = self.state.pool.encode(Kind::Text, |bytes| presence.write_state(room, bytes));
            if let Ok(frame) = state {
                self.send_one(conn, &frame);
            }
        }
        self.show(&name, user, shown);
        self.note(name);
    }

    pub(super) fn untrack(&mut self, instance: u32, conn: ConnId, room: &str) {
        let Some(index) = self.state.rooms.own(instance, room) else { return };
        self.untrack_in(instance, conn, index);
    }

    /// No longer shows an instance in any of its rooms.
    pub(super) fn untrack_all(&mut self, instance: u32, conn: ConnId) {
        for place in 0..self.state.rooms.joined(instance) {
            if let Some(room) = self.state.rooms.memberships(instance).get(place).map(|membership| membership.room) {
                self.untrack_in(instance, conn, room);
            }
        }
    }

    fn untrack_in(&mut self, instance: u32, conn: ConnId, room: u32) {
        let (rooms, users) = (&mut self.state.rooms, &self.state.users);
        let (Some(found), Some(user)) = (rooms.get_mut(room), users.first(instance)) else { return };
        let (name, user) = (found.name.clone(), user.clone());
        let Some(presence) = found.presence.as_mut() else { return };
        let before = self.remote.is_on().then(|| presence.own(&user));
        if presence.untrack(&user, conn) {
            let shown = before.map(|before| (before, presence.own(&user)));
            self.show(&name, user, shown);
            self.note(name);
        }
    }

    /// Notes that a room's presence has changed.
    pub(super) fn note(&mut self, room: Arc<str>) {
        if self.news.last() != Some(&room) {
            self.news.push(room);
        }
    }

    /// Tells the members of rooms whose presence has changed, at once or as soon as it may be.
    pub(super) fn tell_news(&mut self) {
        let mut news: Vec<Arc<str>> = mem::take(&mut self.news);
        news.sort_unstable();
        news.dedup();
        for room in news.drain(..) {
            self.tell_presence(&room, false);
        }
        // Who was too slow even for that is gone now, which may be news again.
        if self.news.is_empty() {
            self.news = news;
        }
    }

    /// The time has come to tell the members of a room.
    pub(super) fn on_presence(&mut self, room: &str) {
        self.tell_presence(room, true);
    }

    fn tell_presence(&mut self, name: &str, is_due: bool) {
        let (now, every) = (self.state.now, self.state.config.presence);
        let Some(room) = self.state.rooms.room_mut(name) else { return };
        let Some(presence) = room.presence.as_mut() else { return };
        if is_due {
            presence.timer = None;
        }
        if !presence.has_news() || presence.timer.is_some() {
            return;
        }
        let earliest = presence.told.map_or(now, |told| told + every);
        if earliest > now && !(is_planted(Canary::HastyNews) && self.remote.is_on()) {
            presence.timer = Some(self.state.timers.insert(earliest, Due::Presence(room.name.clone())));
            return;
        }
        let Some((diff, except)) = presence.take_diff() else { return };
        if self.state.rooms.count(name) <= usize::from(except.is_some()) {
            // Nobody is there to be told, or to be told too often.
            return;
        }
        if let Some(presence) = self.state.rooms.presence(name) {
            presence.told = Some(now);
        }
        if is_due && is_planted(Canary::LostDiff) {
            return;
        }
        let frame = self.state.pool.encode(Kind::Text, |bytes| diff.write(name, bytes));
        if let Ok(frame) = frame {
            self.broadcast_here(&[name], Except { conns: except.as_slice(), users: &[] }, &frame);
        }
    }
}
