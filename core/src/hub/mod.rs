//! The hub: connections, channels, rooms and timers as one state machine.

mod callback;
mod commit;
mod deliver;
mod ending;
mod remote;
mod state;

pub(crate) use state::State;

use crate::channel::{App, Channel, Join, Timer};
use crate::config::{Config, Limits};
use crate::context::Scope;
use crate::driver::response::Response;
use crate::effects::Effects;
use crate::error::Refused;
use crate::id::ConnId;
use crate::input::{Command, Input, Message};
use crate::life::{Life, Next, Step};
use crate::log::{Level, Record};
use crate::output::{Item, Outbox, Output};
use crate::request::{Method, Request};
use crate::route::RouteError;
use crate::routes::Routes;
use crate::stats::Stats;
use crate::time::Time;
use crate::timer::TimerKey;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use remote::Remote;
use state::{Conn, Due, Instance};

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
    /// Receivers whose credit did not allow a frame at once; kept for its memory.
    slow: Vec<ConnId>,
    /// For a broadcast to several rooms: of each connection, the latest one that it got.
    marks: Vec<u64>,
    mark: u64,
    shutdown: Option<Time>,
    /// The timer of the shutdown's deadline.
    deadline: Option<TimerKey>,
    drained: bool,
    /// The second of the latest log record, and how many it has.
    logged: (u64, u32),
}

/// Something that a callback has yet to be told.
enum Work<A: App> {
    /// The instance's connection has ended.
    Close { instance: u32, code: u16, reason: Arc<str> },
    /// An event for an instance, if it still belongs to this connection.
    Event { instance: u32, conn: ConnId, event: Arc<A::Event> },
}

/// At most so many log records in a second of the hub's time; what is beyond is counted.
const LOG_RATE: u32 = 1_000;

impl<A: App> Hub<A> {
    /// A hub without connections.
    pub fn new(config: Config, routes: Routes<A>, app: A) -> Self {
        let remote = Remote::new(config.backplane);
        let mut hub = Hub {
            app,
            routes,
            channels: Vec::new(),
            state: State::new(config),
            fx: Effects::default(),
            out: Outbox::default(),
            remote,
            work: VecDeque::new(),
            slow: Vec::new(),
            marks: Vec::new(),
            mark: 0,
            shutdown: None,
            deadline: None,
            drained: false,
            logged: (0, 0),
        };
        hub.subscribe_to_all();
        hub
    }

    /// Decides on a request for a WebSocket, before the upgrade.
    ///
    /// Accepted, the connection counts, and exactly one [`Input::Closed`] has to follow some day;
    /// [`Input::Opened`] comes before it when the upgrade went out.
    ///
    /// # Errors
    /// The HTTP answer instead of the upgrade: 404 where no route matches, 400 for a path that is none, 503 when there are
    /// too many connections or the hub is shutting down, 500 when the application panicked, or what it answered.
    pub fn open(&mut self, now: Time, mut request: Request) -> Result<ConnId, Refused> {
        self.advance(now);
        let result = self.try_open(&mut request);
        match &result {
            Ok(conn) => {
                self.state.stats.accepted += 1;
                let conn = *conn;
                self.log(Level::Debug, "accepted", Some(conn), || request.path().into());
            }
            Err(refused) => {
                self.state.stats.refused += 1;
                self.log(Level::Info, "refused", None, || format!("{refused} path={}", request.path()));
            }
        }
        self.settle();
        result
    }

    fn try_open(&mut self, request: &mut Request) -> Result<ConnId, Refused> {
        if self.shutdown.is_some() {
            return Err(Refused::new(503, "Shutting down; try again soon").with_retry_after(5));
        }
        if self.state.conns.len() >= self.state.config.connections {
            return Err(Refused::new(503, "Too many connections; try again soon").with_retry_after(5));
        }
        let found = self.routes.channels.find(request.raw_path()).map_err(not_found)?;
        request.set_params(found.params);
        let join = Join { request, app: &self.app };
        let channel = match callback::contain(|| (found.value.make)(&join)) {
            Ok(made) => made?,
            Err(panic) => {
                self.state.stats.panics += 1;
                self.log(Level::Error, "panic in the maker of a channel", None, || panic);
                return Err(Refused::new(500, "Internal server error"));
            }
        };
        let limits = found.value.limits.clone();
        let now = self.state.now;
        let instance = self.state.instances.vacant_key() as u32;
        let conn = self.state.conns.insert(Conn {
            life: Life::Opening,
            instance,
            opened: now,
            active: now,
            limits,
            ending: None,
        });
        self.state.instances.insert(Instance { conn, timers: Vec::new() });
        if self.channels.len() <= instance as usize {
            self.channels.resize_with(instance as usize + 1, || None);
        }
        self.channels[instance as usize] = Some(channel);
        Ok(conn)
    }

