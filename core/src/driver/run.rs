//! The driver: what happens outside becomes inputs of the hub, and its outputs become bytes.

use super::framer::Framer;
use super::head::{HeadLimits, HeadParser};
use super::joined::Joined;
use super::link::{Deadline, Due, Link, LinkId, NONE, Phase};
use super::notes::Notes;
use crate::backplane::Backplane;
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::handle::Remote;
use crate::hub::{Hub, Preview};
use crate::id::{ConnId, Table};
use crate::input::{Cause, Input};
use crate::journal::{Entry, Journal, Recorder};
use crate::log::{Level, Record};
use crate::rooms::Position;
use crate::stats::Stats;
use crate::time::Time;
use crate::timer::TimerQueue;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IoSlice};

/// So many publications, or bytes of them, are taken from a backplane at once.
const INCOMING: usize = 256;
const INCOMING_BYTES: usize = 16 << 10;

/// What a transport does for the driver. Only the first three are about sockets; the rest has defaults.
#[allow(unused_variables)]
pub trait Io<A: App> {
    /// Writes as much of `bytes` as the socket takes now, and returns how much that was. When it was less than everything,
    /// the transport calls [`Driver::writable`] once the socket takes more.
    ///
    /// # Errors
    /// When the socket is broken. `WouldBlock` and `Interrupted` count as nothing written.
    fn write(&mut self, link: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Nothing more will be written: ends this direction of the stream. Reading goes on.
    fn end(&mut self, link: LinkId);

    /// Closes the socket. The link is gone; its id means nothing any more.
    fn close(&mut self, link: LinkId);

    /// Does the application's own I/O; the answer goes to [`Driver::remote`] as an event.
    fn effect(&mut self, effect: A::Effect) {}

    /// Writes a record to the log.
    fn log(&mut self, record: Record) {}

    /// Publishes on the backplane.
    fn publish(&mut self, topic: &str, message: &[u8]) {}

    /// Subscribes to a topic of the backplane.
    fn subscribe(&mut self, topic: &str, after: Option<Position>) {}

    /// Ends a subscription.
    fn unsubscribe(&mut self, topic: &str) {}
}

/// Settings of the driver: what concerns sockets and not connections of the hub.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the head of a request may cost.
    pub head: HeadLimits,
    /// A request has to be complete so soon after its socket was accepted. 10 s by default.
    pub request_time: Duration,
    /// At most so many sockets at once, requests in progress included; one more is closed at once. 110,000 by default.
    pub links: usize,
    /// The answer to a plain request has to be taken within this time. 30 s by default.
    pub answer_time: Duration,
    /// For so long a peer may take to take a close frame, and again to answer it. 5 s by default.
    pub close_time: Duration,
    /// For so long, and so many bytes, a peer that was told everything may go on sending before its socket is closed.
    /// 2 s and 16 MiB by default: enough for one who was in the middle of a message far over the limit. (To close while
    /// bytes are unread resets the stream, which can destroy the close frame before it was read.)
    pub discard_time: Duration,
    /// See `discard_time`.
    pub discard_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            head: HeadLimits::default(),
            request_time: Duration::from_secs(10),
            links: 110_000,
            answer_time: Duration::from_secs(30),
            close_time: Duration::from_secs(5),
            discard_time: Duration::from_secs(2),
            discard_bytes: 16 << 20,
        }
    }
}

