//! Plays [journals](lazuli::journal) that a transport has written, in the bare core: no socket, no thread, no clock.
//!
//! Give the same routes and the same application that the server ran, as new as they were then. If the program is the same,
//! everything comes out the same, byte for byte, and [`Replayed::difference`] is `None`. What a replay cannot know is what a
//! callback reads elsewhere: a clock, a file, randomness of its own. Such a callback makes a difference, and the replay says at
//! which turn.
//!
//! ```
//! use lazuli::journal::Journal;
//! use lazuli::{Channel, Context, Result, Routes};
//! use lazuli_harness::journal::Memory;
//! use lazuli_harness::replay_journal;
//!
//! struct Echo;
//! impl Channel for Echo {
//!     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
//!         cx.text(text);
//!         Ok(())
//!     }
//! }
//!
//! fn routes() -> Routes {
//!     let mut routes = Routes::new();
//!     routes.channel("/echo", |_| Ok(Echo)).expect("the pattern is right");
//!     routes
//! }
//!
//! let memory = Memory::default(); // a server would rather have a file
//! let server = lazuli_std::Server::bind("127.0.0.1:0", routes(), ())?.journal(Journal::to(memory.clone()));
//! # let (url, stopper) = (format!("ws://{}/echo", server.local_addr()?), server.stopper());
//! # let serving = std::thread::spawn(|| server.run());
//! # let (mut socket, _) = tungstenite::connect(&url)?;
//! # socket.send("hello".into())?;
//! # assert_eq!(socket.read()?, "hello".into());
//! # stopper.stop(std::time::Duration::from_secs(1));
//! # while socket.read().is_ok() {}
//! # serving.join().expect("no panic")?;
//! // … it runs, and stops; later, in a test:
//! let replayed = replay_journal(&memory.bytes(), routes(), ())?;
//! assert!(replayed.difference.is_none(), "{replayed}");
//! assert!(replayed.records.is_empty(), "no warnings, no errors");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod io;
mod memory;
mod words;

use crate::oracle::text_of;
use crate::trace::Seconds;
use io::ReplayIo;
use lazuli::driver::Driver;
use lazuli::journal::{Answers, End, Entries, Entry, Header, Journal, Reader, Turn, Unreadable};
use lazuli::log::Record;
use lazuli::{App, Hub, Input, Routes, Secret, Time};
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use memory::Memory;

/// Plays a journal; [`Replay`] has more to set.
///
/// # Errors
/// See [`Replay::run`].
pub fn replay_journal<A: App>(bytes: &[u8], routes: Routes<A>, app: A) -> Result<Replayed, Unplayable> {
    Replay::new(bytes)?.run(routes, app)
}

/// Tells a journal in words, line by line, without playing it. The last line says how it ends.
///
/// # Errors
/// When it cannot be read, or not to its end.
pub fn tell_journal(bytes: &[u8], mut words: impl FnMut(&str)) -> Result<(), Unreadable> {
    let reader = Reader::new(bytes)?;
    words(&begun(reader.header()));
    let (mut entries, mut ended) = (reader.entries(), false);
    for placed in &mut entries {
        let placed = placed?;
        ended = matches!(placed.entry, Entry::End { .. });
        words(&format!("{} {}", Seconds(placed.time), words::entry(&placed.entry)));
    }
    if !ended {
        words(&broken_off(entries.left()));
    }
    Ok(())
}

fn begun(header: &Header) -> String {
    let what = if header.redacted { "a redacted journal" } else { "a journal" };
    format!("{what} of lazuli {}, begun {}, seed {:#x}", header.by, header.config.wall, header.config.seed)
}

fn broken_off(left: usize) -> String {
    match left {
        0 => "the journal breaks off here".into(),
        left => format!("the journal breaks off here, in the middle of an entry of which there are {left} bytes"),
    }
}

/// Makes an event of what the application wrote down of it.
type ReadEvent<A> = Box<dyn FnMut(&[u8]) -> Option<<A as App>::Event>>;

/// Takes a line.
type Words = Box<dyn FnMut(&str)>;

