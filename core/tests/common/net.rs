//! A driver over a network of byte vectors.

use super::{Order, Script, TestApp, routes};
use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::log::Record;
use lazuli::{Config, ConnId, Hub, Limits, Position, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Duration;

/// One slice that was offered for writing: where it lies, and how long it is.
pub type Slice = (usize, usize);

/// The other side of all sockets.
#[derive(Default)]
pub struct Wires {
    /// What each peer has read.
    pub read: BTreeMap<LinkId, Vec<u8>>,
    /// How many bytes a socket still takes; without an entry, all.
    pub room: BTreeMap<LinkId, usize>,
    /// Sockets that fail at the next write.
    pub broken: BTreeSet<LinkId>,
    /// Sockets that take one write more and are broken then.
    pub fragile: BTreeSet<LinkId>,
    /// All calls of `write`, with their slices.
    pub writes: Vec<(LinkId, Vec<Slice>)>,
    pub ended: Vec<LinkId>,
    pub closed: Vec<LinkId>,
    pub effects: Vec<String>,
    pub logs: Vec<Record>,
    pub bus: Vec<String>,
}

impl Io<TestApp> for Wires {
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.ended.contains(&link) && !self.closed.contains(&link), "{link:?} was ended before");
        assert!(bytes.iter().any(|slice| !slice.is_empty()), "nothing was written to {link:?}");
        self.writes.push((link, bytes.iter().map(|slice| (slice.as_ptr() as usize, slice.len())).collect()));
        if self.broken.contains(&link) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if self.fragile.remove(&link) {
            self.broken.insert(link);
        }
        let all: Vec<u8> = bytes.iter().flat_map(|slice| slice.iter().copied()).collect();
        let taken = self.room.get_mut(&link).map_or(all.len(), |room| {
            let taken = all.len().min(*room);
            *room -= taken;
            taken
        });
        if taken == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.read.entry(link).or_default().extend(&all[..taken]);
        Ok(taken)
    }

    fn end(&mut self, link: LinkId) {
        assert!(!self.ended.contains(&link) && !self.closed.contains(&link), "{link:?} was ended before");
        self.ended.push(link);
    }

    fn close(&mut self, link: LinkId) {
        assert!(!self.closed.contains(&link), "{link:?} was closed before");
        self.closed.push(link);
    }

    fn effect(&mut self, effect: Order) {
        self.effects.push(effect.0.clone());
    }

    fn log(&mut self, record: Record) {
        self.logs.push(record);
    }

    fn publish(&mut self, topic: &str, _message: &[u8]) {
        self.bus.push(format!("publish {topic}"));
    }

    fn subscribe(&mut self, topic: &str, _after: Option<Position>) {
        self.bus.push(format!("subscribe {topic}"));
    }

    fn unsubscribe(&mut self, topic: &str) {
        self.bus.push(format!("unsubscribe {topic}"));
    }
}

/// A driver, its sockets, and a clock.
pub struct Net {
    pub driver: Driver<TestApp>,
    pub wires: Wires,
    pub script: Arc<Script>,
    pub now: Time,
}

impl Default for Net {
    fn default() -> Self {
        Net::new(Config::default(), super::quiet(), Settings::default())
    }
}

impl Net {
    pub fn new(config: Config, limits: Limits, settings: Settings) -> Net {
        let script = Arc::new(Script::default());
        let hub = Hub::new(config, routes(&script, limits), TestApp::default());
        Net { driver: Driver::new(hub, settings), wires: Wires::default(), script, now: Time::ZERO }
    }

    pub fn accept(&mut self) -> LinkId {
        self.driver.accept(self.now, None).unwrap()
    }

    pub fn turn(&mut self) {
        self.driver.turn(&mut self.wires);
    }

    pub fn receive(&mut self, link: LinkId, bytes: &[u8]) {
        self.driver.receive(self.now, link, bytes);
        self.turn();
    }

    pub fn text(&mut self, link: LinkId, text: &str) {
        self.receive(link, &client_frame(0x81, text.as_bytes()));
    }

