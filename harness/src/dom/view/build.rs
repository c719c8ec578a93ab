//! Blocks as nodes: made, changed into others, moved, removed.

use super::{Block, Held, Stand, Target};
use crate::dom::contents::{Said, Spec, text};
use crate::dom::template::{PlaceKind, Slot};
use crate::dom::{Dom, NodeId};
use serde_json::Value;

/// What changes nodes: the tree, and a note of the attributes that were set.
pub(super) struct Work<'a> {
    pub(super) dom: &'a mut Dom,
    pub(super) touched: &'a mut Vec<(NodeId, String)>,
}

impl Stand {
    pub(super) fn parent(&self, dom: &Dom) -> NodeId {
        let around = self.before.and_then(|before| dom.parent(before));
        self.parent.or(around).unwrap_or(Dom::ROOT)
    }
}

/// Where the places of a template are, among nodes that were made from it or found for it. `node` gives the node of a path that is not empty.
pub(super) fn hold(spec: &Spec, node: impl Fn(&[usize]) -> Option<NodeId>) -> Vec<Held> {
    let held = |slot: &Slot| {
        let stand = |path: &[usize], before: usize| {
            let parent = if path.is_empty() { None } else { node(path) };
            Stand { parent, before: node(&[path, &[before]].concat()) }
        };
        match (slot, slot.spot()) {
            (Slot::Value(places), _) => {
                let target =
                    |(node, kind): (Option<NodeId>, &PlaceKind)| Some(Target { node: node?, kind: kind.clone() });
                Held::Value(places.iter().filter_map(|it| target((node(&it.path), &it.kind))).collect(), None)
            }
            (Slot::One(..), Some(spot)) => Held::One(stand(&spot.path, spot.before), None),
            (Slot::Rows(..), Some(spot)) => Held::Rows(stand(&spot.path, spot.before), Vec::new()),
            (_, spot) => {
                let none = Stand { parent: None, before: None };
                Held::Named(spot.map_or(none, |spot| stand(&spot.path, spot.before)), 0, None)
            }
        }
    };
    spec.template.slots.iter().map(held).collect()
}

