//! The counter of the README, played.

use crate::{routes, show};
use lazuli::html::Renderer;
use lazuli::{Component, Context, Event, Result, html};
use lazuli_harness::page::Site;

// The README's counter begins here.
struct Counter(i64);
impl Component for Counter {
    fn render(&self) -> impl html::Render {
        html! { p { "Counter: " (self.0) } button on:click="add" data-by="1" { "+1" } }
    }
    fn on_event(&mut self, _: &mut Context, event: &Event) -> Result {
        event.number("by").map(|by: i64| self.0 += by).ok_or(event.unknown())
    }
}
// It ends here.

#[test]
fn it_is_that_of_the_example() {
    let (source, example) = (include_str!("readme.rs"), include_str!("../../../transport-smol/examples/counter.rs"));
    let played = source.split("begins here.\n").nth(1).and_then(|rest| rest.split("// It ends here.").next());
    assert!(example.contains(played.expect("it is marked")), "the example has another counter than this file");
}

#[test]
fn it_counts() {
    let mut routes = routes();
    let counter = routes.component("counter", |_, start| Ok(Counter(start))).expect("a new name");
    show(&mut routes, "/", counter, 0);
    let site = Site::new(routes, ());
    let page = site.visit("/").unwrap();
    assert_eq!(page.text("p"), "Counter: 0");
    page.click_text("+1");
    page.click_text("+1");
    assert_eq!(page.text("p"), "Counter: 2");
}

#[test]
fn its_patch_is_what_the_readme_says() {
    let mut renderer = Renderer::new(1);
    let mut view = renderer.mount(&Counter(0).render(), None).unwrap();
    let mut patch = Vec::new();
    assert!(renderer.update(&mut view, &Counter(1).render(), None, &mut patch).unwrap());
    assert_eq!(patch, b"[1,1]");
}