/// A journal that is to be played.
///
/// ```
/// use lazuli::driver::{Driver, Settings};
/// use lazuli::journal::Journal;
/// use lazuli::{App, Config, Hub, Result, Routes, Scope, Time, Input};
/// use lazuli_harness::journal::{Memory, Replay};
///
/// struct Counts;
///
/// impl App for Counts {
///     type Event = u8;
///     type Effect = ();
///
///     fn on_event(&self, cx: &mut Scope<'_, Self>, event: u8) -> Result {
///         cx.to_all().text(&format!("{event}"));
///         Ok(())
///     }
/// }
///
/// let memory = Memory::default();
/// let journal = Journal::to(memory.clone()).events(|event, bytes| bytes.push(*event));
/// let hub = Hub::new(Config::default(), Routes::new(), Counts);
/// let mut driver = Driver::recorded(hub, Settings::default(), journal);
/// driver.input(Time::ZERO, Input::App(7));
/// drop(driver);
///
/// let bytes = memory.bytes();
/// let replay = Replay::new(&bytes)?.events(|bytes| bytes.first().copied()).words(|line| println!("{line}"));
/// assert!(replay.run(Routes::new(), Counts)?.difference.is_none());
/// # Ok::<(), lazuli_harness::journal::Unplayable>(())
/// ```
pub struct Replay<'j, A: App> {
    reader: Reader<'j>,
    secret: Option<Secret>,
    events: Option<ReadEvent<A>>,
    words: Option<Words>,
    journal: Option<Journal<A>>,
}

/// Why a journal cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unplayable {
    /// It cannot be read.
    Unreadable(Unreadable),
    /// The secret is another one than the hub had.
    OtherSecret,
    /// It has an event of the application, and nothing says how to read it, or it cannot be read.
    Event {
        /// How many bytes from the journal's start its entry begins.
        at: usize,
    },
}

impl From<Unreadable> for Unplayable {
    fn from(why: Unreadable) -> Self {
        Unplayable::Unreadable(why)
    }
}

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unplayable::Unreadable(why) => why.fmt(f),
            Unplayable::OtherSecret => f.write_str("this is not the secret that the hub had"),
            Unplayable::Event { at } => {
                write!(f, "the event of the application at byte {at} cannot be read; Replay::events says how")
            }
        }
    }
}

impl Error for Unplayable {}

/// What came of a replay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// How many entries the journal has.
    pub entries: u64,
    /// How many of them are turns of the driver.
    pub turns: u64,
    /// The time of the last entry.
    pub time: Time,
    /// The hash of everything that the driver did now, up to the last turn.
    pub hash: u64,
    /// How the journal ends; `None` if it breaks off, because the process was killed, or is running still.
    pub end: Option<End>,
    /// How many bytes there are of an entry that is not whole, at its end.
    pub left: usize,
    /// The first turn that came out otherwise than recorded.
    pub difference: Option<Difference>,
    /// Warnings and errors of the log; a callback's panic is one.
    pub records: Vec<Record>,
    /// Panics of the driver itself, and after which entry.
    pub panics: Vec<String>,
    /// Whether the hub had a secret that is not known here, so that another one took its place.
    pub other_secret: bool,
}

/// A turn that came out otherwise than recorded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// How many bytes from the journal's start its entry begins.
    pub at: usize,
    /// How many turns there were before it.
    pub turn: u64,
    /// When it was.
    pub time: Time,
    /// What the driver did when the journal was written.
    pub recorded: Turn,
    /// What it did now.
    pub came: Turn,
    /// What it was told since the turn before, in words.
    pub told: Vec<String>,
    /// What it did, in words.
    pub did: Vec<String>,
}

