//! What the driver did in a turn, as a hash.

use crate::driver::LinkId;
use crate::log::Record;
use crate::rooms::Position;
use crate::time::Time;
use std::io::IoSlice;

/// One turn of the driver, as a journal has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How often it wrote to a socket.
    pub writes: u64,
    /// How many bytes the sockets took.
    pub bytes: u64,
    /// What else it did: ends and closes of sockets, effects, records of the log, what went to the backplane.
    pub others: u64,
    /// The hash of all that was done up to here, in this turn and in all before.
    pub hash: u64,
}

/// Everything that a driver does, folded into one hash: bytes and lengths of writes, by socket and in order; ends, closes,
/// effects (that there was one), records of the log but for their details (a panic's names a line of the source), what goes
/// to the backplane; and after each turn, when the driver wants to be called again.
#[derive(Clone, Debug)]
pub struct Outputs {
    hash: u64,
    lengths_only: bool,
    turn: Turn,
}

impl Outputs {
    /// Of a driver that has done nothing yet. With `lengths_only`, what was written counts with its length alone: for a journal
    /// whose payloads are redacted. (A hash of so few bytes as a password has would tell who guesses that the guess is right.)
    pub fn new(lengths_only: bool) -> Outputs {
        Outputs { hash: 0, lengths_only, turn: Turn::default() }
    }

    /// The hash so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    fn mix(&mut self, number: u64) {
        self.hash = mix(self.hash, number);
    }

    fn other(&mut self, what: Did) {
        self.turn.others += 1;
        self.mix(what as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.mix(if self.lengths_only { bytes.len() as u64 } else { digest([bytes]) });
    }

    /// A socket was accepted, or closed at once.
    pub fn accepted(&mut self, link: Option<LinkId>) {
        self.mix(link.map_or(0, |link| link.conn_id().as_u64()));
    }

    /// Bytes were offered to a socket, which took so many; `None`: it is broken.
    pub fn wrote(&mut self, link: LinkId, slices: &[IoSlice<'_>], taken: Option<usize>) {
        self.turn.writes += 1;
        self.turn.bytes += taken.unwrap_or(0) as u64;
        self.mix(link.conn_id().as_u64());
        self.mix(slices.iter().map(|slice| slice.len() as u64).sum());
        self.mix(taken.map_or(u64::MAX, |taken| taken as u64));
        if !self.lengths_only {
            let mut left = taken.unwrap_or(0);
            let parts = slices.iter().map(|slice| {
                let part = &slice[..left.min(slice.len())];
                left -= part.len();
                part
            });
            self.mix(digest(parts));
        }
    }

    /// A socket gets no more bytes.
    pub fn ended(&mut self, link: LinkId) {
        self.other(Did::End);
        self.mix(link.conn_id().as_u64());
    }

    /// A socket was closed.
    pub fn closed(&mut self, link: LinkId) {
        self.other(Did::Close);
        self.mix(link.conn_id().as_u64());
    }

    /// The application's own I/O was asked for.
    pub fn effect(&mut self) {
        self.other(Did::Effect);
    }

    /// There was a record for the log.
    pub fn logged(&mut self, record: &Record) {
        self.other(Did::Log);
        self.mix(record.level as u64);
        self.mix(digest([record.what.as_bytes()]));
        self.mix(record.conn.map_or(0, |conn| conn.as_u64()));
    }

    /// Something was published on the backplane.
    pub fn published(&mut self, topic: &str, message: &[u8]) {
        self.other(Did::Publish);
        self.mix(digest([topic.as_bytes()]));
        self.bytes(message);
    }

    /// A topic of the backplane was subscribed to.
    pub fn subscribed(&mut self, topic: &str, after: Option<Position>) {
        self.other(Did::Subscribe);
        self.mix(digest([topic.as_bytes()]));
        for number in after.map_or([u64::MAX; 2], |Position { epoch, offset }| [epoch, offset]) {
            self.mix(number);
        }
    }

    /// A subscription was ended.
    pub fn unsubscribed(&mut self, topic: &str) {
        self.other(Did::Unsubscribe);
        self.mix(digest([topic.as_bytes()]));
    }

    /// Whether anything was done since the last turn's end.
    pub fn is_idle(&self) -> bool {
        self.turn == Turn::default()
    }

    /// The turn is over, and the driver wants to be called at this time; what it did.
    pub fn turned(&mut self, next: Option<Time>) -> Turn {
        self.mix(next.unwrap_or(Time::MAX).as_micros());
        Turn { hash: self.hash, ..core::mem::take(&mut self.turn) }
    }
}

enum Did {
    End = 1,
    Close,
    Effect,
    Log,
    Publish,
    Subscribe,
    Unsubscribe,
}

const FACTOR: u64 = 0x517c_c1b7_2722_0a95;

/// Folds a number into a hash.
pub(super) fn mix(hash: u64, number: u64) -> u64 {
    (hash.rotate_left(5) ^ number).wrapping_mul(FACTOR)
}

/// The hash of bytes, the same on every machine and however they are cut into parts.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let (mut hash, mut word, mut held, mut length) = (0, 0_u64, 0, 0_u64);
    for mut part in parts {
        length += part.len() as u64;
        while held > 0
            && let Some((&byte, rest)) = part.split_first()
        {
            word |= u64::from(byte) << (8 * held);
            held = (held + 1) % 8;
            part = rest;
            if held == 0 {
                hash = mix(hash, core::mem::take(&mut word));
            }
        }
        let (words, rest) = part.as_chunks::<8>();
        for word in words {
            hash = mix(hash, u64::from_le_bytes(*word));
        }
        for &byte in rest {
            word |= u64::from(byte) << (8 * held);
            held += 1;
        }
    }
    if held > 0 {
        hash = mix(hash, word);
    }
    // The lowest bits of a product know the lowest bits of its factors only.
    let hash = mix(hash, length);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_digest_does_not_depend_on_how_bytes_are_cut(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            cuts in prop::collection::vec(0..100_usize, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let mut start = 0;
            let parts = cuts.iter().map(|&end| &bytes[core::mem::replace(&mut start, end)..end]);
            prop_assert_eq!(digest(parts), digest([&bytes[..]]));
        }

        #[test]
        fn another_byte_is_another_digest(bytes in prop::collection::vec(any::<u8>(), 1..100), at: prop::sample::Index, bit in 0..8_u32) {
            let mut other = bytes.clone();
            *at.get_mut(&mut other) ^= 1_u8 << bit;
            prop_assert_ne!(digest([&bytes[..]]), digest([&other[..]]));
        }
    }

    #[test]
    fn zeros_count() {
        assert_ne!(digest([&[0_u8; 8][..]]), digest([&[0_u8; 9][..]]));
        assert_ne!(digest([&b""[..]]), digest([&b"\0"[..]]));
    }
}
