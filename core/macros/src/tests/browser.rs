//! A browser follows the paths of a template's places through what a parser makes of its markup. So does this.

use html5ever::tendril::TendrilSink as _;
use html5ever::{LocalName, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use serde_json::Value;

use super::json;

fn follow(template: &Value) {
    let markup = template[0].as_str().unwrap();
    let context = match template[2].as_str() {
        None => QualName::new(None, ns!(html), local_name!("template")),
        Some("svg") => QualName::new(None, ns!(svg), local_name!("svg")),
        Some(_) => QualName::new(None, ns!(mathml), LocalName::from("math")),
    };
    let dom = parse_fragment(RcDom::default(), Default::default(), context, Vec::new(), false).one(markup);
    let root = dom.document.children.borrow()[0].clone();
    assert!(!root.children.borrow().is_empty(), "{markup}: nothing of its own");
    let mut slots = Vec::new();
    for place in template[1].as_array().unwrap() {
        let index = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        slots.push(index(&place[0]));
        let mut node: Handle = root.clone();
        for step in place[1].as_array().unwrap() {
            let next = node.children.borrow().get(index(step)).cloned();
            node = next.unwrap_or_else(|| panic!("{markup}: {place} leads nowhere"));
        }
        let is_element = matches!(node.data, NodeData::Element { .. }) || place[1] == Value::Array(Vec::new());
        match index(&place[2]) {
            0 => {
                let NodeData::Text { contents } = &node.data else { panic!("{markup}: {place} leads to no text") };
                let fixed = match place.get(3) {
                    None => " ".to_owned(),
                    Some(before) => format!("{}{}", before.as_str().unwrap(), place[4].as_str().unwrap()),
                };
                assert_eq!(**contents.borrow(), *fixed, "{markup}: {place}");
            }
            1 => {
                let NodeData::Element { attrs, .. } = &node.data else {
                    panic!("{markup}: {place} leads to no element")
                };
                let name = place[3].as_str().unwrap();
                assert!(
                    attrs.borrow().iter().all(|attribute| *attribute.name.local != *name),
                    "{markup}: {place} is there already"
                );
            }
            2 => assert!(is_element && node.children.borrow().is_empty(), "{markup}: {place}"),
            kind @ 3..=6 => {
                assert!(is_element, "{markup}: {place} leads to no element");
                let (at, count) = (index(&place[3]), node.children.borrow().len());
                assert!(at <= count, "{markup}: {place}: {count} children");
                // Two structures have a node between them, and at the outermost level there is one on either side.
                assert!(!place[1].as_array().unwrap().is_empty() || (0 < at && at < count), "{markup}: {place}");
                match kind {
                    3 => place[4].as_array().unwrap().iter().for_each(follow),
                    4 => follow(&place[4]),
                    _ => {}
                }
            }
            kind => panic!("{markup}: {place} has the unknown kind {kind}"),
        }
    }
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots, (0..slots.len()).collect::<Vec<_>>(), "{markup}: a slot without a place");
}

#[test]
fn every_place_is_found() {
    for source in [
        r#"div class="counter" id={"c-" (self.id)} { h2 { "Counter: " (self.count) } input value=(self.step) min="1"; button { "-" (self.step) } }"#,
        r#"(a) b; (c) i { (d) "x" u { (e) } } (f)"#,
        r#"@if a { (x) } @else { b { (y) } "z" } (v) @(w)"#,
        r#"p { "a" @if a { "x" } "b" (c) @if d { "y" } @if e { "z" } br; "f" (g) }"#,
        r#"table { caption { (c) } colgroup { @for c in cs key=(c) { col span=(c); } } thead { tr { th { (h) } } }
            tbody { @for r in rows key=(r.id) { tr id=(r.id) { td { (r.a) } @for c in r.cells key=(c.id) { td class:on=(c.on) { (c.text) } } } } } }"#,
        r#"tr { td { (x) } } tr { @if y { td { (y) } } }"#,
        r#"@for r in rows key=(r.id) { tr { } @if r.open { tr { td { (r.text) } } } }"#,
        r#"select { @for o in os key=(o) { option value=(o) selected=(o == x) { (o) } } } textarea { "\n" (t) } title { "T " (t) }"#,
        r#"pre { (x) } pre { "\n" (y) } pre { "a" (z) b; }"#,
        r#"table { @if a { caption { } } @if b { thead { } } tbody { @if c { tr { } } @if d { tr { @if e { td { } } @if f { th { } } } } } }"#,
        r#"table { colgroup { @if a { col; } @if b { col; } col span=(c); } } select { @if a { option { } } @if b { hr; } option { (c) @(d) } }"#,
        r#"svg viewBox=(v) { g { @for p in ps key=(p) { circle cx=(p); text { (p) } } } foreignObject { p { (t) } @if u { p { (w) } } } }"#,
        r#"@component(C { x }) uses=(x) div { "a" @component(D) }"#,
        r#"@match x { A => { circle r=(r); @if y { rect; } } _ => { text { (t) } } }"#,
        r#"math { mi { (x) } mo { "+" } @if y { mn { (y) } } }"#,
        r#"div { @raw(x) } "a < b & c" (d) "\r\n" p title={"\"<" (t) ">"} { }"#,
        r#"ul { @for r in x key=(r) { li { (r) @(tree(r)) } } } p { @let a = 1; (a) @let b = 2; (b) }"#,
        r#"p class="a" class:b=(b) class:c=(c); p class:b=(b); p class={(x) " y"} class:z=(z) { @(a) @(b) }"#,
    ] {
        let template: Value = serde_json::from_str(&json(source)).unwrap();
        follow(&template);
    }
}
