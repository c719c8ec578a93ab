//! From markup to a tree, by html5ever: the sink that its tree builder talks to.

use super::tag::Tag;
use super::tree::{Builder, Kind, Tree};
use super::{MOST_ATTRIBUTES, MOST_LEVELS};
use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TokenizerResult;
use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink, create_element};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{Attribute, QualName, expanded_name, local_name, ns};

/// Parses `html` as what an element holds, which is what a browser does when the element's `innerHTML` is set.
pub(super) fn parse(holder: &QualName, attributes: Vec<Attribute>, html: &str) -> Tree {
    let most = Most { parts: usize::MAX, attributes: usize::MAX, depth: u32::MAX };
    let parser = parser(holder, attributes, most);
    parser.feed(html.into());
    parser.finish()
}

/// So many bytes at most are parsed before somebody looks what they gave.
const STRETCH: usize = 512;

/// Parses `html` unless it has more than so many nodes and attributes, or is made in a way that costs too much: a parser looks at all of the
/// elements around a tag, and at all attributes before one.
pub(super) fn parse_at_most(holder: &QualName, attributes: Vec<Attribute>, html: &str, parts: usize) -> Option<Tree> {
    let most = Most { parts, attributes: MOST_ATTRIBUTES, depth: MOST_LEVELS };
    let parser = parser(holder, attributes, most);
    let all = StrTendril::from(html);
    let mut start = 0;
    // Where the tokenizer has been silent since a tag began, it is in that tag.
    let mut tag: Option<Tag> = None;
    while start < html.len() {
        // A tag begins nowhere but at the beginning of a stretch.
        let window = &html.as_bytes()[start + 1..html.len().min(start + STRETCH)];
        let end = start + 1 + window.iter().position(|byte| *byte == b'<').unwrap_or(window.len());
        let end = (end..html.len()).find(|end| html.is_char_boundary(*end)).unwrap_or(html.len());
        let stretch = &html[start..end];
        let before = parser.tokens();
        parser.feed(all.subtendril(start as u32, (end - start) as u32));
        match &mut tag {
            Some(tag) if parser.tokens() == before => tag.read(stretch),
            _ => tag = Tag::begin(stretch),
        }
        if parser.is_full() || tag.as_ref().is_some_and(|tag| tag.attributes() > MOST_ATTRIBUTES) {
            return None;
        }
        start = end;
    }
    parser.finish_unless_full()
}

/// How much there may be.
#[derive(Clone, Copy)]
struct Most {
    /// Nodes and attributes in all.
    parts: usize,
    /// Attributes of one element.
    attributes: usize,
    /// Elements around one.
    depth: u32,
}

type Builds = TreeBuilder<Handle, Sink>;

/// The tree builder, and how many tokens it has got.
struct Counted {
    builder: Builds,
    tokens: Cell<u64>,
}

impl TokenSink for Counted {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        self.tokens.set(self.tokens.get() + u64::from(!matches!(token, Token::ParseError(_))));
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

struct Parser {
    tokenizer: Tokenizer<Counted>,
    input: BufferQueue,
}

impl Parser {
    fn feed(&self, html: StrTendril) {
        self.input.push_back(html);
        // It stops where a script ends, which nobody runs here.
        while !matches!(self.tokenizer.feed(&self.input), TokenizerResult::Done) {}
    }

    fn tokens(&self) -> u64 {
        self.tokenizer.sink.tokens.get()
    }

    fn is_full(&self) -> bool {
        self.tokenizer.sink.builder.sink.is_full()
    }

    fn finish(self) -> Tree {
        self.tokenizer.end();
        self.tokenizer.sink.builder.sink.finish()
    }

    fn finish_unless_full(self) -> Option<Tree> {
        self.tokenizer.end();
        let sink = self.tokenizer.sink.builder.sink;
        (!sink.is_full()).then(|| sink.finish())
    }
}

fn parser(holder: &QualName, attributes: Vec<Attribute>, most: Most) -> Parser {
    let sink = Sink::new(most);
    let element = create_element(&sink, holder.clone(), attributes);
    let form = (holder.expanded() == expanded_name!(html "form")).then(|| element.clone());
    let builder = TreeBuilder::new_for_fragment(sink, element, form, TreeBuilderOpts::default());
    let initial_state = Some(builder.tokenizer_state_for_context_elem(true));
    // A byte order mark within a page is a character like others.
    let options = TokenizerOpts { discard_bom: false, initial_state, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Counted { builder, tokens: Cell::new(0) }, options);
    Parser { tokenizer, input: BufferQueue::default() }
}

/// A node while it is parsed. Parsers move nodes about, so these are linked; the tree that is kept is not.
struct Node {
    what: What,
    /// How many nodes were around it when it got its place.
    depth: u32,
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
    most: Most,
}

impl Sink {
    fn new(most: Most) -> Sink {
        let sink = Sink { nodes: RefCell::new(Vec::new()), room: Cell::new(Some(most.parts)), most };
        sink.make(What::Document);
        sink
    }

    fn is_full(&self) -> bool {
        self.room.get().is_none()
    }

    /// Takes room for so many nodes and attributes more; an element has that many of the latter now.
    fn take(&self, parts: usize, attributes: usize) {
        let room = self.room.get().filter(|_| attributes <= self.most.attributes);
        self.room.set(room.and_then(|room| room.checked_sub(parts)));
    }

    fn make(&self, what: What) -> u32 {
        let attributes = if let What::Element { attributes, .. } = &what { attributes.len() } else { 0 };
        self.take(1 + attributes, attributes);
        if self.is_full() {
            return HOLDER;
        }
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { what, depth: 0, parent: None, before: None, after: None, first: None, last: None });
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
        let depth = nodes[parent as usize].depth + 1;
        if let What::Element { contents, .. } = nodes[child as usize].what {
            // The parser's `html` element is around all of them.
            if depth > self.most.depth.saturating_add(1) {
                return self.room.set(None);
            }
            if let Some(contents) = contents {
                nodes[contents as usize].depth = depth;
            }
        }
        let node = &mut nodes[child as usize];
        node.depth = depth;
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
            let before = attributes.len();
            for attribute in more {
                if attributes.iter().all(|there| there.name != attribute.name) {
                    attributes.push(attribute);
                }
            }
            self.take(attributes.len() - before, attributes.len());
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
    parse_at_most(name, tree.attributes(element).map(attribute).collect(), html, usize::MAX)
}
