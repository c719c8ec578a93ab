//! What goes wrong in components, and what hostile peers send them.

mod common;

use common::components::*;
use common::quiet;
use lazuli::{Config, Error, Flash};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(16);

fn failed(message: &str, fresh: bool) -> Value {
    json!({ "type": "component_error", "component_id": 1, "message": message, "fresh": fresh })
}

fn refusal(payload: Value) -> Value {
    json!({ "type": "reply", "ref": 9, "status": "error", "payload": payload })
}

#[test]
fn an_error_leaves_the_page_as_it_is() {
    let mut world = site();
    let browser = world.mounted();
    world.script.on("event", |cx, _| {
        cx.join("never");
        cx.flash(Flash::Info, "never");
        cx.set_timer("never", Duration::from_secs(1));
        Err(Error::validation("no").with_code("NO"))
    });
    world.ask(browser.socket, 1, "add", json!({ "by": 5 }));
    let payload = json!({ "type": "error", "message": "Validation failed: no", "code": "NO" });
    assert_eq!(world.heard(browser.socket), [refusal(payload)], "told once");
    assert_eq!((world.hub.count("never"), world.stats().errors), (0, 1));
    world.pass(SOON);
    // Without a ref, only the page is told.
    world.event(browser.socket, 1, "poke", json!(null));
    assert_eq!(world.heard(browser.socket), [failed("Validation failed: no", false)]);
    world.pass(SOON);
    // What an internal error is about is for the log.
    world.script.on("event", |_, _| Ok("x".parse::<u8>().map(drop)?));
    world.event(browser.socket, 1, "poke", json!(null));
    assert_eq!(world.heard(browser.socket), [failed("Internal server error", false)]);
}

#[test]
fn a_page_that_asks_for_the_whole_gets_it_though_the_update_fails() {
    let mut world = site();
    let browser = world.mounted();
    let socket = browser.socket;
    world.event(socket, 1, "add", json!({ "by": 5 }));
    world.heard(socket);
    world.pass(SOON);
    world.script.on("update", |_, _| Err(Error::reply("not now")));
    let resync = json!({ "type": "component_resync", "component_id": 1, "ref": 9 });
    world.say(socket, resync.clone());
    let whole = json!([1, [-6, WIDGET.name, 5, ""]]);
    assert_eq!(world.heard(socket), [answered(), whole.clone(), failed("not now", false)]);
    // Who has not asked gets nothing but the message.
    world.pass(SOON);
    world.event(socket, 1, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(socket), [failed("not now", false)]);
    // Made anew, or gone: then that is what it is told.
    world.pass(SOON);
    world.script.on("update", |_, _| panic!("never again"));
    world.say(socket, resync.clone());
    world.pass(SOON);
    let anew = json!([1, [-6, WIDGET.name, 0, ""]]);
    assert_eq!(world.heard(socket), [answered(), failed("Internal server error", true), anew]);
    world.pass(SOON);
    world.script.on("update", |_, _| Err(Error::close(4000, "enough")));
    world.say(socket, resync);
    let gone = json!({ "type": "component_gone", "component_id": 1, "reason": "enough" });
    assert_eq!(world.heard(socket), [answered(), gone]);
}

#[test]
fn an_event_that_does_not_exist_is_an_error() {
    let mut world = site();
    let browser = world.mounted();
    for name in ["sing", "__proto__", "constructor", "toString", "", "Poke", "\u{2028}"] {
        world.ask(browser.socket, 1, name, json!({}));
        let heard = world.heard(browser.socket);
        assert_eq!(heard[0]["payload"]["code"], "UNKNOWN_EVENT", "{name:?}");
        world.pass(SOON);
        world.heard(browser.socket);
    }
    for data in [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "by": "one" }),
        json!({ "by": "1.5" }),
        json!({ "by": "" }),
        json!({ "by": null }),
    ] {
        world.ask(browser.socket, 1, "add", data.clone());
        let message = world.heard(browser.socket)[0]["payload"]["message"].clone();
        assert!(message.as_str().unwrap().starts_with("Invalid message format: "), "{data}: {message}");
        world.pass(SOON);
        world.heard(browser.socket);
    }
    assert_eq!(world.told_components(), [""; 0]);
    world.event(browser.socket, 1, "add", json!({ "by": 1, "__proto__": { "x": 1 }, "more": [] }));
    assert_eq!(world.heard(browser.socket), [json!([1, [1, 1]])], "the session is unharmed");
}

