//! Live components over a Spark socket: mounted, changed, told, gone.

mod common;

use common::components::*;
use common::{World, job, quiet};
use lazuli::{Cause, Command, Config, Error, Flash, Frame, Input, Kind, Limits, Rate, Receivers, Scroll};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(16);

#[test]
fn a_mounted_component_is_patched() {
    let mut world = site();
    let browser = world.browse("/show?start=5");
    assert_eq!(world.mount(&browser, 0), 1);
    assert_eq!(world.told_components(), ["mount"]);
    world.ask(browser.socket, 1, "add", json!({ "by": 2 }));
    assert_eq!(world.heard(browser.socket), [answered(), json!([1, [1, 7]])]);
    assert_eq!(world.told_components(), ["event add", "update"]);
    world.now = world.now + SOON;
    world.event(browser.socket, 1, "note", json!({ "text": "<é>" }));
    assert_eq!(world.heard(browser.socket), [json!([1, [2, "<é>"]])]);
    let stats = world.stats();
    assert_eq!((stats.components, stats.channels, stats.connections), (1, 0, 1));
    assert_eq!(stats.patches, 2);
    assert_eq!(stats.patch_bytes, r#"[1,7]"#.len() as u64 + r#"[2,"<é>"]"#.len() as u64);
    let route = stats.routes.iter().find(|route| &*route.route == "widget").unwrap();
    assert_eq!((route.connections, route.opened, route.messages_in), (1, 1, 2));
}

#[test]
fn mounting_what_a_page_shows_already_costs_little() {
    let mut world = site();
    let browser = world.browse("/show?start=5");
    let said = json!({ "type": "component_mount", "token": browser.tokens[0], "ref": 1 }).to_string();
    world.message(browser.socket, &said);
    let got = world.got(browser.socket);
    assert_eq!(got, [r#"{"type":"reply","ref":1,"status":"ok","payload":[1]}"#]);
    let beside_the_token = said.len() - browser.tokens[0].len() + got[0].len();
    assert!(beside_the_token <= 100, "{beside_the_token} bytes");
}

#[test]
fn a_page_that_shows_something_else_gets_the_whole() {
    let mut world = site();
    // What the component joins while it is mounted changes nothing of what it shows; what its mount changes does.
    let browser = world.browse("/show?start=5");
    let fresh = json!({ "type": "component_mount", "token": browser.tokens[0], "fresh": true, "ref": 1 });
    world.say(browser.socket, fresh);
    let whole = json!([-6, WIDGET.name, 5, ""]);
    assert_eq!(
        world.heard(browser.socket),
        [json!({ "type": "reply", "ref": 1, "status": "ok", "payload": [1, whole] })]
    );
    world.say(browser.socket, json!({ "type": "component_resync", "component_id": 1, "ref": 2 }));
    let done = json!({ "type": "reply", "ref": 2, "status": "ok", "payload": null });
    assert_eq!(world.heard(browser.socket), [done, json!([1, whole])]);
    world.now = world.now + SOON;
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(browser.socket), [json!([1, [1, 6]])], "only what changed since");
}

#[test]
fn a_render_that_changes_nothing_sends_nothing() {
    let mut world = site();
    let browser = world.mounted();
    world.event(browser.socket, 1, "poke", json!(null));
    world.event(browser.socket, 1, "add", json!({ "by": 0 }));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(browser.socket), [json!(null); 0]);
    assert_eq!(world.hub.poll_timeout(), None, "and nothing is left to do");
}

#[test]
fn every_callback_is_shown() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        cx.join("room");
        cx.identify("ada");
        cx.set_timer("tick", Duration::from_secs(1));
        Ok(())
    });
    let browser = world.mounted();
    let socket = browser.socket;
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(socket), [json!([1, [1, 1]])]);
    let shown = |world: &mut World, note: &str| {
        assert_eq!(world.heard(socket), [json!([1, [2, note]])]);
        world.pass(SOON);
    };
    world.pass(SOON);
    world.job(|cx| {
        cx.to_room("room").event(common::Event::Word("event"));
        Ok(())
    });
    shown(&mut world, "event");
    world.job(|cx| {
        cx.to_room("room").text("hello");
        Ok(())
    });
    shown(&mut world, "room: hello");
    world.job(|cx| {
        cx.to_user("ada").text("for ada");
        Ok(())
    });
    shown(&mut world, "-: for ada");
    world.job(|cx| {
        cx.to_all().binary(&[1]);
        Ok(())
    });
    shown(&mut world, "-: binary");
    let command = |to, text: &str| Input::Command(Command::send(to, Frame::new(Kind::Text, text.as_bytes())));
    world.input(command(Receivers::Rooms(vec!["room".into()]), "outside"));
    shown(&mut world, "room: outside");
    world.input(command(Receivers::Users(vec!["ada".into()]), "to ada"));
    shown(&mut world, "-: to ada");
    world.script.on("event", |cx, _| {
        cx.text("to myself");
        cx.to_others("room").text("not to myself");
        cx.ping(b"x");
        Ok(())
    });
    world.event(socket, 1, "poke", json!(null));
    assert_eq!(world.heard(socket), [json!("ping [120]"), json!([1, [2, "-: to myself"]])]);
}

