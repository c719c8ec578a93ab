//! What a user does: DOM events, which become events of components as `docs/client.md` says.

use super::field::{self, form_of, is_checkable};
use super::tab::{Said, Tab};
use super::world::World;
use crate::dom::{Dom, NodeId};
use lazuli::Time;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// An event that waits for silence, or for its turn.
pub(super) struct Waiting {
    at: Time,
    said: Said,
    /// The name of the DOM event, and where it happened.
    name: String,
    target: NodeId,
    is_throttled: bool,
}

impl Tab {
    /// A DOM event happens at an element. `more` is data of its own.
    pub(super) fn fire(&mut self, world: &mut World, target: NodeId, name: &str, more: Map<String, Value>) {
        if matches!(name, "blur" | "change" | "submit") {
            self.flush(world, |waiting| {
                !waiting.is_throttled
                    && (waiting.target == target || name == "submit" && form_of_any(&waiting.said, target))
            });
        }
        let Some(part) = self.part_of(target) else { return };
        let (attribute, inner) = (format!("spark-{name}"), self.inner_of(part, target));
        let host = self.parts[part].host;
        let has =
            |node: &NodeId| self.dom.attribute(*node, &attribute).is_some() && self.inner_of(part, *node) == inner;
        let found = self.dom.ancestors(target).take_while(|node| *node != host).find(has);
        let Some(element) = found else { return };
        let attribute_of = |name: &str| self.dom.attribute(element, name).map(str::to_owned);
        if let (Some(keys), Some(Value::String(key))) = (attribute_of("spark-key"), more.get("key")) {
            let key = if key == " " { "Space" } else { key };
            if !keys.split_ascii_whitespace().any(|known| known == key) {
                return;
            }
        }
        if attribute_of("spark-confirm").is_some() && !self.confirms {
            return;
        }
        let event = attribute_of(&attribute).unwrap_or_default();
        let (data, fields) = self.data(element, target, name, more);
        let resets = (name == "submit" && attribute_of("spark-reset").is_some()).then_some(element);
        let said = Said { element, event, data, fields, resets };
        let millis =
            |name: &str| attribute_of(name).and_then(|millis| millis.trim().parse().ok()).map(Duration::from_millis);
        let (debounce, throttle) = (millis("spark-debounce"), millis("spark-throttle"));
        let waiting = |at, is_throttled| Waiting { at, said: said.clone(), name: name.into(), target, is_throttled };
        let here = |waiting: &Waiting| waiting.said.element == element && waiting.name == name;
        if let Some(debounce) = debounce {
            self.waiting.retain(|waiting| !here(waiting));
            self.waiting.push(waiting(world.now + debounce, false));
            return;
        }
        if let Some(throttle) = throttle {
            let key = (element, name.to_owned());
            let next = self.throttled.get(&key).map(|at| *at + throttle).filter(|at| *at > world.now);
            if let Some(at) = next {
                if !matches!(name, "click" | "submit") {
                    self.waiting.retain(|waiting| !here(waiting));
                    self.waiting.push(waiting(at, true));
                }
                return;
            }
            self.throttled.insert(key, world.now);
        }
        self.flush(world, |waiting| !waiting.is_throttled);
        self.send(world, said);
    }

    /// What travels with an event.
    fn data(
        &self,
        element: NodeId,
        target: NodeId,
        name: &str,
        more: Map<String, Value>,
    ) -> (Map<String, Value>, Vec<NodeId>) {
        let dom = &self.dom;
        let mut data = Map::new();
        for (attribute, value) in dom.element(element).map_or(&[][..], |it| &it.attributes) {
            if let Some(name) = attribute.strip_prefix("data-") {
                data.insert(camel(name), value.as_str().into());
            }
        }
        let is_button = |node| dom.is(node, "button") && dom.attribute(node, "value").is_some();
        let is_field = |node| field::kind(dom, node).is_some() || is_button(node);
        let mut told = Vec::new();
        let source =
            if is_field(element) { Some(element) } else { Some(target).filter(|it| name != "click" && is_field(*it)) };
        if let Some(source) = source {
            data.insert("value".into(), field::value(dom, &self.fields, source).into());
            if let Some(name) = dom.attribute(source, "name") {
                data.insert("name".into(), name.into());
            }
            if is_checkable(dom, source) {
                data.insert("checked".into(), field::is_checked(dom, &self.fields, source).into());
            }
            told.push(source);
        }
        if dom.is(element, "form") {
            data.insert("fields".into(), field::form_data(dom, &self.fields, element).into());
            told.extend(field::fields_of(dom, &self.fields, element));
            if matches!(name, "input" | "change") {
                data.insert("_target".into(), dom.attribute(target, "name").unwrap_or_default().into());
            }
        }
        data.extend(more);
        (data, told)
    }

