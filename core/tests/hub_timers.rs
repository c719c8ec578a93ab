//! Timers: they belong to an instance, come when they should, are cancelled exactly, and die with their owner.

mod common;

use common::*;
use lazuli::{Cause, Config, Limits, Time};
use std::time::Duration;

fn timers(world: &mut World) -> Vec<String> {
    world.script.told().into_iter().map(|(_, what)| what).filter(|what| what.starts_with("timer")).collect()
}

#[test]
fn a_timer_comes_once_at_its_time() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_timer("tea", seconds(3));
        Ok(())
    });
    assert_eq!(world.hub.poll_timeout(), Some(Time::from_micros(3_000_000)));
    world.pass(Duration::from_micros(2_999_999));
    assert_eq!(timers(&mut world), [""; 0]);
    world.pass(Duration::from_micros(1));
    assert_eq!(timers(&mut world), ["timer tea 0"]);
    world.pass(seconds(100));
    assert_eq!((timers(&mut world), world.stats().timers, world.stats().timers_fired), (vec![], 0, 1));
    assert_eq!(world.hub.poll_timeout(), None);
}

#[test]
fn timers_come_in_the_order_of_their_times_and_then_of_their_setting() {
    let mut world = World::default();
    let (a, b) = (world.open(), world.open());
    for (conn, number, millis_after) in [(a, 1, 20), (b, 2, 10), (a, 3, 20), (b, 4, 20), (a, 5, 10)] {
        world.run(conn, move |cx| {
            cx.set_timer(("t", number), millis(millis_after));
            Ok(())
        });
    }
    // All at once, and late.
    world.now = world.now + seconds(1);
    world.timeout();
    assert_eq!(timers(&mut world), ["timer t 2", "timer t 5", "timer t 1", "timer t 3", "timer t 4"]);
}

#[test]
fn a_name_and_a_number_are_one_timer() {
    let mut world = World::default();
    let (a, b) = (world.open(), world.open());
    for conn in [a, b] {
        world.run(conn, |cx| {
            cx.set_timer("t", seconds(1));
            cx.set_timer(("t", 1), seconds(1));
            cx.set_timer("u", seconds(1));
            cx.set_timer("t", seconds(2));
            Ok(())
        });
    }
    assert_eq!(world.stats().timers, 6);
    world.run(a, |cx| {
        cx.cancel_timer("t");
        cx.cancel_timer("never set");
        Ok(())
    });
    world.pass(seconds(1));
    assert_eq!(timers(&mut world), ["timer t 1", "timer u 0", "timer t 1", "timer u 0"]);
    world.pass(seconds(1));
    assert_eq!(world.script.told(), [(b, "timer t 0".into())], "that of the other is not cancelled");
}

#[test]
fn setting_and_cancelling_happen_in_their_order() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.cancel_timer("t");
        cx.set_timer("t", seconds(1));
        cx.set_timer("u", seconds(1));
        cx.cancel_timer("u");
        Ok(())
    });
    world.pass(seconds(2));
    assert_eq!(timers(&mut world), ["timer t 0"]);
}

#[test]
fn a_timer_of_no_time_comes_with_the_next_timeout_and_not_with_this() {
    let mut world = World::default();
    world.script.on("timer", |cx, _| {
        cx.set_timer("again", Duration::ZERO);
        Ok(())
    });
    let a = world.open();
    world.run(a, |cx| {
        cx.set_timer("again", Duration::ZERO);
        Ok(())
    });
    assert!(world.hub.poll_timeout().is_some_and(|at| at > world.now));
    world.pass(Duration::from_micros(5));
    assert_eq!(timers(&mut world).len(), 5, "one each microsecond, and each timeout ends");
}

#[test]
fn an_interval_comes_again_and_again_until_it_is_cancelled() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_interval("beat", seconds(1));
        Ok(())
    });
    world.pass(seconds(5));
    assert_eq!((timers(&mut world).len(), world.stats().timers), (5, 1));
    world.run(a, |cx| {
        cx.cancel_timer("beat");
        Ok(())
    });
    world.pass(seconds(5));
    assert_eq!((timers(&mut world), world.hub.poll_timeout()), (vec![], None));
}

#[test]
fn an_interval_may_cancel_itself_and_set_itself_anew() {
    let mut world = World::default();
    world.script.on("timer", |cx, what| {
        match what {
            "once 0" => cx.cancel_timer("once"),
            _ => cx.set_timer("more", seconds(10)),
        }
        Ok(())
    });
    let a = world.open();
    world.run(a, |cx| {
        cx.set_interval("once", seconds(1));
        cx.set_interval("more", seconds(1));
        Ok(())
    });
    world.pass(seconds(5));
    assert_eq!(timers(&mut world), ["timer once 0", "timer more 0"]);
    world.pass(seconds(6));
    assert_eq!(timers(&mut world), ["timer more 0"]);
}

#[test]
fn turns_of_an_interval_that_were_missed_are_skipped() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_interval("beat", seconds(1));
        Ok(())
    });
    world.now = world.now + millis(10_500);
    world.timeout();
    assert_eq!(timers(&mut world).len(), 1);
    assert!(world.hub.poll_timeout().is_some_and(|at| at > world.now && at <= world.now + seconds(1)));
}

#[test]
fn an_interval_is_at_least_a_millisecond() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_interval("beat", Duration::ZERO);
        Ok(())
    });
    world.pass(millis(10));
    assert_eq!(timers(&mut world).len(), 10);
}