#[test]
fn rooms_join_sockets_channels_and_components() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        cx.join("room");
        Ok(())
    });
    world.script.on("connect", |cx, _| {
        cx.join("room");
        Ok(())
    });
    let raw = world.open();
    let first = world.browse("/show?n=2");
    let second = world.browse("/show");
    world.mount(&first, 0);
    world.mount(&first, 1);
    world.mount(&second, 0);
    world.say(first.socket, json!({ "type": "subscribe", "channel": "/probe", "ref": 1 }));
    world.heard(first.socket);
    assert_eq!(world.hub.count("room"), 5);
    world.script.on("event", |cx, _| {
        cx.to_others("room").text("hi");
        Ok(())
    });
    world.sends.clear();
    world.event(first.socket, 1, "poke", json!(null));
    assert_eq!(world.got(raw), ["hi"]);
    let message = json!({ "type": "message", "channel": "/probe", "data": "hi" });
    assert_eq!(world.heard(first.socket), [message.clone(), json!([2, [2, "room: hi"]])]);
    assert_eq!(world.heard(second.socket), [json!([1, [2, "room: hi"]])]);
    // Several rooms: still once for each; and a client on a path of its own is heard.
    world.pass(SOON);
    world.run(raw, |cx| {
        cx.to_rooms(["room", "other", "room"]).text("ho");
        Ok(())
    });
    assert_eq!(world.heard(second.socket), [json!([1, [2, "room: ho"]])]);
    let heard = world.heard(first.socket);
    assert_eq!(heard[1], json!([1, [2, "room: ho"], 2, [2, "room: ho"]]));
    let told = world.told_components();
    assert_eq!(told.iter().filter(|told| *told == "heard room: ho").count(), 3);
    world.closed(first.socket, Cause::Lost);
    assert_eq!((world.hub.count("room"), world.stats().components), (2, 1));
    assert_eq!(world.told_components().iter().filter(|told| *told == "unmount").count(), 2);
}

#[test]
fn a_socket_may_have_so_many_components_and_gives_no_number_twice() {
    let script = std::sync::Arc::new(common::Script::default());
    let mut routes = site_routes(&script, quiet());
    let limits = Limits { heartbeat: None, components: 2, ..Limits::spark() };
    routes.spark_with("/small", limits, |_| Ok(lazuli::Session::default())).unwrap();
    let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, script);
    let browser = world.browse_as("/show?n=2", "/small");
    assert_eq!((world.mount(&browser, 0), world.mount(&browser, 1)), (1, 2));
    let refused = world.try_mount(browser.socket, &browser.tokens[0]);
    assert_eq!(refused["payload"]["code"], "TOO_MANY_COMPONENTS");
    world.script.told();
    world.say(browser.socket, json!({ "type": "component_unmount", "component_id": 1, "ref": 3 }));
    assert_eq!(world.heard(browser.socket), [json!({ "type": "reply", "ref": 3, "status": "ok", "payload": null })]);
    assert_eq!(world.told_components(), ["unmount"]);
    // A token may be used again: the page shows it still.
    assert_eq!(world.mount(&browser, 0), 3);
    world.event(browser.socket, 1, "poke", json!(null));
    assert_eq!(world.heard(browser.socket)[0]["code"], "NOT_MOUNTED");
}

