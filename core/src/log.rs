//! What happened, for the driver's logger.

use crate::id::ConnId;
use crate::time::Time;
use alloc::string::String;
use core::fmt::{self, Write};
use core::net::SocketAddr;

/// How much a record matters; more important ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What a developer may want to follow.
    Debug,
    /// What an operator may want to see.
    Info,
    /// A peer or a callback that did wrong; the server is well.
    Warn,
    /// A fault of the application or the server.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        })
    }
}

/// One entry of the log. Shown, it is one line whatever a peer put into it.
///
/// ```
/// use lazuli::log::{Level, Record};
/// use lazuli::Time;
///
/// let record = Record::new(Time::ZERO, Level::Warn, "refused").with_detail("bad\r\nline \u{1b}[31m");
/// assert_eq!(record.to_string(), r"refused: bad\r\nline \u{1b}[31m");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Time,
    /// How much it matters.
    pub level: Level,
    /// Whose.
    pub conn: Option<ConnId>,
    /// Where its peer is, for what becomes of a socket that is no connection or only just one.
    pub peer: Option<SocketAddr>,
    /// What happened.
    pub what: &'static str,
    /// More about it; may hold what a peer sent.
    pub detail: Option<String>,
}

impl Record {
    /// A record without connection, peer and detail.
    pub fn new(at: Time, level: Level, what: &'static str) -> Record {
        Record { at, level, conn: None, peer: None, what, detail: None }
    }

    /// Says whose it is.
    #[must_use]
    pub fn with_conn(mut self, conn: ConnId) -> Record {
        self.conn = Some(conn);
        self
    }

    /// Says where the peer is.
    #[must_use]
    pub fn with_peer(mut self, peer: SocketAddr) -> Record {
        self.peer = Some(peer);
        self
    }

    /// Says more.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Record {
        self.detail = Some(detail.into());
        self
    }

    /// The detail as it may be shown: on one line, and not longer than a line should be.
    pub fn detail_escaped(&self) -> Option<Escaped<'_>> {
        self.detail.as_deref().map(Escaped)
    }

    /// Hands it to `tracing`, as an event of the target `lazuli` with the fields `conn`, `peer` and `detail`. (The detail
    /// is escaped here already: not every subscriber does that.)
    #[cfg(feature = "tracing")]
    pub fn emit(&self) {
        // Level and fields belong to a place in the code, so there is one for each level.
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "lazuli",
                    tracing::Level::$level,
                    conn = self.conn.map(tracing::field::display),
                    peer = self.peer.map(tracing::field::display),
                    detail = self.detail_escaped().map(|detail| alloc::format!("{detail}")).as_deref(),
                    "{}",
                    self.what
                )
            };
        }
        match self.level {
            Level::Debug => event!(DEBUG),
            Level::Info => event!(INFO),
            Level::Warn => event!(WARN),
            Level::Error => event!(ERROR),
        }
    }
}

/// Text of a peer as it may be shown; see [`Record::detail_escaped`].
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0)
    }
}

/// The longest detail that is shown, in characters.
const SHOWN: usize = 512;

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if let Some(conn) = self.conn {
            write!(f, " conn={conn}")?;
        }
        if let Some(peer) = self.peer {
            write!(f, " peer={peer}")?;
        }
        match self.detail_escaped() {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

/// Control characters, line separators and marks of direction as escapes: nothing can end or forge a line.
fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            return f.write_str("…");
        }
        match c {
            '\\' => f.write_str("\\\\")?,
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                write!(f, "{}", c.escape_default())?;
            }
            c => f.write_char(c)?,
        }
    }
    Ok(())
}
