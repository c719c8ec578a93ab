//! A small DOM, and views in it: what `docs/patches.md` says a browser does, written from that page alone.
//!
//! - [`Dom`]: nodes in an arena; parsed by html5ever, written as HTML, compared
//! - [`Selector`]: finds elements
//! - [`Template`] and [`View`]: what a live component shows, found in a page and then patched
//!
//! It shares no code with the core or the browser client, so that it can tell where they differ from the document.
//!
//! ```
//! use lazuli_harness::dom::{Dom, Selector};
//!
//! let dom = Dom::document("<ul><li class=done>milk<li>bread</ul>");
//! let done = Selector::parse("li.done")?;
//! let found = dom.select(Dom::ROOT, &done);
//! assert_eq!(dom.text(found[0]), "milk");
//! assert_eq!(dom.outer_html(found[0]), r#"<li class="done">milk</li>"#);
//! # Ok::<(), lazuli_harness::dom::Unsupported>(())
//! ```

mod compare;
mod contents;
mod parse;
mod select;
mod template;
mod view;
mod write;

pub use select::{Selector, Unsupported};
pub use template::{Template, Templates};
pub use view::{Misfit, View};

use std::fmt;

/// A node of a [`Dom`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// The name space of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// HTML.
    Html,
    /// SVG.
    Svg,
    /// MathML.
    Math,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The document, or a fragment: what a template holds.
    Fragment,
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// A comment.
    Comment(String),
}

/// An element without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name space.
    pub space: Space,
    /// Its name, as in markup: of HTML in lower case.
    pub name: String,
    /// Its attributes by their names in markup, in their order.
    pub attributes: Vec<(String, String)>,
    /// What a `template` holds.
    pub(crate) contents: Option<NodeId>,
    /// MathML's way to say that HTML follows.
    integration: bool,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    parent: Option<NodeId>,
    children: Vec<NodeId>,
}

/// A tree of nodes. Nodes that were removed stay in memory until it goes.
#[derive(Clone)]
pub struct Dom {
    nodes: Vec<Node>,
}

impl Default for Dom {
    fn default() -> Self {
        let mut dom = Dom { nodes: Vec::new() };
        dom.make(Kind::Fragment);
        dom
    }
}

impl Dom {
    /// The document.
    pub const ROOT: NodeId = NodeId(0);

    /// A node that stands nowhere yet.
    pub fn make(&mut self, kind: Kind) -> NodeId {
        self.nodes.push(Node { kind, parent: None, children: Vec::new() });
        NodeId((self.nodes.len() - 1) as u32)
    }

    /// An element of HTML, without attributes, that stands nowhere yet.
    pub fn make_element(&mut self, name: &str) -> NodeId {
        self.make(Kind::Element(Element {
            space: Space::Html,
            name: name.into(),
            attributes: Vec::new(),
            contents: None,
            integration: false,
        }))
    }

    /// A text that stands nowhere yet.
    pub fn make_text(&mut self, text: &str) -> NodeId {
        self.make(Kind::Text(text.into()))
    }

    /// What a node is.
    pub fn kind(&self, node: NodeId) -> &Kind {
        &self.node(node).kind
    }

    /// The element that a node is, if it is one.
    pub fn element(&self, node: NodeId) -> Option<&Element> {
        match self.kind(node) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// What a node is in.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.node(node).parent
    }

    /// What is directly in a node.
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        &self.node(node).children
    }

    /// Its place among the nodes that are in the same.
    pub fn index(&self, node: NodeId) -> Option<usize> {
        self.children(self.parent(node)?).iter().position(|child| *child == node)
    }

    /// A node, what it is in, what that is in, and so on.
    pub fn ancestors(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(node), |node| self.parent(*node))
    }

    /// All that is in a node, in the order of the document. What a `template` holds is not in it.
    pub fn descendants(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut next: Vec<NodeId> = self.children(node).iter().rev().copied().collect();
        std::iter::from_fn(move || {
            let node = next.pop()?;
            next.extend(self.children(node).iter().rev());
            Some(node)
        })
    }

    /// Puts a node before another one of `parent`, or at its end. It leaves the place where it stood.
    pub fn insert(&mut self, parent: NodeId, node: NodeId, before: Option<NodeId>) {
        self.remove(node);
        let at = before.and_then(|before| self.index(before)).unwrap_or(self.children(parent).len());
        self.node_mut(parent).children.insert(at, node);
        self.node_mut(node).parent = Some(parent);
    }

    /// Takes a node out of what it is in.
    pub fn remove(&mut self, node: NodeId) {
        if let (Some(parent), Some(at)) = (self.parent(node), self.index(node)) {
            self.node_mut(parent).children.remove(at);
            self.node_mut(node).parent = None;
        }
    }

    /// The value of an attribute.
    pub fn attribute(&self, node: NodeId, name: &str) -> Option<&str> {
        self.element(node)?.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Sets an attribute, or removes it.
    pub fn set_attribute(&mut self, node: NodeId, name: &str, value: Option<String>) {
        let Kind::Element(Element { attributes, .. }) = &mut self.node_mut(node).kind else { return };
        match (attributes.iter().position(|(known, _)| known == name), value) {
            (Some(at), Some(value)) => attributes[at].1 = value,
            (Some(at), None) => drop(attributes.remove(at)),
            (None, Some(value)) => attributes.push((name.into(), value)),
            (None, None) => {}
        }
    }

    /// Whether it is an element of HTML with this name.
    pub fn is(&self, node: NodeId, name: &str) -> bool {
        self.element(node).is_some_and(|element| element.space == Space::Html && element.name == name)
    }

    /// The text in a node, as `textContent` gives it.
    pub fn text(&self, node: NodeId) -> String {
        if let Kind::Text(text) = self.kind(node) {
            return text.clone();
        }
        let texts = self.descendants(node).filter_map(|node| match self.kind(node) {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The text as somebody reads it: blanks and line ends are one blank, those at its ends are left out.
    pub fn words(&self, node: NodeId) -> String {
        self.text(node).split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Changes a text or a comment.
    pub fn set_text(&mut self, node: NodeId, new: String) {
        if let Kind::Text(text) | Kind::Comment(text) = &mut self.node_mut(node).kind {
            *text = new;
        }
    }

    /// Puts a copy of a node of another tree, and of all in it, into this one.
    pub fn import(&mut self, from: &Dom, node: NodeId) -> NodeId {
        let mut kind = from.kind(node).clone();
        if let Kind::Element(Element { contents: Some(contents), .. }) = &mut kind {
            *contents = self.import(from, *contents);
        }
        let copy = self.make(kind);
        for child in from.children(node) {
            let child = self.import(from, *child);
            self.insert(copy, child, None);
        }
        copy
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    fn node_mut(&mut self, node: NodeId) -> &mut Node {
        &mut self.nodes[node.0 as usize]
    }
}

/// The whole as HTML.
impl fmt::Debug for Dom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner_html(Dom::ROOT))
    }
}
