//! A page with live components, as a test sees it.

use super::run::{Wrong, give_up};
use super::tab::Tab;
use super::{Client, World};
use crate::dom::{Dom, NodeId, Selector};
use crate::page::camel;
use lazuli::App;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A page in a browser of its own, over links with faults. It is loaded, its components are mounted over a Spark socket, and patches
/// change what it shows; when it loses its socket it comes back, and mounts them again. What a user does while they are not mounted
/// waits for that; where there is no such element (yet) it does nothing, and says so in the words of the run. A page that is answered
/// otherwise than with 200 fails the test in the end, unless that has asked for its [`status`](Page::status).
///
/// Whenever a world has [settled](super::World::settle), what every page shows has to be what its components would render.
///
/// ```
/// use lazuli::html::Render;
/// use lazuli::{Component, Context, Event, Response, Result, Routes, html};
/// use lazuli_harness::simulate;
///
/// struct Counter(i64);
/// impl Component for Counter {
///     fn render(&self) -> impl Render {
///         html! { p { "Counter: " (self.0) } button on:click="add" data-by="2" { "+2" } }
///     }
///     fn on_event(&mut self, _: &mut Context, event: &Event) -> Result {
///         self.0 += event.number::<i64>("by").unwrap_or(1);
///         Ok(())
///     }
/// }
///
/// fn app() -> Result<Routes> {
///     let mut routes = Routes::new();
///     routes.spark("/spark")?;
///     let counter = routes.component("counter", |_, start| Ok(Counter(start)))?;
///     routes.get("/counter", move |cx, request| Ok(Response::page(&cx.show(&counter, request, &5)?)?))?;
///     Ok(routes)
/// }
///
/// simulate(app, |world| {
///     let page = world.visit("/counter");
///     world.settle();
///     assert!(page.click("button"));
///     world.settle();
///     assert_eq!(page.texts("p"), ["Counter: 7"]);
/// });
/// ```
pub struct Page {
    tab: Rc<RefCell<Tab>>,
    /// Takes what a user tried in vain.
    miss: Rc<dyn Fn(&str)>,
}

impl Page {
    fn new(tab: Rc<RefCell<Tab>>, miss: Rc<dyn Fn(&str)>) -> Page {
        Page { tab, miss }
    }

    /// What it is called in the words of a run, and its socket after it.
    pub fn named(self, name: &str) -> Page {
        let mut tab = self.tab.borrow_mut();
        tab.name = name.into();
        let _ = tab.loader.clone().map(|loader| loader.named(name));
        drop(tab);
        self
    }

    /// The texts of all elements that a selector finds, in their order.
    #[track_caller]
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let tab = self.tab.borrow();
        find(&tab.dom, selector).into_iter().map(|node| tab.dom.words(node)).collect()
    }

    /// How many elements a selector finds.
    #[track_caller]
    pub fn count(&self, selector: &str) -> usize {
        find(&self.tab.borrow().dom, selector).len()
    }

    /// An attribute of the first element that a selector finds.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let tab = self.tab.borrow();
        tab.dom.attribute(*find(&tab.dom, selector).first()?, name).map(str::to_owned)
    }

    /// Clicks on the first element that a selector finds; whether there is one that takes it.
    #[must_use = "`false` is that nothing took it"]
    #[track_caller]
    pub fn click(&self, selector: &str) -> bool {
        self.fire(selector, "click", Value::Null)
    }

    /// Clicks on one of the elements that a selector finds, counted from 0.
    #[must_use = "`false` is that nothing took it"]
    #[track_caller]
    pub fn click_nth(&self, selector: &str, nth: usize) -> bool {
        self.fire_nth(selector, nth, "click", Value::Null)
    }

    /// Changes a field: the first element that a selector finds gets this value, and its `change` is told.
    #[must_use = "`false` is that nothing took it"]
    #[track_caller]
    pub fn change(&self, selector: &str, value: &str) -> bool {
        self.fire(selector, "change", serde_json::json!({ "value": value }))
    }

    /// Submits a form with these fields.
    #[must_use = "`false` is that nothing took it"]
    #[track_caller]
    pub fn submit(&self, selector: &str, fields: &[(&str, &str)]) -> bool {
        let fields: Map<String, Value> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.fire(selector, "submit", serde_json::json!({ "fields": fields }))
    }

    /// A DOM event at the first element that a selector finds, with data of its own: the nearest element around it that has `on:EVENT` tells
    /// its component. Whether there is one.
    #[must_use = "`false` is that nothing took it"]
    #[track_caller]
    pub fn fire(&self, selector: &str, event: &str, data: Value) -> bool {
        self.fire_nth(selector, 0, event, data)
    }

    #[track_caller]
    fn fire_nth(&self, selector: &str, nth: usize, event: &str, data: Value) -> bool {
        let fired = fire(&mut self.tab.borrow_mut(), selector, nth, event, data);
        if let Err(why) = &fired {
            let name = &self.tab.borrow().name;
            (self.miss)(&format!("{name}: {event} at {selector:?}, {why}"));
        }
        fired.is_ok()
    }

    /// What callbacks have answered by errors, since somebody asked.
    pub fn errors(&self) -> Vec<String> {
        std::mem::take(&mut self.tab.borrow_mut().errors)
    }

    /// The messages that components have flashed, since somebody asked.
    pub fn flashes(&self) -> Vec<String> {
        std::mem::take(&mut self.tab.borrow_mut().flashes)
    }

    /// The status that its path was answered with, once it was.
    pub fn status(&self) -> Option<u16> {
        let mut tab = self.tab.borrow_mut();
        tab.known = tab.status;
        tab.status
    }

    /// The path that it shows.
    pub fn path(&self) -> String {
        self.tab.borrow().path.clone()
    }
}

