//! A page with live components: what its browser knows of it, and what it says on its socket, by `docs/protocol.md`.

use super::Client;
use crate::dom::{Dom, NodeId, Templates, View};
use lazuli::Preview;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) struct Tab {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) cookies: BTreeMap<String, String>,
    /// Who asks for the page.
    pub(super) loader: Option<Client>,
    pub(super) socket: Option<Client>,
    pub(super) dom: Dom,
    pub(super) flashes: Vec<String>,
    /// What callbacks have answered by errors.
    pub(super) errors: Vec<String>,
    /// How its request was answered, once it was.
    pub(super) status: Option<u16>,
    /// The status that the test has asked for and got.
    pub(super) known: Option<u16>,
    parts: Vec<Part>,
    refs: u64,
    asked: BTreeMap<u64, Asked>,
    /// What has come and waits for a template.
    held: VecDeque<Value>,
    templates: Templates,
    /// What looks like the name of one and is none.
    no_templates: BTreeSet<String>,
    wanted: BTreeSet<String>,
}

/// A component in the page.
struct Part {
    host: NodeId,
    token: String,
    shape: Value,
    /// Once its templates are there.
    view: Option<View>,
    /// Its number on the socket.
    number: Option<u64>,
    is_asked: bool,
    /// It shows something else than what the page came with.
    is_patched: bool,
    /// It was asked for anew; what comes until then is left out.
    is_awaited: bool,
    /// A callback has failed since the last patch: it may rightly know more than it shows.
    is_stale: bool,
    is_gone: bool,
    /// Events that wait for the mount.
    queue: Vec<(NodeId, String, Value)>,
}

/// What a reply is awaited to.
enum Asked {
    Mount(usize),
    Event(usize),
    Template(String),
    Other,
}

impl Tab {
    pub(super) fn new(name: String, path: &str) -> Tab {
        Tab {
            name,
            path: path.into(),
            cookies: BTreeMap::new(),
            loader: None,
            socket: None,
            dom: Dom::default(),
            flashes: Vec::new(),
            errors: Vec::new(),
            status: None,
            known: None,
            parts: Vec::new(),
            refs: 0,
            asked: BTreeMap::new(),
            held: VecDeque::new(),
            templates: Templates::default(),
            no_templates: BTreeSet::new(),
            wanted: BTreeSet::new(),
        }
    }

    /// The page goes, for another one.
    pub(super) fn leave(&mut self, path: String) {
        if let Some(socket) = self.socket.take() {
            socket.close_with(1001);
        }
        self.path = path;
        (self.status, self.known) = (None, None);
        self.parts.clear();
        self.forget_socket();
    }

    /// Its socket is lost; the page stays, with what it shows.
    pub(super) fn forget_socket(&mut self) {
        self.asked.clear();
        self.held.clear();
        self.wanted.clear();
        for part in &mut self.parts {
            (part.number, part.is_asked, part.is_awaited) = (None, false, false);
        }
    }

    /// The page has come; where its socket is to be opened, if it has components.
    pub(super) fn came(&mut self, client: &Client, status: u16, body: &str) -> Option<String> {
        if matches!(status, 408 | 429 | 503) {
            return None;
        }
        self.cookies = client.cookies();
        self.status = Some(status);
        self.dom = Dom::document(body);
        let attribute = |node, name: &str| self.dom.attribute(node, name).unwrap_or_default().to_owned();
        let has = |node: &NodeId, name| self.dom.attribute(*node, name).is_some();
        let hosts = self.dom.descendants(Dom::ROOT).filter(|node| has(node, "data-spark"));
        let part = |host| {
            let shape = attribute(host, "data-shape");
            Part {
                host,
                token: attribute(host, "data-spark"),
                shape: serde_json::from_str(&shape)
                    .unwrap_or_else(|error| panic!("the shape {shape} is no JSON: {error}")),
                view: None,
                number: None,
                is_asked: false,
                is_patched: false,
                is_awaited: false,
                is_stale: false,
                is_gone: false,
                queue: Vec::new(),
            }
        };
        self.parts = hosts.map(part).collect();
        let script = self.dom.descendants(Dom::ROOT).find(|node| has(node, "data-spark-url"));
        let spark = script.map_or("/spark".into(), |node| attribute(node, "data-spark-url"));
        (!self.parts.is_empty()).then_some(spark)
    }

    /// The page has a socket.
    pub(super) fn opened(&mut self) {
        self.forget_socket();
        self.no_templates.clear();
        self.hydrate();
    }

    fn ask(&mut self, mut message: Value, asked: Asked) {
        self.refs += 1;
        message["ref"] = self.refs.into();
        self.asked.insert(self.refs, asked);
        if let Some(socket) = &self.socket {
            socket.send_json(&message);
        }
    }

    fn want(&mut self, names: Vec<String>) {
        for name in names {
            if self.wanted.insert(name.clone()) {
                self.ask(json!({ "type": "template", "name": name }), Asked::Template(name));
            }
        }
    }

