//! Which path leads to which handler.

use crate::channel::{App, Channel, Join};
use crate::component::{Component, Live, MakeComponent, Mount, NotMade, Registered, is_component_name};
use crate::config::Limits;
use crate::context::Scope;
use crate::driver::response::Response;
use crate::error::{Refused, Result};
use crate::request::Request;
use crate::route::{PatternError, PatternProblem, Router};
use crate::spark::Session;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;
use serde::Serialize;
use serde::de::DeserializeOwned;

type MakeChannel<A> = dyn Fn(&Join<'_, A>) -> Result<Box<dyn Channel<A>>, Refused> + Send + Sync;
type MakeSession<A> = dyn Fn(&Join<'_, A>) -> Result<Session, Refused> + Send + Sync;
type MakePage<A> = dyn Fn(&mut Scope<'_, A>, &Request) -> Result<Response> + Send + Sync;

pub(crate) struct SocketRoute<A: App> {
    pub(crate) handler: Handler<A>,
    /// Its place in [`Stats::routes`](crate::Stats::routes).
    pub(crate) index: u32,
}

/// A component, by its name.
pub(crate) struct ComponentRoute<A: App> {
    pub(crate) make: Arc<MakeComponent<A>>,
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
    pub(crate) components: BTreeMap<Arc<str>, ComponentRoute<A>>,
    /// Of sockets and components, in the order of their indices.
    pub(crate) patterns: Vec<Arc<str>>,
    pub(crate) limits: Vec<Arc<Limits>>,
    pub(crate) spark: SparkLimits,
    /// Subprotocols that may be chosen.
    pub(crate) protocols: Vec<String>,
    pub(crate) get: Router<Box<MakePage<A>>>,
    pub(crate) post: Router<Box<MakePage<A>>>,
}

/// What holds for every Spark socket, whichever route it has.
#[derive(Clone, Copy)]
pub(crate) struct SparkLimits {
    /// The most components that one may have; 0 if there is none.
    pub(crate) components: usize,
    /// The longest text that each of them takes.
    pub(crate) text: usize,
}

impl Default for SparkLimits {
    fn default() -> Self {
        SparkLimits { components: 0, text: usize::MAX }
    }
}

impl<A: App> Default for Routes<A> {
    fn default() -> Self {
        Routes {
            sockets: Router::new(),
            components: BTreeMap::new(),
            patterns: Vec::new(),
            limits: Vec::new(),
            spark: SparkLimits::default(),
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
    /// ```
    /// let mut routes: lazuli::Routes = lazuli::Routes::new();
    /// routes.spark("/spark")?;
    /// # Ok::<(), lazuli::route::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// When the pattern is not one, or something else has the same.
    pub fn spark(&mut self, pattern: &str) -> Result<(), PatternError> {
        self.spark_with(pattern, Limits::spark(), |_| Ok(Session::default()))
    }

    /// A Spark socket with limits of its own. `open` says whose a socket is, or refuses it before the upgrade. What the
    /// channels of the socket may do is still for each of them to say.
    ///
    /// ```
    /// use lazuli::{Limits, Refused, Routes, Session};
    ///
    /// let mut routes: Routes = Routes::new();
    /// routes.spark_with("/spark", Limits { components: 16, ..Limits::spark() }, |join| {
    ///     let user = join.token().ok_or(Refused::new(401, "Log in first"))?; // an application looks whether it is good
    ///     Ok(Session { user: Some(user.into()), expires: None })
    /// })?;
    /// # Ok::<(), lazuli::route::PatternError>(())
    /// ```
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
        let is_spark = matches!(handler, Handler::Spark(_));
        self.sockets.insert(pattern, SocketRoute { handler, index })?;
        if is_spark {
            self.spark.components = self.spark.components.max(limits.components);
            self.spark.text = self.spark.text.min(limits.frames.text);
        }
        self.patterns.push(pattern.into());
        self.limits.push(Arc::new(limits));
        Ok(())
    }

    /// A live component with the default limits, which pages show with [`Scope::show`](crate::Scope::show) and which is then mounted
    /// over a Spark socket. `make` makes an instance from the props that the page gave it: once for the first paint and once
    /// for each mount, after the network was lost too, so what a user may see is decided in it. Props travel in the page,
    /// signed but not secret. They are written and read as JSON.
    ///
    /// ```
    /// use lazuli::html::Render;
    /// use lazuli::{Component, Response, Routes, html};
    ///
    /// struct Counter { count: i64 }
    /// impl Component for Counter {
    ///     fn render(&self) -> impl Render {
    ///         html! { p { (self.count) } }
    ///     }
    /// }
    ///
    /// let mut routes: Routes = Routes::new();
    /// routes.spark("/spark")?;
    /// let counter = routes.component("counter", |_, start: i64| Ok(Counter { count: start }))?;
    /// routes.get("/counter", move |cx, request| Ok(Response::html(cx.show(&counter, request, &5)?.to_string())))?;
    /// # Ok::<(), lazuli::route::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// When the name is none, or another component has it. It has 1 to 64 letters, digits, `-`, `_` and `.`.
    pub fn component<C: Component<A>, P: Serialize + DeserializeOwned + 'static>(
        &mut self,
        name: &str,
        make: impl Fn(&Mount<'_, A>, P) -> Result<C, Refused> + Send + Sync + 'static,
    ) -> Result<Registered<P, A>, PatternError> {
        self.component_with(name, Limits::default(), make)
    }

    /// A live component with limits of its own, of which these hold: the size of text messages for events, `rate`, `rooms`,
    /// `timers`, `grace`.
    ///
    /// ```
    /// # use lazuli::html::Render;
    /// # use lazuli::{Component, Limits, Rate, Routes, html};
    /// # struct Search { found: Vec<String> }
    /// # impl Component for Search {
    /// #     fn render(&self) -> impl Render {
    /// #         html! { p { (self.found.len()) } }
    /// #     }
    /// # }
    /// let mut routes: Routes = Routes::new();
    /// let limits = Limits { rate: Rate { per_second: 10, burst: 20 }, ..Limits::default() };
    /// routes.component_with("search", limits, |_, (): ()| Ok(Search { found: Vec::new() }))?;
    /// # Ok::<(), lazuli::route::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// When the name is none, or another component has it.
    pub fn component_with<C: Component<A>, P: Serialize + DeserializeOwned + 'static>(
        &mut self,
        name: &str,
        limits: Limits,
        make: impl Fn(&Mount<'_, A>, P) -> Result<C, Refused> + Send + Sync + 'static,
    ) -> Result<Registered<P, A>, PatternError> {
        if !is_component_name(name) {
            return Err(PatternError::new(name, PatternProblem::ComponentName));
        }
        if self.components.contains_key(name) {
            return Err(PatternError::new(name, PatternProblem::ComponentTaken));
        }
        let make: Arc<MakeComponent<A>> = Arc::new(move |mount: &Mount<'_, A>, props: &str| {
            let props = serde_json::from_str(props).map_err(|_| NotMade::Props)?;
            let component = make(mount, props).map_err(NotMade::Refused)?;
            Ok(Box::new(Live(component)) as Box<dyn Channel<A>>)
        });
        let name: Arc<str> = name.into();
        let index = self.patterns.len() as u32;
        self.components.insert(name.clone(), ComponentRoute { make: make.clone(), index });
        self.patterns.push(name.clone());
        self.limits.push(Arc::new(limits));
        Ok(Registered { name, make, props: PhantomData })
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