    pub fn disconnected(&mut self, link: LinkId, reset: bool) {
        self.driver.disconnected(self.now, link, reset);
        self.turn();
    }

    /// A WebSocket whose handshake is done and read.
    pub fn open(&mut self) -> LinkId {
        let link = self.accept();
        self.receive(link, &handshake("/probe"));
        let answer = self.read(link);
        assert!(answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n"), "{answer:?}");
        link
    }

    /// An open WebSocket and the hub's name for it, in this room.
    pub fn member(&mut self, room: &'static str) -> (LinkId, ConnId) {
        let link = self.open();
        let conn = self.run(link, move |cx| {
            cx.join(room);
            Ok(())
        });
        (link, conn)
    }

    /// Does something in a callback of this link's channel.
    pub fn run(
        &mut self,
        link: LinkId,
        step: impl FnOnce(&mut lazuli::Context<'_, TestApp>) -> lazuli::Result + Send + 'static,
    ) -> ConnId {
        let conn = self.stage(link, step);
        self.turn();
        conn
    }

    /// The same without the turn.
    pub fn stage(
        &mut self,
        link: LinkId,
        step: impl FnOnce(&mut lazuli::Context<'_, TestApp>) -> lazuli::Result + Send + 'static,
    ) -> ConnId {
        let (tell, told) = std::sync::mpsc::channel();
        self.script.next(move |cx| {
            tell.send(cx.conn()).unwrap();
            step(cx)
        });
        self.driver.receive(self.now, link, &client_frame(0x81, b""));
        told.try_recv().expect("the link is open")
    }

    /// What the peer has read since the last time.
    pub fn read(&mut self, link: LinkId) -> Vec<u8> {
        self.wires.read.remove(&link).unwrap_or_default()
    }

    /// The same as frames: (first byte, payload).
    pub fn frames(&mut self, link: LinkId) -> Vec<(u8, Vec<u8>)> {
        server_frames(&self.read(link))
    }

    /// Lets the socket take so many more bytes; `None`: all again.
    pub fn room(&mut self, link: LinkId, room: Option<usize>) {
        match room {
            Some(room) => self.wires.room.insert(link, room),
            None => self.wires.room.remove(&link),
        };
    }

    /// The socket says that it takes bytes again.
    pub fn writable(&mut self, link: LinkId, room: Option<usize>) {
        self.room(link, room);
        self.driver.writable(self.now, link);
        self.turn();
    }

    /// Lets time pass, and does what becomes due, each at its time.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.driver.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.driver.timeout(self.now);
            let next = self.driver.next_timeout();
            assert!(next.is_none_or(|next| next > self.now), "{next:?} is not after {:?}", self.now);
            self.turn();
        }
        self.now = until;
    }

    pub fn is_closed(&self, link: LinkId) -> bool {
        self.wires.closed.contains(&link)
    }

    pub fn is_ended(&self, link: LinkId) -> bool {
        self.wires.ended.contains(&link)
    }

    /// What channels were told since the last time.
    pub fn told(&mut self) -> Vec<String> {
        self.script.told().into_iter().map(|(_, what)| what).collect()
    }
}

pub fn handshake(target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into()
}

/// A frame as a client sends it, under a mask.
pub fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A close frame as a client sends it.
/// A text, with a length of two bytes whatever it is.
pub fn long_client_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0xfe, (payload.len() >> 8) as u8, payload.len() as u8, 1, 2, 3, 4];
    frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

pub fn client_close(code: u16, reason: &str) -> Vec<u8> {
    client_frame(0x88, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// A close frame as a client reads it.
pub fn close(code: u16, reason: &str) -> (u8, Vec<u8>) {
    (0x88, [&code.to_be_bytes(), reason.as_bytes()].concat())
}

pub fn text(text: &str) -> (u8, Vec<u8>) {
    (0x81, text.into())
}

/// Takes a server's bytes apart; they have to be whole frames.
pub fn server_frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (usize::from(u16::from_be_bytes(rest[..2].try_into().unwrap())), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            length => (usize::from(*length), rest),
        };
        frames.push((*first, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "half a frame: {bytes:?}");
    frames
}
