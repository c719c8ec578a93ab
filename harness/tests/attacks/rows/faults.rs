//! Logs that a peer writes into, and callbacks that panic.

use super::ensure;
use crate::peer::{Opened, Peer, connect, exchange, frame, upgrade};
use crate::runner::{Outcome, Row, Stage};
use serde_json::json;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tungstenite::Message;

pub fn rows() -> Vec<Row> {
    vec![Row::new("24-logs-that-peers-write", logs).on("all-logs"), Row::new("33-panics", panics).panics()]
}

const SECRET: &str = "s3cr3t-t0k3n";

/// Whether a character could end a line, or change how it looks on a terminal.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn logs(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let nasty = "a\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[31m\u{2028}forged\u{202e}";
    let encoded: String = nasty.bytes().map(|byte| format!("%{byte:02x}")).collect();
    // In the head: as it is, which is refused where it is no HTTP, and encoded.
    for field in ["User-Agent", "Origin", "Cookie", "Authorization", "X-Forwarded-For", "Sec-WebSocket-Protocol"] {
        for value in [nasty, "x\u{2028}y", "x\u{1b}[2Jy", "x\u{202e}y"] {
            let path = format!("/user/ada?token={SECRET}");
            let head = upgrade(&path) + &format!("{field}: Bearer {SECRET}{value}\r\n\r\n");
            let mut stream = connect(addr)?;
            stream.write_all(head.as_bytes())?;
            let answer = crate::peer::answer(stream)?;
            ensure!(matches!(answer.status, 400 | 403), "{field}: {value:?} was answered with {answer:?}");
        }
    }
    for path in [
        format!("/say/{encoded}?token={SECRET}"),
        format!("/say/%e2%80%a8forged%e2%80%ae?token={SECRET}"),
        format!("/nothing/%e2%80%a8{encoded}?token={SECRET}"),
        format!("/nothing/%e2%80%a8?token={SECRET}"),
        format!("/user/%e2%80%a8?token={SECRET}"),
    ] {
        match Peer::ask(connect(addr)?, addr, &path, &[])? {
            Opened::Yes(peer) => peer.close()?,
            Opened::No(status, _) => ensure!(matches!(status, 400 | 403 | 404), "{path} was refused with {status}"),
        }
        let answer = exchange(addr, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())?;
        ensure!(answer.status >= 400, "{path} was answered with {answer:?}");
    }
    // A token that is right is in no log either.
    let mut ada = Peer::open(addr, "/user/ada?token=secret-of-ada")?;
    ada.send("x")?;
    ada.text()?;
    ada.close()?;
    // In messages, names of rooms, and the reason of a close.
    let mut peer = Peer::open(addr, "/rooms")?;
    for text in [nasty.to_owned(), json!({ "type": nasty, "room": nasty }).to_string()] {
        ensure!(peer.asks(text)?["type"] == "error", "an error was expected");
    }
    ensure!(peer.asks(json!({ "type": "join", "room": nasty }).to_string())?["type"] == "error", "a name");
    let joined = peer.asks(json!({ "type": "join", "room": "\u{2028}\u{202e}" }).to_string())?;
    ensure!(joined["type"] == "joined", "a line separator is no control character");
    peer.send_raw(&frame(0x88, &[&[0x0f, 0xa1][..], nasty.as_bytes()].concat()))?;
    ensure!(peer.close_code()? == 4001, "the close was not answered");
    drop(peer);
    // Over Spark, and in what a browser's client offers instead of a header.
    let offered = format!("lazuli, bearer.{SECRET}");
    match Peer::ask(connect(addr)?, addr, "/user/ada", &[("Sec-WebSocket-Protocol", &offered)])? {
        Opened::No(403, _) => {}
        _ => return Err("a wrong token among the subprotocols was not refused".into()),
    }
    let mut spark = Peer::open(addr, &format!("/spark?token={SECRET}"))?;
    for (channel, kind) in [
        ("/user/ada".to_owned(), "subscribe"),
        (format!("/user/ada?token={SECRET}"), "subscribe"),
        (format!("/say/{encoded}"), "subscribe"),
        (format!("/say/{nasty}"), "message"),
        ("/say/%e2%80%a8%e2%80%ae".to_owned(), "unsubscribe"),
        ("/nothing/%e2%80%a8%e2%80%ae".to_owned(), "subscribe"),
        ("/say/x".to_owned(), nasty),
    ] {
        let text = json!({ "type": kind, "channel": channel, "params": { "token": SECRET }, "data": SECRET, "ref": 1 });
        let reply = spark.asks(text.to_string())?;
        ensure!(reply["status"] == "error", "{text} was answered with {reply}");
    }
    spark.close()?;
    // All of it has been written by the time that something later has.
    let begin = Instant::now();
    Peer::open(addr, "/say/the-last-one")?.close()?;
    let lines = loop {
        let lines = stage.server.stderr();
        if lines.iter().any(|line| line.contains("the-last-one")) {
            break lines;
        }
        ensure!(begin.elapsed() < Duration::from_secs(10), "the log does not tell of the last one: {lines:?}");
        sleep(Duration::from_millis(20));
    };
    ensure!(lines.iter().any(|line| line.contains("forged")), "the log tells of no close reason: {lines:?}");
    for line in &lines {
        ensure!(!line.contains(SECRET) && !line.contains("secret-of"), "a token is in the log: {line}");
        ensure!(!line.contains(disturbs), "a line that is not escaped: {line:?}");
        let mut words = line.split_whitespace();
        let time = words.next().is_some_and(|word| word.starts_with("20") && word.ends_with('Z'));
        let level = words.next().is_some_and(|word| matches!(word, "DEBUG" | "INFO" | "WARN" | "ERROR"));
        ensure!(time && level, "a line that is no entry: {line:?}");
        ensure!(words.next() != Some("forged"), "a forged entry: {line:?}");
    }
    Ok(format!("{} lines", lines.len()))
}

