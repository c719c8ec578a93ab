//! Frames: sizes, reserved bits, fragments, control frames, closes.

use super::{conforms, ensure};
use crate::Trouble;
use crate::peer::{Peer, connect, connect_narrow, frame, raw, raw_over};
use crate::runner::{Outcome, Row, Stage};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("06-half-open-peers", half_open).waits(),
        Row::new("07-lengths-that-lie", lengths),
        Row::new("08-broken-frames", |stage| conforms(stage, &["framing/", "fragments/", "control/"])),
        Row::new("09-bad-utf8", |stage| conforms(stage, &["utf8/"])),
        Row::new("10-bad-closes", |stage| conforms(stage, &["close/"])).waits(),
        Row::new("11-fragments-without-end", fragments),
        Row::new("12-pings-unread", pings).heavy(),
    ]
}

/// Peers that say nothing any more: some read, some do not, and more waits for them than sockets hold.
fn half_open(stage: &Stage) -> Outcome {
    const COUNT: usize = 200;
    let addr = stage.server.addr;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // This one says nothing either, but answers pings.
        let alive = scope.spawn(|| -> Result<usize, Trouble> {
            let (mut peer, mut pings) = (Peer::open(addr, "/beats")?, 0);
            while !over.load(Ordering::Relaxed) {
                let heard = peer.0.read()?;
                ensure!(heard.is_ping(), "a ping was expected, not {heard:?}");
                pings += 1;
            }
            peer.send("alive")?;
            ensure!(peer.text()? == "alive", "a peer that answers pings is not served");
            peer.close().map(|()| pings)
        });
        let gone = fall_silent(stage, COUNT);
        over.store(true, Ordering::Relaxed);
        let pings = alive.join().map_err(|_| "the living peer panicked")??;
        Ok(format!("{} and one that answered {pings} pings stayed", gone?))
    })
}

/// Opens so many that say nothing, and some for whom more waits than sockets hold, and waits until all are gone.
fn fall_silent(stage: &Stage, count: usize) -> Outcome {
    let addr = stage.server.addr;
    let begin = Instant::now();
    let mut silent: Vec<TcpStream> = (0..count).map(|_| raw(addr, "/beats")).collect::<Result<_, _>>()?;
    for _ in 0..20 {
        let mut socket = raw_over(connect_narrow(addr)?, "/beats")?;
        socket.write_all(&frame(0x82, &[7; 400 << 10]))?;
        silent.push(socket);
    }
    // A ping, the close, and then the time for a close.
    let few = stage.before.files + 4;
    while stage.server.holds()?.files > few {
        ensure!(begin.elapsed() < Duration::from_secs(60), "half-open peers are still there after a minute");
        sleep(Duration::from_millis(100));
    }
    let took = begin.elapsed();
    for socket in silent.iter_mut().take(count) {
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard)?;
        ensure!(heard.starts_with(b"\x89\x09heartbeat\x88") && heard[13..15] == 1011u16.to_be_bytes(), "not {heard:?}");
    }
    Ok(format!("{} gone after {took:.1?},", silent.len()))
}

/// Beside lengths that are refused: those that are allowed, and never come.
fn lengths(stage: &Stage) -> Outcome {
    const COUNT: usize = 400;
    let header = [&[0x82, 0x80 | 127][..], &(16u64 << 20).to_be_bytes(), &[0; 4], b"beginning"].concat();
    let mut sockets: Vec<TcpStream> = Vec::new();
    for _ in 0..COUNT {
        let mut socket = raw(stage.server.addr, "/large")?;
        socket.write_all(&header)?;
        sockets.push(socket);
    }
    // Each has been heard once it has answered a ping... which may not stand inside of a frame: a visit has to do.
    crate::peer::visit(stage.server.addr)?;
    let holds = stage.server.holds()?;
    let each = (holds.peak - stage.before.resident) / COUNT as u64;
    drop(sockets);
    ensure!(each < 64 << 10, "16 MiB that are only declared cost {each} bytes");
    let cases = conforms(stage, &["limits/"])?;
    Ok(format!("{cases}; {each} bytes for each of {COUNT} messages of 16 MiB, declared only"))
}

/// At once, which the count ends; and one by one, which the time ends.
fn fragments(stage: &Stage) -> Outcome {
    let cases = conforms(stage, &["robustness/empty-fragments", "robustness/fragments-of-a-byte"])?;
    let mut socket = raw(stage.server.addr, "/hasty")?;
    socket.write_all(&frame(0x01, b"x"))?;
    let begin = Instant::now();
    let close = loop {
        let _ = socket.write(&frame(0x00, b"y"));
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let mut bytes = [0; 128];
        match socket.read(&mut bytes) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(4..) if bytes[0] == 0x88 => break u16::from_be_bytes([bytes[2], bytes[3]]),
            other => return Err(format!("no close frame but {other:?}").into()),
        }
        ensure!(begin.elapsed() < Duration::from_secs(30), "a message of 2 s goes on after 30 s");
    };
    ensure!(close == 1008, "closed with {close}");
    Ok(format!("{cases}; a message that may take 2 s was cut after {:.1?}", begin.elapsed()))
}

/// 50 MB of pings behind answers that nobody reads.
fn pings(stage: &Stage) -> Outcome {
    const PINGS: usize = 400_000;
    let cases = conforms(stage, &["robustness/pings-unread"])?;
    let start = stage
        .server
        .settle("the conformance suite's clients are gone", |holds| holds.files <= stage.before.files + 2)?;
    let mut socket = connect(stage.server.addr)?;
    socket = raw_over(socket, "/pings")?;
    // The way back is full once the server has taken what it echoes and sends nothing more.
    socket.write_all(&frame(0x82, &vec![7; 12 << 20]))?;
    let batch = frame(0x89, &[9; 125]).repeat(1_000);
    for _ in 0..PINGS / 1_000 {
        socket.write_all(&batch)?;
    }
    // All are taken in, for it goes on reading; then what it holds beside the echo is one pong.
    sleep(Duration::from_millis(500));
    let holds = stage.server.holds()?;
    let grown = holds.resident.saturating_sub(start.resident);
    ensure!(grown < 32 << 20, "{PINGS} pings of 125 bytes take {grown} bytes");
    // Read at last: how many pongs came?
    socket.write_all(&frame(0x88, &[0x03, 0xe8]))?;
    let mut all = Vec::new();
    socket.read_to_end(&mut all)?;
    let (mut at, mut pongs, mut closed) = (0, 0, false);
    while at + 2 <= all.len() {
        let (length, header) = match all[at + 1] {
            127 => (u64::from_be_bytes(all[at + 2..at + 10].try_into()?) as usize, 10),
            126 => (usize::from(u16::from_be_bytes([all[at + 2], all[at + 3]])), 4),
            short => (usize::from(short), 2),
        };
        pongs += usize::from(all[at] == 0x8a);
        closed = all[at] == 0x88;
        at += header + length;
    }
    ensure!(closed && at == all.len(), "what came does not end with a whole close frame");
    ensure!(pongs < PINGS / 4, "{pongs} pongs waited for a peer that did not read");
    Ok(format!("{cases}; {pongs} pongs for {PINGS} pings unread, {grown} bytes held"))
}
