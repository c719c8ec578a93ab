//! When pages are told: at once, then in one frame for all that has changed, and slow ones once they read again.

mod common;

use common::cluster::Cluster;
use common::components::*;
use common::{World, backplane, quiet};
use lazuli::backplane::Broker;
use lazuli::{Config, Error, Flash, Limits, SlowPolicy};
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

/// Over the backplane, too: what comes back at the same moment would call for the next update without end.
#[test]
fn what_an_update_publishes_waits_for_the_next_one() {
    let worlds = vec![site_with(backplane(0), quiet())];
    let mut cluster = Cluster { worlds, broker: Broker::new(1, 100), up: vec![true] };
    cluster.settle();
    cluster.worlds[0].script.on("mount", |cx, _| {
        cx.join("room");
        Ok(())
    });
    let browser = cluster.worlds[0].mounted();
    cluster.settle();
    cluster.worlds[0].script.on("update", |cx, _| {
        cx.to_room("room").text("again");
        Ok(())
    });
    cluster.worlds[0].event(browser.socket, 1, "poke", json!(null));
    for _ in 0..3 {
        cluster.settle();
        let told = cluster.worlds[0].told_components();
        assert_eq!(told[told.len() - 2..], ["update", "heard room: again"], "{told:?}");
        cluster.worlds[0].pass(Duration::from_millis(15));
        assert_eq!(cluster.worlds[0].told_components(), [""; 0]);
        cluster.worlds[0].pass(Duration::from_millis(1));
    }
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

/// Whatever the policy: what was asked for is answered, and components lose nothing.
#[test]
fn policies_drop_what_channels_say_and_nothing_else() {
    for slow in [SlowPolicy::DropOldest, SlowPolicy::KeepLatest] {
        let script = std::sync::Arc::new(common::Script::default());
        let mut routes = site_routes(&script, quiet());
        let limits = Limits { heartbeat: None, waiting: 4_000, slow, ..Limits::spark() };
        routes.spark_with("/lossy", limits, |_| Ok(lazuli::Session::default())).unwrap();
        let config = Config { secret: secret(1), window: 300, ..Config::default() };
        let mut world = World::with(config, routes, script);
        let browser = world.browse_as("/show?n=2", "/lossy");
        world.mount(&browser, 0);
        world.mount(&browser, 1);
        let socket = browser.socket;
        world.script.on("message", |cx, text| {
            cx.text(text);
            Ok(())
        });
        world.say(socket, json!({ "type": "subscribe", "channel": "/chat/a/b", "ref": 1 }));
        world.heard(socket);
        world.fast = false;
        for count in 0..100 {
            world.say(socket, json!({ "type": "message", "channel": "/chat/a/b", "data": format!("echo {count}") }));
            world.event(socket, 1, "add", json!({ "by": 1 }));
            if count % 10 == 0 {
                world.ask(socket, 1, "poke", json!(null));
            }
            world.pass(SOON);
        }
        world.say(socket, json!({ "type": "component_unmount", "component_id": 2, "ref": 2 }));
        world.say(socket, json!({ "type": "ping" }));
        world.script.on("event", |_, _| Err(Error::close(4000, "enough")));
        world.say(socket, json!({ "type": "unsubscribe", "channel": "/chat/a/b", "ref": 3 }));
        assert!(world.stats().dropped > 30 && world.closes.is_empty(), "{slow:?}: {:?}", world.stats());
        world.fast = true;
        let mut heard = Vec::new();
        while let Some(bytes) = world.unreported.remove(&socket) {
            world.sent(socket, bytes);
            heard.extend(world.heard(socket));
        }
        let of = |what: &dyn Fn(&Value) -> bool| heard.iter().filter(|frame| what(frame)).count();
        assert_eq!(of(&|frame| frame["type"] == "reply" && frame["ref"] == 9), 10, "{heard:?}");
        assert_eq!(of(&|frame| frame["ref"] == 2 || frame["ref"] == 3 || frame["type"] == "pong"), 3, "{heard:?}");
        assert!(of(&|frame| frame["type"] == "message") < 70, "{heard:?}");
        let latest = heard.iter().rfind(|frame| frame.is_array()).unwrap();
        assert_eq!(latest[1], json!([1, 100]), "{heard:?}");
        assert_eq!(of(&|frame| frame.is_array() && frame[1][0] == -6), 0, "no view had to be made whole");
        // A component's end is told, too.
        world.event(socket, 1, "poke", json!(null));
        let gone = world.heard(socket);
        assert_eq!(gone.last().unwrap()["type"], "component_gone", "{gone:?}");
    }
}

/// What must not be dropped is bounded all the same.
#[test]
fn what_no_policy_may_drop_closes_a_socket_that_does_not_read() {
    for slow in [SlowPolicy::Disconnect, SlowPolicy::DropOldest, SlowPolicy::KeepLatest] {
        let script = std::sync::Arc::new(common::Script::default());
        let mut routes = site_routes(&script, quiet());
        let limits = Limits { heartbeat: None, waiting: 4_000, slow, ..Limits::spark() };
        routes.spark_with("/small", limits, |_| Ok(lazuli::Session::default())).unwrap();
        let mut world = World::with(Config { secret: secret(1), window: 200, ..Config::default() }, routes, script);
        for flashes in [false, true] {
            let browser = world.browse_as("/show", "/small");
            world.mount(&browser, 0);
            world.script.on("event", move |cx, _| {
                if flashes {
                    cx.flash(Flash::Info, "again");
                }
                Ok(())
            });
            world.fast = false;
            for _ in 0..200 {
                match flashes {
                    false => world.ask(browser.socket, 1, "poke", json!(null)),
                    true => world.event(browser.socket, 1, "poke", json!(null)),
                }
                world.pass(SOON);
                assert!(world.hub.waiting(browser.socket) <= 4_000);
            }
            let stats = world.stats();
            assert_eq!((world.closes.len(), stats.overflowed), (1, 1 + u64::from(flashes)), "{slow:?}");
            world.fast = true;
            world.pass(Duration::from_secs(6));
            assert_eq!(world.closes.remove(0).code, 1013);
        }
    }
}

#[test]
fn commands_that_were_sent_wait_no_more() {
    let script = std::sync::Arc::new(common::Script::default());
    let mut routes = site_routes(&script, quiet());
    let limits = Limits { heartbeat: None, waiting: 1_000, ..Limits::spark() };
    routes.spark_with("/small", limits, |_| Ok(lazuli::Session::default())).unwrap();
    let mut world = World::with(Config { secret: secret(1), window: 200, ..Config::default() }, routes, script);
    let browser = world.browse_as("/show", "/small");
    world.mount(&browser, 0);
    world.script.on("event", |cx, _| {
        cx.flash(Flash::Info, &"x".repeat(100));
        Ok(())
    });
    // Far more than may wait at once, for one that reads.
    for _ in 0..100 {
        world.event(browser.socket, 1, "poke", json!(null));
        world.pass(SOON);
    }
    assert_eq!(world.heard(browser.socket).len(), 100);
    // For one that does not, so many until it is too much.
    world.fast = false;
    let mut sent = 0;
    while world.closes.is_empty() {
        world.event(browser.socket, 1, "poke", json!(null));
        world.pass(SOON);
        sent += 1;
    }
    assert!((7..12).contains(&sent), "{sent}");
    assert_eq!(world.closes[0].code, 1013);
}