/// Every callback panics once; a witness in the room hears nothing of it.
fn panics(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let mut witness = Peer::open(addr, "/panicked")?;
    match Peer::ask(connect(addr)?, addr, "/panics/make", &[])? {
        Opened::No(500, _) => {}
        Opened::No(status, _) => return Err(format!("a maker that panics was answered with {status}").into()),
        Opened::Yes(_) => return Err("a maker that panics made something".into()),
    }
    let page = exchange(addr, b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")?;
    ensure!(page.status == 500 && !page.body.contains("as asked"), "a page that panics: {page:?}");
    for when in ["connect", "message", "binary", "ping", "timer", "update"] {
        let mut peer = Peer::open(addr, &format!("/panics/{when}"))?;
        // Some are over before anything is sent.
        let _ = match when {
            "connect" => Ok(()),
            "binary" => peer.0.send(Message::Binary(vec![1].into())),
            "ping" => peer.0.send(Message::Ping(vec![1].into())),
            _ => peer.0.send(Message::text("go on")),
        };
        let error = peer.json().map_err(|trouble| format!("{when}: {trouble}"))?;
        ensure!(error["code"] == "INTERNAL_ERROR", "{when}: {error}");
        ensure!(error["message"] == "Internal server error", "{when} tells too much: {error}");
        let code = peer.close_code()?;
        ensure!(code == 1011, "{when}: closed with {code}");
        drop(peer);
        witness.hears_nothing().map_err(|trouble| format!("{when}: {trouble}"))?;
    }
    // What happens when nobody is there any more, or outside of a connection's callbacks.
    for when in ["close", "drop", "event"] {
        let mut peer = Peer::open(addr, &format!("/panics/{when}"))?;
        peer.send("go on")?;
        if when != "event" {
            ensure!(peer.text()? == "go on", "{when}: no answer");
        }
        peer.hears_nothing().map_err(|trouble| format!("{when}: {trouble}"))?;
        peer.close()?;
        witness.hears_nothing().map_err(|trouble| format!("{when}: {trouble}"))?;
    }
    // And many at once.
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let mut peer = Peer::open(addr, "/panics/message")?;
        peer.send("go on")?;
        crowd.push(peer);
    }
    for mut peer in crowd {
        ensure!(peer.close_code()? == 1011, "one of many was closed otherwise");
    }
    witness.hears_nothing()?;
    let mut speaker = Peer::open(addr, "/say/panics")?;
    speaker.send("heard")?;
    ensure!(witness.text()? == "heard", "the witness does not hear any more");
    Ok("11 places, and 100 at once".into())
}
