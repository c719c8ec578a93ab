//! Which nodes of a new tree are nodes of the old one.
//!
//! Nodes are matched among the children of elements that match, from the element that holds the view downwards. Children match
//!
//! 1. from both ends on, as long as they show the same;
//! 2. if they have the same key, or show the same as no other sibling does. Of these the longest run in order stays in its place;
//! 3. between those that stay, in order, so that they are as similar as can be;
//! 4. if they show the same, wherever they are.

use super::tree::{HOLDER, Inside, Kind, Tree};
use crate::html::moves::longest_increasing;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

pub(super) const NONE: u32 = u32::MAX;

/// What came of the comparison.
pub(super) struct Matched {
    /// For each new node: the old one, or `NONE`.
    pub(super) old: Vec<u32>,
    /// The new elements that match and whose attributes or children differ, in the order of the document.
    pub(super) changed: Vec<usize>,
    /// The new texts and comments that match and differ, in the order of the document.
    pub(super) texts: Vec<usize>,
}

pub(super) fn compare(old: &Tree, new: &Tree) -> Matched {
    let matched = Matched { old: alloc::vec![NONE; new.len()], changed: Vec::new(), texts: Vec::new() };
    let hashes = (old.hashes(), new.hashes());
    let mut matcher = Matcher { old, new, hashes, matched, taken: alloc::vec![false; old.len()] };
    let mut open = alloc::vec![(HOLDER, HOLDER)];
    matcher.pair(HOLDER, HOLDER);
    while let Some((old, new)) = open.pop() {
        if matcher.is_equal(old, new) {
            matcher.pair_whole(old, new);
            continue;
        }
        match new_kind(matcher.new, new) {
            Is::Open => {
                matcher.matched.changed.push(new);
                matcher.children(old, new, &mut open);
            }
            Is::Closed => matcher.matched.changed.push(new),
            Is::Data => matcher.matched.texts.push(new),
        }
    }
    let mut matched = matcher.matched;
    matched.changed.sort_unstable();
    matched.texts.sort_unstable();
    matched
}

enum Is {
    Open,
    Closed,
    Data,
}

fn new_kind(tree: &Tree, node: usize) -> Is {
    match tree.kind(node) {
        Kind::Element { inside: Inside::Ours, .. } => Is::Open,
        Kind::Element { .. } => Is::Closed,
        _ => Is::Data,
    }
}

struct Matcher<'a> {
    old: &'a Tree,
    new: &'a Tree,
    hashes: (Vec<u64>, Vec<u64>),
    matched: Matched,
    /// Which of the old nodes have a match.
    taken: Vec<bool>,
}

/// What is looked for among siblings.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Mark<'a> {
    Key(&'a str, &'a str),
    Hash(u64),
}

/// Where it was found: nowhere, once, or more often.
#[derive(Clone, Copy)]
enum Found {
    No,
    Once(usize),
    Often,
}

impl Found {
    fn again(&mut self, index: usize) {
        *self = match self {
            Found::No => Found::Once(index),
            _ => Found::Often,
        };
    }
}

/// Above this many comparisons, similar siblings are looked for nearby only.
const MANY: usize = 4096;
const NEARBY: usize = 8;

