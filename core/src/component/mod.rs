//! Live components: parts of a page that the server keeps up to date.
//!
//! - [`event`](self): what the browser says
//! - [`live`](self): how the hub sees a component
//! - [`token`](self): what a page shows of a component, signed

mod event;
mod live;
mod loose;
mod token;

pub use event::{ChannelMessage, Event};
pub use live::Part;
pub(crate) use live::{Live, MakeComponent, NotMade};
pub use token::Secret;
pub(crate) use token::{Bound, Claim, Invalid, SessionId, Tokens, cookie, session_of, until};

use crate::channel::{App, Channel, Timer};
use crate::context::Context;
use crate::error::Result;
use crate::html::{Nested, Render};
use crate::request::Request;
use crate::spark::Session;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

/// A part of a page whose state lives on the server: one instance for each place where a page shows it.
///
/// The browser's events come in, the state changes, and the component is rendered again; what differs from what the page
/// shows goes out as a patch. Nobody has to ask for that: **after every callback that returned `Ok` the component is
/// rendered by itself**, so that no change can be forgotten, and a render that changes nothing sends nothing. The first change
/// goes out at once, the next ones within [`Config::patches`](crate::Config::patches), all components of a page in one frame.
///
/// A mounted component is a connection like any channel's, with a [`ConnId`](crate::ConnId) of its own: rooms, users, presence,
/// timers, limits and sends work as they do for a [`Channel`](crate::Channel). What is sent to it, or to a room it has joined,
/// comes to [`Component::on_channel_message`].
///
/// Callbacks are transactions, as a channel's are: what one records happens when it returned `Ok`. The component's own fields
/// are not set back when it returns an error, so check first and change then; the page keeps what it shows. After a panic the
/// component is made anew from the props that its page was rendered with.
///
/// ```
/// use lazuli::html::Render;
/// use lazuli::{ChannelMessage, Component, Context, Event, Result, Timer, html};
/// use std::time::Duration;
///
/// /// A poll: every page that shows it counts with the others.
/// struct Poll { votes: u32, is_open: bool }
///
/// impl Component for Poll {
///     fn render(&self) -> impl Render {
///         html! {
///             p { (self.votes) " votes" }
///             button on:click="vote" disabled=(!self.is_open) { "I am for it" }
///         }
///     }
///     fn on_mount(&mut self, cx: &mut Context) -> Result {
///         cx.join("poll");
///         cx.set_timer("end", Duration::from_secs(60));
///         Ok(())
///     }
///     fn on_event(&mut self, cx: &mut Context, event: &Event) -> Result {
///         match event.name() {
///             "vote" if self.is_open => cx.to_room("poll").text("vote"),
///             _ => return Err(event.unknown()),
///         }
///         Ok(())
///     }
///     fn on_channel_message(&mut self, _: &mut Context, _: &ChannelMessage) -> Result {
///         self.votes += 1;
///         Ok(())
///     }
///     fn on_timer(&mut self, _: &mut Context, _: Timer) -> Result {
///         self.is_open = false;
///         Ok(())
///     }
/// }
///
/// let html = html::to_html(&Poll { votes: 3, is_open: false }.render()).unwrap();
/// assert_eq!(html, r#"<p>3 votes</p><button spark-click="vote" disabled>I am for it</button>"#);
/// ```
#[allow(unused_variables)]
pub trait Component<A: App = ()>: Send + 'static {
    /// What it shows: what `html!` makes, or, with the feature `html-strings`, a string in `html::Raw`. It is run for the
    /// first paint, before any callback, and after callbacks; it has to depend on the component's fields alone.
    fn render(&self) -> impl Render;

    /// The page is connected: the place to join rooms and to set timers. For the first paint it is not called, because a page
    /// that is only read has no connection. An error refuses the mount; the page keeps what it shows.
    fn on_mount(&mut self, cx: &mut Context<'_, A>) -> Result {
        Ok(())
    }

    /// An event of the page. Unless written, every event is unknown.
    fn on_event(&mut self, cx: &mut Context<'_, A>, event: &Event<'_>) -> Result {
        Err(event.unknown())
    }

    /// Something was sent to a room that the component is in, or to its connection, or to its user.
    fn on_channel_message(&mut self, cx: &mut Context<'_, A>, message: &ChannelMessage<'_>) -> Result {
        Ok(())
    }

    /// A timer that this component set has come.
    fn on_timer(&mut self, cx: &mut Context<'_, A>, timer: Timer) -> Result {
        Ok(())
    }

    /// The application handed on an event: what [`Channel::on_event`](crate::Channel::on_event) is for a channel.
    fn on_app_event(&mut self, cx: &mut Context<'_, A>, event: &A::Event) -> Result {
        Ok(())
    }

    /// The page is about to be brought up to date, after one callback or several: the place to work out once what depends on
    /// what they changed. What it changes is in the render that follows. After an error, the page is left as it is.
    fn on_update(&mut self, cx: &mut Context<'_, A>) -> Result {
        Ok(())
    }

    /// For a component in the markup of another: what it uses of its surroundings is another. `new` is what would be made there
    /// now; take over from it what is to change. What it changes is in the render that is under way.
    fn on_props(&mut self, new: Self)
    where
        Self: Sized,
    {
        let _ = new;
    }

    /// The component is gone from its page, or the page is gone. It has left its rooms already, and what is sent to it goes
    /// nowhere. Not called after a panic.
    fn on_unmount(&mut self, cx: &mut Context<'_, A>) -> Result {
        Ok(())
    }
}

