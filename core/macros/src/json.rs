//! A template as the browser gets it: its markup, and the steps along its nodes (`docs/patches.md`).

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
    let mut writer = Writer { template, markup: String::new() };
    let steps = writer.nodes(None, &template.nodes);
    match template.space {
        Space::Html => json!([writer.markup, steps]),
        Space::Svg => json!([format!("<svg>{}</svg>", writer.markup), steps, 1]),
        Space::Math => json!([format!("<math>{}</math>", writer.markup), steps, 1]),
    }
}

struct Writer<'t> {
    template: &'t Template,
    markup: String,
}

impl Writer<'_> {
    /// The number of a slot on the wire: a key that is not shown has none.
    fn number(&self, slot: usize) -> usize {
        slot - usize::from(self.template.hidden_key)
    }

    /// Writes nodes, and gives the steps along them.
    fn nodes(&mut self, element: Option<&DomElement>, nodes: &[Dom]) -> Vec<Value> {
        nodes.iter().map(|node| self.node(element, node)).collect()
    }

    fn node(&mut self, element: Option<&DomElement>, node: &Dom) -> Value {
        match node {
            Dom::Text { before, slot: Some(slot), after } => {
                let slot = self.number(*slot);
                if before.is_empty() && after.is_empty() {
                    self.markup.push(' ');
                    return json!([[], [slot]]);
                }
                escape::text_in(element, before, &mut self.markup);
                escape::text_in(element, after, &mut self.markup);
                return json!([[], [slot, "", before, after]]);
            }
            Dom::Text { before, .. } => escape::text_in(element, before, &mut self.markup),
            Dom::Comment => self.markup.push_str("<!---->"),
            Dom::Element(element) => return self.element(element),
            Dom::Structure(slot) => return self.structure(*slot),
        }
        json!(0)
    }

    fn structure(&self, slot: usize) -> Value {
        let mut step = vec![json!(0), json!(self.number(slot))];
        step[0] = match &self.template.slots[slot] {
            Slot::Branch(templates) => {
                step.extend(templates.iter().map(json));
                json!(1)
            }
            Slot::List(template) => {
                step.push(json(template));
                json!(2)
            }
            Slot::Embed | Slot::Value => json!(3),
            Slot::Component => json!(4),
        };
        Value::Array(step)
    }

    fn element(&mut self, element: &DomElement) -> Value {
        // What is in it comes first, and then its own slots.
        let mut step = vec![json!([])];
        self.markup.push('<');
        self.markup.push_str(&element.name);
        for attribute in &element.attributes {
            match attribute {
                DomAttribute::Fixed(name, value) => escape::fixed(name, value.as_deref(), &mut self.markup),
                DomAttribute::Slot { slot, name, before, after } if before.is_empty() && after.is_empty() => {
                    step.push(json!([self.number(*slot), name]));
                }
                DomAttribute::Slot { slot, name, before, after } => {
                    step.push(json!([self.number(*slot), name, before, after]));
                }
            }
        }
        self.markup.push('>');
        if content(&element.name, element.space) != Content::Void {
            if let Some(slot) = element.raw {
                step.push(json!([self.number(slot)]));
            }
            // A parser drops one newline here.
            if drops_newline(&element.name)
                && let Some(Dom::Text { before, after, .. }) = element.children.first()
                && before.chars().chain(after.chars()).next() == Some('\n')
            {
                self.markup.push('\n');
            }
            let mut inside = self.nodes(Some(element), &element.children);
            // Nobody has to go further than to the last that matters.
            inside.truncate(inside.iter().rposition(|step| *step != 0).map_or(0, |last| last + 1));
            step[0] = Value::Array(inside);
            self.markup.push_str("</");
            self.markup.push_str(&element.name);
            self.markup.push('>');
        }
        if step == [json!([])] { json!(0) } else { Value::Array(step) }
    }
}
