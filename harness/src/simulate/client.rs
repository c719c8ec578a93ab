//! A client, as a test sees it.

use super::Seen;
use super::party::{Guest, Order, Party, Said};
use serde::Serialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// One client: an address that it connects to, and everything that it has seen. A clone is the same client.
///
/// What is said about its request ([`header`](Client::header) and so on) holds for every connection that it makes; what is said while it
/// has none waits for the next one. It comes back when its connection is lost, as a browser would: after a reset, a silent link that it
/// has given up, a close with 1001, 1011, 1012 or 1013, and a refusal with 408, 429 or 503. (When the server was
/// [shut down](super::World::shut_down), it comes back to the [next one](super::World::restart).) Any other refusal or close ends it; what
/// it had to say then and could not fails the test in the end, unless that has asked for its [`answer`](Client::answer) or how it was
/// [`closed`](Client::closed). So does what was posted to a path that is none.
///
/// ```
/// # use lazuli::{Channel, Context, Result, Routes};
/// # struct Echo;
/// # impl Channel for Echo {
/// #     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result { cx.text(text); Ok(()) }
/// # }
/// # fn app() -> Routes {
/// #     let mut routes = Routes::new();
/// #     routes.channel("/echo", |_| Ok(Echo)).unwrap();
/// #     routes
/// # }
/// lazuli_harness::simulate(app, |world| {
///     let ada = world.client("/echo?lang=en").named("ada").cookie("token", "t1").greets("hello");
///     world.settle();
///     assert!(ada.is_open());
///     assert_eq!(ada.current_messages(), ["hello"]);
///     ada.close();
///     world.settle();
///     assert!(!ada.is_open());
/// });
/// ```
#[derive(Clone)]
pub struct Client {
    party: Rc<RefCell<Party>>,
    number: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Client {
    pub(super) fn new(party: Rc<RefCell<Party>>, number: usize) -> Client {
        Client { party, number }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Guest) -> T) -> T {
        what(&mut self.party.borrow_mut().guests[self.number])
    }

    fn order(&self, order: Order) {
        self.party.borrow_mut().orders.push_back((self.number, order));
    }

    // What it asks for.

    /// What it is called in the words of a run.
    pub fn named(self, name: &str) -> Client {
        self.with(|guest| guest.name = name.into());
        self
    }

    /// Its requests have this header.
    pub fn header(self, name: &str, value: &str) -> Client {
        self.with(|guest| guest.headers.push((name.into(), value.into())));
        self
    }

    /// Its requests have this cookie.
    pub fn cookie(self, name: &str, value: &str) -> Client {
        self.with(|guest| guest.cookies.insert(name.into(), value.into()));
        self
    }

    /// Its requests offer this subprotocol; said again, one more.
    pub fn protocol(self, name: &str) -> Client {
        self.with(|guest| guest.protocols.push(name.into()));
        self
    }

    /// It says this first on each connection; said again, this comes after it.
    pub fn greets(self, text: &str) -> Client {
        self.with(|guest| guest.greetings.push(text.into()));
        self
    }

    /// It does not come back when its connection is lost.
    pub fn stays_away(self) -> Client {
        self.with(|guest| guest.comes_back = false);
        self
    }

    /// Whenever it has a new connection, this is done. No time may pass in it.
    pub fn on_open(self, run: impl Fn(&Client) + 'static) -> Client {
        self.with(|guest| guest.handlers.on_open = Some(Rc::new(run)));
        self
    }

    /// Whenever it reads a text, this is done. No time may pass in it.
    pub fn on_text(self, run: impl Fn(&Client, &str) + 'static) -> Client {
        self.with(|guest| guest.handlers.on_text = Some(Rc::new(run)));
        self
    }

    /// It asks until it is answered, and then this is done.
    pub(super) fn keeps_asking(&self, run: impl Fn(&Client, u16, &str) + 'static) {
        self.with(|guest| {
            guest.comes_back = true;
            guest.handlers.on_answer = Some(Rc::new(run));
        });
    }

