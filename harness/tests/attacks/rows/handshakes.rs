//! Requests and their heads.

use super::{conforms, ensure};
use crate::Trouble;
use crate::peer::{connect, exchange, upgrade};
use crate::runner::{Outcome, Row, Stage};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("02-upgrades-gone-wrong", gone_wrong),
        Row::new("03-smuggled-requests", smuggled),
        Row::new("04-endless-heads", endless),
        Row::new("05-slow-handshakes", slow).waits(),
        Row::new("31-paths-that-climb", climbing),
    ]
}

fn gone_wrong(stage: &Stage) -> Outcome {
    let cases =
        ["no-key", "empty-key", "short-key", "long-key", "key-not-base64", "two-keys", "no-version", "version-"];
    let more = ["post", "http-1.0", "no-upgrade", "other-upgrade", "no-connection", "connection-close"];
    let cases: Vec<String> = cases.iter().chain(&more).map(|case| format!("handshake/{case}")).collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let old = upgrade("/echo").replace("Version: 13", "Version: 12") + "\r\n";
    let answer = exchange(stage.server.addr, old.as_bytes())?;
    let told = answer.head.contains("\r\nSec-WebSocket-Version: 13");
    ensure!(answer.status == 426 && told, "version 12 was answered with {answer:?}");
    conforms(stage, &cases)
}

fn smuggled(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    // What a server could take for a second request, or for a body.
    let second = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let heads = [
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
        "POST /tell/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0\r\n\r\n",
    ];
    for head in heads {
        let answer = exchange(addr, [head, second].concat().as_bytes())?;
        ensure!(answer.status == 400, "{head:?} was answered with {answer:?}");
        ensure!(!answer.body.contains("HTTP/1."), "behind {head:?} a second request was answered");
    }
    // And where the first is right, there is no second one either.
    let answer = exchange(addr, second.repeat(2).as_bytes())?;
    ensure!(answer.status == 200 && answer.body == "a page", "two requests were answered with {answer:?}");
    let http = ["bare-", "folded", "blank-", "nul-", "control-", "no-", "two-lengths", "length-and", "body", "chunked"];
    let cases: Vec<String> = http.iter().map(|case| format!("http/{case}")).collect();
    conforms(stage, &cases.iter().map(String::as_str).collect::<Vec<_>>())
}

fn endless(stage: &Stage) -> Outcome {
    conforms(
        stage,
        &["http/fields-2000", "http/field-of-1-mib", "http/value-without", "http/name-without", "http/path-without"],
    )
}

/// A thousand handshakes, each at a byte every two seconds.
fn slow(stage: &Stage) -> Outcome {
    const COUNT: usize = 1_000;
    let head = upgrade("/echo");
    let begin = Instant::now();
    let mut sockets: Vec<TcpStream> = Vec::new();
    for _ in 0..COUNT {
        let socket = connect(stage.server.addr)?;
        socket.set_nonblocking(true)?;
        sockets.push(socket);
    }
    let connected = begin.elapsed();
    let mut first = None;
    for byte in head.as_bytes() {
        for socket in &mut sockets {
            // It may be cut by now, which reading tells.
            let _ = socket.write(&[*byte]);
        }
        let next = Instant::now() + Duration::from_secs(2);
        while Instant::now() < next && !sockets.is_empty() {
            sockets.retain_mut(is_open);
            if sockets.len() < COUNT {
                first.get_or_insert_with(|| begin.elapsed());
            }
            sleep(Duration::from_millis(100));
        }
        if sockets.is_empty() {
            break;
        }
        ensure!(begin.elapsed() < Duration::from_secs(60), "{} handshakes go on after a minute", sockets.len());
    }
    let first = first.unwrap_or_default();
    ensure!(first > Duration::from_secs(8), "the first was cut after {first:.1?} already");
    Ok(format!("connected in {connected:.1?}, cut from {first:.1?} to {:.1?}", begin.elapsed()))
}

fn is_open(socket: &mut TcpStream) -> bool {
    match socket.read(&mut [0; 1_024]) {
        Ok(0) => false,
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

fn climbing(stage: &Stage) -> Outcome {
    let paths = [
        "/../etc/passwd",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/..%5c..%5cetc%5cpasswd",
        "/..\\..\\etc\\passwd",
        "/%252e%252e%252fetc/passwd",
        "/./etc/passwd",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/%00",
        "/\0",
        "/%c0%ae%c0%ae/etc/passwd",
        "/say/%2e%2e",
        "/say/..",
        "/say/a%2fb",
    ];
    let addr = stage.server.addr;
    let climb = |request: String| -> Result<(), Trouble> {
        let answer = exchange(addr, request.as_bytes())?;
        ensure!(matches!(answer.status, 400 | 404), "{request:?} was answered with {answer:?}");
        Ok(())
    };
    for path in paths {
        climb(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))?;
        climb(upgrade(path) + "\r\n")?;
    }
    conforms(stage, &["http/path-0", "http/path-1", "http/path-2", "http/path-3", "http/path-4", "http/path-5"])
}