    /// Finds the components in the page, once their templates are there, and mounts them.
    fn hydrate(&mut self) {
        let mut missing = Vec::new();
        for part in self.parts.iter().filter(|part| part.view.is_none()) {
            self.templates.missing(&part.shape, &self.no_templates, &mut missing);
        }
        if !missing.is_empty() {
            return self.want(missing);
        }
        let templates = &self.templates;
        for part in self.parts.iter_mut().filter(|part| part.view.is_none()) {
            let mut is_lacking = false;
            let mut library = |name: &str| {
                is_lacking |= templates.get(name).is_none();
                templates.find(name)
            };
            match View::hydrate(&mut self.dom, part.host, &part.shape, &mut library) {
                Ok(view) => part.view = Some(view),
                // A server that was started anew since has not shown it yet; all of it comes with the mount.
                Err(_) if is_lacking => {
                    self.dom.children(part.host).to_vec().into_iter().for_each(|child| self.dom.remove(child));
                    (part.view, part.is_patched) = (Some(View::empty(part.host)), true);
                    self.no_templates.clear();
                }
                Err(misfit) => panic!("{} does not fit its shape: {misfit}", self.name),
            }
        }
        for at in 0..self.parts.len() {
            let part = &mut self.parts[at];
            if part.number.is_none() && !part.is_gone && !std::mem::replace(&mut part.is_asked, true) {
                let mut mount = json!({ "type": "component_mount", "token": part.token });
                if part.is_patched {
                    mount["fresh"] = true.into();
                }
                self.ask(mount, Asked::Mount(at));
            }
        }
    }

