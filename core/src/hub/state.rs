//! The hub's tables: all that is not the application's.

use super::batch::Gathered;
use crate::address::{Address, Addresses};
use crate::beats::{Beat, Beats};
use crate::canary::{Canary, is_planted};
use crate::channel::Timer;
use crate::component::Tokens;
use crate::config::{Config, Limits};
use crate::flow::Flow;
use crate::frame::{Frame, Pool};
use crate::html::{Renderer, View};
use crate::id::{ConnId, Table};
use crate::life::Life;
use crate::rate::Bucket;
use crate::request::Request;
use crate::rng::Rng;
use crate::rooms::Rooms;
use crate::routes::SparkLimits;
use crate::spark::{Form, Forms, Session};
use crate::stats::Stats;
use crate::time::{Time, Timestamp};
use crate::timer::{TimerKey, TimerQueue};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use serde_json::Value;
use slab::Slab;

pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) now: Time,
    pub(crate) conns: Table<Conn>,
    /// How many of the connections are sockets; the others are channels and components on Spark sockets.
    pub(crate) sockets: usize,
    /// How many of the others are components.
    pub(crate) components: usize,
    pub(crate) instances: Slab<Instance>,
    pub(crate) rooms: Rooms,
    /// Users, as rooms of their connections.
    pub(crate) users: Rooms,
    /// Users whose Spark sockets are open, as rooms of those.
    pub(crate) sessions: Rooms,
    pub(crate) forms: Forms,
    pub(crate) addresses: Addresses,
    /// What is left of the rate of requests.
    pub(crate) accepted: Bucket,
    pub(crate) flow: Flow,
    pub(crate) timers: TimerQueue<Due>,
    pub(crate) beats: Beats,
    /// What the connections of each route may do.
    pub(crate) route_limits: Vec<Arc<Limits>>,
    pub(crate) spark_limits: SparkLimits,
    pub(crate) pool: Pool,
    pub(crate) renderer: Renderer,
    pub(crate) tokens: Tokens,
    pub(crate) rng: Rng,
    pub(crate) stats: Stats,
    /// What a connection that is gone may do.
    nothing: Arc<Limits>,
}

/// One connection: a socket, or a channel on a Spark socket.
pub(crate) struct Conn {
    pub(crate) life: Life,
    /// When the peer was last heard.
    pub(crate) heard: Time,
    /// Whether nothing was heard since a ping was due.
    pub(crate) pinged: bool,
    /// Whether that ping is still to be sent.
    pub(crate) ping_waits: bool,
    /// Whether it may not send any more.
    pub(crate) expired: bool,
    pub(crate) instance: u32,
    /// Its place in [`Stats::routes`] and [`State::route_limits`].
    pub(crate) route: u32,
    /// Messages in a row that were over the rate.
    pub(crate) refused: u32,
    /// When to look after it.
    pub(crate) beat: Beat,
    pub(crate) opened: Time,
    /// When the peer last sent a message or a ping.
    pub(crate) active: Time,
    pub(crate) rate: Bucket,
    pub(crate) more: Option<Box<More>>,
}

impl Conn {
    /// One that has still to be given its instance.
    pub(crate) fn new(route: u32, now: Time) -> Conn {
        Conn {
            life: Life::Opening,
            heard: now,
            pinged: false,
            ping_waits: false,
            expired: false,
            instance: 0,
            route,
            refused: 0,
            beat: Beat::NONE,
            opened: now,
            active: now,
            rate: Bucket::default(),
            more: None,
        }
    }

    /// What only some connections have.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn spark(&self) -> Option<&Spark> {
        self.more.as_ref()?.spark.as_deref()
    }

    /// The Spark socket that carries it.
    pub(crate) fn socket(&self) -> Option<ConnId> {
        Some(self.more.as_ref()?.via?.0)
    }

    /// How it is put into frames.
    pub(crate) fn form(&self) -> Form {
        self.more.as_ref().and_then(|more| more.via).map_or(Form::RAW, |(_, form)| form)
    }

    pub(crate) fn page(&mut self) -> Option<&mut Page> {
        self.more.as_mut()?.spark.as_mut()?.page.as_deref_mut()
    }

    pub(crate) fn mounted(&self) -> Option<&Mounted> {
        self.more.as_ref()?.mounted.as_deref()
    }

    pub(crate) fn mounted_mut(&mut self) -> Option<&mut Mounted> {
        self.more.as_mut()?.mounted.as_deref_mut()
    }

    pub(crate) fn ending(&mut self) -> Option<&mut Ending> {
        self.more.as_mut()?.ending.as_mut()
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.ending.is_some())
    }
}

