//! A connection's life: opened once, closed once, and what comes too late is counted and ignored.

mod common;

use common::*;
use lazuli::log::Level;
use lazuli::{Cause, Command, Config, ConnId, Error, Input, Message};

#[test]
fn a_connection_opens_speaks_and_closes() {
    let mut world = World::default();
    let conn = world.accept();
    assert_eq!((world.told(conn), world.stats().connections), (vec![], 1), "on_connect waits for the upgrade");
    world.input(Input::Opened { conn });
    world.message(conn, "hi");
    world.input(Input::Message { conn, message: Message::Binary(&[1]) });
    world.input(Input::Ping { conn, bytes: &[2] });
    world.input(Input::Pong { conn, bytes: &[3] });
    world.closed(conn, Cause::Peer { code: Some(1000), reason: "bye" });
    assert_eq!(world.told(conn), ["connect", "message hi", "binary [1]", "ping [2]", "pong [3]", "close 1000 bye"]);
    let stats = world.stats();
    assert_eq!((stats.accepted, stats.opened, stats.closed, stats.connections), (1, 1, 1, 0));
    assert_eq!((stats.messages_in, stats.bytes_in, stats.stale), (2, 3, 0));
    assert_eq!(*world.script.dropped.lock().unwrap(), 1);
}

#[test]
fn all_callbacks_but_on_message_are_optional() {
    let mut world = World::default();
    let conn = world.open_at("/minimal");
    world.input(Input::Ping { conn, bytes: b"" });
    world.input(Input::Pong { conn, bytes: b"" });
    world.job(move |cx| {
        cx.to_conn(conn).event(Event::Word("x"));
        Ok(())
    });
    world.message(conn, "echo");
    world.input(Input::Message { conn, message: Message::Binary(b"x") });
    let unsupported = envelope("Binary messages are not supported here; send text", None);
    assert_eq!(world.got(conn), ["echo".into(), unsupported]);
    world.closed(conn, Cause::Lost);
    assert_eq!((world.stats().connections, world.stats().errors), (0, 1));
}

#[test]
fn a_path_without_a_route_is_refused_before_the_upgrade() {
    let mut world = World::default();
    for (target, status) in [("/nothing", 404), ("/chat/a", 404), ("/probe/", 404), ("/page", 404), ("/a/..", 400)] {
        let refused = match lazuli::Request::get(target) {
            Ok(request) => world.hub.open(world.now, request).unwrap_err().status,
            Err(_) => 400,
        };
        assert_eq!(refused, status, "{target}");
    }
    assert_eq!((world.stats().connections, world.stats().accepted, world.stats().refused), (0, 0, 4));
}

#[test]
fn the_maker_may_refuse_with_a_status_of_its_own() {
    let mut world = World::default();
    let refused = world.request("/members").unwrap_err();
    assert_eq!((refused.status, &*refused.message), (403, "Members only"));
    let refused = world.request("/chat/caf%C3%A9/taken").unwrap_err();
    assert_eq!((refused.status, &*refused.message), (409, "The seat in café is taken"));
    assert!(world.request("/chat/lobby/1").is_ok());
    assert_eq!((world.stats().refused, world.stats().connections), (2, 1));
}

#[test]
fn a_maker_that_panics_is_a_500() {
    let mut world = World::default();
    assert_eq!(world.request("/broken").unwrap_err().status, 500);
    assert_eq!((world.stats().panics, world.stats().connections), (1, 0));
    assert!(world.logs.iter().any(|record| record.detail.as_deref() == Some("no channel today")));
}

#[test]
fn one_connection_too_many_is_a_503() {
    let mut world = World::new(Config { connections: 2, ..Config::default() }, Default::default());
    let (first, _) = (world.open(), world.accept());
    let refused = world.request("/probe").unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(5)));
    world.closed(first, Cause::Lost);
    assert!(world.request("/probe").is_ok(), "there is room again");
}

