//! What a user sets up, and the tasks that it starts.

use crate::log::{self, Log};
use crate::sockets::Sockets;
use crate::stream::Security;
use crate::turn::{Shared, turns};
use async_channel::{Receiver, Sender};
use lazuli::backplane::Backplane;
use lazuli::driver::{Driver, Settings};
use lazuli::handle::Remote;
use lazuli::journal::Journal;
use lazuli::log::Record;
use lazuli::{App, Config, Handle, Hub, Node, Routes, Secret, Timestamp};
use smol::{Async, LocalExecutor, Timer};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

pub(crate) type Effects<A> = Box<dyn FnMut(<A as App>::Effect, &Handle<A>) + Send>;

/// A server that is bound to an address and not yet running.
pub struct Server<A: App> {
    listener: TcpListener,
    routes: Routes<A>,
    app: A,
    config: Config,
    settings: Settings,
    effects: Option<Effects<A>>,
    log: Option<Log>,
    backplane: Option<(Node, Box<dyn Backplane>)>,
    journal: Option<Journal<A>>,
    security: Security,
    sender: Sender<Order<A>>,
    orders: Receiver<Order<A>>,
}

/// What comes from other threads.
pub(crate) enum Order<A: App> {
    Remote(Remote<A::Event>),
    /// The backplane has something.
    Incoming,
    Stop(Duration),
}

/// Stops a server from another thread.
#[derive(Clone)]
pub struct Stopper(std::sync::Arc<dyn Fn(Duration) + Send + Sync>);

impl Stopper {
    /// Refuses new connections, closes the open ones with 1001, and makes [`Server::run`] return once they are gone, or
    /// `within` this time. A second call changes nothing.
    pub fn stop(&self, within: Duration) {
        (self.0)(within);
    }
}

impl<A: App> Server<A> {
    /// Listens at `addr`; port 0 lets the system choose.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(addr: impl ToSocketAddrs, routes: Routes<A>, app: A) -> io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        // The standard library lets 128 clients wait, which a storm of reconnects exceeds at once.
        rustix::net::listen(&listener, 4_096)?;
        let (sender, orders) = async_channel::unbounded();
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
            orders,
        })
    }

    /// Settings of the hub. A seed of 0 and a wall clock at the epoch, which are the defaults, are filled in from the
    /// system.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Settings of the driver.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Does the application's own I/O. It is called on the hub's thread and must not block: it hands the work to a thread
    /// or a task, which answers by [`Handle::event`].
    #[must_use]
    pub fn effects(mut self, effects: impl FnMut(A::Effect, &Handle<A>) + Send + 'static) -> Self {
        self.effects = Some(Box::new(effects));
        self
    }

    /// Takes the log's records, on a thread of its own; without it they are events of `tracing`, with the target `lazuli`,
    /// for the subscriber of the thread that runs the server or else the process's own. When it falls behind by 1,024
    /// records, more are dropped and counted. [`Config::log`] says which records there are.
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
    pub fn tls(mut self, config: std::sync::Arc<crate::rustls::ServerConfig>) -> Self {
        self.security = Security(Some(lazuli::driver::tls::without_early_data(config)));
        self
    }

    /// Where the server listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// For sends from other threads.
    pub fn handle(&self) -> Handle<A> {
        let sender = self.sender.clone();
        Handle::new(move |remote| {
            // After the server has stopped, nobody takes it.
            let _ = sender.try_send(Order::Remote(remote));
        })
    }

    /// For stopping from another thread.
    pub fn stopper(&self) -> Stopper {
        let sender = self.sender.clone();
        Stopper(std::sync::Arc::new(move |within| {
            let _ = sender.try_send(Order::Stop(within));
        }))
    }

    /// Serves until a [`Stopper`] stops it.
    ///
    /// # Errors
    /// When the listening socket cannot be used.
    pub fn run(mut self) -> io::Result<()> {
        if self.config.seed == 0 {
            self.config.seed = RandomState::new().hash_one(0);
        }
        if self.config.wall == Timestamp::from_unix_micros(0) {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.config.wall = Timestamp::from_unix_micros(since.as_micros() as u64);
        }
        if self.config.secret.is_none() {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            self.config.secret = Some(Secret::new(secret));
            // It is good for this run alone.
            self.journal = self.journal.map(Journal::with_secret);
        }
        #[cfg(feature = "tls")]
        {
            self.config.secure_cookies |= self.security.0.is_some();
        }
        let handle = self.handle();
        let orders = self.orders;
        let (log, log_thread) = log::start(self.log.unwrap_or_else(log::to_tracing))?;
        let executor = Rc::new(LocalExecutor::new());
        let backplane = self.backplane.map(|(node, mut backplane)| {
            self.config.backplane = Some(node);
            let sender = self.sender.clone();
            backplane.on_incoming(Box::new(move || {
                let _ = sender.try_send(Order::Incoming);
            }));
            backplane
        });
        let hub = Hub::new(self.config, self.routes, self.app);
        let driver = match self.journal {
            Some(journal) => Driver::recorded(hub, self.settings, journal),
            None => Driver::new(hub, self.settings),
        };
        let sockets = Sockets::new(self.effects, handle, log, backplane);
        let shared = Rc::new(Shared::new(driver, sockets, self.security, Rc::downgrade(&executor)));
        let listener = Async::new(self.listener)?;
        smol::block_on(executor.run(async {
            let accepting = executor.spawn(accept(listener, shared.clone()));
            executor.spawn(obey(orders, accepting, shared.clone())).detach();
            turns(&shared).await;
        }));
        // With these go the sockets, the hub and the way into the log, whose thread then ends with what it still has.
        drop((executor, shared));
        let _ = log_thread.join();
        Ok(())
    }
}

/// Accepts for ever. Where the system has no descriptor left it waits: to try again at once would only spin.
async fn accept<A: App>(listener: Async<TcpListener>, shared: Rc<Shared<A>>) {
    let (mut pause, mut accepted) = (SHORTEST, 0);
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                pause = SHORTEST;
                shared.accept(socket, peer);
                accepted += 1;
                if accepted % BATCH == 0 {
                    smol::future::yield_now().await;
                }
            }
            Err(error) => {
                shared.warn("accepting failed", error.to_string());
                Timer::after(pause).await;
                pause = (pause * 2).min(LONGEST);
            }
        }
    }
}

/// So much is accepted or obeyed before others get their turn.
const BATCH: usize = 64;
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// Does what other threads ask for.
async fn obey<A: App>(orders: Receiver<Order<A>>, accepting: smol::Task<()>, shared: Rc<Shared<A>>) {
    let (mut accepting, mut obeyed) = (Some(accepting), 0);
    while let Ok(order) = orders.recv().await {
        match order {
            Order::Remote(remote) => shared.remote(remote),
            // Every turn polls it.
            Order::Incoming => shared.wake(),
            Order::Stop(within) => {
                // With its task the listening socket goes.
                accepting = None;
                shared.stop(within);
            }
        }
        obeyed += 1;
        if obeyed % BATCH == 0 {
            // What these sent goes out before more is taken in, or it would pile up.
            shared.turn();
            smol::future::yield_now().await;
        }
    }
    drop(accepting);
}
