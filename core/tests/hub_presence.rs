//! Presence: who is in a room, as state and as changes.

mod common;

use common::{World, quiet};
use lazuli::{Cause, Config, ConnId};
use serde_json::{Value, json};
use std::time::Duration;

const ROOM: &str = "room";

impl World {
    fn track(&mut self, conn: ConnId, user: &'static str, meta: Value) {
        self.run(conn, move |cx| {
            cx.identify(user);
            cx.track(ROOM, &meta);
            Ok(())
        });
    }

    fn present(&mut self, user: &'static str, meta: Value) -> ConnId {
        let conn = self.open();
        self.track(conn, user, meta);
        conn
    }
}

fn state(users: Value) -> Value {
    json!({ "type": "presence_state", "room": ROOM, "users": users })
}

fn diff(joins: Value, leaves: Value) -> Value {
    json!({ "type": "presence_diff", "room": ROOM, "joins": joins, "leaves": leaves })
}

fn here(metas: Value) -> Value {
    json!({ "metas": metas })
}

#[test]
fn the_newcomer_gets_the_state_and_the_others_the_change() {
    let mut world = World::default();
    let ada = world.present("ada", json!({ "n": 1 }));
    assert_eq!(world.heard(ada), [state(json!({ "ada": here(json!([{ "n": 1 }])) }))]);
    let bob = world.present("bob", json!({}));
    let both = json!({ "ada": here(json!([{ "n": 1 }])), "bob": here(json!([{}])) });
    assert_eq!(world.heard(bob), [state(both)]);
    assert_eq!(world.heard(ada), [diff(json!({ "bob": here(json!([{}])) }), json!({}))]);
    world.pass(Duration::from_secs(1));
    world.closed(bob, Cause::Lost);
    assert_eq!(world.heard(ada), [diff(json!({}), json!({ "bob": here(json!([{}])) }))]);
    world.job(|cx| {
        let present = cx.presence(ROOM);
        assert_eq!((present.len(), &*present[0].user, &present[0].metas), (1, "ada", &vec![json!({ "n": 1 })]));
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn a_user_with_two_tabs_stays_until_the_last_closes() {
    let mut world = World::default();
    let watcher = world.present("eve", json!({}));
    let one = world.present("ada", json!({}));
    world.pass(Duration::from_secs(1));
    world.got(watcher);
    let two = world.present("ada", json!({}));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(watcher), Vec::<Value>::new(), "nothing has changed that is shown");
    world.closed(one, Cause::Lost);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(watcher), Vec::<Value>::new());
    world.closed(two, Cause::Lost);
    assert_eq!(world.heard(watcher), [diff(json!({}), json!({ "ada": here(json!([{}])) }))]);
}

#[test]
fn metadata_that_change_are_updates() {
    let mut world = World::default();
    let (watcher, ada) = (world.present("eve", json!({})), world.present("ada", json!({ "s": "here" })));
    world.pass(Duration::from_secs(1));
    world.got(watcher);
    world.got(ada);
    world.track(ada, "ada", json!({ "s": "away" }));
    let changed = json!({
        "type": "presence_diff", "room": ROOM, "joins": {}, "leaves": {},
        "updates": { "ada": here(json!([{ "s": "away" }])) },
    });
    assert_eq!(world.heard(watcher), std::slice::from_ref(&changed));
    assert_eq!(world.heard(ada), [changed], "no state again for one who has it");
    world.pass(Duration::from_secs(1));
    world.track(ada, "ada", json!({ "s": "away" }));
    assert_eq!(world.heard(watcher), Vec::<Value>::new(), "the same again is no change");
}

#[test]
fn what_comes_and_goes_quickly_is_told_once() {
    let every = Duration::from_millis(100);
    let mut world = World::new(Config { presence: every, ..Config::default() }, quiet());
    let watcher = world.present("eve", json!({}));
    world.got(watcher);
    let first = world.present("a", json!({}));
    assert_eq!(world.heard(watcher).len(), 1, "the first change is told at once");
    let names = ["b", "c", "d"];
    let conns = names.map(|name| world.present(name, json!({})));
    world.closed(conns[0], Cause::Lost);
    world.closed(first, Cause::Lost);
    assert_eq!(world.heard(watcher), Vec::<Value>::new());
    world.pass(every);
    let heard = world.heard(watcher);
    assert_eq!(heard.len(), 1);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&heard[0]["joins"]), ["c", "d"]);
    // Who came since was shown `a` and `b`, and hears that they are gone; who was not knows nothing of `b` to forget.
    assert_eq!(keys(&heard[0]["leaves"]), ["a", "b"]);
    world.pass(every * 10);
    assert_eq!(world.heard(watcher), Vec::<Value>::new());
}

#[test]
fn presence_goes_with_the_room_and_leaves_no_timer() {
    let mut world = World::default();
    let conns = [world.present("a", json!({})), world.present("b", json!({})), world.present("c", json!({}))];
    assert_eq!(world.stats().timers, 1, "the third was too soon to be told of");
    for conn in conns {
        world.closed(conn, Cause::Lost);
    }
    assert_eq!((world.stats().timers, world.stats().rooms, world.hub.poll_timeout()), (0, 0, None));
    let again = world.present("d", json!({}));
    assert_eq!(world.heard(again), [state(json!({ "d": here(json!([{}])) }))]);
}

#[test]
fn leaving_the_room_or_untracking_ends_it() {
    let mut world = World::default();
    let (watcher, ada, bob) =
        (world.present("eve", json!({})), world.present("ada", json!({})), world.present("bob", json!({})));
    world.pass(Duration::from_secs(1));
    world.got(watcher);
    world.run(ada, |cx| {
        cx.untrack(ROOM);
        Ok(())
    });
    world.pass(Duration::from_secs(1));
    world.run(bob, |cx| {
        cx.leave(ROOM);
        Ok(())
    });
    world.pass(Duration::from_secs(1));
    let heard = world.heard(watcher);
    assert_eq!(heard.iter().map(|diff| diff["leaves"].as_object().unwrap().len()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(world.hub.count(ROOM), 2, "the one who is no longer shown is a member still");
}

#[test]
fn nobody_is_tracked_without_a_user() {
    let mut world = World::default();
    let conn = world.open();
    world.run(conn, |cx| {
        cx.track(ROOM, &1);
        Ok(())
    });
    assert_eq!((world.stats().errors, world.stats().rooms), (1, 0));
}
