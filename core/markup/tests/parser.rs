//! The tables against a parser that follows the standard: html5ever.

use std::fmt::Write as _;

use html5ever::tendril::TendrilSink as _;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{LocalName, ParseOpts, QualName, local_name, ns, parse_document, parse_fragment};
use lazuli_markup::{
    Content, HTML, Inside, Item, MATH, Misplaced, Outer, SVG, Space, Tree, check, content, is_known, place, space_of,
    together,
};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

/// A tree that is meant.
#[derive(Clone, Debug)]
enum Node {
    Text,
    Element(String, Vec<Node>),
}

impl Tree for Node {
    fn item(&self) -> Item<'_> {
        match self {
            Node::Text => Item::Text,
            Node::Element(name, _) => Item::Element(name),
        }
    }

    fn inside(&self) -> &[Node] {
        match self {
            Node::Text => &[],
            Node::Element(_, inside) => inside,
        }
    }
}

fn element(name: &str, inside: Vec<Node>) -> Node {
    Node::Element(name.to_owned(), inside)
}

/// What the tables say.
fn verdict(roots: &[Node]) -> Result<(), Misplaced<'_>> {
    together(roots.iter().map(Tree::item))?;
    check(&[], roots)
}

fn space(roots: &[Node]) -> Space {
    space_of(roots.iter().filter_map(|root| match root {
        Node::Text => None,
        Node::Element(name, _) => Some(name.as_str()),
    }))
}

fn write_html(nodes: &[Node], outer: Outer<'_, '_>, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text => out.push('x'),
            Node::Element(name, inside) => {
                write!(out, "<{name}>").unwrap();
                let here = Inside::element(outer, name);
                if content(name, here.space()) != Content::Void || !inside.is_empty() {
                    write_html(inside, Outer::In(&here), out);
                    write!(out, "</{name}>").unwrap();
                }
            }
        }
    }
}

/// The name space that is meant by the name of an element: that of its place, if the name is known there.
fn meant(name: &str, place: Space) -> Space {
    let spaces = [place, Space::Html, Space::Svg, Space::Math];
    spaces.into_iter().find(|&space| is_known(name, space)).unwrap_or(place)
}

/// A tree with name spaces, in a form that can be compared.
fn write_meant(nodes: &[Node], outer: Outer<'_, '_>, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text => out.push_str(" 'x'"),
            Node::Element(name, inside) => {
                let here = Inside::element(outer, name);
                write!(out, " {:?}:{name}(", meant(name, here.space())).unwrap();
                write_meant(inside, Outer::In(&here), out);
                out.push(')');
            }
        }
    }
}

fn write_parsed(node: &Handle, out: &mut String) {
    match &node.data {
        NodeData::Text { contents } => write!(out, " '{}'", contents.borrow()).unwrap(),
        NodeData::Element { name, template_contents, .. } => {
            let space = match name.ns {
                ns!(svg) => Space::Svg,
                ns!(mathml) => Space::Math,
                _ => Space::Html,
            };
            write!(out, " {space:?}:{}(", name.local).unwrap();
            let inside = template_contents.borrow();
            let inside = inside.as_ref().unwrap_or(node);
            inside.children.borrow().iter().for_each(|child| write_parsed(child, out));
            out.push(')');
        }
        _ => write!(out, " ?").unwrap(),
    }
}

/// Without scripts: with them, what is in a `noscript` is nothing that anybody sees.
fn options() -> ParseOpts {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..Default::default() };
    ParseOpts { tree_builder, ..Default::default() }
}

/// What a parser makes of the tree as it is written, as the content of a `template`, or within `svg` or `math`.
fn parsed(html: &str, space: Space) -> String {
    let context = match space {
        Space::Html => QualName::new(None, ns!(html), local_name!("template")),
        Space::Svg => QualName::new(None, ns!(svg), local_name!("svg")),
        Space::Math => QualName::new(None, ns!(mathml), LocalName::from("math")),
    };
    let dom = parse_fragment(RcDom::default(), options(), context, Vec::new(), false).one(html);
    let mut out = String::new();
    let html = dom.document.children.borrow()[0].clone();
    html.children.borrow().iter().for_each(|child| write_parsed(child, &mut out));
    out
}

