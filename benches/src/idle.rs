//! What an idle connection takes.

use crate::channels::routes;
use crate::count::blocks;
use lazuli::driver::{Driver, LinkId, Settings};
use lazuli::{Config, Hub, Input, Message, Rate, Request, Time};
use std::collections::BTreeMap;

/// At most so many bytes may an idle connection take in the hub.
pub const MOST: i64 = 320;

/// Blocks that a step left in the allocator.
pub struct Step {
    /// What was done, to all connections.
    pub what: &'static str,
    /// How many blocks there are more of each size, or, below zero, fewer.
    pub blocks: BTreeMap<usize, i64>,
}

impl Step {
    /// All their bytes.
    pub fn bytes(&self) -> i64 {
        self.blocks.iter().map(|(&size, &count)| size as i64 * count).sum()
    }
}

fn hub() -> Hub {
    let config = Config { connections: usize::MAX, accepted: Rate::UNLIMITED, ..Config::default() };
    Hub::new(config, routes().expect("good routes"), ())
}

/// Opens connections in a hub alone, each with a channel that holds eight bytes and is in one room. It tells something
/// only where [`Counting`](crate::count::Counting) is installed.
///
/// # Panics
/// When the hub refuses one.
pub fn in_hub(connections: usize) -> [Step; 3] {
    let mut hub = hub();
    let mut conns = Vec::with_capacity(connections);
    let request = Request::get("/idle").expect("a good target");
    let ((), accepted) = blocks(|| {
        for _ in 0..connections {
            conns.push(hub.open(Time::ZERO, request.clone()).expect("room for one more"));
        }
    });
    let ((), opened) = blocks(|| {
        for &conn in &conns {
            hub.handle(Time::ZERO, Input::Opened { conn });
        }
    });
    let ((), joined) = blocks(|| {
        for &conn in &conns {
            hub.handle(Time::ZERO, Input::Message { conn, message: Message::Text("join") });
        }
    });
    assert_eq!(hub.count("lobby"), connections);
    [
        Step { what: "accepted: connection, instance, channel", blocks: accepted },
        Step { what: "opened: credit, queue", blocks: opened },
        Step { what: "joined: membership, member", blocks: joined },
    ]
}

/// The same in a driver, from the bytes of a request on; with what the hub takes of it.
///
/// # Panics
/// When the driver refuses one.
pub fn in_driver(connections: usize) -> Step {
    let mut driver = Driver::new(hub(), Settings::default());
    let mut links: Vec<LinkId> = Vec::with_capacity(connections);
    let mut io = crate::links::Sink::default();
    let request = b"GET /idle HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let message = crate::links::masked("join");
    let ((), blocks) = blocks(|| {
        for _ in 0..connections {
            let link = driver.accept(Time::ZERO, None).expect("room for a link");
            links.push(link);
            driver.receive(Time::ZERO, link, request);
            driver.turn(&mut io);
            driver.receive(Time::ZERO, link, &message);
            driver.turn(&mut io);
        }
    });
    assert_eq!(driver.hub().count("lobby"), connections);
    Step { what: "with the driver", blocks }
}
