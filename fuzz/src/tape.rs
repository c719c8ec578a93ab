//! A tape of bytes as a script for a driver.

use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::{Hub, Time};
use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::time::Duration;

/// What the driver asks for, with sockets that take as much as the tape says.
struct Sockets {
    open: BTreeSet<LinkId>,
    takes: usize,
    short: Vec<LinkId>,
}

impl Io<()> for Sockets {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(self.open.contains(&link), "a write to a socket that is closed");
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        assert!(offered > 0, "a write of nothing");
        if self.takes < offered {
            self.short.push(link);
        }
        Ok(self.takes.min(offered))
    }

    fn end(&mut self, link: LinkId) {
        assert!(self.open.contains(&link), "the end of a socket that is closed");
    }

    fn close(&mut self, link: LinkId) {
        assert!(self.open.remove(&link), "a second close");
    }
}

pub(crate) struct Tape<'a> {
    bytes: &'a [u8],
}

const REQUEST: &[u8] = b"GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

impl<'a> Tape<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Tape { bytes }
    }

    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        first
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(length.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    pub(crate) fn play(mut self, hub: Hub) {
        let mut driver = Driver::new(hub, Settings::default());
        let mut sockets = Sockets { open: BTreeSet::new(), takes: usize::MAX, short: Vec::new() };
        let mut links: Vec<LinkId> = Vec::new();
        let mut now = Time::ZERO;
        while !self.bytes.is_empty() {
            let what = self.byte();
            let which = usize::from(self.byte());
            let link = links.get(which % links.len().max(1)).copied();
            match (what % 10, link) {
                (0, _) => {
                    if let Some(link) = driver.accept(now, None) {
                        sockets.open.insert(link);
                        links.push(link);
                        if which % 4 > 0 {
                            driver.receive(now, link, REQUEST);
                        }
                    }
                }
                (1, Some(link)) => driver.receive(now, link, self.take(which)),
                (2, Some(link)) => {
                    let payload = self.take(which % 126);
                    driver.receive(now, link, &masked(0x81, payload));
                }
                (3, Some(link)) => {
                    let payload = self.take(which % 126);
                    driver.receive(now, link, &masked(0x80 | (what / 10), payload));
                }
                (4, Some(link)) => driver.disconnected(now, link, which % 2 == 0),
                (5, _) => sockets.takes = if which > 200 { usize::MAX } else { which },
                (6, _) => {
                    for link in std::mem::take(&mut sockets.short) {
                        driver.writable(now, link);
                    }
                }
                (7, _) => {
                    now = now + Duration::from_millis(100 * which as u64);
                    driver.timeout(now);
                    assert!(driver.next_timeout().is_none_or(|at| at > now), "a timeout is due after its handling");
                }
                (8, _) if which == 0 => driver.shutdown(now, now + Duration::from_secs(3)),
                _ => driver.turn(&mut sockets),
            }
        }
        sockets.takes = usize::MAX;
        for link in links {
            driver.disconnected(now, link, true);
        }
        driver.turn(&mut sockets);
        let stats = driver.stats();
        assert_eq!((driver.links(), stats.connections, stats.rooms), (0, 0, 0), "something is left");
        assert!(sockets.open.is_empty(), "a socket was never closed");
        assert_eq!(stats.accepted, stats.closed);
    }
}

/// A short frame with a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}
