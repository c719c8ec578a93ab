//! A page in a browser: the document, its components, its socket.

use super::field::Field;
use super::user::Waiting;
use super::world::World;
use super::{Command, Failed};
use crate::dom::{Dom, NodeId, View};
use lazuli::{ConnId, Flash, Message, Preview, Time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) struct Tab {
    pub(super) jar: usize,
    pub(super) url: String,
    pub(super) dom: Dom,
    /// Where the page's Spark socket is.
    pub(super) spark: String,
    pub(super) socket: Option<ConnId>,
    pub(super) parts: Vec<Part>,
    pub(super) refs: u32,
    pub(super) asked: BTreeMap<u32, Asked>,
    pub(super) fields: BTreeMap<NodeId, Field>,
    pub(super) focus: Option<NodeId>,
    pub(super) waiting: Vec<Waiting>,
    /// When an event of an element was sent last.
    pub(super) throttled: BTreeMap<(NodeId, String), Time>,
    pub(super) flashes: Vec<(Flash, String)>,
    pub(super) commands: Vec<Command>,
    /// What went wrong, and no test has asked about.
    pub(super) errors: Vec<String>,
    /// What a user answers who is asked.
    pub(super) confirms: bool,
}

/// A component in a page.
pub(super) struct Part {
    pub(super) host: NodeId,
    token: String,
    pub(super) number: Option<u32>,
    pub(super) view: View,
    /// Whether it shows something else than what it came with.
    pub(super) is_patched: bool,
    /// Whether a callback failed since the last patch: then the page may rightly show something else than the component would.
    pub(super) is_stale: bool,
    /// Whether the view was asked for anew; what comes until then is left out.
    pub(super) is_awaited: bool,
    /// What waits for the connection.
    pub(super) queue: Vec<Said>,
}

/// An event for a component.
#[derive(Clone)]
pub(super) struct Said {
    /// The element that has the event.
    pub(super) element: NodeId,
    pub(super) event: String,
    pub(super) data: Map<String, Value>,
    /// The fields whose values it tells.
    pub(super) fields: Vec<NodeId>,
    /// The form that is as at first again once this was answered without an error.
    pub(super) resets: Option<NodeId>,
}

/// What a reply is awaited to.
pub(super) enum Asked {
    Mount(NodeId),
    /// Its host, the fields whose values it told, the form that is reset.
    Event(NodeId, Vec<NodeId>, Option<NodeId>),
    Other,
}

/// Events that wait for the connection, of a component.
const QUEUE: usize = 64;

impl Tab {
    pub(super) fn new(jar: usize) -> Tab {
        Tab {
            jar,
            url: String::new(),
            dom: Dom::default(),
            spark: "/spark".into(),
            socket: None,
            parts: Vec::new(),
            refs: 0,
            asked: BTreeMap::new(),
            fields: BTreeMap::new(),
            focus: None,
            waiting: Vec::new(),
            throttled: BTreeMap::new(),
            flashes: Vec::new(),
            commands: Vec::new(),
            errors: Vec::new(),
            confirms: true,
        }
    }

    /// Loads a page, and mounts what it shows.
    pub(super) fn load(&mut self, world: &mut World, url: &str) -> Result<(), Failed> {
        let (url, html) = fetch(world, self.jar, url)?;
        self.leave(world);
        let confirms = self.confirms;
        let (flashes, commands) = (std::mem::take(&mut self.flashes), std::mem::take(&mut self.commands));
        let errors = std::mem::take(&mut self.errors);
        *self = Tab { flashes, commands, errors, confirms, ..Tab::new(self.jar) };
        (self.url, self.dom) = (url, Dom::document(&html));
        let script = self.dom.descendants(Dom::ROOT).find_map(|node| self.dom.attribute(node, "data-spark-url"));
        if let Some(spark) = script {
            self.spark = spark.into();
        }
        self.find_parts(world)?;
        self.connect(world)
    }

    /// Shows another page in this one's place, without a reload.
    pub(super) fn navigate(&mut self, world: &mut World, url: &str) -> Result<(), Failed> {
        let (url, html) = fetch(world, self.jar, url)?;
        let new = Dom::document(&html);
        let first = |dom: &Dom, name: &str| dom.descendants(Dom::ROOT).find(|node| dom.is(*node, name));
        let pair = |name| first(&self.dom, name).zip(first(&new, name));
        let Some((here, there)) = pair("main").or_else(|| pair("body")) else {
            return Err(Failed(format!("{url} has no <body>")));
        };
        for part in std::mem::take(&mut self.parts) {
            if let Some(number) = part.number {
                self.ask(world, json!({ "type": "component_unmount", "component_id": number }), Asked::Other);
            }
        }
        for child in self.dom.children(here).to_vec() {
            self.dom.remove(child);
        }
        for child in new.children(there) {
            let child = self.dom.import(&new, *child);
            self.dom.insert(here, child, None);
        }
        self.url = url;
        self.waiting.clear();
        self.find_parts(world)?;
        match self.socket {
            Some(_) => self.mount_all(world),
            None => return self.connect(world),
        }
        Ok(())
    }

    fn find_parts(&mut self, world: &mut World) -> Result<(), Failed> {
        let hosts: Vec<NodeId> =
            self.dom.descendants(Dom::ROOT).filter(|node| self.dom.attribute(*node, "data-spark").is_some()).collect();
        for host in hosts {
            let token = self.dom.attribute(host, "data-spark").unwrap_or_default().to_owned();
            let shape = self.dom.attribute(host, "data-shape").unwrap_or_default();
            let shape: Value = serde_json::from_str(shape)
                .map_err(|error| Failed(format!("the shape {shape:?} is no JSON: {error}")))?;
            let spark = self.spark.clone();
            let view = View::hydrate(&mut self.dom, host, &shape, &mut |name| world.template(&spark, name));
            let view = view.map_err(|misfit| Failed(format!("{misfit}\n{}", self.describe())))?;
            self.parts.push(Part {
                host,
                token,
                number: None,
                view,
                is_patched: false,
                is_stale: false,
                is_awaited: false,
                queue: Vec::new(),
            });
        }
        Ok(())
    }

