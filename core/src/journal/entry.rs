//! The entries of a journal, and how they lie in it.
//!
//! An entry is its length in three bytes, a byte that checks these, four bytes that check the rest, and the rest: a tag, for most
//! the time since the entry before, and what belongs to it. So a journal that breaks off is told from one that is damaged.

use super::field::{Bytes, Field, write_slice};
use super::outputs::{Turn, digest};
use crate::driver::LinkId;
use crate::input::{Input, Link};
use crate::time::Time;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// One entry of a journal.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A socket was accepted.
    Accepted {
        /// Where its peer is.
        peer: Option<SocketAddr>,
    },
    /// Bytes came in.
    Received {
        /// By which link.
        link: LinkId,
        /// What.
        bytes: &'a [u8],
    },
    /// The peer is gone, or has ended its direction.
    Disconnected {
        /// By which link.
        link: LinkId,
        /// Whether the stream was broken.
        reset: bool,
    },
    /// The peer broke TLS.
    Failed {
        /// By which link.
        link: LinkId,
    },
    /// A socket took bytes again.
    Writable {
        /// Which link's.
        link: LinkId,
    },
    /// The driver was to do what was due.
    Timeout,
    /// The driver was to close everything.
    Shutdown {
        /// Until when.
        deadline: Time,
    },
    /// An input of the hub that concerns no link; of an event of the application, what the application made of it.
    Input(Input<'a, &'a [u8]>),
    /// The driver had its turn.
    Turned {
        /// What it did.
        turn: Turn,
        /// What sockets answered that did not take everything.
        answers: Answers<'a>,
    },
    /// Nothing more was written down.
    End {
        /// Why.
        end: End,
        /// The hash of everything that the driver did up to the last turn.
        hash: u64,
    },
}

/// Why a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The driver is gone: the server was stopped.
    Stopped,
    /// It has come to [its limit](super::Journal::at_most).
    Full,
    /// Something came in that cannot be written down: an event of the application while nothing says how
    /// ([`Journal::events`](super::Journal::events)), or more than 16 MiB at once.
    Unwritable,
}

/// The longest entry in bytes, and what comes before it.
const LONGEST: usize = (1 << 24) - 1;
pub(super) const FRAME: usize = 8;

const LINKS: [Link; 2] = [Link::Up, Link::Lost];
const ENDS: [End; 3] = [End::Stopped, End::Full, End::Unwritable];

/// Appends an entry that `fill` writes; `false` if it is too long, or `fill` says that it cannot be written.
pub(super) fn frame(to: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
    let start = to.len();
    to.extend([0; FRAME]);
    let filled = fill(to);
    let length = to.len() - start - FRAME;
    if !filled || length > LONGEST {
        to.truncate(start);
        return false;
    }
    mend(&mut to[start..]);
    true
}

/// Makes the length and the checks of an entry right, for tests that forge some.
#[doc(hidden)]
pub fn mend(entry: &mut [u8]) {
    let Some((frame, content)) = entry.split_first_chunk_mut::<FRAME>() else { return };
    let ([a, b, c, _], [e, f, g, h]) =
        ((content.len() as u32).to_le_bytes(), (digest([&*content]) as u32).to_le_bytes());
    *frame = [a, b, c, check_length(a, b, c), e, f, g, h];
}

fn check_length(a: u8, b: u8, c: u8) -> u8 {
    0x5a ^ a ^ b.rotate_left(3) ^ c.rotate_left(5)
}

/// What lies at the front of `bytes`.
pub(super) enum Framed<'a> {
    /// An entry's content.
    Whole(&'a [u8]),
    /// A part of one, or nothing.
    Part,
    Damaged,
}

pub(super) fn unframe(bytes: &[u8]) -> Framed<'_> {
    let Some((&[a, b, c, d], rest)) = bytes.split_first_chunk() else { return Framed::Part };
    if d != check_length(a, b, c) {
        return Framed::Damaged;
    }
    let length = u32::from_le_bytes([a, b, c, 0]) as usize;
    let Some((check, rest)) = rest.split_first_chunk() else { return Framed::Part };
    let Some(content) = rest.get(..length) else { return Framed::Part };
    if digest([content]) as u32 == u32::from_le_bytes(*check) { Framed::Whole(content) } else { Framed::Damaged }
}

/// Writes what an entry begins with, and what all of it is but for the bytes of `Received`, which come last.
pub(super) fn write(entry: &Entry<'_>, since: u64, to: &mut Vec<u8>) {
    let begin = |tag: u8, to: &mut Vec<u8>| {
        to.push(tag);
        since.write(to);
    };
    match entry {
        Entry::Accepted { peer } => {
            begin(1, to);
            peer.write(to);
        }
        Entry::Received { link, bytes } => {
            begin(2, to);
            link.write(to);
            to.extend_from_slice(bytes);
        }
        Entry::Disconnected { link, reset } => {
            begin(3, to);
            link.write(to);
            reset.write(to);
        }
        Entry::Failed { link } => {
            begin(4, to);
            link.write(to);
        }
        Entry::Writable { link } => {
            begin(5, to);
            link.write(to);
        }
        Entry::Timeout => begin(6, to),
        Entry::Shutdown { deadline } => {
            begin(7, to);
            deadline.write(to);
        }
        Entry::Input(input) => {
            write_input(input, since, to, |event, to| {
                to.extend_from_slice(event);
                true
            });
        }
        Entry::Turned { turn: Turn { writes, bytes, others, hash }, answers } => {
            to.push(20);
            for number in [writes, bytes, others] {
                number.write(to);
            }
            to.extend(hash.to_le_bytes());
            to.extend_from_slice(answers.0.0);
        }
        Entry::End { end, hash } => {
            to.extend([21, ENDS.iter().position(|known| known == end).unwrap_or(0) as u8]);
            to.extend(hash.to_le_bytes());
        }
    }
}

