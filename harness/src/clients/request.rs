//! How clients begin: with a request for a WebSocket, for a page, or for nothing that there is.

use super::World;
use super::session::Session;
use super::talk::draw_how;
use crate::app::{Route, room_name};
use crate::chronicle::Tag;
use crate::codec::upgrade_request;
use crate::model::{Arrival, Full, Page};
use crate::tally::Fault;
use lazuli::SlowPolicy;

/// Requests that are refused: the bytes, the first ones of these by which that is clear, and the status.
const GARBAGE: &[(&str, &str, u16)] = &[
    ("\u{16}\u{3}\u{1}", "\u{16}", 400),
    (" GET / HTTP/1.1\r\n", " ", 400),
    ("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE / HTTP/1.1\r\n", 405),
    ("BREW / HTTP/1.1\r\n", "BREW / HTTP/1.1\r\n", 501),
    ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/2.0\r\n", 505),
    ("GET / HTTP/1.1\r\nAccept: *\r\n\r\n", "GET / HTTP/1.1\r\nAccept: *\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost a\r\n\r\nmore", "GET / HTTP/1.1\r\nHost a\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "", 413),
    ("GET /room/%zz HTTP/1.1\r\nHost: a\r\n\r\n", "", 400),
    (
        "GET /plain HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        "",
        426,
    ),
    (
        "GET /plain HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: short\r\n\r\n",
        "",
        400,
    ),
];

impl World {
    /// A client begins a session.
    pub(super) fn connect(&mut self, client: usize) {
        self.operations += 1;
        let address = 1 + (client % self.crowd.plan.addresses) as u8;
        let session = self.crowd.model.begin(address);
        let is_slow = self.net.kernel.rng.chance(self.faults.slow_reader);
        self.visit(is_slow, Session::default());
        self.crowd.sessions[client] = Some(session);
        if self.net.kernel.rng.chance(self.faults.garbage) {
            self.request_garbage(session);
        } else if self.net.kernel.rng.chance(self.crowd.plan.habits.pages) {
            self.request_page(session);
        } else {
            self.request_upgrade(session);
        }
    }

    fn request_upgrade(&mut self, session: u32) {
        let route = self.draw_route();
        let random = [self.net.kernel.rng.next(), self.net.kernel.rng.next()];
        let visit = &mut self.visits[session as usize];
        visit.own.key = key(random);
        visit.own.room = route.room();
        let bytes = upgrade_request(&route.target(session), "simulated:80", &visit.own.key);
        let lossy = matches!(route, Route::Feed(_) | Route::State(_));
        debug_assert_eq!(lossy, self.crowd.plan.limits.of(route).slow != SlowPolicy::Disconnect);
        if lossy {
            self.crowd.order.may_drop(session);
        }
        self.net.kernel.step("connect", session.into(), || format!("session {session} to {route:?}"));
        let end = bytes.len();
        self.send(session, &bytes, [(end, Arrival::Upgrade { route, full: Full::No })]);
        if self.net.kernel.rng.chance(self.crowd.plan.habits.early) {
            self.talk_early(session);
        }
    }

    fn draw_route(&mut self) -> Route {
        let room = self.room();
        let refused = self.net.kernel.rng.chance(self.crowd.plan.habits.refused);
        let rng = &mut self.net.kernel.rng;
        if refused {
            return match rng.below(4) {
                0 => Route::Shut,
                1 => Route::Nowhere,
                _ => Route::Deny(draw_how(rng)),
            };
        }
        match rng.weighted(&self.crowd.plan.habits.routes) {
            0 => Route::Room(room),
            1 => Route::Feed(room),
            2 => Route::State(room),
            3 => Route::Plain,
            _ => Route::Batch(room),
        }
    }

    fn request_page(&mut self, session: u32) {
        let room = self.room();
        let name = room_name(room);
        let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: simulated\r\n\r\n");
        let kind = self.net.kernel.rng.below(8);
        let (request, page) = match kind {
            0..3 => (get(&format!("/count/{name}?s={session}")), Page::Count { room }),
            3 => (get("/nothing/here"), Page::Other { status: 404 }),
            4 => (get(&format!("/room/{name}")), Page::Other { status: 426 }),
            5 => (get(&format!("/say/{name}")), Page::Other { status: 405 }),
            _ => {
                self.outside += 1;
                let number = self.outside;
                let never = kind == 7 && self.net.kernel.rng.chance(300);
                let text = format!("o{number} |{}{}", self.payload(), if never { "never" } else { "" });
                let head = format!("POST /say/{name}?s={session} HTTP/1.1\r\nHost: simulated\r\n");
                let request = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
                debug_assert_eq!(Tag::of(&text), Some(Tag::Outside(number)));
                (request, if never { Page::SayNever } else { Page::Say { room, text } })
            }
        };
        self.net.kernel.step("request", session.into(), || format!("session {session}: {page:.80?}"));
        let end = request.len();
        self.send(session, request.as_bytes(), [(end, Arrival::Page(page))]);
    }

    fn request_garbage(&mut self, session: u32) {
        self.net.kernel.count(Fault::Garbage);
        let kind = self.net.kernel.rng.below(GARBAGE.len() as u64 + 2) as usize;
        self.net.kernel.step("garbage", kind as u64, || format!("session {session}: {:?}", GARBAGE.get(kind)));
        match GARBAGE.get(kind) {
            Some(&(bytes, clear, status)) => {
                let clear = if clear.is_empty() { bytes } else { clear };
                self.send(session, bytes.as_bytes(), [(clear.len(), Arrival::BadRequest { status })]);
            }
            // A head that is too long, and one that is never complete.
            None if kind == GARBAGE.len() => {
                let head = format!("GET / HTTP/1.1\r\nHost: a\r\nLong: {}", "x".repeat(17_000));
                self.send(session, head.as_bytes(), [(16 << 10, Arrival::BadRequest { status: 431 })]);
            }
            None => self.send(session, b"GET / HTTP/1.1\r\nHo", []),
        }
    }
}

/// Sixteen bytes in base64.
pub(crate) fn key(random: [u64; 2]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let number = u128::from(random[0]) << 64 | u128::from(random[1]);
    // 128 bits are 21 digits of six and one of two, with four bits of zeros.
    let digits = (0..21).map(|place| number >> (122 - 6 * place)).chain([number << 4 & 0x30]);
    digits.map(|bits| char::from(DIGITS[(bits & 0x3f) as usize])).chain("==".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        assert_eq!(key([0, 0]), "AAAAAAAAAAAAAAAAAAAAAA==");
        assert_eq!(key([u64::MAX, u64::MAX]), "/////////////////////w==");
        let bytes = *b"the sample nonce";
        let half = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        // The key of RFC 6455, section 1.3.
        assert_eq!(key([half(0), half(8)]), "dGhlIHNhbXBsZSBub25jZQ==");
    }
}
