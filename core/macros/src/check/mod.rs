//! What is written right, and yet wrong as HTML.

mod attributes;
mod url;

use lazuli_markup::{
    Content, HTML, Inside, Item, MATH, Outer, SVG, Space, content, is_known, is_page, place, space_of, together,
};
use proc_macro2::Span;
use syn::spanned::Spanned as _;

use crate::ast::{Element, Node};
use crate::errors::{Errors, did_you_mean};
use crate::lower::names;

pub use attributes::{Kind, key};
pub use url::is_url;

/// Checks everything in one `html!`.
pub fn check(nodes: &[Node], errors: &mut Errors) {
    let space = space_of(names(nodes).into_iter());
    beside(nodes, errors);
    let place = Place { outer: Outer::Root(space), is_fixed: false };
    place.nodes(nodes, errors);
}

/// What stands beside each other at the outermost level of a template.
fn beside(nodes: &[Node], errors: &mut Errors) {
    let outermost = outermost(nodes);
    for end in 1..=outermost.len() {
        if let Err(misplaced) = together(outermost[..end].iter().map(|&(item, _)| item)) {
            return errors.at(outermost[end - 1].1, misplaced);
        }
    }
}

/// The elements and texts of the outermost level, through all structures.
fn outermost(nodes: &[Node]) -> Vec<(Item<'_>, Span)> {
    let mut found = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text, _) if text.is_empty() => {}
            Node::Text(_, span) => found.push((Item::Text, *span)),
            Node::Hole(tokens) => found.push((Item::Text, span_of(tokens))),
            Node::Element(element) => found.push((Item::Element(&element.name.text), element.name.span)),
            _ => node.bodies().into_iter().for_each(|body| found.extend(outermost(body))),
        }
    }
    found
}

pub fn span_of(tokens: &proc_macro2::TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or(Span::call_site(), |token| token.span())
}

/// Where nodes stand.
#[derive(Clone, Copy)]
struct Place<'c, 'n> {
    outer: Outer<'c, 'n>,
    is_fixed: bool,
}

impl<'n> Place<'_, 'n> {
    fn nodes(self, nodes: &'n [Node], errors: &mut Errors) {
        for node in nodes {
            self.node(node, errors);
        }
    }

    fn node(self, node: &'n Node, errors: &mut Errors) {
        match node {
            Node::Text(text, span) => {
                if !text.is_empty() {
                    self.item(Item::Text, *span, errors);
                }
            }
            Node::Hole(tokens) => {
                self.item(Item::Text, span_of(tokens), errors);
                self.changing(span_of(tokens), errors);
            }
            Node::Element(element) => self.element(element, errors),
            Node::If(alternatives, _) => {
                for (condition, _) in alternatives {
                    self.structure("@if", condition.span(), errors);
                }
            }
            Node::Match(scrutinee, _) => self.structure("@match", scrutinee.span(), errors),
            Node::For(rows) => self.structure("@for", rows.pattern.span(), errors),
            Node::Let(stmt) => self.structure("@let", stmt.span(), errors),
            Node::Embed(tokens) => self.structure("@(…)", span_of(tokens), errors),
            Node::Component(tokens, _) => self.structure("@component(…)", span_of(tokens), errors),
            Node::Raw(_, span) => {
                errors.at(*span, "`@raw(…)` must be alone in an element, which then holds what it gives")
            }
        }
        node.bodies().into_iter().for_each(|body| self.nodes(body, errors));
    }

    fn item(self, item: Item<'n>, span: Span, errors: &mut Errors) {
        if let Err(misplaced) = place(self.outer, item) {
            errors.at(span, misplaced);
        }
    }

    /// Something that can change. In some elements nothing can.
    fn changing(self, span: Span, errors: &mut Errors) {
        if self.is_fixed {
            errors
                .at(span, "what is in `template` or `noscript` cannot change: it is no part of the page that is shown");
        }
    }

    fn structure(self, what: &str, span: Span, errors: &mut Errors) {
        self.changing(span, errors);
        if let Outer::In(inside) = self.outer {
            match content(inside.name(), inside.space()) {
                Content::Markup => {}
                Content::Void => errors.at(span, format!("`{}` has no content and no end tag", inside.name())),
                Content::Text => errors.at(
                    span,
                    format!(
                        "`{what}` cannot stand in `{0}`, which holds text only: put it around the `{0}`, or compute \
                         the text",
                        inside.name()
                    ),
                ),
                Content::Raw => errors.at(span, format!("what is in `{}` cannot change", inside.name())),
            }
        }
    }

    fn element(self, element: &'n Element, errors: &mut Errors) {
        let name = &element.name;
        let space = self.outer.space(&name.text);
        if known(&name.text, space) {
            self.item(Item::Element(&name.text), name.span, errors);
        } else {
            errors.at(name.span, unknown(&name.text, space));
        }
        attributes::check(element, space, errors);
        if element.attributes.iter().any(|attribute| attribute.changes()) {
            self.changing(name.span, errors);
        }
        if name.text == "html" && !is_page(outermost(&element.children).into_iter().map(|(item, _)| item)) {
            errors.at(name.span, "a page is one `html` with one `head` and then one `body` in it");
        }
        if name.text == "template" {
            beside(&element.children, errors);
        }
        let inside = Inside::element(self.outer, &name.text);
        let place = Place {
            outer: Outer::In(&inside),
            is_fixed: self.is_fixed || matches!(name.text.as_str(), "template" | "noscript"),
        };
        match content(&name.text, space) {
            Content::Void if element.braces => errors.at(
                name.span,
                format!("`{}` has no content and no end tag: end it with `;`, not with braces", name.text),
            ),
            Content::Raw => raw(element, errors),
            // In SVG these can be escaped, but what they hold is code.
            _ if matches!(name.text.as_str(), "script" | "style") => raw(element, errors),
            _ => match element.children.as_slice() {
                [Node::Raw(_, span)] => {
                    place.changing(*span, errors);
                    place.raw_alone(*span, errors);
                }
                children => place.nodes(children, errors),
            },
        }
    }

    /// `@raw(…)`, alone in its element.
    fn raw_alone(self, span: Span, errors: &mut Errors) {
        if let Outer::In(inside) = self.outer
            && (content(inside.name(), inside.space()) != Content::Markup || place(self.outer, Item::Text).is_err())
        {
            errors.at(
                span,
                format!("`@raw(…)` cannot stand in `{}`: put it in an element for text, such as `div`", inside.name()),
            );
        }
    }
}

