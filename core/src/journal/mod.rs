//! Journals: what came into a [`Driver`](crate::driver::Driver), written down as it runs, so that it can be played again.
//!
//! A driver has no clock, no socket and no randomness of its own; all that it does follows from what it is told. A
//! [`Journal`] has all of that: how the hub was set up, every call of the driver with its time, and how many bytes each socket
//! took when it was written to. What the driver *did* is in it as a hash, after each turn. So whoever has the same
//! program can play the journal in the bare core, without a socket, and see that everything comes out as it did, or where
//! it first does not.
//!
//! ```
//! use lazuli::driver::{Driver, Settings};
//! use lazuli::journal::{Entry, Journal, Reader};
//! use lazuli::{Config, Hub, Routes, Time};
//! # #[derive(Clone, Default)]
//! # struct File(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
//! # impl std::io::Write for File {
//! #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.0.lock().unwrap().write(bytes) }
//! #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
//! # }
//! # let file = File::default();
//! # let written = file.0.clone();
//!
//! let hub: Hub = Hub::new(Config::default(), Routes::new(), ());
//! let mut driver = Driver::recorded(hub, Settings::default(), Journal::to(file));
//! driver.accept(Time::from_micros(5), None);
//! drop(driver);
//!
//! # let bytes = written.lock().unwrap().clone();
//! let journal = Reader::new(&bytes)?;
//! let first = journal.entries().next().expect("an entry")?;
//! assert_eq!(first.time, Time::from_micros(5));
//! assert!(matches!(first.entry, Entry::Accepted { peer: None }));
//! # Ok::<(), lazuli::journal::Unreadable>(())
//! ```
//!
//! Transports have a setting for it (`Server::journal`); `lazuli_harness::journal` plays journals.
//!
//! # When it is written
//! Each input goes to the writer in one call before the driver acts on it, and each turn's outcome in another one after it. So with a
//! [`File`](std::fs::File), a process that is killed leaves a journal that ends with what killed it. (The operating system has
//! the bytes then; only a machine that fails loses some.) A [`BufWriter`](std::io::BufWriter) makes fewer calls, and loses its end.
//! A writer that waits holds up the hub.

mod entry;
mod field;
mod outputs;
mod reader;
mod recorder;
mod redact;

#[doc(hidden)]
pub use entry::mend;
pub use entry::{Answers, End, Entry};
pub use outputs::{Outputs, Turn};
pub use reader::{Entries, Header, Placed, Reader, Unreadable};
pub(crate) use recorder::Recorder;
pub use redact::Redaction;

use crate::channel::App;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use std::io::Write;

/// What every journal begins with; the number of its form follows.
const MAGIC: &[u8] = b"lazuli journal\n";

/// The form of journals: whatever changes what is written, or what it means, gets another one.
pub const VERSION: u16 = 1;

/// Writes an event; `false` if it cannot.
type WriteEvent<A> = Box<dyn FnMut(&<A as App>::Event, &mut Vec<u8>) -> bool + Send>;

/// Where a driver writes down what it is told; see the [module](self).
///
/// ```
/// use lazuli::journal::{Journal, Redaction};
/// use lazuli::{App, Scope};
///
/// struct Shop;
/// enum Event { Sold(u32) }
///
/// impl App for Shop {
///     type Event = Event;
///     type Effect = ();
/// }
///
/// // A server would have a file. 64 MiB, the shop's events, and nothing that people said.
/// let journal: Journal<Shop> = Journal::to(Vec::new())
///     .at_most(64 << 20)
///     .events(|Event::Sold(number), bytes| bytes.extend(number.to_le_bytes()))
///     .redacted(Redaction::default());
/// # let _ = journal;
/// ```
pub struct Journal<A: App = ()> {
    writer: Box<dyn Write + Send>,
    most: u64,
    events: Option<WriteEvent<A>>,
    with_secret: bool,
    redaction: Option<Redaction>,
}

impl<A: App> Journal<A> {
    /// A journal that goes there, of at most 256 MiB.
    ///
    /// It has everything that peers sent: passwords, tokens, messages. Keep it as you keep those.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Journal { writer: Box::new(writer), most: 256 << 20, events: None, with_secret: false, redaction: None }
    }

    /// At most so many bytes. Where one more entry would not fit, the journal ends, and the log says so; the server goes on.
    /// (A journal can be played from its start alone, so there is nothing that could be dropped to make room.)
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }

    /// How an event of the application is written down: what is appended has to be enough for the event to be made again
    /// when the journal is played. Without it a journal ends at the first event, and the log says so.
    #[must_use]
    pub fn events(mut self, mut write: impl FnMut(&A::Event, &mut Vec<u8>) + Send + 'static) -> Self {
        self.events = Some(Box::new(move |event, bytes| {
            write(event, bytes);
            true
        }));
        self
    }

    /// Writes down something else in the place of what peers sent, as [`Redaction`] says, so that the journal can be shown to
    /// others. The hash then has lengths where it has bytes otherwise.
    #[must_use]
    pub fn redacted(mut self, redaction: Redaction) -> Self {
        self.redaction = Some(redaction);
        self
    }

    /// Writes down the hub's [secret](crate::Config::secret) too, without which what it signs comes out differently: pages with
    /// live components. Whoever has it can make pages and browser sessions for as long as it is used, so transports
    /// do this only for one that they made up themselves, for one run. A redacted journal never has it.
    #[must_use]
    pub fn with_secret(mut self) -> Self {
        self.with_secret = true;
        self
    }
}

impl<A: App> fmt::Debug for Journal<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("most", &self.most).finish_non_exhaustive()
    }
}