#[test]
fn commands_follow_the_patch_in_their_order() {
    let mut world = site();
    world.script.on("event", |cx, _| {
        cx.flash(Flash::Success, "done");
        cx.focus("input");
        cx.scroll("", Scroll::Bottom);
        cx.scroll("#log", Scroll::Top);
        cx.set_value("#name", "");
        cx.dispatch("ul", "saved", &json!({ "id": 1 }));
        cx.call("chart", &[1, 2]);
        cx.navigate("/next?page=2");
        cx.redirect("/orders/7");
        cx.redirect_external("https://elsewhere.example/x");
        Ok(())
    });
    let browser = world.mounted();
    let command = |fields: Value| {
        let mut command = json!({ "type": "component_command", "component_id": 1 });
        command.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        command
    };
    let expected = [
        json!({ "type": "component_flash", "level": "success", "message": "done" }),
        command(json!({ "command": "focus", "target": "input" })),
        command(json!({ "command": "scroll", "to": "bottom" })),
        command(json!({ "command": "scroll", "target": "#log", "to": "top" })),
        command(json!({ "command": "set_value", "target": "#name", "value": "" })),
        command(json!({ "command": "dispatch", "target": "ul", "event": "saved", "detail": { "id": 1 } })),
        command(json!({ "command": "call", "name": "chart", "data": [1, 2] })),
        json!({ "type": "component_navigate", "url": "/next?page=2" }),
        json!({ "type": "component_redirect", "url": "/orders/7" }),
        json!({ "type": "component_redirect", "url": "https://elsewhere.example/x", "external": true }),
    ];
    world.ask(browser.socket, 1, "add", json!({ "by": 1 }));
    let heard = world.heard(browser.socket);
    assert_eq!(heard[..2], [answered(), json!([1, [1, 1]])]);
    assert_eq!(heard[2..], expected);
    // They wait for no timer, and bring along what has changed.
    world.now = world.now + Duration::from_millis(1);
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    let heard = world.heard(browser.socket);
    assert_eq!((&heard[0], &heard[1..]), (&json!([1, [1, 2]]), &expected[..]));
}

#[test]
fn a_redirect_that_leads_away_fails_the_callback() {
    let mut world = site();
    let browser = world.mounted();
    for path in ["//evil", "/\t/evil", "\\evil", "/\\evil", "https://evil", "javascript:alert(1)", "", "/a\nb"] {
        for navigate in [false, true] {
            world.script.on("event", move |cx, _| {
                cx.text("never");
                if navigate {
                    cx.navigate(path)
                } else {
                    cx.redirect(path)
                }
                Ok(())
            });
            world.ask(browser.socket, 1, "poke", json!(null));
            let heard = world.heard(browser.socket);
            assert_eq!(heard[0]["payload"]["code"], "INTERNAL_ERROR", "{path:?}");
            world.pass(SOON);
            let all = format!("{heard:?}{:?}", world.heard(browser.socket));
            assert!(!all.contains("component_redirect") && !all.contains("component_navigate"), "{path:?}: {all}");
            assert!(!all.contains("evil"), "{all}");
            let log = world.logs.iter().filter_map(|record| record.detail.as_deref()).next_back().unwrap();
            assert!(
                log.contains("/orders/7") && log.contains("redirect_external"),
                "it says what would be right: {log}"
            );
        }
    }
    for url in
        ["javascript:alert(1)", "//evil", "/own", "https://", "https:///x", "http://a b", "https://a\n", "https:\\\\a"]
    {
        world.script.on("event", move |cx, _| {
            cx.redirect_external(url);
            Ok(())
        });
        world.ask(browser.socket, 1, "poke", json!(null));
        assert_eq!(world.heard(browser.socket)[0]["payload"]["code"], "INTERNAL_ERROR", "{url:?}");
        world.pass(SOON);
        world.heard(browser.socket);
    }
}

#[test]
fn a_channel_has_no_page() {
    let mut world = site();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.flash(Flash::Info, "x");
        Ok(())
    });
    assert!(world.got(conn)[0].contains("Internal server error"));
    let log = world.logs.iter().filter_map(|record| record.detail.as_deref()).next_back().unwrap();
    assert!(log.contains("only a component has a page"), "{log}");
}

#[test]
fn components_of_a_page_talk_by_name() {
    let mut world = site();
    let (page, elsewhere) = (world.browse("/show?n=3"), world.browse("/show?n=2"));
    for place in 0..3 {
        world.mount(&page, place);
    }
    world.mount(&elsewhere, 1);
    world.script.on("event", |cx, what| {
        if what == "poke" {
            cx.to_page("widget", "note", &json!({ "text": "from another" }));
            cx.to_page("other", "add", &json!({ "by": 3 }));
            cx.to_page("nobody", "add", &json!({ "by": 3 }));
        }
        Ok(())
    });
    world.script.told();
    world.event(page.socket, 1, "poke", json!(null));
    assert_eq!(world.heard(page.socket), [json!([2, [2, "from another"], 3, [1, 5]])]);
    assert_eq!(
        world.told_components(),
        ["event poke", "event note from a component", "event add from a component", "update", "update", "update"]
    );
    assert_eq!(world.heard(elsewhere.socket), [json!(null); 0]);
}

