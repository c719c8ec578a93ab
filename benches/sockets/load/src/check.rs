//! Whether a connection gets every message of its room exactly once, in order, and no other.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::io;

/// So many faults are told; the others are counted.
const TOLD: usize = 5;

/// What a server did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A message did not come at all.
    Missing {
        /// Its number.
        seq: u64,
    },
    /// A message came again.
    Double {
        /// Its number.
        seq: u64,
    },
    /// A message came after one that was sent later.
    Late {
        /// Its number.
        seq: u64,
    },
    /// A message of another room came.
    WrongRoom {
        /// The other room.
        room: u32,
        /// Its number there.
        seq: u64,
    },
    /// A message came that was never sent.
    NeverSent {
        /// The number that it has.
        seq: u64,
    },
    /// What came is no message, or no WebSocket.
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing { seq } => write!(out, "never got message {seq}"),
            Fault::Double { seq } => write!(out, "got message {seq} twice"),
            Fault::Late { seq } => write!(out, "got message {seq} after a later one"),
            Fault::WrongRoom { room, seq } => write!(out, "got message {seq} of room {room}"),
            Fault::NeverSent { seq } => write!(out, "got message {seq}, which was never sent"),
            Fault::Other(what) => out.write_str(what),
        }
    }
}

/// All that was wrong.
#[derive(Debug, Default)]
pub struct Faults {
    /// The first ones, with their connections' numbers and rooms.
    told: Vec<(u32, u32, Fault)>,
    count: u64,
}

impl Faults {
    /// One more, of a connection in this room.
    pub fn add(&mut self, connection: u32, room: u32, fault: Fault) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push((connection, room, fault));
        }
    }

    /// Whether there is one.
    pub fn any(&self) -> bool {
        self.count > 0
    }

    /// # Errors
    /// What was wrong, in words.
    pub fn verdict(&self) -> io::Result<()> {
        let mut words = String::new();
        for (number, room, fault) in &self.told {
            write!(words, "\n  connection {number} in room {room} {fault}").map_err(io::Error::other)?;
        }
        match self.count {
            0 => Ok(()),
            1 => Err(io::Error::other(format!("a delivery is wrong:{words}"))),
            count => Err(io::Error::other(format!("{count} deliveries are wrong, among them:{words}"))),
        }
    }
}

/// What one connection got so far.
#[derive(Debug)]
pub struct Check {
    room: u32,
    /// The first message that must come; of those before it, each may.
    from: u64,
    next: u64,
    /// What was passed over; it may be late, or not come at all. In a right server there is nothing in it.
    passed_over: BTreeSet<u64>,
}

impl Check {
    /// Of a member of this room.
    pub fn new(room: u32) -> Check {
        Check { room, from: 0, next: 0, passed_over: BTreeSet::new() }
    }

    /// Of somebody who comes into a room in which something is said already: nothing must come before
    /// [`Check::arrived`].
    pub fn newcomer(room: u32) -> Check {
        Check { from: u64::MAX, ..Check::new(room) }
    }

    /// The newcomer is in the room, in which so many have been sent: all others must come.
    pub fn arrived(&mut self, sent: u64) {
        self.from = sent;
    }

    /// Whether this message must come, or had to.
    pub fn must_have(&self, seq: u64) -> bool {
        seq >= self.from
    }

    /// Whether this message must come and has not.
    pub fn lacks(&self, seq: u64) -> bool {
        self.must_have(seq) && (seq >= self.next || self.passed_over.contains(&seq))
    }

    /// The room.
    pub fn room(&self) -> u32 {
        self.room
    }

    /// A message came, of a room in which so many have been sent.
    ///
    /// # Errors
    /// When it may not come, or not now. A message that is passed over is told at the end, when it is known what became of
    /// it, by [`Check::missing`]; that there is one, by [`Check::is_whole`].
    pub fn take(&mut self, room: u32, seq: u64, sent: u64) -> Result<(), Fault> {
        if room != self.room {
            return Err(Fault::WrongRoom { room, seq });
        }
        if seq >= sent {
            return Err(Fault::NeverSent { seq });
        }
        if seq < self.next {
            return Err(if self.passed_over.remove(&seq) { Fault::Late { seq } } else { Fault::Double { seq } });
        }
        self.passed_over.extend(self.next.max(self.from)..seq);
        self.next = seq + 1;
        Ok(())
    }

    /// Whether nothing was passed over.
    pub fn is_whole(&self) -> bool {
        self.passed_over.is_empty()
    }

    /// What did not come, of so many that were sent.
    pub fn missing(&self, sent: u64) -> impl Iterator<Item = Fault> {
        self.passed_over.iter().copied().chain(self.next.max(self.from)..sent).map(|seq| Fault::Missing { seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a member of room 3, in which five were sent, says of these.
    fn faults(came: &[(u32, u64)]) -> Vec<Fault> {
        let mut check = Check::new(3);
        let mut faults: Vec<_> = came.iter().filter_map(|&(room, seq)| check.take(room, seq, 5).err()).collect();
        faults.extend(check.missing(5));
        faults
    }

    #[test]
    fn each_fault_has_its_name() {
        assert_eq!(faults(&[(3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]), []);
        assert_eq!(faults(&[(3, 0), (3, 1), (3, 3), (3, 4)]), [Fault::Missing { seq: 2 }]);
        assert_eq!(faults(&[(3, 0), (3, 1), (3, 2), (3, 3)]), [Fault::Missing { seq: 4 }]);
        assert_eq!(faults(&[(3, 0), (3, 1), (3, 1), (3, 2), (3, 3), (3, 4)]), [Fault::Double { seq: 1 }]);
        assert_eq!(faults(&[(3, 0), (3, 2), (3, 1), (3, 3), (3, 4)]), [Fault::Late { seq: 1 }]);
        assert_eq!(faults(&[(3, 0), (2, 1), (3, 1), (3, 2), (3, 3), (3, 4)]), [Fault::WrongRoom { room: 2, seq: 1 }]);
        assert_eq!(faults(&[(3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5)]), [Fault::NeverSent { seq: 5 }]);
    }

    #[test]
    fn a_newcomer_must_get_what_is_sent_after_it_arrived() {
        let mut check = Check::newcomer(3);
        assert_eq!(check.missing(7).next(), None);
        // It may get what was sent before it was known to be there, and what of that it gets does not come twice.
        check.take(3, 5, 7).unwrap();
        assert_eq!(check.take(3, 5, 7), Err(Fault::Double { seq: 5 }));
        check.arrived(7);
        check.take(3, 6, 7).unwrap();
        assert_eq!(check.missing(7).next(), None);
        assert_eq!(check.missing(9).collect::<Vec<_>>(), [Fault::Missing { seq: 7 }, Fault::Missing { seq: 8 }]);
        check.take(3, 8, 9).unwrap();
        assert_eq!(check.missing(9).collect::<Vec<_>>(), [Fault::Missing { seq: 7 }]);
        assert_eq!([5, 6, 7, 8].map(|seq| check.lacks(seq)), [false, false, true, false]);
    }
}
