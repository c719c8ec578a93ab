//! What is wrong, and what is said of it. Where it is said shows in `tests/ui`.

use proc_macro2::TokenStream;

use crate::check::check;
use crate::errors::Errors;
use crate::read;

/// The errors, as code.
fn errors(source: &str) -> String {
    let tokens: TokenStream = source.parse().unwrap();
    let mut errors = Errors::default();
    match read(tokens, &mut errors) {
        Ok(nodes) => check(&nodes, &mut errors),
        Err(error) => errors.push(error),
    }
    errors.into_code().map(|code| code.to_string()).unwrap_or_default()
}

#[test]
fn each_error_is_told() {
    for (source, part) in [
        ("dvi { }", "`dvi` is not an element of HTML; did you mean `div`?"),
        ("svg { cirlce; }", "`cirlce` is not an element of SVG; did you mean `circle`?"),
        ("@if x { } else { }", "did you mean `@else`?"),
        ("let x = 1;", "did you mean `@let`?"),
        ("x { }", "a custom element has a hyphen"),
        ("Div { }", "did you mean `div`?"),
        ("thingy { }", "a custom element has a hyphen"),
        ("svg { section { } }", "what is HTML stands in a `foreignObject`"),
        ("div { circle; }", "elements of SVG stand in `svg`"),
        ("circle; div;", "it is no element of SVG"),
        ("div; circle;", "it is no element of HTML"),
        ("p { div { } }", "a parser ends the `p` before it"),
        ("p { span { @if x { ul { } } } }", "`ul` cannot stand in `p`"),
        ("table { tr { } }", "write `tbody { tr { … } }`"),
        ("tr { td { } } div { }", "`div` cannot stand beside `tr`"),
        ("tbody { @if x { div { } } }", "moves it out of the table"),
        ("tr { (x) }", "text cannot stand directly in `tr`"),
        ("ul { li { li { } } }", "a list of its own"),
        ("a { b { a { } } }", "links do not nest"),
        ("form { div { form { } } }", "a parser leaves the inner one out"),
        ("select { div { } }", "holds `option`, `optgroup` and `hr` only"),
        ("html { }", "with one `head` and then one `body`"),
        ("html { body { } }", "with one `head` and then one `body`"),
        ("html { head { } body { } } p { }", "`p` cannot stand beside `html`"),
        ("div { html { head { } body { } } }", "a page is one `html`, outermost"),
        ("html { head { div { } } body { } }", "`div` cannot stand in `head`, only directly in `body`"),
        ("noscript { (x) }", "cannot change"),
        ("br { }", "end it with `;`"),
        ("br { \"x\" }", "end it with `;`"),
        ("title { b { } }", "holds text only"),
        ("textarea { @if x { \"y\" } }", "compute the text"),
        ("div", "has no end"),
        ("p.empty { }", "`p.empty` is not an element of HTML; write `p class="),
        ("p.empty.small;", "empty small"),
        ("p { format!(\"{x}\") }", "`format` is no element: an expression stands in parentheses"),
        ("p { self.name }", "`self.name` is no element: an expression stands in parentheses"),
        ("p { name(x) b { } }", "`name` is no element: an expression stands in parentheses"),
        ("p { rows[0] }", "`rows` is no element: an expression stands in parentheses"),
        ("p { div class=\"x\" }", "the element `div` has no end"),
        ("div class=", "has no value behind its `=`"),
        ("div class= { }", "the element `div` has no end"),
        ("div class=x { }", "expected a value"),
        ("div onclick=\"x\" { }", "write `on:click="),
        ("div on:click { }", "needs the name under which"),
        ("div on:keydown.entr=\"x\" { }", "did you mean `enter`?"),
        ("div on:click.enter=\"x\" { }", "keys are for `on:keydown`"),
        ("div style=\"color: red\" { }", "strict content security policy"),
        ("div Class=\"x\" { }", "in lower case: `class`"),
        ("div id=\"a\" id=\"b\" { }", "`id` stands twice"),
        ("div class:a=(x) class:a=(y) { }", "`class:a` stands twice"),
        ("div on:keydown.enter=\"x\" spark-key=\"Tab\" { }", "`spark-key` stands twice"),
        ("div class:a { }", "needs a condition"),
        ("script { \"x\" }", "serve it as a file"),
        ("script { (x) }", "what is in `script` cannot be escaped"),
        ("style { (x) }", "what is in `style` cannot be escaped"),
        ("style { \"</style>\" }", "must hold neither"),
        ("svg { script { (x) } }", "what is in `script` cannot be escaped"),
        ("svg { script { \"x\" } }", "serve it as a file"),
        ("svg { style { (x) } }", "what is in `style` cannot be escaped"),
        ("svg { a { set attributeName=\"href\" to=(x); } }", "an animated address could run a script"),
        ("svg { animate attributeName=(x); }", "an animated address could run a script"),
        ("span class=\"x\" p { }", "end `span` before it with `;`"),
        ("p data-=\"x\" { }", "expected the rest of the name `data-`"),
        ("iframe srcdoc=(x) { }", "srcdoc=@trusted"),
        ("a href=\" java\\nScript:x\" { }", "an address that runs a script"),
        ("a href={(x) \"/y\"} { }", "must begin with a text that says where it leads"),
        ("a href={\"java\" (x)} { }", "must begin with a text that says where it leads"),
        ("p title=@trusted(x) { }", "nothing is checked in it"),
        ("p title=@raw(x) { }", "`@trusted(…)`"),
        ("@while x { }", "rows come from `@for"),
        ("@fro x { }", "`@fro` is unknown; did you mean `@for`?"),
        ("@else { }", "`@else` without an `@if`"),
        ("@if x", "expected `{ … }`"),
        ("@for x in y { }", "`@for` needs a key"),
        ("@for x in y key=x { }", "key=(…)"),
        ("@match x { A => \"a\" }", "an arm of `@match`"),
        ("@component x", "`@component(…)`"),
        ("@component(x) uses=y", "`uses=(…)`"),
        ("@raw(x)", "must be alone in an element"),
        ("p { \"a\" @raw(x) }", "must be alone in an element"),
        ("tr { @raw(x) }", "cannot stand in `tr`"),
        ("p { () }", "an expression is missing"),
        ("p { (a b) }", "one expression stands between parentheses"),
        ("{ }", "braces belong to an element"),
        ("= x", "expected an element, a text in quotes"),
        ("p { \"\\0\" }", "U+0000"),
        ("template { (x) }", "cannot change"),
        ("template { td { } div { } }", "cannot stand beside `td`"),
        ("p a::b=\"x\" { }", "one colon"),
        ("svg { a xlink:href=(x) { } }", "write `href=(…)`"),
        ("svg { text xml:lang={\"e\" (x)} { } }", "write `lang=(…)`"),
    ] {
        let told = errors(source);
        assert!(told.contains(part), "{source}: {told}");
    }
}

