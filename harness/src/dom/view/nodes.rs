//! Views of strings: nodes with numbers, and no templates.

use super::{Misfit, View};
use crate::dom::contents::{Reader, check_value, splice, text};
use crate::dom::{Dom, Element, Kind, NodeId};
use serde_json::Value;

/// The nodes of a view that have numbers, in the order in which these were given: the first is the element that holds it.
#[derive(Debug, Default)]
pub(super) struct Nodes(Vec<NodeId>);

impl Nodes {
    /// Numbers for all that is there.
    pub(super) fn of(dom: &Dom, host: NodeId) -> Nodes {
        let mut nodes = Nodes(vec![host]);
        for child in dom.children(host) {
            nodes.number(dom, *child);
        }
        nodes
    }

    /// How many nodes there are in the element.
    pub(super) fn inside(&self) -> usize {
        self.0.len() - 1
    }

    /// Gives a node, and those in it, the next numbers.
    fn number(&mut self, dom: &Dom, node: NodeId) {
        self.0.push(node);
        if !is_closed(dom, node) {
            for child in dom.children(node) {
                self.number(dom, *child);
            }
        }
    }

    fn get(&self, dom: &Dom, number: u64) -> Result<NodeId, Misfit> {
        let found = usize::try_from(number).ok().and_then(|number| self.0.get(number.checked_sub(1)?)).copied();
        let is_there = |node: &NodeId| dom.ancestors(*node).any(|around| Some(&around) == self.0.first());
        found.filter(is_there).ok_or_else(|| Misfit::new(format!("there is no node {number}")))
    }
}

/// Whether what an element holds belongs to somebody else.
fn is_closed(dom: &Dom, node: NodeId) -> bool {
    let marked = ["data-ignore", "data-spark"].iter().any(|name| dom.attribute(node, name).is_some());
    marked || dom.is(node, "noscript") || dom.is(node, "selectedcontent")
}

/// One operation on a view of strings.
pub(super) fn operate(view: &mut View, dom: &mut Dom, operation: i64, reader: &mut Reader<'_>) -> Result<(), Misfit> {
    let View { host, nodes: Some(nodes), touched, .. } = view else {
        return Err(Misfit::new("this is no view of strings"));
    };
    if operation == -5 {
        *nodes = Nodes::of(dom, *host);
        return Ok(());
    }
    let number = if operation > 0 { operation as u64 } else { reader.count()? as u64 };
    let node = nodes.get(dom, number)?;
    match operation {
        1.. => {
            let (Kind::Text(old) | Kind::Comment(old)) = dom.kind(node) else {
                return Err(Misfit::new(format!("node {number} is no text")));
            };
            let new = changed(Some(old), reader.item()?)?.unwrap_or_default();
            dom.set_text(node, new);
        }
        -7 => {
            let name = reader.item()?.as_str().ok_or_else(|| Misfit::new("there is no attribute's name"))?;
            let item = reader.item()?;
            let new = match item {
                Value::Bool(true) => Some(String::new()),
                item => changed(dom.attribute(node, name), item)?,
            };
            dom.set_attribute(node, name, new);
            touched.push((node, name.into()));
        }
        -8 => {
            let at = reader.count()?;
            let html = reader.item()?.as_str().ok_or_else(|| Misfit::new("there is no markup"))?;
            let children = dom.children(node);
            if at > children.len() || dom.element(node).is_none() || (node != *host && is_closed(dom, node)) {
                return Err(Misfit::new(format!("node {number} has no place {at} for nodes")));
            }
            let before = children.get(at).copied();
            for new in dom.parse_into(node, before, html) {
                nodes.number(dom, new);
            }
        }
        -4..=-2 => arrange(dom, node, operation, reader)?,
        _ => return Err(Misfit::new("there is no such operation for nodes")),
    }
    Ok(())
}

/// What a value, or a splice, makes of a text; `None` if it takes it away.
fn changed(old: Option<&str>, item: &Value) -> Result<Option<String>, Misfit> {
    match item.as_array() {
        Some(parts) => splice(old.ok_or_else(|| Misfit::new("splices what is not there"))?, parts).map(Some),
        None => {
            check_value(item)?;
            Ok(Some(text(item)).filter(|_| !item.is_null()))
        }
    }
}

