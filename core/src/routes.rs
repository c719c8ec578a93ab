//! Which path leads to which handler.

use crate::channel::{App, Channel, Join};
use crate::config::Limits;
use crate::context::Scope;
use crate::driver::response::Response;
use crate::error::{Refused, Result};
use crate::request::Request;
use crate::route::{PatternError, Router};
use crate::spark::Session;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

type MakeChannel<A> = dyn Fn(&Join<'_, A>) -> Result<Box<dyn Channel<A>>, Refused> + Send + Sync;
type MakeSession<A> = dyn Fn(&Join<'_, A>) -> Result<Session, Refused> + Send + Sync;
type MakePage<A> = dyn Fn(&mut Scope<'_, A>, &Request) -> Result<Response> + Send + Sync;

pub(crate) struct SocketRoute<A: App> {
    pub(crate) handler: Handler<A>,
    /// Its place in [`Stats::routes`](crate::Stats::routes).
    pub(crate) index: u32,
}

/// What is behind a path that opens as a WebSocket.
pub(crate) enum Handler<A: App> {
    Channel(Box<MakeChannel<A>>),
    Spark(Box<MakeSession<A>>),
}

/// The routes of an application: channels, and plain HTTP answers beside them.
///
/// ```
/// use lazuli::{Channel, Context, Response, Result, Routes};
///
/// struct Echo;
/// impl Channel for Echo {
///     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
///         cx.text(text);
///         Ok(())
///     }
/// }
///
/// let mut routes: Routes = Routes::new();
/// routes.channel("/echo", |_| Ok(Echo))?;
/// routes.get("/healthz", |_, _| Ok(Response::text("ok")))?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub struct Routes<A: App = ()> {
    pub(crate) sockets: Router<SocketRoute<A>>,
    /// Of those, in the order of their indices.
    pub(crate) patterns: Vec<Arc<str>>,
    pub(crate) limits: Vec<Arc<Limits>>,
    /// Subprotocols that may be chosen.
    pub(crate) protocols: Vec<String>,
    pub(crate) get: Router<Box<MakePage<A>>>,
    pub(crate) post: Router<Box<MakePage<A>>>,
}

impl<A: App> Default for Routes<A> {
    fn default() -> Self {
        Routes {
            sockets: Router::new(),
            patterns: Vec::new(),
            limits: Vec::new(),
            protocols: alloc::vec!["lazuli".into()],
            get: Router::new(),
            post: Router::new(),
        }
    }
}

impl<A: App> Routes<A> {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A channel with the default limits. `make` makes the instance for a connection, or refuses it before the upgrade.
    ///
    /// # Errors
    /// When the pattern is not one, or another channel has the same.
    pub fn channel<C: Channel<A>>(
        &mut self,
        pattern: &str,
        make: impl Fn(&Join<'_, A>) -> Result<C, Refused> + Send + Sync + 'static,
    ) -> Result<(), PatternError> {
        self.channel_with(pattern, Limits::default(), make)
    }

    /// A channel with limits of its own.
    ///
    /// # Errors
    /// When the pattern is not one, or another channel has the same.
    pub fn channel_with<C: Channel<A>>(
        &mut self,
        pattern: &str,
        limits: Limits,
        make: impl Fn(&Join<'_, A>) -> Result<C, Refused> + Send + Sync + 'static,
    ) -> Result<(), PatternError> {
        let make = Box::new(move |join: &Join<'_, A>| Ok(Box::new(make(join)?) as Box<dyn Channel<A>>));
        self.socket(pattern, limits, Handler::Channel(make))
    }

    /// A Spark socket, which carries any number of this application's channels, for anyone; `docs/protocol.md` has the
    /// protocol. Its limits are those of [`Limits::spark`].
    ///
    /// # Errors
    /// When the pattern is not one, or something else has the same.
    pub fn spark(&mut self, pattern: &str) -> Result<(), PatternError> {
        self.spark_with(pattern, Limits::spark(), |_| Ok(Session::default()))
    }

    /// A Spark socket with limits of its own. `open` says whose a socket is, or refuses it before the upgrade. What the
    /// channels of the socket may do is still for each of them to say.
    ///
    /// # Errors
    /// When the pattern is not one, or something else has the same.
    pub fn spark_with(
        &mut self,
        pattern: &str,
        limits: Limits,
        open: impl Fn(&Join<'_, A>) -> Result<Session, Refused> + Send + Sync + 'static,
    ) -> Result<(), PatternError> {
        self.socket(pattern, limits, Handler::Spark(Box::new(open)))
    }

    fn socket(&mut self, pattern: &str, limits: Limits, handler: Handler<A>) -> Result<(), PatternError> {
        let index = self.patterns.len() as u32;
        self.sockets.insert(pattern, SocketRoute { handler, index })?;
        self.patterns.push(pattern.into());
        self.limits.push(Arc::new(limits));
        Ok(())
    }

    /// Subprotocols that a WebSocket may be opened with, beside `lazuli`: of those that a client offers, the first that is
    /// known here is chosen.
    pub fn subprotocols<S: Into<String>>(&mut self, protocols: impl IntoIterator<Item = S>) {
        self.protocols.extend(protocols.into_iter().map(Into::into));
    }

    /// The answer to GET (and HEAD) requests. It may send to channels like any callback.
    ///
    /// # Errors
    /// When the pattern is not one, or another page has the same.
    pub fn get(
        &mut self,
        pattern: &str,
        answer: impl Fn(&mut Scope<'_, A>, &Request) -> Result<Response> + Send + Sync + 'static,
    ) -> Result<(), PatternError> {
        self.get.insert(pattern, Box::new(answer))
    }

    /// The answer to POST requests, whose body is in [`Request::body`].
    ///
    /// # Errors
    /// When the pattern is not one, or another page has the same.
    pub fn post(
        &mut self,
        pattern: &str,
        answer: impl Fn(&mut Scope<'_, A>, &Request) -> Result<Response> + Send + Sync + 'static,
    ) -> Result<(), PatternError> {
        self.post.insert(pattern, Box::new(answer))
    }
}
