//! What idle connections cost. Alone in its file, because it looks at the whole process.
//!
//! This is a debug build; `examples/idle.rs` has the figures that count.

#![cfg(target_os = "linux")]

mod common;

use common::{PATIENCE, bind, start};
use lazuli::{Channel, Context, Result, Routes};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

const REQUEST: &[u8] = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Talks once. A bare socket, so that the client costs nothing.
fn talk(mut socket: TcpStream) -> TcpStream {
    socket.write_all(REQUEST).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    socket.write_all(b"\x81\x82\0\0\0\0hi").unwrap();
    let mut echo = [0; 4];
    socket.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x81\x02hi");
    socket
}

/// Bytes of memory in use and threads of this process.
fn status() -> (usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap()
    };
    (field("VmRSS:") << 10, field("Threads:"))
}

#[test]
fn five_hundred_connections_are_cheap_and_leave_nothing() {
    let mut routes: Routes = Routes::new();
    routes.channel("/echo", |_| Ok(Echo)).unwrap();
    let server = start(bind(routes, ()));
    let first = talk(server.socket());
    let (before, threads) = status();
    let open = files();
    let clients: Vec<TcpStream> = (0..500).map(|_| talk(server.socket())).collect();
    let (after, more) = status();
    println!("{} bytes a connection", (after - before) / 500);
    assert_eq!(more, threads + 500);
    assert!(after - before < 500 * (64 << 10), "{} bytes a connection", (after - before) / 500);
    drop(clients);
    until(|| files() <= open, "descriptors are left");
    until(|| status().1 <= threads, "threads are left");
    drop(first);
    server.stop();
    // Gone are the first client's thread, the log's and the server's.
    until(|| status().1 <= threads - 3, "threads are left at the end");
}

fn files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A thread is counted for a moment longer than it runs, and a socket closed a moment after its client.
fn until(done: impl Fn() -> bool, otherwise: &str) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{otherwise}");
        thread::yield_now();
    }
}
