//! Slots by their numbers, and blocks by their nodes.

use super::{Block, Held};
use crate::dom::template::Slot;
use crate::dom::{Dom, NodeId};

impl Held {
    fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match self {
            Held::Value(..) => Vec::new(),
            Held::One(_, one) => one.iter_mut().map(|(_, block)| &mut **block).collect(),
            Held::Rows(_, rows) => rows.iter_mut().collect(),
            Held::Named(_, _, one) => one.iter_mut().map(|block| &mut **block).collect(),
        }
    }

    fn blocks(&self) -> Vec<&Block> {
        match self {
            Held::Value(..) => Vec::new(),
            Held::One(_, one) => one.iter().map(|(_, block)| &**block).collect(),
            Held::Rows(_, rows) => rows.iter().collect(),
            Held::Named(_, _, one) => one.iter().map(|block| &**block).collect(),
        }
    }
}

/// The block that a slot with this number is in, and which of its slots it is.
pub(super) fn slot(block: &mut Block, number: u64) -> Option<(&mut Block, usize)> {
    let at = number.checked_sub(block.base).and_then(|at| usize::try_from(at).ok());
    if let Some(at) = at.filter(|at| *at < block.slots.len()) {
        return Some((block, at));
    }
    block.slots.iter_mut().flat_map(Held::blocks_mut).find_map(|inner| slot(inner, number))
}

/// Gives the blocks new numbers: a block's own, then those of the blocks in its slots.
pub(super) fn renumber(block: &mut Block, next: &mut u64) {
    block.base = *next;
    *next += block.slots.len() as u64;
    block.slots.iter_mut().flat_map(Held::blocks_mut).for_each(|inner| renumber(inner, next));
}

/// The innermost component around a node.
pub(super) fn component_of(dom: &Dom, block: &Block, node: NodeId) -> Option<u64> {
    if !is_around(dom, block, node) {
        return None;
    }
    block.slots.iter().find_map(|held| {
        let inner = held.blocks().into_iter().find_map(|inner| component_of(dom, inner, node));
        match held {
            Held::Named(_, number @ 1.., Some(block)) if inner.is_none() && is_around(dom, block, node) => {
                Some(*number)
            }
            _ => inner,
        }
    })
}

fn is_around(dom: &Dom, block: &Block, node: NodeId) -> bool {
    let Some((first, last)) = block.ends else { return false };
    let parent = dom.parent(first);
    let here = dom.ancestors(node).find(|it| dom.parent(*it) == parent);
    match (dom.index(first), here.and_then(|it| dom.index(it)), dom.index(last)) {
        (Some(first), Some(here), Some(last)) => (first..=last).contains(&here),
        _ => false,
    }
}

/// The numbers of the components in a block, in the order of a shape.
pub(super) fn components<'b>(block: &'b mut Block, all: &mut Vec<&'b mut u64>) {
    for (slot, held) in block.template.slots.iter().zip(&mut block.slots) {
        match held {
            Held::Named(_, number, one) => {
                if matches!(slot, Slot::Component(_)) {
                    all.push(number);
                }
                if let Some(block) = one {
                    components(block, all);
                }
            }
            held => held.blocks_mut().into_iter().for_each(|block| components(block, all)),
        }
    }
}
