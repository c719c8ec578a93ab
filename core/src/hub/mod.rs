//! The hub: connections, channels, rooms and timers as one state machine.

mod batch;
mod callback;
mod commit;
mod components;
mod deliver;
mod ending;
mod nested;
mod open;
mod pages;
mod patches;
mod presence;
mod presence_remote;
mod receive;
mod remote;
mod spark;
mod state;
mod watch;

pub(crate) use batch::Gathered;
pub use patches::Preview;
pub(crate) use state::State;

use crate::canary::{Canary, is_planted};
use crate::channel::{App, Channel, Timer};
use crate::config::{Config, Limits};
use crate::context::Scope;
use crate::effects::Effects;
use crate::frame::{Frame, Kind};
use crate::id::ConnId;
use crate::input::{Command, Input, Receivers};
use crate::log::{Level, Record};
use crate::output::{Item, Outbox, Output};
use crate::routes::Routes;
use crate::spark::Form;
use crate::stats::{RouteStats, Stats};
use crate::time::Time;
use crate::timer::TimerKey;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use callback::Answer;
use commit::Except;
use core::net::SocketAddr;
use core::time::Duration;
use remote::Remote;
use state::Due;

/// The state machine that owns connections, channels, rooms and timers, and does no I/O.
///
/// A driver hands in what happened ([`Hub::open`], [`Hub::handle`], [`Hub::handle_timeout`]) and does what the hub asks
/// for ([`Hub::poll_output`], until it gives `None`). [`Hub::poll_timeout`] says when to come back at the latest. For
/// one sequence of inputs the outputs and their order are always the same, whenever they are polled.
///
/// ```
/// use lazuli::{Channel, Config, Context, Hub, Input, Message, Output, Request, Result, Routes, Time};
///
/// struct Echo;
/// impl Channel for Echo {
///     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
///         cx.text(text);
///         Ok(())
///     }
/// }
///
/// let mut routes: Routes = Routes::new();
/// routes.channel("/echo", |_| Ok(Echo))?;
/// let mut hub = Hub::new(Config::default(), routes, ());
///
/// let conn = hub.open(Time::ZERO, Request::get("/echo")?)?;
/// hub.handle(Time::ZERO, Input::Opened { conn });
/// hub.handle(Time::ZERO, Input::Message { conn, message: Message::Text("hi") });
///
/// match hub.poll_output() {
///     Some(Output::Send { to, frame }) => assert_eq!((to, frame.payload()), (&[conn][..], &b"hi"[..])),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Hub<A: App = ()> {
    app: A,
    routes: Routes<A>,
    /// The application's part of each instance, by its index in [`State::instances`].
    channels: Vec<Option<Box<dyn Channel<A>>>>,
    state: State,
    fx: Effects<A>,
    out: Outbox<A::Effect>,
    remote: Remote,
    /// Ends and events that callbacks still have to be told.
    work: VecDeque<Work<A>>,
    /// Messages on Spark sockets that are being handled, and wait for an answer.
    unanswered: Vec<(ConnId, u32)>,
    answer: Answer,
    /// Spark sockets whose pages may have to be brought up to date in this input.
    pages: VecDeque<ConnId>,
    /// The patch that is being written; kept for its memory.
    patch: Vec<u8>,
    /// How many messages components have caused in this input because they were told one.
    caused: u32,
    /// Counts inputs and what becomes due, each with all that follows from it. What comes back from the backplane at the same moment
    /// may follow from what was before, and belongs to its round.
    round: u64,
    /// What asks a silent peer whether it is there: one for all.
    ping: Frame,
    /// Rooms whose presence has changed in this input.
    news: Vec<Arc<str>>,
    /// Receivers whose credit did not allow a frame at once; these are kept for their memory.
    slow: Vec<ConnId>,
    late: Vec<(ConnId, Frame)>,
    /// For a broadcast to several rooms, or with exceptions: of each connection, the latest one that it got, or must not.
    marks: Vec<u64>,
    mark: u64,
    /// For a broadcast to several rooms: what it was encoded to.
    wrapped: BTreeMap<Form, Frame>,
    shutdown: Option<Time>,
    /// The timer of the shutdown's deadline.
    deadline: Option<TimerKey>,
    drained: bool,
    /// The second of the latest log record, and how many it has: below a warning, and from there on.
    logged: (u64, [u32; 2]),
}