#[test]
fn limits_hold_for_components_too() {
    let rate = Rate { per_second: 1, burst: 2 };
    let frames = lazuli::driver::guard::FrameLimits { text: 100, ..Default::default() };
    let mut world = site_with(Config::default(), Limits { rate, frames, rooms: 1, ..quiet() });
    let browser = world.mounted();
    let socket = browser.socket;
    world.script.on("event", |cx, _| {
        cx.join("one");
        cx.join("two");
        Ok(())
    });
    world.ask(socket, 1, "poke", json!(null));
    assert_eq!(world.heard(socket)[0]["payload"]["code"], "TOO_MANY_ROOMS");
    world.ask(socket, 1, "note", json!({ "text": "x".repeat(100) }));
    assert_eq!(world.heard(socket)[0]["payload"]["code"], "TOO_LARGE");
    world.ask(socket, 1, "poke", json!(null));
    assert_eq!(world.heard(socket)[0]["payload"]["code"], "RATE_LIMITED");
    world.event(socket, 1, "poke", json!(null));
    let told = world.heard(socket);
    assert_eq!((&told[0]["code"], &told[0]["component_id"]), (&json!("RATE_LIMITED"), &json!(1)));
    world.ask(socket, 1, "poke", json!(null));
    let heard = world.heard(socket);
    assert_eq!(heard[0]["payload"]["code"], "RATE_LIMITED");
    assert_eq!(heard[1]["type"], "component_gone");
    assert_eq!((world.stats().components, world.closes.len()), (0, 0), "the socket is unharmed");
}

#[test]
fn permissions_end() {
    let mut world = site();
    world.script.on("mount", |cx, _| {
        let at = cx.timestamp().as_unix_micros() + 1_000_000;
        cx.expire_at(lazuli::Timestamp::from_unix_micros(at));
        Ok(())
    });
    let browser = world.mounted();
    world.pass(Duration::from_secs(2));
    world.event(browser.socket, 1, "poke", json!(null));
    assert_eq!(world.heard(browser.socket)[0]["code"], "NOT_AUTHENTICATED");
    world.pass(Duration::from_secs(30));
    let heard = world.heard(browser.socket);
    assert_eq!((&heard[0]["type"], &heard[0]["component_id"]), (&json!("component_gone"), &json!(1)));
    assert_eq!(world.stats().components, 0);
    // A user who is shut out loses components as well.
    world.script.on("mount", |cx, _| {
        cx.identify("ada");
        Ok(())
    });
    world.mount(&browser, 0);
    world.job(|cx| {
        cx.close_user("ada", 1008, "out");
        Ok(())
    });
    let gone = json!({ "type": "component_gone", "component_id": 2, "reason": "out" });
    assert_eq!(world.heard(browser.socket), [gone]);
}

#[test]
fn a_component_closes_itself() {
    let mut world = site();
    let browser = world.mounted();
    world.script.on("event", |cx, _| {
        cx.close(1000, "enough");
        Ok(())
    });
    world.ask(browser.socket, 1, "add", json!({ "by": 1 }));
    let gone = json!({ "type": "component_gone", "component_id": 1, "reason": "enough" });
    assert_eq!(world.heard(browser.socket), [answered(), gone]);
    assert_eq!(world.told_components(), ["event add", "unmount"]);
    world.script.on("event", |_, _| Err(Error::close(4000, "go")));
    assert_eq!(world.mount(&browser, 0), 2);
    world.ask(browser.socket, 2, "poke", json!(null));
    let heard = world.heard(browser.socket);
    assert_eq!((&heard[0]["status"], &heard[1]["reason"]), (&json!("error"), &json!("go")));
}

#[test]
fn a_socket_that_ends_leaves_nothing_behind() {
    let mut world = site();
    let browser = world.mounted();
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    world.event(browser.socket, 1, "add", json!({ "by": 1 }));
    assert!(world.hub.poll_timeout().is_some(), "the second change waits for its moment");
    world.closed(browser.socket, Cause::Lost);
    assert_eq!(world.hub.poll_timeout(), None);
    let stats = world.stats();
    assert_eq!((stats.components, stats.connections, stats.channels, stats.timers), (0, 0, 0, 0));
    assert_eq!(*world.script.dropped.lock().unwrap(), 2, "the first paint's, and the mounted one");
}

#[test]
fn the_application_talks_to_components_by_events_too() {
    let mut world = site();
    let browser = world.mounted();
    let conn = std::sync::Arc::new(std::sync::Mutex::new(None));
    let told = conn.clone();
    world.script.on("event", move |cx, _| {
        *told.lock().unwrap() = Some(cx.conn());
        Ok(())
    });
    world.event(browser.socket, 1, "poke", json!(null));
    let conn = conn.lock().unwrap().unwrap();
    world.input(Input::App(job(move |cx| {
        cx.to_conn(conn).event(common::Event::Word("word"));
        let info = cx.conn_info(conn).unwrap();
        assert_eq!((info.route, info.user), ("widget", None));
        Ok(())
    })));
    world.pass(SOON);
    assert_eq!(world.heard(browser.socket), [json!([1, [2, "word"]])]);
}
