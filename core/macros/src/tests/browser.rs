//! A browser follows the steps of a template along what a parser makes of its markup. So does this.

use html5ever::tendril::TendrilSink as _;
use html5ever::{QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use serde_json::Value;

use super::json;

fn follow(template: &Value) {
    let markup = template[0].as_str().unwrap();
    let context = QualName::new(None, ns!(html), local_name!("template"));
    let dom = parse_fragment(RcDom::default(), Default::default(), context, Vec::new(), false).one(markup);
    let mut root = dom.document.children.borrow()[0].clone();
    if let Some(space) = template.get(2) {
        assert_eq!(*space, 1, "{markup}");
        let outer = root.children.borrow().clone();
        assert_eq!(outer.len(), 1, "{markup}: more than what holds the template");
        root = outer[0].clone();
    }
    assert!(!root.children.borrow().is_empty(), "{markup}: nothing of its own");
    let mut slots = Vec::new();
    let steps = template[1].as_array().unwrap();
    let visited = walk(markup, steps, &root, &mut slots);
    assert_eq!(visited, root.children.borrow().len(), "{markup}: where it ends is not seen");
    // Two structures have a node between them, and at the outermost level there is one on either side.
    for end in [steps.first(), steps.last()] {
        assert!(end.is_some_and(|step| structure(step).is_none()), "{markup}: a structure at an end");
    }
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots, (0..slots.len()).collect::<Vec<_>>(), "{markup}: a slot without a place");
}

fn index(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// The kind, if a step is a structure.
fn structure(step: &Value) -> Option<u64> {
    step.get(0).and_then(Value::as_u64)
}

/// Goes along the children of a node; gives how many it visited.
fn walk(markup: &str, steps: &[Value], parent: &Handle, slots: &mut Vec<usize>) -> usize {
    let children = parent.children.borrow();
    let mut at = 0;
    for (number, step) in steps.iter().enumerate() {
        if let Some(kind) = structure(step) {
            assert!(number == 0 || structure(&steps[number - 1]).is_none(), "{markup}: {step} has no node before it");
            slots.push(index(&step[1]));
            let inner = &step.as_array().unwrap()[2..];
            assert!(matches!((kind, inner.len()), (1, _) | (2, 1) | (3 | 4, 0)), "{markup}: {step}");
            inner.iter().for_each(follow);
            continue;
        }
        let node = children.get(at).unwrap_or_else(|| panic!("{markup}: {step} is of no node"));
        at += 1;
        let Some(parts) = step.as_array() else {
            assert_eq!(*step, 0, "{markup}");
            continue;
        };
        let inside = parts[0].as_array().unwrap();
        assert!(inside.last().is_none_or(|step| *step != 0), "{markup}: {step} goes further than it has to");
        for place in &parts[1..] {
            slots.push(index(&place[0]));
            let name = place.get(1).map_or("", |name| name.as_str().unwrap());
            match &node.data {
                NodeData::Text { contents } => {
                    let fixed = match place.get(2) {
                        None => " ".to_owned(),
                        Some(before) => format!("{}{}", before.as_str().unwrap(), place[3].as_str().unwrap()),
                    };
                    assert!(name.is_empty(), "{markup}: {place}");
                    assert_eq!(**contents.borrow(), *fixed, "{markup}: {place}");
                }
                NodeData::Element { .. } if name.is_empty() => {
                    assert!(node.children.borrow().is_empty(), "{markup}: {place}");
                }
                NodeData::Element { attrs, .. } => assert!(
                    attrs.borrow().iter().all(|attribute| *attribute.name.local != *name),
                    "{markup}: {place} is there already"
                ),
                other => panic!("{markup}: {place} is at {other:?}"),
            }
        }
        walk(markup, inside, node, slots);
    }
    at
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