#[test]
fn frames_that_are_none_get_an_error_and_change_nothing() {
    let mut world = site();
    let browser = world.mounted();
    let deep =
        format!(r#"{{"type":"component_event","component_id":1,"event":"poke","data":{}}}"#, "[".repeat(100_000));
    for (text, code) in [
        (&*deep, "INVALID_JSON"),
        (r#"{"type":"component_mount"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_mount","token":"x"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_mount","token":1,"ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_mount","token":null,"ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_mount","token":"x","fresh":"yes","ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_mount","token":"x","token":"y","ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":"1","event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":-1,"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1.5,"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":4294967296,"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":null,"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":[1],"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1,"event":null}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1,"event":{}}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1,"event":"\ud800"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1,"event":"poke","event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":1,"component_id":1,"event":"poke"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_event","component_id":0,"event":"poke"}"#, "NOT_MOUNTED"),
        (r#"{"type":"component_event","component_id":2,"event":"poke"}"#, "NOT_MOUNTED"),
        (r#"{"type":"component_resync"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_resync","component_id":9}"#, "NOT_MOUNTED"),
        (r#"{"type":"component_unmount","component_id":{}}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_unmount","component_id":4294967295}"#, "NOT_MOUNTED"),
        (r#"{"type":"template","ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"template","name":["x"],"ref":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"template","name":"x"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"component_sing","component_id":1}"#, "INVALID_MESSAGE"),
    ] {
        world.message(browser.socket, text);
        let heard = world.heard(browser.socket);
        let error = if heard[0]["type"] == "reply" { &heard[0]["payload"] } else { &heard[0] };
        let shown: String = text.chars().take(100).collect();
        assert_eq!(
            (heard.len(), &error["type"], &error["code"]),
            (1, &json!("error"), &json!(code)),
            "{shown}: {heard:?}"
        );
    }
    // A number of another socket's component says nothing here.
    let other = world.browse("/show?n=2");
    world.event(other.socket, 1, "poke", json!(null));
    assert_eq!(
        world.heard(other.socket),
        [
            json!({ "type": "error", "message": "No component 1 is mounted here", "code": "NOT_MOUNTED", "component_id": 1 })
        ]
    );
    assert_eq!(world.told_components(), [""; 0]);
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(browser.socket), [json!([1, [1, 1]])]);
}

#[test]
fn a_mount_that_fails_leaves_nothing() {
    let mut world = site();
    let browser = world.browse("/show?n=2");
    let refused = |expected: Value, world: &mut common::World| {
        let reply = world.try_mount(browser.socket, &browser.tokens[0]);
        let mut payload = json!({ "type": "error", "code": "REFUSED" });
        payload.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        assert_eq!(reply["payload"], payload);
        assert_eq!((world.hub.count("room"), world.stats().components, world.stats().users), (0, 0, 0));
        assert_eq!(world.hub.poll_timeout(), None);
    };
    world.script.on("mount", |cx, _| {
        cx.join("room");
        cx.identify("ada");
        Err(Error::denied("not you"))
    });
    refused(json!({ "message": "Access denied: not you", "close": 1008 }), &mut world);
    world.script.on("mount", |cx, _| {
        cx.join("room");
        cx.set_timer("t", Duration::from_secs(1));
        panic!("no")
    });
    refused(json!({ "message": "Internal server error", "close": 1011 }), &mut world);
    world.script.on("mount", |_, _| Ok(()));
    assert_eq!(world.mount(&browser, 1), 3, "a number is not given twice");
    assert_eq!(*world.script.dropped.lock().unwrap(), 4);
}

#[test]
fn after_a_panic_a_component_is_made_anew() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        cx.join("room");
        cx.identify("ada");
        cx.set_timer("tick", Duration::from_secs(5));
        Ok(())
    });
    let browser = world.browse("/show?n=2&start=5");
    world.mount(&browser, 0);
    world.mount(&browser, 1);
    let socket = browser.socket;
    world.event(socket, 1, "add", json!({ "by": 1 }));
    world.heard(socket);
    world.pass(SOON);
    world.script.on("event", |cx, what| {
        cx.join("other");
        if what == "poke" {
            panic!("crash");
        }
        Ok(())
    });
    world.script.told();
    world.ask(socket, 1, "poke", json!(null));
    let payload = json!({ "type": "error", "message": "Internal server error", "code": "INTERNAL_ERROR" });
    assert_eq!(world.heard(socket), [refusal(payload), json!([1, [-6, WIDGET.name, 5, ""]])]);
    assert_eq!(world.told_components(), ["event poke", "mount"], "it is not told that it was unmounted");
    assert_eq!((world.hub.count("room"), world.hub.count("other"), world.stats().panics), (2, 0, 1));
    assert_eq!((world.stats().components, world.stats().users), (2, 1));
    // It goes on as if nothing had been, under its number; so does the other one.
    world.pass(SOON);
    world.event(socket, 1, "add", json!({ "by": 1 }));
    world.event(socket, 2, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(socket), [json!([1, [1, 6]])]);
    world.pass(SOON);
    assert_eq!(world.heard(socket), [json!([2, [1, 7]])]);
    assert_eq!(world.stats().timers, 2);
}

#[test]
fn a_render_that_panics_does_so_too() {
    let mut world = site();
    let browser = world.mounted();
    world.event(browser.socket, 1, "note", json!({ "text": BAD }));
    world.pass(SOON);
    let whole = json!([1, [-6, WIDGET.name, 0, ""]]);
    assert_eq!(world.heard(browser.socket), [failed("Internal server error", true), whole.clone()]);
    world.script.on("update", |_, _| panic!("in an update"));
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    world.pass(2 * SOON);
    assert_eq!(world.heard(browser.socket), [failed("Internal server error", true), whole]);
    world.script.on("update", |_, _| Err(Error::reply("not now")));
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    world.pass(SOON);
    assert_eq!(world.heard(browser.socket), [failed("not now", false)]);
    world.script.on("update", |_, _| Ok(()));
    world.event(browser.socket, 1, "poke", json!(null));
    world.pass(SOON);
    assert_eq!(world.heard(browser.socket), [json!([1, [1, 1]])], "what was changed meanwhile is shown");
}

#[test]
fn a_component_that_panics_again_at_once_is_given_up() {
    let mut world = site();
    let browser = world.browse("/show?n=2");
    world.mount(&browser, 0);
    world.mount(&browser, 1);
    world.script.on("event", |_, _| panic!("crash"));
    world.script.on("mount", |_, _| panic!("again"));
    world.event(browser.socket, 1, "poke", json!(null));
    let gone = json!({ "type": "component_gone", "component_id": 1, "reason": "Internal server error" });
    assert_eq!(world.heard(browser.socket), [gone]);
    assert_eq!((world.stats().components, world.closes.len()), (1, 0));
    // What it says to itself when it is mounted makes it panic: that is at once as well.
    world.script.on("mount", |cx, _| {
        cx.text("me");
        Ok(())
    });
    world.script.on("heard", |_, _| panic!("crash"));
    world.event(browser.socket, 2, "poke", json!(null));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(browser.socket)[0]["type"], "component_gone");
    assert_eq!((world.stats().components, world.closes.len()), (0, 0));
    // But one that panics now and then goes on.
    world.script.on("mount", |_, _| Ok(()));
    world.mount(&browser, 0);
    for _ in 0..10 {
        world.event(browser.socket, 3, "poke", json!(null));
        world.pass(Duration::from_secs(1));
        assert_eq!(world.heard(browser.socket).len(), 2);
    }
    assert_eq!(world.stats().components, 1);
}

#[test]
fn messages_in_circles_come_to_an_end() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        cx.join("room");
        Ok(())
    });
    world.script.on("heard", |cx, _| {
        cx.to_room("room").text("echo");
        Ok(())
    });
    let browser = world.browse("/show?n=2");
    world.mount(&browser, 0);
    world.mount(&browser, 1);
    world.job(|cx| {
        cx.to_room("room").text("hello");
        Ok(())
    });
    assert!(world.stats().circles > 0);
    assert!(world.logs.iter().any(|record| record.what == "components send each other messages in circles"));
    assert_eq!(world.stats().components, 2);
    // The next input has a fresh start.
    world.script.on("heard", |_, _| Ok(()));
    world.pass(SOON);
    world.job(|cx| {
        cx.to_room("room").text("again");
        Ok(())
    });
    world.pass(SOON);
    let heard = world.heard(browser.socket);
    assert_eq!(heard.last().unwrap(), &json!([1, [2, "room: again"], 2, [2, "room: again"]]));
}

#[test]
fn an_update_that_calls_for_the_next_one_waits_for_its_moment() {
    let mut world = site();
    let browser = world.mounted();
    world.script.on("update", |cx, _| {
        cx.text("myself");
        cx.flash(Flash::Info, "updated");
        Ok(())
    });
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    world.pass(Duration::from_secs(1));
    let updates = world.told_components().iter().filter(|told| *told == "update").count();
    assert!((55..=65).contains(&updates), "{updates} in a second");
}

#[test]
fn patches_at_most_so_often_is_a_setting() {
    let mut world = site_with(Config { patches: Duration::from_secs(1), ..Config::default() }, quiet());
    let browser = world.mounted();
    for _ in 0..100 {
        world.event(browser.socket, 1, "add", json!({ "by": 1 }));
        world.pass(Duration::from_millis(100));
    }
    assert_eq!(world.heard(browser.socket).len(), 11, "at its start, and each second");
}
