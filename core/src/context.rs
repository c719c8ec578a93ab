//! What a callback can see and do.

use crate::channel::{App, Timer};
use crate::effects::{Effect, Effects, Target};
use crate::error::{Error, fit_reason, may_send};
use crate::frame::{Frame, Kind};
use crate::hub::State;
use crate::id::ConnId;
use crate::json;
use crate::rooms::MAX_ROOM_NAME;
use crate::time::{Time, Timestamp};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::sync::Arc;
use core::ops::{Deref, DerefMut, Range};
use core::time::Duration;
use serde::Serialize;

/// What every callback can see and do: those of channels, of the [`App`], and of plain HTTP routes.
///
/// What it does is recorded, and happens when the callback returns `Ok`. Something that cannot be recorded (a value that
/// is no JSON, a name too long) fails the callback as a whole.
pub struct Scope<'a, A: App = ()> {
    pub(crate) app: &'a A,
    pub(crate) state: &'a mut State,
    pub(crate) fx: &'a mut Effects<A>,
}

impl<'a, A: App> Scope<'a, A> {
    /// The application's shared state, as it was when the callback began.
    pub fn app(&self) -> &'a A {
        self.app
    }

    /// Changes the application's shared state, before any other recorded effect happens.
    ///
    /// Changes happen in order. When one panics, nothing else of the recording happens, but what changes before it did
    /// stays done: the state is the application's, and only it could take that back.
    pub fn update(&mut self, change: impl FnOnce(&mut A) + Send + 'static) {
        self.fx.updates.push(Box::new(change));
    }

    /// Asks for I/O outside the core; the answer comes to [`App::on_event`].
    pub fn effect(&mut self, effect: A::Effect) {
        self.fx.list.push(Effect::App(effect));
    }

    /// The time of the input that is being handled.
    pub fn now(&self) -> Time {
        self.state.now
    }

    /// The same on the wall clock.
    pub fn timestamp(&self) -> Timestamp {
        self.state.timestamp()
    }

    /// A random number; the same again for the same seed and inputs. Not for secrets.
    pub fn random(&mut self) -> u64 {
        self.state.rng.next()
    }

    /// How many are in a room on this hub: channel instances, so a connection counts once for each of its own.
    pub fn count(&self, room: &str) -> usize {
        self.state.rooms.conns(room).len()
    }

    /// The connections in a room on this hub, in no particular order; one with several instances there comes as often.
    pub fn members(&self, room: &str) -> impl Iterator<Item = ConnId> {
        self.state.rooms.conns(room).iter().copied()
    }

    /// When the connection was opened and when its peer last sent something; `None` if it is gone.
    pub fn activity(&self, conn: ConnId) -> Option<(Time, Time)> {
        self.state.conns.get(conn).map(|found| (found.opened, found.active))
    }

    /// Starts a send to everyone in a room.
    pub fn to_room(&mut self, room: &str) -> To<'_, 'a, A> {
        let first = self.fx.rooms.len();
        let name = self.fx.name(room);
        self.fx.rooms.push(name);
        self.to(Whom::Rooms(first))
    }

    /// Starts a send to everyone in any of these rooms; each connection gets it once.
    pub fn to_rooms<S: AsRef<str>>(&mut self, rooms: impl IntoIterator<Item = S>) -> To<'_, 'a, A> {
        let first = self.fx.rooms.len();
        for room in rooms {
            let name = self.fx.name(room.as_ref());
            self.fx.rooms.push(name);
        }
        self.to(Whom::Rooms(first))
    }

    /// Starts a send to every open connection.
    pub fn to_all(&mut self) -> To<'_, 'a, A> {
        self.to(Whom::All)
    }

    /// Starts a send to one connection.
    pub fn to_conn(&mut self, conn: ConnId) -> To<'_, 'a, A> {
        self.to(Whom::Conn(conn))
    }

    fn to(&mut self, whom: Whom) -> To<'_, 'a, A> {
        let except = self.fx.except.len();
        To { scope: self, whom, except }
    }

    /// Closes a connection with a code that an endpoint may send (1000 to 1003, 1007 to 1014, 3000 to 4999) and a reason,
    /// cut to 123 bytes. What was sent to it before goes first.
    pub fn close_conn(&mut self, conn: ConnId, code: u16, reason: &str) {
        if !may_send(code) {
            self.fx.fail(Error::internal(format!(
                "{code} is no close code that may be sent; use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
            )));
            return;
        }
        let reason = self.fx.name(fit_reason(reason));
        self.fx.list.push(Effect::Close { conn, code, reason });
    }

    fn encode(&mut self, kind: Kind, payload: &[u8]) -> Frame {
        let frame = self.state.pool.encode(kind, |bytes| {
            bytes.extend_from_slice(payload);
            Ok::<_, core::convert::Infallible>(())
        });
        match frame {
            Ok(frame) => frame,
            Err(never) => match never {},
        }
    }

    fn encode_json(&mut self, value: &(impl Serialize + ?Sized)) -> Option<Frame> {
        match self.state.pool.encode(Kind::Text, |bytes| json::write(value, bytes)) {
            Ok(frame) => Some(frame),
            Err(error) => {
                self.fx.fail(Error::internal(format!("a message could not be written as JSON: {error}")));
                None
            }
        }
    }

    fn send_frame(&mut self, to: Target, frame: Option<Frame>) {
        if let Some(frame) = frame {
            self.fx.list.push(Effect::Send { to, frame });
        }
    }
}

