//! What a callback can see and do.

mod look;
mod own;
mod page;
mod rooms;
mod send;
mod show;
mod timers;

pub use look::{ConnInfo, Present};
pub use page::{Flash, Scroll};
pub(crate) use rooms::is_name;
pub use send::To;
pub use show::Shown;

use crate::channel::App;
use crate::effects::{Effect, Effects, Name, Target};
use crate::error::{Error, fit_reason, may_send};
use crate::frame::{Frame, Kind};
use crate::hub::State;
use crate::id::ConnId;
use crate::time::{Time, Timestamp};
use alloc::boxed::Box;
use alloc::format;
use core::ops::{Deref, DerefMut};
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

    /// Closes a connection with a code that an endpoint may send (1000 to 1003, 1007 to 1014, 3000 to 4999) and a reason,
    /// cut to 123 bytes. What was sent to it before goes first.
    pub fn close_conn(&mut self, conn: ConnId, code: u16, reason: &str) {
        if let Some(reason) = self.reason(code, reason) {
            self.fx.list.push(Effect::Close { conn, code, reason });
        }
    }

    /// Closes all connections of a user, on all hubs: those that were [identified](crate::Context::identify) as theirs, and
    /// Spark sockets whose [session](crate::Session) is theirs. Code and reason are as with [`Scope::close_conn`].
    pub fn close_user(&mut self, user: &str, code: u16, reason: &str) {
        if let Some(reason) = self.reason(code, reason) {
            let user = self.fx.name(user);
            self.fx.list.push(Effect::CloseUser { user, code, reason });
        }
    }

    fn reason(&mut self, code: u16, reason: &str) -> Option<Name> {
        if !may_send(code) {
            self.fx.fail(Error::internal(format!(
                "{code} is no close code that may be sent; use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
            )));
            return None;
        }
        Some(self.fx.name(fit_reason(reason)))
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
        match self.state.pool.encode_json(value) {
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