#[test]
fn an_interval_goes_on_after_an_error() {
    let mut world = World::default();
    world.script.on("timer", |_, _| Err(lazuli::Error::reply("no")));
    let a = world.open();
    world.run(a, |cx| {
        cx.set_interval("beat", seconds(1));
        Ok(())
    });
    world.pass(seconds(3));
    assert_eq!((timers(&mut world).len(), world.got(a).len()), (3, 3));
}

#[test]
fn timers_die_with_their_owner() {
    let ends: [fn(&mut World, lazuli::ConnId); 3] = [
        |world, conn| world.closed(conn, Cause::Lost),
        |world, conn| world.run(conn, |_| panic!()),
        |world, conn| {
            world.run(conn, |cx| {
                cx.close(1000, "");
                cx.set_timer("late", seconds(1));
                Ok(())
            });
        },
    ];
    for end in ends {
        let mut world = World::default();
        let a = world.open();
        world.run(a, |cx| {
            cx.set_timer("t", seconds(1));
            cx.set_interval("u", seconds(1));
            Ok(())
        });
        end(&mut world, a);
        assert_eq!((world.stats().timers, world.hub.poll_timeout()), (0, None));
        world.pass(seconds(5));
        assert_eq!(timers(&mut world), [""; 0]);
    }
}

#[test]
fn a_timer_that_ends_another_connection_ends_its_timers_of_the_same_moment() {
    let mut world = World::default();
    let (a, b) = (world.open(), world.open());
    world.script.on("timer", move |cx, _| {
        cx.close_conn(b, 1000, "");
        Ok(())
    });
    for conn in [a, b] {
        world.run(conn, |cx| {
            cx.set_timer("t", seconds(1));
            Ok(())
        });
    }
    world.now = world.now + seconds(1);
    world.timeout();
    assert_eq!(timers(&mut world).len(), 1);
}

#[test]
fn the_next_instance_in_the_same_place_does_not_inherit_timers() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_timer("t", seconds(1));
        Ok(())
    });
    world.closed(a, Cause::Lost);
    let b = world.open();
    assert_eq!(a.index(), b.index());
    world.pass(seconds(2));
    assert_eq!(world.told(b), ["connect"]);
}

#[test]
fn a_timer_that_is_set_in_on_close_never_comes() {
    let mut world = World::default();
    world.script.on("close", |cx, _| {
        cx.set_timer("t", seconds(1));
        Ok(())
    });
    let (a, b) = (world.open(), world.open());
    world.closed(a, Cause::Lost);
    world.run(b, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    world.pass(seconds(2));
    assert_eq!((timers(&mut world), world.hub.poll_timeout()), (vec![], None));
}

#[test]
fn a_timeout_with_nothing_due_does_nothing() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_timer("t", seconds(1));
        Ok(())
    });
    world.timeout();
    assert_eq!((timers(&mut world), world.stats().timers), (vec![], 1));
}

#[test]
fn a_timer_may_be_set_for_the_end_of_time() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.set_timer("t", Duration::MAX);
        cx.set_interval("u", Duration::MAX);
        Ok(())
    });
    world.pass(seconds(1_000_000));
    assert_eq!((timers(&mut world), world.hub.poll_timeout()), (vec![], Some(Time::MAX)));
}

#[test]
fn a_timer_that_came_leaves_nothing_behind() {
    let mut world = World::new(Default::default(), lazuli::Limits { timers: 1, ..Default::default() });
    let (a, b) = (world.open(), world.open());
    let set = |world: &mut World, conn, name| {
        world.run(conn, move |cx| {
            cx.set_timer(name, seconds(1));
            Ok(())
        });
    };
    set(&mut world, a, "t");
    world.pass(seconds(1));
    // The queue may use the place again: what a does now must not touch b's timer.
    set(&mut world, b, "x");
    world.run(a, |cx| {
        cx.cancel_timer("t");
        Ok(())
    });
    set(&mut world, a, "u");
    assert_eq!((world.got(a), world.stats().timers), (vec![], 2), "and the limit counts what is set");
    world.forget();
    world.pass(seconds(1));
    assert_eq!(timers(&mut world), ["timer x 0", "timer u 0"]);
}

#[test]
fn to_cancel_one_makes_no_room_for_another_that_was_set() {
    let mut world = World::new(Config::default(), Limits { timers: 1, ..quiet() });
    let conn = world.open();
    world.run(conn, |cx| {
        cx.set_timer("a", millis(1));
        cx.cancel_timer("b");
        cx.set_timer("c", millis(1));
        Ok(())
    });
    assert_eq!((world.got(conn), world.stats().timers), (vec![internal()], 0));
    world.run(conn, |cx| {
        cx.set_timer("a", millis(1));
        cx.cancel_timer("a");
        cx.set_timer("c", millis(1));
        Ok(())
    });
    assert_eq!((world.got(conn), world.stats().timers), (vec![], 1));
}

#[test]
fn an_interval_that_comes_late_keeps_its_beat() {
    let mut world = World::default();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.set_interval("tick", millis(10));
        Ok(())
    });
    let begin = world.now;
    // Nobody looked for a while: the ticks between are left out.
    world.now = begin + millis(37);
    world.timeout();
    assert_eq!(timers(&mut world), ["timer tick 0"]);
    assert_eq!(world.hub.poll_timeout(), Some(begin + millis(40)));
}
