//! What was written becomes templates: their nodes, their slots, and the steps that fill them.

mod attributes;
mod roots;
mod text;

use std::collections::BTreeMap;

use lazuli_markup::{Inside, Outer, Space};
use proc_macro2::TokenStream;
use syn::{Expr, Pat, Stmt};

use crate::ast::{Arm, Element, For, Node, Part};
pub use roots::{Root, names};

/// A template: the outermost, or one alternative, or a row.
pub struct Template {
    pub slots: Vec<Slot>,
    /// Whether the first slot is a key that is shown nowhere.
    pub hidden_key: bool,
    pub nodes: Vec<Dom>,
    /// Of the outermost template: what is in it, through all its structures.
    pub roots: Vec<Root>,
    /// The name space of the outermost nodes.
    pub space: Space,
    pub steps: Vec<Step>,
}

pub enum Slot {
    Value,
    Branch(Vec<Template>),
    List(Box<Template>),
    Embed,
    Component,
}

/// What a template holds, in the order of the document.
pub enum Dom {
    Element(Box<DomElement>),
    /// One text node, which is never empty for good.
    Text {
        before: String,
        slot: Option<usize>,
        after: String,
    },
    /// `<!---->`
    Comment,
    Structure(usize),
}

pub struct DomElement {
    pub name: String,
    pub space: Space,
    pub attributes: Vec<DomAttribute>,
    pub children: Vec<Dom>,
    /// The slot of its inner HTML.
    pub raw: Option<usize>,
}

pub enum DomAttribute {
    /// With its value, or bare.
    Fixed(String, Option<String>),
    Slot {
        slot: usize,
        name: String,
        before: String,
        after: String,
    },
}

/// What a render does, one after the other.
pub enum Step {
    Let(Stmt),
    Value(TokenStream),
    /// A value where truth is a word, "true" or "false".
    Word(TokenStream),
    Url(TokenStream),
    /// Markup, as it is.
    Raw(TokenStream),
    Joined(Vec<Part>),
    /// The parts of a class, and classes with their conditions; `bare`: the attribute is left out if all are off.
    Classes {
        parts: Vec<Part>,
        toggles: Vec<(String, TokenStream)>,
        bare: bool,
    },
    Embed(TokenStream),
    /// A component, and what of its surroundings it uses.
    Component(TokenStream, Option<TokenStream>),
    /// The conditions, and which alternative each of them has, if it shows anything.
    If {
        slot: usize,
        conditions: Vec<(Expr, Option<usize>)>,
        otherwise: Option<usize>,
    },
    Match {
        slot: usize,
        scrutinee: Expr,
        arms: Vec<(Pat, Option<Expr>, Option<usize>)>,
    },
    For {
        slot: usize,
        pattern: Pat,
        rows: Expr,
    },
}

/// The outermost template of an `html!`; nothing if there is nothing in it.
pub fn lower(nodes: &[Node]) -> Option<Template> {
    let names = names(nodes);
    let space = lazuli_markup::space_of(names.iter().copied());
    let mut template = Builder::default().template(nodes, Outer::Root(space), space)?;
    template.roots = roots::roots(nodes, true);
    Some(template)
}

/// Makes one template.
#[derive(Default)]
struct Builder {
    slots: Vec<Slot>,
    steps: Vec<Step>,
    /// The slots of the values so far, by how they come about. `@let` ends it: the same words can mean something else
    /// then.
    known: BTreeMap<String, usize>,
}

impl Builder {
    fn template(mut self, nodes: &[Node], outer: Outer<'_, '_>, space: Space) -> Option<Template> {
        let mut nodes = self.children(nodes, outer);
        if nodes.is_empty() {
            return None;
        }
        // A template begins and ends with a node of its own.
        if let Some(Dom::Structure(_)) = nodes.first() {
            nodes.insert(0, Dom::Comment);
        }
        if let Some(Dom::Structure(_)) = nodes.last() {
            nodes.push(Dom::Comment);
        }
        Some(Template { slots: self.slots, hidden_key: false, nodes, roots: Vec::new(), space, steps: self.steps })
    }

    /// The template of rows: its key comes first, and it begins or ends with something that is not text.
    fn row(rows: &For, outer: Outer<'_, '_>, space: Space) -> Template {
        let mut builder = Builder::default();
        builder.value(Step::Value(rows.key.clone()));
        let mut template = builder.template(&rows.body, outer, space).unwrap_or_else(|| Template {
            slots: vec![Slot::Value],
            hidden_key: true,
            nodes: vec![Dom::Comment],
            roots: Vec::new(),
            space,
            steps: vec![Step::Value(rows.key.clone())],
        });
        template.hidden_key = !template.nodes.iter().any(|node| node.shows(0));
        if let (Some(Dom::Text { .. }), Some(Dom::Text { .. })) = (template.nodes.first(), template.nodes.last()) {
            template.nodes.push(Dom::Comment);
        }
        template
    }

    /// The slot of a value: a new one, unless the same value has one.
    fn value(&mut self, step: Step) -> usize {
        let known = step.identity();
        if let Some(&slot) = known.as_ref().and_then(|known| self.known.get(known)) {
            return slot;
        }
        let slot = self.slot(Slot::Value);
        self.steps.push(step);
        if let Some(known) = known {
            self.known.insert(known, slot);
        }
        slot
    }

    fn slot(&mut self, slot: Slot) -> usize {
        self.slots.push(slot);
        self.slots.len() - 1
    }