/// Drives a [`Hub`] for a transport; see the [module](super).
pub struct Driver<A: App = ()> {
    pub(super) hub: Hub<A>,
    pub(super) settings: Settings,
    pub(super) now: Time,
    pub(super) links: Table<Link>,
    /// The link of each connection, by the connection's index.
    pub(super) by_conn: Vec<Option<(ConnId, LinkId)>>,
    pub(super) timers: TimerQueue<Due>,
    /// Framers that no connection needs now; boxed, because a link that needs one holds it by a pointer.
    #[allow(clippy::vec_box)]
    pub(super) framers: Vec<Box<Framer>>,
    /// A message that came whole, unmasked.
    pub(super) plain: Vec<u8>,
    pub(super) notes: Notes,
    pub(super) joined: Joined,
    /// Links that have something to write.
    pub(super) dirty: Vec<LinkId>,
    /// Links whose socket is to be closed.
    pub(super) doomed: Vec<LinkId>,
    /// Links whose socket gets no more bytes.
    pub(super) done: Vec<LinkId>,
    /// What was written of the hub's frames and is not yet reported: one entry for a connection, see [`Link::report`].
    pub(super) sent: Vec<(ConnId, u32)>,
    pub(super) drained: bool,
    /// What writes down what it is told; mostly none. Boxed, for its size.
    pub(super) recorder: Option<Box<Recorder<A>>>,
}

/// After so many bytes that were written, the hub is told, and what it lets out for them is written before it is told of
/// more: a frame on its way costs more than its bytes, and of small ones, a thousand windows hold a million.
const REPORT: usize = 256 << 10;

/// At most so many framers wait for a message.
const FRAMERS: usize = 16;

impl<A: App> Driver<A> {
    /// Drives `hub`.
    pub fn new(hub: Hub<A>, settings: Settings) -> Self {
        Driver {
            hub,
            settings,
            now: Time::ZERO,
            links: Table::new(),
            by_conn: Vec::new(),
            timers: TimerQueue::new(),
            framers: Vec::new(),
            plain: Vec::new(),
            notes: Notes::default(),
            joined: Joined::default(),
            dirty: Vec::new(),
            doomed: Vec::new(),
            done: Vec::new(),
            sent: Vec::new(),
            drained: false,
            recorder: None,
        }
    }

    /// Drives `hub`, and writes down whatever it is told from the start on; see [`crate::journal`]. If the journal has to
    /// end before the driver does, the log says why, once.
    pub fn recorded(hub: Hub<A>, settings: Settings, journal: Journal<A>) -> Self {
        let mut driver = Driver::new(hub, settings);
        match Recorder::new(journal, &driver.hub, &driver.settings) {
            Ok(recorder) => driver.recorder = Some(Box::new(recorder)),
            Err(why) => driver.end_journal(why),
        }
        driver
    }

    /// A socket was accepted. `None`: there are too many; close it.
    pub fn accept(&mut self, now: Time, peer: Option<SocketAddr>) -> Option<LinkId> {
        self.note(now, || Entry::Accepted { peer });
        let link = self.take_in(now, peer);
        if let Some(recorder) = &mut self.recorder {
            recorder.accepted(link);
        }
        link
    }

    fn take_in(&mut self, now: Time, peer: Option<SocketAddr>) -> Option<LinkId> {
        self.advance(now);
        if self.drained {
            return None;
        }
        if self.links.len() >= self.settings.links && !is_planted(Canary::NoSocketLimit) {
            self.hub.log_peer(Level::Warn, "too many sockets", None, peer, alloc::string::String::new);
            return None;
        }
        let link = LinkId(self.links.insert(Link::new(peer, HeadParser::new(self.settings.head))));
        self.set_deadline(link, self.now + self.settings.request_time, Deadline::Request);
        Some(link)
    }

    /// A handle's input, or the answer to an effect.
    pub fn remote(&mut self, now: Time, remote: Remote<A::Event>) {
        self.input(now, remote.into_input());
    }

    /// An input of the hub that concerns no link: the backplane's, or the application's.
    pub fn input(&mut self, now: Time, input: Input<'_, A::Event>) {
        if self.recorder.is_some() {
            self.note_told(now, &input);
        }
        self.advance(now);
        self.hub.handle(self.now, input);
    }

    /// Hands in what a backplane has, up to 16 KiB or 256 publications: what they make the hub send must not pile up, or who reads would be
    /// taken for slow. Whether there was anything; then a turn is due, and more may be there.
    pub fn take_from(&mut self, now: Time, backplane: &mut dyn Backplane) -> bool {
        let (mut any, mut bytes) = (false, 0);
        for incoming in core::iter::from_fn(|| backplane.poll()).take(INCOMING) {
            bytes += incoming.bytes();
            self.input(now, incoming.as_input());
            any = true;
            if bytes >= INCOMING_BYTES {
                break;
            }
        }
        any
    }

