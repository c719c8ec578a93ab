//! Callbacks are transactions: what one records happens when it returns `Ok`, or not at all.

mod common;

use common::*;
use lazuli::log::Level;
use lazuli::{Cause, Channel, Config, Context, Error, Input, Limits, Message, Result, Routes, Timer};
use std::sync::Arc;
use std::sync::mpsc;

/// Records one of everything.
fn record_all(cx: &mut Context<'_, TestApp>, other: lazuli::ConnId) {
    cx.update(|app| app.value += 1);
    cx.text("to me");
    cx.to_conn(other).text("to you");
    cx.to_room("old").text("to the room");
    cx.to_all().text("to all");
    cx.join("new");
    cx.leave("old");
    cx.set_timer("t", seconds(1));
    cx.effect(Order("order".into()));
    cx.to_conn(other).event(Event::Word("word"));
    cx.close_conn(other, 1000, "bye");
}

fn pair() -> (World, lazuli::ConnId, lazuli::ConnId) {
    let mut world = World::default();
    let (a, b) = (world.member("old"), world.member("old"));
    world.forget();
    (world, a, b)
}

/// Of `record_all` by `a`, nothing happened.
fn assert_nothing(world: &mut World, b: lazuli::ConnId) {
    assert_eq!(world.got(b), [""; 0]);
    assert_eq!(world.told(b), [""; 0]);
    assert_eq!(world.hub.app().value, 0);
    assert_eq!((world.hub.count("new"), world.effects.len()), (0, 0));
    assert_eq!((world.stats().rooms, world.stats().timers), (1, 0));
}

#[test]
fn what_a_callback_records_happens_when_it_returns_ok() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        Ok(())
    });
    assert_eq!(world.got(a), ["to me", "to the room", "to all"]);
    assert_eq!(world.got(b), ["to you", "to the room", "to all", "close 1000 bye"]);
    assert_eq!((world.hub.app().value, world.hub.count("new"), world.hub.count("old")), (1, 1, 0));
    assert_eq!((world.stats().timers, &world.effects[..]), (1, &["order".to_owned()][..]));
}

#[test]
fn nothing_happens_before_the_callback_returns() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        assert_eq!(cx.app().value, 0, "the application's state is as it was");
        assert_eq!(cx.members("old").count(), 2);
        assert_eq!(cx.members("new").count(), 0);
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn a_callback_sees_its_own_joins_and_leaves() {
    let (mut world, a, _) = pair();
    world.run(a, |cx| {
        assert!(cx.is_in("old") && !cx.is_in("new"));
        cx.join("new");
        cx.leave("old");
        assert!(!cx.is_in("old") && cx.is_in("new"));
        assert_eq!((cx.count("old"), cx.count("new")), (1, 1));
        cx.join("old");
        cx.join("old");
        cx.leave("new");
        assert_eq!((cx.count("old"), cx.count("new")), (2, 0));
        Ok(())
    });
    assert_eq!((world.hub.count("old"), world.hub.count("new"), world.stats().panics), (2, 0, 0));
}

#[test]
fn after_an_error_nothing_happens_and_the_peer_gets_one_message() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        Err(Error::reply("no"))
    });
    assert_nothing(&mut world, b);
    assert_eq!(world.got(a), [envelope("no", None)]);
    assert_eq!((world.stats().errors, world.stats().panics), (1, 0));
}

#[test]
fn after_an_error_the_instance_goes_on_with_its_fields_as_they_are() {
    struct Counter(u32);
    impl Channel<TestApp> for Counter {
        fn on_message(&mut self, cx: &mut Context<'_, TestApp>, text: &str) -> Result {
            self.0 += 1;
            cx.text(&self.0.to_string());
            if text == "fail" { Err(Error::reply("failed")) } else { Ok(()) }
        }
    }
    let mut routes = Routes::new();
    routes.channel("/counter", |_| Ok(Counter(0))).unwrap();
    let mut world = World::with(Config::default(), routes, Arc::default());
    let conn = world.open_at("/counter");
    for text in ["", "fail", ""] {
        world.message(conn, text);
    }
    assert_eq!(world.got(conn), ["1".into(), envelope("failed", None), "3".into()]);
}

