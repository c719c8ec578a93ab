//! A site and those who visit it.

use super::Failed;
use super::client::Client;
use super::page::Page;
use super::server::{Served, Server};
use super::tab::Tab;
use super::world::World;
use lazuli::{App, Config, Hub, Input, Routes, Secret, Stats, Time};
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// A site in virtual time: a hub of its own, and whoever visits it.
///
/// ```
/// # use lazuli::html::Render;
/// # use lazuli::{Channel, ChannelMessage, Component, Context, Response, Result, Routes, html};
/// # use lazuli_harness::page::Site;
/// # struct Room(Vec<String>);
/// # impl Component for Room {
/// #     fn render(&self) -> impl Render {
/// #         html! { ol { @for (n, line) in self.0.iter().enumerate() key=(n) { li { (line) } } } }
/// #     }
/// #     fn on_mount(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage) -> Result {
/// #         self.0.extend(message.text().map(str::to_owned));
/// #         Ok(())
/// #     }
/// # }
/// # struct Talk;
/// # impl Channel for Talk {
/// #     fn on_connect(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
/// #         cx.to_room("room").text(text);
/// #         Ok(())
/// #     }
/// # }
/// # let mut routes: Routes = Routes::new();
/// # routes.spark("/spark")?;
/// # routes.channel("/talk", |_| Ok(Talk))?;
/// # let room = routes.component("room", |_, (): ()| Ok(Room(Vec::new())))?;
/// # routes.get("/room", move |cx, request| Response::page(&cx.show(&room, request, &())?).map_err(Into::into))?;
/// let site = Site::new(routes, ());
/// let (one, other) = (site.visit("/room")?, site.session().visit("/room")?); // two browsers
/// let client = site.connect("/talk")?; // and a WebSocket client
/// client.send("hello");
/// assert_eq!((one.texts("li"), other.texts("li")), (vec!["hello".into()], vec!["hello".into()]));
/// assert_eq!(client.sent_messages(), ["hello"]);
/// assert_eq!(site.stats().components, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Site<A: App = ()> {
    served: Rc<RefCell<Served<A>>>,
    world: Rc<RefCell<World>>,
}

/// A browser with its cookies; its pages share them.
///
/// ```
/// # use lazuli::html::Render;
/// # use lazuli::{Channel, ChannelMessage, Component, Context, Response, Result, Routes, html};
/// # use lazuli_harness::page::Site;
/// # struct Room(Vec<String>);
/// # impl Component for Room {
/// #     fn render(&self) -> impl Render {
/// #         html! { ol { @for (n, line) in self.0.iter().enumerate() key=(n) { li { (line) } } } }
/// #     }
/// #     fn on_mount(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage) -> Result {
/// #         self.0.extend(message.text().map(str::to_owned));
/// #         Ok(())
/// #     }
/// # }
/// # struct Talk;
/// # impl Channel for Talk {
/// #     fn on_connect(&mut self, cx: &mut Context) -> Result {
/// #         cx.join("room");
/// #         Ok(())
/// #     }
/// #     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
/// #         cx.to_room("room").text(text);
/// #         Ok(())
/// #     }
/// # }
/// # let mut routes: Routes = Routes::new();
/// # routes.spark("/spark")?;
/// # routes.channel("/talk", |_| Ok(Talk))?;
/// # let room = routes.component("room", |_, (): ()| Ok(Room(Vec::new())))?;
/// # routes.get("/room", move |cx, request| Response::page(&cx.show(&room, request, &())?).map_err(Into::into))?;
/// let site = Site::new(routes, ());
/// let ada = site.session();
/// ada.set_cookie("token", "a good one");
/// let page = ada.visit("/room")?;
/// assert!(page.has("ol"));
/// assert!(ada.cookie("lazuli_session").is_some(), "the site has given it one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Session {
    world: Rc<RefCell<World>>,
    jar: usize,
}

impl<A: App> Site<A> {
    /// A site with these routes.
    pub fn new(routes: Routes<A>, app: A) -> Site<A> {
        Site::with(Config::default(), routes, app)
    }

