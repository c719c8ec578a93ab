//! All that one site and its visitors are: the server, the clock, what browsers and clients hold.

use super::Failed;
use super::server::{Heard, Server};
use super::tab::Tab;
use crate::dom::{Misfit, Template, Templates};
use lazuli::{ConnId, Frame, Kind, Message, Request, Response, Time};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// What a connection was sent.
pub(super) enum Sent {
    Frame(Frame),
    Closed(u16, String),
}

pub(super) struct World {
    pub(super) server: Rc<RefCell<dyn Server>>,
    pub(super) now: Time,
    /// So long it may take until a page shows what has happened.
    patches: Duration,
    /// The cookies of each session.
    pub(super) jars: Vec<BTreeMap<String, String>>,
    pub(super) tabs: BTreeMap<usize, Tab>,
    last_tab: usize,
    /// What connections were sent and nobody has read. Only those have an entry that are open, or not read to their end.
    pub(super) inboxes: BTreeMap<ConnId, VecDeque<Sent>>,
    templates: Templates,
    pub(super) trace: Vec<String>,
}

impl World {
    pub(super) fn new(server: Rc<RefCell<dyn Server>>, patches: Duration) -> World {
        World {
            server,
            now: Time::ZERO,
            patches,
            jars: vec![BTreeMap::new()],
            tabs: BTreeMap::new(),
            last_tab: 0,
            inboxes: BTreeMap::new(),
            templates: Templates::default(),
            trace: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, who: &str, what: &str) {
        self.trace.push(format!("{:>10} {who} {what}", self.now.as_micros()));
    }

    pub(super) fn add_tab(&mut self, tab: Tab) -> usize {
        self.last_tab += 1;
        self.tabs.insert(self.last_tab, tab);
        self.last_tab
    }

    /// Hands a tab out, which is not looked after meanwhile.
    pub(super) fn with_tab<T>(&mut self, id: usize, run: impl FnOnce(&mut World, &mut Tab) -> T) -> Option<T> {
        let mut tab = self.tabs.remove(&id)?;
        let result = run(self, &mut tab);
        self.tabs.insert(id, tab);
        Some(result)
    }

    /// Asks for a page with the cookies of a session, and keeps those that come.
    pub(super) fn get(&mut self, jar: usize, target: &str) -> Result<Response, Failed> {
        let request = self.request(jar, target)?;
        let response = self.server.borrow_mut().respond(self.now, request);
        self.note("http", &format!("GET {target}: {}", response.status_code()));
        for (name, value) in response.headers() {
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            if attributes.to_ascii_lowercase().contains("max-age=0") {
                self.jars[jar].remove(name.trim());
            } else {
                self.jars[jar].insert(name.trim().into(), value.trim().into());
            }
        }
        self.collect();
        Ok(response)
    }

    pub(super) fn request(&self, jar: usize, target: &str) -> Result<Request, Failed> {
        let bad = |what: String| Failed(format!("{target:?} cannot be asked for: {what}"));
        let request = Request::get(target).map_err(|error| bad(error.to_string()))?;
        let cookies: Vec<String> = self.jars[jar].iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() {
            return Ok(request);
        }
        request.with_header("Cookie", &cookies.join("; ")).map_err(|error| bad(error.to_string()))
    }

    /// Opens a WebSocket.
    pub(super) fn open(&mut self, jar: usize, target: &str) -> Result<ConnId, Failed> {
        let request = self.request(jar, target)?;
        let opened = self.server.borrow_mut().open(self.now, request);
        let conn = opened.map_err(|refused| Failed(format!("the WebSocket {target} was refused: {refused}")))?;
        self.note("socket", &format!("{target} is open"));
        self.inboxes.insert(conn, VecDeque::new());
        self.collect();
        Ok(conn)
    }

    pub(super) fn say(&mut self, conn: ConnId, message: Message<'_>) {
        if let Message::Text(text) = message {
            self.note(">", text);
        }
        self.server.borrow_mut().message(self.now, conn, message);
        self.collect();
    }

    /// A connection ends from the client's side. What it was sent and has not read is lost.
    pub(super) fn hang_up(&mut self, conn: ConnId, code: Option<u16>) {
        if self.inboxes.remove(&conn).is_some() {
            self.note("socket", &format!("ends with {code:?}"));
            self.server.borrow_mut().close(self.now, conn, code);
            self.collect();
        }
    }

    /// Puts what the server has said where it belongs.
    pub(super) fn collect(&mut self) {
        let heard = self.server.borrow_mut().drain(self.now);
        for heard in heard {
            match heard {
                Heard::Log(record) => self.note("log", &format!("{} {record}", record.level)),
                Heard::Frame(conn, frame) => {
                    let text = if frame.kind() == Kind::Text {
                        String::from_utf8_lossy(frame.payload())
                    } else {
                        "binary".into()
                    };
                    self.note("<", &text);
                    if let Some(inbox) = self.inboxes.get_mut(&conn) {
                        inbox.push_back(Sent::Frame(frame));
                    }
                }
                Heard::Closed(conn, code, reason) => {
                    self.note("socket", &format!("is closed with {code} {reason}"));
                    if let Some(inbox) = self.inboxes.get_mut(&conn) {
                        inbox.push_back(Sent::Closed(code, reason));
                    }
                }
            }
        }
    }

    /// Until every page has read what it was sent, and done what that asks for.
    pub(super) fn settle(&mut self) {
        self.collect();
        loop {
            let ids: Vec<usize> = self.tabs.keys().copied().collect();
            let busy =
                ids.into_iter().filter(|id| self.with_tab(*id, |world, tab| tab.read(world)) == Some(true)).count();
            if busy == 0 {
                return;
            }
        }
    }

    /// Time passes, from one thing that happens to the next.
    pub(super) fn wait(&mut self, time: Duration) {
        self.settle();
        let until = self.now + time;
        loop {
            let server = self.server.borrow().next_timeout();
            let tabs = self.tabs.values().filter_map(Tab::next_timeout).min();
            let next = server.into_iter().chain(tabs).min().filter(|at| *at <= until);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            if server.is_some_and(|at| at <= self.now) {
                self.server.borrow_mut().timeout(self.now);
            }
            let ids: Vec<usize> = self.tabs.keys().copied().collect();
            for id in ids {
                self.with_tab(id, |world, tab| tab.timeout(world));
            }
            self.settle();
        }
        self.now = until;
    }

    /// What somebody did is done: time passes until every page shows it, and then all pages are checked.
    #[track_caller]
    pub(super) fn step(&mut self) {
        self.wait(self.patches);
        let ids: Vec<usize> = self.tabs.keys().copied().collect();
        for id in ids {
            let checked = self.with_tab(id, |world, tab| tab.check(world));
            if let Some(Err(wrong)) = checked {
                let page = self.tabs.get(&id).map(|tab| tab.describe()).unwrap_or_default();
                panic!("{wrong}\n{page}\nwhat was said last:\n{}", self.last_words());
            }
        }
    }

    /// The end of the trace.
    fn last_words(&self) -> String {
        self.trace[self.trace.len().saturating_sub(12)..].join("\n")
    }

    /// A template by its name: one that is known, or the server's.
    pub(super) fn template(&mut self, spark: &str, name: &str) -> Result<Rc<Template>, Misfit> {
        if let Some(known) = self.templates.get(name) {
            return Ok(known);
        }
        let response = self.get(0, &format!("{}/t/{name}", spark.split('?').next().unwrap_or_default()));
        match response {
            Ok(response) if response.status_code() == 200 => {
                self.templates.add(name, &String::from_utf8_lossy(response.body()))
            }
            _ => Err(Misfit::new(format!("the server does not give the template {name:?}"))),
        }
    }
}
