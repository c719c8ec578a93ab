//! The counter of the README, played.

#![allow(dead_code, reason = "the example's `main`")]

include!("../../../transport-smol/examples/counter.rs");

use crate::{routes, show};
use lazuli_harness::page::Site;

#[test]
fn the_counter_of_the_readme_counts() {
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
    let mut renderer = html::Renderer::new(1);
    let mut view = renderer.mount(&Counter(0).render(), None).unwrap();
    let mut patch = Vec::new();
    assert!(renderer.update(&mut view, &Counter(1).render(), None, &mut patch).unwrap());
    assert_eq!(patch, b"[1,1]");
}
