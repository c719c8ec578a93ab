//! A shutdown: no one new, everyone told when to come back, and an end that comes in any case.

mod common;

use common::*;
use lazuli::{Cause, Config, Input};

/// The hint in a reason such as "Going away; come back in 123 ms".
fn hint(reason: &str) -> u64 {
    reason.strip_prefix("Going away; come back in ").and_then(|rest| rest.strip_suffix(" ms")).unwrap().parse().unwrap()
}

#[test]
fn everyone_is_closed_with_1001_and_a_hint_of_their_own() {
    let mut world = World::default();
    let conns: Vec<_> = (0..200).map(|_| world.open()).collect();
    world.shutdown(seconds(30));
    assert_eq!(world.closes.len(), 200);
    assert!(world.closes.iter().all(|close| close.code == 1001));
    let mut hints: Vec<u64> = world.closes.iter().map(|close| hint(&close.reason)).collect();
    assert!(hints.iter().all(|hint| *hint <= 10_000));
    hints.sort_unstable();
    assert!(hints[20] < 3_000 && hints[180] > 7_000, "they are spread: {hints:?}");
    assert!(world.told(conns[7])[1].starts_with("close 1001 Going away; come back in "));
}

#[test]
fn the_spread_is_configured() {
    let mut world = World::new(Config { come_back: seconds(0), ..Config::default() }, Default::default());
    world.open();
    world.shutdown(seconds(30));
    assert_eq!(hint(&world.closes[0].reason), 0);
}

#[test]
fn drained_comes_when_the_last_is_gone_and_once() {
    let mut world = World::default();
    let (a, b) = (world.open(), world.accept());
    world.shutdown(seconds(30));
    world.closed(a, Cause::Done);
    assert_eq!(world.drained, 0);
    world.closed(b, Cause::Lost);
    assert_eq!(world.drained, 1);
    world.pass(seconds(60));
    assert_eq!(world.drained, 1);
}

#[test]
fn a_hub_without_connections_is_drained_at_once() {
    let mut world = World::default();
    world.shutdown(seconds(30));
    assert_eq!(world.drained, 1);
}

#[test]
fn the_deadline_drains_whatever_is_left() {
    let mut world = World::new(Config { window: 10, ..Config::default() }, Default::default());
    world.fast = false;
    let a = world.open();
    world.run(a, |cx| {
        cx.text("a long message that is on its way");
        cx.text("one that waits");
        Ok(())
    });
    world.got(a);
    world.shutdown(seconds(2));
    assert_eq!((world.closes.len(), world.drained), (0, 0));
    world.pass(millis(1_999));
    assert_eq!((world.closes.len(), world.drained), (0, 0));
    world.pass(millis(1));
    assert_eq!((world.closes.len(), world.drained, world.stats().dropped), (1, 1, 1));
    assert_eq!(world.closes[0].by, world.now);
    world.closed(a, Cause::Done);
    assert_eq!((world.drained, world.stats().connections), (1, 0));
}

#[test]
fn what_was_queued_goes_first_within_five_seconds_if_the_deadline_is_later() {
    let mut world = World::new(Config { window: 10, ..Config::default() }, Default::default());
    world.fast = false;
    let (a, b) = (world.open(), world.open());
    for conn in [a, b] {
        world.run(conn, |cx| {
            cx.text("on its way");
            cx.text("waits");
            Ok(())
        });
    }
    world.shutdown(seconds(30));
    world.sent(a, 12);
    assert_eq!(world.got(a)[..2], ["on its way", "waits"]);
    assert_eq!((world.closes.len(), world.closes[0].by.as_micros()), (1, 5_000_000));
    world.pass(seconds(5));
    assert_eq!((world.closes.len(), world.drained), (2, 0));
}

#[test]
fn a_deadline_that_has_passed_drains_with_the_next_timeout() {
    let mut world = World::default();
    world.open();
    world.pass(seconds(10));
    world.hub.shutdown(world.now, lazuli::Time::from_micros(1));
    world.drain();
    world.timeout();
    assert_eq!((world.drained, world.closes.len()), (1, 1));
}

#[test]
fn nobody_new_comes_in() {
    let mut world = World::default();
    let (held, opening) = (world.open(), world.accept());
    world.shutdown(seconds(30));
    let refused = world.request("/probe").unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(5)));
    world.input(Input::Opened { conn: opening });
    assert_eq!(world.told(opening), [""; 0]);
    assert!(world.got(opening)[0].starts_with("close 1001 "));
    world.closed(held, Cause::Lost);
}

#[test]
fn pages_are_still_answered() {
    let mut world = World::default();
    world.open();
    world.shutdown(seconds(30));
    assert_eq!(world.hub.respond(world.now, lazuli::Request::get("/page").unwrap()).status_code(), 200);
}

#[test]
fn a_second_shutdown_changes_nothing() {
    let mut world = World::default();
    let a = world.open();
    world.shutdown(seconds(30));
    world.shutdown(seconds(1));
    world.pass(seconds(2));
    assert_eq!((world.closes.len(), world.drained), (1, 0));
    world.closed(a, Cause::Done);
    assert_eq!(world.drained, 1);
}

#[test]
fn on_close_callbacks_may_still_send_to_those_that_are_left() {
    let mut world = World::default();
    let (a, b) = (world.open(), world.open());
    world.script.on("close", move |cx, _| {
        cx.to_conn(b).text("a is going");
        Err(lazuli::Error::reply("and fails"))
    });
    world.run(a, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    world.shutdown(seconds(30));
    for conn in [a, b] {
        world.closed(conn, Cause::Done);
    }
    assert_eq!((world.drained, world.stats().connections, world.stats().rooms), (1, 0, 0));
}