#[test]
fn after_a_panic_nothing_happens_and_the_channel_closes_with_1011() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        panic!("what a day");
    });
    assert_nothing(&mut world, b);
    assert_eq!(world.got(a), [internal(), "close 1011 Internal server error".into()]);
    assert_eq!((world.hub.count("old"), world.stats().panics, world.stats().errors), (1, 1, 0));
    assert_eq!(*world.script.dropped.lock().unwrap(), 1, "the instance is dropped");
    let record = world.logs.iter().find(|record| record.level == Level::Error).unwrap();
    assert_eq!((record.conn, record.detail.as_deref()), (Some(a), Some("what a day")));
}

#[test]
fn a_channel_that_panicked_is_told_nothing_more() {
    let mut world = World::default();
    let a = world.member("room");
    world.run(a, |cx| {
        cx.set_timer("t", seconds(1));
        Ok(())
    });
    world.run(a, |_| panic!());
    world.forget();
    world.message(a, "late");
    world.pass(seconds(10));
    world.closed(a, Cause::Done);
    assert_eq!(world.script.told(), []);
    assert_eq!((world.stats().stale, world.stats().timers), (1, 0));
}

#[test]
fn every_callback_may_panic() {
    let causes = ["connect", "message", "binary", "ping", "pong", "timer", "event"];
    for (nth, callback) in causes.into_iter().enumerate() {
        let mut world = World::default();
        let other = world.member("room");
        world.script.on(callback, |cx, _| {
            cx.to_room("room").text("never");
            panic!("in {}", cx.conn());
        });
        let a = world.open();
        if callback != "connect" {
            world.run(a, |cx| {
                cx.set_timer("t", seconds(1));
                Ok(())
            });
        }
        match nth {
            0 => {}
            1 => world.message(a, "x"),
            2 => world.input(Input::Message { conn: a, message: Message::Binary(b"x") }),
            3 => world.input(Input::Ping { conn: a, bytes: b"x" }),
            4 => world.input(Input::Pong { conn: a, bytes: b"x" }),
            5 => world.pass(seconds(1)),
            _ => world.job(move |cx| {
                cx.to_conn(a).event(Event::Word("x"));
                Ok(())
            }),
        }
        let got = world.got(a);
        assert_eq!(got.last().map(String::as_str), Some("close 1011 Internal server error"), "{callback}");
        assert_eq!((got.len(), world.stats().panics), (2, 1), "{callback}");
        assert_eq!(world.got(other), [""; 0], "{callback}");
    }
}

#[test]
fn a_panic_in_on_close_is_contained() {
    let (mut world, a, b) = pair();
    world.script.on("close", |cx, _| {
        cx.to_room("old").text("never");
        panic!()
    });
    world.closed(a, Cause::Lost);
    assert_eq!((world.got(b), world.stats().panics), (vec![], 1));
    assert_eq!((world.stats().connections, world.hub.count("old")), (1, 1));
}

#[test]
fn an_error_in_on_close_is_logged_and_nothing_happens() {
    let (mut world, a, b) = pair();
    world.script.on("close", |cx, _| {
        cx.to_room("old").text("never");
        Err(Error::internal("disk full"))
    });
    world.closed(a, Cause::Lost);
    assert_eq!((world.got(b), world.stats().errors), (vec![], 1));
    assert!(world.logs.iter().any(|record| record.detail.as_deref() == Some("disk full")));
}

#[test]
fn nobody_else_notices_a_panic_in_the_middle_of_a_broadcast_of_events() {
    let mut world = World::default();
    let members: Vec<_> = (0..5).map(|_| world.member("room")).collect();
    let third = members[2];
    world.script.on("event", move |cx, word| {
        cx.text(word);
        if cx.conn() == third { panic!() } else { Ok(()) }
    });
    world.job(|cx| {
        cx.to_room("room").event(Event::Word("ding"));
        cx.to_room("room").text("after");
        Ok(())
    });
    for conn in members {
        let expected = if conn == third {
            vec!["after".into(), internal(), "close 1011 Internal server error".into()]
        } else {
            vec!["after".into(), "ding".into()]
        };
        assert_eq!(world.got(conn), expected);
    }
    assert_eq!(world.hub.count("room"), 4);
}

