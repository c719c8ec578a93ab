//! Rooms: named sets of channel instances.

use crate::canary::{Canary, is_planted};
use crate::grow;
use crate::id::ConnId;
use crate::presence::Presence;
use crate::spark::Form;
use crate::timer::TimerKey;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;
use slab::Slab;

/// The longest name of a room, in bytes.
pub const MAX_ROOM_NAME: usize = 255;

/// A position in a topic of the backplane: the epoch tells one log from the next, the offset counts within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Grows when offsets start anew.
    pub epoch: u64,
    /// Counts the publications of one epoch, without gaps.
    pub offset: u64,
}

/// Where what is sent to a channel instance goes, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The instance's connection.
    pub(crate) conn: ConnId,
    /// The socket that carries it: the connection itself, unless it is a subscription on a Spark socket.
    pub(crate) socket: ConnId,
    /// How it is put into frames.
    pub(crate) form: Form,
}

/// A channel instance in a room, without its connection.
#[derive(Clone, Copy, Debug)]
struct Member {
    instance: u32,
    /// Where this membership stands in the instance's own list.
    slot: u32,
}

/// The members of a room whose frames have one form: a broadcast is encoded once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// The members' sockets, apart from the rest: they are all that a broadcast reads, and it copies them whole.
    sockets: Vec<ConnId>,
    /// The members' connections; of a raw group none, because there they are the sockets.
    conns: Vec<ConnId>,
    /// Of each member, at the same place: the rest.
    members: Vec<Member>,
}

impl Group {
    /// Where a broadcast goes.
    pub(crate) fn sockets(&self) -> &[ConnId] {
        &self.sockets
    }

    /// Who its members are, at the same places.
    pub(crate) fn conns(&self) -> &[ConnId] {
        if self.conns.is_empty() { &self.sockets } else { &self.conns }
    }
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: Arc<str>,
    raw: Group,
    /// Of subscriptions on Spark sockets: a group for each channel path.
    spark: BTreeMap<Form, Group>,
    /// The latest publication that came in from the backplane.
    pub(crate) seen: Option<Position>,
    /// Who shows that they are here.
    pub(crate) presence: Option<Box<Presence>>,
}

impl Room {
    fn new(name: Arc<str>) -> Room {
        Room { name, raw: Group::default(), spark: BTreeMap::new(), seen: None, presence: None }
    }

    /// Its members, by the form of their frames.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (Form, &Group)> {
        let raw = Some((Form::RAW, &self.raw)).filter(|(_, group)| !group.members.is_empty());
        raw.into_iter().chain(self.spark.iter().map(|(form, group)| (*form, group)))
    }

    fn group(&mut self, form: Form) -> Option<&mut Group> {
        if form == Form::RAW { Some(&mut self.raw) } else { self.spark.get_mut(&form) }
    }

    fn len(&self) -> usize {
        self.groups().map(|(_, group)| group.members.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.raw.members.is_empty() && self.spark.is_empty()
    }
}

/// An instance's side of a membership.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    pub(crate) room: u32,
    form: Form,
    /// Where the instance stands in its group.
    position: u32,
}

/// The names of so many rooms are compared with one sooner than that one is looked up among all rooms there are.
const FEW: usize = 8;

/// Names to places. Peers choose names, so nothing is hashed: for any hash that is known, names that collide can be found.
type Index<K> = BTreeMap<K, u32>;

/// Rooms by name. A room exists as long as it has a member.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    names: Index<Arc<str>>,
    rooms: Slab<Room>,
    /// Of each instance, by its index: where it is a member.
    memberships: Vec<Vec<Membership>>,
    /// What was said to last: mostly it is the same again.
    recent: u32,
}

/// What a change of membership did to the room as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// The room came to be.
    Made(Arc<str>),
    /// Its last member left, and it is gone. The timers that it had are to be cancelled.
    Freed(Arc<str>, [Option<TimerKey>; 2]),
}

impl Rooms {
    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    pub(crate) fn get(&self, room: u32) -> Option<&Room> {
        self.rooms.get(room as usize)
    }

    pub(crate) fn get_mut(&mut self, room: u32) -> Option<&mut Room> {
        self.rooms.get_mut(room as usize)
    }

    /// The room of this name.
    pub(crate) fn room(&self, name: &str) -> Option<&Room> {
        self.find(name).and_then(|room| self.get(room))
    }

    /// The room of this name, to say something to.
    pub(crate) fn receivers(&mut self, name: &str) -> Option<&Room> {
        if self.get(self.recent).is_none_or(|room| *room.name != *name) {
            self.recent = self.find(name)?;
        }
        self.get(self.recent)
    }

    pub(crate) fn room_mut(&mut self, name: &str) -> Option<&mut Room> {
        self.find(name).and_then(|room| self.get_mut(room))
    }

    /// The presence of a room that has any.
    pub(crate) fn presence(&mut self, name: &str) -> Option<&mut Presence> {
        self.room_mut(name)?.presence.as_deref_mut()
    }

