//! Attributes, as HTML has them.

use proc_macro2::TokenStream;

use super::text::cut;
use super::{Builder, DomAttribute, Step};
use crate::ast::{Attribute, Element, Part, Value};
use crate::check::{Kind, is_url, key};

impl Builder {
    pub(super) fn attributes(&mut self, element: &Element) -> Vec<DomAttribute> {
        let toggles: Vec<(String, TokenStream)> = element.attributes.iter().filter_map(toggle).collect();
        let has_class = element.attributes.iter().any(|attribute| attribute.name.text == "class");
        let mut attributes = Vec::new();
        let mut classes_done = false;
        for attribute in &element.attributes {
            match attribute.kind() {
                Kind::On(event, keys) => {
                    attributes.extend(self.attribute(&element.name.text, &format!("spark-{event}"), &attribute.value));
                    if !keys.is_empty() {
                        let keys: Vec<&str> = keys.into_iter().filter_map(key).collect();
                        attributes.push(DomAttribute::Fixed("spark-key".to_owned(), Some(keys.join(" "))));
                    }
                }
                Kind::Toggle(_) if has_class || classes_done => {}
                Kind::Toggle(_) => {
                    classes_done = true;
                    attributes.push(self.classes(Vec::new(), &toggles));
                }
                Kind::Plain if attribute.name.text == "class" && !toggles.is_empty() => {
                    attributes.push(self.classes(parts(&attribute.value), &toggles));
                }
                Kind::Plain => {
                    attributes.extend(self.attribute(&element.name.text, &attribute.name.text, &attribute.value))
                }
            }
        }
        attributes
    }

    fn attribute(&mut self, element: &str, name: &str, value: &Value) -> Option<DomAttribute> {
        let name = name.to_owned();
        let whole = |slot, name| Some(DomAttribute::Slot { slot, name, before: String::new(), after: String::new() });
        match value {
            Value::Bool(value) if is_spelled_out(&name) => Some(DomAttribute::Fixed(name, Some(value.to_string()))),
            Value::Bare | Value::Bool(true) => Some(DomAttribute::Fixed(name, None)),
            Value::Bool(false) => None,
            Value::Literal(text, _) => Some(DomAttribute::Fixed(name, Some(text.clone()))),
            Value::Hole(tokens) if is_url(element, &name) => whole(self.value(Step::Url(tokens.clone())), name),
            Value::Hole(tokens) if is_spelled_out(&name) && !is_text(&name) => {
                whole(self.value(Step::Word(tokens.clone())), name)
            }
            Value::Hole(tokens) | Value::Trusted(tokens, _) => whole(self.value(Step::Value(tokens.clone())), name),
            Value::Parts(parts, _) => {
                let (before, holes, after) = cut(parts.clone());
                Some(DomAttribute::Slot { slot: self.parts(holes), name, before, after })
            }
        }
    }

    /// A class with toggles. A fixed text in it is the place's; what is toggled follows.
    fn classes(&mut self, parts: Vec<Part>, toggles: &[(String, TokenStream)]) -> DomAttribute {
        let (mut before, mut parts, after) = cut(parts);
        if !after.is_empty() {
            parts.push(Part::Text(after));
        }
        if parts.is_empty() {
            before.truncate(before.trim_end().len());
        }
        let bare = before.is_empty() && parts.is_empty();
        let slot = self.value(Step::Classes { parts, toggles: toggles.to_vec(), bare });
        DomAttribute::Slot { slot, name: "class".to_owned(), before, after: String::new() }
    }
}

/// Whether an attribute has the values "true" and "false", where others are there or not.
fn is_spelled_out(name: &str) -> bool {
    name.starts_with("aria-") || matches!(name, "contenteditable" | "draggable" | "spellcheck" | "writingsuggestions")
}

/// Of those with `aria-`, the ones for texts, ids and numbers, which are never a truth value: they share a slot with the same value elsewhere.
fn is_text(name: &str) -> bool {
    let texts = [
        "activedescendant",
        "colindex",
        "controls",
        "describedby",
        "description",
        "details",
        "errormessage",
        "label",
        "labelledby",
        "level",
        "owns",
        "placeholder",
        "posinset",
        "roledescription",
        "rowindex",
        "setsize",
        "valuenow",
        "valuetext",
    ];
    name.strip_prefix("aria-").is_some_and(|name| texts.contains(&name))
}

fn toggle(attribute: &Attribute) -> Option<(String, TokenStream)> {
    match (attribute.kind(), &attribute.value) {
        (Kind::Toggle(class), Value::Hole(condition)) => Some((class.to_owned(), condition.clone())),
        _ => None,
    }
}

fn parts(value: &Value) -> Vec<Part> {
    match value {
        Value::Literal(text, _) => vec![Part::Text(text.clone())],
        Value::Hole(tokens) | Value::Trusted(tokens, _) => vec![Part::Hole(tokens.clone())],
        Value::Parts(parts, _) => parts.clone(),
        Value::Bare | Value::Bool(_) => Vec::new(),
    }
}
