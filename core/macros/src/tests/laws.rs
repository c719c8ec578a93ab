//! A page that is written from pieces, and read by a parser, has the nodes that a browser makes from the templates.

use std::fmt::Write as _;

use html5ever::tendril::TendrilSink as _;
use html5ever::{QualName, local_name, ns, parse_fragment};
use lazuli_markup::{Content, Inside, Item, Outer, Space, content, place};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;
use serde_json::Value;

use crate::check::check;
use crate::errors::Errors;
use crate::lower::{Slot, Template, lower};
use crate::pieces::{Piece, pieces};
use crate::{json, read};

/// Every value is this; of alternatives it is the last, lists have two rows, and other markup is nothing.
const VALUE: &str = "v";

#[derive(Debug, PartialEq)]
enum Node {
    Text(String),
    Comment,
    Element(String, Vec<(String, String)>, Vec<Node>),
}

fn parse(html: &str) -> Vec<Node> {
    let context = QualName::new(None, ns!(html), local_name!("template"));
    let dom = parse_fragment(RcDom::default(), Default::default(), context, Vec::new(), false).one(html);
    let root = dom.document.children.borrow()[0].clone();
    root.children.borrow().iter().map(node).collect()
}

fn node(handle: &Handle) -> Node {
    match &handle.data {
        NodeData::Text { contents } => Node::Text(contents.borrow().to_string()),
        NodeData::Element { name, attrs, .. } => {
            let attribute =
                |attribute: &html5ever::Attribute| (attribute.name.local.to_string(), attribute.value.to_string());
            let attributes = attrs.borrow().iter().map(attribute).collect();
            let children = handle.children.borrow().iter().map(node).collect();
            Node::Element(format!("{}:{}", name.ns, name.local), sorted(attributes), children)
        }
        _ => Node::Comment,
    }
}

fn sorted(mut attributes: Vec<(String, String)>) -> Vec<(String, String)> {
    attributes.sort();
    attributes
}

/// What a page is written as.
fn write_page(template: &Template, out: &mut String) {
    for piece in pieces(template) {
        match piece {
            Piece::Html(html) => out.push_str(&html),
            Piece::Text(_) | Piece::Raw(_) => out.push_str(VALUE),
            Piece::Attr { name, before, after, .. } => write!(out, " {name}=\"{before}{VALUE}{after}\"").unwrap(),
            Piece::Structure { slot, .. } => match &template.slots[slot] {
                Slot::Branch(alternatives) => alternatives.last().into_iter().for_each(|inner| write_page(inner, out)),
                Slot::List(row) => (0..2).for_each(|_| write_page(row, out)),
                Slot::Embed | Slot::Component | Slot::Value => {}
            },
        }
    }
}

/// What a browser makes of a template.
fn instantiate(template: &Value) -> Vec<Node> {
    let mut nodes = parse(template[0].as_str().unwrap());
    if template.get(2).is_some() {
        let Some(Node::Element(_, _, inside)) = nodes.pop() else { panic!("{template}") };
        nodes = inside;
    }
    follow(&template[1], nodes)
}

/// Puts values and blocks where steps say.
fn follow(steps: &Value, nodes: Vec<Node>) -> Vec<Node> {
    let mut nodes = nodes.into_iter();
    let mut all = Vec::new();
    for step in steps.as_array().unwrap() {
        let Some(parts) = step.as_array() else {
            all.push(nodes.next().unwrap_or_else(|| panic!("{steps}: no node")));
            continue;
        };
        match parts[0].as_u64() {
            Some(1) => all.extend(parts[2..].last().map(instantiate).unwrap_or_default()),
            Some(2) => all.extend((0..2).flat_map(|_| instantiate(&parts[2]))),
            Some(_) => {}
            None => all.push(fill(nodes.next().unwrap_or_else(|| panic!("{steps}: no node")), parts)),
        }
    }
    all.extend(nodes);
    all
}

/// Puts values into a node.
fn fill(node: Node, parts: &[Value]) -> Node {
    let text = |place: &Value, at: usize| place.get(at).map_or("", |text| text.as_str().unwrap()).to_owned();
    let Node::Element(name, mut attributes, children) = node else {
        return Node::Text(text(&parts[1], 2) + VALUE + &text(&parts[1], 3));
    };
    let mut children = follow(&parts[0], children);
    for place in &parts[1..] {
        match text(place, 1) {
            name if name.is_empty() => children.push(Node::Text(VALUE.to_owned())),
            name => attributes.push((name, text(place, 2) + VALUE + &text(place, 3))),
        }
    }
    attributes.sort();
    Node::Element(name, attributes, children)
}

