//! Many at once: slow readers, names, timers, connections.

use super::ensure;
use crate::Trouble;
use crate::peer::{Peer, connect, connect_narrow, frame, raw_over, visit};
use crate::runner::{Outcome, Row, SLOWER, Stage};
use serde_json::json;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So many files may the server of row 32 have open.
pub const FEW_FILES: u64 = 64;

/// So many timers a message sets in row 29; a connection may have 64.
pub const TIMERS_A_MESSAGE: u64 = 50;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("13-slow-readers-disconnected", |stage| slow_readers(stage, "disconnect", 1 << 16)).heavy(),
        Row::new("13-slow-readers-oldest-dropped", |stage| slow_readers(stage, "oldest", 1 << 16)).heavy(),
        Row::new("13-slow-readers-latest-kept", |stage| slow_readers(stage, "latest", 1 << 16)).heavy(),
        Row::new("13-slow-readers-of-small-messages", |stage| slow_readers(stage, "oldest", 64)).heavy(),
        Row::new("28-names-that-collide", collisions).heavy(),
        Row::new("29-timers-by-churn", timers).heavy(),
        Row::new("32-more-connections-than-files", files).on("few-files").unvisited(),
    ]
}

/// A thousand that never read, in a room where more is said than sockets hold.
fn slow_readers(stage: &Stage, policy: &str, size: usize) -> Outcome {
    const COUNT: usize = 1_000;
    const MOST: u64 = (200 << 20) * SLOWER;
    let addr = stage.server.addr;
    let quiet = visit(addr)?;
    let mut readers: Vec<TcpStream> = Vec::new();
    for _ in 0..COUNT {
        readers.push(raw_over(connect_narrow(addr)?, &format!("/busy/{policy}"))?);
    }
    let mut speaker = Peer::open(addr, &format!("/say/{policy}"))?;
    // The system's buffers, the window and what may wait hold less of it for each.
    let all = 2 << 20;
    let said = frame(0x82, &vec![b'.'; size]);
    let batch = said.repeat((1 << 16) / size);
    let begin = Instant::now();
    let mut worst = Duration::ZERO;
    for _ in 0..all / (1 << 16) {
        speaker.send_raw(&batch)?;
        worst = worst.max(visit(addr)?);
    }
    speaker.send("the last")?;
    ensure!(speaker.text()? == "the last", "the speaker is not heard");
    let took = begin.elapsed();
    let holds = stage.server.settle("the slow ones are closed, or stay", |holds| {
        policy != "disconnect" || holds.files <= stage.before.files + 4
    })?;
    ensure!(holds.peak < MOST, "{COUNT} slow readers take {} MiB", holds.peak >> 20);
    ensure!(policy == "disconnect" || holds.files > COUNT, "the slow ones were closed");
    Ok(format!("said in {took:.1?}; others: {quiet:.1?} before, at most {worst:.1?} meanwhile"))
}

/// Names whose hash is the same wherever a hash is made by multiplying by 31 and adding.
fn colliding(n: usize) -> String {
    (0..17).map(|bit| if n >> bit & 1 == 0 { "Aa" } else { "BB" }).collect()
}

/// Rooms with such names: finding one among 100,000 is hardly more work than among 1,000. Processor time of the server is
/// measured; how many comparisons a look-up takes, a test of the core counts.
fn collisions(stage: &Stage) -> Outcome {
    const ROOMS: usize = 100_000;
    const EACH: usize = 125;
    let addr = stage.server.addr;
    let mut members: Vec<Peer> = Vec::new();
    let mut join = |upto: usize| -> Result<(), Trouble> {
        for first in (members.len() * EACH..upto).step_by(EACH) {
            let mut peer = Peer::open(addr, "/rooms")?;
            for n in first..first + EACH {
                peer.0.write(json!({ "type": "join", "room": colliding(n) }).to_string().into())?;
            }
            peer.0.flush()?;
            for _ in 0..EACH {
                ensure!(peer.json()?["type"] == "joined", "a room was not joined");
            }
            members.push(peer);
        }
        Ok(())
    };
    let mut asker = Peer::open(addr, "/rooms")?;
    let mut ask = |rooms: usize| -> Result<Duration, Trouble> {
        let before = stage.server.busy()?;
        for round in 0..100 {
            for n in 0..400 {
                let room = colliding((round * 400 + n) * 7_919 % rooms);
                asker.0.write(json!({ "type": "count", "room": room }).to_string().into())?;
            }
            asker.0.flush()?;
            for _ in 0..400 {
                ensure!(asker.json()?["count"] == 1, "a room is not found");
            }
        }
        Ok(stage.server.busy()? - before)
    };
    join(1_000)?;
    let few = ask(1_000)?;
    join(ROOMS)?;
    let many = ask(ROOMS)?;
    // 100 times the rooms: a scan would take 100 times as long. Ticks are coarse, and the visitor is counted, too.
    ensure!(many < few * 5 + Duration::from_millis(200), "40,000 look-ups took {few:?}, and later {many:?}");
    Ok(format!("40,000 look-ups: {few:?} among 1,000 rooms, {many:?} among {ROOMS}"))
}

/// A million timers set and cancelled, and a million set anew; one is kept, and comes.
fn timers(stage: &Stage) -> Outcome {
    const MESSAGES: usize = 1_000_000 / TIMERS_A_MESSAGE as usize;
    const BATCH: usize = 1_000;
    let mut peer = Peer::open(stage.server.addr, "/timers")?;
    for text in ["churn", "spread"] {
        let batch = frame(0x81, text.as_bytes()).repeat(BATCH);
        for _ in 0..MESSAGES / BATCH {
            peer.send_raw(&batch)?;
            // Were one of them to come, it would come before this.
            peer.send("done")?;
            let heard = peer.text()?;
            ensure!(heard == "done", "{heard:?} was cancelled, and came");
        }
    }
    let held = stage.server.holds()?.resident.saturating_sub(stage.before.resident);
    ensure!(held < 4 << 20, "{TIMERS_A_MESSAGE} timers that live take {held} bytes");
    peer.send("keep")?;
    let heard = peer.text()?;
    ensure!(heard == "kept", "{heard:?} came, and not the timer that was kept");
    peer.hears_nothing()?;
    Ok(format!("2,000,000 timers, {held} bytes held"))
}

/// The server has fewer files than there are clients.
fn files(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let mut early = Peer::open(addr, "/echo")?;
    let crowd: Vec<TcpStream> = (0..FEW_FILES * 3).map(|_| connect(addr)).collect::<Result<_, _>>()?;
    let full = stage.server.settle("the files are used up", |holds| holds.files as u64 >= FEW_FILES - 1)?;
    let (begin, busy) = (Instant::now(), stage.server.busy()?);
    while begin.elapsed() < Duration::from_secs(3) {
        early.send("served meanwhile")?;
        ensure!(early.text()? == "served meanwhile", "an early client is not served");
        sleep(Duration::from_millis(50));
    }
    let (took, busy) = (begin.elapsed(), stage.server.busy()? - busy);
    ensure!(busy < took / 4, "without a file to spare, the server is busy for {busy:?} of {took:?}");
    let failures = stage.server.stderr().iter().filter(|line| line.contains("accept")).count();
    ensure!(failures > 0, "the log does not tell");
    ensure!(failures < 200, "it was tried {failures} times in vain");
    drop(crowd);
    let begin = Instant::now();
    let late = visit(addr)?;
    early.close()?;
    ensure!(begin.elapsed() < Duration::from_secs(10), "it took {late:?} to recover");
    Ok(format!("{} files open; busy for {busy:?} of {took:.1?}; served again in {late:.1?}", full.files))
}