    /// How many are in a room.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.room(name).map_or(0, Room::len)
    }

    /// The connections of a room's members.
    pub(crate) fn conns(&self, name: &str) -> impl Iterator<Item = ConnId> {
        self.room(name).into_iter().flat_map(Room::groups).flat_map(|(_, group)| group.conns().iter().copied())
    }

    /// The members of a room: instance and connection.
    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = (u32, ConnId)> {
        self.room(name).into_iter().flat_map(Room::groups).flat_map(|(_, group)| {
            group.members.iter().map(|member| member.instance).zip(group.conns().iter().copied())
        })
    }

    /// All rooms, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.names.values().filter_map(|&room| self.get(room))
    }

    /// The rooms whose names begin so, with how many are in each.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        let from = self.names.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(name, _)| name.starts_with(prefix))
            .filter_map(|(name, room)| Some((&**name, self.get(*room)?.len())))
    }

    pub(crate) fn memberships(&self, instance: u32) -> &[Membership] {
        self.memberships.get(instance as usize).map_or(&[], Vec::as_slice)
    }

    /// In how many rooms the instance is.
    pub(crate) fn joined(&self, instance: u32) -> usize {
        self.memberships(instance).len()
    }

    /// The name of the room that the instance joined first.
    pub(crate) fn first(&self, instance: u32) -> Option<&Arc<str>> {
        self.get(self.memberships(instance).first()?.room).map(|room| &room.name)
    }

    pub(crate) fn is_member(&self, instance: u32, name: &str) -> bool {
        self.slot(instance, name).is_some()
    }

    /// The room of this name, if the instance is in it.
    pub(crate) fn own(&self, instance: u32, name: &str) -> Option<u32> {
        self.slot(instance, name).map(|slot| self.memberships(instance)[slot].room)
    }

    /// Where in the instance's own list the room of this name stands.
    fn slot(&self, instance: u32, name: &str) -> Option<usize> {
        let own = self.memberships(instance);
        if own.len() <= FEW {
            return own.iter().position(|m| self.get(m.room).is_some_and(|room| &*room.name == name));
        }
        let room = self.find(name)?;
        own.iter().position(|m| m.room == room)
    }

    /// Puts the instance in the room, unless it is there already.
    pub(crate) fn join(&mut self, name: &str, instance: u32, seat: Seat) -> Change {
        let (room, change) = match self.find(name) {
            Some(room) => (room, Change::None),
            None => {
                let name: Arc<str> = name.into();
                let room = grow::insert(&mut self.rooms, Room::new(name.clone())) as u32;
                self.names.insert(name.clone(), room);
                (room, Change::Made(name))
            }
        };
        let memberships = grow::place(&mut self.memberships, instance as usize, Vec::new);
        if memberships.iter().any(|m| m.room == room) {
            return Change::None;
        }
        if let Some(found) = self.rooms.get_mut(room as usize) {
            let Seat { conn, socket, form } = seat;
            let group = if form == Form::RAW { &mut found.raw } else { found.spark.entry(form).or_default() };
            let position = group.members.len() as u32;
            grow::push(&mut group.sockets, socket);
            if form != Form::RAW {
                grow::push(&mut group.conns, conn);
            }
            grow::push(&mut group.members, Member { instance, slot: memberships.len() as u32 });
            if memberships.capacity() == 0 {
                // Most instances are in one room: no room for four.
                memberships.reserve_exact(1);
            }
            memberships.push(Membership { room, form, position });
        }
        change
    }

    /// Takes the instance out of the room, if it is there.
    pub(crate) fn leave(&mut self, name: &str, instance: u32) -> Change {
        match self.slot(instance, name) {
            Some(slot) => self.take_out(instance, slot),
            None => Change::None,
        }
    }

    /// Takes the instance out of the room that it joined last; `None` once it is in no room.
    pub(crate) fn leave_last(&mut self, instance: u32) -> Option<Change> {
        let slot = self.joined(instance).checked_sub(1)?;
        let change = self.take_out(instance, slot);
        if slot == 0 {
            self.memberships[instance as usize] = Vec::new();
        }
        Some(change)
    }

    /// Both lists fill a gap with their last entry; each side tells the other where it went.
    fn take_out(&mut self, instance: u32, slot: usize) -> Change {
        let memberships = &mut self.memberships[instance as usize];
        let gone = memberships.swap_remove(slot);
        let moved = memberships.get(slot).copied();
        if let Some(moved) = moved
            && let Some(room) = self.rooms.get_mut(moved.room as usize)
            && let Some(group) = room.group(moved.form)
        {
            group.members[moved.position as usize].slot = slot as u32;
        }
        let Some(room) = self.rooms.get_mut(gone.room as usize) else { return Change::None };
        let Some(group) = room.group(gone.form) else { return Change::None };
        group.sockets.swap_remove(gone.position as usize);
        if gone.form != Form::RAW {
            group.conns.swap_remove(gone.position as usize);
        }
        group.members.swap_remove(gone.position as usize);
        if let Some(&moved) = group.members.get(gone.position as usize) {
            self.memberships[moved.instance as usize][moved.slot as usize].position = gone.position;
        } else if group.members.is_empty() {
            room.spark.remove(&gone.form);
            if room.is_empty() && !is_planted(Canary::EmptyRoom) {
                let room = self.rooms.remove(gone.room as usize);
                self.names.remove(&room.name);
                let timers = room.presence.map_or([None; 2], |presence| [presence.timer, presence.elsewhere.asked]);
                return Change::Freed(room.name, timers);
            }
        }
        Change::None
    }
}

#[cfg(test)]
mod tests;
