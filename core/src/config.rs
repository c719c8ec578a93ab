//! What a hub is told once, at its start.

use crate::component::Secret;
use crate::driver::guard::FrameLimits;
use crate::flow::SlowPolicy;
use crate::log::Level;
use crate::origin::Origins;
use crate::rate::Rate;
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
    /// What the tokens of live components are signed with, and browser sessions are made from. Transports fill it in from the
    /// system; `None` by default, and then no component can be shown. Give one yourself where pages have to outlive a
    /// restart, or several servers serve the same pages.
    pub secret: Option<Secret>,
    /// Whether cookies are for https only: to be set where that is how pages are served. `false` by default; a transport with
    /// TLS sets it.
    pub secure_cookies: bool,
    /// So long after a page was rendered its components can be mounted; later the page has to be loaded anew. 24 hours by
    /// default.
    pub token_life: Duration,
    /// A page's first change goes out at once, and then changes go out at most so often, all of them in one frame. 16 ms by
    /// default.
    pub patches: Duration,
    /// The wall clock at [`Time::ZERO`](crate::Time::ZERO). Transports fill it in; the Unix epoch by default. With a
    /// backplane, it is by this that the other hubs tell one that was started anew from the one before it.
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
    /// At most so many connections from one address (of IPv6: from one network of 64 bits); one more is refused with 429.
    /// Without limit by default, because behind a proxy all connections have the proxy's address.
    pub per_address: usize,
    /// At most so many connections of one user; one more is refused as [`Context::identify`](crate::Context::identify)
    /// says. 100 by default.
    pub per_user: usize,
    /// So many requests for a WebSocket are accepted; what is beyond is refused with 503 and `Retry-After`. 10,000 a second
    /// and 20,000 at once by default.
    pub accepted: Rate,
    /// So often an address may fail to show who it is, which is every refusal with 401 or 403, and in `on_connect` every
    /// [`Error::close`](crate::Error::close) with 1008 and every [`Error::denied`](crate::Error::denied); then it is refused
    /// with 429 before the application is asked. 10 a second and 100 at once by default. Behind a proxy, where all have one
    /// address, leave this to the proxy and set [`Rate::UNLIMITED`].
    pub failures: Rate,
    /// Which pages may open a WebSocket.
    pub origins: Origins,
    /// Members of a room are told of changes of its presence at once, and then at most so often. 100 ms by default.
    pub presence: Duration,
    /// Broadcasts go through a backplane that other hubs share; see [`crate::backplane`]. Off by default.
    pub backplane: Option<Node>,
    /// The least important records that are logged. [`Level::Info`] by default.
    pub log: Level,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 0,
            secret: None,
            secure_cookies: false,
            token_life: Duration::from_secs(24 * 60 * 60),
            patches: Duration::from_millis(16),
            wall: Timestamp::from_unix_micros(0),
            connections: 100_000,
            window: 64 << 10,
            linger: Duration::from_secs(5),
            come_back: Duration::from_secs(10),
            per_address: usize::MAX,
            per_user: 100,
            accepted: Rate { per_second: 10_000, burst: 20_000 },
            failures: Rate { per_second: 10, burst: 100 },
            origins: Origins::default(),
            presence: Duration::from_millis(100),
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
    /// At most so many bytes wait for the connection in the hub, in at most one frame for each 128 of them (but always up to
    /// 256 frames). 1 MiB by default.
    pub waiting: usize,
    /// What happens when more would wait.
    pub slow: SlowPolicy,
    /// At most so many rooms at once. 128 by default.
    pub rooms: usize,
    /// At most so many channels at once, on a Spark socket. 128 by default.
    pub channels: usize,
    /// At most so many mounted components at once, on a Spark socket. 128 by default.
    pub components: usize,
    /// At most so many timers at once. 64 by default.
    pub timers: usize,
    /// So many messages are taken in. One more gets an error and is not handled; after `burst` more in a row the connection
    /// is closed with 1008. 10,000 a second and 20,000 at once by default.
    pub rate: Rate,
    /// Pings for a peer that is silent. Every 30 s, with 15 s for the answer, by default.
    pub heartbeat: Option<Heartbeat>,
    /// Messages are handed to the channel in batches. Off by default.
    pub batch: Option<Batching>,
    /// So long after its permission has expired (see [`Context::expire_at`](crate::Context::expire_at)) a connection is
    /// closed with 1008. 30 s by default.
    pub grace: Duration,
}

/// Looking after peers that are silent. What is due is put off to the next multiple of a 64th of the shorter of both times,
/// counted from the hub's start: connections that share their moments take less memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Heartbeat {
    /// A peer from which nothing came for so long is sent a ping.
    pub every: Duration,
    /// If then nothing comes for so long either, the connection is closed with 1011.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat { every: Duration::from_secs(30), timeout: Duration::from_secs(15) }
    }
}

/// When a batch of messages is handed over: by whichever comes first. It is also handed over before it holds more bytes
/// than the largest message may have, and before the channel's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Batching {
    /// When it holds so many.
    pub most: usize,
    /// So long after its first.
    pub within: Duration,
}

impl Limits {
    /// What a Spark socket may do unless it is said otherwise: text of 256 KiB, binary of 4 MiB, 4 MiB that wait.
    ///
    /// Of each channel's own limits these hold besides: the sizes of messages, `rate`, `rooms`, `timers`, `batch`, `grace`.
    /// What concerns the socket is the socket's: fragments and control frames, `waiting`, `slow`, `heartbeat`, `channels`,
    /// `components`.
    pub fn spark() -> Limits {
        let frames = FrameLimits { text: 256 << 10, binary: 4 << 20, ..FrameLimits::default() };
        Limits { frames, waiting: 4 << 20, ..Limits::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frames: FrameLimits::default(),
            waiting: 1 << 20,
            slow: SlowPolicy::Disconnect,
            rooms: 128,
            channels: 128,
            components: 128,
            timers: 64,
            rate: Rate { per_second: 10_000, burst: 20_000 },
            heartbeat: Some(Heartbeat::default()),
            batch: None,
            grace: Duration::from_secs(30),
        }
    }
}