/// What a parser makes of a whole page.
fn parsed_page(html: &str) -> String {
    let dom = parse_document(RcDom::default(), options()).one(format!("<!DOCTYPE html>{html}"));
    let mut out = String::new();
    dom.document.children.borrow().iter().skip(1).for_each(|child| write_parsed(child, &mut out));
    out
}

/// Whether a parser gives the tree back.
fn survives(roots: &[Node]) -> Result<(), String> {
    let space = space(roots);
    let (mut html, mut meant) = (String::new(), String::new());
    write_html(roots, Outer::Root(space), &mut html);
    write_meant(roots, Outer::Root(space), &mut meant);
    let is_page = matches!(roots, [Node::Element(name, _)] if name == "html");
    let parsed = if is_page { parsed_page(&html) } else { parsed(&html, space) };
    if parsed == meant { Ok(()) } else { Err(format!("{html}\n meant:{meant}\nparsed:{parsed}")) }
}

fn names() -> impl Iterator<Item = &'static str> {
    let custom = ["my-element"];
    HTML.iter().chain(SVG).chain(MATH).copied().chain(custom)
}

/// Where the tables refuse what the parser of the tests would leave in place, for a reason of its own.
fn is_deliberate(outer: &str, inner: Option<&str>) -> bool {
    // Their content differs between browsers, or no component has a use for them.
    let never = |name: &str| matches!(name, "frame" | "frameset" | "html" | "head" | "body");
    // A form directly in a table stays, but without what is in it.
    let emptied = inner == Some("form") && matches!(outer, "table" | "thead" | "tbody" | "tfoot" | "tr");
    emptied
        || never(outer)
        || inner.is_some_and(never)
        || matches!(outer, "select" | "optgroup" | "option" | "annotation-xml")
}

