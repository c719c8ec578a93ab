//! A tree of nodes in the order of the document, in few pieces of memory.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher;
use core::ops::Range;
use html5ever::{LocalName, QualName, expanded_name, local_name, ns};
use std::hash::DefaultHasher;

/// The nodes of a view. The first is the element that holds it. There is no recursion anywhere: markup may be nested deeply.
#[derive(Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    names: Vec<QualName>,
    /// Texts, comments and the values of attributes.
    text: String,
    /// How many elements stand around the deepest node.
    depth: usize,
}

#[derive(Clone, Copy)]
struct Node {
    what: What,
    /// The index behind the last node in it.
    end: u32,
    number: u32,
}

#[derive(Clone, Copy)]
enum What {
    Element { name: u32, inside: Inside, attributes: Span },
    Text(Span),
    Comment(Span),
}

#[derive(Clone, Copy)]
struct Attribute {
    name: u32,
    value: Span,
}

#[derive(Clone, Copy)]
struct Span(u32, u32);

impl Span {
    fn range(self) -> Range<usize> {
        self.0 as usize..self.1 as usize
    }
}

/// Who has a say in what an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// The view: the nodes have numbers.
    Ours,
    /// The view, but the nodes are not children: those of a `template`. An element whose template differs is another element.
    Template,
    /// The page, or another component: it is written once, and then left alone.
    Theirs,
}

