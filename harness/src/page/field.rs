//! Fields of forms: what they hold, beside what their markup says.

use crate::dom::{Dom, NodeId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a user has made of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub(super) value: Option<String>,
    pub(super) checked: Option<bool>,
    /// The server was not told of it yet.
    pub(super) is_untold: bool,
    /// No `change` event has told of it yet.
    pub(super) is_unsettled: bool,
}

impl Field {
    /// A patch has set an attribute. What the server does not know of stays.
    pub(super) fn server_sets(&mut self, attribute: &str) {
        match attribute {
            _ if self.is_untold => {}
            "value" => self.value = None,
            "checked" | "selected" => self.checked = None,
            _ => {}
        }
    }
}

pub(super) type Fields = BTreeMap<NodeId, Field>;

/// What kind of field an element is, by its `type`; `None` if it is none.
pub(super) fn kind(dom: &Dom, node: NodeId) -> Option<&str> {
    match dom.element(node)?.name.as_str() {
        "input" => Some(dom.attribute(node, "type").unwrap_or("text")),
        "textarea" => Some("textarea"),
        "select" => Some("select"),
        _ => None,
    }
}

pub(super) fn is_checkable(dom: &Dom, node: NodeId) -> bool {
    matches!(kind(dom, node), Some("checkbox" | "radio"))
}

/// Whether somebody can write in it.
pub(super) fn is_writable(dom: &Dom, node: NodeId) -> bool {
    let others =
        ["checkbox", "radio", "select", "button", "submit", "reset", "image", "file", "hidden", "color", "range"];
    kind(dom, node).is_some_and(|kind| !others.contains(&kind))
}

pub(super) fn is_disabled(dom: &Dom, node: NodeId) -> bool {
    let can = dom.element(node).is_some_and(|it| {
        matches!(it.name.as_str(), "button" | "input" | "select" | "textarea" | "option" | "fieldset")
    });
    let is = |node| dom.attribute(node, "disabled").is_some();
    can && (is(node) || dom.ancestors(node).any(|around| dom.is(around, "fieldset") && is(around)))
}

pub(super) fn is_checked(dom: &Dom, fields: &Fields, node: NodeId) -> bool {
    let own = fields.get(&node).and_then(|field| field.checked);
    own.unwrap_or_else(|| dom.attribute(node, "checked").is_some())
}

/// The options of a `select`.
pub(super) fn options(dom: &Dom, select: NodeId) -> Vec<NodeId> {
    dom.descendants(select).filter(|node| dom.is(*node, "option")).collect()
}

pub(super) fn option_value(dom: &Dom, option: NodeId) -> String {
    dom.attribute(option, "value").map_or_else(|| dom.words(option), str::to_owned)
}

fn is_selected(dom: &Dom, fields: &Fields, option: NodeId) -> bool {
    let own = fields.get(&option).and_then(|field| field.checked);
    own.unwrap_or_else(|| dom.attribute(option, "selected").is_some())
}

/// The values of the options that are selected; of a list where one has to be, the first.
fn selected(dom: &Dom, fields: &Fields, select: NodeId) -> Vec<String> {
    let all = options(dom, select);
    let is_multiple = dom.attribute(select, "multiple").is_some();
    let mut chosen: Vec<NodeId> = all.iter().copied().filter(|option| is_selected(dom, fields, *option)).collect();
    if !is_multiple {
        chosen = chosen.pop().or_else(|| all.first().copied()).into_iter().collect();
    }
    chosen.into_iter().map(|option| option_value(dom, option)).collect()
}

/// The value of a field, or of a button.
pub(super) fn value(dom: &Dom, fields: &Fields, node: NodeId) -> String {
    if let Some(value) = fields.get(&node).and_then(|field| field.value.clone()) {
        return value;
    }
    match kind(dom, node) {
        Some("textarea") => dom.text(node),
        Some("select") => selected(dom, fields, node).into_iter().next().unwrap_or_default(),
        Some("checkbox" | "radio") => dom.attribute(node, "value").unwrap_or("on").into(),
        _ => dom.attribute(node, "value").unwrap_or_default().into(),
    }
}

/// The form that a field belongs to.
pub(super) fn form_of(dom: &Dom, node: NodeId) -> Option<NodeId> {
    match dom.attribute(node, "form") {
        Some(id) => dom.descendants(Dom::ROOT).find(|it| dom.is(*it, "form") && dom.attribute(*it, "id") == Some(id)),
        None => dom.ancestors(node).find(|it| dom.is(*it, "form")),
    }
}

/// The fields of a form that are sent, in the order of the document.
pub(super) fn fields_of(dom: &Dom, fields: &Fields, form: NodeId) -> Vec<NodeId> {
    let is_sent = |node: &NodeId| {
        let Some(kind) = kind(dom, *node) else { return false };
        let is_off = matches!(kind, "checkbox" | "radio") && !is_checked(dom, fields, *node);
        let is_button = matches!(kind, "submit" | "button" | "reset" | "image" | "file");
        let has_name = dom.attribute(*node, "name").is_some_and(|name| !name.is_empty());
        has_name && !is_off && !is_button && !is_disabled(dom, *node) && form_of(dom, *node) == Some(form)
    };
    dom.descendants(Dom::ROOT).filter(is_sent).collect()
}

/// What a form holds: each name with its text, or with an array of them if the name repeats.
pub(super) fn form_data(dom: &Dom, fields: &Fields, form: NodeId) -> Map<String, Value> {
    let mut data = Map::new();
    for node in fields_of(dom, fields, form) {
        let name = dom.attribute(node, "name").unwrap_or_default();
        let values = match kind(dom, node) {
            Some("select") => selected(dom, fields, node),
            _ => vec![value(dom, fields, node)],
        };
        for value in values {
            match data.get_mut(name) {
                None => drop(data.insert(name.into(), value.into())),
                Some(Value::Array(all)) => all.push(value.into()),
                Some(one) => *one = Value::from(vec![one.take(), value.into()]),
            }
        }
    }
    data
}