/// Nodes of an element go, or change places.
fn arrange(dom: &mut Dom, element: NodeId, operation: i64, reader: &mut Reader<'_>) -> Result<(), Misfit> {
    let mut order = dom.children(element).to_vec();
    let fits = |end: Option<usize>| match end.filter(|end| *end <= order.len()) {
        Some(end) => Ok(end),
        None => Err(Misfit::new(format!("the element has {} nodes", order.len()))),
    };
    let from = reader.count()?;
    match operation {
        -2 => {
            let end = fits(from.checked_add(reader.count()?))?;
            order[from..end].iter().for_each(|node| dom.remove(*node));
            return Ok(());
        }
        -3 => {
            fits(from.checked_add(1))?;
            let to = reader.count()?;
            fits(to.checked_add(1))?;
            let node = order.remove(from);
            order.insert(to, node);
        }
        _ => {
            let places = reader.item()?.as_array().ok_or_else(|| Misfit::new("there is no order"))?;
            let end = fits(from.checked_add(places.len()))?;
            let mut before: Vec<Option<NodeId>> = order[from..end].iter().copied().map(Some).collect();
            let after: Option<Vec<NodeId>> =
                places.iter().map(|place| before.get_mut(usize::try_from(place.as_u64()?).ok()?)?.take()).collect();
            let after = after.ok_or_else(|| Misfit::new("the order does not have each node once"))?;
            order.splice(from..end, after);
        }
    }
    for node in order {
        dom.insert(element, node, None);
    }
    Ok(())
}

/// The whole view becomes this markup. Nodes stay where the new ones are of the same kind, so that what a user has entered stays too.
pub(super) fn whole(view: &mut View, dom: &mut Dom, reader: &mut Reader<'_>) -> Result<(), Misfit> {
    let html = reader.item()?.as_str().ok_or_else(|| Misfit::new("there is no markup"))?;
    let View { host, root, register, nodes, touched } = view;
    if nodes.is_none() {
        for stray in dom.children(*host).to_vec() {
            dom.remove(stray);
        }
    }
    (*root, register.names, register.next) = (None, Vec::new(), 1);
    let mut fresh = Dom::default();
    let holder = fresh.make(dom.kind(*host).clone());
    fresh.parse_into(holder, None, html);
    morph(dom, *host, &fresh, holder, touched);
    *nodes = Some(Nodes::of(dom, *host));
    Ok(())
}

fn morph(dom: &mut Dom, mine: NodeId, fresh: &Dom, theirs: NodeId, touched: &mut Vec<(NodeId, String)>) {
    let (old, new) = (dom.children(mine).to_vec(), fresh.children(theirs));
    for gone in old.iter().skip(new.len()) {
        dom.remove(*gone);
    }
    for (at, new) in new.iter().enumerate() {
        let Some(old) = old.get(at).copied() else {
            let new = dom.import(fresh, *new);
            dom.insert(mine, new, None);
            continue;
        };
        match (dom.kind(old), fresh.kind(*new)) {
            (Kind::Text(_), Kind::Text(text)) | (Kind::Comment(_), Kind::Comment(text)) => {
                dom.set_text(old, text.clone());
            }
            (Kind::Element(one), Kind::Element(two))
                if (one.space, &one.name) == (two.space, &two.name) && one.contents.is_none() =>
            {
                set_attributes(dom, old, two, touched);
                if !is_closed(dom, old) {
                    morph(dom, old, fresh, *new, touched);
                }
            }
            _ => {
                let new = dom.import(fresh, *new);
                dom.insert(mine, new, Some(old));
                dom.remove(old);
            }
        }
    }
}

fn set_attributes(dom: &mut Dom, node: NodeId, like: &Element, touched: &mut Vec<(NodeId, String)>) {
    let before = dom.element(node).map(|element| element.attributes.clone()).unwrap_or_default();
    let is_in = |all: &[(String, String)], name: &str| all.iter().any(|(known, _)| known == name);
    for (name, _) in before.iter().filter(|(name, _)| !is_in(&like.attributes, name)) {
        dom.set_attribute(node, name, None);
        touched.push((node, name.clone()));
    }
    for (name, value) in like.attributes.iter().filter(|attribute| !before.contains(attribute)) {
        dom.set_attribute(node, name, Some(value.clone()));
        touched.push((node, name.clone()));
    }
}
