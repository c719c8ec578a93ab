//! From matched trees to a patch.

use super::diff::{Matched, NONE};
use super::parse::parse_like;
use super::serialize;
use super::tree::{HOLDER, Kind, Tree};
use crate::html::moves::steps;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use html5ever::QualName;
use serde::Serialize;

/// So many elements may turn out to hold what no markup describes, before the whole view is written instead.
const PATIENCE: usize = 8;

/// Writes what leads from `old` to `new`, and gives the nodes of `new` their numbers, from `next` on those that are new.
/// `None`: there is no such patch, and the view is to be made anew.
pub(super) fn write(old: &Tree, new: &mut Tree, mut matched: Matched, next: &mut u32) -> Option<Ops> {
    let runs = runs(old, new, &mut matched)?;
    let mut kept = alloc::vec![false; old.len()];
    for (node, its) in matched.old.iter().enumerate() {
        if *its != NONE {
            kept[*its as usize] = true;
            new.set_number(node, old.number(*its as usize));
        }
    }
    let mut writer = Writer { old, new, matched: &matched.old, kept, runs, next, ops: Ops::new() };
    for node in matched.changed.iter().copied() {
        if let Some(its) = writer.old(node) {
            writer.attributes(its, node);
            if writer.new.is_open(node) {
                writer.children(its, node);
            }
        }
    }
    for node in matched.texts.iter().copied() {
        if let Some(its) = writer.old(node) {
            writer.text(its, node);
        }
    }
    Some(writer.ops)
}

/// The markup of new nodes, by the first of each run of siblings. Where a run cannot be written, because a parser would make something else
/// of it, the element around it is new, too.
fn runs(old: &Tree, new: &Tree, matched: &mut Matched) -> Option<BTreeMap<usize, String>> {
    let mut runs = BTreeMap::new();
    let mut failures = 0;
    let mut html = String::new();
    for element in matched.changed.iter().rev().copied() {
        let its = matched.old[element] as usize;
        let written = settable(old, its, new, element)
            && (!new.is_open(element)
                || new_runs(new, element, &matched.old).all(|run| {
                    html.clear();
                    serialize::write(new, element, run.clone(), &mut html);
                    let first = run.start;
                    let back = parse_like(new, element, &html).is_some_and(|back| holds(&back, new, run));
                    runs.insert(first, html.clone());
                    back
                }));
        if !written {
            failures += 1;
            if element == HOLDER || failures > PATIENCE {
                return None;
            }
            let all = element..new.end(element);
            matched.old[all.clone()].fill(NONE);
            runs.retain(|first, _| !all.contains(first));
        }
    }
    Some(runs)
}

/// The runs of new nodes among the children of an element.
fn new_runs<'a>(
    tree: &'a Tree,
    element: usize,
    old: &'a [u32],
) -> impl Iterator<Item = core::ops::Range<usize>> + use<'a> {
    let mut children = tree.children(element).peekable();
    core::iter::from_fn(move || {
        let first = children.by_ref().find(|child| old[*child] == NONE)?;
        let mut last = first;
        while let Some(child) = children.next_if(|child| old[*child] == NONE) {
            last = child;
        }
        Some(first..tree.end(last))
    })
}

/// Whether the children of a tree's holder are those nodes of another tree.
fn holds(tree: &Tree, other: &Tree, nodes: core::ops::Range<usize>) -> bool {
    let mut its = nodes.start;
    for child in tree.children(HOLDER) {
        if its >= nodes.end || !tree.same(child, other, its) {
            return false;
        }
        its = other.end(its);
    }
    its == nodes.end
}

/// Whether the attributes that an element gets have names that `setAttribute` takes. Parsers take more, and know name spaces.
fn settable(old: &Tree, its: usize, new: &Tree, element: usize) -> bool {
    changes(old, its, new, element).all(|(name, value)| {
        let rest = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b':' | b'-' | b'.');
        let first = |c: u8| c.is_ascii_alphabetic() || matches!(c, b'_' | b':');
        let is_new_in_space = value.0.is_none() && !name.ns.is_empty();
        value.1.is_none() || (!is_new_in_space && name.local.bytes().take(1).all(first) && name.local.bytes().all(rest))
    })
}

/// The attributes that differ, with their old and new values.
fn changes<'a>(
    old: &'a Tree,
    its: usize,
    new: &'a Tree,
    element: usize,
) -> impl Iterator<Item = (&'a QualName, (Option<&'a str>, Option<&'a str>))> {
    let (mut there, mut here) = (old.attributes(its).peekable(), new.attributes(element).peekable());
    core::iter::from_fn(move || {
        loop {
            let order = match (there.peek(), here.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(there), Some(here)) => there.0.cmp(here.0),
            };
            match order {
                Ordering::Less => return there.next().map(|(name, value)| (name, (Some(value), None))),
                Ordering::Greater => return here.next().map(|(name, value)| (name, (None, Some(value)))),
                Ordering::Equal => {
                    let ((_, before), (name, after)) = there.next().zip(here.next())?;
                    if before != after {
                        return Some((name, (Some(before), Some(after))));
                    }
                }
            }
        }
    })
}

struct Writer<'a> {
    old: &'a Tree,
    new: &'a mut Tree,
    matched: &'a [u32],
    /// Which of the old nodes are still there.
    kept: Vec<bool>,
    runs: BTreeMap<usize, String>,
    next: &'a mut u32,
    ops: Ops,
}