impl Work<'_> {
    /// Makes a block, and puts it before a node of `parent`.
    pub(super) fn build(&mut self, spec: Spec, parent: NodeId, before: Option<NodeId>) -> Block {
        let source = &spec.template.dom;
        let nodes: Vec<NodeId> = source.children(Dom::ROOT).iter().map(|node| self.dom.import(source, *node)).collect();
        for node in &nodes {
            self.dom.insert(parent, *node, before);
        }
        let dom = &*self.dom;
        let slots = hold(&spec, |path| {
            let (first, rest) = path.split_first()?;
            rest.iter().try_fold(*nodes.get(*first)?, |node, index| dom.children(node).get(*index).copied())
        });
        let ends = nodes.first().copied().zip(nodes.last().copied());
        let mut block = Block { template: spec.template, base: spec.base, ends, slots };
        for (held, said) in block.slots.iter_mut().zip(spec.slots) {
            match (&mut *held, said) {
                // What comes with its element is set also where a patch changes nothing.
                (Held::Value(targets, held), Said::Value(Some(value))) => {
                    targets.iter().for_each(|target| self.write(target, &value));
                    *held = Some(value);
                }
                (held, said) => self.set(held, said),
            }
        }
        block
    }

    /// A slot gets another content. Blocks of the same template stay, if `said` describes them anew.
    pub(super) fn set(&mut self, held: &mut Held, said: Said) {
        match (held, said) {
            (Held::Value(targets, held), Said::Value(Some(value))) => self.set_value(targets, held, value),
            (Held::One(stand, held), Said::One(new)) => {
                if let Some((_, old)) = held.take() {
                    self.remove(&old);
                }
                let parent = stand.parent(self.dom);
                *held = new.map(|(which, spec)| (which, Box::new(self.build(*spec, parent, stand.before))));
            }
            (Held::Rows(stand, rows), Said::Rows(new)) => {
                rows.drain(..).for_each(|row| self.remove(&row));
                let parent = stand.parent(self.dom);
                *rows = new.into_iter().map(|spec| self.build(spec, parent, stand.before)).collect();
            }
            (Held::Named(stand, number, held), Said::Named(new_number, new)) => {
                if let Some(old) = held.take() {
                    self.remove(&old);
                }
                let parent = stand.parent(self.dom);
                *number = new_number;
                *held = new.map(|spec| Box::new(self.build(*spec, parent, stand.before)));
            }
            _ => {}
        }
    }

    /// A block of the same template is described anew: nodes stay, and what differs changes.
    pub(super) fn change(&mut self, block: &mut Block, spec: Spec) {
        block.base = spec.base;
        for (held, said) in block.slots.iter_mut().zip(spec.slots) {
            match (&mut *held, said) {
                (Held::One(_, Some((old, inner))), Said::One(Some((new, spec)))) if *old == new => {
                    self.change(inner, *spec);
                }
                (Held::Named(_, old, Some(inner)), Said::Named(new, Some(spec)))
                    if *old == new && inner.template.name == spec.template.name =>
                {
                    self.change(inner, *spec);
                }
                (Held::Rows(stand, rows), Said::Rows(new)) => {
                    rows.drain(new.len().min(rows.len())..).for_each(|row| self.remove(&row));
                    let parent = stand.parent(self.dom);
                    for (at, spec) in new.into_iter().enumerate() {
                        match rows.get_mut(at) {
                            Some(row) => self.change(row, spec),
                            None => rows.push(self.build(spec, parent, stand.before)),
                        }
                    }
                }
                (held, said) => self.set(held, said),
            }
        }
    }

    pub(super) fn set_value(&mut self, targets: &[Target], held: &mut Option<Value>, value: Value) {
        let is_left = |node| self.dom.ancestors(node).skip(1).any(|it| self.dom.attribute(it, "data-ignore").is_some());
        let targets: Vec<&Target> = targets.iter().filter(|target| !is_left(target.node)).collect();
        if held.as_ref() != Some(&value) {
            targets.into_iter().for_each(|target| self.write(target, &value));
        }
        *held = Some(value);
    }

    fn write(&mut self, target: &Target, value: &Value) {
        let Target { node, kind } = target;
        match kind {
            PlaceKind::Text(before, after) => self.dom.set_text(*node, [before, &*text(value), after].concat()),
            PlaceKind::Html => self.dom.set_inner_html(*node, &text(value)),
            PlaceKind::Attribute(name, around) => {
                let new = match (around, value) {
                    (Some((before, after)), value) => Some([before, &*text(value), after].concat()),
                    (None, Value::Null) => None,
                    (None, Value::Bool(true)) => Some(String::new()),
                    (None, value) => Some(text(value)),
                };
                self.dom.set_attribute(*node, name, new);
                self.touched.push((*node, name.clone()));
            }
        }
    }

    /// The nodes of a block, which stand one behind the other.
    fn nodes(&self, block: &Block) -> Vec<NodeId> {
        let Some((first, last)) = block.ends else { return Vec::new() };
        let all = self.dom.parent(first).map_or(&[][..], |parent| self.dom.children(parent));
        let place = |node| all.iter().position(|it| *it == node);
        match (place(first), place(last)) {
            (Some(from), Some(to)) if from <= to => all[from..=to].to_vec(),
            _ => Vec::new(),
        }
    }

    pub(super) fn remove(&mut self, block: &Block) {
        for node in self.nodes(block) {
            self.dom.remove(node);
        }
    }

    /// Puts the nodes of rows where they belong: from the last to the first, each before the one behind it.
    pub(super) fn arrange(&mut self, stand: Stand, rows: &[Block]) {
        let parent = stand.parent(self.dom);
        let mut before = stand.before;
        for row in rows.iter().rev() {
            for node in self.nodes(row) {
                self.dom.insert(parent, node, before);
            }
            before = row.ends.map(|(first, _)| first).or(before);
        }
    }
}
