//! Rooms, and the ways to be wrong.

use crate::frame;
use crate::peer::{Peers, Place};
use std::collections::HashMap;

/// The message of a room with which something is wrong: late enough that everyone is in the room.
const WRONG_ONE: u64 = 50;

/// What is wrong: with one delivery to a room's last member, or whenever a peer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It does not come.
    Drop,
    /// It comes twice.
    Double,
    /// It comes after the next one.
    Swap,
    /// It comes to a member of another room, too.
    Stray,
    /// A peer that goes leaves memory behind that nothing uses any more.
    Leak,
    /// The socket of a peer that has gone without a word is not closed.
    Keep,
    /// A close frame is not heard.
    Deaf,
}

impl Wrong {
    /// By its name in small letters.
    ///
    /// # Errors
    /// When it is none.
    pub fn by_name(name: &str) -> Result<Wrong, String> {
        Ok(match name {
            "drop" => Wrong::Drop,
            "double" => Wrong::Double,
            "swap" => Wrong::Swap,
            "stray" => Wrong::Stray,
            "leak" => Wrong::Leak,
            "keep" => Wrong::Keep,
            "deaf" => Wrong::Deaf,
            _ => return Err("it can drop, double, swap, stray, leak, keep, or be deaf".into()),
        })
    }
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    /// The frames of this turn, where they are joined.
    turn: Vec<u8>,
    said: u64,
}

/// All rooms.
pub struct Rooms {
    joined: bool,
    wrong: Option<Wrong>,
    names: HashMap<String, usize>,
    rooms: Vec<Room>,
    /// Rooms that have something to send at the end of the turn.
    busy: Vec<usize>,
    frame: Vec<u8>,
}

impl Rooms {
    pub fn new(joined: bool, wrong: Option<Wrong>) -> Rooms {
        Rooms { joined, wrong, names: HashMap::new(), rooms: Vec::new(), busy: Vec::new(), frame: Vec::new() }
    }

    /// Where the messages of a peer with this path go. It is in the room from now on.
    pub fn place(&mut self, path: &str, number: usize) -> Place {
        if path == "/echo" {
            return Place::Echo;
        }
        let room = *self.names.entry(path.to_owned()).or_insert(self.rooms.len());
        if room == self.rooms.len() {
            self.rooms.push(Room::default());
        }
        self.rooms[room].members.push(number);
        Place::Room(room)
    }

    /// A peer has gone.
    pub fn leave(&mut self, number: usize) {
        self.rooms.iter_mut().for_each(|room| room.members.retain(|&member| member != number));
    }

    /// Sends a message to all in a room, now or at the end of the turn.
    pub fn said(&mut self, number: usize, text: &[u8], peers: &mut Peers) {
        let room = &mut self.rooms[number];
        if self.joined {
            if room.turn.is_empty() {
                self.busy.push(number);
            }
            return frame::put(&mut room.turn, text);
        }
        self.frame.clear();
        frame::put(&mut self.frame, text);
        room.said += 1;
        if let Some(wrong) = self.wrong
            && number == 0
            && room.said >= WRONG_ONE
        {
            return self.say_wrong(wrong, peers);
        }
        room.members.iter().for_each(|&member| peers.send(member, &self.frame));
    }

    /// Sends what the turn brought.
    pub fn end_turn(&mut self, peers: &mut Peers) {
        for number in self.busy.drain(..) {
            let room = &mut self.rooms[number];
            room.members.iter().for_each(|&member| peers.send(member, &room.turn));
            room.turn.clear();
        }
    }

    fn say_wrong(&mut self, wrong: Wrong, peers: &mut Peers) {
        let room = &mut self.rooms[0];
        let Some((&last, others)) = room.members.split_last() else { return };
        others.iter().for_each(|&member| peers.send(member, &self.frame));
        match wrong {
            Wrong::Drop => {}
            Wrong::Double => {
                peers.send(last, &self.frame);
                peers.send(last, &self.frame);
            }
            Wrong::Swap if room.said == WRONG_ONE => {
                room.turn.clone_from(&self.frame);
                return;
            }
            Wrong::Swap => {
                peers.send(last, &self.frame);
                peers.send(last, &room.turn);
            }
            Wrong::Stray => {
                peers.send(last, &self.frame);
                let other = self.rooms.get(1).and_then(|room| room.members.last());
                other.iter().for_each(|&&member| peers.send(member, &self.frame));
            }
            // Wrong, but not with messages.
            Wrong::Leak | Wrong::Keep | Wrong::Deaf => return peers.send(last, &self.frame),
        }
        self.wrong = None;
    }
}