#[test]
fn on_connect_refuses_with_1008_its_own_code_or_1011() {
    type Fail = fn() -> Error;
    let errors: [(Fail, &str); 5] = [
        (|| Error::reply("not today"), "close 1008 not today"),
        (|| Error::denied("members only").with_code("X"), "close 1008 Access denied: members only"),
        (|| Error::close(4003, "banned"), "close 4003 banned"),
        (|| Error::close(1013, ""), "close 1013 "),
        (|| Error::internal("no database"), "close 1011 Internal server error"),
    ];
    for (error, expected) in errors {
        let mut world = World::default();
        world.script.on("connect", move |cx, _| {
            cx.text("never");
            cx.join("never");
            Err(error())
        });
        let conn = world.open();
        assert_eq!(world.got(conn), [expected]);
        assert_eq!(world.told(conn), ["connect"], "what never was connected is not told that it was closed");
        assert_eq!((world.stats().rooms, *world.script.dropped.lock().unwrap()), (0, 1));
        world.closed(conn, Cause::Done);
        assert_eq!(world.told(conn), [""; 0]);
        assert_eq!((world.stats().connections, world.stats().stale), (0, 0));
    }
}

#[test]
fn on_connect_never_refuses_with_a_code_that_may_not_be_sent() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let mut world = World::default();
        world.script.on("connect", move |_, _| Err(Error::close(code, "odd")));
        let conn = world.open();
        assert_eq!(world.got(conn), ["close 1011 Internal server error"], "code {code}");
    }
}

#[test]
fn on_connect_may_close_and_what_it_sent_goes_first() {
    let mut world = World::default();
    world.script.on("connect", |cx, _| {
        cx.text("full");
        cx.close(4000, "come back later");
        Ok(())
    });
    let conn = world.open();
    assert_eq!(world.got(conn), ["full", "close 4000 come back later"]);
    assert_eq!(world.told(conn), ["connect", "close 4000 come back later"]);
}

#[test]
fn an_upgrade_that_fails_was_never_connected() {
    let mut world = World::default();
    let conn = world.accept();
    world.closed(conn, Cause::Lost);
    world.input(Input::Opened { conn });
    assert_eq!((world.told(conn), world.stats().connections, world.stats().stale), (vec![], 0, 1));
    assert_eq!((world.stats().opened, world.stats().closed), (0, 1));
    assert_eq!(*world.script.dropped.lock().unwrap(), 1);
}

#[test]
fn on_close_gets_code_and_reason_of_each_cause() {
    let causes = [
        (Cause::Peer { code: Some(4001), reason: "bored" }, "close 4001 bored"),
        (Cause::Peer { code: None, reason: "" }, "close 1005"),
        (Cause::Violation { code: 1009, reason: "too big" }, "close 1009 too big"),
        (Cause::Lost, "close 1006"),
        (Cause::Done, "close 1006"),
    ];
    for (cause, expected) in causes {
        let mut world = World::default();
        let conn = world.open();
        world.closed(conn, cause);
        assert_eq!(world.told(conn), ["connect", expected]);
        assert_eq!(world.got(conn), [""; 0], "the driver has closed it already");
    }
}

#[test]
fn on_close_gets_the_hub_s_own_code_at_once_and_only_once() {
    let mut world = World::default();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.close(4002, "enough");
        Ok(())
    });
    assert_eq!(world.told(conn), ["connect", "close 4002 enough"]);
    world.closed(conn, Cause::Peer { code: Some(4002), reason: "" });
    assert_eq!(world.told(conn), [""; 0]);
}

#[test]
fn in_on_close_the_rooms_are_left_and_nothing_reaches_the_peer() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.script.on("close", |cx, _| {
        assert!(!cx.is_in("room"));
        cx.text("to nobody");
        let count = cx.count("room");
        cx.to_room("room").text(&format!("{count} left"));
        Ok(())
    });
    world.closed(a, Cause::Lost);
    assert_eq!((world.got(a), world.got(b)), (vec![], vec!["1 left".into()]));
    world.run(b, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    assert_eq!((world.got(b), world.stats().panics), (vec!["close 1000 ".into()], 0));
}