/// What only some connections have.
#[derive(Default)]
pub(crate) struct More {
    /// The Spark socket that carries it, and how it is put into frames there.
    pub(crate) via: Option<(ConnId, Form)>,
    pub(crate) ending: Option<Ending>,
    pub(crate) metadata: Option<Arc<Value>>,
    /// The timer for the end of its permission.
    pub(crate) expires: Option<TimerKey>,
    /// Messages that wait for their batch.
    pub(crate) batch: Option<Box<Gathered>>,
    /// Where it came from, while that matters.
    pub(crate) address: Option<Address>,
    pub(crate) spark: Option<Box<Spark>>,
    pub(crate) mounted: Option<Box<Mounted>>,
}

impl More {
    pub(crate) fn is_empty(&self) -> bool {
        let More { via, ending, metadata, expires, batch, address, spark, mounted } = self;
        via.is_none()
            && ending.is_none()
            && metadata.is_none()
            && expires.is_none()
            && batch.is_none()
            && address.is_none()
            && spark.is_none()
            && mounted.is_none()
    }
}

/// A Spark socket.
pub(crate) struct Spark {
    /// What opened it: its channels see its headers and its address.
    pub(crate) request: Request,
    pub(crate) session: Session,
    /// The connections of its channels, by path.
    pub(crate) channels: BTreeMap<Arc<str>, ConnId>,
    /// What it has of components, from the first mount on.
    pub(crate) page: Option<Box<Page>>,
}

/// The components of a Spark socket.
#[derive(Default)]
pub(crate) struct Page {
    /// Their connections, by the numbers that stand for them on the socket.
    pub(crate) components: BTreeMap<u32, ConnId>,
    /// The latest number that was given; none is given twice.
    pub(crate) last: u32,
    /// Components that may show something else now.
    pub(crate) changed: Vec<ConnId>,
    /// Commands that go out after the next patch.
    pub(crate) commands: VecDeque<Frame>,
    /// Their wire bytes.
    pub(crate) bytes: usize,
    /// Whether the hub is about to look after it.
    pub(crate) noted: bool,
    /// When its components were last looked at: the moment, and the hub's round.
    pub(crate) looked: Option<(Time, u64)>,
    /// When the latest patch went out.
    pub(crate) patched: Option<Time>,
    /// The timer for the next one.
    pub(crate) timer: Option<TimerKey>,
}

impl Page {
    /// Whether something is to be looked at, or sent.
    pub(crate) fn has_news(&self) -> bool {
        !self.changed.is_empty() || !self.commands.is_empty()
    }
}

/// A component's connection.
pub(crate) struct Mounted {
    /// Its number on the socket.
    pub(crate) number: u32,
    /// What it was made from: JSON.
    pub(crate) props: Box<str>,
    /// What the page shows; none after it was made anew.
    pub(crate) view: Option<View>,
    /// Whether the page is to get all of it.
    pub(crate) whole: bool,
    /// Whether it is among those that may show something else.
    pub(crate) changed: bool,
    /// When it was last made anew after a panic, or then shown for the first time.
    pub(crate) remade: Option<Time>,
    /// For one in the markup of others: the outermost of those, which shows it, and the one right around it.
    pub(crate) within: Option<(ConnId, ConnId)>,
    /// The components in its markup, and in theirs.
    pub(crate) nest: Option<Box<Nest>>,
}

impl Mounted {
    pub(crate) fn new(number: u32, props: &str) -> Mounted {
        Mounted {
            number,
            props: props.into(),
            view: None,
            whole: false,
            changed: false,
            remade: None,
            within: None,
            nest: None,
        }
    }
}

/// What a socket may still have of components.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    /// The latest number.
    pub(crate) last: u32,
    /// How many more there may be, and how many in all.
    pub(crate) more: usize,
    pub(crate) most: usize,
}

/// The components in the markup of one.
#[derive(Default)]
pub(crate) struct Nest {
    /// By their places.
    pub(crate) places: BTreeMap<u64, Placed>,
    /// Their instances, by number.
    pub(crate) instances: BTreeMap<u32, u32>,
    /// Those of which a callback has succeeded since they were last shown.
    pub(crate) touched: Vec<ConnId>,
}

/// A component in the markup of another.
pub(crate) struct Placed {
    pub(crate) conn: ConnId,
    pub(crate) number: u32,
    /// The word of what it uses of its surroundings.
    pub(crate) uses: u64,
}

