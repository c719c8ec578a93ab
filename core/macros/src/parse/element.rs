//! Elements, their names and attributes.

use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Ident, Lit, LitStr, Result, Token, braced, token};

use super::value;
use crate::ast::{Attribute, Element, Name, Value};
use crate::errors::Errors;

pub fn element(input: ParseStream<'_>, errors: &mut Errors) -> Result<Element> {
    let name = name(input)?;
    let mut attributes = Vec::new();
    loop {
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            return Ok(Element { name, attributes, children: Vec::new(), braces: false });
        }
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            let children = super::nodes(&content, errors);
            return Ok(Element { name, attributes, children, braces: true });
        }
        if input.peek(Ident::peek_any) {
            attributes.push(attribute(input)?);
            continue;
        }
        // What goes on like this is no markup: `format!(…)`, `name(…)`, `rows[0]`, `user.name`.
        let is_code = input.peek(Token![!]) || input.peek(token::Paren) || input.peek(token::Bracket);
        let is_field = name.text.contains('.') && attributes.is_empty();
        let text = if attributes.is_empty() && is_code || is_field {
            format!("`{}` is no element: an expression stands in parentheses, `(…)`", name.text)
        } else {
            format!(
                "the element `{}` has no end: expected an attribute, `{{ … }}`, or `;` where it has no content",
                name.text
            )
        };
        return Err(if input.is_empty() { Error::new(name.span, text) } else { input.error(text) });
    }
}

fn attribute(input: ParseStream<'_>) -> Result<Attribute> {
    let mut name = name(input)?;
    // A class may have a name that is none for Rust: `class:"w-1/2"=(wide)`.
    if name.text == "class" && input.peek(Token![:]) && input.peek2(LitStr) {
        input.parse::<Token![:]>()?;
        let class: LitStr = input.parse()?;
        name = Name { text: format!("class:{}", class.value()), span: class.span() };
    }
    if !input.peek(Token![=]) {
        return Ok(Attribute { name, value: Value::Bare });
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() {
        return Err(Error::new(name.span, format!("the attribute `{}` has no value behind its `=`", name.text)));
    }
    Ok(Attribute { name, value: value::value(input)? })
}

/// A name: words and numbers, with `-`, `:` and `.` between them.
fn name(input: ParseStream<'_>) -> Result<Name> {
    let first = input.call(Ident::parse_any)?;
    let mut name = Name { text: first.unraw().to_string(), span: first.span() };
    loop {
        let separator = if input.peek(Token![-]) {
            input.parse::<Token![-]>()?;
            '-'
        } else if input.peek(Token![::]) {
            return Err(input.error("a name of HTML has one colon, not two"));
        } else if input.peek(Token![:]) && !input.peek2(LitStr) {
            input.parse::<Token![:]>()?;
            ':'
        } else if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            '.'
        } else {
            return Ok(name);
        };
        name.text.push(separator);
        if input.peek(Ident::peek_any) {
            let word = input.call(Ident::parse_any)?;
            name.text.push_str(&word.unraw().to_string());
            name.span = name.span.join(word.span()).unwrap_or(name.span);
        } else if input.peek(syn::LitInt) || input.peek(syn::LitFloat) {
            name.text.push_str(&input.parse::<Lit>()?.to_token_stream().to_string());
        } else {
            return Err(input.error(format!("expected the rest of the name `{}`", name.text)));
        }
    }
}
