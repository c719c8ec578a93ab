//! The words of a view, side by side with its templates.
//!
//! A block is the words of its slots, in order: for a value its word; for a branch 0, or the number of the alternative from 1 and
//! that block; for other markup 0, or the template's place in the view's list of names from 1 and that block; for a component its number, and then
//! the same; for a list the number of rows and each of those blocks.

use super::template::{Slot, Template};

/// A place in a view: how many words and how many blocks come before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) word: usize,
    pub(super) block: usize,
}

/// The words and templates of a view.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) words: &'a [u64],
    pub(super) names: &'a [&'static Template],
}

impl Tree<'_> {
    pub(super) fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// Goes past a block. `visit` gets the template of each block in it, itself first, in the order of their numbers.
    pub(super) fn walk(
        &self,
        template: &'static Template,
        place: &mut Place,
        visit: &mut impl FnMut(Place, &'static Template),
    ) {
        visit(*place, template);
        place.block += 1;
        if template.is_flat() {
            place.word += template.slots.len();
            return;
        }
        for slot in template.slots {
            if matches!(slot, Slot::Component) {
                place.word += 1;
            }
            let word = self.word(place.word) as usize;
            place.word += 1;
            let inner = match slot {
                Slot::Value => continue,
                Slot::Branch(alternatives) => alternatives.get(word.wrapping_sub(1)),
                Slot::Embed | Slot::Component => self.names.get(word.wrapping_sub(1)),
                Slot::List(row) => {
                    for _ in 0..word {
                        // Whatever the words say, this ends.
                        if place.word > self.words.len() {
                            return;
                        }
                        self.walk(row, place, visit);
                    }
                    None
                }
            };
            if let Some(inner) = inner {
                self.walk(inner, place, visit);
            }
        }
    }

    /// Goes past a block.
    pub(super) fn skip(&self, template: &'static Template, place: &mut Place) {
        if template.is_flat() {
            place.word += template.slots.len();
            place.block += 1;
        } else {
            self.walk(template, place, &mut |_, _| {});
        }
    }
}
