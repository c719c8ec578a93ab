//! A hub with a clock, channels that do what a test says, and a notebook of what everyone was told and sent.

// Each test file uses a part of it, and is a crate of its own.
#![allow(dead_code, unreachable_pub)]

pub mod cluster;
pub mod components;
pub mod mirror;
pub mod net;

use lazuli::log::{Level, Record};
use lazuli::{
    App, Batch, Cause, Channel, Config, ConnId, Context, Frame, Hub, Input, Join, Kind, Limits, Message, Node, Output,
    Position, Refused, Request, Response, Result, Routes, Scope, Session, Stats, Time, Timer, Timestamp,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The application: a number, a list, and whatever a test hands in.
#[derive(Default)]
pub struct TestApp {
    pub value: u64,
    pub words: Vec<String>,
}

/// An effect; this word makes it panic when it is dropped.
#[derive(Debug, PartialEq)]
pub struct Order(pub String);

pub const BOMB: &str = "panics when dropped";

impl Drop for Order {
    fn drop(&mut self) {
        if self.0 == BOMB {
            self.0.clear();
            panic!("{BOMB}");
        }
    }
}

type Job = Box<dyn Fn(&mut Scope<'_, TestApp>) -> Result + Send + Sync>;

pub enum Event {
    /// For the application: done in its `on_event`.
    Job(Job),
    /// For channels.
    Word(&'static str),
}

pub fn job(job: impl Fn(&mut Scope<'_, TestApp>) -> Result + Send + Sync + 'static) -> Event {
    Event::Job(Box::new(job))
}

impl App for TestApp {
    type Event = Event;
    type Effect = Order;

    fn on_event(&self, cx: &mut Scope<'_, Self>, event: Event) -> Result {
        match event {
            Event::Job(job) => job(cx),
            Event::Word(word) => {
                cx.update(move |app| app.words.push(word.into()));
                Ok(())
            }
        }
    }
}

pub type Cx<'a> = Context<'a, TestApp>;
type Step = Box<dyn FnOnce(&mut Cx<'_>) -> Result + Send>;
type Hook = Arc<dyn Fn(&mut Cx<'_>, &str) -> Result + Send + Sync>;

/// What probes do, and what they were told.
#[derive(Default)]
pub struct Script {
    next: Mutex<Option<Step>>,
    hooks: Mutex<BTreeMap<&'static str, Hook>>,
    told: Mutex<Vec<(ConnId, String)>>,
    /// How many probes were dropped.
    pub dropped: Mutex<usize>,
}

impl Script {
    /// From now on, this callback of every probe does this, and gets what it was told as text.
    pub fn on(&self, callback: &'static str, hook: impl Fn(&mut Cx<'_>, &str) -> Result + Send + Sync + 'static) {
        self.hooks.lock().unwrap().insert(callback, Arc::new(hook));
    }

    /// What the next probe that gets a text message does instead.
    pub fn next(&self, step: impl FnOnce(&mut Cx<'_>) -> Result + Send + 'static) {
        *self.next.lock().unwrap() = Some(Box::new(step));
    }

    /// Who was told what since the last time.
    pub fn told(&self) -> Vec<(ConnId, String)> {
        mem::take(&mut self.told.lock().unwrap())
    }

    pub fn tell(&self, cx: &mut Cx<'_>, callback: &'static str, what: &str) -> Result {
        self.told.lock().unwrap().push((cx.conn(), format!("{callback} {what}").trim_end().into()));
        // The lock is gone before the hook runs, which may panic.
        let hook = self.hooks.lock().unwrap().get(callback).cloned();
        hook.map_or(Ok(()), |hook| hook(cx, what))
    }
}

/// A channel that notes what it is told.
pub struct Probe(pub Arc<Script>);

impl Drop for Probe {
    fn drop(&mut self) {
        *self.0.dropped.lock().unwrap() += 1;
    }
}

impl Channel<TestApp> for Probe {
    fn on_connect(&mut self, cx: &mut Cx<'_>) -> Result {
        self.0.tell(cx, "connect", "")
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, text: &str) -> Result {
        let step = self.0.next.lock().unwrap().take();
        match step {
            Some(step) => step(cx),
            None => self.0.tell(cx, "message", text),
        }
    }

    fn on_binary(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.tell(cx, "binary", &format!("{bytes:?}"))
    }

    fn on_batch(&mut self, cx: &mut Cx<'_>, batch: &Batch<'_>) -> Result {
        let step = self.0.next.lock().unwrap().take();
        if let Some(step) = step {
            return step(cx);
        }
        let all: Vec<String> = batch
            .iter()
            .map(|message| match message {
                Message::Text(text) => text.into(),
                Message::Binary(bytes) => format!("{bytes:?}"),
            })
            .collect();
        assert_eq!(all.len(), batch.len());
        self.0.tell(cx, "batch", &all.join(","))
    }

    fn on_ping(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.tell(cx, "ping", &format!("{bytes:?}"))
    }

    fn on_pong(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.tell(cx, "pong", &format!("{bytes:?}"))
    }

    fn on_close(&mut self, cx: &mut Cx<'_>, code: u16, reason: &str) -> Result {
        self.0.tell(cx, "close", &format!("{code} {reason}"))
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        self.0.tell(cx, "timer", &format!("{} {}", timer.name, timer.number))
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event) -> Result {
        match event {
            Event::Word(word) => self.0.tell(cx, "event", word),
            Event::Job(_) => Ok(()),
        }
    }
}

/// A channel with nothing but what has to be written.
pub struct Minimal;

impl Channel<TestApp> for Minimal {
    fn on_message(&mut self, cx: &mut Cx<'_>, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}
/// The default limits without heartbeats, for tests in which nothing but what they do themselves has a deadline.
pub fn quiet() -> Limits {
    Limits { heartbeat: None, ..Limits::default() }
}

/// `/probe` and `/chat/:room/:seat` are probes, `/minimal` has only `on_message`, `/members` refuses, `/broken` panics;
/// `/spark` is a Spark socket, for at most five channels.
pub fn routes(script: &Arc<Script>, limits: Limits) -> Routes<TestApp> {
    let mut routes = Routes::new();
    let probe = |script: &Arc<Script>| {
        let script = script.clone();
        move |_: &Join<'_, TestApp>| Ok(Probe(script.clone()))
    };
    routes.channel_with("/probe", limits.clone(), probe(script)).unwrap();
    routes
        .channel_with("/chat/:room/:seat", limits, {
            let script = script.clone();
            move |join: &Join<'_, TestApp>| {
                if join.param("seat") == "taken" {
                    return Err(Refused::new(409, format!("The seat in {} is taken", join.param("room"))));
                }
                Ok(Probe(script.clone()))
            }
        })
        .unwrap();
    routes.channel("/minimal", |_| Ok(Minimal)).unwrap();
    routes.channel("/members", |_| Err::<Minimal, _>(Refused::new(403, "Members only"))).unwrap();
    routes.channel("/broken", |_| -> Result<Minimal, Refused> { panic!("no channel today") }).unwrap();
    routes.get("/page", |_, _| Ok(Response::text("page"))).unwrap();
    routes.spark_with("/spark", Limits { heartbeat: None, channels: 5, ..Limits::spark() }, session).unwrap();
    routes
}

/// What a Spark socket is allowed: as it asks for in its query.
fn session(join: &Join<'_, TestApp>) -> Result<Session, Refused> {
    let expires = join.query("expires").and_then(|seconds| seconds.parse::<u64>().ok());
    let expires =
        expires.map(|seconds| Timestamp::from_unix_micros(join.timestamp().as_unix_micros() + seconds * 1_000_000));
    match join.query("user") {
        Some("nobody") => Err(Refused::new(401, "Who are you?")),
        user => Ok(Session { user: user.map(String::from), expires }),
    }
}

fn without_time(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("timestamp");
        fields.values_mut().for_each(|field| *field = without_time(field.take()));
    }
    value
}

/// A decided close: the last output of its connection.
#[derive(Debug, PartialEq)]
pub struct Close {
    pub conn: ConnId,
    pub code: u16,
    pub reason: String,
    pub by: Time,
}

/// What the hub asked of the backplane.
#[derive(Clone, Debug, PartialEq)]
pub enum Bus {
    Publish(String, Vec<u8>),
    Subscribe(String, Option<Position>),
    Unsubscribe(String),
}

/// A hub and all that is around it.
pub struct World {
    pub hub: Hub<TestApp>,
    pub script: Arc<Script>,
    pub now: Time,
    /// Whether everything is reported as written at once; otherwise it adds up in `unreported`.
    pub fast: bool,
    pub unreported: BTreeMap<ConnId, u32>,
    got: BTreeMap<ConnId, Vec<String>>,
    /// All sends in order: to whom, and what.
    pub sends: Vec<(Vec<ConnId>, Frame)>,
    pub closes: Vec<Close>,
    pub effects: Vec<String>,
    pub logs: Vec<Record>,
    pub bus: Vec<Bus>,
    pub drained: usize,
}

impl Default for World {
    fn default() -> Self {
        World::new(Config::default(), quiet())
    }
}

pub fn backplane(node: u64) -> Config {
    Config { backplane: Some(Node(node)), ..Config::default() }
}

impl World {
    pub fn new(config: Config, limits: Limits) -> World {
        let script = Arc::new(Script::default());
        let routes = routes(&script, limits);
        World::with(config, routes, script)
    }

    pub fn with(config: Config, routes: Routes<TestApp>, script: Arc<Script>) -> World {
        let wall = config.wall.max(Timestamp::from_unix_micros(1_000_000_000_000_000));
        let config = Config { wall, log: Level::Debug, ..config };
        let mut world = World {
            hub: Hub::new(config, routes, TestApp::default()),
            script,
            now: Time::ZERO,
            fast: true,
            unreported: BTreeMap::new(),
            got: BTreeMap::new(),
            sends: Vec::new(),
            closes: Vec::new(),
            effects: Vec::new(),
            logs: Vec::new(),
            bus: Vec::new(),
            drained: 0,
        };
        world.drain();
        world
    }

    pub fn request(&mut self, target: &str) -> Result<ConnId, Refused> {
        let request = Request::get(target).unwrap();
        let result = self.hub.open(self.now, request);
        self.drain();
        result
    }

    /// An accepted connection whose upgrade is under way.
    pub fn accept(&mut self) -> ConnId {
        self.request("/probe").unwrap()
    }

    /// An open connection of a probe.
    pub fn open(&mut self) -> ConnId {
        let conn = self.accept();
        self.input(Input::Opened { conn });
        conn
    }

    pub fn open_at(&mut self, target: &str) -> ConnId {
        let conn = self.request(target).unwrap();
        self.input(Input::Opened { conn });
        conn
    }

    /// An open connection that is in this room.
    pub fn member(&mut self, room: &'static str) -> ConnId {
        let conn = self.open();
        self.join(conn, room);
        conn
    }

    pub fn join(&mut self, conn: ConnId, room: &'static str) {
        self.run(conn, move |cx| {
            cx.join(room);
            Ok(())
        });
    }

    /// Does something in a callback of this connection's channel.
    pub fn run(&mut self, conn: ConnId, step: impl FnOnce(&mut Cx<'_>) -> Result + Send + 'static) {
        self.script.next(step);
        self.message(conn, "");
        assert!(self.script.next.lock().unwrap().take().is_none(), "the step was not run: is {conn} open?");
    }

    /// Does something in a callback of the application.
    pub fn job(&mut self, step: impl Fn(&mut Scope<'_, TestApp>) -> Result + Send + Sync + 'static) {
        self.input(Input::App(job(step)));
    }

    /// Sends JSON over a Spark socket.
    pub fn say(&mut self, socket: ConnId, value: Value) {
        self.message(socket, &value.to_string());
    }

    /// What a Spark socket got since the last time, without timestamps.
    pub fn heard(&mut self, socket: ConnId) -> Vec<Value> {
        let got = self.got(socket);
        got.iter().map(|text| without_time(serde_json::from_str(text).unwrap_or_else(|_| json!(text)))).collect()
    }

    pub fn message(&mut self, conn: ConnId, text: &str) {
        self.input(Input::Message { conn, message: Message::Text(text) });
    }

    pub fn closed(&mut self, conn: ConnId, cause: Cause<'_>) {
        self.input(Input::Closed { conn, cause });
    }

    pub fn input(&mut self, input: Input<'_, Event>) {
        self.hub.handle(self.now, input);
        self.drain();
    }

    /// Reports bytes as written.
    pub fn sent(&mut self, conn: ConnId, bytes: u32) {
        self.input(Input::Sent(&[(conn, bytes)]));
    }

    /// Lets time pass, and does all that becomes due, each at its time.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.timeout();
        }
        self.now = until;
    }

    /// Handles the timeout now.
    pub fn timeout(&mut self) {
        self.hub.handle_timeout(self.now);
        let next = self.hub.poll_timeout();
        assert!(next.is_none_or(|next| next > self.now), "{next:?} is not after {:?}", self.now);
        self.drain();
    }

    pub fn shutdown(&mut self, within: Duration) {
        self.hub.shutdown(self.now, self.now + within);
        self.drain();
    }

    /// Takes all outputs, and reports what a fast transport would have written.
    pub fn drain(&mut self) {
        loop {
            let before = self.sends.len();
            self.poll();
            if !self.fast || self.sends.len() == before {
                return;
            }
            let reports: Vec<(ConnId, u32)> = mem::take(&mut self.unreported).into_iter().collect();
            self.hub.handle(self.now, Input::Sent(&reports));
        }
    }

    fn poll(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Send { to, frame } => {
                    for conn in to {
                        assert!(self.closes.iter().all(|close| close.conn != *conn), "{conn} was closed before");
                        *self.unreported.entry(*conn).or_default() += frame.wire().len() as u32;
                        self.got.entry(*conn).or_default().push(shown(frame));
                    }
                    self.sends.push((to.to_vec(), frame.clone()));
                }
                Output::Close { conn, code, reason, by } => {
                    assert!(self.closes.iter().all(|close| close.conn != conn), "{conn} is closed twice");
                    self.got.entry(conn).or_default().push(format!("close {code} {reason}"));
                    self.unreported.remove(&conn);
                    self.closes.push(Close { conn, code, reason: reason.into(), by });
                }
                Output::Publish { topic, message } => self.bus.push(Bus::Publish(topic.into(), message.into())),
                Output::Subscribe { topic, after } => self.bus.push(Bus::Subscribe(topic.into(), after)),
                Output::Unsubscribe { topic } => self.bus.push(Bus::Unsubscribe(topic.into())),
                Output::App(order) => self.effects.push(order.0.clone()),
                Output::Log(record) => self.logs.push(record),
                Output::Drained => self.drained += 1,
            }
        }
    }

    /// What the connection got since the last time.
    pub fn got(&mut self, conn: ConnId) -> Vec<String> {
        self.got.remove(&conn).unwrap_or_default()
    }

    /// What the connection's channel was told since the last time (that of others is forgotten).
    pub fn told(&mut self, conn: ConnId) -> Vec<String> {
        self.script.told().into_iter().filter(|(of, _)| *of == conn).map(|(_, what)| what).collect()
    }

    pub fn stats(&self) -> &Stats {
        self.hub.stats()
    }

    /// Forgets what was noted so far.
    pub fn forget(&mut self) {
        self.script.told();
        self.got.clear();
        self.sends.clear();
        self.bus.clear();
        self.logs.clear();
        self.effects.clear();
    }
}

fn shown(frame: &Frame) -> String {
    match frame.kind() {
        Kind::Text => String::from_utf8(frame.payload().into()).unwrap(),
        Kind::Binary => format!("binary {:?}", frame.payload()),
        Kind::Ping => format!("ping {:?}", frame.payload()),
    }
}

/// The error envelope as the peer reads it, at the world's start.
pub fn envelope(message: &str, code: Option<&str>) -> String {
    let code = code.map_or(String::new(), |code| format!(r#","code":"{code}""#));
    format!(r#"{{"type":"error","message":"{message}"{code},"timestamp":"2001-09-09T01:46:40.000Z"}}"#)
}

pub fn internal() -> String {
    envelope("Internal server error", Some("INTERNAL_ERROR"))
}

/// Something that is no JSON.
pub struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
    }
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
