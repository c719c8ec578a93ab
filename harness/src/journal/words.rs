//! Entries of journals, and what a driver did, in words.

use lazuli::driver::LinkId;
use lazuli::journal::{End, Entry};
use lazuli::log::Record;
use lazuli::{Command, Input};
use std::fmt;

/// So many bytes of what came in or went out are shown.
pub(super) const SHOWN: usize = 96;

/// An entry in a line.
pub(super) fn entry(entry: &Entry<'_>) -> String {
    match entry {
        Entry::Accepted { peer: Some(peer) } => format!("accepted a socket from {peer}"),
        Entry::Accepted { peer: None } => "accepted a socket".into(),
        Entry::Received { link, bytes } => format!("{link:?} received {}", Shown::of(bytes)),
        Entry::Disconnected { link, reset: false } => format!("{link:?}: the peer has ended its direction"),
        Entry::Disconnected { link, reset: true } => format!("{link:?} broke"),
        Entry::Failed { link } => format!("{link:?}: the peer broke TLS"),
        Entry::Writable { link } => format!("{link:?} takes bytes again"),
        Entry::Timeout => "the time has come".into(),
        Entry::Shutdown { deadline } => format!("shutdown until {}", crate::trace::Seconds(*deadline)),
        Entry::Input(input) => told(input),
        Entry::Turned { turn, .. } => format!("turn: {}", Turn(turn)),
        Entry::End { end, hash } => format!("the end: {}; hash {hash:016x}", ended(*end)),
    }
}

fn told(input: &Input<'_, &[u8]>) -> String {
    match input {
        Input::App(event) => format!("an event of the application, {}", Shown::of(event)),
        Input::Subscribed { topic, position } => format!("subscribed to {topic:?} from {position:?}"),
        Input::Published { topic, position, message } => {
            format!("published under {topic:?} at {position:?}: {}", Shown::of(message))
        }
        Input::Command(Command::Send { to, frame, .. }) => {
            format!("a handle sends to {to:?}: {}", Shown::of(frame.payload()))
        }
        other => format!("{other:?}"),
    }
}

/// Why a journal ended.
pub(super) fn ended(end: End) -> &'static str {
    match end {
        End::Stopped => "the server was stopped",
        End::Full => "the journal had as many bytes as it might have",
        End::Unwritable => "what came next could not be written down",
    }
}

/// A turn, as a journal has it.
pub(super) struct Turn<'a>(pub(super) &'a lazuli::journal::Turn);

impl fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lazuli::journal::Turn { writes, bytes, others, hash } = self.0;
        write!(f, "{writes} writes of {bytes} bytes, {others} other things, hash {hash:016x}")
    }
}

/// The beginning of bytes, and how many they are.
pub(super) struct Shown {
    start: Vec<u8>,
    length: usize,
}

impl Shown {
    pub(super) fn of(bytes: &[u8]) -> Shown {
        Shown { start: bytes[..bytes.len().min(SHOWN)].to_vec(), length: bytes.len() }
    }

    pub(super) fn of_slices(slices: &[std::io::IoSlice<'_>]) -> Shown {
        let start = slices.iter().flat_map(|slice| slice.iter().copied()).take(SHOWN).collect();
        Shown { start, length: slices.iter().map(|slice| slice.len()).sum() }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.length > self.start.len() { "…" } else { "" };
        write!(f, "{} bytes: {}{more}", self.length, self.start.escape_ascii())
    }
}

/// One thing that the driver did.
pub(super) enum Did {
    Wrote { link: LinkId, offered: Shown, taken: Option<usize> },
    Ended(LinkId),
    Closed(LinkId),
    Effect,
    Logged(Record),
    Published { topic: String, message: Shown },
    Subscribed(String),
    Unsubscribed(String),
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Did::Wrote { link, offered, taken: Some(taken) } if *taken == offered.length => {
                write!(f, "{link:?} is sent {offered}")
            }
            Did::Wrote { link, offered, taken: Some(taken) } => {
                write!(f, "{link:?} is sent {offered}; it takes {taken}")
            }
            Did::Wrote { link, offered, taken: None } => write!(f, "{link:?} is sent {offered}; it is broken"),
            Did::Ended(link) => write!(f, "{link:?} gets no more"),
            Did::Closed(link) => write!(f, "{link:?} is closed"),
            Did::Effect => f.write_str("an effect"),
            Did::Logged(record) => write!(f, "log: {} {record}", record.level),
            Did::Published { topic, message } => write!(f, "publishes under {topic:?}, {message}"),
            Did::Subscribed(topic) => write!(f, "subscribes to {topic:?}"),
            Did::Unsubscribed(topic) => write!(f, "no longer subscribes to {topic:?}"),
        }
    }
}