enum Whom {
    Conn(ConnId),
    /// From this place in the recording's list on.
    Rooms(usize),
    All,
}

/// A send whose receivers are chosen; [`json`](To::json), [`text`](To::text), [`binary`](To::binary) or
/// [`event`](To::event) completes it.
#[must_use = "nothing is sent until `json`, `text`, `binary` or `event` says what"]
pub struct To<'s, 'a, A: App> {
    scope: &'s mut Scope<'a, A>,
    whom: Whom,
    except: usize,
}

impl<A: App> To<'_, '_, A> {
    /// Leaves out a connection.
    pub fn except(self, conn: ConnId) -> Self {
        self.scope.fx.except.push(conn);
        self
    }

    fn target(&self) -> Target {
        let except = self.except..self.scope.fx.except.len();
        match self.whom {
            Whom::Conn(conn) => Target::Conn(conn),
            Whom::Rooms(first) => {
                Target::Rooms { rooms: Range { start: first, end: self.scope.fx.rooms.len() }, except }
            }
            Whom::All => Target::All { except },
        }
    }

    /// Sends a value as JSON.
    pub fn json(self, value: &(impl Serialize + ?Sized)) {
        let target = self.target();
        let frame = self.scope.encode_json(value);
        self.scope.send_frame(target, frame);
    }

    /// Sends text.
    pub fn text(self, text: &str) {
        let target = self.target();
        let frame = self.scope.encode(Kind::Text, text.as_bytes());
        self.scope.send_frame(target, Some(frame));
    }

    /// Sends bytes.
    pub fn binary(self, bytes: &[u8]) {
        let target = self.target();
        let frame = self.scope.encode(Kind::Binary, bytes);
        self.scope.send_frame(target, Some(frame));
    }

    /// Hands an event to [`Channel::on_event`](crate::Channel::on_event) of each channel instance, on this hub alone.
    pub fn event(self, event: A::Event) {
        let to = self.target();
        self.scope.fx.list.push(Effect::Event { to, event: Arc::new(event) });
    }
}

/// What a callback of a channel can see and do: all of [`Scope`], and what concerns its own connection.
pub struct Context<'a, A: App = ()> {
    pub(crate) scope: Scope<'a, A>,
    pub(crate) conn: ConnId,
    pub(crate) instance: u32,
}

impl<'a, A: App> Deref for Context<'a, A> {
    type Target = Scope<'a, A>;

    fn deref(&self) -> &Self::Target {
        &self.scope
    }
}

impl<A: App> DerefMut for Context<'_, A> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.scope
    }
}