#[test]
fn a_reason_is_cut_to_123_bytes_between_characters() {
    let mut world = World::default();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.close(1000, &format!("{}é", "x".repeat(122)));
        Ok(())
    });
    assert_eq!(world.closes[0].reason, "x".repeat(122));
    let conn = world.open();
    let reason = "é".repeat(100);
    world.input(Input::Command(Command::Close { conn, code: 1000, reason }));
    assert_eq!(world.closes[1].reason, "é".repeat(61));
    let conn = world.open();
    world.run(conn, |_| Err(Error::close(4000, "y".repeat(500))));
    assert_eq!(world.closes[2].reason, "y".repeat(123));
}

#[test]
fn a_second_close_changes_nothing() {
    let mut world = World::default();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.close(4000, "first");
        cx.close(4001, "second");
        Ok(())
    });
    world.input(Input::Command(Command::Close { conn, code: 4002, reason: "third".into() }));
    assert_eq!(world.got(conn), ["close 4000 first"]);
    world.closed(conn, Cause::Done);
    world.closed(conn, Cause::Lost);
    assert_eq!((world.stats().closed, world.stats().stale), (1, 2));
    assert_eq!(world.told(conn), ["connect", "close 4000 first"]);
}

#[test]
fn what_comes_too_late_is_counted_and_ignored() {
    let mut world = World::default();
    let conn = world.member("room");
    world.run(conn, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    world.forget();
    let late = |world: &mut World| {
        world.message(conn, "late");
        world.input(Input::Message { conn, message: Message::Binary(b"late") });
        world.input(Input::Ping { conn, bytes: b"" });
        world.input(Input::Pong { conn, bytes: b"" });
        world.input(Input::Opened { conn });
    };
    late(&mut world);
    assert_eq!(world.stats().stale, 5);
    world.closed(conn, Cause::Done);
    late(&mut world);
    world.sent(conn, 10);
    assert_eq!((world.stats().stale, world.script.told(), world.sends.len()), (11, vec![], 0));
}

#[test]
fn a_stale_id_never_names_the_next_connection() {
    let mut world = World::default();
    let old = world.open();
    world.closed(old, Cause::Lost);
    let new = world.open();
    assert_eq!(old.index(), new.index());
    world.forget();
    world.message(old, "late");
    world.closed(old, Cause::Lost);
    world.run(new, move |cx| {
        cx.to_conn(old).text("never");
        cx.to_conn(old).event(Event::Word("never"));
        cx.close_conn(old, 1000, "");
        assert_eq!(cx.conn_info(old), None);
        Ok(())
    });
    assert_eq!((world.script.told(), world.sends.len(), world.closes.len()), (vec![], 0, 0));
    assert_eq!((world.stats().connections, world.stats().panics), (1, 0));
}

#[test]
fn ids_that_nobody_ever_had_are_ignored() {
    let mut world = World::default();
    let open = world.open();
    let strangers = [1, 7, 1 << 32 | 5, u64::MAX, open.as_u64() + (1 << 32)].map(|id| ConnId::from_u64(id).unwrap());
    for conn in strangers {
        world.input(Input::Opened { conn });
        world.message(conn, "x");
        world.closed(conn, Cause::Lost);
        world.sent(conn, u32::MAX);
        world.input(Input::Command(Command::Close { conn, code: 1000, reason: String::new() }));
        assert_eq!((world.hub.waiting(conn), world.hub.limits(conn).rooms), (0, 0));
    }
    assert_eq!((world.stats().stale, world.stats().connections), (25, 1));
}

#[test]
fn opening_twice_connects_once() {
    let mut world = World::default();
    let conn = world.open();
    world.input(Input::Opened { conn });
    assert_eq!((world.told(conn), world.stats().opened, world.stats().stale), (vec!["connect".into()], 1, 1));
}

#[test]
fn messages_before_the_upgrade_are_not_heard() {
    let mut world = World::default();
    let conn = world.accept();
    world.message(conn, "early");
    assert_eq!((world.told(conn), world.stats().stale), (vec![], 1));
}

#[test]
fn a_connection_that_is_not_open_yet_gets_nothing() {
    let mut world = World::default();
    let (open, opening) = (world.open(), world.accept());
    world.run(open, move |cx| {
        cx.to_all().text("all");
        cx.to_conn(opening).text("you");
        cx.to_all().event(Event::Word("event"));
        Ok(())
    });
    assert_eq!((world.got(open), world.got(opening)), (vec!["all".into()], vec![]));
    assert_eq!(world.told(opening), [""; 0]);
}

#[test]
fn a_connection_may_be_closed_while_its_upgrade_is_under_way() {
    let mut world = World::default();
    let (other, conn) = (world.open(), world.accept());
    world.run(other, move |cx| {
        cx.close_conn(conn, 4000, "changed my mind");
        Ok(())
    });
    world.input(Input::Opened { conn });
    assert_eq!((world.got(conn), world.told(conn)), (vec!["close 4000 changed my mind".into()], vec![]));
    world.closed(conn, Cause::Done);
    assert_eq!(world.stats().connections, 1);
}

#[test]
fn activity_tells_when_a_connection_opened_and_last_spoke() {
    let mut world = World::default();
    world.pass(seconds(10));
    let conn = world.open();
    let opened = world.now;
    world.pass(seconds(5));
    world.input(Input::Ping { conn, bytes: b"" });
    let spoke = world.now;
    world.pass(seconds(5));
    // The answer to a heartbeat says that somebody is there, not that they do anything.
    world.input(Input::Pong { conn, bytes: b"" });
    world.job(move |cx| {
        let info = cx.conn_info(conn).map(|info| (info.connected_at, info.last_activity));
        assert_eq!(info, Some((opened, spoke)));
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn time_never_goes_back() {
    let mut world = World::default();
    let conn = world.open();
    world.pass(seconds(10));
    world.message(conn, "");
    let latest = world.now;
    world.now = lazuli::Time::ZERO;
    world.run(conn, move |cx| {
        assert_eq!(cx.now(), latest);
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn the_wall_clock_goes_with_the_hub_s_time() {
    let mut world = World::default();
    let conn = world.open();
    world.pass(millis(1_500));
    world.run(conn, |cx| {
        let now = cx.timestamp();
        cx.text(&now.to_string());
        Ok(())
    });
    assert_eq!(world.got(conn), ["2001-09-09T01:46:41.500Z"]);
}

#[test]
fn a_log_record_is_one_escaped_line_whatever_a_peer_says() {
    let mut world = World::default();
    let conn = world.open();
    world.closed(conn, Cause::Peer { code: Some(1000), reason: "a\r\nERROR forged\u{2028}\u{202e}\u{1b}[31m\\" });
    let record = world.logs.iter().find(|record| record.what == "closed").unwrap();
    let line = record.to_string();
    assert_eq!(line, format!(r"closed conn={conn}: 1000 a\r\nERROR forged\u{{2028}}\u{{202e}}\u{{1b}}[31m\\"));
    world.request("/chat/%E2%80%A8/taken").unwrap_err();
    let refused = world.logs.iter().find(|record| record.what == "refused").unwrap().to_string();
    assert!(!refused.contains('\u{2028}') && refused.contains(r"\u{2028}"), "{refused}");
}

#[test]
fn a_flood_of_log_records_is_cut_and_counted() {
    let mut world = World::default();
    for _ in 0..1_500 {
        world.request("/nothing").unwrap_err();
    }
    assert_eq!((world.logs.len(), world.stats().unlogged), (1_000, 500));
    // A second is as long as it is.
    world.now = world.now + millis(999);
    world.request("/nothing").unwrap_err();
    assert_eq!(world.logs.len(), 1_000);
    world.now = world.now + millis(1);
    world.request("/nothing").unwrap_err();
    assert_eq!(world.logs.len(), 1_001);
}

#[test]
fn the_log_leaves_out_what_is_less_important() {
    let script = std::sync::Arc::default();
    let routes = routes(&script, Default::default());
    let mut hub = lazuli::Hub::new(Config { log: Level::Error, ..Config::default() }, routes, TestApp::default());
    let request = |target| lazuli::Request::get(target).unwrap();
    hub.open(lazuli::Time::ZERO, request("/nothing")).unwrap_err();
    assert!(hub.poll_output().is_none());
    hub.open(lazuli::Time::ZERO, request("/broken")).unwrap_err();
    assert!(matches!(hub.poll_output(), Some(lazuli::Output::Log(record)) if record.level == Level::Error));
}
