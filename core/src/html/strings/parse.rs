//! From markup to a tree, by html5ever: the sink that its tree builder talks to.

use super::tree::{Builder, Kind, Tree};
use alloc::borrow::Cow;
use alloc::rc::Rc;

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use html5ever::driver::{Parser, parse_fragment_for_element};
use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink, create_element};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tokenizer::TokenizerOpts;
use html5ever::{Attribute, ParseOpts, QualName, expanded_name, local_name, ns};

/// Parses `html` as what an element holds, which is what a browser does when the element's `innerHTML` is set.
pub(super) fn parse(holder: &QualName, attributes: Vec<Attribute>, html: &str) -> Tree {
    parser(holder, attributes, usize::MAX).one(html)
}

/// How many bytes are parsed before somebody looks how many nodes they gave.
const STRETCH: usize = 512;

/// Parses `html`, unless it has more than so many nodes and attributes.
pub(super) fn parse_at_most(holder: &QualName, html: &str, most: usize) -> Option<Tree> {
    let mut parser = parser(holder, Vec::new(), most);
    let mut rest = html;
    while !rest.is_empty() {
        let end = (STRETCH..rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (stretch, after) = rest.split_at(end);
        parser.process(stretch.into());
        if parser.tokenizer.sink.sink.is_full() {
            return None;
        }
        rest = after;
    }
    let is_full = parser.tokenizer.sink.sink.is_full();
    Some(parser.finish()).filter(|_| !is_full)
}

fn parser(holder: &QualName, attributes: Vec<Attribute>, most: usize) -> Parser<Sink> {
    let sink = Sink::new(most);
    let element = create_element(&sink, holder.clone(), attributes);
    let form = (holder.expanded() == expanded_name!(html "form")).then(|| element.clone());
    // A byte order mark within a page is a character like others.
    let tokenizer = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let options = ParseOpts { tokenizer, ..ParseOpts::default() };
    parse_fragment_for_element(sink, options, element, true, form)
}

/// A node while it is parsed. Parsers move nodes about, so these are linked; the tree that is kept is not.
struct Node {
    what: What,
    parent: Link,
    before: Link,
    after: Link,
    first: Link,
    last: Link,
}

type Link = Option<u32>;

enum What {
    Document,
    Element {
        name: Rc<QualName>,
        attributes: Vec<Attribute>,
        /// The fragment of a `template`.
        contents: Link,
        /// MathML's way to say that HTML follows.
        integration: bool,
    },
    Text(StrTendril),
    Comment(StrTendril),
}

/// A node by its index; with the name of an element, which the parser asks for all the time.
#[derive(Clone)]
struct Handle(u32, Option<Rc<QualName>>);

const DOCUMENT: u32 = 0;
/// The element that the markup is parsed in.
const HOLDER: u32 = 1;

struct Sink {
    nodes: RefCell<Vec<Node>>,
    /// How many more nodes and attributes there may be; none once there would be more. From then on nothing comes and nothing moves, until
    /// the parser is stopped.
    room: Cell<Option<usize>>,
}

impl Sink {
    fn new(most: usize) -> Sink {
        let sink = Sink { nodes: RefCell::new(Vec::new()), room: Cell::new(Some(most)) };
        sink.make(What::Document);
        sink
    }

    fn is_full(&self) -> bool {
        self.room.get().is_none()
    }

    fn make(&self, what: What) -> u32 {
        let parts = 1 + if let What::Element { attributes, .. } = &what { attributes.len() } else { 0 };
        self.room.set(self.room.get().and_then(|room| room.checked_sub(parts)));
        if self.is_full() {
            return HOLDER;
        }
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { what, parent: None, before: None, after: None, first: None, last: None });
        (nodes.len() - 1) as u32
    }

    fn detach(&self, node: u32) {
        if self.is_full() {
            return;
        }
        let nodes = &mut *self.nodes.borrow_mut();
        let Node { parent, before, after, .. } = nodes[node as usize];
        let Some(parent) = parent else { return };
        match before {
            Some(before) => nodes[before as usize].after = after,
            None => nodes[parent as usize].first = after,
        }
        match after {
            Some(after) => nodes[after as usize].before = before,
            None => nodes[parent as usize].last = before,
        }
        let node = &mut nodes[node as usize];
        (node.parent, node.before, node.after) = (None, None, None);
    }

    /// Puts a node before another one, or at the end. Texts that meet become one.
    fn insert(&self, parent: u32, behind: Link, child: NodeOrText<Handle>) {
        if self.is_full() {
            return;
        }
        if let NodeOrText::AppendNode(child) = &child {
            self.detach(child.0);
        }
        let before = {
            let nodes = self.nodes.borrow();
            behind.map_or(nodes[parent as usize].last, |behind| nodes[behind as usize].before)
        };
        let child = match child {
            NodeOrText::AppendNode(child) => child.0,
            NodeOrText::AppendText(text) => {
                if let Some(before) = before
                    && let What::Text(there) = &mut self.nodes.borrow_mut()[before as usize].what
                {
                    there.push_tendril(&text);
                    return;
                }
                let text = self.make(What::Text(text));
                if self.is_full() {
                    return;
                }
                text
            }
        };
        let nodes = &mut *self.nodes.borrow_mut();
        let node = &mut nodes[child as usize];
        (node.parent, node.before, node.after) = (Some(parent), before, behind);
        match before {
            Some(before) => nodes[before as usize].after = Some(child),
            None => nodes[parent as usize].first = Some(child),
        }
        match behind {
            Some(behind) => nodes[behind as usize].before = Some(child),
            None => nodes[parent as usize].last = Some(child),
        }
    }

    fn parent(&self, node: u32) -> Link {
        self.nodes.borrow()[node as usize].parent
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Tree;
    type ElemName<'a> = &'a QualName;

    /// Nodes in the order of the document, without recursion: markup may be nested deeply.
    fn finish(self) -> Tree {
        if self.is_full() {
            return Builder::default().finish();
        }
        let nodes = self.nodes.into_inner();
        let mut builder = Builder::default();
        let What::Element { name, attributes, .. } = &nodes[HOLDER as usize].what else { return builder.finish() };
        builder.open(name, attributes);
        // The parser puts what it makes into an `html` element.
        let root = nodes[DOCUMENT as usize].first;
        let mut next = root.and_then(|root| nodes[root as usize].first);
        let mut open = Vec::new();
        loop {
            let Some(at) = next else {
                builder.close();
                let Some(element) = open.pop() else { break };
                let element: &Node = &nodes[element as usize];
                next = element.after;
                continue;
            };
            let node = &nodes[at as usize];
            next = node.after;
            match &node.what {
                What::Document => {}
                What::Text(text) => builder.text(text),
                What::Comment(text) => builder.comment(text),
                What::Element { name, attributes, contents, .. } => {
                    builder.open(name, attributes);
                    open.push(at);
                    next = contents.map_or(node.first, |contents| nodes[contents as usize].first);
                }
            }
        }
        builder.finish()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle(DOCUMENT, None)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        static NONE: QualName = QualName { prefix: None, ns: ns!(), local: local_name!("") };
        target.1.as_deref().unwrap_or(&NONE)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let name = Rc::new(name);
        let contents = flags.template.then(|| self.make(What::Document));
        let integration = flags.mathml_annotation_xml_integration_point;
        let element = What::Element { name: name.clone(), attributes, contents, integration };
        Handle(self.make(element), Some(name))
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        Handle(self.make(What::Comment(text)), None)
    }

    /// HTML has none: its tokenizer makes comments of them.
    fn create_pi(&self, _: StrTendril, data: StrTendril) -> Handle {
        self.create_comment(data)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.insert(parent.0, None, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        match self.parent(element.0) {
            Some(parent) => self.insert(parent, Some(element.0), child),
            None => self.insert(previous.0, None, child),
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let contents = match self.nodes.borrow()[target.0 as usize].what {
            What::Element { contents, .. } => contents,
            _ => None,
        };
        Handle(contents.unwrap_or(target.0), None)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.0 == y.0
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, node: NodeOrText<Handle>) {
        if let Some(parent) = self.parent(sibling.0) {
            self.insert(parent, Some(sibling.0), node);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, more: Vec<Attribute>) {
        if let What::Element { attributes, .. } = &mut self.nodes.borrow_mut()[target.0 as usize].what {
            for attribute in more {
                if attributes.iter().all(|there| there.name != attribute.name) {
                    attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.0);
    }

    fn reparent_children(&self, node: &Handle, parent: &Handle) {
        loop {
            let first = self.nodes.borrow()[node.0 as usize].first;
            let Some(first) = first.filter(|_| !self.is_full()) else { break };
            self.insert(parent.0, None, NodeOrText::AppendNode(Handle(first, None)));
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        matches!(self.nodes.borrow()[handle.0 as usize].what, What::Element { integration: true, .. })
    }
}

/// Parses `html` as what an element of a tree holds.
pub(super) fn parse_like(tree: &Tree, element: usize, html: &str) -> Option<Tree> {
    let Kind::Element { name, .. } = tree.kind(element) else { return None };
    let attribute = |(name, value): (&QualName, &str)| Attribute { name: name.clone(), value: value.into() };
    Some(parse(name, tree.attributes(element).map(attribute).collect(), html))
}
