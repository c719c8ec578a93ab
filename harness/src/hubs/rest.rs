//! When faults have healed: everything comes to rest, and all hubs know the same.

use super::World;
use super::plan::OUTAGE;
use crate::app::{Verb, room_name};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, compare_who, complain, union};
use lazuli::ConnId;
use std::time::Duration;

/// After so long, whatever was under way has arrived, and whatever was away is back.
const HEALING: Duration = OUTAGE.saturating_mul(2);
/// After so long, what was missed was asked for and answered, and hubs that are gone are known to be: 30 s of silence, 10 s until somebody
/// looks, and 10 s each for a question, for another one after it, and for a hub that was forgotten to hear of it.
const QUIET: Duration = Duration::from_secs(80);
/// After so long nothing is left of rooms that are gone.
const AFTER: Duration = Duration::from_secs(20);

impl World {
    pub(super) fn rest(&mut self) -> Check {
        self.healed = true;
        let plan = &mut self.bus.plan;
        (plan.lose, plan.twice, plan.overtake, plan.swallow) = (0, 0, 0, 0);
        self.pass(HEALING)?;
        self.nothing_pends(false)?;
        self.casts.all_heard()?;
        // A gap shows only with the next publication of the topic.
        for room in 0..self.plan.rooms {
            if let Some((node, conn)) = self.member(room, None) {
                self.say(node, conn, &Verb::Say { room }, "")?;
            }
        }
        self.pass(QUIET)?;
        for room in 0..self.plan.rooms {
            self.compare_room(room)?;
        }
        for node in 0..self.slots.len() {
            let conns: Vec<ConnId> = self.slots[node].guests.keys().copied().collect();
            for conn in conns {
                self.part(node, conn, false)?;
            }
        }
        self.pass(AFTER)?;
        self.nothing_pends(true)
    }

    fn nothing_pends(&self, everyone_left: bool) -> Check {
        let pending = self.pending(everyone_left);
        if pending.is_empty() {
            return Ok(());
        }
        // What nobody uses any more is not waited for; it is kept.
        let oracle = if everyone_left { Oracle::Bounds } else { Oracle::Rest };
        complain(oracle, format!("there is no rest: {}", pending.join("; ")))
    }

    /// What is not at rest, in words. Without connections a hub has no rooms and no users, and one timer: the one by which it says
    /// that it is there.
    fn pending(&self, everyone_left: bool) -> Vec<String> {
        let mut pending = Vec::new();
        for (node, slot) in self.slots.iter().enumerate() {
            let Some(driven) = &slot.driven else { continue };
            if slot.ledger.is_lost || !self.bus.is_up(node) {
                pending.push(format!("hub {node} has no link to the backplane"));
            }
            let stats = driven.stats();
            let left = (stats.connections, stats.rooms, stats.users, stats.timers);
            if everyone_left && left != (0, 0, 0, 1) {
                pending.push(format!(
                    "connections, rooms, users and timers of hub {node} are {left:?}, with nobody there"
                ));
            }
        }
        pending
    }

    /// Somebody in a room, on any hub or on this one.
    fn member(&self, room: u32, node: Option<usize>) -> Option<(usize, ConnId)> {
        let nodes = (0..self.slots.len()).filter(|here| node.is_none_or(|node| node == *here));
        nodes.into_iter().find_map(|node| {
            let guests = &self.slots[node].guests;
            guests.iter().find(|(_, guest)| guest.rooms.contains_key(&room)).map(|(conn, _)| (node, *conn))
        })
    }

    /// What members and hubs know of a room is what all hubs show.
    fn compare_room(&mut self, room: u32) -> Check {
        let truth = union(self.slots.iter().map(|slot| &slot.tracks), room);
        for node in 0..self.slots.len() {
            for guest in self.slots[node].guests.values().filter(|guest| guest.views.contains(&room)) {
                self.views.compare(guest.session, &room_name(room), &truth)?;
                self.clock.coverage.add(Mark::FarViewCompared, 1);
            }
            if let Some((_, conn)) = self.member(room, Some(node)) {
                self.say(node, conn, &Verb::Who { room }, "")?;
                if let Some(who) = self.who.take() {
                    compare_who(node, room, &who, &truth)?;
                }
            }
        }
        Ok(())
    }
}