#[test]
fn a_failed_callback_leaves_random_numbers_as_if_it_had_not_been_called() {
    let draws = |fails: &[fn() -> Result]| {
        let mut world = World::default();
        let (a, b) = (world.open(), world.open());
        for fail in fails {
            let fail = *fail;
            world.run(b, move |cx| {
                cx.random();
                cx.random();
                fail()
            });
        }
        let (tell, told) = mpsc::channel();
        world.run(a, move |cx| {
            tell.send((cx.random(), cx.random())).unwrap();
            Ok(())
        });
        told.recv().unwrap()
    };
    let undisturbed = draws(&[]);
    assert_eq!(draws(&[|| Err(Error::reply("no"))]), undisturbed);
    assert_eq!(draws(&[|| panic!()]), undisturbed);
    assert_ne!(draws(&[|| Ok(())]), undisturbed);
}

#[test]
fn updates_happen_before_anything_else_and_in_order() {
    let (mut world, a, b) = pair();
    world.script.on("event", |cx, _| {
        let value = cx.app().value;
        cx.text(&format!("{value}"));
        Ok(())
    });
    world.run(a, move |cx| {
        cx.to_conn(b).event(Event::Word("x"));
        cx.update(|app| app.value = 5);
        cx.update(|app| app.value *= 2);
        Ok(())
    });
    assert_eq!(world.got(b), ["10"]);
}

#[test]
fn a_panic_in_an_update_leaves_the_rest_undone() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        cx.update(|_| panic!("in the update"));
        record_all(cx, b);
        Ok(())
    });
    assert_nothing(&mut world, b);
    assert_eq!(world.got(a), [internal(), "close 1011 Internal server error".into()]);
    assert_eq!(world.stats().panics, 1);
    world.run(b, |_| Ok(()));
    assert_eq!(world.hub.app().value, 0, "nothing is left for the next callback");
}

#[test]
fn what_cannot_be_written_as_json_fails_the_callback() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        cx.send(&Unwritable);
        cx.text("after");
        Ok(())
    });
    assert_nothing(&mut world, b);
    assert_eq!((world.got(a), world.stats().errors), (vec![internal()], 1));
    let detail = world.logs.iter().rev().find_map(|record| record.detail.clone()).unwrap();
    assert!(detail.contains("not today"), "{detail}");
    world.run(a, |cx| {
        cx.text("well again");
        Ok(())
    });
    assert_eq!(world.got(a), ["well again"]);
}

#[test]
fn what_cannot_be_recorded_fails_the_callback() {
    type Step = fn(&mut Context<'_, TestApp>);
    let bad: [(Step, String); 9] = [
        (|cx| cx.join(""), envelope("A room's name has 1 to 255 bytes and no control characters", Some("BAD_ROOM"))),
        (
            |cx| cx.join(&"x".repeat(256)),
            envelope("A room's name has 1 to 255 bytes and no control characters", Some("BAD_ROOM")),
        ),
        (
            |cx| cx.join("a\nb"),
            envelope("A room's name has 1 to 255 bytes and no control characters", Some("BAD_ROOM")),
        ),
        (|cx| cx.ping(&[0; 126]), internal()),
        (|cx| cx.close(1005, ""), internal()),
        (|cx| cx.close(1006, ""), internal()),
        (|cx| cx.close(1015, ""), internal()),
        (|cx| cx.close(999, ""), internal()),
        (|cx| cx.close(5000, ""), internal()),
    ];
    for (step, expected) in bad {
        let (mut world, a, b) = pair();
        world.run(a, move |cx| {
            step(cx);
            record_all(cx, b);
            Ok(())
        });
        assert_nothing(&mut world, b);
        assert_eq!(world.got(a), [expected]);
    }
}

#[test]
fn the_first_thing_that_cannot_be_recorded_is_what_the_peer_reads() {
    let (mut world, a, _) = pair();
    world.run(a, |cx| {
        cx.join("");
        cx.ping(&[0; 126]);
        Ok(())
    });
    assert!(world.got(a)[0].contains("BAD_ROOM"));
    world.run(a, |cx| {
        cx.join("");
        Err(Error::reply("mine"))
    });
    assert_eq!(world.got(a), [envelope("mine", None)], "but the callback's own error goes first");
}

#[test]
fn rooms_of_the_longest_name_and_any_script_are_fine() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.join(&"é".repeat(127));
        cx.join(&"x".repeat(255));
        cx.join("комната 1");
        Ok(())
    });
    assert_eq!((world.stats().rooms, world.stats().errors), (3, 0));
}

