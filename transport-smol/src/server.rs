//! What a user sets up, and the loop that it starts.

use crate::log::{self, Log};
use crate::main_loop::MainLoop;
use crate::sockets::Sockets;
use crate::stream::Security;
use lazuli::backplane::Backplane;
use lazuli::driver::{Driver, Settings};
use lazuli::handle::Remote;
use lazuli::journal::Journal;
use lazuli::log::Record;
use lazuli::{App, Config, Handle, Hub, Node, Routes, Secret, Timestamp};
use polling::Poller;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
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
    poller: Arc<Poller>,
}

/// What comes from other threads.
pub(crate) enum Order<A: App> {
    Remote(Remote<A::Event>),
    Stop(Duration),
}

/// Stops a server from another thread.
#[derive(Clone)]
pub struct Stopper(Arc<dyn Fn(Duration) + Send + Sync>);

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
        let (sender, orders) = channel();
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
            poller: Arc::new(Poller::new()?),
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
    pub fn tls(mut self, config: Arc<crate::rustls::ServerConfig>) -> Self {
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
        let order = self.order();
        Handle::new(move |remote| order(Order::Remote(remote)))
    }

    /// For stopping from another thread.
    pub fn stopper(&self) -> Stopper {
        let order = self.order();
        Stopper(Arc::new(move |within| order(Order::Stop(within))))
    }

    /// Gives an order from another thread.
    fn order(&self) -> impl Fn(Order<A>) + Send + Sync + 'static {
        let (sender, poller) = (self.sender.clone(), self.poller.clone());
        move |order| {
            // After the server has stopped, nobody takes it.
            if sender.send(order).is_ok() {
                let _ = poller.notify();
            }
        }
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
        let (log, log_thread) = log::start(self.log.unwrap_or_else(log::to_tracing))?;
        let backplane = self.backplane.map(|(node, mut backplane)| {
            self.config.backplane = Some(node);
            let poller = self.poller.clone();
            // Every turn polls it.
            backplane.on_incoming(Box::new(move || {
                let _ = poller.notify();
            }));
            backplane
        });
        let hub = Hub::new(self.config, self.routes, self.app);
        let driver = match self.journal {
            Some(journal) => Driver::recorded(hub, self.settings, journal),
            None => Driver::new(hub, self.settings),
        };
        let sockets = Sockets::new(self.effects, handle, log, backplane);
        let result = MainLoop::new(driver, sockets, self.poller, self.listener, self.orders, self.security)
            .and_then(MainLoop::run);
        // With the loop went the sockets, the hub and the way into the log, whose thread then ends with what it still has.
        let _ = log_thread.join();
        result
    }
}