/// A node, looked at.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    Element { name: &'a QualName, inside: Inside },
    Text(&'a str),
    Comment(&'a str),
}

pub(super) const HOLDER: usize = 0;

impl Tree {
    /// How many nodes there are, those without a number too.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.attributes.capacity() * size_of::<Attribute>()
            + self.names.capacity() * size_of::<QualName>()
            + self.text.capacity()
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn kind(&self, node: usize) -> Kind<'_> {
        match self.nodes[node].what {
            What::Element { name, inside, .. } => Kind::Element { name: &self.names[name as usize], inside },
            What::Text(text) => Kind::Text(&self.text[text.range()]),
            What::Comment(text) => Kind::Comment(&self.text[text.range()]),
        }
    }

    /// The attributes of an element in the order of their names.
    pub(super) fn attributes(&self, node: usize) -> impl Iterator<Item = (&QualName, &str)> {
        let range = match self.nodes[node].what {
            What::Element { attributes, .. } => attributes.range(),
            _ => 0..0,
        };
        self.attributes[range].iter().map(|it| (&self.names[it.name as usize], &self.text[it.value.range()]))
    }

    /// What tells an element from its siblings.
    pub(super) fn key(&self, node: usize) -> Option<&str> {
        let mut key = None;
        for (name, value) in self.attributes(node) {
            match &*name.local {
                "data-key" => return Some(value),
                "id" | "key" if key.is_none() => key = Some(value),
                _ => {}
            }
        }
        key
    }

    /// Whether the nodes in it have numbers.
    pub(super) fn is_open(&self, node: usize) -> bool {
        matches!(self.nodes[node].what, What::Element { inside: Inside::Ours, .. })
    }

    /// The index behind the last node in it.
    pub(super) fn end(&self, node: usize) -> usize {
        self.nodes[node].end as usize
    }

    pub(super) fn children(&self, node: usize) -> impl Iterator<Item = usize> + Clone {
        let end = self.end(node);
        let first = Some(node + 1).filter(|first| *first < end);
        core::iter::successors(first, move |node| Some(self.end(*node)).filter(|next| *next < end))
    }

    /// The nodes that have numbers, from `node` on to what is in it, in the order of the document.
    pub(super) fn numbered(&self, node: usize) -> impl Iterator<Item = usize> {
        let end = self.end(node);
        core::iter::successors(Some(node), move |node| {
            let next = if self.is_open(*node) { *node + 1 } else { self.end(*node) };
            Some(next).filter(|next| *next < end)
        })
    }

    pub(super) fn number(&self, node: usize) -> u32 {
        self.nodes[node].number
    }

    pub(super) fn set_number(&mut self, node: usize, number: u32) {
        self.nodes[node].number = number;
    }

    /// Gives numbers from `next` on to a node and those in it; the next number that is free.
    pub(super) fn renumber(&mut self, node: usize, mut next: u32) -> u32 {
        let end = self.end(node);
        let mut at = node;
        while at < end {
            self.nodes[at].number = next;
            next += 1;
            at = if self.is_open(at) { at + 1 } else { self.end(at) };
        }
        next
    }

    /// Whether two nodes show the same. What is not the view's business is not looked at.
    pub(super) fn same(&self, node: usize, other: &Tree, its: usize) -> bool {
        let mut at = (node, its);
        let mut open: Vec<(usize, usize)> = Vec::new();
        loop {
            // What ends here has to end in both.
            while let Some((end, its_end)) = open.last().copied()
                && (end == at.0 || its_end == at.1)
            {
                if (end, its_end) != at {
                    return false;
                }
                open.pop();
            }
            if open.is_empty() && at != (node, its) {
                return true;
            }
            if !self.same_alone(at.0, other, at.1) {
                return false;
            }
            open.push((self.end(at.0), other.end(at.1)));
            at = (self.after(at.0), other.after(at.1));
        }
    }

    fn same_alone(&self, node: usize, other: &Tree, its: usize) -> bool {
        match (self.kind(node), other.kind(its)) {
            (Kind::Text(a), Kind::Text(b)) | (Kind::Comment(a), Kind::Comment(b)) => a == b,
            (Kind::Element { name, inside }, Kind::Element { name: its_name, inside: its_inside }) => {
                name == its_name && inside == its_inside && self.attributes(node).eq(other.attributes(its))
            }
            _ => false,
        }
    }

    /// The next node in the order of the document that is the view's business.
    pub(super) fn after(&self, node: usize) -> usize {
        match self.nodes[node].what {
            What::Element { inside: Inside::Theirs, .. } => self.end(node),
            _ => node + 1,
        }
    }

    /// A hash for each node of what it shows.
    pub(super) fn hashes(&self) -> Vec<u64> {
        let mut hashes = alloc::vec![0; self.len()];
        for node in (0..self.len()).rev() {
            let mut hasher = DefaultHasher::new();
            let mut write = |text: &str| {
                hasher.write_usize(text.len());
                hasher.write(text.as_bytes());
            };
            match self.kind(node) {
                Kind::Text(text) => write(text),
                Kind::Comment(text) => {
                    write("<!");
                    write(text);
                }
                Kind::Element { name, inside } => {
                    write("<");
                    write(&name.ns);
                    write(&name.local);
                    for (name, value) in self.attributes(node) {
                        write(&name.local);
                        write(value);
                    }
                    if inside != Inside::Theirs {
                        self.children(node).for_each(|child| hasher.write_u64(hashes[child]));
                    }
                }
            }
            hashes[node] = hasher.finish();
        }
        hashes
    }
}

/// A node to a line: its depth, its number (0 if it has none), itself.
impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut node = HOLDER;
        let mut open = Vec::new();
        while node < self.len() {
            while open.pop_if(|end| *end <= node).is_some() {}
            write!(f, "{} {} ", open.len(), self.number(node))?;
            open.push(self.end(node));
            match self.kind(node) {
                Kind::Text(text) => writeln!(f, "{text:?}")?,
                Kind::Comment(text) => writeln!(f, "<!--{text:?}-->")?,
                Kind::Element { name, .. } => {
                    write!(f, "<{}", name.local)?;
                    match &*name.ns {
                        "http://www.w3.org/1999/xhtml" => {}
                        ns => write!(f, " ({ns})")?,
                    }
                    for (name, value) in self.attributes(node) {
                        write!(f, " {}{}{}={value:?}", name.ns, if name.ns.is_empty() { "" } else { ":" }, name.local)?;
                    }
                    writeln!(f, ">")?;
                }
            }
            node = self.after(node);
        }
        Ok(())
    }
}