impl Matcher<'_> {
    fn pair(&mut self, old: usize, new: usize) {
        self.matched.old[new] = old as u32;
        self.taken[old] = true;
    }

    /// Pairs nodes that show the same, and all that is in them.
    fn pair_whole(&mut self, old: usize, new: usize) {
        let mut at = (old, new);
        while at.1 < self.new.end(new) {
            self.pair(at.0, at.1);
            at = (self.old.after(at.0), self.new.after(at.1));
        }
    }

    fn is_equal(&self, old: usize, new: usize) -> bool {
        // Hashes collide, so equal ones are only a reason to look.
        self.hashes.0[old] == self.hashes.1[new] && self.old.same(old, self.new, new)
    }

    fn children(&mut self, old: usize, new: usize, open: &mut Vec<(usize, usize)>) {
        let (from, to): (Vec<usize>, Vec<usize>) = (self.old.children(old).collect(), self.new.children(new).collect());
        let (from, to) = self.ends(&from, &to);
        if !from.is_empty() && !to.is_empty() {
            let stay = self.anchors(from, to);
            let (mut i, mut j) = (0, 0);
            for (next_i, next_j) in stay.into_iter().chain([(from.len(), to.len())]) {
                self.between(&from[i..next_i], &to[j..next_j]);
                (i, j) = (next_i + 1, next_j + 1);
            }
            self.anywhere(from, to);
        }
        for child in to {
            let old = self.matched.old[*child];
            if old != NONE {
                open.push((old as usize, *child));
            }
        }
    }

    /// Pairs what is the same from both ends on; the rest.
    fn ends<'b>(&mut self, mut from: &'b [usize], mut to: &'b [usize]) -> (&'b [usize], &'b [usize]) {
        while let ([old, from_rest @ ..], [new, to_rest @ ..]) = (from, to) {
            if !self.is_equal(*old, *new) {
                break;
            }
            self.pair_whole(*old, *new);
            (from, to) = (from_rest, to_rest);
        }
        while let ([from_rest @ .., old], [to_rest @ .., new]) = (from, to) {
            if !self.is_equal(*old, *new) {
                break;
            }
            self.pair_whole(*old, *new);
            (from, to) = (from_rest, to_rest);
        }
        (from, to)
    }

    /// Pairs elements by what no sibling shares with them; the places of those that stay, in order.
    fn anchors(&mut self, from: &[usize], to: &[usize]) -> Vec<(usize, usize)> {
        let mut marks: BTreeMap<Mark<'_>, (Found, Found)> = BTreeMap::new();
        for (index, node) in from.iter().enumerate() {
            if let Some(mark) = mark(self.old, *node, &self.hashes.0) {
                marks.entry(mark).or_insert((Found::No, Found::No)).0.again(index);
            }
        }
        for (index, node) in to.iter().enumerate() {
            if let Some(mark) = mark(self.new, *node, &self.hashes.1)
                && let Some(found) = marks.get_mut(&mark)
            {
                found.1.again(index);
            }
        }
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for (mark, found) in marks {
            if let (Found::Once(i), Found::Once(j)) = found {
                let fits = match mark {
                    Mark::Key(..) => self.fits(from[i], to[j]),
                    Mark::Hash(_) => self.is_equal(from[i], to[j]),
                };
                if fits {
                    pairs.push((i, j));
                }
            }
        }
        pairs.sort_unstable_by_key(|pair| pair.1);
        pairs.iter().for_each(|(i, j)| self.pair(from[*i], to[*j]));
        let order: Vec<u32> = pairs.iter().map(|pair| pair.0 as u32).collect();
        longest_increasing(&order).into_iter().map(|position| pairs[position]).collect()
    }

    /// Pairs what has no match yet among siblings that stand between the same two.
    fn between(&mut self, from: &[usize], to: &[usize]) {
        let from: Vec<usize> = from.iter().copied().filter(|node| !self.taken[*node]).collect();
        let to: Vec<usize> = to.iter().copied().filter(|node| self.matched.old[*node] == NONE).collect();
        let (from, to) = self.ends(&from, &to);
        if from.len() * to.len() <= MANY { self.most_similar(from, to) } else { self.nearby(from, to) }
    }

    /// Pairs siblings in order, so that the sum of their similarities is the greatest.
    fn most_similar(&mut self, from: &[usize], to: &[usize]) {
        let width = to.len() + 1;
        let mut similar = Vec::with_capacity(from.len() * to.len());
        // `best[i][j]`: what can be had from `from[i..]` and `to[j..]`.
        let mut best = alloc::vec![0u32; (from.len() + 1) * width];
        for old in from {
            for new in to {
                similar.push(self.similarity(*old, *new));
            }
        }
        for i in (0..from.len()).rev() {
            for j in (0..to.len()).rev() {
                let pair = match similar[i * to.len() + j] {
                    0 => 0,
                    similarity => similarity + best[(i + 1) * width + j + 1],
                };
                best[i * width + j] = pair.max(best[(i + 1) * width + j]).max(best[i * width + j + 1]);
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < from.len() && j < to.len() {
            let here = best[i * width + j];
            let similarity = similar[i * to.len() + j];
            if similarity > 0 && here == similarity + best[(i + 1) * width + j + 1] {
                self.pair(from[i], to[j]);
                (i, j) = (i + 1, j + 1);
            } else if here == best[(i + 1) * width + j] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// Pairs siblings in order, each with the first nearby that shows the same, or else that fits.
    fn nearby(&mut self, from: &[usize], to: &[usize]) {
        let mut next = 0;
        for new in to {
            let window = &from[next..from.len().min(next + NEARBY)];
            let found = (window.iter().position(|old| self.is_equal(*old, *new)))
                .or_else(|| window.iter().position(|old| self.fits(*old, *new)));
            if let Some(found) = found {
                self.pair(from[next + found], *new);
                next += found + 1;
            }
        }
    }

    /// Pairs what shows the same, wherever it is.
    fn anywhere(&mut self, from: &[usize], to: &[usize]) {
        let mut places: BTreeMap<u64, VecDeque<usize>> = BTreeMap::new();
        for old in from.iter().filter(|old| !self.taken[**old]) {
            places.entry(self.hashes.0[*old]).or_default().push_back(*old);
        }
        if places.is_empty() {
            return;
        }
        for new in to {
            if self.matched.old[*new] == NONE
                && let Some(same) = places.get_mut(&self.hashes.1[*new])
                && let Some(old) = same.pop_front()
                && self.is_equal(old, *new)
            {
                self.pair(old, *new);
            }
        }
    }

    /// Whether one node can become the other.
    fn fits(&self, old: usize, new: usize) -> bool {
        match (self.old.kind(old), self.new.kind(new)) {
            (Kind::Text(_), Kind::Text(_)) | (Kind::Comment(_), Kind::Comment(_)) => true,
            (Kind::Element { name, inside }, Kind::Element { name: new_name, inside: new_inside }) => {
                name == new_name
                    && inside == new_inside
                    && self.old.key(old) == self.new.key(new)
                    && (inside != Inside::Template || self.is_equal(old, new))
            }
            _ => false,
        }
    }

    /// How much two nodes have in common; 0 if one cannot become the other.
    fn similarity(&self, old: usize, new: usize) -> u32 {
        if !self.fits(old, new) {
            return 0;
        }
        if self.hashes.0[old] == self.hashes.1[new] {
            return 64;
        }
        let mut similarity = 1;
        for attribute in self.new.attributes(new) {
            similarity += u32::from(self.old.attributes(old).any(|it| it == attribute));
        }
        if self.old.is_open(old) {
            similarity += 1;
            let (ours, its) = (self.old.children(old).take(NEARBY), self.new.children(new).take(NEARBY));
            for child in its {
                similarity += 2 * u32::from(ours.clone().any(|it| self.hashes.0[it] == self.hashes.1[child]));
            }
        }
        similarity
    }
}

/// What to look for an element by. Texts have nothing: many are alike, and one that moved is no gain.
fn mark<'a>(tree: &'a Tree, node: usize, hashes: &[u64]) -> Option<Mark<'a>> {
    let Kind::Element { name, .. } = tree.kind(node) else { return None };
    Some(tree.key(node).map_or(Mark::Hash(hashes[node]), |key| Mark::Key(&name.local, key)))
}