/// A connection's decided end.
pub(crate) struct Ending {
    pub(crate) code: u16,
    pub(crate) reason: Arc<str>,
    /// Until when what was queued before may go out.
    pub(crate) by: Time,
    /// The timer for it, while something is queued.
    pub(crate) linger: Option<TimerKey>,
}

/// One join of a channel, without the application's part of it.
pub(crate) struct Instance {
    pub(crate) conn: ConnId,
    /// Boxed, because most have none.
    #[allow(clippy::box_collection)]
    pub(crate) timers: Option<Box<Vec<(Timer, TimerKey)>>>,
}

/// Whose timer it is.
pub(crate) enum Due {
    /// A channel instance's own.
    Channel { instance: u32, timer: Timer, at: Time, every: Option<Duration> },
    /// What is queued for a connection that ends has had its time.
    Linger(ConnId),
    /// A connection may no longer send, or has been so for as long as it may.
    Expired(ConnId),
    /// A page can be brought up to date again.
    Page(ConnId),
    /// A batch has waited for as long as it may.
    Batch(ConnId),
    /// The members of a room can be told again who is present.
    Presence(Arc<str>),
    /// Other hubs have had their time to say whom they show in a room.
    Asked(Arc<str>),
    /// The other hubs are to hear from this one.
    Here,
    /// The deadline of a shutdown.
    Shutdown,
}