#[test]
fn joins_beyond_the_limit_fail_the_callback() {
    let mut world = World::new(Config::default(), Limits { rooms: 2, ..Limits::default() });
    let a = world.member("one");
    world.run(a, |cx| {
        cx.join("two");
        cx.join("one");
        cx.join("three");
        Ok(())
    });
    assert_eq!(world.got(a), [envelope("At most 2 rooms at once; leave one first", Some("TOO_MANY_ROOMS"))]);
    assert_eq!((world.hub.count("one"), world.stats().rooms), (1, 1));
    world.run(a, |cx| {
        cx.join("two");
        cx.leave("one");
        cx.join("three");
        Ok(())
    });
    assert_eq!((world.hub.count("one"), world.hub.count("two"), world.hub.count("three")), (0, 1, 1));
}

#[test]
fn timers_beyond_the_limit_fail_the_callback() {
    let mut world = World::new(Config::default(), Limits { timers: 2, ..Limits::default() });
    let a = world.open();
    let set = |world: &mut World, names: &'static [&'static str]| {
        world.run(a, move |cx| {
            names.iter().for_each(|name| cx.set_timer(*name, seconds(1)));
            Ok(())
        });
    };
    set(&mut world, &["a", "b", "c"]);
    assert_eq!((world.got(a), world.stats().timers), (vec![internal()], 0));
    set(&mut world, &["a", "b", "a", "b"]);
    assert_eq!((world.got(a), world.stats().timers), (vec![], 2));
    world.run(a, |cx| {
        cx.cancel_timer("a");
        cx.set_timer("c", seconds(1));
        cx.set_interval("b", seconds(2));
        Ok(())
    });
    assert_eq!((world.got(a), world.stats().timers), (vec![], 2));
    set(&mut world, &["a"]);
    assert_eq!(world.got(a), [internal()]);
}

#[test]
fn an_error_with_a_close_code_closes_and_drops_what_was_recorded() {
    let (mut world, a, b) = pair();
    world.run(a, move |cx| {
        record_all(cx, b);
        Err(Error::close(4001, "enough"))
    });
    assert_eq!(world.got(a), ["close 4001 enough"]);
    assert_eq!((world.got(b), world.hub.app().value), (vec![], 0));
    assert_eq!(world.closes.len(), 1);
}

#[test]
fn an_error_with_a_code_that_may_not_be_sent_closes_with_1011() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let (mut world, a, _) = pair();
        world.run(a, move |_| Err(Error::close(code, "odd")));
        assert_eq!(world.got(a), ["close 1011 Internal server error"]);
    }
}

#[test]
fn error_envelopes_are_exactly_these() {
    let errors: [(fn() -> Error, String); 6] = [
        (|| Error::reply("plain"), envelope("plain", None)),
        (|| Error::reply("coded").with_code("C1"), envelope("coded", Some("C1"))),
        (|| Error::validation("too short"), envelope("Validation failed: too short", None)),
        (|| Error::denied("members only").with_code("DENIED"), envelope("Access denied: members only", Some("DENIED"))),
        (|| Error::internal("secret"), internal()),
        (|| "x".parse::<u32>().unwrap_err().into(), internal()),
    ];
    for (error, expected) in errors {
        let (mut world, a, _) = pair();
        world.run(a, move |_| Err(error()));
        assert_eq!(world.got(a), [expected]);
        assert_eq!(world.closes, [], "the connection stays open");
    }
}

