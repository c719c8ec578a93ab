//! Puts load on a WebSocket server and verifies every delivery: each member of a room has to get each message of the room
//! exactly once, in order, and as it was sent. A run in which one does not is no figure but an error that says which.
//!
//! - [`fanout`]: one member of each room publishes, and keeps so many messages in flight, or publishes at a fixed rate. With
//!   rooms of one member each this is an echo.
//! - [`idle`]: opens connections, holds them, and asks what the server's process holds for them.
//! - [`churn`]: connections come and go for a long time, and all of them speak; is the server's memory flat?
//!
//! The server has to send on, as text and unchanged, each text that comes, to everyone on the same path; on an echo's path
//! to its sender only. Each message is one frame, or what a [`dialect`] makes of it. Latency is from the sending of a message (with a rate: from when it had to be sent) to the reading
//! of each of its deliveries.
//!
//! One thread does all of it, so that a core is enough for it. It works on Linux: it asks `/proc` what the server used.

pub mod check;
pub mod churn;
pub mod dialect;
pub mod fanout;
pub mod idle;
pub mod marker;
pub mod member;
pub mod poll;
pub mod process;
pub mod wire;

use dialect::Dialect;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// What to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub addr: SocketAddr,
    /// The path of a room; `{room}` in it is the room's number.
    pub path: String,
    /// How messages are put into frames.
    pub dialect: Dialect,
    /// How many connections.
    pub connections: u32,
    /// In how many rooms, of the same size.
    pub rooms: u32,
    /// How it is published.
    pub pace: Pace,
    /// The length of a message; never less than [`marker::SHORTEST`].
    pub bytes: usize,
    /// For so long nothing is counted.
    pub warm_up: Duration,
    /// For so long it is measured.
    pub measure: Duration,
    /// So long nothing may come before it is said that something is missing.
    pub patience: Duration,
    /// The server's process, where its time and memory are to be told.
    pub process: Option<u32>,
}

impl Settings {
    /// One room, one message in flight, for three seconds.
    pub fn new(addr: SocketAddr, path: &str, connections: u32) -> Settings {
        Settings {
            addr,
            path: path.into(),
            dialect: Dialect::Plain,
            connections,
            rooms: 1,
            pace: Pace::InFlight(1),
            bytes: 64,
            warm_up: Duration::from_secs(1),
            measure: Duration::from_secs(3),
            patience: Duration::from_secs(5),
            process: None,
        }
    }

    /// The path of a room.
    pub fn path_of(&self, room: u32) -> String {
        self.path.replace("{room}", &room.to_string())
    }
}

/// How it is published in each room.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many messages are in flight: when every member has got one, the next one goes out.
    InFlight(u32),
    /// So many a second, whatever comes back.
    Rate(f64),
}

/// What a run showed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// How many connections.
    pub connections: u32,
    /// In how many rooms.
    pub rooms: u32,
    /// How long it was measured.
    pub seconds: f64,
    /// Messages that came in this time, each counted once for every member that got it.
    pub deliveries: u64,
    /// The same for a second of the clock.
    pub per_second: f64,
    /// The same for a second of the server's time on the processor.
    pub per_cpu_second: Option<f64>,
    /// In microseconds: half of the deliveries took no longer.
    pub p50: f64,
    /// Of 100 deliveries, 99.
    pub p99: f64,
    /// Of 1,000 deliveries, 999.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// How much of a core the server used.
    pub server_cpu: Option<f64>,
    /// How much of a core this used. Where it is near 1 and the server's is not, it is this that was measured.
    pub own_cpu: f64,
    /// For how much of the time other work had this one's core. Where it is not near 0, the machine is not free, and
    /// latencies are those of its scheduler.
    pub held_back: f64,
    /// Deliveries that were verified, those before and after the measurement too.
    pub verified: u64,
}

/// What idle connections cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Idle {
    /// How many.
    pub connections: u32,
    /// The server's memory before the first one, in bytes.
    pub before: u64,
    /// What each added: opened, and nothing sent yet.
    pub opened: f64,
    /// What each added, after it has sent one message and got it back.
    pub used: f64,
}
