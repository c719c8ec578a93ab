//! Expressions, literals, and the values of attributes.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, Lit, LitBool, Result, Token, braced, parenthesized, token};

use crate::ast::{Part, Value};

/// `(expr)`: the tokens between the parentheses, which keep their places in the source.
pub fn expression(input: ParseStream<'_>) -> Result<TokenStream> {
    let content;
    let parentheses = parenthesized!(content in input);
    if content.is_empty() {
        return Err(Error::new(parentheses.span.join(), "an expression is missing between the parentheses"));
    }
    // Everything is taken out of the parentheses, even if it is wrong: the parser goes on behind them.
    let look = content.fork();
    let tokens = content.parse()?;
    look.parse::<Expr>()?;
    if !look.is_empty() {
        return Err(look.error("one expression stands between parentheses, and ends before this"));
    }
    Ok(tokens)
}

/// The text that a literal means.
pub fn text(literal: &Lit) -> Result<String> {
    let text = match literal {
        Lit::Str(text) => text.value(),
        Lit::Char(letter) => letter.value().to_string(),
        Lit::Int(number) => number.base10_digits().to_owned(),
        Lit::Float(number) => number.base10_digits().to_owned(),
        Lit::Bool(value) => value.value.to_string(),
        _ => return Err(Error::new(literal.span(), "a text is a string, a number or a character")),
    };
    match text.contains('\0') {
        true => Err(Error::new(literal.span(), "HTML cannot hold the character U+0000")),
        false => Ok(text),
    }
}

/// What stands behind `name=`.
pub fn value(input: ParseStream<'_>) -> Result<Value> {
    if input.peek(token::Paren) {
        return expression(input).map(Value::Hole);
    }
    if input.peek(token::Brace) {
        return parts(input);
    }
    if input.peek(Token![@]) {
        input.parse::<Token![@]>()?;
        let word: Ident = input.parse()?;
        if word != "trusted" {
            return Err(Error::new(word.span(), "the one word for the value of an attribute is `@trusted(…)`"));
        }
        if !input.peek(token::Paren) {
            return Err(input.error("expected an expression in parentheses, `@trusted(…)`"));
        }
        return Ok(Value::Trusted(expression(input)?, word.span()));
    }
    if input.peek(LitBool) {
        return input.parse::<LitBool>().map(|value| Value::Bool(value.value));
    }
    if input.peek(Token![-]) && input.peek2(Lit) {
        input.parse::<Token![-]>()?;
        let literal: Lit = input.parse()?;
        return Ok(Value::Literal(format!("-{}", text(&literal)?), literal.span()));
    }
    if input.peek(Lit) {
        let literal: Lit = input.parse()?;
        return Ok(Value::Literal(text(&literal)?, literal.span()));
    }
    Err(input.error(
        "expected a value: a literal, an expression in parentheses `(…)`, or both together in braces `{ \"row-\" (id) }`",
    ))
}

/// `{ "row-" (id) }`
fn parts(input: ParseStream<'_>) -> Result<Value> {
    let content;
    let braces = braced!(content in input);
    let mut parts: Vec<Part> = Vec::new();
    while !content.is_empty() {
        match (part(&content), parts.last_mut()) {
            (Ok(Part::Text(text)), Some(Part::Text(before))) => before.push_str(&text),
            (Ok(part), _) => parts.push(part),
            (Err(error), _) => {
                // As with parentheses.
                content.parse::<TokenStream>()?;
                return Err(error);
            }
        }
    }
    let span = braces.span.join();
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    Ok(match parts.as_slice() {
        [] => Value::Literal(String::new(), span),
        [Part::Text(text)] => Value::Literal(text.clone(), span),
        [Part::Hole(hole)] => Value::Hole(hole.clone()),
        _ => Value::Parts(parts, span),
    })
}

fn part(input: ParseStream<'_>) -> Result<Part> {
    if input.peek(token::Paren) {
        return expression(input).map(Part::Hole);
    }
    if !input.peek(Lit) {
        return Err(input.error("a value in braces is made of literals and expressions in parentheses"));
    }
    text(&input.parse::<Lit>()?).map(Part::Text)
}