    /// A text of the socket; where the page goes because of it.
    pub(super) fn heard(&mut self, text: &str) -> Option<String> {
        let frame: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text:.80} is no JSON: {error}"));
        match frame["ref"].as_u64().and_then(|number| self.asked.get(&number)) {
            Some(Asked::Template(name)) if frame["type"] == "reply" => {
                let name = name.clone();
                self.asked.remove(&frame["ref"].as_u64().unwrap_or_default());
                self.wanted.remove(&name);
                if frame["status"] == "ok" {
                    let added = self.templates.add(&name, &frame["payload"].to_string());
                    added.unwrap_or_else(|misfit| panic!("template {name}: {misfit}"));
                } else {
                    self.no_templates.insert(name);
                }
                self.hydrate();
            }
            _ => self.held.push_back(frame),
        }
        while let Some(frame) = self.held.front() {
            let payload = &frame["payload"];
            let patches = if payload[0].is_u64() { &payload[1] } else { frame };
            let mut missing = Vec::new();
            self.templates.missing(patches, &self.no_templates, &mut missing);
            if !missing.is_empty() {
                self.want(missing);
                return None;
            }
            let frame = self.held.pop_front()?;
            if let Some(path) = self.take_in(&frame) {
                return Some(path);
            }
        }
        None
    }

    fn take_in(&mut self, frame: &Value) -> Option<String> {
        if let Value::Array(patches) = frame {
            for pair in patches.chunks(2) {
                match (pair, self.part_by(&pair[0])) {
                    ([_, patch], Some(at)) => self.patch(at, patch),
                    _ => panic!("{} got a patch for a component that it has not: {frame}", self.name),
                }
            }
            return None;
        }
        let text = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        match frame["type"].as_str().unwrap_or_default() {
            "reply" => return self.reply(frame),
            "component_flash" => self.flashes.push(text("message")),
            "component_redirect" if frame["external"] == true => {}
            "component_redirect" | "component_navigate" => return Some(text("url")),
            "component_error" => {
                let at = self.part_by(&frame["component_id"]);
                self.fail(at, text("message"), frame["fresh"] == true);
            }
            "component_gone" => {
                if let Some(at) = self.part_by(&frame["component_id"]) {
                    (self.parts[at].number, self.parts[at].is_gone) = (None, true);
                }
            }
            "error" => self.errors.push(text("message")),
            _ => {}
        }
        None
    }

    fn part_by(&self, number: &Value) -> Option<usize> {
        self.parts.iter().position(|part| part.number.map(Value::from).as_ref() == Some(number))
    }

    /// A callback failed; of a component in another one, it is not known which view is concerned.
    fn fail(&mut self, at: Option<usize>, message: String, is_fresh: bool) {
        self.errors.push(message);
        for (number, part) in self.parts.iter_mut().enumerate() {
            part.is_stale |= !is_fresh && at.is_none_or(|at| at == number);
        }
    }

    fn patch(&mut self, at: usize, patch: &Value) {
        let (templates, part) = (&self.templates, &mut self.parts[at]);
        part.is_patched = true;
        if part.is_awaited && patch[0] != -6 {
            return;
        }
        (part.is_awaited, part.is_stale) = (false, false);
        let Some(view) = &mut part.view else { panic!("{} got a patch before the mount", self.name) };
        let mut library = |name: &str| templates.find(name);
        match view.apply(&mut self.dom, patch, &mut library) {
            Ok(()) => {}
            Err(misfit) if misfit.asks_anew() => {
                part.is_awaited = true;
                let resync = json!({ "type": "component_resync", "component_id": part.number });
                self.ask(resync, Asked::Other);
            }
            Err(misfit) => panic!("a patch does not fit {}: {misfit}", self.name),
        }
    }

    fn reply(&mut self, frame: &Value) -> Option<String> {
        let asked = frame["ref"].as_u64().and_then(|number| self.asked.remove(&number));
        let (is_ok, payload) = (frame["status"] == "ok", &frame["payload"]);
        let message = || payload["message"].as_str().unwrap_or_default().to_owned();
        match asked? {
            Asked::Mount(at) if is_ok => {
                self.parts[at].number = payload[0].as_u64();
                match &payload[1] {
                    patch @ Value::Array(_) => self.patch(at, patch),
                    _ => {
                        let given = payload.as_array().map_or(&[][..], |answer| &answer[1..]);
                        let places = self.parts[at].view.as_mut().map(View::components_mut).unwrap_or_default();
                        assert_eq!(
                            places.len(),
                            given.len(),
                            "components in a component, and the numbers that they got"
                        );
                        for (place, number) in places.into_iter().zip(given) {
                            *place = number.as_u64().unwrap_or_default();
                        }
                    }
                }
                for (element, event, data) in std::mem::take(&mut self.parts[at].queue) {
                    if self.dom.ancestors(element).any(|node| node == Dom::ROOT) {
                        self.say(at, element, event, data);
                    }
                }
            }
            // The page is to be loaded again.
            Asked::Mount(_) if payload["code"] == "EXPIRED" => return Some(self.path.clone()),
            Asked::Mount(at) => {
                self.parts[at].is_gone = true;
                self.errors.push(message());
            }
            Asked::Event(at) if !is_ok => self.fail(Some(at), message(), false),
            Asked::Event(_) | Asked::Template(_) | Asked::Other => {}
        }
        None
    }

    /// The component that an element is in.
    pub(super) fn part_of(&self, element: NodeId) -> Option<usize> {
        self.dom.ancestors(element).skip(1).find_map(|node| self.parts.iter().position(|part| part.host == node))
    }

    /// Tells a component of an event, or lets it wait for the mount.
    pub(super) fn say(&mut self, at: usize, element: NodeId, event: String, data: Value) {
        let part = &mut self.parts[at];
        let Some(number) = part.number else { return part.queue.push((element, event, data)) };
        let number = part.view.as_ref().and_then(|view| view.component_of(&self.dom, element)).unwrap_or(number);
        let message = json!({ "type": "component_event", "component_id": number, "event": event, "data": data });
        self.ask(message, Asked::Event(at));
    }

    /// Whether it waits for something.
    pub(super) fn is_busy(&self) -> bool {
        !self.asked.is_empty() || !self.held.is_empty()
    }

    /// Says so if it was answered otherwise than with a page, and the test has not asked.
    pub(super) fn refused(&self) -> Option<String> {
        let status = self.status.filter(|status| *status != 200 && self.known != Some(*status))?;
        let (name, path) = (&self.name, &self.path);
        Some(format!("{name} was answered with {status} at {path:?} (a test that means it to asks for `status()`)"))
    }

    /// What is not as it should be at rest.
    pub(super) fn pending(&self) -> Option<String> {
        let name = &self.name;
        match self.status {
            None => Some(format!("{name} has not come")),
            Some(_) if self.parts.iter().any(|part| part.number.is_none() && !part.is_gone) => {
                Some(format!("components of {name} are not mounted"))
            }
            Some(_) if self.is_busy() => Some(format!("{name} waits for answers")),
            Some(_) => None,
        }
    }

    /// Compares what the components show with what they would show if they were made anew. `false`: a patch is still to come.
    pub(super) fn compare(&self, mut preview: impl FnMut(u32) -> Option<Preview>) -> Result<bool, String> {
        for part in self.parts.iter().filter(|part| !part.is_stale && !part.is_awaited) {
            let Some(number) = part.number.and_then(|number| u32::try_from(number).ok()) else { continue };
            let patch = match preview(number) {
                Some(Preview::Whole(patch)) => patch,
                Some(Preview::Due) => return Ok(false),
                Some(Preview::Unrendered(said)) => {
                    return Err(format!("component {number} cannot be rendered: {said}"));
                }
                None => return Err(format!("there is no component {number}, and {} was not told", self.name)),
            };
            let patch: Value =
                serde_json::from_slice(&patch).map_err(|error| format!("a patch is no JSON: {error}"))?;
            let mut fresh = Dom::default();
            let host = fresh.make_element("div");
            let mut missing = false;
            let mut library = |name: &str| {
                missing |= self.templates.get(name).is_none();
                self.templates.find(name)
            };
            match View::empty(host).apply(&mut fresh, &patch, &mut library) {
                Ok(()) => {}
                // What the page was never sent is not what it shows.
                Err(misfit) if missing => {
                    return Err(format!("{} does not show a template that its render has: {misfit}", self.name));
                }
                Err(misfit) => return Err(format!("component {number} cannot be made anew: {misfit}")),
            }
            if let Some(found) = self.dom.difference(part.host, &fresh, host) {
                return Err(format!("patches have led {} elsewhere than a render does: {found}", self.name));
            }
        }
        Ok(true)
    }
}
