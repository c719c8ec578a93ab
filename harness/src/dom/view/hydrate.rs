//! A block found in a page: its nodes and its template are walked side by side.

use super::{Block, Held, Misfit, build};
use crate::dom::contents::{Said, Spec};
use crate::dom::template::{PlaceKind, Slot};
use crate::dom::{Dom, Kind, NodeId};
use std::collections::BTreeMap;

/// A block from the node at `cursor` on.
pub(super) fn block(dom: &mut Dom, spec: &Spec, parent: NodeId, cursor: &mut usize) -> Result<Block, Misfit> {
    let mut walk = Walk { dom, spec, found: BTreeMap::new(), inner: BTreeMap::new() };
    walk.children(&mut Vec::new(), Dom::ROOT, parent, cursor)?;
    let Walk { found, mut inner, .. } = walk;
    let mut slots = build::hold(spec, |path| found.get(path).copied());
    for (at, held) in slots.iter_mut().enumerate() {
        let mut blocks = inner.remove(&at).unwrap_or_default();
        match held {
            Held::Value(..) => {}
            Held::One(_, one) => {
                if let Said::One(Some((which, _))) = &spec.slots[at] {
                    *one = blocks.pop().map(|block| (*which, Box::new(block)));
                }
            }
            Held::Rows(_, rows) => *rows = blocks,
            Held::Named(_, number, one) => {
                if let Said::Named(said, _) = &spec.slots[at] {
                    *number = *said;
                }
                *one = blocks.pop().map(Box::new);
            }
        }
    }
    let own = spec.template.dom.children(Dom::ROOT).len();
    let end = |at: Option<usize>| at.and_then(|at| found.get(&[at][..]).copied());
    let ends = end(Some(0)).zip(end(own.checked_sub(1)));
    Ok(Block { template: spec.template.clone(), base: spec.base, ends, slots })
}

struct Walk<'a> {
    dom: &'a mut Dom,
    spec: &'a Spec,
    /// The template's own nodes, by their paths.
    found: BTreeMap<Vec<usize>, NodeId>,
    /// The blocks in the slots.
    inner: BTreeMap<usize, Vec<Block>>,
}

impl Walk<'_> {
    /// What is in a node of the template, and in the page's that it stands for.
    fn children(
        &mut self,
        path: &mut Vec<usize>,
        own: NodeId,
        parent: NodeId,
        cursor: &mut usize,
    ) -> Result<(), Misfit> {
        let template = self.spec.template.clone();
        let children = template.dom.children(own);
        for at in 0..=children.len() {
            for (number, slot) in template.slots.iter().enumerate() {
                if slot.spot().is_some_and(|spot| spot.before == at && spot.path == *path) {
                    self.structure(number, slot, parent, cursor)?;
                }
            }
            if let Some(child) = children.get(at) {
                path.push(at);
                self.child(path, *child, parent, cursor)?;
                path.pop();
            }
        }
        Ok(())
    }

    fn structure(&mut self, number: usize, slot: &Slot, parent: NodeId, cursor: &mut usize) -> Result<(), Misfit> {
        let specs: Vec<&Spec> = match (&self.spec.slots[number], slot) {
            (Said::One(one), _) => one.iter().map(|(_, spec)| &**spec).collect(),
            (Said::Named(_, one), _) => one.iter().map(|spec| &**spec).collect(),
            (Said::Rows(rows), _) => rows.iter().collect(),
            (Said::Value(_), _) => Vec::new(),
        };
        let blocks: Result<_, _> = specs.into_iter().map(|spec| block(self.dom, spec, parent, cursor)).collect();
        self.inner.insert(number, blocks?);
        Ok(())
    }

    fn child(&mut self, path: &mut Vec<usize>, own: NodeId, parent: NodeId, cursor: &mut usize) -> Result<(), Misfit> {
        let template = self.spec.template.clone();
        let there = self.dom.children(parent).get(*cursor).copied();
        let misfit = |dom: &Dom, what: String| {
            let there = there.map_or("nothing".into(), |node| dom.outer_html(node));
            Err(Misfit::new(format!("the page has {there:.300}, where {what} has to be")))
        };
        let node = match (template.dom.kind(own), there.map(|node| (node, self.dom.kind(node)))) {
            // What is empty has no node in HTML.
            (Kind::Text(_), Some((node, Kind::Text(_)))) if template.is_filled(path) => node,
            (Kind::Text(_), _) if template.is_filled(path) => {
                let node = self.dom.make_text("");
                self.dom.insert(parent, node, there);
                node
            }
            (Kind::Text(one), Some((node, Kind::Text(two)))) if one == two => node,
            (Kind::Comment(one), Some((node, Kind::Comment(two)))) if one == two => node,
            (Kind::Element(one), Some((node, Kind::Element(two))))
                if one.name == two.name && one.space == two.space =>
            {
                let filled: Vec<&str> = template
                    .places(path)
                    .filter_map(|place| match &place.kind {
                        PlaceKind::Attribute(name, _) => Some(name.as_str()),
                        _ => None,
                    })
                    .collect();
                let mut fixed: Vec<_> = one.attributes.iter().collect();
                let mut rest: Vec<_> =
                    two.attributes.iter().filter(|(name, _)| !filled.contains(&name.as_str())).collect();
                fixed.sort();
                rest.sort();
                if fixed != rest {
                    return misfit(self.dom, format!("<{}> with the attributes {fixed:?}", one.name));
                }
                node
            }
            _ => return misfit(self.dom, template.dom.outer_html(own)),
        };
        *cursor += 1;
        self.found.insert(path.clone(), node);
        let is_markup = template.places(path).any(|place| matches!(place.kind, PlaceKind::Html));
        if is_markup || template.dom.element(own).is_none_or(|element| element.contents.is_some()) {
            return Ok(());
        }
        let mut inside = 0;
        self.children(path, own, node, &mut inside)?;
        match self.dom.children(node).get(inside) {
            Some(more) => {
                Err(Misfit::new(format!("the page has more than the template: {:.300}", self.dom.outer_html(*more))))
            }
            None => Ok(()),
        }
    }
}
