//! Renders that are written by hand and are none: each pass over them says so, and the view can be made anew.

mod common;

use common::components::WIDGET;
use lazuli::html::value::Datum;
use lazuli::html::{Render, Renderer, Sink, from_fn, to_html};

fn good(sink: &mut Sink<'_>) {
    if sink.open(&WIDGET) {
        sink.value(Datum::Int(1));
        sink.value(Datum::Str("note"));
        sink.close();
    }
}

fn is_refused(what: &str, render: &dyn Render) {
    assert!(to_html(render).is_err(), "{what}: to_html");
    let mut renderer = Renderer::new(1);
    assert!(renderer.page(render).is_err(), "{what}: page");
    assert!(renderer.mount(render, None).is_err(), "{what}: mount");
    let right = from_fn(good);
    let mut view = renderer.mount(&right, None).unwrap();
    let mut patch = Vec::new();
    assert!(renderer.update(&mut view, render, None, &mut patch).is_err(), "{what}: update");
    assert!(renderer.whole(&mut view, render, None, &mut patch).is_err(), "{what}: whole");
    assert_eq!(patch, b"", "{what}");
    renderer.whole(&mut view, &right, None, &mut patch).unwrap();
    assert!(patch.ends_with(br#",1,"note"]"#), "{what}: {}", String::from_utf8_lossy(&patch));
    assert_eq!(to_html(&right).unwrap(), "<p>1</p><b>note</b>");
}

#[test]
fn what_is_right_is_taken() {
    assert_eq!(to_html(&from_fn(good)).unwrap(), "<p>1</p><b>note</b>");
}

#[test]
fn what_is_none_is_refused_by_every_pass() {
    is_refused("nothing", &from_fn(|_: &mut Sink<'_>| {}));
    is_refused(
        "two",
        &from_fn(|sink: &mut Sink<'_>| {
            good(sink);
            good(sink);
        }),
    );
    is_refused(
        "a value too few",
        &from_fn(|sink: &mut Sink<'_>| {
            if sink.open(&WIDGET) {
                sink.value(Datum::Int(1));
                sink.close();
            }
        }),
    );
    is_refused(
        "a value too many",
        &from_fn(|sink: &mut Sink<'_>| {
            if sink.open(&WIDGET) {
                (0..3).for_each(|number| sink.value(Datum::Int(number)));
                sink.close();
            }
        }),
    );
    is_refused(
        "no end",
        &from_fn(|sink: &mut Sink<'_>| {
            if sink.open(&WIDGET) {
                sink.value(Datum::Int(1));
                sink.value(Datum::Int(2));
            }
        }),
    );
    is_refused("an end alone", &from_fn(|sink: &mut Sink<'_>| sink.close()));
    is_refused(
        "two ends",
        &from_fn(|sink: &mut Sink<'_>| {
            good(sink);
            sink.close();
        }),
    );
    is_refused("a value alone", &from_fn(|sink: &mut Sink<'_>| sink.value(Datum::Int(1))));
    is_refused(
        "a value behind",
        &from_fn(|sink: &mut Sink<'_>| {
            good(sink);
            sink.value(Datum::Int(1));
        }),
    );
    is_refused(
        "one within another that has no place for it",
        &from_fn(|sink: &mut Sink<'_>| {
            if sink.open(&WIDGET) {
                good(sink);
                sink.value(Datum::Int(1));
                sink.close();
            }
        }),
    );
}