impl<'j, A: App> Replay<'j, A> {
    /// A replay of this journal.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn new(bytes: &'j [u8]) -> Result<Self, Unreadable> {
        Ok(Replay { reader: Reader::new(bytes)?, secret: None, events: None, words: None, journal: None })
    }

    /// How the journal was begun.
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// The hub's secret ([`lazuli::Config::secret`]), where the application gave it one. Without it pages of live components come
    /// out with other tokens.
    #[must_use]
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// How an event of the application is made of what [`Journal::events`] wrote.
    #[must_use]
    pub fn events(mut self, read: impl FnMut(&[u8]) -> Option<A::Event> + 'static) -> Self {
        self.events = Some(Box::new(read));
        self
    }

    /// Tells the replay in words, line by line: what comes in, and what the driver does.
    #[must_use]
    pub fn words(mut self, words: impl FnMut(&str) + 'static) -> Self {
        self.words = Some(Box::new(words));
        self
    }

    /// Writes another journal of the replay: of what comes out now, or a redacted one of the same run.
    #[must_use]
    pub fn record(mut self, journal: Journal<A>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Plays the journal to its end, or to its last whole entry, with these routes and this application. It goes on after a
    /// difference; what sockets answer is then what they answered to other bytes.
    ///
    /// # Errors
    /// When the journal is damaged; nothing is played then. When the secret is not the hub's. When it has an event that
    /// cannot be read.
    pub fn run(mut self, routes: Routes<A>, app: A) -> Result<Replayed, Unplayable> {
        for placed in self.reader.entries() {
            placed?;
        }
        let header = self.reader.header().clone();
        let mut config = header.config.clone();
        if let Some(secret) = &self.secret {
            if !header.is_secret(secret) {
                return Err(Unplayable::OtherSecret);
            }
            config.secret = self.secret.take();
        }
        let other_secret = header.had_secret() && config.secret.is_none();
        if other_secret {
            config.secret = Some(Secret::new([0; 32]));
        }
        self.say(|| begun(&header));
        let hub = Hub::new(config, routes, app);
        let driver = match self.journal.take() {
            Some(journal) => Driver::recorded(hub, header.settings, journal),
            None => Driver::new(hub, header.settings),
        };
        let entries = self.reader.entries();
        let mut run = Run {
            driver,
            io: ReplayIo::new(header.redacted),
            since: entries.clone(),
            replayed: Replayed {
                entries: 0,
                turns: 0,
                time: Time::ZERO,
                hash: 0,
                end: None,
                left: 0,
                difference: None,
                records: Vec::new(),
                panics: Vec::new(),
                other_secret,
            },
        };
        self.play(entries, &mut run)?;
        let mut replayed = run.replayed;
        replayed.records = run.io.records;
        self.say(|| replayed.to_string());
        Ok(replayed)
    }

    fn play(&mut self, mut entries: Entries<'j>, run: &mut Run<'j, A>) -> Result<(), Unplayable> {
        let mut told = false;
        while let Some(placed) = entries.next() {
            let placed = placed?;
            (run.replayed.entries, run.replayed.time) = (run.replayed.entries + 1, placed.time);
            self.say(|| format!("{} {}", Seconds(placed.time), words::entry(&placed.entry)));
            let (at, now) = (placed.at, placed.time);
            match placed.entry {
                Entry::Turned { turn, answers } => {
                    run.turn(at, answers, Some(turn));
                    self.say_all(&run.io);
                    run.since = entries.clone();
                    told = false;
                    continue;
                }
                Entry::End { end, hash } => {
                    run.replayed.end = Some(end);
                    let came = Turn { hash: run.replayed.hash, ..Turn::default() };
                    run.compare(at, Turn { hash, ..Turn::default() }, came);
                    break;
                }
                Entry::Accepted { peer } => run.tell(|driver, io| io.outputs.accepted(driver.accept(now, peer))),
                Entry::Received { link, bytes } => run.tell(|driver, _| driver.receive(now, link, bytes)),
                Entry::Disconnected { link, reset } => run.tell(|driver, _| driver.disconnected(now, link, reset)),
                Entry::Failed { link } => run.tell(|driver, _| driver.fail(now, link, "as recorded")),
                Entry::Writable { link } => run.tell(|driver, _| driver.writable(now, link)),
                Entry::Timeout => run.tell(|driver, _| driver.timeout(now)),
                Entry::Shutdown { deadline } => run.tell(|driver, _| driver.shutdown(now, deadline)),
                Entry::Input(input) => {
                    let input = self.input(input).ok_or(Unplayable::Event { at })?;
                    run.tell(|driver, _| driver.input(now, input));
                }
            }
            told = true;
        }
        if run.replayed.end.is_none() {
            run.replayed.left = entries.left();
        }
        if told {
            // Whatever ended the process may come in the turn that it did not live to write down.
            run.turn(0, Answers::ALL, None);
            self.say_all(&run.io);
        }
        Ok(())
    }

    fn input(&mut self, input: Input<'j, &'j [u8]>) -> Option<Input<'j, A::Event>> {
        Some(match input {
            Input::App(bytes) => Input::App(self.events.as_mut()?(bytes)?),
            Input::Subscribed { topic, position } => Input::Subscribed { topic, position },
            Input::Published { topic, position, message } => Input::Published { topic, position, message },
            Input::Backplane(link) => Input::Backplane(link),
            Input::Command(command) => Input::Command(command),
            // A journal has no others.
            _ => return None,
        })
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(words) = &mut self.words {
            words(&line());
        }
    }

    fn say_all(&mut self, io: &ReplayIo<'_>) {
        if let Some(words) = &mut self.words {
            for did in &io.did {
                words(&format!("    {did}"));
            }
        }
    }
}

