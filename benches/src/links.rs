//! Worlds of a hub and its driver: bytes of a socket in, bytes of a socket out, all in memory.

use crate::channels::routes;
use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::journal::Journal;
use lazuli::{App, Config, Hub, Rate, Time};
use std::io::{self, IoSlice};
use std::time::Duration;

/// A client's close frame, with a mask of zeros: 1000, all is well.
const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// Takes every byte, and counts.
#[derive(Debug, Default)]
pub struct Sink {
    /// Calls of [`Io::write`].
    pub writes: u64,
    /// Bytes that they brought.
    pub bytes: u64,
}

impl<A: App> Io<A> for Sink {
    fn write(&mut self, _: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = bytes.iter().map(|slice| slice.len()).sum();
        self.writes += 1;
        self.bytes += length as u64;
        Ok(length)
    }

    fn end(&mut self, _: LinkId) {}

    fn close(&mut self, _: LinkId) {}
}

/// Takes every byte while it is open, and nothing while it is not.
#[derive(Debug, Default)]
pub struct Gate {
    /// Whether sockets take bytes.
    pub open: bool,
    /// Links whose socket took less than it was offered.
    pub blocked: Vec<LinkId>,
    /// Bytes that were taken.
    pub bytes: u64,
}

impl<A: App> Io<A> for Gate {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.open {
            let length = bytes.iter().map(|slice| slice.len()).sum();
            self.bytes += length as u64;
            Ok(length)
        } else {
            self.blocked.push(link);
            Ok(0)
        }
    }

    fn end(&mut self, _: LinkId) {}

    fn close(&mut self, _: LinkId) {}
}

fn hub() -> Hub {
    let config = Config { connections: usize::MAX, accepted: Rate::UNLIMITED, ..Config::default() };
    Hub::new(config, routes().expect("good routes"), ())
}

/// A driver with WebSockets.
pub struct Links<I> {
    driver: Driver,
    links: Vec<LinkId>,
    request: String,
    /// Where the bytes go.
    pub io: I,
    now: Time,
}

impl<I: Io<()>> Links<I> {
    /// A driver with `count` WebSockets, all opened for `target`; what they are sent goes to `io`.
    ///
    /// # Panics
    /// When one is refused.
    pub fn new(count: usize, target: &str, io: I) -> Self {
        Self::of(Driver::new(hub(), Settings::default()), count, target, io)
    }

    /// The same with a journal.
    ///
    /// # Panics
    /// When one is refused.
    pub fn recorded(count: usize, target: &str, io: I, journal: Journal) -> Self {
        Self::of(Driver::recorded(hub(), Settings::default(), journal), count, target, io)
    }

    fn of(driver: Driver, count: usize, target: &str, io: I) -> Self {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        let mut links = Links { driver, links: Vec::with_capacity(count), request, io, now: Time::ZERO };
        for _ in 0..count {
            let link = links.open();
            links.links.push(link);
        }
        assert_eq!(links.driver.stats().opened, count as u64);
        links
    }

    fn open(&mut self) -> LinkId {
        let link = self.driver.accept(self.now, None).expect("room for a link");
        self.driver.receive(self.now, link, self.request.as_bytes());
        self.driver.turn(&mut self.io);
        link
    }

    /// A peer goes, by a close frame or by a reset of its socket, and another one comes.
    pub fn replace(&mut self, number: usize, by_frame: bool) {
        let number = number % self.links.len();
        if by_frame {
            self.receive(number, &CLOSE);
        }
        self.driver.disconnected(self.now, self.links[number], !by_frame);
        self.driver.turn(&mut self.io);
        self.links[number] = self.open();
    }

    /// Time passes, and what is due is done.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        while self.driver.next_timeout().is_some_and(|due| due <= self.now) {
            self.driver.timeout(self.now);
            self.driver.turn(&mut self.io);
        }
    }

    /// How many are open, for the driver and for the hub.
    pub fn open_ones(&self) -> (usize, u64) {
        let stats = self.driver.stats();
        (self.driver.links(), stats.opened - stats.closed)
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Bytes come in on one link, and everything that follows is written. Each time is a moment of its own; so far apart
    /// that one link may go on for ever, at its route's rate, with sixteen messages each time.
    pub fn receive(&mut self, number: usize, bytes: &[u8]) {
        self.now = Time::from_micros(self.now.as_micros() + 2_000);
        self.driver.receive(self.now, self.links[number % self.links.len()], bytes);
        self.driver.turn(&mut self.io);
    }
}

impl Links<Gate> {
    /// All sockets that were full take bytes again, at the same moment, and get what waits for them.
    pub fn open_gate(&mut self) {
        self.io.open = true;
        for link in std::mem::take(&mut self.io.blocked) {
            self.driver.writable(self.now, link);
        }
        self.driver.turn(&mut self.io);
    }
}

/// A text message of up to 125 bytes as a browser sends it: one frame, masked.
///
/// # Panics
/// For a longer text.
pub fn masked(text: &str) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    assert!(text.len() <= 125, "a short text");
    let mut frame = vec![0x81, 0x80 | text.len() as u8];
    frame.extend(MASK);
    frame.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