/// Known as an element of its name space, or of another, which is then an error of place.
fn known(name: &str, space: Space) -> bool {
    is_known(name, space) || [Space::Html, Space::Svg, Space::Math].iter().any(|&other| is_known(name, other))
}

fn unknown(name: &str, space: Space) -> String {
    let (names, what) = match space {
        Space::Html => (HTML, "an element of HTML"),
        Space::Svg => (SVG, "an element of SVG"),
        Space::Math => (MATH, "an element of MathML"),
    };
    if matches!(name, "if" | "else" | "match" | "for" | "let") {
        return format!("`{name}` is not {what}; did you mean `@{name}`?");
    }
    let mut hint = did_you_mean(name, names.iter().copied());
    if hint.is_empty() {
        hint = did_you_mean(name, HTML.iter().chain(SVG).chain(MATH).copied());
    }
    if hint.is_empty()
        && let Some((element, class)) = name.split_once('.')
        && is_known(element, space)
    {
        hint = format!("; write `{element} class=\"{}\"`", class.replace('.', " "));
    } else if hint.is_empty() && space == Space::Html {
        hint = "; a custom element has a hyphen in its name".to_owned();
    }
    format!("`{name}` is not {what}{hint}")
}

/// An element whose inside is taken as it is, so that nothing in it can be escaped.
fn raw(element: &Element, errors: &mut Errors) {
    let name = &element.name.text;
    let is_data = element.attributes.iter().any(|attribute| {
        attribute.name.text == "type"
            && matches!(&attribute.value, crate::ast::Value::Literal(text, _) if text.ends_with("json"))
    });
    for node in &element.children {
        match node {
            Node::Text(text, span) if text.contains("</") || text.contains("<!--") => {
                errors.at(
                    *span,
                    format!("the text of `{name}` cannot be escaped, and must hold neither `</` nor `<!--`"),
                );
            }
            Node::Text(_, span) if name == "script" && !is_data => {
                errors.at(
                    *span,
                    "a script in the page does not run under a strict content security policy: serve it as a file, \
                     `script src=\"…\";`",
                );
            }
            Node::Text(_, span) if name == "iframe" => errors.at(*span, "`iframe` has no content"),
            Node::Text(..) => {}
            Node::Hole(tokens) | Node::Embed(tokens) | Node::Raw(tokens, _) => {
                errors
                    .at(span_of(tokens), format!("what is in `{name}` cannot be escaped, so it holds fixed text only"));
            }
            Node::Element(inner) => errors.at(inner.name.span, format!("`{name}` holds text only")),
            _ => errors
                .at(element.name.span, format!("what is in `{name}` cannot be escaped, so it holds fixed text only")),
        }
    }
}