    /// Answers a request that is no WebSocket.
    pub fn respond(&mut self, now: Time, mut request: Request) -> Response {
        self.advance(now);
        let response = self.try_respond(&mut request).unwrap_or_else(|refused| Response::from(&refused));
        self.settle();
        response
    }

    fn try_respond(&mut self, request: &mut Request) -> Result<Response, Refused> {
        let (pages, other) = match request.method() {
            Method::Post => (&self.routes.post, &self.routes.get),
            _ => (&self.routes.get, &self.routes.post),
        };
        let path = request.raw_path();
        let found = match pages.find(path) {
            Ok(found) => found,
            Err(RouteError::NotFound) if other.find(path).is_ok() => {
                let allow = if request.method() == Method::Post { "GET, HEAD" } else { "POST" };
                return Err(Refused { allow: Some(allow), ..Refused::new(405, "This path takes another method") });
            }
            Err(RouteError::NotFound) if self.routes.channels.find(path).is_ok() => {
                return Err(Refused::new(426, "This path is a WebSocket; open it with an upgrade"));
            }
            Err(error) => return Err(not_found(error)),
        };
        request.set_params(found.params);
        let rng = self.state.rng.clone();
        let result = callback::contain(|| {
            let mut scope = Scope { app: &self.app, state: &mut self.state, fx: &mut self.fx };
            (found.value)(&mut scope, request)
        });
        match self.finish(None, rng, result) {
            Ok(response) => Ok(response),
            Err(callback::Failure::Error(error)) => {
                self.log_error("a page failed", None, &error);
                Err(Refused::new(error.status(), alloc::string::String::from(error.message())))
            }
            Err(callback::Failure::Panic(panic)) => {
                self.log(Level::Error, "panic in a page", None, || panic);
                Err(Refused::new(500, "Internal server error"))
            }
        }
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Time, input: Input<'_, A::Event>) {
        self.advance(now);
        match input {
            Input::Opened { conn } => self.on_opened(conn),
            Input::Message { conn, message } => self.on_message(conn, message),
            Input::Ping { conn, bytes } => self.tell(conn, |channel, cx| channel.on_ping(cx, bytes)),
            Input::Pong { conn, bytes } => self.tell(conn, |channel, cx| channel.on_pong(cx, bytes)),
            Input::Sent(reports) => self.on_sent(reports),
            Input::Ended { conn, code, reason } => {
                self.count_if_ending(conn);
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
            match due {
                Due::Channel { instance, timer, at, every } => self.on_timer(instance, timer, at, every),
                Due::Linger(conn) => self.on_linger(conn),
                Due::Shutdown => self.on_shutdown_deadline(),
            }
            self.settle();
        }
    }

    /// The next thing to do, if any. What is returned borrows from the hub until the next call.
    pub fn poll_output(&mut self) -> Option<Output<'_, A::Effect>> {
        self.out.poll()
    }

    /// When [`Hub::handle_timeout`] has to be called at the latest. O(1).
    pub fn poll_timeout(&self) -> Option<Time> {
        self.state.timers.next()
    }

    /// What the hub has counted.
    pub fn stats(&self) -> &Stats {
        &self.state.stats
    }

    /// The application's shared state.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// What this connection may do; for an id that is gone, nothing.
    pub fn limits(&self, conn: ConnId) -> &Arc<Limits> {
        self.state.limits(conn)
    }

    /// The wire bytes that wait in the hub for a connection.
    pub fn waiting(&self, conn: ConnId) -> usize {
        if self.state.conns.get(conn).is_some() { self.state.flow.waiting(conn.index()) } else { 0 }
    }

    /// How many are in a room.
    pub fn count(&self, room: &str) -> usize {
        self.state.rooms.conns(room).len()
    }

    fn advance(&mut self, now: Time) {
        self.state.now = self.state.now.max(now);
    }

