//! What is known of the clients, apart from how they are simulated: who they are, what they want done, what they have seen.

use super::{Client, Seen};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// All clients of a world. Tests see them through [`Client`]s, the simulation through its sessions.
#[derive(Default)]
pub(super) struct Party {
    pub(super) guests: Vec<Guest>,
    /// What clients are to do, in order; done before time passes.
    pub(super) orders: VecDeque<(usize, Order)>,
    /// What clients have heard and handlers have not.
    pub(super) news: VecDeque<(usize, News)>,
}

/// One client.
pub(super) struct Guest {
    pub(super) name: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) protocols: Vec<String>,
    /// Whether it asks for a WebSocket.
    pub(super) is_socket: bool,
    /// What it posts, if it does.
    pub(super) body: Option<String>,
    /// Whether it comes back when its connection is lost.
    pub(super) comes_back: bool,
    /// What it says first on each connection.
    pub(super) greetings: Vec<String>,
    pub(super) handlers: Handlers,
    /// Whether what it says without a connection waits for one.
    pub(super) is_patient: bool,
    /// Its session, from the request to the end.
    pub(super) session: Option<u32>,
    pub(super) is_open: bool,
    /// Whether it is to have a connection.
    pub(super) wants: bool,
    /// What it says once it has one.
    pub(super) waiting: VecDeque<Said>,
    pub(super) seen: Vec<Seen>,
    /// Where in `seen` its present connection begins.
    pub(super) since: usize,
    /// How it was sent away for good, as long as the test has not asked about it.
    pub(super) farewell: Option<Farewell>,
}

/// How a client was sent away.
#[derive(Clone, Copy, Debug)]
pub(super) enum Farewell {
    /// Its request was answered with this status, and not with a WebSocket.
    Answered(u16),
    /// Its connection was closed with this code.
    Closed(u16),
}

type OnChange = Rc<dyn Fn(&Client)>;
type OnText = Rc<dyn Fn(&Client, &str)>;
type OnAnswer = Rc<dyn Fn(&Client, u16, &str)>;

/// What is done when a client hears something.
#[derive(Clone, Default)]
pub(super) struct Handlers {
    pub(super) on_open: Option<OnChange>,
    pub(super) on_lost: Option<OnChange>,
    pub(super) on_text: Option<OnText>,
    pub(super) on_answer: Option<OnAnswer>,
}

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
}

/// What a client is to do.
#[derive(Debug)]
pub(super) enum Order {
    Connect,
    Say(Said),
    Close(u16),
    Reset,
    Vanish,
    Stall(Duration),
}

/// What a client has heard.
pub(super) enum News {
    Open,
    Lost,
    Answer(u16, String),
    Text(String),
}

impl Guest {
    pub(super) fn new(name: String, target: &str, is_socket: bool) -> Guest {
        Guest {
            name,
            target: target.into(),
            headers: Vec::new(),
            cookies: BTreeMap::new(),
            protocols: Vec::new(),
            is_socket,
            body: None,
            comes_back: is_socket,
            greetings: Vec::new(),
            handlers: Handlers::default(),
            is_patient: true,
            session: None,
            is_open: false,
            wants: true,
            waiting: VecDeque::new(),
            seen: Vec::new(),
            since: 0,
            farewell: None,
        }
    }

    /// Its request; `key` is that of the handshake.
    pub(super) fn request(&self, key: &str) -> String {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: simulated\r\n", self.target);
        let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        if self.is_socket {
            line("Upgrade", "websocket");
            line("Connection", "Upgrade");
            line("Sec-WebSocket-Version", "13");
            line("Sec-WebSocket-Key", key);
        }
        if !self.protocols.is_empty() {
            line("Sec-WebSocket-Protocol", &self.protocols.join(", "));
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            line("Cookie", &cookies.join("; "));
        }
        self.headers.iter().for_each(|(name, value)| line(name, value));
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() {
            line("Content-Length", &body.len().to_string());
        }
        head + "\r\n" + body
    }

    /// What it had to say and could not, for it was sent away, in words.
    pub(super) fn unsaid(&self) -> Option<String> {
        let farewell = self.farewell?;
        let was_there = self.seen.iter().any(|seen| matches!(seen, Seen::Opened { .. }));
        let greetings = self.greetings.iter().filter(|_| !was_there);
        // What was posted to a path that is none has reached nobody.
        let posted = self.body.iter().filter(|_| matches!(farewell, Farewell::Answered(404 | 405)));
        let mut texts = greetings.chain(posted).map(|text| format!("{text:.60?}")).collect::<Vec<_>>();
        texts.extend(self.waiting.iter().map(|said| match said {
            Said::Text(text) => format!("{text:.60?}"),
            Said::Binary(bytes) => format!("{} bytes", bytes.len()),
        }));
        let (first, more) = (texts.first()?, texts.len() - 1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (how, asks) = match farewell {
            Farewell::Answered(status) if status < 400 => (format!("answered with {status}"), "answer"),
            Farewell::Answered(status) => (format!("refused with {status}"), "answer"),
            Farewell::Closed(code) => (format!("closed with {code}"), "closed"),
        };
        let name = &self.name;
        Some(format!("{name} was {how} and could not say {first}{more} (a test that means it to asks for `{asks}()`)"))
    }
}
