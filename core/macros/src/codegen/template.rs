//! Templates as constants.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::json;
use crate::lower::{Root, Slot, Template};
use crate::pieces::{Piece, pieces};

/// An expression for the outermost template: a reference to a static.
pub fn outermost(template: &Template) -> TokenStream {
    let source = json::source(template);
    let constant = constant(template, &json::name(&source), &source);
    // In a block of its own, so that nothing of this can be seen from the expressions of the user.
    quote! {{
        use ::lazuli::html::template::{Piece, Root, Slot, Template};
        static ROOT: Template = #constant;
        &ROOT
    }}
}

fn constant(template: &Template, name: &str, source: &str) -> TokenStream {
    let slots = template.slots.iter().map(slot);
    let pieces = pieces(template);
    let pieces = pieces.iter().map(piece);
    let roots = template.roots.iter().map(root);
    let hidden_key = template.hidden_key;
    quote! {
        Template {
            name: #name,
            source: #source,
            slots: &[#(#slots),*],
            hidden_key: #hidden_key,
            pieces: &[#(#pieces),*],
            roots: &[#(#roots),*],
        }
    }
}

fn slot(slot: &Slot) -> TokenStream {
    match slot {
        Slot::Value => quote!(Slot::Value),
        Slot::Embed => quote!(Slot::Embed),
        Slot::Component => quote!(Slot::Component),
        Slot::Branch(templates) => {
            let templates = templates.iter().map(|template| constant(template, "", ""));
            quote!(Slot::Branch(&[#(&#templates),*]))
        }
        Slot::List(template) => {
            let template = constant(template, "", "");
            quote!(Slot::List(&#template))
        }
    }
}

fn piece(piece: &Piece) -> TokenStream {
    match piece {
        Piece::Html(html) => quote!(Piece::Html(#html)),
        Piece::Text(slot) => {
            let slot = number(*slot);
            quote!(Piece::Text(#slot))
        }
        Piece::Raw(slot) => {
            let slot = number(*slot);
            quote!(Piece::Raw(#slot))
        }
        Piece::Attr { slot, name, before, after } => {
            let slot = number(*slot);
            quote!(Piece::Attr { slot: #slot, name: #name, before: #before, after: #after })
        }
        Piece::Structure { slot, inside } => {
            let slot = number(*slot);
            quote!(Piece::Structure { slot: #slot, inside: &[#(#inside),*] })
        }
    }
}

fn root(node: &Root) -> TokenStream {
    match node {
        Root::Text => quote!(Root::Text),
        Root::Element(name, children) => {
            let children = children.iter().map(root);
            quote!(Root::Element(#name, &[#(#children),*]))
        }
    }
}

fn number(slot: usize) -> Literal {
    Literal::usize_unsuffixed(slot)
}
