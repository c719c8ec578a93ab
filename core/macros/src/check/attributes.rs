//! The attributes of an element.

use std::collections::BTreeSet;

use lazuli_markup::{HTML, Space};

use super::url;
use crate::ast::{Attribute, Element, Value};
use crate::errors::{Errors, did_you_mean};

/// What an attribute is for.
pub enum Kind<'a> {
    /// `class:name`
    Toggle(&'a str),
    /// `on:event`, and the keys it is for.
    On(&'a str, Vec<&'a str>),
    Plain,
}

const KEYS: &[(&str, &str)] = &[
    ("enter", "Enter"),
    ("escape", "Escape"),
    ("tab", "Tab"),
    ("backspace", "Backspace"),
    ("delete", "Delete"),
    ("up", "ArrowUp"),
    ("down", "ArrowDown"),
    ("left", "ArrowLeft"),
    ("right", "ArrowRight"),
    ("home", "Home"),
    ("end", "End"),
    ("page-up", "PageUp"),
    ("page-down", "PageDown"),
];

/// A key as browsers call it. A single letter or digit stands for itself.
pub fn key(name: &str) -> Option<&str> {
    match KEYS.iter().find(|(short, _)| *short == name) {
        Some((_, key)) => Some(key),
        None => (name.chars().count() == 1).then_some(name),
    }
}

impl Attribute {
    pub fn kind(&self) -> Kind<'_> {
        if let Some(class) = self.name.text.strip_prefix("class:") {
            Kind::Toggle(class)
        } else if let Some(event) = self.name.text.strip_prefix("on:") {
            let mut words = event.split('.');
            Kind::On(words.next().unwrap_or_default(), words.collect())
        } else {
            Kind::Plain
        }
    }

    /// Whether its value can change.
    pub fn changes(&self) -> bool {
        matches!(self.value, Value::Hole(_) | Value::Parts(..) | Value::Trusted(..))
    }
}

pub fn check(element: &Element, space: Space, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for attribute in &element.attributes {
        let name = &attribute.name;
        for written in written(attribute) {
            if !seen.insert(written.to_ascii_lowercase()) {
                errors.at(
                    name.span,
                    format!("`{written}` stands twice in `{}`: a parser drops the second", element.name.text),
                );
            }
        }
        match attribute.kind() {
            Kind::Toggle(class) => toggle(attribute, class, errors),
            Kind::On(event, keys) => on(attribute, event, &keys, errors),
            Kind::Plain => plain(element, attribute, space, errors),
        }
    }
}

/// The attributes that come of one.
fn written(attribute: &Attribute) -> Vec<String> {
    match attribute.kind() {
        Kind::On(event, keys) if keys.is_empty() => vec![format!("spark-{event}")],
        Kind::On(event, _) => vec![format!("spark-{event}"), "spark-key".to_owned()],
        _ => vec![attribute.name.text.clone()],
    }
}

fn toggle(attribute: &Attribute, class: &str, errors: &mut Errors) {
    if class.is_empty() || class.contains(char::is_whitespace) {
        errors.at(attribute.name.span, "a class has a name without blanks: `class:done=(self.done)`");
    }
    if !matches!(attribute.value, Value::Hole(_)) {
        let message = format!(
            "`class:{class}` needs a condition: `class:{class}=(self.done)`; a class that is always there stands in \
             `class=\"…\"`"
        );
        errors.at(attribute.name.span, message);
    }
}

fn on(attribute: &Attribute, event: &str, keys: &[&str], errors: &mut Errors) {
    let span = attribute.name.span;
    if event.is_empty() {
        errors.at(span, "which event? As in `on:click=\"save\"`");
    }
    if matches!(attribute.value, Value::Bare | Value::Bool(_)) {
        errors.at(
            span,
            format!("`on:{event}` needs the name under which the component hears of it: `on:{event}=\"save\"`"),
        );
    }
    if !keys.is_empty() && !matches!(event, "keydown" | "keyup") {
        errors.at(span, format!("keys are for `on:keydown` and `on:keyup`, not for `on:{event}`"));
        return;
    }
    for name in keys {
        if key(name).is_none() {
            let known: Vec<&str> = KEYS.iter().map(|&(short, _)| short).collect();
            let mut hint = did_you_mean(name, known.iter().copied());
            if hint.is_empty() {
                hint = format!(
                    "; known are {}, and single letters; for others write `spark-key=\"F1\"`",
                    known.join(", ")
                );
            }
            errors.at(span, format!("no key is called `{name}`{hint}"));
        }
    }
}

/// Whether an animation of SVG would change an attribute that is not to be changed unchecked, or could.
fn animates_address(attribute: &Value) -> bool {
    match attribute {
        Value::Literal(name, _) => url::is_url("", name) || name.starts_with("on"),
        _ => true,
    }
}

fn plain(element: &Element, attribute: &Attribute, space: Space, errors: &mut Errors) {
    let name = attribute.name.text.as_str();
    let span = attribute.name.span;
    let lower = name.to_ascii_lowercase();
    let handler = lower
        .strip_prefix("on")
        .filter(|event| !event.is_empty() && event.bytes().all(|byte| byte.is_ascii_lowercase()));
    if let Some(event) = handler {
        let message = format!(
            "a script in an attribute does not run under a strict content security policy: write `on:{event}=\"…\"`, \
             which calls the component"
        );
        errors.at(span, message);
        return;
    }
    if space == Space::Html && lower != name {
        errors.at(span, format!("attributes of HTML are in lower case: `{lower}`"));
    }
    match (name, &attribute.value) {
        ("style", Value::Literal(..) | Value::Bare) => errors.at(
            span,
            "a literal `style` is blocked by a strict content security policy: use a class, or `style=(…)`, which is set \
             by the client",
        ),
        (_, Value::Bare) if space == Space::Html && HTML.contains(&name) => errors.at(
            span,
            format!("`{name}` is an element, no attribute without a value: end `{}` before it with `;`", element.name.text),
        ),
        ("attributeName", value) if animates_address(value) => {
            errors.at(span, "an animated address could run a script: let the component change it");
        }
        ("srcdoc", value) if attribute.changes() && !matches!(value, Value::Trusted(..)) => {
            errors.at(span, "`srcdoc` is a whole page of markup: if it can be trusted, write `srcdoc=@trusted(…)`");
        }
        (_, _) if attribute.changes() && (name.starts_with("xlink:") || name.starts_with("xml:")) => errors.at(
            span,
            format!("`{name}` is of the old name spaces, and cannot change: write `{}=(…)`", &name[name.find(':').map_or(0, |colon| colon + 1)..]),
        ),
        ("class", Value::Bool(_) | Value::Bare) => errors.at(span, "`class` needs a value"),
        (_, Value::Trusted(_, word)) if name != "srcdoc" && !url::is_url(&element.name.text, name) => {
            errors.at(*word, format!("`{name}` is no address, so nothing is checked in it: write `{name}=(…)`"));
        }
        (_, Value::Literal(text, at)) if url::is_url(&element.name.text, name) && url::is_script(text) => {
            errors.at(*at, "an address that runs a script: use `on:click=\"…\"` on a `button`");
        }
        (_, Value::Parts(parts, at)) if url::is_url(&element.name.text, name) && !url::is_fixed(parts) => errors.at(
            *at,
            format!(
                "an address of several parts must begin with a text that says where it leads, such as `\"/users/\"`; or \
                 make it one value, which is checked: `{name}=(format!(\"…\"))`"
            ),
        ),
        _ => {}
    }
}
