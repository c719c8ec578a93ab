//! Flow control: a window of unreported bytes for each connection, a bounded queue behind it, a policy beyond that.

mod common;

use common::*;
use lazuli::{Cause, Config, ConnId, Frame, Input, Kind, Limits, SlowPolicy};

/// A hub with a window of 100 bytes and room for 50 more, whose transport reports nothing by itself.
fn slow(policy: SlowPolicy) -> World {
    let limits = Limits { waiting: 50, slow: policy, ..Limits::default() };
    let mut world = World::new(Config { window: 100, ..Config::default() }, limits);
    world.fast = false;
    world
}

/// Text that is a frame of `length` bytes on the wire, and begins with `mark`.
fn wire(mark: char, length: usize) -> String {
    format!("{mark:-<width$}", width = length - 2)
}

fn send(world: &mut World, conn: ConnId, mark: char, length: usize) {
    world.run(conn, move |cx| {
        cx.text(&wire(mark, length));
        Ok(())
    });
}

/// The marks of what came in, in order.
fn marks(world: &mut World, conn: ConnId) -> String {
    world.got(conn).iter().filter_map(|text| text.chars().next()).collect()
}

#[test]
fn a_window_of_bytes_goes_out_and_the_rest_waits_for_reports() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    for mark in ['a', 'b', 'c', 'd', 'e'] {
        send(&mut world, a, mark, 30);
    }
    // Four would be 120 bytes; d waits, and e behind it would be too much.
    assert_eq!(world.got(a).len(), 4, "three frames, and the close");
    assert_eq!(world.closes[0].code, 1013);

    let a = world.open();
    for mark in ['a', 'b', 'c', 'd'] {
        send(&mut world, a, mark, 30);
    }
    assert_eq!((marks(&mut world, a), world.hub.waiting(a)), ("abc".into(), 30));
    world.sent(a, 19);
    assert_eq!(marks(&mut world, a), "", "10 + 19 bytes are not enough for 30");
    world.sent(a, 1);
    assert_eq!((marks(&mut world, a), world.hub.waiting(a)), ("d".into(), 0));
}

#[test]
fn the_window_is_inclusive() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 60);
    send(&mut world, a, 'b', 40);
    assert_eq!(marks(&mut world, a), "ab");
    send(&mut world, a, 'c', 3);
    assert_eq!((marks(&mut world, a), world.hub.waiting(a)), ("".into(), 3));
}

#[test]
fn an_empty_queue_admits_one_frame_whatever_its_size() {
    for policy in [SlowPolicy::Disconnect, SlowPolicy::DropOldest, SlowPolicy::KeepLatest] {
        let mut world = slow(policy);
        let a = world.open();
        world.run(a, |cx| {
            cx.text(&"x".repeat(200_000));
            Ok(())
        });
        assert_eq!(marks(&mut world, a), "x");
        send(&mut world, a, 'b', 20);
        assert_eq!(marks(&mut world, a), "", "everything else waits for it");
        world.sent(a, 200_010 - 81);
        assert_eq!(marks(&mut world, a), "", "81 bytes are still on their way, and 20 more would be 101");
        world.sent(a, 1);
        assert_eq!(marks(&mut world, a), "b");
    }
}

#[test]
fn a_frame_larger_than_the_window_waits_until_nothing_is_on_the_way() {
    let limits = Limits { waiting: 500, ..Limits::default() };
    let mut world = World::new(Config { window: 100, ..Config::default() }, limits);
    world.fast = false;
    let a = world.open();
    send(&mut world, a, 'a', 10);
    world.run(a, |cx| {
        cx.text(&"x".repeat(400));
        Ok(())
    });
    send(&mut world, a, 'c', 10);
    world.sent(a, 9);
    assert_eq!(marks(&mut world, a), "a");
    world.sent(a, 1);
    assert_eq!(marks(&mut world, a), "x");
    world.sent(a, 404);
    assert_eq!(marks(&mut world, a), "c");
}

#[test]
fn order_is_kept_between_what_waits_and_what_is_new() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 90);
    send(&mut world, a, 'b', 40);
    send(&mut world, a, 'c', 3);
    assert_eq!(marks(&mut world, a), "a", "c would fit, but b comes first");
    world.sent(a, 90);
    send(&mut world, a, 'd', 3);
    assert_eq!(marks(&mut world, a), "bcd");
}

