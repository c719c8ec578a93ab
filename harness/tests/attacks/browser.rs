//! A browser as far as components need one: a page with its cookie, and the socket that it opens.

use crate::Trouble;
use crate::peer::{Opened, Peer, connect, exchange};
use lazuli_harness::dom::{Dom, Selector};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A page that shows a component.
pub struct Page {
    pub html: String,
    /// What names the browser's session.
    pub cookie: String,
    /// What names the component.
    pub token: String,
}

/// Loads a page, as a browser does that has this cookie.
pub fn load(addr: SocketAddr, path: &str, cookie: Option<&str>) -> Result<Page, Trouble> {
    let sent = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{sent}Connection: close\r\n\r\n");
    let answer = exchange(addr, request.as_bytes())?;
    if answer.status != 200 {
        return Err(format!("{path} was answered with {answer:?}").into());
    }
    let set = answer.head.lines().find_map(|line| line.strip_prefix("Set-Cookie: "));
    let set = set.and_then(|line| line.split(';').next()).map(str::to_owned);
    let cookie = set.or(cookie.map(str::to_owned)).ok_or("a page without a session")?;
    let dom = Dom::document(&answer.body);
    let shown = dom.select(Dom::ROOT, &Selector::parse("[data-spark]")?);
    let token =
        shown.first().and_then(|element| dom.attribute(*element, "data-spark")).ok_or("a page without a token")?;
    Ok(Page { token: token.to_owned(), html: answer.body, cookie })
}

/// A Spark socket with the cookie of a page, and what came on it that was no answer.
pub struct Browser {
    pub peer: Peer,
    pub heard: Vec<Value>,
    asked: u64,
}

impl Browser {
    pub fn open(addr: SocketAddr, path: &str, cookie: Option<&str>) -> Result<Browser, Trouble> {
        let headers: Vec<(&str, &str)> = cookie.iter().map(|cookie| ("Cookie", *cookie)).collect();
        match Peer::ask(connect(addr)?, addr, path, &headers)? {
            Opened::Yes(peer) => Ok(Browser { peer: *peer, heard: Vec::new(), asked: 0 }),
            Opened::No(status, _) => Err(format!("{path} was refused with {status}").into()),
        }
    }

    /// A board that is mounted, and the number of its component.
    pub fn with_board(addr: SocketAddr) -> Result<(Browser, Page, u64), Trouble> {
        let page = load(addr, "/board", None)?;
        let mut browser = Browser::open(addr, "/spark", Some(&page.cookie))?;
        let number = browser.mounts(&page.token)?;
        Ok((browser, page, number))
    }

    /// Sends a message with a `ref`: its reply. What else comes is kept.
    pub fn asks(&mut self, mut message: Value) -> Result<Value, Trouble> {
        self.asked += 1;
        message["ref"] = json!(self.asked);
        self.peer.send(message.to_string())?;
        loop {
            let answer = self.peer.json()?;
            if answer["ref"] == self.asked && answer["type"] == "reply" {
                return Ok(answer);
            }
            self.heard.push(answer);
        }
    }

    /// Sends a text as it is: the error that comes of it. What else comes is kept.
    pub fn says(&mut self, text: &str) -> Result<Value, Trouble> {
        self.peer.send(text)?;
        loop {
            let answer = self.peer.json()?;
            if answer["type"] == "error" {
                return Ok(answer);
            }
            if answer["type"] == "reply" && answer["status"] == "error" {
                return Ok(answer["payload"].clone());
            }
            if answer["type"] == "reply" {
                return Err(format!("it was answered with {answer}").into());
            }
            self.heard.push(answer);
        }
    }

    pub fn mount(&mut self, token: &str) -> Result<Value, Trouble> {
        self.asks(json!({ "type": "component_mount", "token": token }))
    }

    pub fn mounts(&mut self, token: &str) -> Result<u64, Trouble> {
        let reply = self.mount(token)?;
        reply["payload"][0].as_u64().ok_or_else(|| format!("a mount was answered with {reply}").into())
    }

    pub fn event(&mut self, number: u64, event: &str, data: Value) -> Result<Value, Trouble> {
        self.asks(json!({ "type": "component_event", "component_id": number, "event": event, "data": data }))
    }

    /// What the component shows, as a whole: the values that it was never told are there as well.
    pub fn shows(&mut self, number: u64) -> Result<Value, Trouble> {
        let before = self.heard.len();
        self.asks(json!({ "type": "component_resync", "component_id": number }))?;
        loop {
            let whole = self.heard[before..].iter().find_map(|frame| whole(frame, number));
            if let Some(whole) = whole {
                return Ok(whole.clone());
            }
            let next = self.peer.json()?;
            self.heard.push(next);
        }
    }

    /// The component takes events, and its state is what its own events made it: so much is counted, and nobody rules.
    pub fn counts(&mut self, number: u64, count: i64) -> Result<(), Trouble> {
        let reply = self.event(number, "add", json!({ "by": 0 }))?;
        let whole = self.shows(number)?;
        let (rules, counted) = (&whole[2], &whole[whole.as_array().map_or(0, Vec::len) - 1]);
        if reply["status"] == "ok" && *counted == count && rules.is_null() {
            return Ok(());
        }
        Err(format!("a component that should count {count} answered {reply}, and shows {whole}").into())
    }
}

/// The patch of a whole component, if a frame has it among others.
fn whole(frame: &Value, number: u64) -> Option<&Value> {
    let mut pairs = frame.as_array()?.chunks_exact(2);
    pairs.find(|pair| pair[0] == number && pair[1][0] == -6).map(|pair| &pair[1])
}
