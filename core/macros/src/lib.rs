//! The macro of Lazuli: [`html!`], which makes templates when the program is compiled.
//!
//! Tokens are read into what was written (`parse`, `ast`), which is checked (`check`), becomes templates with slots
//! (`lower`), and then code (`codegen`).

#![forbid(unsafe_code)]

mod ast;
mod check;
mod codegen;
mod errors;
mod escape;
mod json;
mod lower;
mod parse;
mod pieces;
#[cfg(test)]
mod tests;

use errors::Errors;
use proc_macro2::TokenStream;
use syn::parse::Parser as _;

/// Makes markup.
#[proc_macro]
pub fn html(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let nodes = read(input, &mut errors).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    check::check(&nodes, &mut errors);
    match errors.into_code() {
        // With markup behind the errors, no others follow from what is missing.
        Some(errors) => {
            let nothing = codegen::markup(None);
            quote::quote!({ #errors #nothing })
        }
        None => codegen::markup(lower::lower(&nodes).as_ref()),
    }
}

fn read(input: TokenStream, errors: &mut Errors) -> syn::Result<Vec<ast::Node>> {
    (|input: syn::parse::ParseStream<'_>| Ok(parse::nodes(input, errors))).parse2(input)
}