    /// What it says without a connection is forgotten; when it loses one, this is done.
    pub(super) fn forgets(&self, run: impl Fn(&Client) + 'static) {
        self.with(|guest| {
            guest.is_patient = false;
            guest.handlers.on_lost = Some(Rc::new(run));
        });
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn cookies(&self) -> BTreeMap<String, String> {
        self.with(|guest| guest.cookies.clone())
    }

    // What it does.

    /// Sends a text.
    pub fn send(&self, text: &str) {
        self.order(Order::Say(Said::Text(text.into())));
    }

    /// Sends something as JSON.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    pub fn send_json(&self, value: &impl Serialize) {
        self.send(&serde_json::to_string(value).expect("what a test sends has JSON"));
    }

    /// Sends bytes.
    pub fn send_binary(&self, bytes: &[u8]) {
        self.order(Order::Say(Said::Binary(bytes.into())));
    }

    /// Closes its connection in order, and stays away.
    pub fn close(&self) {
        self.close_with(1000);
    }

    /// Closes its connection with this code, and stays away.
    pub fn close_with(&self, code: u16) {
        self.order(Order::Close(code));
    }

    /// Connects again after [`close`](Client::close), or after an end that it does not come back from by itself.
    pub fn reconnect(&self) {
        self.order(Order::Connect);
    }

    /// Its link is reset: what was on its way is lost, and both ends learn of it.
    pub fn reset(&self) {
        self.order(Order::Reset);
    }

    /// Its link is lost without a word: the server does not learn of it, but by its own silence or when all faults heal.
    pub fn vanish(&self) {
        self.order(Order::Vanish);
    }

    /// It reads nothing for so long.
    pub fn stall(&self, time: Duration) {
        self.order(Order::Stall(time));
    }

    // What it has seen.

    /// What it is called.
    pub fn name(&self) -> String {
        self.with(|guest| guest.name.clone())
    }

    /// Whether it has a connection, as far as it knows.
    pub fn is_open(&self) -> bool {
        self.with(|guest| guest.is_open)
    }

    /// Everything that it has seen, on all of its connections.
    pub fn seen(&self) -> Vec<Seen> {
        self.with(|guest| guest.seen.clone())
    }

    /// The texts that it was sent and has read, on all of its connections.
    pub fn sent_messages(&self) -> Vec<String> {
        self.with(|guest| texts(&guest.seen))
    }

    /// The texts that it has read on its present connection, or the last one.
    pub fn current_messages(&self) -> Vec<String> {
        self.with(|guest| texts(&guest.seen[guest.since..]))
    }

    /// The text that it has read last.
    pub fn last_message(&self) -> Option<String> {
        self.with(|guest| guest.seen.iter().rev().find_map(|seen| seen.text().map(str::to_owned)))
    }

    /// The texts that it has read and that are JSON, as JSON.
    pub fn sent_json(&self) -> Vec<Value> {
        self.with(|guest| guest.seen.iter().filter_map(|seen| serde_json::from_str(seen.text()?).ok()).collect())
    }

    /// The binary messages that it has read.
    pub fn sent_binary(&self) -> Vec<Vec<u8>> {
        let binary = |seen: &Seen| if let Seen::Binary(bytes) = seen { Some(bytes.clone()) } else { None };
        self.with(|guest| guest.seen.iter().filter_map(binary).collect())
    }

    /// How many connections it has had.
    pub fn connections(&self) -> usize {
        self.with(|guest| guest.seen.iter().filter(|seen| matches!(seen, Seen::Opened { .. })).count())
    }

    /// Code and reason, if the last thing that it has seen is that the server closed its connection.
    pub fn closed(&self) -> Option<(u16, String)> {
        self.with(|guest| match guest.seen.last() {
            Some(Seen::Closed { code, reason }) => {
                guest.farewell = None;
                Some((*code, reason.clone()))
            }
            _ => None,
        })
    }

    /// Status and body of the last answer that opened no WebSocket: a page, or a refusal.
    pub fn answer(&self) -> Option<(u16, String)> {
        let answer = |seen: &Seen| {
            if let Seen::Answered { status, body } = seen { Some((*status, body.clone())) } else { None }
        };
        self.with(|guest| {
            let found = guest.seen.iter().rev().find_map(answer);
            guest.farewell = guest.farewell.filter(|_| found.is_none());
            found
        })
    }
}

fn texts(seen: &[Seen]) -> Vec<String> {
    seen.iter().filter_map(|seen| seen.text().map(str::to_owned)).collect()
}