    /// A site with settings of its own. Without a secret it gets one that is always the same.
    pub fn with(config: Config, routes: Routes<A>, app: A) -> Site<A> {
        let secret = config.secret.clone().or(Some(Secret::new([7; 32])));
        let patches = config.patches;
        let hub = Hub::new(Config { secret, ..config }, routes, app);
        let served = Rc::new(RefCell::new(Served { hub, effects: Vec::new(), refused: Vec::new() }));
        let server: Rc<RefCell<dyn Server>> = served.clone();
        Site { served, world: Rc::new(RefCell::new(World::new(server, patches))) }
    }

    /// Loads a page in the site's first browser.
    ///
    /// # Errors
    /// When it is not answered with 200, or what it shows cannot be mounted.
    pub fn visit(&self, path: &str) -> Result<Page, Failed> {
        Session { world: self.world.clone(), jar: 0 }.visit(path)
    }

    /// Another browser, without any cookies.
    pub fn session(&self) -> Session {
        let mut world = self.world.borrow_mut();
        world.jars.push(Default::default());
        Session { world: self.world.clone(), jar: world.jars.len() - 1 }
    }

    /// Opens a WebSocket on a channel, without cookies.
    ///
    /// # Errors
    /// When it is refused.
    pub fn connect(&self, path: &str) -> Result<Client, Failed> {
        self.session().connect(path)
    }

    /// Lets time pass. Timers, patches and what waits for silence come in their order.
    #[track_caller]
    pub fn wait(&self, time: Duration) {
        let mut world = self.world.borrow_mut();
        world.wait(time);
        world.step();
    }

    /// The time since the site began.
    pub fn now(&self) -> Duration {
        self.world.borrow().now.saturating_since(Time::ZERO)
    }

    /// Hands in an event of the application, as an answer to an effect is.
    #[track_caller]
    pub fn event(&self, event: A::Event) {
        let mut world = self.world.borrow_mut();
        self.served.borrow_mut().hub.handle(world.now, Input::App(event));
        world.step();
    }

    /// What the application wanted done since the last time.
    pub fn effects(&self) -> Vec<A::Effect> {
        std::mem::take(&mut self.served.borrow_mut().effects)
    }

    /// The application's shared state.
    pub fn app(&self) -> Ref<'_, A> {
        Ref::map(self.served.borrow(), |served| served.hub.app())
    }

    /// What the hub has counted.
    pub fn stats(&self) -> Stats {
        self.served.borrow().hub.stats().clone()
    }

    /// All that happened, a line for each request, message, answer and log record, with the microseconds since the beginning.
    pub fn trace(&self) -> String {
        self.world.borrow().trace.join("\n")
    }
}

impl Session {
    /// Loads a page.
    ///
    /// # Errors
    /// When it is not answered with 200, or what it shows cannot be mounted.
    #[track_caller]
    pub fn visit(&self, path: &str) -> Result<Page, Failed> {
        let mut world = self.world.borrow_mut();
        let mut tab = Tab::new(self.jar);
        tab.load(&mut world, path)?;
        let id = world.add_tab(tab);
        world.step();
        drop(world);
        let page = Page::new(self.world.clone(), id);
        match page.take_errors() {
            errors if errors.is_empty() => Ok(page),
            errors => Err(Failed(format!("{path}: {}\n{}", errors.join("\n"), page.describe()))),
        }
    }

    /// Opens a WebSocket on a channel, with the browser's cookies.
    ///
    /// # Errors
    /// When it is refused.
    #[track_caller]
    pub fn connect(&self, path: &str) -> Result<Client, Failed> {
        let mut world = self.world.borrow_mut();
        let conn = world.open(self.jar, path)?;
        world.step();
        drop(world);
        Ok(Client::new(self.world.clone(), conn))
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.world.borrow().jars[self.jar].get(name).cloned()
    }

    /// Sets a cookie, as signing in would.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.world.borrow_mut().jars[self.jar].insert(name.into(), value.into());
    }
}
