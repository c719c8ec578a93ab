//! What begins with `@`.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Pat, Result, Stmt, Token, braced, token};

use super::value::expression;
use crate::ast::{Arm, For, Node};
use crate::errors::{Errors, did_you_mean};

const WORDS: &[&str] = &["if", "else", "match", "for", "let", "raw", "component"];

pub fn node(input: ParseStream<'_>, errors: &mut Errors) -> Result<Node> {
    let at: Token![@] = input.parse()?;
    if input.peek(token::Paren) {
        return expression(input).map(Node::Embed);
    }
    if input.peek(Token![let]) {
        return input.parse::<Stmt>().map(Node::Let);
    }
    if !input.peek(Ident::peek_any) {
        let words = "expected `@if`, `@match`, `@for`, `@let`, `@component(…)`, `@raw(…)` or `@(…)`";
        return Err(Error::new(at.span, words));
    }
    let word = input.call(Ident::parse_any)?;
    match word.to_string().as_str() {
        "if" => condition(input, errors),
        "match" => alternatives(input, errors),
        "for" => rows(input, word.span(), errors),
        "raw" if input.peek(token::Paren) => Ok(Node::Raw(expression(input)?, word.span())),
        "raw" => Err(Error::new(word.span(), "expected an expression in parentheses, `@raw(…)`")),
        "component" if input.peek(token::Paren) => {
            let component = expression(input)?;
            Ok(Node::Component(component, uses(input)?))
        }
        "component" => Err(Error::new(word.span(), "expected an expression in parentheses, `@component(…)`")),
        "else" => Err(Error::new(word.span(), "`@else` without an `@if` before it")),
        "trusted" => Err(Error::new(
            word.span(),
            "`@trusted(…)` is for the value of an attribute; for markup there is `@raw(…)`",
        )),
        "while" | "loop" => Err(Error::new(word.span(), "rows come from `@for … in … key=(…)`")),
        other => {
            let hint = did_you_mean(other, WORDS.iter().copied());
            Err(Error::new(word.span(), format!("`@{other}` is unknown{}", hint.replace("mean `", "mean `@"))))
        }
    }
}

/// `{ … }` of a structure.
fn body(input: ParseStream<'_>, what: &str, errors: &mut Errors) -> Result<Vec<Node>> {
    if !input.peek(token::Brace) {
        return Err(input.error(format!("expected `{{ … }}` with what {what} shows")));
    }
    let content;
    braced!(content in input);
    Ok(super::nodes(&content, errors))
}

fn condition(input: ParseStream<'_>, errors: &mut Errors) -> Result<Node> {
    let mut alternatives = Vec::new();
    loop {
        let condition = Expr::parse_without_eager_brace(input)?;
        alternatives.push((condition, body(input, "`@if`", errors)?));
        if !(input.peek(Token![@]) && input.peek2(Token![else])) {
            return Ok(Node::If(alternatives, None));
        }
        input.parse::<Token![@]>()?;
        input.parse::<Token![else]>()?;
        if !input.peek(Token![if]) {
            let otherwise = body(input, "`@else`", errors)?;
            return Ok(Node::If(alternatives, Some(otherwise)));
        }
        input.parse::<Token![if]>()?;
    }
}

fn alternatives(input: ParseStream<'_>, errors: &mut Errors) -> Result<Node> {
    let scrutinee = Expr::parse_without_eager_brace(input)?;
    if !input.peek(token::Brace) {
        return Err(input.error("expected `{ … }` with the arms of `@match`"));
    }
    let content;
    braced!(content in input);
    let mut arms = Vec::new();
    while !content.is_empty() {
        match arm(&content, errors) {
            Ok(arm) => arms.push(arm),
            Err(error) => {
                errors.push(error);
                super::skip(&content);
            }
        }
    }
    Ok(Node::Match(scrutinee, arms))
}

fn arm(input: ParseStream<'_>, errors: &mut Errors) -> Result<Arm> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(_) => Some(Expr::parse_without_eager_brace(input)?),
        None => None,
    };
    input.parse::<Token![=>]>()?;
    let body = body(input, "an arm of `@match`", errors)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(Arm { pattern, guard, body })
}

fn rows(input: ParseStream<'_>, span: Span, errors: &mut Errors) -> Result<Node> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![in]>()?;
    let rows = Expr::parse_without_eager_brace(input)?;
    let key = key(input, span)?;
    let body = body(input, "a row", errors)?;
    Ok(Node::For(For { pattern, rows, key, body }))
}

/// `uses=(…)`, if it is there.
fn uses(input: ParseStream<'_>) -> Result<Option<proc_macro2::TokenStream>> {
    let ahead = input.fork();
    if !ahead.parse::<Ident>().is_ok_and(|word| word == "uses") || !ahead.peek(Token![=]) {
        return Ok(None);
    }
    input.parse::<Ident>()?;
    input.parse::<Token![=]>()?;
    if !input.peek(token::Paren) {
        return Err(input.error("expected an expression in parentheses, `uses=(…)`"));
    }
    expression(input).map(Some)
}

fn key(input: ParseStream<'_>, span: Span) -> Result<proc_macro2::TokenStream> {
    let missing =
        "`@for` needs a key, which tells its rows apart, such as an id: `@for row in &rows key=(row.id) { … }`";
    if !input.peek(Ident) {
        return Err(Error::new(span, missing));
    }
    let word: Ident = input.parse()?;
    if word != "key" {
        return Err(Error::new(word.span(), missing));
    }
    input.parse::<Token![=]>()?;
    if !input.peek(token::Paren) {
        return Err(input.error("expected an expression in parentheses, `key=(…)`"));
    }
    expression(input)
}
