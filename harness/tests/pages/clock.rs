//! Timers, keys, throttled events, commands, other pages.

use crate::{MS, failure, routes, show};
use lazuli::html::Render;
use lazuli::{Component, Context, Event, Flash, Result, Scroll, Timer, html};
use lazuli_harness::page::{Command, Site};
use serde_json::json;
use std::time::Duration;

/// Beats every second, and sends what a test of commands needs.
struct Clock {
    beats: u32,
    keys: String,
}

impl Component for Clock {
    fn render(&self) -> impl Render {
        html! {
            time { (self.beats) }
            output { (&self.keys) }
            input class="keys" on:keydown.enter="key" on:focus="seen" on:blur="seen" data-what="field";
            button class="often" on:click="often" spark-throttle="100" { "Often" }
            input class="scroll" type="range" on:input="moved" spark-throttle="100";
            button class="all" on:click="all" { "All" }
            button class="next" on:click="next" { "Next" }
            button class="off" disabled { "Off" }
            p on:saved="saved" { "Saved" }
        }
    }

    fn on_mount(&mut self, cx: &mut Context) -> Result {
        cx.set_interval("beat", Duration::from_secs(1));
        Ok(())
    }

    fn on_timer(&mut self, _: &mut Context, _: Timer) -> Result {
        self.beats += 1;
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "all" => {
                cx.flash(Flash::Warning, "careful");
                cx.focus(".keys");
                cx.scroll("", Scroll::Bottom);
                cx.dispatch("p", "saved", &json!({ "id": 7 }));
                cx.call("confetti", &[1, 2]);
            }
            "next" => cx.navigate("/next"),
            "key" => self.keys += &format!("{} ", event.get("key").unwrap_or_default()),
            "seen" => self.keys += &format!("{} ", event.get("what").unwrap_or_default()),
            "moved" => self.keys += &format!("{} ", event.get("value").unwrap_or_default()),
            other => self.keys += &format!("{other} "),
        }
        Ok(())
    }
}

fn clock() -> Site {
    let mut routes = routes();
    let clock = routes.component("clock", |_, beats| Ok(Clock { beats, keys: String::new() })).unwrap();
    show(&mut routes, "/clock", clock.clone(), 5);
    show(&mut routes, "/next", clock, 70);
    Site::new(routes, ())
}

#[test]
fn timers_keys_and_commands() {
    let site = clock();
    let page = site.visit("/clock").unwrap();
    site.wait(Duration::from_millis(2_500));
    assert_eq!(page.text("time"), "7");
    page.key(".keys", "a");
    page.key(".keys", "Enter");
    page.blur(".keys");
    assert_eq!(page.text("output"), "field Enter field");
    page.click_text("All");
    let target = |target: &str| target.to_owned();
    let commands = [
        Command::Focus { target: target(".keys") },
        Command::Scroll { target: target(""), to: "bottom".into() },
        Command::Dispatch { target: target("p"), event: "saved".into(), detail: json!({ "id": 7 }) },
        Command::Call { name: "confetti".into(), data: json!([1, 2]) },
    ];
    assert_eq!(page.commands(), commands);
    assert!(page.is_focused(".keys"));
    assert_eq!(page.text("output"), "field Enter field field saved");
    assert_eq!(page.flashes(), [(Flash::Warning, "careful".into())]);
    assert!(failure(|| page.click(".off")).starts_with(".off: it is disabled"));
    page.fire("p", "saved");
    assert!(page.text("output").ends_with("saved saved"));
    page.click_text("Next");
    assert_eq!((page.url(), page.text("time")), ("/next".into(), "70".into()));
    assert_eq!(site.stats().components, 1, "the one of the page before is unmounted");
    page.reload();
    site.wait(Duration::from_secs(1));
    assert_eq!(page.text("time"), "71");
}

#[test]
fn a_throttled_event_comes_at_once_and_then_in_its_turn() {
    let site = clock();
    let page = site.visit("/clock").unwrap();
    for _ in 0..5 {
        page.click_text("Often");
    }
    assert_eq!(page.text("output"), "often", "of clicks only the first");
    site.wait(100 * MS);
    page.click_text("Often");
    assert_eq!(page.text("output"), "often often");
    for value in ["1", "2", "3"] {
        page.change(".scroll", value);
    }
    assert_eq!(page.text("output"), "often often 1");
    site.wait(100 * MS);
    assert_eq!(page.text("output"), "often often 1 3", "of the others the latest");
}
