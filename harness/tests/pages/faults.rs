//! Callbacks that fail, and connections that are lost.

use crate::{failure, routes, show};
use lazuli::html::Render;
use lazuli::{Component, Context, Error, Event, Result, html};
use lazuli_harness::page::Site;

/// Fails when it is told to.
struct Fragile(u32);

impl Component for Fragile {
    fn render(&self) -> impl Render {
        html! { b { (self.0) } button on:click="add" { "add" } button on:click="fail" { "fail" } button on:click="panic" { "panic" } button on:click="sing" { "sing" } }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "add" => self.0 += 1,
            "fail" => {
                self.0 += 100;
                return Err(Error::reply("not today"));
            }
            "panic" => panic!("on purpose"),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

fn fragile() -> Site {
    let mut routes = routes();
    let fragile = routes.component("fragile", |_, start| Ok(Fragile(start))).unwrap();
    show(&mut routes, "/fragile", fragile, 3);
    Site::new(routes, ())
}

#[test]
fn after_an_error_the_page_stays_and_after_a_panic_it_is_made_anew() {
    let site = fragile();
    let page = site.visit("/fragile").unwrap();
    page.click_text("add");
    page.click_text("fail");
    let failed = failure(|| drop(page.texts("b")));
    assert!(failed.contains("went wrong before") && failed.contains("not today"), "{failed}");
    page.click_text("fail");
    assert_eq!((page.errors(), page.text("b")), (vec!["not today".to_owned()], "4".into()), "the last good state");
    page.click_text("add");
    assert_eq!(page.text("b"), "205", "what the callback changed is there with the next render");
    page.click_text("panic");
    assert_eq!(page.errors().len(), 1);
    assert_eq!(page.text("b"), "3", "the props of the page");
    page.click_text("add");
    assert_eq!(page.text("b"), "4");
    page.click_text("sing");
    let failed = failure(|| page.click_text("add"));
    assert!(failed.contains("went wrong before") && failed.contains("Unknown event: sing"), "{failed}");
}

#[test]
fn a_lost_connection_comes_back() {
    let site = fragile();
    let page = site.visit("/fragile").unwrap();
    page.click_text("add");
    page.disconnect();
    page.click_text("add");
    page.click_text("add");
    assert_eq!((page.text("b"), site.stats().components), ("4".into(), 0), "it shows what it showed");
    page.reconnect();
    assert_eq!(page.text("b"), "5", "a fresh mount, and then what waited");
    page.click_text("add");
    assert_eq!(page.text("b"), "6");
}

#[test]
fn a_message_that_is_too_large_ends_the_connection() {
    let mut routes = routes();
    let mut limits = lazuli::Limits::default();
    limits.frames.text = 1_000;
    struct Quiet;
    impl lazuli::Channel for Quiet {
        fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
            Ok(())
        }
    }
    routes.channel_with("/quiet", limits, |_| Ok(Quiet)).unwrap();
    let site = Site::new(routes, ());
    let client = site.connect("/quiet").unwrap();
    client.send(&"x".repeat(1_000));
    assert_eq!((client.closed(), site.stats().connections), (None, 1));
    client.send(&"x".repeat(1_001));
    assert_eq!((client.closed().unwrap().0, site.stats().connections), (1009, 0));
}