impl Writer<'_> {
    fn old(&self, node: usize) -> Option<usize> {
        Some(self.matched[node]).filter(|old| *old != NONE).map(|old| old as usize)
    }

    fn attributes(&mut self, old: usize, node: usize) {
        let number = self.new.number(node);
        for (name, value) in changes(self.old, old, self.new, node) {
            let mut qualified = String::new();
            serialize::qualified(name, &mut qualified);
            self.ops.items(&[-7, i64::from(number)]);
            self.ops.put(&qualified);
            match value {
                // A browser says what it holds in other words.
                (_, Some(after)) if &*name.local == "style" => self.ops.value(after),
                (before, Some(after)) => self.ops.replace(before, after),
                (_, None) => self.ops.put(&()),
            }
        }
    }

    fn children(&mut self, old: usize, node: usize) {
        let number = i64::from(self.new.number(node));
        let (old_tree, new_tree) = (self.old, &*self.new);
        let there: Vec<usize> = old_tree.children(old).collect();

        // From the end on, so that the indices before stay what they are.
        let mut end = there.len();
        while end > 0 {
            let mut start = end;
            while start > 0 && !self.kept[there[start - 1]] {
                start -= 1;
            }
            if start < end {
                self.ops.items(&[-2, number, start as i64, (end - start) as i64]);
            }
            end = start.saturating_sub(1);
        }

        let here: Vec<usize> = new_tree.children(node).collect();
        let stayed: Vec<usize> = there.into_iter().filter(|old| self.kept[*old]).collect();
        let order: Vec<u32> = (here.iter())
            .filter_map(|node| self.old(*node))
            .map(|old| stayed.partition_point(|stayed| *stayed < old) as u32)
            .collect();
        self.reorder(number, &order);

        let mut index = 0;
        while index < here.len() {
            let at = index;
            while index < here.len() && self.old(here[index]).is_none() {
                *self.next = self.new.renumber(here[index], *self.next);
                index += 1;
            }
            if index > at {
                self.ops.items(&[-8, number, at as i64]);
                self.ops.put(&self.runs[&here[at]]);
            }
            index += 1;
        }
    }

    /// By single moves or all at once, whichever is shorter.
    fn reorder(&mut self, list: i64, order: &[u32]) {
        let Some(start) = (0..order.len()).find(|index| order[*index] as usize != *index) else { return };
        let end = (start..order.len()).rfind(|index| order[*index] as usize != *index).map_or(start, |last| last + 1);
        let order: Vec<u32> = order[start..end].iter().map(|index| index - start as u32).collect();
        let mut at_once = Ops::new();
        at_once.items(&[-4, list, start as i64]);
        at_once.put(&order);
        // A move takes at least these bytes.
        let shortest = "-3,2,0,1,".len();
        let mut one_by_one = Ops::new();
        match steps(&order, at_once.len() / shortest) {
            Some(steps) => {
                for (from, to) in steps {
                    one_by_one.items(&[-3, list, (start + from) as i64, (start + to) as i64]);
                }
                let shorter = if one_by_one.len() <= at_once.len() { one_by_one } else { at_once };
                self.ops.append(&shorter);
            }
            None => self.ops.append(&at_once),
        }
    }

    fn text(&mut self, old: usize, node: usize) {
        let (Kind::Text(before) | Kind::Comment(before), Kind::Text(after) | Kind::Comment(after)) =
            (self.old.kind(old), self.new.kind(node))
        else {
            return;
        };
        self.ops.items(&[i64::from(self.new.number(node))]);
        self.ops.replace(Some(before), after);
    }
}

/// The items of a patch, as they are written.
pub(super) struct Ops(Vec<u8>);

impl Ops {
    pub(super) fn new() -> Ops {
        Ops(alloc::vec![b'['])
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// The patch, as JSON.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.pop_if(|last| *last == b',');
        self.0.push(b']');
        self.0
    }

    pub(super) fn put(&mut self, item: &(impl Serialize + ?Sized)) {
        // Writing to memory does not fail, nor do strings and numbers.
        let _ = serde_json::to_writer(&mut self.0, item);
        self.0.push(b',');
    }

    pub(super) fn items(&mut self, items: &[i64]) {
        items.iter().for_each(|item| self.put(item));
    }

    fn append(&mut self, other: &Ops) {
        self.0.extend_from_slice(&other.0[1..]);
    }

    /// A text that takes another's place: the text, or a splice, if that is shorter.
    fn replace(&mut self, before: Option<&str>, after: &str) {
        let mut value = Ops::new();
        value.value(after);
        let mut splice = Ops::new();
        if let Some(before) = before {
            splice.splice(before, after);
        }
        self.append(if before.is_some() && splice.len() < value.len() { &splice } else { &value });
    }

    /// A text: as a number where that means the same digits.
    fn value(&mut self, text: &str) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = match digits.as_bytes() {
            [b'0'] => digits.len() == text.len(),
            [b'1'..=b'9', rest @ ..] => rest.len() < 15 && rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        match plain {
            true => {
                self.0.extend_from_slice(text.as_bytes());
                self.0.push(b',');
            }
            false => self.put(text),
        }
    }

    fn splice(&mut self, before: &str, after: &str) {
        let same = |pair: &(char, char)| pair.0 == pair.1;
        let start: usize = before.chars().zip(after.chars()).take_while(same).map(|pair| pair.0.len_utf8()).sum();
        let (gone, come) = (&before[start..], &after[start..]);
        let end: usize =
            (gone.chars().rev().zip(come.chars().rev())).take_while(same).map(|pair| pair.0.len_utf8()).sum();
        let (gone, come) = (&gone[..gone.len() - end], &come[..come.len() - end]);
        let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
        match start == before.len() {
            true => self.put(&[come]),
            false => self.put(&(units(&before[..start]), units(gone), come)),
        }
    }
}
