//! What a server holds of connections that are gone: nothing.

use crate::client::Client;
use crate::lab::{Start, Wish};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many sockets of this process the server at `addr` holds open: connected ones, and those whose peer has gone.
fn sockets(addr: SocketAddr) -> usize {
    let table = fs::read_to_string("/proc/self/net/tcp").expect("the system lists its sockets");
    let IpAddr::V4(ip) = addr.ip() else { panic!("tests serve at 127.0.0.1") };
    // Others of this machine may have the port at another address.
    let local = format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), addr.port());
    let held = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        let is_local = fields.next().is_some_and(|local_address| local_address == local);
        // 01: established, 08: closed by the peer alone.
        is_local && fields.nth(1).is_some_and(|state| matches!(state, "01" | "08"))
    };
    table.lines().skip(1).filter(held).count()
}

/// Waits until there are so many. (A port may have been another server's whose last sockets are still closing.)
pub fn wait_for_sockets(addr: SocketAddr, count: usize) {
    wait_until(&format!("{count} sockets are open"), || sockets(addr) == count);
}

/// Waits for something that other threads bring about.
pub fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never came about that {what}");
        sleep(Duration::from_millis(20));
    }
}

pub fn sockets_are_given_back(start: Start) {
    let server = start(Wish::default());
    let mut watcher = Client::join(server.addr, "x");
    wait_for_sockets(server.addr, 1);
    for _ in 0..50 {
        drop(Client::join(server.addr, "x"));
        assert_eq!(watcher.text(), "left 1006");
    }
    wait_for_sockets(server.addr, 1);
}
