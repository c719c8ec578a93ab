//! Small inputs, and the templates that they become.

mod browser;
mod laws;
mod wrong;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::lower::{Slot, Template, lower};
use crate::pieces::{Piece, pieces};
use crate::{check, json, read};

fn template(source: &str) -> Template {
    let tokens: TokenStream = source.parse().unwrap();
    let mut errors = Errors::default();
    let nodes = read(tokens, &mut errors).unwrap();
    check::check(&nodes, &mut errors);
    if let Some(errors) = errors.into_code() {
        panic!("{source}: {errors}");
    }
    lower(&nodes).unwrap()
}

fn json(source: &str) -> String {
    json::source(&template(source))
}

#[test]
fn markup_and_places() {
    for (source, expected) in [
        (r#"p { "a" "b<" }"#, r#"["<p>ab&lt;</p>",[0]]"#),
        (r#"p { (x) }"#, r#"["<p> </p>",[[[[[],[0]]]]]]"#),
        (r#"p { "n: " (x) "!" }"#, r#"["<p>n: !</p>",[[[[[],[0,"","n: ","!"]]]]]]"#),
        (r#"p { "n: " (x) " of " (y) "!" }"#, r#"["<p>n: !</p>",[[[[[],[0,"","n: ","!"]]]]]]"#),
        (r#"(x) b;"#, r#"[" <b></b>",[[[],[0]],0]]"#),
        (
            r#"input value=(x) class="a" title={"<" (x) ">"};"#,
            r#"["<input class=\"a\">",[[[],[0,"value"],[0,"title","<",">"]]]]"#,
        ),
        (r#"div { @raw(x) }"#, r#"["<div></div>",[[[],[0]]]]"#),
        (r#"div { b; @(x) }"#, r#"["<div><b></b></div>",[[[0,[3,0]]]]]"#),
        (r#"p { @component(x) uses=(y) }"#, r#"["<p></p>",[[[[4,0]]]]]"#),
        (r#"@(x)"#, r#"["<!----><!---->",[0,[3,0],0]]"#),
        (r#"@(x) @(y) b;"#, r#"["<!----><!----><b></b>",[0,[3,0],0,[3,1],0]]"#),
        (
            r#"p { (a) @if x { b; } @else if y { } @else { (z) } "t" }"#,
            r#"["<p> <!----><!---->t</p>",[[[[[],[0]],0,[1,1,["<b></b>",[0]],[" ",[[[],[0]]]]]]]]]"#,
        ),
        (
            r#"@match x { A => { "a" } B => {} C => { i; } }"#,
            r#"["<!----><!---->",[0,[1,0,["a",[0]],["<i></i>",[0]]],0]]"#,
        ),
        (
            r#"ul { @for r in x key=(r.id) { li { (r.n) } } }"#,
            r#"["<ul></ul>",[[[[2,0,["<li> </li>",[[[[[],[0]]]]]]]]]]]"#,
        ),
        (
            r#"ul { @for r in x key=(r.id) { li id=(r.id) { (r.n) } } }"#,
            r#"["<ul></ul>",[[[[2,0,["<li> </li>",[[[[[],[1]]],[0,"id"]]]]]]]]]"#,
        ),
        (r#"@for r in x key=(r) { (r) }"#, r#"["<!----><!---->",[0,[2,0,[" <!---->",[[[],[0]],0]]],0]]"#),
        (r#"@for r in x key=(r) { }"#, r#"["<!----><!---->",[0,[2,0,["<!---->",[0]]],0]]"#),
        (r#"circle r=(x);"#, r#"["<svg><circle></circle></svg>",[[[],[0,"r"]]],1]"#),
        (r#"svg { @if x { g { } } }"#, r#"["<svg></svg>",[[[[1,0,["<svg><g></g></svg>",[0],1]]]]]]"#),
        (
            r#"svg { foreignObject { @if x { g-g; } } }"#,
            r#"["<svg><foreignObject></foreignObject></svg>",[[[[[[1,0,["<g-g></g-g>",[0]]]]]]]]]"#,
        ),
        (r#"@if x { path; }"#, r#"["<svg><!----><!----></svg>",[0,[1,0,["<svg><path></path></svg>",[0],1]],0],1]"#),
        (r#"pre { "\nx" }"#, r#"["<pre>\n\nx</pre>",[0]]"#),
        (r#"style { "a > b" }"#, r#"["<style>a > b</style>",[0]]"#),
        (r#"p { @let a = b; "x" }"#, r#"["<p>x</p>",[0]]"#),
    ] {
        assert_eq!(json(source), expected, "{source}");
    }
}

#[test]
fn slots_are_shared_by_what_is_the_same() {
    let values = |source| template(source).slots.len();
    assert_eq!(values(r#"p id=(x) title={"t" (x)} { (x) }"#), 1);
    assert_eq!(values(r#"p title={(x) (y)} { "a" (x) (y) }"#), 1);
    assert_eq!(values(r#"p title={(x) " " (y)} { (x) (y) }"#), 2);
    assert_eq!(values(r#"a href=(x) { (x) }"#), 2);
    assert_eq!(values(r#"a href=@trusted(x) { (x) }"#), 1);
    assert_eq!(values(r#"a href={"/" (x)} { (x) }"#), 1);
    assert_eq!(values(r#"b aria-pressed=(x) draggable=(x) hidden=(x);"#), 2);
    assert_eq!(values(r#"b aria-label=(x) title=(x) { (x) }"#), 1);
    assert_eq!(values(r#"div { @raw(x) } p { (x) }"#), 2);
    assert_eq!(values(r#"p { (x) } @let x = 1; p { (x) }"#), 2);
    // Each row and each alternative is a block of its own.
    let outer = template(r#"p { (x) } @if c { p { (x) } }"#);
    assert!(matches!(outer.slots.as_slice(), [Slot::Value, Slot::Branch(inner)] if inner[0].slots.len() == 1));
}

#[test]
fn a_key_that_is_shown_is_no_slot_of_its_own() {
    let row = |source| match template(source).slots.remove(0) {
        Slot::List(row) => (row.hidden_key, row.slots.len()),
        _ => panic!(),
    };
    assert_eq!(row("@for r in x key=(r.id) { li { (r.id) } }"), (false, 1));
    assert_eq!(row("@for r in x key=(r.id) { li { (r.n) } }"), (true, 2));
    assert_eq!(row(r#"@for r in x key=(r.id) { a href=(r.id) { } }"#), (true, 2));
    assert_eq!(row(r#"@for r in x key=(r.id) { @if r.a { (r.id) } }"#), (true, 2));
}

#[test]
fn pieces_in_the_order_of_the_document() {
    let html = |html: &str| Piece::Html(html.to_owned());
    assert_eq!(
        pieces(&template(r#"div class="c" title={"\"" (t)} { b { (x) } ul { @(y) } br; "z" }"#)),
        [
            html("<div class=\"c\""),
            Piece::Attr { slot: 0, name: "title".to_owned(), before: "&quot;".to_owned(), after: String::new() },
            html("><b>"),
            Piece::Text(1),
            html("</b><ul>"),
            Piece::Structure { slot: 2, inside: vec!["div".to_owned(), "ul".to_owned()] },
            html("</ul><br>z</div>"),
        ]
    );
}

#[test]
fn a_template_is_named_by_its_content() {
    assert_eq!(json::name(""), "47DEQpj8HBQ");
    assert_eq!(json::name("a").len(), 11);
    assert_ne!(json::name("a"), json::name("b"));
}
