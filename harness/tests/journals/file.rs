//! Journals of the lab: how its events are written, and what is asked of every journal.

use super::lab::{Lab, Sum};
use lazuli::journal::{Answers, Entry, Journal, Reader, Turn};
use lazuli_harness::journal::{Memory, Replay, Replayed, Unplayable};
use std::io::Write;

/// A journal that goes there and has everything.
pub fn journal(file: &Memory) -> Journal<Lab> {
    journal_to(file.clone())
}

pub fn journal_to(writer: impl Write + Send + 'static) -> Journal<Lab> {
    Journal::to(writer).events(|Sum { room, value }, bytes| bytes.extend(format!("{value} {room}").bytes()))
}

/// The event that was written.
pub fn read_event(bytes: &[u8]) -> Option<Sum> {
    let (value, room) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    Some(Sum { room: room.into(), value: value.parse().ok()? })
}

pub fn replay(bytes: &[u8]) -> Result<Replayed, Unplayable> {
    Replay::new(bytes)?.events(read_event).run(super::lab::routes(), Lab)
}

/// What is recorded comes again.
pub fn assert_same(bytes: &[u8]) -> Replayed {
    let replayed = replay(bytes).expect("a journal");
    assert!(replayed.difference.is_none() && replayed.panics.is_empty(), "{replayed}");
    assert_eq!(Some(replayed.hash), last_hash(bytes));
    replayed
}

/// The last hash that a journal has.
pub fn last_hash(bytes: &[u8]) -> Option<u64> {
    let entries = Reader::new(bytes).expect("a journal").entries();
    let hashes = entries.flatten().filter_map(|placed| match placed.entry {
        Entry::Turned { turn, .. } => Some(turn.hash),
        Entry::End { hash, .. } => Some(hash),
        _ => None,
    });
    hashes.last()
}

/// How many writes took less than they were offered.
pub fn partial_writes(bytes: &[u8]) -> usize {
    let entries = Reader::new(bytes).expect("a journal").entries();
    let partial = |turn: Turn, mut answers: Answers<'_>| {
        (0..turn.writes).filter(|_| answers.next(1 << 40).is_none_or(|taken| taken < 1 << 40)).count()
    };
    let turns = entries.flatten().map(|placed| match placed.entry {
        Entry::Turned { turn, answers } => partial(turn, answers),
        _ => 0,
    });
    turns.sum()
}