    /// The socket takes bytes again.
    pub fn writable(&mut self, now: Time, link: LinkId) {
        self.note(now, || Entry::Writable { link });
        self.advance(now);
        if is_planted(Canary::ForgottenSocket) && link.index() % 8 == 7 {
            return;
        }
        let Some(found) = self.links.get_mut(link.0) else { return };
        // Only a peer that is there makes room in a socket that was full.
        let alive = core::mem::take(&mut found.blocked).then(|| found.conn()).flatten();
        self.mark(link);
        if let Some(conn) = alive {
            self.hub.handle(self.now, Input::Alive { conn });
        }
    }

    /// The peer will send nothing more: it ended its direction of the stream, or (`reset`) the stream is broken.
    pub fn disconnected(&mut self, now: Time, link: LinkId, reset: bool) {
        self.note(now, || Entry::Disconnected { link, reset });
        self.advance(now);
        let Some(found) = self.links.get_mut(link.0) else { return };
        match &mut found.phase {
            Phase::Leaving(leaving) if !reset => {
                leaving.ended = true;
                self.proceed(link);
            }
            Phase::Open(open) if open.ended && !reset => open.eof = true,
            _ => self.lose(link),
        }
    }

    /// Does what is due. Afterwards [`Driver::next_timeout`] is later than `now`.
    pub fn timeout(&mut self, now: Time) {
        self.note(now, || Entry::Timeout);
        self.advance(now);
        while let Some((link, deadline)) = self.timers.pop_due(self.now) {
            if let Some(found) = self.links.get_mut(link.0) {
                found.timer = None;
                match deadline {
                    Deadline::Request => self.request_timeout(link),
                    Deadline::Message => self.message_timeout(link),
                    Deadline::Leave => self.leave_timeout(link),
                }
            }
        }
        self.hub.handle_timeout(self.now);
    }

