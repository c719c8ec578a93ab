//! Tokens become what was written.
//!
//! An error ends what it stands in (an element's children are a group of their own), and the rest is read on, so that all
//! errors are told at once.

mod control;
mod element;
mod value;

use proc_macro2::TokenTree;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Ident, Lit, Result, Token, token};

use crate::ast::Node;
use crate::errors::Errors;

/// Reads everything up to the end of a group.
pub fn nodes(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Node> {
    let mut nodes = Vec::new();
    while !input.is_empty() {
        match node(input, errors) {
            Ok(node) => nodes.push(node),
            Err(error) => {
                errors.push(error);
                skip(input);
            }
        }
    }
    nodes
}

fn node(input: ParseStream<'_>, errors: &mut Errors) -> Result<Node> {
    if input.peek(Token![@]) {
        control::node(input, errors)
    } else if input.peek(token::Paren) {
        value::expression(input).map(Node::Hole)
    } else if input.peek(Lit) {
        let literal: Lit = input.parse()?;
        value::text(&literal).map(|text| Node::Text(text, literal.span()))
    } else if input.peek(Ident::peek_any) {
        element::element(input, errors).map(Node::Element)
    } else if input.peek(token::Brace) {
        Err(input.error(
            "braces belong to an element, as in `div { … }`; the value of an expression stands in parentheses, `(…)`",
        ))
    } else {
        Err(input.error("expected an element, a text in quotes, an expression in parentheses, or `@`"))
    }
}

/// Leaves out what could not be read: up to a semicolon or a group in braces.
fn skip(input: ParseStream<'_>) {
    while let Ok(token) = input.parse::<TokenTree>() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => break,
            _ => {}
        }
    }
}