    /// Sends what waits and is meant.
    fn flush(&mut self, world: &mut World, which: impl Fn(&Waiting) -> bool) {
        let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(which);
        self.waiting = later;
        for waiting in now {
            if waiting.is_throttled {
                self.throttled.insert((waiting.said.element, waiting.name), world.now);
            }
            self.send(world, waiting.said);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.waiting.iter().map(|waiting| waiting.at).min()
    }

    pub(super) fn timeout(&mut self, world: &mut World) {
        let now = world.now;
        self.flush(world, |waiting| waiting.at <= now);
    }

    /// The focus goes elsewhere. What was typed in the field that loses it becomes a `change`.
    pub(super) fn move_focus(&mut self, world: &mut World, to: Option<NodeId>) {
        if self.focus == to {
            return;
        }
        if let Some(from) = self.focus.take()
            && self.is_there(from)
        {
            self.settle_field(world, from);
            self.fire(world, from, "blur", Map::new());
        }
        self.focus = to;
        if let Some(to) = to {
            self.fire(world, to, "focus", Map::new());
        }
    }

    /// A `change` for what was typed since the last.
    fn settle_field(&mut self, world: &mut World, node: NodeId) {
        if let Some(field) = self.fields.get_mut(&node)
            && std::mem::take(&mut field.is_unsettled)
        {
            self.fire(world, node, "change", Map::new());
        }
    }

    fn is_there(&self, node: NodeId) -> bool {
        self.dom.ancestors(node).any(|it| it == Dom::ROOT)
    }

    /// A click, and what a browser does of itself then.
    pub(super) fn click(&mut self, world: &mut World, node: NodeId) -> Result<(), String> {
        if field::is_disabled(&self.dom, node) {
            return Err("it is disabled".into());
        }
        let is_control = |dom: &Dom, it: NodeId| field::kind(dom, it).is_some() || dom.is(it, "button");
        let control = self.dom.ancestors(node).find(|it| is_control(&self.dom, *it) || self.dom.is(*it, "a"));
        self.move_focus(world, control);
        if is_checkable(&self.dom, node) {
            self.toggle(node);
        }
        self.fire(world, node, "click", Map::new());
        if is_checkable(&self.dom, node) {
            self.fire(world, node, "input", Map::new());
            self.fire(world, node, "change", Map::new());
            return Ok(());
        }
        let label = self.dom.ancestors(node).find(|it| self.dom.is(*it, "label"));
        if let Some(label) = label.filter(|_| control.is_none()) {
            let of = |id| self.dom.descendants(Dom::ROOT).find(|it| self.dom.attribute(*it, "id") == Some(id));
            let inside = || self.dom.descendants(label).find(|it| is_control(&self.dom, *it));
            let labelled = self.dom.attribute(label, "for").map_or_else(inside, of);
            return match labelled {
                Some(control) => self.click(world, control),
                None => Ok(()),
            };
        }
        let Some(control) = control.filter(|control| self.is_there(*control)) else { return Ok(()) };
        let kind = self.dom.attribute(control, "type");
        let is_submit = self.dom.is(control, "button") && !matches!(kind, Some("button" | "reset"))
            || self.dom.is(control, "input") && matches!(kind, Some("submit" | "image"));
        if is_submit && let Some(form) = form_of(&self.dom, control) {
            return self.submit(world, form);
        }
        let has_event = self.dom.ancestors(node).any(|it| self.dom.attribute(it, "spark-click").is_some());
        let href = self.dom.attribute(control, "href").filter(|href| !has_event && !href.starts_with('#'));
        if let Some(href) = href.map(str::to_owned) {
            let url = if href.starts_with('?') {
                format!("{}{href}", self.url.split(['?', '#']).next().unwrap_or_default())
            } else {
                href
            };
            return self.load(world, &url).map_err(|failed| failed.0);
        }
        Ok(())
    }

    /// A checkbox changes, or a radio button is chosen and the others of its name are not.
    fn toggle(&mut self, node: NodeId) {
        let now = field::is_checked(&self.dom, &self.fields, node);
        let is_radio = field::kind(&self.dom, node) == Some("radio");
        let mut changed = vec![(node, is_radio || !now)];
        if is_radio {
            let name = self.dom.attribute(node, "name");
            let others = self.dom.descendants(Dom::ROOT).filter(|it| {
                *it != node
                    && field::kind(&self.dom, *it) == Some("radio")
                    && self.dom.attribute(*it, "name") == name
                    && form_of(&self.dom, *it) == form_of(&self.dom, node)
            });
            changed.extend(others.map(|it| (it, false)));
        }
        for (node, checked) in changed {
            let field = self.fields.entry(node).or_default();
            (field.checked, field.is_untold) = (Some(checked), true);
        }
    }

    /// Characters are typed behind what a field holds.
    pub(super) fn type_text(&mut self, world: &mut World, node: NodeId, letter: char) {
        let value = field::value(&self.dom, &self.fields, node) + letter.encode_utf8(&mut [0; 4]);
        self.set_value(node, value);
        self.fire(world, node, "input", Map::new());
    }

    pub(super) fn set_value(&mut self, node: NodeId, value: String) {
        let field = self.fields.entry(node).or_default();
        (field.value, field.is_untold, field.is_unsettled) = (Some(value), true, true);
    }

    /// A field gets another value, as if it had been written or chosen.
    pub(super) fn change(&mut self, world: &mut World, node: NodeId, value: &str) -> Result<(), String> {
        self.move_focus(world, Some(node));
        if field::kind(&self.dom, node) == Some("select") {
            let options = field::options(&self.dom, node);
            let named = |it: &&NodeId| field::option_value(&self.dom, **it) == value || self.dom.words(**it) == value;
            let chosen = *options.iter().find(named).ok_or_else(|| format!("it has no option {value:?}"))?;
            for option in options {
                self.fields.entry(option).or_default().checked = Some(option == chosen);
            }
            self.fields.entry(node).or_default().is_unsettled = true;
        } else {
            self.set_value(node, value.into());
        }
        self.fire(world, node, "input", Map::new());
        if self.is_there(node) {
            self.settle_field(world, node);
        }
        Ok(())
    }

    /// A form is sent.
    pub(super) fn submit(&mut self, world: &mut World, form: NodeId) -> Result<(), String> {
        if let Some(field) = self.focus.filter(|field| form_of(&self.dom, *field) == Some(form)) {
            self.settle_field(world, field);
        }
        let has_event = self.dom.ancestors(form).any(|it| self.dom.attribute(it, "spark-submit").is_some());
        if !has_event {
            return Err("its form has no spark-submit; a form that a browser sends by itself is not played here".into());
        }
        self.fire(world, form, "submit", Map::new());
        Ok(())
    }

    /// The fields of a form hold again what their markup says.
    pub(super) fn reset(&mut self, form: NodeId) {
        let dom = &self.dom;
        self.fields.retain(|node, _| form_of(dom, *node) != Some(form));
    }

    /// A key goes down and up. Enter in a field of a form sends the form.
    pub(super) fn press(&mut self, world: &mut World, node: NodeId, key: &str) -> Result<(), String> {
        self.move_focus(world, Some(node));
        let data = || match json!({ "key": key, "alt": false, "ctrl": false, "meta": false, "shift": false }) {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        self.fire(world, node, "keydown", data());
        if key == "Enter" && self.dom.is(node, "input") && self.is_there(node) {
            self.settle_field(world, node);
            let form = form_of(&self.dom, node).filter(|form| self.dom.attribute(*form, "spark-submit").is_some());
            if let Some(form) = form {
                self.submit(world, form)?;
            }
        }
        if self.is_there(node) {
            self.fire(world, node, "keyup", data());
        }
        Ok(())
    }
}

/// Whether what waits tells of a form, or of a field in it.
fn form_of_any(said: &Said, form: NodeId) -> bool {
    said.element == form || said.fields.contains(&form)
}

/// `row-id` as `dataset` has it: `rowId`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.split('-');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}
