//! What a user sets up, and the loop that it starts.

use crate::clients::Clients;
use crate::log::{self, Log};
use crate::main_loop::MainLoop;
use crate::shards::{Group, LAST, Load, Seat, Shards, odd};
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
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};

pub(crate) type Effects<A> = Box<dyn FnMut(<A as App>::Effect, &Handle<A>) + Send>;

/// A server that is bound to an address and not yet running.
pub struct Server<A: App> {
    /// `None`: another server takes its clients in.
    listener: Option<TcpListener>,
    addr: SocketAddr,
    /// With the servers of the same address; which of them it is, and, if it is the first, the way to the others.
    group: Option<Arc<Group>>,
    number: u64,
    shards: Shards<A>,
    load: Arc<Load>,
    /// A setting of all that was changed after the first shard was made.
    changed: Option<&'static str>,
    /// Whether the secret was made up here.
    is_own_secret: bool,
    routes: Routes<A>,
    app: A,
    config: Config,
    settings: Settings,
    effects: Option<Effects<A>>,
    log: Option<Log>,
    backplane: Option<(Node, Box<dyn Backplane>)>,
    journal: Option<Journal<A>>,
    security: Security,
    orders: Orders<A>,
    inbox: Receiver<Order<A>>,
}

/// What comes from other threads.
pub(crate) enum Order<A: App> {
    Remote(Remote<A::Event>),
    /// A client whom another server has accepted.
    Client(TcpStream, SocketAddr, Seat),
    Stop(Duration),
}

/// The way of orders to a server's thread.
pub(crate) struct Orders<A: App> {
    sender: Sender<Order<A>>,
    poller: Arc<Poller>,
}

impl<A: App> Clone for Orders<A> {
    fn clone(&self) -> Self {
        Orders { sender: self.sender.clone(), poller: self.poller.clone() }
    }
}

