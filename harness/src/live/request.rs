//! How browsers load pages and open sockets.

use super::World;
use super::browser::{Page, Part, Session, Socket};
use crate::app::live::page_path;
use crate::dom::{Dom, NodeId};
use crate::oracle::{Check, Oracle, complain};
use lazuli::Time;

impl World {
    /// A new session of a browser, and its request.
    fn ask_for(&mut self, number: usize, target: &str, is_socket: bool) -> u32 {
        self.operations += 1;
        let is_slow = is_socket && self.net.kernel.rng.chance(self.faults.slow_reader) && !self.net.healed;
        let session = self.visit(is_slow, Session { browser: number, is_socket, offered: 0, largest: 0 });
        let cookie = self.crowd.browsers[number].cookie.as_ref().map(|cookie| format!("; lazuli_session={cookie}"));
        let upgrade = if is_socket {
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n"
        } else {
            ""
        };
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: simulated\r\nCookie: sim={session}{}\r\n{upgrade}\r\n",
            cookie.unwrap_or_default()
        );
        self.net.kernel.step("visit", session.into(), || format!("browser {number}: session {session}, {target}"));
        self.net.send(self.visits[session as usize].link, request.as_bytes());
        session
    }

    /// A browser asks for a page, in place of the one that it has.
    pub(super) fn load(&mut self, number: usize) {
        self.drop_page(number);
        let count = self.net.kernel.rng.between(1, self.crowd.plan.parts);
        let rng = &mut self.net.kernel.rng;
        let habits = &self.crowd.plan.habits;
        let kinds: Vec<u64> = (0..count).map(|_| rng.weighted(&habits.kinds) as u64).collect();
        let trouble: Vec<u8> =
            (0..count).map(|_| if rng.chance(habits.trouble) { rng.between(1, 3) as u8 } else { 0 }).collect();
        let target = page_path(self.crowd.places, rng.below(1 << 20), &kinds, &trouble);
        self.crowd.places += count as u32;
        let session = self.ask_for(number, &target, false);
        self.crowd.browsers[number].loading = Some((session, self.now()));
    }

    pub(super) fn open_socket(&mut self, number: usize) {
        let session = self.ask_for(number, "/spark", true);
        self.crowd.browsers[number].socket = Some(Socket::new(session));
    }

    /// The page is left, and its socket with it.
    pub(super) fn drop_page(&mut self, number: usize) {
        self.crowd.browsers[number].page = None;
        if let Some(session) = self.crowd.browsers[number].socket.as_ref().map(|socket| socket.session) {
            self.crowd.browsers[number].forget_socket();
            match self.net.kernel.rng.below(3) {
                0 => self.break_off(session),
                _ => self.say_goodbye(session),
            }
        }
    }

    /// A page has come.
    pub(super) fn page_came(&mut self, session: u32, body: &[u8]) -> Check {
        let number = self.visits[session as usize].own.browser;
        let now = self.now();
        let Some((_, asked)) = self.crowd.browsers[number].loading.take_if(|(loading, _)| *loading == session) else {
            return Ok(());
        };
        let dom = Dom::document(&String::from_utf8_lossy(body));
        let parts: Result<Vec<Part>, String> = dom
            .descendants(Dom::ROOT)
            .filter(|node| dom.attribute(*node, "data-spark").is_some())
            .map(|host| part(&dom, host))
            .collect();
        let parts = parts.or_else(|what| complain(Oracle::Dom, what))?;
        let browser = &mut self.crowd.browsers[number];
        browser.page = Some(Page { dom, parts, asked, came: now });
        Ok(())
    }

    /// Until when tokens of a page hold for sure, and from when on they do not: their time is in whole seconds.
    pub(super) fn token_times(&self, page: &Page) -> (Time, Time) {
        let second = std::time::Duration::from_secs(1);
        let life = self.crowd.plan.config.token_life;
        (page.asked + life.saturating_sub(second), page.came + life + second)
    }
}

fn part(dom: &Dom, host: NodeId) -> Result<Part, String> {
    let attribute = |node, name| dom.attribute(node, name).map(str::to_owned).ok_or(format!("a page lacks {name}"));
    let main = dom.parent(host).ok_or("a component is nowhere")?;
    let shape = attribute(host, "data-shape")?;
    Ok(Part {
        host,
        place: attribute(main, "data-place")?.parse().map_err(|_| "a place is no number")?,
        token: attribute(host, "data-spark")?,
        shape: serde_json::from_str(&shape).map_err(|error| format!("the shape {shape} is no JSON: {error}"))?,
        view: None,
        number: None,
        is_asked: false,
        is_patched: false,
        is_awaited: false,
        is_given_up: false,
    })
}