    fn children(&mut self, nodes: &[Node], outer: Outer<'_, '_>) -> Vec<Dom> {
        let mut children = Vec::new();
        let mut run = Vec::new();
        for node in nodes {
            match node {
                Node::Text(text, _) => run.push(Part::Text(text.clone())),
                Node::Hole(tokens) => run.push(Part::Hole(tokens.clone())),
                _ => {
                    children.extend(self.text(std::mem::take(&mut run)));
                    children.extend(self.child(node, outer));
                }
            }
        }
        children.extend(self.text(run));
        separate(children)
    }

    fn child(&mut self, node: &Node, outer: Outer<'_, '_>) -> Option<Dom> {
        // The name space of what stands here, if nothing of it is known.
        let space = outer.space("");
        match node {
            Node::Element(element) => Some(self.element(element, outer)),
            Node::If(alternatives, otherwise) => {
                let mut templates = Vec::new();
                let slot = self.slot(Slot::Embed);
                let conditions = alternatives
                    .iter()
                    .map(|(condition, body)| (condition.clone(), alternative(&mut templates, body, outer, space)))
                    .collect();
                let otherwise = alternative(&mut templates, otherwise.as_deref().unwrap_or_default(), outer, space);
                self.slots[slot] = Slot::Branch(templates);
                self.steps.push(Step::If { slot, conditions, otherwise });
                Some(Dom::Structure(slot))
            }
            Node::Match(scrutinee, arms) => {
                let mut templates = Vec::new();
                let slot = self.slot(Slot::Embed);
                let arms = arms
                    .iter()
                    .map(|Arm { pattern, guard, body }| {
                        (pattern.clone(), guard.clone(), alternative(&mut templates, body, outer, space))
                    })
                    .collect();
                self.slots[slot] = Slot::Branch(templates);
                self.steps.push(Step::Match { slot, scrutinee: scrutinee.clone(), arms });
                Some(Dom::Structure(slot))
            }
            Node::For(rows) => {
                let slot = self.slot(Slot::List(Box::new(Builder::row(rows, outer, space))));
                self.steps.push(Step::For { slot, pattern: rows.pattern.clone(), rows: rows.rows.clone() });
                Some(Dom::Structure(slot))
            }
            Node::Embed(tokens) => {
                let slot = self.slot(Slot::Embed);
                self.steps.push(Step::Embed(tokens.clone()));
                Some(Dom::Structure(slot))
            }
            Node::Component(component, uses) => {
                let slot = self.slot(Slot::Component);
                self.steps.push(Step::Component(component.clone(), uses.clone()));
                Some(Dom::Structure(slot))
            }
            Node::Let(stmt) => {
                self.steps.push(Step::Let(stmt.clone()));
                self.known.clear();
                None
            }
            Node::Text(..) | Node::Hole(_) | Node::Raw(..) => None,
        }
    }

    fn element(&mut self, element: &Element, outer: Outer<'_, '_>) -> Dom {
        let inside = Inside::element(outer, &element.name.text);
        let attributes = self.attributes(element);
        let (children, raw) = match element.children.as_slice() {
            [Node::Raw(tokens, _)] => (Vec::new(), Some(self.value(Step::Raw(tokens.clone())))),
            children => (self.children(children, Outer::In(&inside)), None),
        };
        Dom::Element(Box::new(DomElement {
            name: element.name.text.clone(),
            space: inside.space(),
            attributes,
            children,
            raw,
        }))
    }
}

/// Adds the template of an alternative, if it shows anything, and says which it is.
fn alternative(templates: &mut Vec<Template>, body: &[Node], outer: Outer<'_, '_>, space: Space) -> Option<usize> {
    templates.push(Builder::default().template(body, outer, space)?);
    Some(templates.len() - 1)
}

/// Puts a comment where a parser would join texts, or might.
fn separate(children: Vec<Dom>) -> Vec<Dom> {
    let mut separated: Vec<Dom> = Vec::with_capacity(children.len());
    for child in children {
        let joins = |dom: &Dom| matches!(dom, Dom::Text { .. } | Dom::Structure(_));
        if joins(&child) && separated.last().is_some_and(joins) {
            separated.push(Dom::Comment);
        }
        separated.push(child);
    }
    separated
}

impl Dom {
    /// Whether a slot has a place here.
    fn shows(&self, wanted: usize) -> bool {
        match self {
            Dom::Text { slot, .. } => *slot == Some(wanted),
            Dom::Structure(slot) => *slot == wanted,
            Dom::Comment => false,
            Dom::Element(element) => {
                element.raw == Some(wanted)
                    || element.attributes.iter().any(|attribute| match attribute {
                        DomAttribute::Slot { slot, .. } => *slot == wanted,
                        DomAttribute::Fixed(..) => false,
                    })
                    || element.children.iter().any(|child| child.shows(wanted))
            }
        }
    }
}

impl Step {
    /// The same for values that come about in the same way.
    fn identity(&self) -> Option<String> {
        match self {
            Step::Value(tokens) => Some(format!("value {tokens}")),
            Step::Word(tokens) => Some(format!("word {tokens}")),
            Step::Url(tokens) => Some(format!("url {tokens}")),
            Step::Raw(tokens) => Some(format!("raw {tokens}")),
            Step::Joined(parts) => {
                let parts = parts.iter().map(|part| match part {
                    Part::Text(text) => format!("{text:?}"),
                    Part::Hole(tokens) => format!("({tokens})"),
                });
                Some(format!("joined {}", parts.collect::<Vec<_>>().join(" ")))
            }
            _ => None,
        }
    }
}