impl<A: App> Context<'_, A> {
    /// This connection.
    pub fn conn(&self) -> ConnId {
        self.conn
    }

    /// Sends a value to this connection as JSON.
    pub fn send(&mut self, value: &(impl Serialize + ?Sized)) {
        let conn = self.conn;
        self.to_conn(conn).json(value);
    }

    /// Sends text to this connection.
    pub fn text(&mut self, text: &str) {
        let conn = self.conn;
        self.to_conn(conn).text(text);
    }

    /// Sends bytes to this connection.
    pub fn binary(&mut self, bytes: &[u8]) {
        let conn = self.conn;
        self.to_conn(conn).binary(bytes);
    }

    /// Sends a ping of at most 125 bytes to this connection; the answer comes to
    /// [`Channel::on_pong`](crate::Channel::on_pong).
    pub fn ping(&mut self, bytes: &[u8]) {
        if bytes.len() > 125 {
            self.fx.fail(Error::internal(format!("a ping may carry 125 bytes, not {}", bytes.len())));
            return;
        }
        let frame = self.encode(Kind::Ping, bytes);
        let to = Target::Conn(self.conn);
        self.send_frame(to, Some(frame));
    }

    /// Closes this connection; see [`Scope::close_conn`].
    pub fn close(&mut self, code: u16, reason: &str) {
        let conn = self.conn;
        self.close_conn(conn, code, reason);
    }

    /// Enters a room; a second time changes nothing, nor does it in [`Channel::on_close`](crate::Channel::on_close).
    ///
    /// The callback fails when the name is empty, longer than 255 bytes or holds control characters, and when the
    /// instance would be in more rooms than its limit allows.
    pub fn join(&mut self, room: &str) {
        if room.is_empty() || room.len() > MAX_ROOM_NAME || room.chars().any(char::is_control) {
            self.fx
                .fail(Error::reply("A room's name has 1 to 255 bytes and no control characters").with_code("BAD_ROOM"));
            return;
        }
        if self.is_in(room) || !self.state.is_open(self.conn) {
            return;
        }
        let limit = self.state.limits(self.conn).joins;
        if self.joined() >= limit {
            self.fx.fail(
                Error::reply(format!("At most {limit} rooms at once; leave one first")).with_code("TOO_MANY_ROOMS"),
            );
            return;
        }
        let name = self.fx.name(room);
        self.fx.list.push(Effect::Join(name));
    }

    /// Leaves a room; where it is not a member, nothing changes.
    pub fn leave(&mut self, room: &str) {
        if self.is_in(room) {
            let name = self.fx.name(room);
            self.fx.list.push(Effect::Leave(name));
        }
    }

    /// Whether this instance is in the room, what this callback recorded included.
    pub fn is_in(&self, room: &str) -> bool {
        self.recorded(room).unwrap_or_else(|| self.state.rooms.is_member(self.instance, room))
    }

    /// How many are in a room, with what this callback recorded.
    pub fn count(&self, room: &str) -> usize {
        let before = usize::from(self.state.rooms.is_member(self.instance, room));
        self.scope.count(room) - before + usize::from(self.is_in(room))
    }

    /// The latest join (`true`) or leave of the room in the recording.
    fn recorded(&self, room: &str) -> Option<bool> {
        self.fx.list.iter().rev().find_map(|effect| match effect {
            Effect::Join(name) if self.fx.text(name) == room => Some(true),
            Effect::Leave(name) if self.fx.text(name) == room => Some(false),
            _ => None,
        })
    }

    /// In how many rooms this instance is, with what this callback recorded: only joins and leaves that change something
    /// are recorded.
    fn joined(&self) -> usize {
        let recorded = |wanted: fn(&Effect<A>) -> bool| self.fx.list.iter().filter(|effect| wanted(effect)).count();
        self.state.rooms.joined(self.instance) + recorded(|effect| matches!(effect, Effect::Join(_)))
            - recorded(|effect| matches!(effect, Effect::Leave(_)))
    }

    /// Sends a value as JSON to everyone in a room but this connection.
    pub fn broadcast_from(&mut self, room: &str, value: &(impl Serialize + ?Sized)) {
        let conn = self.conn;
        self.to_room(room).except(conn).json(value);
    }

    /// Sends a value as JSON to everyone in a room.
    pub fn broadcast(&mut self, room: &str, value: &(impl Serialize + ?Sized)) {
        self.to_room(room).json(value);
    }

    /// Sets a timer of this instance, or sets it anew; [`Channel::on_timer`](crate::Channel::on_timer) gets it. In
    /// [`Channel::on_close`](crate::Channel::on_close) nothing is set any more.
    ///
    /// The callback fails when the instance would have more timers than its limit allows.
    pub fn set_timer(&mut self, timer: impl Into<Timer>, after: Duration) {
        self.timer(timer.into(), after, None);
    }

    /// Sets a timer that comes again and again; at least a millisecond apart, and without drift. A turn that was missed is
    /// skipped.
    pub fn set_interval(&mut self, timer: impl Into<Timer>, every: Duration) {
        let every = every.max(Duration::from_millis(1));
        self.timer(timer.into(), every, Some(every));
    }

    fn timer(&mut self, timer: Timer, after: Duration, every: Option<Duration>) {
        if !self.state.is_open(self.conn) {
            return;
        }
        let limit = self.state.limits(self.conn).timers;
        let recorded = self.fx.list.iter().filter(|effect| matches!(effect, Effect::SetTimer { .. })).count();
        let at_most = self.state.timers_of(self.instance).len() + recorded;
        // Only near the limit is it worth counting exactly.
        if at_most >= limit && !self.has_timer(timer) && self.timers() >= limit {
            self.fx.fail(Error::internal(format!("at most {limit} timers at once; cancel one first")));
            return;
        }
        self.fx.list.push(Effect::SetTimer { timer, after, every });
    }

    /// Whether the timer is set, what this callback recorded included.
    fn has_timer(&self, timer: Timer) -> bool {
        let recorded = self.fx.list.iter().rev().find_map(|effect| match effect {
            Effect::SetTimer { timer: set, .. } if *set == timer => Some(true),
            Effect::CancelTimer(cancelled) if *cancelled == timer => Some(false),
            _ => None,
        });
        recorded.unwrap_or_else(|| self.state.timers_of(self.instance).iter().any(|(set, _)| *set == timer))
    }

    /// How many timers are set, what this callback recorded included.
    fn timers(&self) -> usize {
        let committed = self.state.timers_of(self.instance).iter().map(|(timer, _)| *timer);
        let recorded = self.fx.list.iter().filter_map(|effect| match effect {
            Effect::SetTimer { timer, .. } => Some(*timer),
            _ => None,
        });
        let all: BTreeSet<Timer> = committed.chain(recorded).collect();
        all.into_iter().filter(|&timer| self.has_timer(timer)).count()
    }

    /// Cancels a timer of this instance; one that is not set stays that way.
    pub fn cancel_timer(&mut self, timer: impl Into<Timer>) {
        self.fx.list.push(Effect::CancelTimer(timer.into()));
    }
}