impl<A: App> Orders<A> {
    /// Gives an order; what comes back is one that nobody takes, because the server has stopped.
    pub(crate) fn give(&self, order: Order<A>) -> Result<(), Order<A>> {
        self.sender.send(order).map_err(|error| error.0)?;
        let _ = self.poller.notify();
        Ok(())
    }
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
        let addr = listener.local_addr()?;
        Ok(Server { listener: Some(listener), ..Self::without_listener(addr, routes, app)? })
    }

    fn without_listener(addr: SocketAddr, routes: Routes<A>, app: A) -> io::Result<Self> {
        let (sender, inbox) = channel();
        let shards = Shards::default();
        let load = shards.load();
        Ok(Server {
            listener: None,
            addr,
            group: None,
            number: 0,
            shards,
            load,
            changed: None,
            is_own_secret: false,
            routes,
            app,
            config: Config::default(),
            settings: Settings::default(),
            effects: None,
            log: None,
            backplane: None,
            journal: None,
            security: Security::default(),
            orders: Orders { sender, poller: Arc::new(Poller::new()?) },
            inbox,
        })
    }

    /// One more server at this address, with a hub of its own, for [`Server::run_with`]: with as many as there are cores, all of them have
    /// work. A client goes to the server that has fewest, and stays there. What is said to a room, to a user or to everyone reaches those on
    /// all hubs; what else is different with several hubs, `docs/guide.md` says under "Several hubs".
    ///
    /// It has this server's configuration, settings and TLS, but another seed. Its effects, log and journal are its own; so are a hub's limits
    /// (`n` servers take `n` times as many connections, of an address and of a user too), its connections, and what [`Handle::event`]
    /// and the application's state concern. If this server has a [backplane](Server::backplane), each needs one; if not, they are joined. When this server is stopped, or
    /// ends, so do those beside it. It accepts for all: while a callback of its own holds it up, newcomers wait.
    ///
    /// ```no_run
    /// # use lazuli::Routes;
    /// # fn routes() -> Routes { Routes::new() }
    /// use lazuli_smol::Server;
    ///
    /// let mut server = Server::bind("127.0.0.1:4000", routes(), ())?;
    /// let mut shards = Vec::new();
    /// for _ in 1..std::thread::available_parallelism()?.get() {
    ///     shards.push(server.shard(routes(), ())?);
    /// }
    /// server.run_with(shards)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the system has no descriptors left, or no randomness; or for a server that is such a shard itself.
    pub fn shard(&mut self, routes: Routes<A>, app: A) -> io::Result<Self> {
        if self.listener.is_none() {
            return Err(odd("a shard accepts no clients itself; call this on the first server"));
        }
        if self.config.secret.is_none() {
            // A page may come from another hub than the socket that it opens.
            self.config.secret = Some(new_secret()?);
            self.is_own_secret = true;
        }
        let group = self.group.get_or_insert_with(|| Arc::new(Group::new(self.backplane.is_some()))).clone();
        let number = group.add();
        let mut config = self.config.clone();
        if config.seed != 0 {
            config.seed = config.seed.wrapping_add(number).max(1);
        }
        let (settings, security) = (self.settings.clone(), self.security.clone());
        let shard = Self::without_listener(self.addr, routes, app)?;
        self.shards.add(shard.orders.clone(), shard.load.clone());
        let is_own_secret = self.is_own_secret;
        Ok(Server { group: Some(group), number, config, is_own_secret, settings, security, ..shard })
    }

    /// All servers of an address have this setting in common.
    fn change(&mut self, what: &'static str) {
        if self.group.is_some() {
            self.changed = Some(what);
        }
    }

    /// Settings of the hub. A seed of 0 and a wall clock at the epoch, which are the defaults, are filled in from the
    /// system.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.change("config");
        self.config = config;
        self
    }

    /// Settings of the driver.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.change("settings");
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
        if self.number == 0 {
            self.change("backplane");
        }
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
        self.change("tls");
        self.security = Security(Some(lazuli::driver::tls::without_early_data(config)));
        self
    }

    /// Where the server listens.
    ///
    /// # Errors
    /// None: it is known since the server was bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.addr)
    }

    /// For sends from other threads.
    pub fn handle(&self) -> Handle<A> {
        let orders = self.orders.clone();
        // After the server has stopped, nobody takes it.
        Handle::new(move |remote| drop(orders.give(Order::Remote(remote))))
    }

    /// For stopping from another thread.
    pub fn stopper(&self) -> Stopper {
        let orders = self.orders.clone();
        Stopper(Arc::new(move |within| drop(orders.give(Order::Stop(within)))))
    }

    /// Serves with these [shards](Server::shard), each on a thread of its own, until a [`Stopper`] stops it. If one ends by itself, all do.
    ///
    /// # Errors
    /// The first of any: as those of [`Server::run`].
    ///
    /// # Panics
    /// When one of the shards has panicked.
    pub fn run_with(self, shards: impl IntoIterator<Item = Server<A>>) -> io::Result<()> {
        /// Stops the others, whether the shard returns or panics.
        struct Stops(Stopper);
        impl Drop for Stops {
            fn drop(&mut self) {
                self.0.stop(LAST);
            }
        }
        let stopper = self.stopper();
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for shard in shards {
                let stops = Stops(stopper.clone());
                let run = move || {
                    let _stops = stops;
                    shard.run()
                };
                threads.push(thread::Builder::new().name("lazuli shard".into()).spawn_scoped(scope, run)?);
            }
            let mut result = self.run();
            for thread in threads {
                result = result.and(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            result
        })
    }

    /// Serves until a [`Stopper`] stops it.
    ///
    /// # Errors
    /// When the listening socket cannot be used; or where the servers of an address do not fit together.
    pub fn run(mut self) -> io::Result<()> {
        if let Some(what) = self.changed {
            return Err(odd(format!(
                "all shards have the same `{what}`; set it on the first server, before it has any"
            )));
        }
        if self.config.seed == 0 {
            self.config.seed = RandomState::new().hash_one(0);
        }
        if self.config.wall == Timestamp::from_unix_micros(0) {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.config.wall = Timestamp::from_unix_micros(since.as_micros() as u64);
        }
        if self.config.secret.is_none() {
            self.config.secret = Some(new_secret()?);
            self.is_own_secret = true;
        }
        if self.is_own_secret {
            // It is good for this run alone.
            self.journal = self.journal.map(Journal::with_secret);
        }
        #[cfg(feature = "tls")]
        {
            self.config.secure_cookies |= self.security.0.is_some();
        }
        if let Some(group) = &self.group
            && let Some((node, port)) = group.port(self.number, self.backplane.is_some())?
        {
            self.backplane = Some((node, Box::new(port)));
        }
        let handle = self.handle();
        let poller = self.orders.poller;
        let (log, log_thread) = log::start(self.log.unwrap_or_else(log::to_tracing))?;
        let backplane = self.backplane.map(|(node, mut backplane)| {
            self.config.backplane = Some(node);
            let poller = poller.clone();
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
        let result = Clients::new(self.listener, self.shards, self.security, &poller)
            .and_then(|clients| MainLoop::new(driver, sockets, poller, self.inbox, clients, self.load).run());
        // With the loop went the sockets, the hub and the way into the log, whose thread then ends with what it still has.
        let _ = log_thread.join();
        result
    }
}

/// A secret that is good for one run.
fn new_secret() -> io::Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(bytes))
}
