//! When pages are told: at once, then in one frame for all that has changed, and slow ones once they read again.

mod common;

use common::components::*;
use common::{World, quiet};
use lazuli::{Config, Flash, Limits};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(16);

#[test]
fn the_first_change_goes_at_once_and_the_next_ones_together() {
    let mut world = site();
    let browser = world.browse("/show?n=3");
    for place in 0..3 {
        assert_eq!(world.mount(&browser, place), place as u64 + 1);
    }
    let socket = browser.socket;
    world.event(socket, 2, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(socket), [json!([2, [1, 2]])]);
    world.now = world.now + Duration::from_millis(1);
    for _ in 0..5 {
        world.event(socket, 2, "add", json!({ "by": 1 }));
        world.event(socket, 3, "add", json!({ "by": 10 }));
    }
    world.event(socket, 1, "note", json!({ "text": "x" }));
    world.pass(Duration::from_millis(14));
    assert_eq!(world.heard(socket), [json!(null); 0]);
    world.script.told();
    world.pass(Duration::from_millis(1));
    assert_eq!(world.heard(socket), [json!([2, [1, 7], 3, [1, 52], 1, [2, "x"]])], "one frame for all of them");
    assert_eq!(world.told_components(), ["update"; 3], "once for each");
    // After a while the next change is a first one again.
    world.pass(SOON);
    world.event(socket, 1, "note", json!({ "text": "y" }));
    assert_eq!(world.heard(socket), [json!([1, [2, "y"]])]);
    assert_eq!(world.stats().patches, 5);
}

#[test]
fn what_changes_nothing_holds_up_nothing() {
    let mut world = site();
    let browser = world.mounted();
    let socket = browser.socket;
    // At one moment, and a little later.
    world.event(socket, 1, "poke", json!(null));
    world.event(socket, 1, "poke", json!(null));
    world.event(socket, 1, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(socket), [json!([1, [1, 1]])]);
    world.pass(SOON);
    world.event(socket, 1, "poke", json!(null));
    world.event(socket, 1, "poke", json!(null));
    world.pass(Duration::from_millis(5));
    world.event(socket, 1, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(socket), [json!([1, [1, 2]])]);
}

#[test]
fn what_an_update_leads_to_waits_for_the_next_one() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        cx.join("room");
        Ok(())
    });
    let browser = world.mounted();
    world.script.on("update", |cx, _| {
        cx.to_room("room").text("again");
        Ok(())
    });
    world.event(browser.socket, 1, "poke", json!(null));
    assert_eq!(world.told_components(), ["event poke", "update", "heard room: again"]);
    world.pass(Duration::from_millis(15));
    assert_eq!(world.told_components(), [""; 0]);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.told_components(), ["update", "heard room: again"], "in circles, but no faster than patches");
}

#[test]
fn a_slow_browser_gets_one_patch_to_the_present() {
    let mut world = site_with(Config { window: 200, ..Config::default() }, quiet());
    let browser = world.browse("/show?n=2");
    world.mount(&browser, 0);
    world.mount(&browser, 1);
    let socket = browser.socket;
    world.fast = false;
    // Until something waits.
    for _ in 0..100 {
        world.event(socket, 1, "add", json!({ "by": 1 }));
        world.pass(SOON);
    }
    let before = world.heard(socket).len();
    assert!(before < 30, "{before} frames");
    let waiting = world.hub.waiting(socket);
    assert!(waiting > 0 && waiting < 100, "{waiting} bytes wait");
    for _ in 0..1_000 {
        world.event(socket, 2, "add", json!({ "by": 1 }));
        world.event(socket, 1, "add", json!({ "by": 1 }));
        world.pass(SOON);
        assert_eq!(world.hub.waiting(socket), waiting, "what changes meanwhile does not add up");
    }
    assert_eq!(world.heard(socket), [json!(null); 0]);
    world.fast = true;
    let bytes = world.unreported.remove(&socket).unwrap();
    world.sent(socket, bytes);
    let heard = world.heard(socket);
    assert_eq!(heard.len(), 2, "what waited, and one patch: {heard:?}");
    let patches = heard[1].as_array().unwrap();
    assert_eq!(patches.len(), 4);
    let all = |component: u64, patches: &[Value]| {
        patches.chunks(2).find(|pair| pair[0] == component).map(|pair| pair[1].clone()).unwrap()
    };
    assert_eq!((all(1, patches), all(2, patches)), (json!([1, 1_100]), json!([1, 1_001])));
}

#[test]
fn a_policy_that_drops_frames_makes_views_whole_again() {
    let script = std::sync::Arc::new(common::Script::default());
    let mut routes = site_routes(&script, quiet());
    let limits = Limits { heartbeat: None, slow: lazuli::SlowPolicy::KeepLatest, ..Limits::spark() };
    routes.spark_with("/latest", limits, |_| Ok(lazuli::Session::default())).unwrap();
    let config = Config { secret: secret(1), window: 120, ..Config::default() };
    let mut world = World::with(config, routes, script);
    let browser = world.browse_as("/show", "/latest");
    world.mount(&browser, 0);
    let socket = browser.socket;
    world.fast = false;
    for _ in 0..20 {
        world.event(socket, 1, "add", json!({ "by": 1 }));
        world.pass(SOON);
    }
    // A pong pushes the patch out that waits.
    world.say(socket, json!({ "type": "ping" }));
    assert!(world.stats().dropped > 0);
    world.fast = true;
    world.heard(socket);
    let bytes = world.unreported.remove(&socket).unwrap();
    world.sent(socket, bytes);
    world.pass(SOON);
    let heard = world.heard(socket);
    assert_eq!(heard.last().unwrap(), &json!([1, [-6, WIDGET.name, 20, ""]]));
}

#[test]
fn commands_for_a_slow_browser_are_bounded() {
    let script = std::sync::Arc::new(common::Script::default());
    let mut routes = site_routes(&script, quiet());
    let limits = Limits { heartbeat: None, waiting: 4_000, ..Limits::spark() };
    routes.spark_with("/small", limits, |_| Ok(lazuli::Session::default())).unwrap();
    let mut world = World::with(Config { secret: secret(1), window: 200, ..Config::default() }, routes, script);
    let browser = world.browse_as("/show", "/small");
    world.mount(&browser, 0);
    world.script.on("event", |cx, _| {
        cx.flash(Flash::Info, "again");
        Ok(())
    });
    world.fast = false;
    for _ in 0..1_000 {
        world.event(browser.socket, 1, "poke", json!(null));
        world.pass(SOON);
        if !world.closes.is_empty() {
            break;
        }
    }
    assert_eq!((world.closes.len(), world.stats().overflowed), (1, 1));
    world.pass(Duration::from_secs(6));
    assert_eq!(world.closes[0].code, 1013);
}
