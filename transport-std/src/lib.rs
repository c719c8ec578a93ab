//! Serves a [`lazuli`] hub with blocking threads: one for each connection, and one that accepts and keeps the time.
//!
//! ```
//! use lazuli::{Channel, Context, Result, Routes};
//! use lazuli_std::Server;
//! use std::time::Duration;
//!
//! struct Lobby;
//! impl Channel for Lobby {
//!     fn on_connect(&mut self, cx: &mut Context) -> Result {
//!         cx.join("lobby");
//!         Ok(())
//!     }
//!
//!     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
//!         cx.to_room("lobby").text(text);
//!         Ok(())
//!     }
//! }
//!
//! let mut routes: Routes = Routes::new();
//! routes.channel("/lobby", |_| Ok(Lobby))?;
//! let server = Server::bind("127.0.0.1:0", routes, ())?;
//! println!("ws://{}/lobby", server.local_addr()?);
//! # let url = format!("ws://{}/lobby", server.local_addr()?);
//!
//! let stopper = server.stopper();
//! let serving = std::thread::spawn(|| server.run());
//! // … until a signal handler, a test or an operator says:
//! # let (mut socket, _) = tungstenite::connect(&url)?;
//! # socket.send("hello".into())?;
//! # assert_eq!(socket.read()?, "hello".into());
//! stopper.stop(Duration::from_secs(5));
//! # assert!(matches!(socket.read()?, tungstenite::Message::Close(Some(close)) if u16::from(close.code) == 1001));
//! # assert!(socket.read().is_err());
//! serving.join().expect("the server's thread")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//! A connection's thread waits in `recv`. What came in it hands to the hub, which stands behind a lock, and in the same
//! turn it writes whatever the hub wants sent, to any connection. Writes never wait: what a socket does not take stays
//! in its queue until the main thread, the one in [`Server::run`], sees the socket writable. So the lock is held for one
//! turn and never while anything blocks, and no reader, however slow, holds up another. With TLS, a connection's thread
//! decrypts before it asks for that lock.
//!
//! # What a connection costs
//! About 16 KiB of memory while it is idle (`examples/idle.rs` measures), most of it the pages of its thread's stack
//! that have been used, and 1 MiB of address space. Besides, a thread takes four memory mappings, of which Linux gives
//! a process 65,530 unless told otherwise (`vm.max_map_count`), so there are at most 13,106 connections then. For more,
//! `lazuli-smol` is made.
//!
//! It runs on Unix.

#![forbid(unsafe_code)]

mod hub;
mod log;
mod main_loop;
mod reader;
mod signal;
mod stream;

#[cfg(feature = "tls")]
pub use lazuli::driver::tls::rustls;

use hub::{Outside, Shared};
use lazuli::backplane::{Backplane, Patience};
use lazuli::driver::{Driver, Settings};
use lazuli::handle::Remote;
use lazuli::journal::Journal;
use lazuli::log::Record;
use lazuli::{App, Config, Handle, Node, Routes, Secret, Timestamp};
use log::LogTo;
use main_loop::MainLoop;
use signal::Signal;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};
use stream::Security;

/// Serves `routes` at `addr` until the process ends; [`Server`] has more to set, and a way to stop.
///
/// # Errors
/// When the address cannot be bound, or see [`Server::run`].
pub fn serve<A: App>(addr: impl ToSocketAddrs, routes: Routes<A>, app: A) -> io::Result<()> {
    Server::bind(addr, routes, app)?.run()
}

type Effects<A> = Box<dyn FnMut(<A as App>::Effect, &Handle<A>) + Send>;

/// A server that is bound to its address and serves once it [runs](Server::run); see the [crate].
pub struct Server<A: App = ()> {
    listener: TcpListener,
    routes: Routes<A>,
    app: A,
    config: Config,
    settings: Settings,
    effects: Option<Effects<A>>,
    log: Option<LogTo>,
    backplane: Option<(Node, Box<dyn Backplane>)>,
    journal: Option<Journal<A>>,
    security: Security,
    sender: Sender<Remote<A::Event>>,
    inbox: Receiver<Remote<A::Event>>,
    signal: Arc<Signal>,
}