    /// Tells callbacks what is left to tell, until nothing is.
    fn settle(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Close { instance, code, reason } => self.finish_instance(instance, code, &reason),
                Work::Event { instance, conn, event } => {
                    let current = self.state.instances.get(instance as usize).is_some_and(|found| found.conn == conn);
                    if current && self.state.is_open(conn) {
                        self.call(instance, |channel, cx| channel.on_event(cx, &event));
                    }
                }
            }
        }
        self.state.count();
    }

    /// Takes a step in a connection's life; `None`, and counted, if it comes too late.
    fn step(&mut self, conn: ConnId, step: Step) -> Option<Next> {
        let next = self.state.conns.get_mut(conn).map_or(Next::Stale, |found| {
            let next = found.life.after(step);
            if let Next::To(life) = next {
                found.life = life;
            }
            next
        });
        if next == Next::Stale {
            self.state.stats.stale += 1;
            return None;
        }
        Some(next)
    }

    fn on_opened(&mut self, conn: ConnId) {
        if self.step(conn, Step::Opened).is_none() {
            return;
        }
        self.state.stats.opened += 1;
        self.state.flow.open(conn.index());
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        match self.run(instance, |channel, cx| channel.on_connect(cx)) {
            Ok(()) => {}
            Err(callback::Failure::Error(error)) => {
                self.log_error("refused", Some(conn), &error);
                let default = if error.detail().is_some() { 1011 } else { 1008 };
                // It never was connected, so it is not told that it was closed.
                self.drop_channel(instance);
                self.end_with(conn, error.close_code().unwrap_or(default), error.message());
            }
            Err(failure) => self.on_failure(conn, instance, failure),
        }
    }

    fn on_message(&mut self, conn: ConnId, message: Message<'_>) {
        let bytes = match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        if self.state.is_open(conn) {
            self.state.stats.messages_in += 1;
            self.state.stats.bytes_in += bytes as u64;
        }
        self.tell(conn, |channel, cx| match message {
            Message::Text(text) => channel.on_message(cx, text),
            Message::Binary(bytes) => channel.on_binary(cx, bytes),
        });
    }

    /// Calls back the channel of a connection on which something came in.
    fn tell(
        &mut self,
        conn: ConnId,
        call: impl FnOnce(&mut dyn Channel<A>, &mut crate::Context<'_, A>) -> crate::Result,
    ) {
        if self.step(conn, Step::Input).is_none() {
            return;
        }
        let now = self.state.now;
        if let Some(found) = self.state.conns.get_mut(conn) {
            found.active = now;
            let instance = found.instance;
            self.call(instance, call);
        }
    }

    fn on_timer(&mut self, instance: u32, timer: Timer, at: Time, every: Option<Duration>) {
        let Some(found) = self.state.instances.get_mut(instance as usize) else { return };
        found.timers.retain(|(set, _)| *set != timer);
        if let Some(every) = every {
            let late = self.state.now.saturating_since(at).as_micros() % every.as_micros().max(1);
            let next = every.saturating_sub(Duration::from_micros(late as u64));
            self.state.set_timer(instance, timer, next, Some(every));
        }
        self.state.stats.timers_fired += 1;
        self.call(instance, |channel, cx| channel.on_timer(cx, timer));
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
        if self.state.conns.get(conn).is_none_or(|found| found.ending.is_some()) {
            self.state.stats.stale += 1;
        }
    }

    fn on_command(&mut self, command: Command) {
        if let Command::Send { frame, .. } | Command::Broadcast { frame, .. } | Command::All { frame, .. } = &command
            && !frame.is_valid()
        {
            self.log(Level::Error, "a frame that is none was not sent", None, || {
                "text has to be UTF-8, and a ping at most 125 bytes".into()
            });
            return;
        }
        match command {
            Command::Send { conn, frame } => {
                if !self.state.is_open(conn) {
                    self.state.stats.stale += 1;
                }
                self.send_one(conn, &frame);
            }
            Command::Broadcast { rooms, except, frame } => self.broadcast(&rooms, &except, &frame),
            Command::All { except, frame } => self.broadcast_all(&except, &frame),
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
        if level < self.state.config.log {
            return;
        }
        let second = self.state.now.as_micros() / 1_000_000;
        if self.logged.0 != second {
            self.logged = (second, 0);
        }
        self.logged.1 += 1;
        if self.logged.1 > LOG_RATE {
            self.state.stats.unlogged += 1;
            return;
        }
        let detail = Some(detail()).filter(|detail| !detail.is_empty());
        self.out.push(Item::Log(Record { at: self.state.now, level, conn, what, detail }));
    }

    fn log_error(&mut self, what: &'static str, conn: Option<ConnId>, error: &crate::Error) {
        match error.detail() {
            Some(detail) => self.log(Level::Error, what, conn, || detail.into()),
            None => self.log(Level::Debug, what, conn, || error.message().into()),
        }
    }
}

fn not_found(error: RouteError) -> Refused {
    Refused::new(error.status(), format!("{error}"))
}
