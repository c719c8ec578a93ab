//! Rooms: named sets of channel instances.

use crate::canary::{Canary, is_planted};
use crate::id::ConnId;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
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

/// A channel instance in a room, without its connection.
#[derive(Clone, Copy, Debug)]
struct Member {
    instance: u32,
    /// Where this membership stands in the instance's own list.
    slot: u32,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: Arc<str>,
    /// The members' connections, apart from the rest: they are all that a broadcast reads, and it copies them whole.
    conns: Vec<ConnId>,
    /// Of each member, at the same place: the rest.
    members: Vec<Member>,
    /// The latest publication that came in from the backplane.
    pub(crate) seen: Option<Position>,
}

/// An instance's side of a membership.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    pub(crate) room: u32,
    /// Where the instance stands among the room's members.
    position: u32,
}

/// Rooms by name. A room exists as long as it has a member.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    names: BTreeMap<Arc<str>, u32>,
    rooms: Slab<Room>,
    /// Of each instance, by its index: where it is a member.
    memberships: Vec<Vec<Membership>>,
}

/// What a change of membership did to the room as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// The room came to be.
    Made(Arc<str>),
    /// Its last member left, and it is gone.
    Freed(Arc<str>),
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

    /// The connections of a room's members.
    pub(crate) fn conns(&self, name: &str) -> &[ConnId] {
        self.find(name).and_then(|room| self.get(room)).map_or(&[], |room| &room.conns)
    }

    /// The members of a room: instance and connection.
    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = (u32, ConnId)> {
        let room = self.find(name).and_then(|room| self.get(room));
        room.into_iter()
            .flat_map(|room| room.members.iter().map(|member| member.instance).zip(room.conns.iter().copied()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.names.values().filter_map(|&room| self.get(room))
    }

    fn memberships(&self, instance: u32) -> &[Membership] {
        self.memberships.get(instance as usize).map_or(&[], Vec::as_slice)
    }

    /// In how many rooms the instance is.
    pub(crate) fn joined(&self, instance: u32) -> usize {
        self.memberships(instance).len()
    }

    pub(crate) fn is_member(&self, instance: u32, name: &str) -> bool {
        self.find(name).is_some_and(|room| self.memberships(instance).iter().any(|m| m.room == room))
    }

    /// Puts the instance in the room, unless it is there already.
    pub(crate) fn join(&mut self, name: &str, conn: ConnId, instance: u32) -> Change {
        let (room, change) = match self.find(name) {
            Some(room) => (room, Change::None),
            None => {
                let name: Arc<str> = name.into();
                let room = Room { name: name.clone(), conns: Vec::new(), members: Vec::new(), seen: None };
                let room = self.rooms.insert(room) as u32;
                self.names.insert(name.clone(), room);
                (room, Change::Made(name))
            }
        };
        if self.memberships.len() <= instance as usize {
            self.memberships.resize_with(instance as usize + 1, Vec::new);
        }
        let memberships = &mut self.memberships[instance as usize];
        if memberships.iter().any(|m| m.room == room) {
            return Change::None;
        }
        if let Some(found) = self.rooms.get_mut(room as usize) {
            let position = found.members.len() as u32;
            found.conns.push(conn);
            found.members.push(Member { instance, slot: memberships.len() as u32 });
            if memberships.capacity() == 0 {
                // Most instances are in one room: no room for four.
                memberships.reserve_exact(1);
            }
            memberships.push(Membership { room, position });
        }
        change
    }

    /// Takes the instance out of the room, if it is there.
    pub(crate) fn leave(&mut self, name: &str, instance: u32) -> Change {
        let Some(room) = self.find(name) else { return Change::None };
        match self.memberships(instance).iter().position(|m| m.room == room) {
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
        {
            room.members[moved.position as usize].slot = slot as u32;
        }
        let Some(room) = self.rooms.get_mut(gone.room as usize) else { return Change::None };
        room.conns.swap_remove(gone.position as usize);
        room.members.swap_remove(gone.position as usize);
        if let Some(&moved) = room.members.get(gone.position as usize) {
            self.memberships[moved.instance as usize][moved.slot as usize].position = gone.position;
        } else if room.members.is_empty() && !is_planted(Canary::EmptyRoom) {
            let room = self.rooms.remove(gone.room as usize);
            self.names.remove(&room.name);
            return Change::Freed(room.name);
        }
        Change::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        /// Rooms agree with sets of pairs, and both sides of each membership name each other.
        #[test]
        fn rooms_are_sets(steps in prop::collection::vec((0u8..3, 0u32..6, 0u8..5), 0..200)) {
            let mut rooms = Rooms::default();
            let mut model: BTreeSet<(u32, String)> = BTreeSet::new();
            for (what, instance, room) in steps {
                let name = format!("room {room}");
                let conn = ConnId::from_u64(1 << 32 | u64::from(instance)).unwrap_or_else(|| unreachable!());
                match what {
                    0 => {
                        let made = !model.iter().any(|(_, n)| *n == name);
                        let change = rooms.join(&name, conn, instance);
                        prop_assert_eq!(made, matches!(change, Change::Made(_)));
                        model.insert((instance, name));
                    }
                    1 => {
                        model.remove(&(instance, name.clone()));
                        rooms.leave(&name, instance);
                    }
                    _ => {
                        while rooms.leave_last(instance).is_some() {}
                        model.retain(|(i, _)| *i != instance);
                    }
                }
                let names: BTreeSet<_> = model.iter().map(|(_, name)| name.clone()).collect();
                prop_assert_eq!(rooms.len(), names.len());
                for name in names {
                    let expected: BTreeSet<_> = model.iter().filter(|(_, n)| *n == name).map(|(i, _)| *i).collect();
                    prop_assert_eq!(rooms.conns(&name).len(), expected.len());
                    prop_assert_eq!(rooms.members(&name).map(|(instance, _)| instance).collect::<BTreeSet<_>>(), expected);
                    prop_assert!(rooms.members(&name).all(|(instance, conn)| conn.index() == instance as usize));
                    let room = rooms.find(&name).and_then(|room| rooms.get(room)).unwrap();
                    for (position, member) in room.members.iter().enumerate() {
                        let side = rooms.memberships(member.instance)[member.slot as usize];
                        prop_assert_eq!(side.position as usize, position);
                    }
                }
            }
        }
    }
}