impl<A: App> Server<A> {
    /// Binds to the first address that can be had; with port 0 the system chooses one, see [`Server::local_addr`].
    /// Clients can connect from now on, and are served once the server runs.
    ///
    /// # Errors
    /// When no address can be bound.
    pub fn bind(addr: impl ToSocketAddrs, routes: Routes<A>, app: A) -> io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        // The standard library lets 128 clients wait, which a storm of reconnects exceeds at once.
        rustix::net::listen(&listener, 4096)?;
        let (sender, inbox) = channel();
        Ok(Server {
            listener,
            routes,
            app,
            config: Config::default(),
            settings: Settings::default(),
            effects: None,
            log: None,
            backplane: None,
            journal: None,
            security: Security::default(),
            sender,
            inbox,
            signal: Arc::new(Signal::new()?),
        })
    }

    /// Sets what the hub is told at its start. A `seed` of 0 is replaced with randomness of the system when the server
    /// starts, and a `wall` at the Unix epoch with the time then; set them to repeat a run.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets what concerns sockets. There are never more links than threads can be had for; see the [crate].
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets what does the application's own I/O. It is called in a turn of the hub, which has to wait for it: hand what
    /// takes time to a thread, with a clone of the handle, and answer by [`Handle::event`]. A panic is logged.
    #[must_use]
    pub fn effects(mut self, effects: impl FnMut(A::Effect, &Handle<A>) + Send + 'static) -> Self {
        self.effects = Some(Box::new(effects));
        self
    }

    /// Sets what takes the log's records, on a thread of its own; without it they are events of `tracing`, with the target
    /// `lazuli`, for the subscriber of the thread that runs the server or else the process's own. When it falls behind by
    /// 1,024 records, more are dropped and counted. [`Config::log`] says which records there are.
    #[must_use]
    pub fn log(mut self, log: impl FnMut(Record) + Send + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Joins the hub to others: what it broadcasts reaches the rooms of all of them. Each needs a number of its own.
    #[must_use]
    pub fn backplane(mut self, node: Node, backplane: impl Backplane + 'static) -> Self {
        self.backplane = Some((node, Box::new(backplane)));
        self
    }

    /// Writes down everything that the hub is told, to be played again; see [`lazuli::journal`].
    #[must_use]
    pub fn journal(mut self, journal: Journal<A>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Speaks TLS and nothing else, as this configuration says: certificates, versions, ciphers, the clients' certificates.
    /// (Of protocols by ALPN, `http/1.1` is the only one that may be in it.) Early data is turned off, because it could be
    /// replayed. The handshake has to be done within [`Settings::request_time`], together with the request.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.security = Security(Some(lazuli::driver::tls::without_early_data(config)));
        self
    }

    /// The address that the server is bound to.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A handle for other threads. What is sent through it waits, without a limit, for the main thread to take it in; it
    /// may be used in callbacks and before the server runs. Once the server is gone, what is sent goes nowhere.
    pub fn handle(&self) -> Handle<A> {
        let (sender, signal) = (self.sender.clone(), self.signal.clone());
        Handle::new(move |remote| {
            // A channel and not the hub's lock, which a handle that is used in a callback would wait for in vain.
            if sender.send(remote).is_ok() {
                signal.wake();
            }
        })
    }

    /// What ends [`Server::run`].
    pub fn stopper(&self) -> Stopper {
        Stopper(self.signal.clone())
    }

    /// Serves until a [`Stopper`] stops it; then every connection is closed, and every thread of the server has ended.
    ///
    /// # Errors
    /// When the system refuses the log's thread, or to wait for sockets. Peers cause none.
    pub fn run(self) -> io::Result<()> {
        let handle = self.handle();
        let Server {
            listener,
            routes,
            app,
            mut config,
            mut settings,
            effects,
            log,
            backplane,
            mut journal,
            security,
            inbox,
            signal,
            ..
        } = self;
        listener.set_nonblocking(true)?;
        settings.links = settings.links.min(most_threads());
        if config.seed == 0 {
            // Its keys are the system's randomness.
            config.seed = RandomState::new().build_hasher().finish();
        }
        if config.wall == Timestamp::from_unix_micros(0) {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            config.wall = Timestamp::from_unix_micros(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        }
        if config.secret.is_none() {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            config.secret = Some(Secret::new(secret));
            // It is good for this run alone.
            journal = journal.map(Journal::with_secret);
        }
        #[cfg(feature = "tls")]
        {
            config.secure_cookies |= security.0.is_some();
        }
        let backplane = backplane.map(|(node, mut backplane)| {
            config.backplane = Some(node);
            let signal = signal.clone();
            backplane.on_incoming(Box::new(move || signal.wake()));
            backplane
        });
        let log = log.unwrap_or_else(log::to_tracing);
        let (logger, log_thread) = log::start(config.log, log)?;
        let hub = lazuli::Hub::new(config, routes, app);
        let driver = match journal {
            Some(journal) => Driver::recorded(hub, settings, journal),
            None => Driver::new(hub, settings),
        };
        let shared = Shared::new(
            driver,
            Outside {
                effects,
                handle,
                backplane,
                has_published: false,
                patience: Patience::default(),
                logger,
                signal: signal.clone(),
            },
            signal,
        );
        let result = thread::scope(|scope| {
            let result = MainLoop::new(&shared, inbox, listener, security).run(scope);
            // Wakes every connection's thread, and the scope waits for them.
            shared.close_all();
            result
        });
        // With the hub goes the logger, and the log's thread ends with what it still has.
        drop(shared);
        let _ = log_thread.join();
        result
    }
}

/// How many threads can be had. Each takes four memory mappings, and where it gets a stack but no mapping for its signal
/// stack, the standard library aborts the process: a fifth of what Linux allows is left for everything else.
fn most_threads() -> usize {
    let limit = fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|text| text.trim().parse().ok());
    limit.unwrap_or(65_530) / 5
}

/// Stops a [`Server`], from any thread. It does not wait: [`Server::run`] returns when the server has stopped.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Signal>);

impl Stopper {
    /// New clients are refused from now on; every connection is closed with 1001 and a hint when to come back, after what
    /// was queued for it. What is not done within this time, and one second more for the last closes, is dropped.
    ///
    /// The first call counts. Before the server runs, it makes it stop as soon as it does.
    pub fn stop(&self, within: Duration) {
        self.0.stop(within);
    }
}