/// A replay on its way.
struct Run<'j, A: App> {
    driver: Driver<A>,
    io: ReplayIo<'j>,
    /// The entries since the last turn.
    since: Entries<'j>,
    replayed: Replayed,
}

impl<'j, A: App> Run<'j, A> {
    /// Tells the driver something; a panic of it is noted, and the replay goes on, as a server with threads does.
    fn tell(&mut self, tell: impl FnOnce(&mut Driver<A>, &mut ReplayIo<'j>)) {
        let told = catch_unwind(AssertUnwindSafe(|| tell(&mut self.driver, &mut self.io)));
        if let Err(panic) = told {
            let what = text_of(panic.as_ref()).unwrap_or_default();
            self.replayed.panics.push(format!("after entry {}: {what}", self.replayed.entries));
        }
    }

    fn turn(&mut self, at: usize, answers: Answers<'j>, recorded: Option<Turn>) {
        self.io.answers = answers;
        self.io.did.clear();
        self.tell(|driver, io| driver.turn(io));
        let came = self.io.outputs.turned(self.driver.next_timeout());
        if let Some(recorded) = recorded {
            self.compare(at, recorded, came);
            self.replayed.turns += 1;
            self.replayed.hash = came.hash;
        }
    }

    fn compare(&mut self, at: usize, recorded: Turn, came: Turn) {
        if came == recorded || self.replayed.difference.is_some() {
            return;
        }
        let told = self.since.clone().flatten().take_while(|placed| placed.at < at);
        self.replayed.difference = Some(Difference {
            at,
            turn: self.replayed.turns,
            time: self.replayed.time,
            recorded,
            came,
            told: told.map(|placed| words::entry(&placed.entry)).collect(),
            did: self.io.did.iter().map(ToString::to_string).collect(),
        });
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries, {} turns, {}: ", self.entries, self.turns, Seconds(self.time))?;
        match &self.difference {
            None => write!(f, "as recorded, hash {:016x}; ", self.hash)?,
            Some(difference) => write!(f, "not as recorded; {difference}")?,
        }
        match self.end {
            Some(end) => f.write_str(words::ended(end))?,
            None => f.write_str(&broken_off(self.left))?,
        }
        for panic in &self.panics {
            write!(f, "\na panic of the driver {panic}")?;
        }
        if self.other_secret && self.difference.is_some() {
            f.write_str(
                "\nThe hub had a secret that is not in the journal; without it, pages come out with other tokens.",
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { at, turn, time, recorded, came, told, did } = self;
        writeln!(f, "turn {turn}, at {} and byte {at}, differs first", Seconds(*time))?;
        writeln!(f, "  recorded: {}\n  came:     {}", words::Turn(recorded), words::Turn(came))?;
        for line in told {
            writeln!(f, "  told: {line}")?;
        }
        for line in did {
            writeln!(f, "  did:  {line}")?;
        }
        Ok(())
    }
}
