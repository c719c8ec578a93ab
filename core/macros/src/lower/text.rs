//! Runs of text: one node, with at most one slot.

use super::{Builder, Dom, Step};
use crate::ast::Part;

impl Builder {
    pub(super) fn text(&mut self, run: Vec<Part>) -> Option<Dom> {
        let (before, holes, after) = cut(run);
        if holes.is_empty() {
            return (!before.is_empty()).then_some(Dom::Text { before, slot: None, after });
        }
        let slot = self.parts(holes);
        Some(Dom::Text { before, slot: Some(slot), after })
    }

    /// The slot of one hole, or of several that are joined.
    pub(super) fn parts(&mut self, mut parts: Vec<Part>) -> usize {
        match parts.as_mut_slice() {
            [Part::Hole(hole)] => {
                let step = Step::Value(std::mem::take(hole));
                self.value(step)
            }
            _ => self.value(Step::Joined(parts)),
        }
    }
}

/// What stands before the first hole, what reaches from there to the last, and what stands behind it.
pub fn cut(parts: Vec<Part>) -> (String, Vec<Part>, String) {
    let mut before = String::new();
    let mut holes: Vec<Part> = Vec::new();
    for part in parts {
        match (part, holes.last_mut()) {
            (Part::Text(text), None) => before.push_str(&text),
            (Part::Text(text), Some(Part::Text(last))) => last.push_str(&text),
            (part, _) => holes.push(part),
        }
    }
    holes.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    match holes.pop() {
        Some(Part::Text(after)) => (before, holes, after),
        Some(hole) => {
            holes.push(hole);
            (before, holes, String::new())
        }
        None => (before, holes, String::new()),
    }
}