impl State {
    pub(crate) fn new(config: Config) -> State {
        let node = config.backplane.map_or(0, |node| node.0);
        let origin = [config.wall.as_unix_micros(), config.seed, node];
        let tokens = Tokens::new(config.secret.clone(), origin);
        // Among several hubs, an id of another one, or of one that was here before, names nobody.
        let generations = config.backplane.map_or(0, |_| {
            let mixed = origin.into_iter().fold(0, |mixed, part| Rng::new(mixed ^ part).next());
            (mixed >> 32) as u32
        });
        State {
            now: Time::ZERO,
            conns: Table::with_generations_after(generations),
            sockets: 0,
            components: 0,
            instances: Slab::new(),
            rooms: Rooms::default(),
            users: Rooms::default(),
            sessions: Rooms::default(),
            forms: Forms::default(),
            addresses: Addresses::default(),
            accepted: Bucket::default(),
            flow: Flow::new(config.window),
            timers: TimerQueue::new(),
            beats: Beats::default(),
            route_limits: Vec::new(),
            spark_limits: SparkLimits::default(),
            pool: Pool::default(),
            renderer: Renderer::new(tokens.fingerprint_key().unwrap_or(config.seed)),
            tokens,
            rng: Rng::new(config.seed),
            stats: Stats::default(),
            nothing: Arc::new(Limits { waiting: 0, rooms: 0, timers: 0, ..Limits::default() }),
            config,
        }
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.config.wall.as_unix_micros().saturating_add(self.now.as_micros()))
    }

    /// The hub's time of a moment; its start for all that were before.
    pub(crate) fn time_of(&self, moment: Timestamp) -> Time {
        Time::from_micros(moment.as_unix_micros().saturating_sub(self.config.wall.as_unix_micros()))
    }

    /// The socket that carries a connection, and how what is sent to it is put into frames; `None` if it is not open.
    pub(crate) fn way(&self, conn: ConnId) -> Option<(ConnId, Form)> {
        let found = self.conns.get(conn).filter(|found| found.life == Life::Open)?;
        Some((found.socket().unwrap_or(conn), found.form()))
    }

    /// The channels on a Spark socket; of any other connection none.
    pub(crate) fn channels_on(&self, socket: ConnId) -> Vec<ConnId> {
        let spark = self.conns.get(socket).and_then(Conn::spark);
        spark.map(|spark| spark.channels.values().copied().collect()).unwrap_or_default()
    }

    /// How many sockets a user has, if `but` is on another one.
    pub(crate) fn conns_of_user(&self, user: &str, but: Option<ConnId>) -> usize {
        let at_most = self.users.count(user) + self.sessions.count(user);
        // Only near the limit is it worth counting exactly.
        if at_most < self.config.per_user {
            return at_most;
        }
        let rooms = [self.users.room(user), self.sessions.room(user)].into_iter().flatten();
        let sockets: BTreeSet<ConnId> =
            rooms.flat_map(|room| room.groups()).flat_map(|(_, group)| group.sockets().iter().copied()).collect();
        let own = but.and_then(|conn| self.way(conn)).map(|(socket, _)| socket);
        if own.is_some_and(|own| sockets.contains(&own)) { 0 } else { sockets.len() }
    }

    /// The components on a Spark socket; of any other connection none.
    pub(crate) fn components_on(&self, socket: ConnId) -> Vec<ConnId> {
        let page = self.conns.get(socket).and_then(Conn::spark).and_then(|spark| spark.page.as_ref());
        page.map(|page| page.components.values().copied().collect()).unwrap_or_default()
    }

    /// The component that has this number on a socket.
    pub(crate) fn component(&self, socket: ConnId, number: u32) -> Option<ConnId> {
        self.conns.get(socket)?.spark()?.page.as_ref()?.components.get(&number).copied()
    }

    /// What a socket may still have of components.
    pub(crate) fn room_for_components(&self, socket: ConnId) -> Room {
        let Some(found) = self.conns.get(socket) else { return Room::default() };
        let most = self.limits_of(found).components;
        let page = found.spark().and_then(|spark| spark.page.as_ref());
        page.map_or(Room::default(), |page| Room {
            last: page.last,
            more: most.saturating_sub(page.components.len()),
            most,
        })
    }

    /// The components in another's markup of which a callback has succeeded since this was asked last.
    pub(crate) fn take_touched(&mut self, outer: ConnId) -> Vec<ConnId> {
        let nest = self.conns.get_mut(outer).and_then(Conn::mounted_mut).and_then(|mounted| mounted.nest.as_mut());
        nest.map(|nest| core::mem::take(&mut nest.touched)).unwrap_or_default()
    }

    /// Whether a connection is a component.
    pub(crate) fn is_component(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|found| found.form() == Form::COMPONENT)
    }

    pub(crate) fn limits(&self, conn: ConnId) -> &Arc<Limits> {
        self.conns.get(conn).map_or(&self.nothing, |found| self.limits_of(found))
    }

    pub(crate) fn limits_of(&self, conn: &Conn) -> &Arc<Limits> {
        self.route_limits.get(conn.route as usize).unwrap_or(&self.nothing)
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|found| found.life == Life::Open)
    }

    pub(crate) fn timers_of(&self, instance: u32) -> &[(Timer, TimerKey)] {
        self.instances.get(instance as usize).and_then(|found| found.timers.as_ref()).map_or(&[], |timers| &timers[..])
    }

    pub(crate) fn set_timer(&mut self, instance: u32, timer: Timer, after: Duration, every: Option<Duration>) {
        self.cancel_timer(instance, timer);
        let Some(found) = self.instances.get_mut(instance as usize) else { return };
        // Never now: a timeout that is handled leaves none that is due.
        let at = self.now + after.max(Duration::from_micros(1));
        if at <= self.now {
            // Only at the end of time, where nothing comes any more.
            return;
        }
        let key = self.timers.insert(at, Due::Channel { instance, timer, at, every });
        let timers = found.timers.get_or_insert_default();
        if timers.capacity() == 0 {
            // Most instances that have any have one: no room for four.
            timers.reserve_exact(1);
        }
        timers.push((timer, key));
    }

    pub(crate) fn cancel_timer(&mut self, instance: u32, timer: Timer) {
        let Some(timers) = self.instances.get_mut(instance as usize).and_then(|found| found.timers.as_mut()) else {
            return;
        };
        if let Some(place) = timers.iter().position(|(set, _)| *set == timer) {
            let (_, key) = timers.swap_remove(place);
            if !is_planted(Canary::DeadTimer) {
                self.timers.cancel(key);
            }
        }
    }

    /// Takes an instance's timers away, and the instance with them.
    pub(crate) fn forget_instance(&mut self, instance: u32) {
        if let Some(found) = self.instances.try_remove(instance as usize) {
            for (_, key) in found.timers.into_iter().flat_map(|timers| *timers) {
                self.timers.cancel(key);
            }
        }
    }

    /// Forgets the timers of what only some connections have.
    pub(crate) fn forget(&mut self, expires: Option<TimerKey>, batch: Option<Box<Gathered>>) {
        for key in expires.into_iter().chain(batch.and_then(|batch| batch.timer())) {
            self.timers.cancel(key);
        }
    }

    pub(crate) fn count(&mut self) {
        self.stats.connections = self.sockets as u64;
        self.stats.channels = (self.conns.len() - self.sockets - self.components) as u64;
        self.stats.components = self.components as u64;
        self.stats.users = self.users.len() as u64;
        self.stats.rooms = self.rooms.len() as u64;
        self.stats.timers = self.timers.len() as u64;
    }
}