/// Each element in each other, alone and with others around.
#[test]
fn every_pair() {
    let around: [&[&str]; 5] =
        [&[], &["table", "tbody", "tr", "td"], &["ul", "li"], &["ruby"], &["svg", "foreignObject"]];
    let (mut fine, mut refused, mut deliberate) = (0, 0, Vec::new());
    let mut wrong = Vec::new();
    for around in around {
        // All name spaces once, and HTML in all places.
        let names = || names().filter(|name| around.is_empty() || HTML.contains(name));
        for outer in names() {
            for inner in names().map(Some).chain([None]) {
                let inner_node = inner.map_or(Node::Text, |name| element(name, Vec::new()));
                let mut tree = element(outer, vec![inner_node]);
                for name in around.iter().rev() {
                    tree = element(name, vec![tree]);
                }
                let tree = [tree];
                match (verdict(&tree), survives(&tree)) {
                    (Ok(()), Ok(())) => fine += 1,
                    (Err(_), Err(_)) => refused += 1,
                    (Err(_), Ok(())) if is_deliberate(outer, inner) => deliberate.push((outer, inner)),
                    (Ok(()), Err(differs)) => wrong.push(format!("taken, but {differs}")),
                    (Err(misplaced), Ok(())) => {
                        wrong.push(format!("refused, but survives: {around:?} {outer} {inner:?}: {misplaced}"))
                    }
                }
            }
        }
    }
    println!("{fine} fine, {refused} refused, {} refused for other reasons", deliberate.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Each two elements beside each other in a `template`, where a parser goes by what has come.
#[test]
fn every_two_in_a_template() {
    let mut wrong = Vec::new();
    for first in HTML {
        for second in HTML {
            let tree = [element("template", vec![element(first, Vec::new()), element(second, Vec::new())])];
            if let (Ok(()), Err(differs)) = (verdict(&tree), survives(&tree)) {
                wrong.push(differs);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Makes trees of a tape of choices: mostly, but not always, of what may stand there.
struct Grower<'t> {
    tape: std::slice::Iter<'t, u16>,
}

impl Grower<'_> {
    fn choice(&mut self, of: usize) -> usize {
        self.tape.next().map_or(0, |&choice| usize::from(choice) % of)
    }

    fn nodes(&mut self, outer: Outer<'_, '_>, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for _ in 0..self.choice(4) {
            if let Some(node) = self.node(outer, depth) {
                let adjacent = matches!((nodes.last(), &node), (Some(Node::Text), Node::Text));
                if !adjacent {
                    nodes.push(node);
                }
            }
        }
        nodes
    }

    fn node(&mut self, outer: Outer<'_, '_>, depth: usize) -> Option<Node> {
        let all: Vec<&str> = names().collect();
        let careless = self.choice(40) == 39;
        for _ in 0..60 {
            let choice = self.choice(all.len() + 10);
            let Some(name) = all.get(choice) else {
                if place(outer, Item::Text).is_ok() || careless {
                    return Some(Node::Text);
                }
                continue;
            };
            if place(outer, Item::Element(name)).is_err() && !careless {
                continue;
            }
            let here = Inside::element(outer, name);
            let inside = match content(name, here.space()) {
                Content::Void => Vec::new(),
                Content::Text | Content::Raw => [Node::Text][..self.choice(2)].to_vec(),
                Content::Markup if depth == 0 => Vec::new(),
                Content::Markup => self.nodes(Outer::In(&here), depth - 1),
            };
            return Some(element(name, inside));
        }
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the tables take is given back by the parser as it was meant.
    #[test]
    fn what_is_taken_survives(tape in proptest::collection::vec(any::<u16>(), 0..400), tables in any::<bool>(), page in any::<bool>()) {
        let mut grower = Grower { tape: tape.iter() };
        let mut roots = grower.nodes(Outer::Root(Space::Html), 6);
        if page {
            let html = Inside::element(Outer::Root(Space::Html), "html");
            let parts = ["head", "body"]
                .map(|name| element(name, grower.nodes(Outer::In(&Inside::element(Outer::In(&html), name)), 5)));
            roots = vec![element("html", parts.into())];
        }
        if tables && !page {
            let table = element("table", Vec::new());
            let Node::Element(name, _) = table else { unreachable!() };
            let inside = Inside::element(Outer::Root(Space::Html), &name);
            roots = vec![element("table", grower.nodes(Outer::In(&inside), 6))];
        }
        if verdict(&roots).is_ok() {
            prop_assert_eq!(survives(&roots), Ok(()));
        }
    }
}

/// Whether a parent and a child are among those that are refused for other reasons.
fn has_deliberate(outer: &str, nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text => is_deliberate(outer, None),
        Node::Element(name, inside) => is_deliberate(outer, Some(name)) || has_deliberate(name, inside),
    })
}

/// How many of the refused trees a parser would have given back.
#[test]
fn what_is_refused_would_not_survive() {
    let mut random = 88_172_645_463_325_252_u64;
    let (mut refused, mut survived) = (0, 0);
    for _ in 0..4000 {
        let tape: Vec<u16> = (0..300)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random as u16
            })
            .collect();
        let roots = Grower { tape: tape.iter() }.nodes(Outer::Root(Space::Html), 5);
        // What only stands beside the wrong thing may survive, but has no use.
        if check(&[], &roots).is_err() && !has_deliberate("", &roots) {
            refused += 1;
            if survives(&roots).is_ok() {
                survived += 1;
                println!("{:?} {roots:?}", verdict(&roots).map_err(|misplaced| misplaced.to_string()));
            }
        }
    }
    println!("of {refused} refused trees {survived} would survive");
    assert!(refused > 100, "the trees are not careless enough: {refused}");
    assert!(survived * 50 < refused, "of {refused} refused trees {survived} would survive");
}
