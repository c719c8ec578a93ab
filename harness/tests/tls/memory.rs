//! The adapter in memory, with sockets that take what they like.

use crate::lab::{configs, routes};
use lazuli::driver::tls::{Peer, Tls};
use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::{Config, Hub, Time};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::Duration;

/// A socket that takes so many bytes more.
#[derive(Default)]
struct Socket {
    room: usize,
    taken: Vec<u8>,
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= count;
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The transport: one socket with TLS.
struct One {
    tls: Tls,
    socket: Socket,
    /// Whether the socket took less than it was offered.
    full: bool,
    ended: bool,
    closed: bool,
}

impl Io<()> for One {
    fn write(&mut self, _: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.full, "nothing is offered to a socket that is full");
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        let written = self.tls.write(bytes, &mut self.socket)?;
        self.full = written < offered;
        Ok(written)
    }

    fn end(&mut self, _: LinkId) {
        self.ended = true;
        self.tls.end();
    }

    fn close(&mut self, _: LinkId) {
        self.closed = true;
    }
}

/// A client, its server, and the link between them.
struct Pair {
    client: ClientConnection,
    driver: Driver,
    link: LinkId,
    one: One,
    now: Time,
}

impl Pair {
    fn new() -> Pair {
        let (server, client) = configs();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut driver = Driver::new(Hub::new(Config::default(), routes(), ()), Settings::default());
        let link = driver.accept(Time::ZERO, None).expect("there is room");
        let tls = Tls::new(&server).expect("the configuration is right");
        let one = One { tls, socket: Socket::default(), full: false, ended: false, closed: false };
        Pair { client: ClientConnection::new(client, name).expect("the same"), driver, link, one, now: Time::ZERO }
    }

    /// What the client has to say goes to the server, `split` bytes at once.
    fn up(&mut self, split: usize) {
        let mut bytes = Vec::new();
        while self.client.wants_write() {
            self.client.write_tls(&mut bytes).expect("it is written to memory");
        }
        for chunk in bytes.chunks(split) {
            let mut plain = Vec::new();
            let peer = self.one.tls.decrypt(chunk, &mut plain);
            assert!(!matches!(peer, Peer::Failed(_)), "{peer:?}");
            self.driver.receive_decrypted(self.now, self.link, &plain, peer);
            self.driver.turn(&mut self.one);
        }
    }

    /// The server's socket takes so many bytes more, which the client reads; what they were.
    fn down(&mut self, room: usize) -> Vec<u8> {
        self.one.socket.room = room;
        if self.one.tls.flush(&mut self.one.socket).expect("it is whole") && self.one.full {
            self.one.full = false;
            self.driver.writable(self.now, self.link);
        }
        self.driver.turn(&mut self.one);
        let mut taken = &std::mem::take(&mut self.one.socket.taken)[..];
        let mut plain = Vec::new();
        while !taken.is_empty() {
            self.client.read_tls(&mut taken).expect("there is room");
            self.client.process_new_packets().expect("the server speaks TLS");
            let mut chunk = [0; 4096];
            while let Ok(length) = self.client.reader().read(&mut chunk)
                && length > 0
            {
                plain.extend_from_slice(&chunk[..length]);
            }
        }
        plain
    }

    fn open(split: usize) -> Pair {
        let mut pair = Pair::new();
        let request = "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        pair.client.writer().write_all(request.as_bytes()).expect("it waits for the handshake");
        let mut answer = Vec::new();
        for _ in 0..10 {
            pair.up(split);
            answer.extend(pair.down(usize::MAX));
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n"), "{answer:?}");
        pair
    }

    fn say(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, 0x80 | 127];
        match payload.len() {
            length @ ..126 => frame[1] = 0x80 | length as u8,
            length @ ..65_536 => {
                frame[1] = 0x80 | 126;
                frame.extend((length as u16).to_be_bytes());
            }
            length => frame.extend((length as u64).to_be_bytes()),
        }
        frame.extend([0; 4]);
        frame.extend_from_slice(payload);
        for chunk in frame.chunks(16 << 10) {
            self.client.writer().write_all(chunk).expect("it is written to memory");
            self.up(usize::MAX);
        }
    }
}