const NAMES: &[&str] = &[
    "div",
    "p",
    "span",
    "ul",
    "li",
    "table",
    "caption",
    "colgroup",
    "col",
    "tbody",
    "tr",
    "td",
    "select",
    "option",
    "pre",
    "textarea",
    "title",
    "svg",
    "g",
    "circle",
    "foreignObject",
    "b",
    "a",
    "br",
    "input",
    "h1",
    "button",
    "dl",
    "dd",
    "math",
    "mi",
    "my-element",
];

/// Writes an `html!` by a tape of choices, mostly of what may stand there.
struct Author<'t> {
    tape: std::slice::Iter<'t, u16>,
    out: String,
}

impl Author<'_> {
    fn choice(&mut self, of: usize) -> usize {
        self.tape.next().map_or(0, |&choice| usize::from(choice) % of)
    }

    fn nodes(&mut self, outer: Outer<'_, '_>, depth: usize) {
        for _ in 0..self.choice(5) {
            self.node(outer, depth);
        }
    }

    fn text_is_fine(outer: Outer<'_, '_>) -> bool {
        place(outer, Item::Text).is_ok()
    }

    fn node(&mut self, outer: Outer<'_, '_>, depth: usize) {
        let only_text = matches!(outer, Outer::In(inside) if content(inside.name(), inside.space()) != Content::Markup);
        let structures = !only_text && depth > 0;
        match self.choice(9) {
            0 | 1 if Self::text_is_fine(outer) => {
                let text = ["\"x\"", "\"\\n\"", "\" < & \"", "\"\""][self.choice(4)];
                self.out.push_str(text);
            }
            2 | 3 if Self::text_is_fine(outer) => {
                let hole = ["(a)", "(b)"][self.choice(2)];
                self.out.push_str(hole);
            }
            4 if structures => {
                self.out.push_str("@if c {");
                self.nodes(outer, depth - 1);
                self.out.push_str("} @else {");
                self.nodes(outer, depth - 1);
                self.out.push('}');
            }
            5 if structures => {
                self.out.push_str("@for a in d key=(a) {");
                self.nodes(outer, depth - 1);
                self.out.push('}');
            }
            6 if structures => {
                let node = ["@(e)", "@component(e)", "@let a = 1;"][self.choice(3)];
                self.out.push_str(node);
            }
            _ if !only_text && depth > 0 => self.element(outer, depth),
            _ => {}
        }
        self.out.push(' ');
    }

    fn element(&mut self, outer: Outer<'_, '_>, depth: usize) {
        let Some(name) = (0..20).find_map(|_| {
            let name = NAMES[self.choice(NAMES.len())];
            place(outer, Item::Element(name)).is_ok().then_some(name)
        }) else {
            return;
        };
        self.out.push_str(name);
        let attributes = [
            "",
            " id=(a)",
            " title={\"<\" (b) \"\\\"\"} lang=\"\\\"&\"",
            " class=\"k\" class:m=(c) hidden",
            " data-a=(a) data-b=(a)",
        ];
        let attribute = attributes[self.choice(attributes.len())];
        self.out.push_str(attribute);
        let inside = Inside::element(outer, name);
        match content(name, inside.space()) {
            Content::Void => self.out.push(';'),
            _ if self.choice(12) == 11 && matches!(name, "div" | "pre" | "span") => self.out.push_str("{ @raw(a) }"),
            _ => {
                self.out.push('{');
                self.nodes(Outer::In(&inside), depth - 1);
                self.out.push('}');
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_has_the_nodes_of_its_templates(tape in proptest::collection::vec(any::<u16>(), 0..300)) {
        let mut author = Author { tape: tape.iter(), out: String::new() };
        author.nodes(Outer::Root(Space::Html), 6);
        let source = author.out;
        let mut errors = Errors::default();
        let nodes = read(source.parse().unwrap(), &mut errors).unwrap();
        check(&nodes, &mut errors);
        prop_assume!(errors.into_code().is_none());
        let Some(template) = lower(&nodes) else { return Ok(()) };
        let mut page = String::new();
        write_page(&template, &mut page);
        let browser: Value = serde_json::from_str(&json::source(&template)).unwrap();
        prop_assert_eq!(parse(&page), instantiate(&browser), "{}\n{}\n{}", source, page, browser);
    }
}
