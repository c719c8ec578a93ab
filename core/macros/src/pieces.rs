//! A template as the pieces that a page is written from.

use lazuli_markup::{Content, content, drops_newline};

use crate::escape;
use crate::lower::{Dom, DomAttribute, DomElement, Template};

/// As in `lazuli::html::template::Piece`.
#[derive(Debug, PartialEq)]
pub enum Piece {
    Html(String),
    Text(usize),
    Raw(usize),
    Attr { slot: usize, name: String, before: String, after: String },
    Structure { slot: usize, inside: Vec<String> },
}

pub fn pieces(template: &Template) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    pieces.nodes(None, &template.nodes);
    pieces.done
}

#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    inside: Vec<String>,
}

impl Pieces {
    /// The fixed HTML at the end, to write on.
    fn html(&mut self) -> &mut String {
        if !matches!(self.done.last(), Some(Piece::Html(_))) {
            self.done.push(Piece::Html(String::new()));
        }
        match self.done.last_mut() {
            Some(Piece::Html(html)) => html,
            _ => unreachable!("it was put there"),
        }
    }

    fn nodes(&mut self, element: Option<&DomElement>, nodes: &[Dom]) {
        for node in nodes {
            match node {
                Dom::Comment => self.html().push_str("<!---->"),
                Dom::Structure(slot) => self.done.push(Piece::Structure { slot: *slot, inside: self.inside.clone() }),
                Dom::Text { before, slot, after } => {
                    self.text(element, before);
                    self.done.extend(slot.map(Piece::Text));
                    self.text(element, after);
                }
                Dom::Element(element) => self.element(element),
            }
        }
    }

    fn text(&mut self, element: Option<&DomElement>, text: &str) {
        if !text.is_empty() {
            escape::text_in(element, text, self.html());
        }
    }

    fn element(&mut self, element: &DomElement) {
        let html = self.html();
        html.push('<');
        html.push_str(&element.name);
        for attribute in &element.attributes {
            match attribute {
                DomAttribute::Fixed(name, value) => escape::fixed(name, value.as_deref(), self.html()),
                DomAttribute::Slot { slot, name, before, after } => self.done.push(Piece::Attr {
                    slot: *slot,
                    name: name.clone(),
                    before: escape::attribute(before),
                    after: escape::attribute(after),
                }),
            }
        }
        self.html().push('>');
        if content(&element.name, element.space) == Content::Void {
            return;
        }
        if drops_newline(&element.name) && may_begin_with_newline(element) {
            self.html().push('\n');
        }
        self.done.extend(element.raw.map(Piece::Raw));
        self.inside.push(element.name.clone());
        self.nodes(Some(element), &element.children);
        self.inside.pop();
        let html = self.html();
        html.push_str("</");
        html.push_str(&element.name);
        html.push('>');
    }
}

fn may_begin_with_newline(element: &DomElement) -> bool {
    match element.children.first() {
        Some(Dom::Text { before, .. }) => before.is_empty() || before.starts_with('\n'),
        Some(Dom::Structure(_)) => true,
        Some(_) => false,
        None => element.raw.is_some(),
    }
}