#[test]
fn one_report_speaks_for_many_connections() {
    let mut world = slow(SlowPolicy::Disconnect);
    let conns = [world.open(), world.open(), world.open()];
    for conn in conns {
        send(&mut world, conn, 'a', 100);
        send(&mut world, conn, 'b', 50);
        world.got(conn);
    }
    world.input(Input::Sent(&[(conns[0], 100), (conns[2], 50), (conns[0], 0)]));
    assert_eq!(conns.map(|conn| marks(&mut world, conn)), ["b", "", "b"]);
    assert_eq!(world.stats().bytes_out, 150);
}

#[test]
fn a_report_of_more_than_was_on_the_way_counts_as_all_of_it() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 10);
    world.sent(a, u32::MAX);
    send(&mut world, a, 'b', 60);
    send(&mut world, a, 'c', 41);
    assert_eq!(marks(&mut world, a), "ab", "the window has not grown");
}

#[test]
fn pings_count_like_messages() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 99);
    world.run(a, |cx| {
        cx.ping(b"?");
        Ok(())
    });
    assert_eq!((marks(&mut world, a), world.hub.waiting(a)), ("a".into(), 3));
    world.sent(a, 99);
    assert_eq!(world.got(a), ["ping [63]"]);
}

#[test]
fn disconnect_closes_with_1013_and_drops_what_waits_at_once() {
    let mut world = slow(SlowPolicy::Disconnect);
    let (a, b) = (world.member("room"), world.member("room"));
    for mark in ['a', 'b', 'c'] {
        send(&mut world, a, mark, if mark == 'a' { 100 } else { 25 });
    }
    assert_eq!((marks(&mut world, a), world.hub.waiting(a), world.closes.len()), ("a".into(), 50, 0), "exactly full");
    world.run(b, |cx| {
        cx.to_room("room").text("x");
        Ok(())
    });
    let reason = "Too slow: more waits for you than the limit allows; try again later";
    assert_eq!(world.got(a), [format!("close 1013 {reason}")]);
    assert_eq!(world.closes[0].by, world.now, "what the driver still holds is dropped too");
    assert_eq!(world.got(b), ["x"], "nobody else notices");
    assert!(world.told(a).contains(&format!("close 1013 {reason}")));
    assert_eq!((world.stats().overflowed, world.stats().dropped, world.hub.count("room")), (1, 2, 1));
    assert_eq!(world.hub.waiting(a), 0);
}

#[test]
fn drop_oldest_makes_room_for_the_new() {
    let mut world = slow(SlowPolicy::DropOldest);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    for mark in ['b', 'c', 'd', 'e'] {
        send(&mut world, a, mark, 20);
    }
    assert_eq!((world.hub.waiting(a), world.stats().dropped), (40, 2));
    world.sent(a, 100);
    assert_eq!((marks(&mut world, a), world.closes.len()), ("ade".into(), 0));
}

#[test]
fn drop_oldest_drops_no_more_than_it_has_to() {
    let mut world = slow(SlowPolicy::DropOldest);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    for (mark, length) in [('b', 10), ('c', 30), ('d', 10), ('e', 10)] {
        send(&mut world, a, mark, length);
    }
    assert_eq!((world.hub.waiting(a), world.stats().dropped), (50, 1));
    world.sent(a, 100);
    assert_eq!(marks(&mut world, a), "acde");
}

#[test]
fn keep_latest_keeps_one() {
    let mut world = slow(SlowPolicy::KeepLatest);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    for mark in ['b', 'c', 'd'] {
        send(&mut world, a, mark, 20);
    }
    assert_eq!((world.hub.waiting(a), world.stats().dropped), (20, 2));
    world.sent(a, 100);
    assert_eq!(marks(&mut world, a), "ad");
}

#[test]
fn a_frame_that_alone_is_over_the_limit_is_dropped_and_what_waits_stays() {
    for policy in [SlowPolicy::DropOldest, SlowPolicy::KeepLatest] {
        let mut world = slow(policy);
        let a = world.open();
        for (mark, length) in [('a', 100), ('b', 20), ('c', 51)] {
            send(&mut world, a, mark, length);
        }
        world.sent(a, 100);
        assert_eq!((marks(&mut world, a), world.stats().dropped), ("ab".into(), 1), "{policy:?}");
    }
}