/// Something that a callback has yet to be told.
enum Work<A: App> {
    /// The instance's connection has ended.
    Close { instance: u32, code: u16, reason: Arc<str> },
    /// Messages of a connection that has ended abruptly.
    Batch { instance: u32, gathered: Box<Gathered> },
    /// The connection is to end once its batch was handed over.
    End { conn: ConnId, code: u16, reason: Arc<str> },
    /// An event for an instance, if it still belongs to this connection.
    Event { instance: u32, conn: ConnId, event: Arc<A::Event> },
    /// Something that was sent to a component, or to a room that it is in.
    Message { conn: ConnId, room: Option<Arc<str>>, frame: Frame },
    /// An event for a component from another one of its page.
    PageEvent { conn: ConnId, event: Arc<str>, data: Frame },
}

/// At most so many log records in a second of the hub's time, and as many again from warnings on; what is beyond is counted.
const LOG_RATE: u32 = 1_000;

impl<A: App> Hub<A> {
    /// A hub without connections.
    pub fn new(config: Config, routes: Routes<A>, app: A) -> Self {
        let remote = Remote::new(&config);
        let mut state = State::new(config);
        let routes_of =
            routes.patterns.iter().map(|route| RouteStats { route: route.clone(), ..RouteStats::default() });
        state.stats.routes = routes_of.collect();
        state.route_limits = routes.limits.clone();
        state.spark_limits = routes.spark;
        let mut hub = Hub {
            app,
            routes,
            channels: Vec::new(),
            state,
            fx: Effects::default(),
            out: Outbox::default(),
            remote,
            work: VecDeque::new(),
            unanswered: Vec::new(),
            answer: Answer::None,
            pages: VecDeque::new(),
            patch: Vec::new(),
            caused: 0,
            round: 0,
            ping: Frame::new(Kind::Ping, b"heartbeat"),
            news: Vec::new(),
            slow: Vec::new(),
            late: Vec::new(),
            marks: Vec::new(),
            mark: 0,
            wrapped: BTreeMap::new(),
            shutdown: None,
            deadline: None,
            drained: false,
            logged: (0, [0; 2]),
        };
        hub.subscribe_to_all();
        hub.begin_here();
        hub
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Time, input: Input<'_, A::Event>) {
        self.advance(now);
        self.round += u64::from(!matches!(input, Input::Published { .. }));
        match input {
            Input::Opened { conn } => self.on_opened(conn),
            Input::Message { conn, message } => self.on_message(conn, message),
            Input::Ping { conn, bytes } => self.tell(conn, true, |channel, cx| channel.on_ping(cx, bytes)),
            Input::Pong { conn, bytes } => self.tell(conn, false, |channel, cx| channel.on_pong(cx, bytes)),
            Input::Alive { conn } => self.on_alive(conn),
            Input::Sent(reports) => self.on_sent(reports),
            Input::Ended { conn, code, reason } => {
                self.count_if_ending(conn);
                self.hand_over_all(conn);
                self.end(conn, code.unwrap_or(1005), reason);
            }
            Input::Closed { conn, cause } => self.on_closed(conn, cause),
            Input::Subscribed { topic, position } => self.on_subscribed(topic, position),
            Input::Published { topic, position, message } => self.on_published(topic, position, message),
            Input::Backplane(link) => self.on_link(link),
            Input::App(event) => self.on_event(event),
            Input::Command(command) => self.on_command(command),
        }
        self.settle();
    }