#[test]
fn several_at_once() {
    let told = errors("dvi { spam; } p { @fro x { } div { } (a b) } br { }");
    assert_eq!(told.matches("compile_error").count(), 6, "{told}");
}

#[test]
fn what_is_sensible_is_taken() {
    for source in [
        r#"div { p { a href="/" { img src="x"; } } ul { li { p { } ul { li { } } } } dl { dt { } dd { dl { dt { } } } } }"#,
        r#"button { svg { use href="/i"; } span { } } label { input type="checkbox"; "x" } details { summary { h2 { } } p { } }"#,
        r#"html lang="en" { head { title { (x) " – y" } @if z { meta name="a"; } link href="/a"; } body { @(x) noscript { p { "No script" } } } }"#,
        r#"td { div { } } "#,
        r#"tr { th { } td { table { tbody { tr { } } } } }"#,
        r#"li { } li { }"#,
        r#"option value="x" { "X" }"#,
        r#"select { optgroup label="a" { option { "x" } } hr; option { } }"#,
        r#"datalist id="d" { option value="a"; }"#,
        r#"p { "a" br; em { "b" } ins { "c" } }"#,
        r#"ruby { "漢" rp { "(" } rt { "kan" } rp { ")" } }"#,
        r#"video controls { source src="a"; track src="b"; }  audio; canvas; picture { source srcset="a"; img src="b" alt=""; }"#,
        r#"object data="/x" { p { } }"#,
        r#"script src="/x.js" defer; script type="application/ld+json" { "{}" } style { "a { }" }"#,
        r#"my-element some-attr=(x) { slot name="a" { } }"#,
        r#"table { @if x { thead { tr { th { } } } } tbody { @for r in x key=(r) { @(r) } } }"#,
        r#"div { @if x { "a" } @else if y { "b" } @else { } @match z { A | B => { } C { d, .. } if d => { i; } _ => { } } }"#,
        r#"fieldset { legend { } form { } } dialog { form method="dialog" { button { } } } header { nav { menu { li { } } } }"#,
        r#"a { div { h1 { } p { } } } h1 { span { } } address { p { } } blockquote { footer { cite { } } }"#,
        r#"math { mfrac { mi { "x" } mn { "2" } } } svg { title { "t" } text { tspan { (x) } } a { circle; } style { "a > b" } }"#,
    ] {
        assert_eq!(errors(source), "", "{source}");
    }
}
