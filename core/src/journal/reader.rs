//! Reading journals.

use super::entry::{self, Entry, Framed};
use super::field::{Bytes, Field};
use super::{MAGIC, VERSION};
use crate::component::Secret;
use crate::config::Config;
use crate::driver::Settings;
use crate::time::Time;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

/// How a journal was begun.
#[derive(Clone, Debug)]
pub struct Header {
    /// The version of lazuli that wrote it.
    pub by: String,
    /// Whether payloads were written down as something else.
    pub redacted: bool,
    /// What the hub was told at its start. It has a secret only where the journal was to have it
    /// ([`Journal::with_secret`](super::Journal::with_secret)).
    pub config: Config,
    /// The settings of the driver.
    pub settings: Settings,
    pub(super) secret_mark: Option<u32>,
}

impl Header {
    /// Whether the hub had a secret.
    pub fn had_secret(&self) -> bool {
        self.secret_mark.is_some()
    }

    /// Whether this is the secret that the hub had, as far as a few bits of a hash can tell.
    pub fn is_secret(&self, secret: &Secret) -> bool {
        self.secret_mark == Some(secret.mark())
    }
}

impl Field for Header {
    fn write(&self, to: &mut alloc::vec::Vec<u8>) {
        self.by.write(to);
        self.redacted.write(to);
        self.config.write(to);
        self.settings.write(to);
        self.secret_mark.write(to);
    }

    fn read(from: &mut Bytes<'_>) -> Option<Header> {
        let (by, redacted) = from.field()?;
        Some(Header { by, redacted, config: from.field()?, settings: from.field()?, secret_mark: from.field()? })
    }
}

/// Why a journal cannot be read, or not further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The bytes are no journal, or one that breaks off before its first entry.
    NoJournal,
    /// Another version of lazuli wrote it, in a form that this one does not know.
    Version {
        /// The number of its form.
        form: u16,
    },
    /// It is damaged.
    Damaged {
        /// How many bytes from its start the damaged entry begins.
        at: usize,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NoJournal => f.write_str("this is no journal"),
            Unreadable::Version { form } => {
                write!(f, "the journal has form {form}, and this version of lazuli reads form {VERSION} alone")
            }
            Unreadable::Damaged { at } => {
                write!(f, "the journal is damaged: the entry at byte {at} is not what was written")
            }
        }
    }
}

impl core::error::Error for Unreadable {}

/// Reads a journal: how it was begun, and its [entries](Reader::entries).
///
/// ```
/// use lazuli::journal::{Reader, Unreadable};
///
/// assert_eq!(Reader::new(b"something else").unwrap_err(), Unreadable::NoJournal);
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    header: Header,
    entries: Entries<'a>,
}

/// The entries of a journal up to the last whole one, or up to an error; a clone reads on from the same place.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    now: Time,
    over: bool,
}

/// An entry, and where and when it is.
#[derive(Debug)]
pub struct Placed<'a> {
    /// How many bytes from the journal's start it begins.
    pub at: usize,
    /// When it happened.
    pub time: Time,
    /// What.
    pub entry: Entry<'a>,
}

impl<'a> Reader<'a> {
    /// Reads how a journal begins.
    ///
    /// # Errors
    /// When these bytes are no journal, or of a form that is not known here.
    pub fn new(bytes: &'a [u8]) -> Result<Reader<'a>, Unreadable> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Unreadable::NoJournal)?;
        let (form, rest) = rest.split_first_chunk().ok_or(Unreadable::NoJournal)?;
        let form = u16::from_le_bytes(*form);
        if form != VERSION {
            return Err(Unreadable::Version { form });
        }
        let start = bytes.len() - rest.len();
        let content = match entry::unframe(rest) {
            Framed::Whole(content) => content,
            Framed::Part => return Err(Unreadable::NoJournal),
            Framed::Damaged => return Err(Unreadable::Damaged { at: start }),
        };
        let mut from = Bytes(content);
        let header = from.field().filter(|_| from.0.is_empty()).ok_or(Unreadable::Damaged { at: start })?;
        let at = start + entry::FRAME + content.len();
        Ok(Reader { header, entries: Entries { bytes, at, now: Time::ZERO, over: false } })
    }

    /// How the journal was begun.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was written down, from the first entry on.
    pub fn entries(&self) -> Entries<'a> {
        self.entries.clone()
    }
}

impl Entries<'_> {
    /// How many bytes are not read yet. After the last entry: those of one that was being written when the process died.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Placed<'a>, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let at = self.at;
        let content = match entry::unframe(&self.bytes[at..]) {
            Framed::Part => return None,
            Framed::Damaged => None,
            Framed::Whole(content) => Some(content),
        };
        let Some((content, (since, entry))) = content.and_then(|content| Some((content, entry::read(content)?))) else {
            self.over = true;
            return Some(Err(Unreadable::Damaged { at }));
        };
        self.at += entry::FRAME + content.len();
        self.now = self.now + Duration::from_micros(since);
        Some(Ok(Placed { at, time: self.now, entry }))
    }
}

pub(super) fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}
