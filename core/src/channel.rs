//! What an application implements.

use crate::component::Part;
use crate::context::{Context, Scope};
use crate::error::Result;
use crate::hub::Gathered;
use crate::input::Message;
use crate::request::Request;
use crate::spark::Session;
use crate::time::Timestamp;

/// State and I/O that all channels of an application share.
///
/// Channels read it through [`Scope::app`] and change it through [`Scope::update`]. An application without any is `()`.
pub trait App: Sized + Send + 'static {
    /// What comes in from outside the core: answers to effects, events of the domain.
    type Event: Send + Sync + 'static;
    /// What the application wants done outside the core: queries, requests, files.
    type Effect: Send + 'static;

    /// An event came in, through a [`Handle`](crate::Handle) or as [`Input::App`](crate::Input::App).
    ///
    /// It can be handed on to channels by [`Scope::to_room`] or [`Scope::to_conn`] and [`To::event`](crate::To::event).
    fn on_event(&self, cx: &mut Scope<'_, Self>, event: Self::Event) -> Result {
        let _ = (cx, event);
        Ok(())
    }
}

impl App for () {
    type Event = core::convert::Infallible;
    type Effect = core::convert::Infallible;
}

/// The handler behind a route: one instance for each connection that joins it.
///
/// Every callback is a transaction: what it records in its context happens after it returned `Ok`, and not at all when
/// it returns an error or panics. Only [`Channel::on_message`] has to be written.
///
/// ```
/// use lazuli::{Channel, Context, Result};
///
/// struct Lobby;
///
/// impl Channel for Lobby {
///     fn on_connect(&mut self, cx: &mut Context) -> Result {
///         cx.join("lobby");
///         Ok(())
///     }
///
///     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
///         cx.to_room("lobby").text(text);
///         Ok(())
///     }
/// }
/// ```
#[allow(unused_variables)]
pub trait Channel<A: App = ()>: Send + 'static {
    /// The connection is open. An error refuses it: it is closed with the code of [`Error::close`](crate::Error::close),
    /// or else with 1008 (1011 for an internal error).
    fn on_connect(&mut self, cx: &mut Context<'_, A>) -> Result {
        Ok(())
    }

    /// A text message came in.
    fn on_message(&mut self, cx: &mut Context<'_, A>, text: &str) -> Result;

    /// A binary message came in. Unless written, the peer reads that binary messages are not supported.
    fn on_binary(&mut self, cx: &mut Context<'_, A>, bytes: &[u8]) -> Result {
        Err(crate::Error::reply("Binary messages are not supported here; send text"))
    }

    /// Messages of a route with [`Limits::batch`](crate::Limits::batch), in the order in which they came: all of them in one
    /// transaction. Unless written, each is handed to [`Channel::on_message`] or [`Channel::on_binary`], up to the first
    /// that fails.
    fn on_batch(&mut self, cx: &mut Context<'_, A>, batch: &Batch<'_>) -> Result {
        for message in batch.iter() {
            match message {
                Message::Text(text) => self.on_message(cx, text)?,
                Message::Binary(bytes) => self.on_binary(cx, bytes)?,
            }
        }
        Ok(())
    }

    /// A ping came in; its pong goes out by itself.
    fn on_ping(&mut self, cx: &mut Context<'_, A>, bytes: &[u8]) -> Result {
        Ok(())
    }

    /// A pong came in.
    fn on_pong(&mut self, cx: &mut Context<'_, A>, bytes: &[u8]) -> Result {
        Ok(())
    }

    /// The connection has ended, from either side, with this code (1005: none was given; 1006: it was lost). It has left
    /// its rooms already, and what is sent to it goes nowhere.
    fn on_close(&mut self, cx: &mut Context<'_, A>, code: u16, reason: &str) -> Result {
        Ok(())
    }

    /// A timer that this instance set has come.
    fn on_timer(&mut self, cx: &mut Context<'_, A>, timer: Timer) -> Result {
        Ok(())
    }

    /// The application handed on an event.
    fn on_event(&mut self, cx: &mut Context<'_, A>, event: &A::Event) -> Result {
        Ok(())
    }

    /// For the hub: the component that this is, if it is one.
    #[doc(hidden)]
    fn component(&mut self) -> Option<&mut dyn Part<A>> {
        None
    }
}

/// An instance's own name for one of its timers: a word, and a number where there are several of a kind.
///
/// ```
/// use lazuli::Timer;
///
/// assert_eq!(Timer::from("typing"), Timer { name: "typing", number: 0 });
/// assert_eq!(Timer::from(("turn", 3)), Timer { name: "turn", number: 3 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// The word.
    pub name: &'static str,
    /// The number; 0 unless given.
    pub number: u64,
}

impl From<&'static str> for Timer {
    fn from(name: &'static str) -> Timer {
        Timer { name, number: 0 }
    }
}

impl From<(&'static str, u64)> for Timer {
    fn from((name, number): (&'static str, u64)) -> Timer {
        Timer { name, number }
    }
}

/// Messages that came in one after the other.
pub struct Batch<'a> {
    pub(crate) gathered: &'a Gathered,
}

impl Batch<'_> {
    /// The messages, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Message<'_>> {
        self.gathered.messages()
    }

    /// How many there are: at least one.
    pub fn len(&self) -> usize {
        self.gathered.len()
    }

    /// Whether there are none, which never is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the maker of a channel instance gets to see.
pub struct Join<'a, A: App = ()> {
    /// The request, whole: over Spark that of the socket, with the path and the parameters of the channel. It is not kept:
    /// what the channel needs later it copies.
    pub request: &'a Request,
    /// The application's shared state.
    pub app: &'a A,
    /// Over Spark: what the socket as a whole was allowed.
    pub session: Option<&'a Session>,
    pub(crate) now: Timestamp,
}

impl<A: App> Join<'_, A> {
    /// A parameter of the route; empty if its pattern has none of this name (a match is never empty).
    pub fn param(&self, name: &str) -> &str {
        self.request.param(name).unwrap_or_default()
    }

    /// When the request came.
    pub fn timestamp(&self) -> Timestamp {
        self.now
    }

    /// Over Spark: whom the socket belongs to, if that is known.
    pub fn user(&self) -> Option<&str> {
        self.session?.user.as_deref()
    }

    /// The token that the client shows, from the first of these places that has one: the query parameter `token`, the
    /// header `Authorization: Bearer …`, the offered subprotocol `bearer.…`, the cookie `token`. It proves nothing yet.
    pub fn token(&self) -> Option<&str> {
        let request = self.request;
        let bearer = || {
            let (scheme, token) = request.header("authorization")?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
        };
        let offered = || request.subprotocols().find_map(|offered| offered.strip_prefix("bearer."));
        request.query("token").or_else(bearer).or_else(offered).or_else(|| request.cookie("token"))
    }

    /// The first query parameter of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query(name)
    }
}
