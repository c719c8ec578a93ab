//! Templates become code: the constants, and a closure that says what is in their slots.

mod template;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::ast::Part;
use crate::check::span_of;
use crate::lower::{Slot, Step, Template};

/// The expression that an `html!` becomes.
pub fn markup(template: Option<&Template>) -> TokenStream {
    // Names of this span are no names for the tokens of the user, and the other way round.
    let sink = &Ident::new("sink", Span::mixed_site());
    let body = match template {
        None => quote!(#sink.nothing();),
        Some(template) => {
            let constant = template::outermost(template);
            let steps = steps(template, sink);
            quote! {
                if #sink.open(#constant) {
                    #steps
                    #sink.close();
                }
            }
        }
    };
    quote! {
        ::lazuli::html::from_fn(move |#sink: &mut ::lazuli::html::Sink<'_>| {
            #[allow(unused_imports)]
            use ::lazuli::html::value::{ByDisplay as _, ByValue as _};
            #body
        })
    }
}

fn steps(template: &Template, sink: &Ident) -> TokenStream {
    template.steps.iter().map(|step| self::step(template, step, sink)).collect()
}

fn step(template: &Template, step: &Step, sink: &Ident) -> TokenStream {
    match step {
        Step::Let(stmt) => quote!(#stmt),
        Step::Value(tokens) | Step::Raw(tokens) => {
            let datum = datum(tokens);
            quote!(#sink.value(#datum);)
        }
        Step::Word(tokens) => {
            let hole = hole(tokens);
            let word = quote_spanned!(span_of(tokens).resolved_at(Span::mixed_site())=> #hole.word());
            quote!(#sink.value(#word);)
        }
        Step::Url(tokens) => {
            let datum = datum(tokens);
            quote!(#sink.url(#datum);)
        }
        Step::Joined(parts) => {
            let joiner = joiner();
            let parts = join(parts, &joiner);
            joined(sink, &joiner, &parts)
        }
        Step::Classes { parts, toggles, bare } => classes(parts, toggles, *bare, sink),
        Step::Embed(tokens) => quote_spanned!(span_of(tokens)=> #sink.embed(&(#tokens));),
        Step::Component(component, uses) => {
            let uses = uses.as_ref().map_or_else(|| quote!(::lazuli::html::value::Datum::Off), datum);
            let nested = quote_spanned!(span_of(component)=> ::lazuli::nested(#component));
            quote!(#sink.component(#uses, &|| #nested);)
        }
        Step::If { slot, conditions, otherwise } => {
            let conditions = conditions.iter().map(|(condition, shown)| {
                let body = alternative(template, *slot, *shown, sink);
                quote!(if #condition { #body } else)
            });
            let otherwise = alternative(template, *slot, *otherwise, sink);
            quote!(#(#conditions)* { #otherwise })
        }
        Step::Match { slot, scrutinee, arms } => {
            let arms = arms.iter().map(|(pattern, guard, shown)| {
                let guard = guard.iter();
                let body = alternative(template, *slot, *shown, sink);
                quote!(#pattern #(if #guard)* => { #body })
            });
            quote!(match #scrutinee { #(#arms)* })
        }
        Step::For { slot, pattern, rows } => {
            let Slot::List(row) = &template.slots[*slot] else { return TokenStream::new() };
            let steps = steps(row, sink);
            quote! {
                #sink.list();
                for #pattern in #rows {
                    if #sink.row() {
                        #steps
                        #sink.close();
                    }
                }
                #sink.end_list();
            }
        }
    }
}

/// What an alternative does: that of a template, or nothing.
fn alternative(template: &Template, slot: usize, shown: Option<usize>, sink: &Ident) -> TokenStream {
    match (shown, &template.slots[slot]) {
        (Some(shown), Slot::Branch(templates)) => {
            let steps = steps(&templates[shown], sink);
            quote! {
                if #sink.branch(#shown) {
                    #steps
                    #sink.close();
                }
            }
        }
        _ => quote!(#sink.nothing();),
    }
}

/// The value of an expression, however it can be shown. What is wrong with it is told at its own place.
fn datum(tokens: &TokenStream) -> TokenStream {
    let hole = hole(tokens);
    quote_spanned!(span_of(tokens).resolved_at(Span::mixed_site())=> #hole.datum())
}

fn hole(tokens: &TokenStream) -> TokenStream {
    quote_spanned!(span_of(tokens).resolved_at(Span::mixed_site())=> (&::lazuli::html::value::Hole(&(#tokens))))
}

fn joiner() -> Ident {
    Ident::new("joiner", Span::mixed_site())
}

fn joined(sink: &Ident, joiner: &Ident, parts: &TokenStream) -> TokenStream {
    quote!(#sink.joined(&|#joiner: &mut ::lazuli::html::Joiner<'_>| { #parts });)
}

fn join(parts: &[Part], joiner: &Ident) -> TokenStream {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => quote!(#joiner.lit(#text);),
            Part::Hole(tokens) => {
                let datum = datum(tokens);
                quote!(#joiner.put(#datum);)
            }
        })
        .collect()
}

/// Each condition is evaluated once. What is on is joined, with blanks between.
fn classes(parts: &[Part], toggles: &[(String, TokenStream)], bare: bool, sink: &Ident) -> TokenStream {
    let joiner = joiner();
    let on: Vec<Ident> = (0..toggles.len()).map(|i| format_ident!("on{i}", span = Span::mixed_site())).collect();
    let conditions = toggles.iter().map(|(_, condition)| condition);
    let lets = quote!(#(let #on: bool = #conditions;)*);
    let fixed = join(parts, &joiner);
    let body = if bare {
        let blank = Ident::new("blank", Span::mixed_site());
        let names = toggles.iter().map(|(class, _)| class);
        let toggled = quote! {
            let mut #blank = "";
            #(if #on { #joiner.lit(#blank); #joiner.lit(#names); #blank = " "; })*
            let _ = #blank;
        };
        let joined = joined(sink, &joiner, &toggled);
        quote!(if #(#on)||* { #joined } else { #sink.value(::lazuli::html::value::Datum::Off); })
    } else {
        let names = toggles.iter().map(|(class, _)| format!(" {class}"));
        joined(sink, &joiner, &quote!(#fixed #(if #on { #joiner.lit(#names); })*))
    };
    quote!({ #lets #body })
}
