//! What was seen of the product, in order: callbacks from inside, calls of the transport's interface from outside.

use crate::net::Text;
use crate::trace::{bytes as digest, mix};
use lazuli::ConnId;
use lazuli::log::Record;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// One thing that was seen.
#[derive(Debug)]
pub(crate) enum Entry<F> {
    /// A callback of the application ran.
    Call(Call),
    /// The driver wrote to a link: how much, and how many bytes of the hub's frames were taken.
    Wrote { link: usize, offered: usize, hub: usize },
    /// The last byte of a text was written to a link; the length is its frame's.
    Said { link: usize, text: Text, length: u64 },
    /// The driver was told that a link is broken when it wrote.
    Broke { link: usize },
    /// The driver asked for something that its interface does not allow.
    Misuse { link: Option<usize>, what: String },
    /// The driver closed a link.
    Closed { link: usize },
    /// The application's own I/O is to be done.
    Effect(F),
    /// The driver logged that it has a fault itself.
    Fault(String),
    /// The hub logged that the application has a fault.
    Wrong(Record),
}

/// A callback that ran.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The session that it belongs to.
    pub(crate) session: u32,
    pub(crate) what: What,
    pub(crate) verdict: Verdict,
    /// What it recorded that matters to the order of rooms.
    pub(crate) did: Vec<Did>,
}

impl Call {
    /// A digest of everything that it is.
    pub(crate) fn digest(&self) -> u64 {
        let what = match &self.what {
            What::Connect { conn } => mix(1, conn.as_u64()),
            What::Text { op } => mix(2, u64::from(*op)),
            What::Binary { op } => mix(3, u64::from(*op)),
            What::Ping { bytes } => mix(4, digest(bytes)),
            What::Pong { bytes } => mix(5, digest(bytes)),
            What::Close { code, reason } => mix(mix(6, u64::from(*code)), digest(reason.as_bytes())),
            What::Timer { number } => mix(7, *number),
            What::Told { op } => mix(8, u64::from(*op)),
            What::Page => 9,
            What::Batch { ops } => ops.iter().fold(10, |sum, op| mix(sum, u64::from(*op))),
        };
        mix(mix(what, u64::from(self.session)), self.verdict as u64)
    }
}

/// Which callback, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Connect { conn: ConnId },
    Text { op: u32 },
    Binary { op: u32 },
    Ping { bytes: Vec<u8> },
    Pong { bytes: Vec<u8> },
    Close { code: u16, reason: String },
    Timer { number: u64 },
    Told { op: u32 },
    Page,
    Batch { ops: Vec<u32> },
}

/// How a callback ended, as it knew itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Failed,
    Panicked,
}

/// What a callback recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Joined {
        room: String,
    },
    Left {
        room: String,
    },
    /// Broadcast to one room a text that begins with this tag.
    Cast {
        room: String,
        tag: Tag,
        but_itself: bool,
    },
}

/// Names a broadcast: the first word of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tag {
    /// The operation of a client.
    Op(u32),
    /// What a session says when it comes.
    Hello(u32),
    /// What a session says when it goes.
    Left(u32),
    /// What comes from outside.
    Outside(u32),
}

impl Tag {
    /// The tag that a text begins with.
    pub(crate) fn of(text: &str) -> Option<Tag> {
        let word = text.split(' ').next()?;
        let number = |digits: &str| digits.parse().ok();
        match word.as_bytes().first()? {
            b'h' => number(&word[1..]).map(Tag::Hello),
            b'l' => number(&word[1..]).map(Tag::Left),
            b'o' => number(&word[1..]).map(Tag::Outside),
            _ => number(word).map(Tag::Op),
        }
    }
}

/// The one list of what was seen; the application inside the hub writes to it as well as the links.
#[derive(Debug)]
pub(crate) struct Chronicle<F>(Arc<Mutex<Vec<Entry<F>>>>);

impl<F> Clone for Chronicle<F> {
    fn clone(&self) -> Self {
        Chronicle(self.0.clone())
    }
}

impl<F> Default for Chronicle<F> {
    fn default() -> Self {
        Chronicle(Arc::default())
    }
}

impl<F> Chronicle<F> {
    pub(crate) fn push(&self, entry: Entry<F>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Takes out what was seen since the last call, into `entries`.
    pub(crate) fn take(&self, entries: &mut Vec<Entry<F>>) {
        entries.clear();
        mem::swap(entries, &mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_first_word() {
        assert_eq!(Tag::of("17 say r1 hi"), Some(Tag::Op(17)));
        assert_eq!(Tag::of("h3"), Some(Tag::Hello(3)));
        assert_eq!(Tag::of("l4 1000"), Some(Tag::Left(4)));
        assert_eq!(Tag::of("o5 ä"), Some(Tag::Outside(5)));
        for other in ["", "17.1 x", "hello", "ä", "{}"] {
            assert_eq!(Tag::of(other), None, "{other}");
        }
    }
}