/// An event at an element; why it is nobody's, if it is.
#[track_caller]
fn fire(tab: &mut Tab, selector: &str, nth: usize, event: &str, data: Value) -> Result<(), &'static str> {
    let target = find(&tab.dom, selector).get(nth).copied().ok_or("which finds nothing")?;
    let part = tab.part_of(target).ok_or("which is in no component")?;
    let attribute = format!("spark-{event}");
    let named = |node: &NodeId| tab.dom.attribute(*node, &attribute).is_some();
    let element = tab.dom.ancestors(target).find(named).ok_or("which takes no such event")?;
    let name = tab.dom.attribute(element, &attribute).unwrap_or_default().to_owned();
    let attributes = tab.dom.element(element).map_or(&[][..], |element| &element.attributes);
    let own = attributes.iter().filter_map(|(name, value)| Some((name.strip_prefix("data-")?, value)));
    let mut all: Map<String, Value> = own.map(|(name, value)| (camel(name), value.as_str().into())).collect();
    if let Value::Object(data) = data {
        all.extend(data);
    }
    tab.say(part, element, name, all.into());
    Ok(())
}

#[track_caller]
fn find(dom: &Dom, selector: &str) -> Vec<NodeId> {
    match Selector::parse(selector) {
        Ok(selector) => dom.select(Dom::ROOT, &selector),
        Err(unsupported) => panic!("{unsupported}"),
    }
}

impl<A: App> World<A> {
    /// A page with live components in a browser of its own, which loads this path as soon as time passes.
    #[track_caller]
    pub fn visit(&self, path: &str) -> Page {
        let number = self.pages().borrow().len();
        let tab = Rc::new(RefCell::new(Tab::new(format!("page {number}"), path)));
        self.pages().borrow_mut().push(tab.clone());
        self.load(&tab);
        let world = self.clone();
        Page::new(tab, Rc::new(move |words| world.tell("misses", words)))
    }

    /// Loads a tab's page, in place of the one that it has.
    #[track_caller]
    fn load(&self, tab: &Rc<RefCell<Tab>>) {
        let client = {
            let tab = tab.borrow();
            let client = self.get(&tab.path).named(&tab.name);
            tab.cookies.iter().fold(client, |client, (name, value)| client.cookie(name, value))
        };
        tab.borrow_mut().loader = Some(client.clone());
        let (world, own) = (self.clone(), tab.clone());
        client.keeps_asking(move |client, status, body| {
            let opened = own.borrow_mut().came(client, status, body);
            if let Some(spark) = opened {
                let socket = world.client(&spark);
                world.attend(&own, socket);
            }
        });
    }

    /// What comes on a page's socket is for its components.
    fn attend(&self, tab: &Rc<RefCell<Tab>>, socket: Client) {
        let socket = {
            let tab = tab.borrow();
            let socket = socket.named(&format!("{}'s socket", tab.name));
            tab.cookies.iter().fold(socket, |socket, (name, value)| socket.cookie(name, value))
        };
        tab.borrow_mut().socket = Some(socket.clone());
        let (opened, lost, heard, world) = (tab.clone(), tab.clone(), tab.clone(), self.clone());
        socket.forgets(move |_| lost.borrow_mut().forget_socket());
        let _ = socket.on_open(move |_| opened.borrow_mut().opened()).on_text(move |_, text| {
            let goes = heard.borrow_mut().heard(text);
            if let Some(path) = goes {
                heard.borrow_mut().leave(path);
                world.load(&heard);
            }
        });
    }

    /// At rest, every page shows what its components would show if they were made anew.
    pub(super) fn compare_pages(&self) {
        for tab in self.pages().borrow().iter() {
            // What changes all the time has a quiet moment in between.
            for _ in 0..200 {
                let compared = self.compare(&tab.borrow());
                match compared {
                    Ok(true) => break,
                    Ok(false) => self.run_for(Duration::from_millis(7)),
                    Err(sentence) => give_up(Wrong::new(self.inner().now(), sentence)),
                }
            }
        }
    }

    /// `false`: something for it is on its way.
    fn compare(&self, tab: &Tab) -> Result<bool, String> {
        let mut inner = self.inner();
        let Some(link) = tab.socket.as_ref().and_then(|socket| inner.link_of(socket.number())) else { return Ok(true) };
        if tab.is_busy() || inner.net.links[link].down.len() > 0 || inner.net.links[link].up.len() > 0 {
            return Ok(false);
        }
        let Some(id) = inner.net.links[link].id else { return Ok(false) };
        tab.compare(|component| inner.driver.preview(id, component))
    }
}