/// Makes a tree from nodes in the order of the document.
#[derive(Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    names: Vec<QualName>,
    known: BTreeMap<QualName, u32>,
    text: String,
    open: Vec<u32>,
    /// The depth of the element whose inside is left out.
    skipping: Option<usize>,
    depth: usize,
    /// The attributes of elements before. Many elements have the same, and those of a list have them nearby.
    recent: VecDeque<Span>,
}

/// Among so many lists of attributes an equal one is looked for.
const RECENT: usize = 16;

impl Builder {
    /// An element begins. What comes until it is closed is in it.
    pub(super) fn open(&mut self, name: &QualName, attributes: &[html5ever::Attribute]) {
        if self.skipping.is_none() {
            let holder = self.nodes.is_empty();
            let inside = if holder { Inside::Ours } else { inside(name, attributes) };
            let attributes = self.attributes(attributes);
            let what = What::Element { name: self.name(name), inside, attributes };
            self.push(what);
            if is_dead(name) {
                self.skipping = Some(self.open.len());
            }
        }
        self.open.push((self.nodes.len() - 1) as u32);
    }

    /// The element that was opened last ends.
    pub(super) fn close(&mut self) {
        if let Some(node) = self.open.pop() {
            self.nodes[node as usize].end = self.nodes.len() as u32;
        }
        if self.skipping == Some(self.open.len()) {
            self.skipping = None;
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.skipping.is_none() {
            let text = self.text_span(text);
            self.push(What::Text(text));
        }
    }

    pub(super) fn comment(&mut self, text: &str) {
        if self.skipping.is_none() {
            let text = self.text_span(text);
            self.push(What::Comment(text));
        }
    }

    /// The tree, whose nodes have no numbers yet.
    pub(super) fn finish(mut self) -> Tree {
        self.nodes.shrink_to_fit();
        self.attributes.shrink_to_fit();
        self.names.shrink_to_fit();
        self.text.shrink_to_fit();
        Tree { nodes: self.nodes, attributes: self.attributes, names: self.names, text: self.text, depth: self.depth }
    }

    fn attributes(&mut self, new: &[html5ever::Attribute]) -> Span {
        let (start, text) = (self.attributes.len(), self.text.len());
        for attribute in new {
            let (name, value) = (self.name(&attribute.name), self.text_span(&attribute.value));
            self.attributes.push(Attribute { name, value });
        }
        let names = &self.names;
        self.attributes[start..].sort_unstable_by(|a, b| names[a.name as usize].cmp(&names[b.name as usize]));
        let value = |it: &Attribute| (it.name, &self.text[it.value.range()]);
        let these = &self.attributes[start..];
        let same = |list: &&Span| self.attributes[list.range()].iter().map(value).eq(these.iter().map(value));
        if let Some(same) = self.recent.iter().find(same).copied() {
            self.attributes.truncate(start);
            self.text.truncate(text);
            return same;
        }
        let new = Span(start as u32, self.attributes.len() as u32);
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(new);
        new
    }

    fn push(&mut self, what: What) {
        let end = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { what, end, number: 0 });
        self.depth = self.depth.max(self.open.len());
    }

    fn text_span(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span(start, self.text.len() as u32)
    }

    fn name(&mut self, name: &QualName) -> u32 {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let new = self.names.len() as u32;
        self.names.push(name.clone());
        self.known.insert(name.clone(), new);
        new
    }
}

/// Whether nobody sees what an element holds: a browser shows no `noscript` where scripts run, and it fills `selectedcontent` by itself.
fn is_dead(name: &QualName) -> bool {
    name.ns == ns!(html) && matches!(&*name.local, "noscript" | "selectedcontent")
}

fn inside(name: &QualName, attributes: &[html5ever::Attribute]) -> Inside {
    let marked = |it: &html5ever::Attribute| matches!(&*it.name.local, "data-ignore" | "data-spark");
    if name.expanded() == expanded_name!(html "template") {
        Inside::Template
    } else if is_dead(name) || attributes.iter().any(marked) {
        Inside::Theirs
    } else {
        Inside::Ours
    }
}

/// The name of an element of HTML.
pub(super) fn html_name(local: &str) -> QualName {
    QualName::new(None, ns!(html), LocalName::from(local))
}