#[test]
fn each_policy_holds_in_the_middle_of_a_broadcast() {
    for (policy, expected) in
        [(SlowPolicy::Disconnect, "ac"), (SlowPolicy::DropOldest, "a34"), (SlowPolicy::KeepLatest, "a4")]
    {
        let mut world = slow(policy);
        let (a, b) = (world.member("room"), world.member("room"));
        send(&mut world, a, 'a', 100);
        for mark in ['1', '2', '3', '4'] {
            world.job(move |cx| {
                cx.to_room("room").text(&wire(mark, 25));
                Ok(())
            });
        }
        if world.closes.is_empty() {
            world.sent(a, 100);
        }
        assert_eq!(marks(&mut world, a), expected, "{policy:?}");
        assert_eq!(marks(&mut world, b), "1234", "{policy:?}");
    }
}

#[test]
fn what_was_queued_before_a_close_goes_first() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    send(&mut world, a, 'b', 20);
    world.run(a, |cx| {
        cx.text(&wire('c', 20));
        cx.close(1000, "bye");
        cx.text("after the close");
        Ok(())
    });
    assert_eq!((marks(&mut world, a), world.closes.len()), ("a".into(), 0));
    assert_eq!(world.script.told().last().map(|(_, what)| what.clone()).as_deref(), Some("close 1000 bye"));
    world.pass(seconds(4));
    world.sent(a, 20);
    assert_eq!(marks(&mut world, a), "b");
    world.sent(a, 20);
    assert_eq!(world.got(a), [wire('c', 20), "close 1000 bye".into()]);
    assert_eq!(world.closes[0].by.as_micros(), 5_000_000, "the time for it began with the decision");
    assert_eq!(world.stats().timers, 0);
}

#[test]
fn what_was_queued_before_a_close_has_five_seconds() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    send(&mut world, a, 'b', 20);
    world.run(a, |cx| {
        cx.close(1000, "bye");
        Ok(())
    });
    world.pass(millis(4_999));
    assert_eq!((world.closes.len(), world.stats().timers), (0, 1));
    world.pass(millis(1));
    assert_eq!((marks(&mut world, a).as_str(), world.closes[0].by), ("ac", world.now));
    assert_eq!((world.stats().dropped, world.hub.waiting(a)), (1, 0));
    world.sent(a, 100);
    assert_eq!((marks(&mut world, a).as_str(), world.stats().stale), ("", 0), "reports go on until the end");
}

#[test]
fn a_draining_connection_that_is_lost_leaves_nothing() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    send(&mut world, a, 'b', 20);
    world.run(a, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    world.closed(a, Cause::Lost);
    assert_eq!((world.stats().timers, world.stats().connections, world.stats().dropped), (0, 0, 1));
    assert_eq!(world.hub.poll_timeout(), None);
    assert_eq!(world.closes, []);
}

#[test]
fn the_next_connection_in_the_same_place_has_a_whole_window() {
    let mut world = slow(SlowPolicy::Disconnect);
    let a = world.open();
    send(&mut world, a, 'a', 100);
    send(&mut world, a, 'b', 20);
    world.closed(a, Cause::Lost);
    let b = world.open();
    assert_eq!(a.index(), b.index());
    send(&mut world, b, 'c', 100);
    assert_eq!((marks(&mut world, b), world.hub.waiting(b), world.hub.waiting(a)), ("c".into(), 0, 0));
    world.sent(a, 100);
    send(&mut world, b, 'd', 10);
    assert_eq!((marks(&mut world, b), world.stats().stale), ("".into(), 1), "a late report frees nothing");
}

#[test]
fn a_command_is_under_the_same_limit() {
    let mut world = slow(SlowPolicy::KeepLatest);
    let a = world.open();
    for mark in ['a', 'b', 'c'] {
        let frame = Frame::new(Kind::Text, wire(mark, 100 / if mark == 'a' { 1 } else { 4 }).as_bytes());
        world.input(Input::Command(lazuli::Command::send(lazuli::Receivers::Conn(a), frame)));
    }
    assert_eq!((marks(&mut world, a), world.hub.waiting(a), world.stats().dropped), ("a".into(), 25, 1));
}

#[test]
fn a_connection_that_keeps_up_is_never_closed() {
    let mut world = slow(SlowPolicy::Disconnect);
    world.fast = true;
    let a = world.open();
    for _ in 0..1_000 {
        send(&mut world, a, 'a', 100);
    }
    assert_eq!((world.got(a).len(), world.closes.len(), world.stats().frames_out), (1_000, 0, 1_000));
    assert_eq!(world.stats().bytes_out, 100_000);
}
