//! A template as the browser gets it: its markup, the places of its slots, its name space (`docs/patches.md`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazuli_markup::{Content, Space, content, drops_newline};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::escape;
use crate::lower::{Dom, DomAttribute, DomElement, Slot, Template};

/// The name of a template: 64 bits of a hash of its content.
pub fn name(source: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(source)[..8])
}

pub fn source(template: &Template) -> String {
    json(template).to_string()
}

fn json(template: &Template) -> Value {
    let mut writer = Writer { template, markup: String::new(), places: Vec::new(), path: Vec::new() };
    writer.nodes(None, &template.nodes);
    let mut parts = vec![json!(writer.markup), Value::Array(writer.places)];
    match template.space {
        Space::Html => {}
        Space::Svg => parts.push(json!("svg")),
        Space::Math => parts.push(json!("math")),
    }
    Value::Array(parts)
}

struct Writer<'t> {
    template: &'t Template,
    markup: String,
    places: Vec<Value>,
    /// The indices of children that lead to the current node.
    path: Vec<usize>,
}

impl Writer<'_> {
    /// The number of a slot on the wire: a key that is not shown has none.
    fn number(&self, slot: usize) -> usize {
        slot - usize::from(self.template.hidden_key)
    }

    /// Writes down a place: what comes behind the slot and the path. Empty texts at the end are left out.
    fn place(&mut self, slot: usize, rest: Vec<Value>) {
        let mut place = vec![json!(self.number(slot)), json!(self.path)];
        place.extend(rest);
        self.places.push(Value::Array(place));
    }

    fn nodes(&mut self, element: Option<&DomElement>, nodes: &[Dom]) {
        let mut at = 0;
        for node in nodes {
            if let Dom::Structure(slot) = node {
                self.structure(*slot, at);
                continue;
            }
            self.path.push(at);
            match node {
                Dom::Text { before, slot: Some(slot), after } => {
                    let mut rest = vec![json!(0)];
                    if before.is_empty() && after.is_empty() {
                        self.markup.push(' ');
                    } else {
                        escape::text_in(element, before, &mut self.markup);
                        escape::text_in(element, after, &mut self.markup);
                        rest.extend([json!(before), json!(after)]);
                    }
                    self.place(*slot, rest);
                }
                Dom::Text { before, .. } => escape::text_in(element, before, &mut self.markup),
                Dom::Comment => self.markup.push_str("<!---->"),
                Dom::Element(element) => self.element(element),
                Dom::Structure(_) => {}
            }
            self.path.pop();
            at += 1;
        }
    }

    fn structure(&mut self, slot: usize, at: usize) {
        let rest = match &self.template.slots[slot] {
            Slot::Branch(templates) => vec![json!(3), json!(at), Value::Array(templates.iter().map(json).collect())],
            Slot::List(template) => vec![json!(4), json!(at), json(template)],
            Slot::Embed | Slot::Value => vec![json!(5), json!(at)],
            Slot::Component => vec![json!(6), json!(at)],
        };
        self.place(slot, rest);
    }

    fn element(&mut self, element: &DomElement) {
        self.markup.push('<');
        self.markup.push_str(&element.name);
        for attribute in &element.attributes {
            match attribute {
                DomAttribute::Fixed(name, value) => escape::fixed(name, value.as_deref(), &mut self.markup),
                DomAttribute::Slot { slot, name, before, after } => {
                    let mut rest = vec![json!(1), json!(name)];
                    if !(before.is_empty() && after.is_empty()) {
                        rest.extend([json!(before), json!(after)]);
                    }
                    self.place(*slot, rest);
                }
            }
        }
        self.markup.push('>');
        if content(&element.name, element.space) == Content::Void {
            return;
        }
        if let Some(slot) = element.raw {
            self.place(slot, vec![json!(2)]);
        }
        // A parser drops one newline here.
        if drops_newline(&element.name)
            && let Some(Dom::Text { before, after, .. }) = element.children.first()
            && before.chars().chain(after.chars()).next() == Some('\n')
        {
            self.markup.push('\n');
        }
        self.nodes(Some(element), &element.children);
        self.markup.push_str("</");
        self.markup.push_str(&element.name);
        self.markup.push('>');
    }
}