    /// Opens the page's socket, if it has components, and mounts them.
    pub(super) fn connect(&mut self, world: &mut World) -> Result<(), Failed> {
        if self.socket.is_none() && !self.parts.is_empty() {
            self.socket = Some(world.open(self.jar, &self.spark)?);
            self.mount_all(world);
        }
        Ok(())
    }

    fn mount_all(&mut self, world: &mut World) {
        for at in 0..self.parts.len() {
            let part = &self.parts[at];
            let mut mount = json!({ "type": "component_mount", "token": part.token });
            if part.is_patched {
                mount["fresh"] = true.into();
            }
            self.ask(world, mount, Asked::Mount(part.host));
        }
    }

    /// The connection ends: without a close frame if it is lost.
    pub(super) fn hang_up(&mut self, world: &mut World, code: Option<u16>) {
        if let Some(socket) = self.socket.take() {
            world.hang_up(socket, code);
        }
        self.forget_socket();
    }

    pub(super) fn forget_socket(&mut self) {
        self.socket = None;
        self.asked.clear();
        self.parts.iter_mut().for_each(|part| (part.number, part.is_awaited) = (None, false));
    }

    /// The page is closed.
    pub(super) fn leave(&mut self, world: &mut World) {
        self.hang_up(world, Some(1001));
    }

    pub(super) fn ask(&mut self, world: &mut World, mut message: Value, asked: Asked) {
        let Some(socket) = self.socket else { return };
        self.refs += 1;
        message["ref"] = self.refs.into();
        self.asked.insert(self.refs, asked);
        world.say(socket, Message::Text(&message.to_string()));
    }

    /// The component that an element is in.
    pub(super) fn part_of(&self, element: NodeId) -> Option<usize> {
        let mut around = self.dom.ancestors(element).skip(1);
        around.find_map(|node| self.parts.iter().position(|part| part.host == node))
    }

    /// The number of the component in a part that an element is in, if it is another one's than the part's own.
    pub(super) fn inner_of(&self, part: usize, element: NodeId) -> Option<u64> {
        self.parts[part].view.component_of(&self.dom, element)
    }

    /// Sends an event, or lets it wait for the connection.
    pub(super) fn send(&mut self, world: &mut World, said: Said) {
        let Some(at) = self.part_of(said.element) else { return };
        let Some(number) = self.parts[at].number else {
            if self.parts[at].queue.len() < QUEUE {
                self.parts[at].queue.push(said);
            } else {
                self.errors.push(format!("the event {:?} is one more than may wait for the connection", said.event));
            }
            return;
        };
        let number = self.inner_of(at, said.element).unwrap_or(u64::from(number));
        let event =
            json!({ "type": "component_event", "component_id": number, "event": said.event, "data": said.data });
        self.ask(world, event, Asked::Event(self.parts[at].host, said.fields, said.resets));
    }

    /// Compares what the components' elements hold with what they would hold if they were made anew.
    pub(super) fn check(&mut self, world: &mut World) -> Result<(), String> {
        let Some(socket) = self.socket else { return Ok(()) };
        for part in self.parts.iter().filter(|part| !part.is_stale && !part.is_awaited) {
            let Some(number) = part.number else { continue };
            let preview = world.server.borrow_mut().preview(socket, number);
            let patch = match preview {
                Some(Preview::Whole(patch)) => patch,
                Some(Preview::Unrendered(said)) => {
                    return Err(format!("component {number} cannot be rendered: {said}"));
                }
                // What is said to it in its own update is shown by the next one.
                Some(Preview::Due) => continue,
                None => return Err(format!("there is no component {number}, and its page was not told")),
            };
            let patch = serde_json::from_slice::<Value>(&patch)
                .map_err(|error| format!("the patch of component {number} is no JSON: {error}"))?;
            let mut fresh = Dom::default();
            let host = fresh.make_element("div");
            let mut view = View::empty(host);
            view.apply(&mut fresh, &patch, &mut |name| world.template(&self.spark, name))
                .map_err(|misfit| format!("the view of component {number} cannot be made anew: {misfit}"))?;
            if let Some(found) = self.dom.difference(part.host, &fresh, host) {
                return Err(format!("patches have led component {number} elsewhere than a render does: {found}"));
            }
        }
        Ok(())
    }

    /// What the page shows, for people.
    pub(super) fn describe(&self) -> String {
        let body = self.dom.descendants(Dom::ROOT).find(|node| self.dom.is(*node, "body")).unwrap_or(Dom::ROOT);
        format!("the page {} shows:\n{}", self.url, self.dom.outline(body))
    }
}

/// Gets a page, where redirects lead; its URL and its HTML.
fn fetch(world: &mut World, jar: usize, url: &str) -> Result<(String, String), Failed> {
    let mut url = url.to_owned();
    for _ in 0..10 {
        let target = url.split('#').next().unwrap_or_default().to_owned();
        let response = world.get(jar, &target)?;
        let location = response.headers().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        match (response.status_code(), location) {
            (200, _) => return Ok((url, String::from_utf8_lossy(response.body()).into_owned())),
            (300..400, Some((_, to))) => url = to.to_owned(),
            (status, _) => {
                let body = String::from_utf8_lossy(response.body());
                return Err(Failed(format!("{url} was answered with {status}: {:.500}", body.trim())));
            }
        }
    }
    Err(Failed(format!("{url} is redirected again and again")))
}
