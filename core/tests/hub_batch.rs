//! Batches: by count or by time, in order, and nothing is lost.

mod common;

use common::{World, quiet};
use lazuli::{Batching, Cause, Config, ConnId, Error, Input, Limits, Message};
use std::time::Duration;

const WITHIN: Duration = Duration::from_millis(50);

fn world(most: usize) -> (World, ConnId) {
    let batch = Some(Batching { most, within: WITHIN });
    let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
    let conn = world.open();
    world.script.told();
    (world, conn)
}

#[test]
fn a_batch_is_handed_over_when_it_is_full() {
    let (mut world, conn) = world(3);
    for text in ["a", "b"] {
        world.message(conn, text);
    }
    assert_eq!(world.told(conn), Vec::<String>::new());
    world.input(Input::Message { conn, message: Message::Binary(b"c") });
    assert_eq!(world.told(conn), ["batch a,b,[99]"]);
    assert_eq!((world.stats().batches, world.stats().timers, world.stats().messages_in), (1, 0, 3));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.told(conn), Vec::<String>::new());
}

#[test]
fn a_batch_is_handed_over_when_its_first_message_has_waited_long_enough() {
    let (mut world, conn) = world(100);
    world.message(conn, "a");
    world.pass(WITHIN / 2);
    world.message(conn, "b");
    world.pass(WITHIN / 2 - Duration::from_micros(1));
    assert_eq!(world.told(conn), Vec::<String>::new());
    world.pass(Duration::from_micros(1));
    assert_eq!(world.told(conn), ["batch a,b"]);
    world.message(conn, "c");
    world.pass(WITHIN);
    assert_eq!(world.told(conn), ["batch c"]);
}

#[test]
fn whatever_ends_the_connection_the_batch_comes_before_the_close() {
    for how in 0..6 {
        let (mut world, conn) = world(100);
        world.message(conn, "a");
        world.message(conn, "b");
        match how {
            0 => world.closed(conn, Cause::Lost),
            1 => world.input(Input::Ended { conn, code: Some(1000), reason: "" }),
            2 => world.shutdown(Duration::from_secs(1)),
            3 => world.job(move |cx| {
                cx.close_conn(conn, 4000, "");
                Ok(())
            }),
            4 => {
                world.script.on("batch", |cx, _| {
                    cx.close(4000, "");
                    Ok(())
                });
                world.pass(WITHIN);
            }
            _ => {
                world.fast = false;
                world.job(move |cx| {
                    cx.to_conn(conn).binary(&vec![0; 100_000]);
                    cx.to_conn(conn).binary(&vec![0; 2_000_000]);
                    Ok(())
                });
                assert_eq!(world.closes.last().map(|close| close.code), Some(1013));
            }
        }
        let told = world.told(conn);
        assert!(told.len() == 2 && told[0] == "batch a,b" && told[1].starts_with("close "), "{how}: {told:?}");
        assert_eq!(world.stats().batches, 1);
        // Only a shutdown that waits for its end has one.
        assert_eq!(world.stats().timers, u64::from(how == 2));
    }
}

#[test]
fn a_batch_is_one_transaction() {
    let (mut world, conn) = world(2);
    world.script.on("batch", |cx, what| {
        cx.text(what);
        if what.contains("bad") { Err(Error::validation("bad")) } else { Ok(()) }
    });
    for text in ["a", "b", "c", "bad", "d", "e"] {
        world.message(conn, text);
    }
    let got = world.got(conn);
    assert_eq!((got.len(), &*got[0], &*got[2]), (3, "a,b", "d,e"));
    assert!(got[1].contains("Validation failed: bad"));
}

#[test]
fn a_batch_holds_no_more_than_the_largest_message() {
    let batch = Some(Batching { most: 1_000, within: WITHIN });
    let mut limits = Limits { batch, ..quiet() };
    (limits.frames.text, limits.frames.binary) = (10, 10);
    let mut world = World::new(Config::default(), limits);
    let conn = world.open();
    world.script.told();
    for text in ["12345", "67890", "x"] {
        world.message(conn, text);
    }
    assert_eq!(world.told(conn), ["batch 12345,67890"]);
}

#[test]
fn batches_that_close_each_other_all_come() {
    let batch = Some(Batching { most: 1_000, within: WITHIN });
    let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
    // A chain as long as a stack would not hold, if each were handed over within the one before.
    let conns: Vec<ConnId> = (0..20_000).map(|_| world.open()).collect();
    let next: std::collections::BTreeMap<ConnId, ConnId> = conns.windows(2).map(|pair| (pair[0], pair[1])).collect();
    world.script.on("batch", move |cx, _| {
        if let Some(next) = next.get(&cx.conn()) {
            cx.close_conn(*next, 4000, "");
        }
        Ok(())
    });
    for conn in &conns {
        world.message(*conn, "m");
    }
    world.closed(conns[0], Cause::Lost);
    assert_eq!(world.stats().batches, 20_000);
}

#[test]
fn who_knows_no_batches_gets_its_messages_one_by_one() {
    struct Plain(std::sync::Arc<common::Script>);

    impl lazuli::Channel<common::TestApp> for Plain {
        fn on_message(&mut self, cx: &mut common::Cx<'_>, text: &str) -> lazuli::Result {
            self.0.tell(cx, "message", text)
        }

        fn on_binary(&mut self, cx: &mut common::Cx<'_>, bytes: &[u8]) -> lazuli::Result {
            self.0.tell(cx, "binary", &format!("{bytes:?}"))
        }
    }

    let script = std::sync::Arc::<common::Script>::default();
    let mut routes = common::routes(&script, quiet());
    let limits = Limits { batch: Some(Batching { most: 3, within: WITHIN }), ..quiet() };
    let of = script.clone();
    routes.channel_with("/plain", limits, move |_| Ok(Plain(of.clone()))).unwrap();
    let mut world = World::with(Config::default(), routes, script);
    let conn = world.open_at("/plain");
    world.message(conn, "a");
    world.input(Input::Message { conn, message: Message::Binary(b"b") });
    assert_eq!(world.told(conn), [""; 0]);
    world.message(conn, "c");
    assert_eq!(world.told(conn), ["message a", "binary [98]", "message c"]);
}