/// What `@component(…)` of `html!` makes of its expression.
#[doc(hidden)]
pub fn nested<A: App, C: Component<A>>(component: C) -> Nested {
    let nested = Nested::new(Live(component), |component, sink| {
        if let Some(Live(component)) = component.downcast_ref::<Live<C>>() {
            component.render().render(sink);
        }
    });
    nested.kept(|component| match component.downcast::<Live<C>>() {
        Ok(component) => Box::new(component as Box<dyn Channel<A>>),
        Err(other) => other,
    })
}

/// What the maker of a component gets to see: on the first paint by the page's request, and when the page is connected by
/// its Spark socket's. What else the component has to know of its page (a path's parameters, say) belongs into its props.
///
/// ```
/// use lazuli::html::Render;
/// use lazuli::{Component, Mount, Refused, Routes, html};
///
/// struct Inbox { owner: String }
/// impl Component for Inbox {
///     fn render(&self) -> impl Render {
///         html! { h1 { "The inbox of " (self.owner) } }
///     }
/// }
///
/// let mut routes: Routes = Routes::new();
/// routes.component("inbox", |mount: &Mount, (): ()| {
///     let owner = mount.user().ok_or(Refused::new(401, "Log in first"))?;
///     Ok(Inbox { owner: owner.into() })
/// })?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub struct Mount<'a, A: App = ()> {
    /// The application's shared state.
    pub app: &'a A,
    /// What the Spark socket was allowed; on the first paint, what was given to [`Scope::show_to`](crate::Scope::show_to).
    pub session: Option<&'a Session>,
    /// Whether the page is connected; on the first paint it is not.
    pub is_connected: bool,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
}

impl<A: App> Mount<'_, A> {
    /// Whom the page belongs to, if that is known.
    pub fn user(&self) -> Option<&str> {
        self.session?.user.as_deref()
    }

    /// The first cookie of this name; see [`Request::cookie`].
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.request.cookie(name)
    }

    /// When the request came, or the page asked for the mount.
    pub fn timestamp(&self) -> Timestamp {
        self.now
    }
}

/// A component that [`Routes::component`](crate::Routes::component) knows, with props of type `P`: what
/// [`Scope::show`](crate::Scope::show) takes. Clones are cheap.
///
/// ```
/// # use lazuli::html::Render;
/// # use lazuli::{Component, Registered, Routes, html};
/// # struct Counter { count: i64 }
/// # impl Component for Counter {
/// #     fn render(&self) -> impl Render {
/// #         html! { p { (self.count) } }
/// #     }
/// # }
/// let mut routes: Routes = Routes::new();
/// let counter: Registered<i64> = routes.component("counter", |_, count| Ok(Counter { count }))?;
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
pub struct Registered<P, A: App = ()> {
    pub(crate) name: Arc<str>,
    pub(crate) make: Arc<MakeComponent<A>>,
    pub(crate) props: PhantomData<fn(&P)>,
}

impl<P, A: App> Clone for Registered<P, A> {
    fn clone(&self) -> Self {
        Registered { name: self.name.clone(), make: self.make.clone(), props: PhantomData }
    }
}

impl<P, A: App> fmt::Debug for Registered<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registered").field(&self.name).finish()
    }
}

/// Whether a text can name a component: a token carries it, and logs and metrics show it.
pub(crate) fn is_component_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}