    /// Does what is due. Afterwards [`Hub::poll_timeout`] is later than `now`.
    pub fn handle_timeout(&mut self, now: Time) {
        self.advance(now);
        while let Some(due) = self.state.timers.pop_due(self.state.now) {
            self.round += 1;
            match due {
                Due::Channel { instance, timer, at, every } => self.on_timer(instance, timer, at, every),
                Due::Linger(conn) => self.on_linger(conn),
                Due::Shutdown => self.on_shutdown_deadline(),
                Due::Expired(conn) => self.on_expired(conn),
                Due::Page(socket) => self.on_page_due(socket),
                Due::Batch(conn) => self.on_batch_due(conn),
                Due::Presence(room) => self.on_presence(&room),
                Due::Asked(room) => self.on_asked(&room),
                Due::Here => self.on_here_due(),
            }
            self.settle();
        }
        while let Some(conn) = self.state.beats.pop_due(self.state.now) {
            self.on_beat(conn);
            self.settle();
        }
    }

    /// The next thing to do, if any. What is returned borrows from the hub until the next call.
    pub fn poll_output(&mut self) -> Option<Output<'_, A::Effect>> {
        self.out.poll()
    }

    /// When [`Hub::handle_timeout`] has to be called at the latest. O(1).
    pub fn poll_timeout(&self) -> Option<Time> {
        let mut timer = self.state.timers.next();
        if is_planted(Canary::LateTimer) {
            timer = timer.map(|at| at + Duration::from_secs(1));
        }
        match (timer, self.state.beats.next()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// What the hub has counted.
    pub fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// The application's shared state.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// What the hub was told at its start.
    pub fn config(&self) -> &Config {
        &self.state.config
    }

    /// The subprotocols that may be chosen.
    #[cfg(feature = "websocket")]
    pub(crate) fn protocols(&self) -> Vec<alloc::string::String> {
        self.routes.protocols.iter().map(|protocol| (**protocol).into()).collect()
    }

    /// What this connection may do; for an id that is gone, nothing.
    pub fn limits(&self, conn: ConnId) -> &Arc<Limits> {
        self.state.limits(conn)
    }

    /// The wire bytes that wait in the hub for a connection.
    pub fn waiting(&self, conn: ConnId) -> usize {
        if self.state.conns.get(conn).is_some_and(|found| found.socket().is_none()) {
            self.state.flow.waiting(conn.index())
        } else {
            0
        }
    }

    /// How many are in a room.
    pub fn count(&self, room: &str) -> usize {
        self.state.rooms.count(room)
    }

    fn advance(&mut self, now: Time) {
        self.state.now = self.state.now.max(now);
    }

    /// Tells callbacks what is left to tell, until nothing is.
    fn settle(&mut self) {
        loop {
            self.do_work();
            if !self.news.is_empty() {
                self.tell_news();
            } else if let Some(socket) = self.pages.pop_front() {
                self.update_page(socket);
            } else {
                break;
            }
        }
        self.caused = 0;
        self.state.count();
    }

    fn do_work(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Close { instance, code, reason } => self.finish_instance(instance, code, &reason),
                Work::Batch { instance, gathered } => self.hand_over_late(instance, &gathered),
                Work::End { conn, code, reason } => {
                    self.hand_over_last(conn);
                    self.end_at_once(conn, code, &reason);
                }
                Work::Event { instance, conn, event } => {
                    let current = self.state.instances.get(instance as usize).is_some_and(|found| found.conn == conn);
                    if current && self.state.is_open(conn) {
                        self.call(instance, None, |channel, cx| channel.on_event(cx, &event));
                    }
                }
                Work::Message { conn, room, frame } => self.on_channel_message(conn, room.as_deref(), &frame),
                Work::PageEvent { conn, event, data } => self.on_page_event(conn, &event, &data),
            }
        }
    }

    fn on_timer(&mut self, instance: u32, timer: Timer, at: Time, every: Option<Duration>) {
        let Some(found) = self.state.instances.get_mut(instance as usize) else { return };
        found.timers.iter_mut().for_each(|timers| timers.retain(|(set, _)| *set != timer));
        if let Some(every) = every {
            let late = self.state.now.saturating_since(at).as_micros() % every.as_micros().max(1);
            let next = every.saturating_sub(Duration::from_micros(late as u64));
            self.state.set_timer(instance, timer, next, Some(every));
        }
        self.state.stats.timers_fired += 1;
        self.call(instance, None, |channel, cx| channel.on_timer(cx, timer));
    }

    fn on_event(&mut self, event: A::Event) {
        let rng = self.state.rng.clone();
        let result = callback::contain(|| {
            let mut scope = Scope { app: &self.app, state: &mut self.state, fx: &mut self.fx };
            self.app.on_event(&mut scope, event)
        });
        match self.finish(None, rng, result) {
            Ok(()) => {}
            Err(callback::Failure::Error(error)) => self.log_error("the application's on_event failed", None, &error),
            Err(callback::Failure::Panic(panic)) => {
                self.log(Level::Error, "panic in the application's on_event", None, || panic);
            }
        }
    }

    /// Counts an input that would end a connection that is gone or ending already.
    fn count_if_ending(&mut self, conn: ConnId) {
        if self.state.conns.get(conn).is_none_or(|found| found.is_ending()) {
            self.state.stats.stale += 1;
        }
    }

    fn on_command(&mut self, command: Command) {
        if let Command::Send { frame, .. } = &command
            && !frame.is_valid()
        {
            self.log(Level::Error, "a frame that is none was not sent", None, || {
                "text has to be UTF-8, and a ping at most 125 bytes".into()
            });
            return;
        }
        match command {
            Command::Send { to, except, except_users, frame } => {
                let users: Vec<&str> = except_users.iter().map(|user| &**user).collect();
                let except = Except { conns: &except, users: &users };
                match to {
                    Receivers::Conn(conn) => {
                        if !self.state.is_open(conn) {
                            self.state.stats.stale += 1;
                        }
                        self.send_one(conn, &frame);
                    }
                    Receivers::Rooms(rooms) => self.broadcast(&rooms, except, &frame),
                    Receivers::Users(users) => self.broadcast_users(&users, except, &frame),
                    Receivers::All => self.broadcast_all(except, &frame),
                }
            }
            Command::CloseUser { user, code, reason } => {
                let code = if crate::error::may_send(code) { code } else { 1000 };
                self.close_user(&user, code, crate::error::fit_reason(&reason));
            }
            Command::Close { conn, code, reason } => {
                self.count_if_ending(conn);
                let code = if crate::error::may_send(code) { code } else { 1000 };
                self.end(conn, code, crate::error::fit_reason(&reason));
            }
        }
    }

    pub(crate) fn log(
        &mut self,
        level: Level,
        what: &'static str,
        conn: Option<ConnId>,
        detail: impl FnOnce() -> alloc::string::String,
    ) {
        self.log_peer(level, what, conn, None, detail);
    }

    pub(crate) fn log_peer(
        &mut self,
        level: Level,
        what: &'static str,
        conn: Option<ConnId>,
        peer: Option<SocketAddr>,
        detail: impl FnOnce() -> alloc::string::String,
    ) {
        if level < self.state.config.log {
            return;
        }
        let second = self.state.now.as_micros() / 1_000_000;
        if self.logged.0 != second {
            self.logged = (second, [0; 2]);
        }
        // What peers can cause must not hide what an operator has to know.
        let count = &mut self.logged.1[usize::from(level >= Level::Warn)];
        *count += 1;
        if *count > LOG_RATE {
            self.state.stats.unlogged += 1;
            return;
        }
        let detail = Some(detail()).filter(|detail| !detail.is_empty());
        let record = Record { at: self.state.now, level, conn, peer, what, detail };
        self.out.push(Item::Log(Box::new(record)));
    }

    fn log_error(&mut self, what: &'static str, conn: Option<ConnId>, error: &crate::Error) {
        match error.detail() {
            Some(detail) => self.log(Level::Error, what, conn, || detail.into()),
            None => self.log(Level::Debug, what, conn, || error.message().into()),
        }
    }
}