#[test]
fn an_error_message_is_escaped_as_json() {
    let (mut world, a, _) = pair();
    world.run(a, |_| Err(Error::reply("say \"hi\"\n\u{1}")));
    assert!(world.got(a)[0].contains(r#""message":"say \"hi\"\n\u0001","#));
}

#[test]
fn a_page_that_fails_sends_nothing() {
    for panics in [false, true] {
        let mut routes = common::routes(&Arc::default(), Limits::default());
        routes
            .post("/notify", move |cx, _| {
                cx.update(|app| app.value += 1);
                cx.to_all().text("never");
                if panics {
                    panic!()
                }
                Err(Error::reply("no"))
            })
            .unwrap();
        let mut world = World::with(Config::default(), routes, Arc::default());
        let conn = world.open_at("/minimal");
        let response = world.hub.respond(world.now, lazuli::Request::post("/notify").unwrap());
        world.drain();
        assert_eq!(response.status_code(), if panics { 500 } else { 400 });
        assert_eq!((world.got(conn), world.hub.app().value), (vec![], 0));
    }
}

#[test]
fn the_application_s_own_callback_is_a_transaction_too() {
    let (mut world, a, b) = pair();
    for panics in [false, true] {
        world.job(move |cx| {
            cx.update(|app| app.value += 1);
            cx.to_room("old").text("never");
            cx.random();
            cx.close_conn(a, 1000, "");
            if panics { panic!() } else { Err(Error::internal("no")) }
        });
    }
    assert_eq!((world.got(a), world.got(b), world.hub.app().value), (vec![], vec![], 0));
    assert_eq!((world.stats().errors, world.stats().panics, world.stats().connections), (1, 1, 2));
}

#[test]
fn a_panic_while_a_channel_is_dropped_is_contained() {
    struct Bomb;
    impl Channel<TestApp> for Bomb {
        fn on_message(&mut self, _: &mut Context<'_, TestApp>, _: &str) -> Result {
            Ok(())
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let mut routes = Routes::new();
    routes.channel("/bomb", |_| Ok(Bomb)).unwrap();
    let mut world = World::with(Config::default(), routes, Arc::default());
    let conn = world.open_at("/bomb");
    world.closed(conn, Cause::Lost);
    assert_eq!((world.stats().connections, world.stats().panics), (0, 1));
}

#[test]
fn a_failed_callback_whose_effects_panic_when_dropped_leaves_nothing_behind() {
    let (mut world, a, b) = pair();
    world.run(a, |cx| {
        cx.update(|app| app.value += 100);
        cx.effect(Order(BOMB.into()));
        cx.to_room("old").text("never");
        Err(Error::reply("no"))
    });
    world.run(b, |cx| {
        cx.to_room("old").text("fine");
        Ok(())
    });
    assert_eq!(world.got(b), ["fine"]);
    assert_eq!(world.hub.app().value, 0, "an update of the failed callback happened in the next one");
}

#[test]
fn a_panic_with_a_message_that_is_no_text_is_contained() {
    let (mut world, a, _) = pair();
    world.run(a, |_| std::panic::panic_any(7));
    let record = world.logs.iter().find(|record| record.level == Level::Error).unwrap();
    assert_eq!(record.detail.as_deref(), Some("no message"));
}

#[test]
fn a_value_that_panics_while_it_is_written_is_a_panic_of_the_callback() {
    struct Bomb;
    impl serde::Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize")
        }
    }
    let (mut world, a, b) = pair();
    world.run(a, |cx| {
        cx.broadcast("old", &Bomb);
        Ok(())
    });
    assert_eq!((world.got(b), world.got(a).len()), (vec![], 2));
    world.run(b, |cx| {
        cx.text("well");
        Ok(())
    });
    assert_eq!(world.got(b), ["well"]);
}

#[test]
fn a_timer_s_number_is_part_of_its_name() {
    assert_ne!(Timer::from(("turn", 1)), Timer::from(("turn", 2)));
}
