//! Which path leads to which handler.

use crate::channel::{App, Channel, Join};
use crate::config::Limits;
use crate::context::Scope;
use crate::driver::response::Response;
use crate::error::{Refused, Result};
use crate::request::Request;
use crate::route::{PatternError, Router};
use alloc::boxed::Box;
use alloc::sync::Arc;

type MakeChannel<A> = dyn Fn(&Join<'_, A>) -> Result<Box<dyn Channel<A>>, Refused> + Send + Sync;
type MakePage<A> = dyn Fn(&mut Scope<'_, A>, &Request) -> Result<Response> + Send + Sync;

pub(crate) struct ChannelRoute<A: App> {
    pub(crate) make: Box<MakeChannel<A>>,
    pub(crate) limits: Arc<Limits>,
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
    pub(crate) channels: Router<ChannelRoute<A>>,
    pub(crate) get: Router<Box<MakePage<A>>>,
    pub(crate) post: Router<Box<MakePage<A>>>,
}

impl<A: App> Default for Routes<A> {
    fn default() -> Self {
        Routes { channels: Router::new(), get: Router::new(), post: Router::new() }
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
        self.channels.insert(pattern, ChannelRoute { make, limits: Arc::new(limits) })
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