    /// When [`Driver::timeout`] has to be called at the latest. O(1).
    pub fn next_timeout(&self) -> Option<Time> {
        match (self.timers.next(), self.hub.poll_timeout()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Closes everything in order; see [`Hub::shutdown`]. When [`Driver::is_drained`], the transport may stop.
    pub fn shutdown(&mut self, now: Time, deadline: Time) {
        self.note(now, || Entry::Shutdown { deadline });
        self.advance(now);
        self.hub.shutdown(self.now, deadline);
    }

    /// Whether a shutdown is complete: no connection is left, or its deadline has passed.
    pub fn is_drained(&self) -> bool {
        self.drained
    }

    /// What the hub has counted.
    pub fn stats(&self) -> &Stats {
        self.hub.stats()
    }

    /// The hub.
    pub fn hub(&self) -> &Hub<A> {
        &self.hub
    }

    /// What a component on a link's Spark socket would show if it were made anew; see [`Hub::preview`]. It is for tests.
    pub fn preview(&mut self, link: LinkId, component_id: u32) -> Option<Preview> {
        let conn = self.links.get(link.0)?.conn()?;
        self.hub.preview(conn, component_id)
    }

    /// How many sockets there are.
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// Writes an input down, if there is a journal, before anything comes of it.
    #[inline]
    pub(super) fn note<'a>(&mut self, now: Time, entry: impl FnOnce() -> Entry<'a>) {
        if self.recorder.is_some() {
            self.note_down(now, entry());
        }
    }

    #[cold]
    #[inline(never)]
    fn note_down(&mut self, now: Time, entry: Entry<'_>) {
        let now = self.now.max(now);
        if let Some(Err(why)) = self.recorder.as_mut().map(|recorder| recorder.input(now, entry)) {
            self.end_journal(why);
        }
    }

    #[cold]
    #[inline(never)]
    fn note_told(&mut self, now: Time, input: &Input<'_, A::Event>) {
        let now = self.now.max(now);
        if let Some(Err(why)) = self.recorder.as_mut().map(|recorder| recorder.told(now, input)) {
            self.end_journal(why);
        }
    }

    /// The journal is over, the driver goes on.
    #[cold]
    pub(super) fn end_journal(&mut self, why: alloc::string::String) {
        self.recorder = None;
        self.hub.log(Level::Warn, "the journal ends here", None, || why);
    }

    pub(super) fn advance(&mut self, now: Time) {
        self.now = if is_planted(Canary::ClockBack) { now } else { self.now.max(now) };
    }

    /// Where a link's peer is, as long as its request is not answered.
    pub(super) fn peer(&self, link: LinkId) -> Option<SocketAddr> {
        self.links.get(link.0)?.peer()
    }

    /// Puts a link among those to be written to.
    pub(super) fn mark(&mut self, link: LinkId) {
        if let Some(found) = self.links.get_mut(link.0)
            && !found.dirty
        {
            found.dirty = true;
            self.dirty.push(link);
        }
    }

    pub(super) fn set_deadline(&mut self, link: LinkId, at: Time, deadline: Deadline) {
        self.clear_deadline(link);
        // Never now: a timeout that is handled leaves none that is due.
        let at = at.max(self.now + Duration::from_micros(1));
        if let Some(found) = self.links.get_mut(link.0) {
            found.timer = Some(self.timers.insert(at, (link, deadline)));
        }
    }

    pub(super) fn clear_deadline(&mut self, link: LinkId) {
        if let Some(key) = self.links.get_mut(link.0).and_then(|found| found.timer.take()) {
            self.timers.cancel(key);
        }
    }

    /// Tells the hub what was written, or if that is a lot, a part of it; whether there was anything.
    pub(super) fn report_sent(&mut self) -> bool {
        let mut bytes = 0;
        let enough = |(_, sent): &(ConnId, u32)| {
            bytes += *sent as usize;
            bytes >= REPORT
        };
        let start = self.sent.iter().rposition(enough).unwrap_or(0);
        let part = &self.sent[start..];
        let any = !part.is_empty();
        if any {
            self.hub.handle(self.now, Input::Sent(part));
            self.sent.truncate(start);
        }
        any
    }

    /// Tells the hub what was written to one connection. The last entry of the list comes to its place there.
    fn report_sent_to(&mut self, conn: ConnId) {
        let at = self.link_of(conn).map_or(NONE, |link| link.report) as usize;
        if self.sent.get(at).is_none_or(|(known, _)| *known != conn) {
            return;
        }
        let report = self.sent.swap_remove(at);
        if let Some(&(moved, _)) = self.sent.get(at)
            && let Some(link) = self.link_of(moved)
        {
            link.report = at as u32;
        }
        self.hub.handle(self.now, Input::Sent(&[report]));
    }

    fn link_of(&mut self, conn: ConnId) -> Option<&mut Link> {
        let &(known, link) = self.by_conn.get(conn.index())?.as_ref()?;
        self.links.get_mut(link.0).filter(|_| known == conn)
    }

    /// Tells the hub that a connection is gone.
    pub(super) fn close_conn(&mut self, conn: ConnId, cause: Cause<'_>) {
        // What was written to it belongs to it still.
        self.report_sent_to(conn);
        if let Some(entry) = self.by_conn.get_mut(conn.index()) {
            *entry = None;
        }
        self.hub.handle(self.now, Input::Closed { conn, cause });
    }

    /// Takes a framer that waits, or makes one.
    pub(super) fn framer(&mut self) -> Box<Framer> {
        self.framers.pop().unwrap_or_else(|| Box::new(Framer::new()))
    }

    /// Puts a framer back that is between messages.
    pub(super) fn put_back(&mut self, framer: Box<Framer>) {
        if self.framers.len() < FRAMERS && framer.is_small() {
            self.framers.push(framer);
        }
    }
}