/// Writes an input; `false` if it cannot be: an event, as `event` says, or one that a driver is not given from outside.
pub(super) fn write_input<E>(
    input: &Input<'_, E>,
    since: u64,
    to: &mut Vec<u8>,
    event: impl FnOnce(&E, &mut Vec<u8>) -> bool,
) -> bool {
    let begin = |tag: u8, to: &mut Vec<u8>| {
        to.push(tag);
        since.write(to);
    };
    match input {
        Input::Subscribed { topic, position } => {
            begin(10, to);
            position.write(to);
            to.extend_from_slice(topic.as_bytes());
        }
        Input::Published { topic, position, message } => {
            begin(11, to);
            position.write(to);
            write_slice(topic.as_bytes(), to);
            to.extend_from_slice(message);
        }
        Input::Backplane(link) => {
            begin(12, to);
            to.push(u8::from(*link == Link::Lost));
        }
        Input::App(content) => {
            begin(13, to);
            return event(content, to);
        }
        Input::Command(command) => {
            begin(14, to);
            command.write(to);
        }
        _ => return false,
    }
    true
}

/// Reads an entry's content; the time since the one before, if it has one. `None` for what [`write`] never wrote.
pub(super) fn read(content: &[u8]) -> Option<(u64, Entry<'_>)> {
    let mut from = Bytes(content);
    let [tag] = from.array()?;
    let since = if tag < 20 { from.field()? } else { 0 };
    let entry = match tag {
        1 => Entry::Accepted { peer: from.field()? },
        2 => Entry::Received { link: from.field()?, bytes: core::mem::take(&mut from.0) },
        3 => Entry::Disconnected { link: from.field()?, reset: from.field()? },
        4 => Entry::Failed { link: from.field()? },
        5 => Entry::Writable { link: from.field()? },
        6 => Entry::Timeout,
        7 => Entry::Shutdown { deadline: from.field()? },
        10 => {
            let position = from.field()?;
            Entry::Input(Input::Subscribed {
                topic: core::str::from_utf8(core::mem::take(&mut from.0)).ok()?,
                position,
            })
        }
        11 => {
            let (position, topic) = (from.field()?, from.text()?);
            Entry::Input(Input::Published { topic, position, message: core::mem::take(&mut from.0) })
        }
        12 => {
            let [link] = from.array()?;
            Entry::Input(Input::Backplane(*LINKS.get(usize::from(link))?))
        }
        13 => Entry::Input(Input::App(core::mem::take(&mut from.0))),
        14 => Entry::Input(Input::Command(from.field()?)),
        20 => {
            let (writes, bytes, others) = (from.field()?, from.field()?, from.field()?);
            let turn = Turn { writes, bytes, others, hash: u64::from_le_bytes(from.array()?) };
            Entry::Turned { turn, answers: Answers::read(core::mem::take(&mut from.0))? }
        }
        21 => {
            let [end] = from.array()?;
            Entry::End { end: *ENDS.get(usize::from(end))?, hash: u64::from_le_bytes(from.array()?) }
        }
        _ => return None,
    };
    from.0.is_empty().then_some((since, entry))
}

/// What the sockets of a turn answered that did not take everything: after how many that did, and how much; see
/// [`Answers::next`].
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a>(Bytes<'a>, u64);

impl<'a> Answers<'a> {
    /// Where everything was taken.
    pub const ALL: Answers<'static> = Answers(Bytes(&[]), 0);

    pub(super) fn of(bytes: &'a [u8]) -> Answers<'a> {
        Answers(Bytes(bytes), 0)
    }

    fn read(bytes: &'a [u8]) -> Option<Answers<'a>> {
        let mut rest = Bytes(bytes);
        while !rest.0.is_empty() {
            <(u64, u64)>::read(&mut rest)?;
        }
        Some(Answers::of(bytes))
    }

    /// Appends an answer: after `skip` that took everything, one that took so many, or was broken.
    pub(super) fn push(to: &mut Vec<u8>, skip: u64, taken: Option<usize>) {
        (skip, taken.map_or(0, |taken| taken as u64 + 1)).write(to);
    }

    /// What the next socket answers that is offered so many bytes: how many of them it takes. `None`: it is broken.
    pub fn next(&mut self, offered: usize) -> Option<usize> {
        let mut rest = self.0;
        let Some((_, answer)) = <(u64, u64)>::read(&mut rest).filter(|(skip, _)| *skip == self.1) else {
            self.1 += 1;
            return Some(offered);
        };
        (self.0, self.1) = (rest, 0);
        Some(usize::try_from(answer.checked_sub(1)?).unwrap_or(offered).min(offered))
    }
}
