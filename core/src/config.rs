//! What a hub is told once, at its start.

use crate::driver::guard::FrameLimits;
use crate::flow::SlowPolicy;
use crate::log::Level;
use crate::time::Timestamp;
use core::time::Duration;

/// Settings of a hub.
///
/// ```
/// use lazuli::Config;
///
/// let config = Config { connections: 1_000, ..Config::default() };
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where all randomness of the hub comes from. Transports fill it in from the system; 0 by default.
    pub seed: u64,
    /// The wall clock at [`Time::ZERO`](crate::Time::ZERO). Transports fill it in; the Unix epoch by default.
    pub wall: Timestamp,
    /// At most so many connections at once; one more is refused with 503. 100,000 by default.
    pub connections: usize,
    /// At most so many bytes of one connection are handed to the transport and not yet written. 64 KiB by default.
    pub window: u32,
    /// For so long what was queued before a close may still go out. 5 s by default.
    pub linger: Duration,
    /// Clients that are closed by a shutdown are asked to come back within this time, each at its own moment.
    /// 10 s by default.
    pub come_back: Duration,
    /// Broadcasts go through a backplane that other hubs share; see [`crate::backplane`]. Off by default.
    pub backplane: Option<Node>,
    /// The least important records that are logged. [`Level::Info`] by default.
    pub log: Level,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 0,
            wall: Timestamp::from_unix_micros(0),
            connections: 100_000,
            window: 64 << 10,
            linger: Duration::from_secs(5),
            come_back: Duration::from_secs(10),
            backplane: None,
            log: Level::Info,
        }
    }
}

/// A hub's number among those that share a backplane; each needs another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub u64);

/// What one connection may do; every route can have its own.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Message sizes and everything else that is checked as the bytes arrive.
    pub frames: FrameLimits,
    /// At most so many bytes wait for the connection in the hub, in at most one frame for each 64 of them (but always up to
    /// 256 frames). 1 MiB by default.
    pub waiting: usize,
    /// What happens when more would wait.
    pub slow: SlowPolicy,
    /// At most so many rooms at once. 128 by default.
    pub joins: usize,
    /// At most so many timers at once. 64 by default.
    pub timers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frames: FrameLimits::default(),
            waiting: 1 << 20,
            slow: SlowPolicy::Disconnect,
            joins: 128,
            timers: 64,
        }
    }
}