/// The server's frame with this payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(length as u8),
        length @ ..65_536 => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn whatever_the_socket_takes_the_client_reads_the_same() {
    for (split, room) in [(1, 1_000), (3, 17), (100, 100), (usize::MAX, 5_000), (usize::MAX, 65_536), (7, usize::MAX)] {
        let mut pair = Pair::open(split);
        let mut expected = Vec::new();
        for (n, size) in [0, 1, 125, 126, 3_000, 70_000, 5, 200_000, 9].into_iter().enumerate() {
            let payload: Vec<u8> = (0..size).map(|at: usize| (at + n) as u8).collect();
            pair.say(0x82, &payload);
            expected.extend(frame(0x82, &payload));
        }
        let mut read = Vec::new();
        while read.len() < expected.len() {
            let before = (read.len(), pair.one.tls.flush(&mut Socket::default()).expect("it is whole"));
            read.extend(pair.down(room));
            assert!(room < 100 || read.len() > before.0 || !before.1, "nothing comes any more");
        }
        assert!(read == expected);
        assert!(pair.driver.stats().bytes_out as usize >= expected.len());
    }
}

/// Pongs replace each other while they wait, and a close drops what waits: neither changes what has begun.
#[test]
fn what_has_begun_is_finished_whatever_comes_between() {
    for room in [1, 10, 40, 200, 1_000] {
        let mut pair = Pair::open(usize::MAX);
        pair.one.socket.room = 0;
        pair.say(0x82, &[7; 150_000]);
        let mut read = Vec::new();
        for n in 0..200 {
            // Not faster than pings may come.
            pair.now = pair.now + Duration::from_secs(1);
            pair.say(0x89, &[n; 100]);
            read.extend(pair.down(room));
        }
        pair.say(0x88, &1000u16.to_be_bytes());
        while !pair.one.ended {
            read.extend(pair.down(room.max(100)));
        }
        read.extend(pair.down(usize::MAX));
        let end = frame(0x88, &1000u16.to_be_bytes());
        assert!(read.starts_with(&frame(0x82, &[7; 150_000])[..read.len().min(150_010)]));
        assert!(read.ends_with(&end));
        let mut pongs = &read[150_010..read.len() - end.len()];
        while let [0x8a, 100, rest @ ..] = pongs {
            assert!(rest[..100].iter().all(|byte| *byte == rest[0]));
            pongs = &rest[100..];
        }
        assert_eq!(pongs, [0u8; 0]);
    }
}

/// What a socket does not take waits in the hub and counts there, except for what was encrypted ahead.
#[test]
fn little_is_encrypted_before_the_socket_takes_it() {
    let mut pair = Pair::open(usize::MAX);
    pair.one.socket.room = 0;
    for _ in 0..100 {
        pair.say(0x82, &[7; 100_000]);
    }
    assert!(pair.one.full);
    pair.one.socket.room = usize::MAX;
    pair.one.tls.flush(&mut pair.one.socket).expect("it is whole");
    let waited = pair.one.socket.taken.len();
    assert!((60_000..70_000).contains(&waited), "{waited} bytes had been encrypted");
}

/// The driver takes a link for flushed only when the socket has taken everything.
#[test]
fn an_end_waits_for_the_socket() {
    for before in [0, 50_000] {
        let mut pair = Pair::open(usize::MAX);
        pair.one.socket.room = 0;
        let mut expected = 4;
        if before > 0 {
            pair.say(0x82, &vec![7; before]);
            expected += 4 + before;
        }
        pair.say(0x88, &1000u16.to_be_bytes());
        assert!(!pair.one.ended, "the socket has taken nothing");
        let mut read = pair.down(10);
        assert!(!pair.one.ended, "the socket has taken 10 bytes");
        while !pair.one.ended {
            read.extend(pair.down(5_000));
        }
        assert_eq!(read.len(), expected);
        pair.down(1_000);
        assert!(pair.client.process_new_packets().expect("all is well").peer_has_closed(), "close_notify");
        pair.client.send_close_notify();
        pair.up(usize::MAX);
        assert!(pair.one.closed);
    }
}

#[test]
fn garbage_is_answered_by_an_alert_and_the_rest_thrown_away() {
    let mut pair = Pair::open(usize::MAX);
    let mut plain = Vec::new();
    let peer = pair.one.tls.decrypt(&[9; 40], &mut plain);
    assert!(matches!(peer, Peer::Failed(_)) && plain.is_empty(), "{peer:?}");
    pair.driver.receive_decrypted(pair.now, pair.link, &plain, peer);
    pair.driver.turn(&mut pair.one);
    assert!(pair.one.ended && !pair.one.closed);
    assert_eq!(pair.driver.stats().connections, 0);
    assert!(pair.one.tls.flush(&mut Socket { room: usize::MAX, ..Socket::default() }).expect("it is whole"));
    let most = Settings::default().discard_bytes;
    for _ in 0..=most / 16_384 {
        let mut plain = Vec::new();
        let peer = pair.one.tls.decrypt(&[9; 16_384], &mut plain);
        pair.driver.receive_decrypted(pair.now, pair.link, &plain, peer);
    }
    pair.driver.turn(&mut pair.one);
    assert!(pair.one.closed, "who goes on for ever is cut");
}
