//! Rooms: who is in them, who gets what, and in which order.

mod common;

use common::*;
use lazuli::{Cause, ConnId, Input};

fn say(world: &mut World, conn: ConnId, room: &'static str, text: &'static str) {
    world.run(conn, move |cx| {
        cx.to_room(room).text(text);
        Ok(())
    });
}

#[test]
fn a_room_s_members_get_what_is_sent_to_it_once_each() {
    let mut world = World::default();
    let (a, b, c) = (world.member("room"), world.member("room"), world.member("elsewhere"));
    say(&mut world, a, "room", "hi");
    assert_eq!([a, b, c].map(|conn| world.got(conn)), [vec!["hi".to_owned()], vec!["hi".into()], vec![]]);
}

#[test]
fn one_output_carries_a_whole_broadcast() {
    let mut world = World::default();
    let members: Vec<ConnId> = (0..100).map(|_| world.member("room")).collect();
    world.forget();
    say(&mut world, members[0], "room", "hi");
    assert_eq!(world.sends.len(), 1);
    let mut to = world.sends[0].0.clone();
    to.sort();
    assert_eq!(to, members);
    assert_eq!(world.stats().frames_out, 100);
}

#[test]
fn who_is_no_member_may_send_to_a_room() {
    let mut world = World::default();
    let (member, stranger) = (world.member("room"), world.open());
    say(&mut world, stranger, "room", "hi");
    assert_eq!((world.got(member), world.got(stranger)), (vec!["hi".into()], vec![]));
}

#[test]
fn a_send_to_a_room_that_nobody_is_in_goes_nowhere() {
    let mut world = World::default();
    let a = world.open();
    world.forget();
    say(&mut world, a, "empty", "hi");
    say(&mut world, a, "", "hi");
    assert_eq!((world.sends.len(), world.stats().errors), (0, 0));
}

#[test]
fn except_leaves_out_those_that_it_names() {
    let mut world = World::default();
    let (a, b, c) = (world.member("room"), world.member("room"), world.member("room"));
    world.run(a, move |cx| {
        cx.to_room("room").except(a).text("not a");
        cx.to_room("room").except(b).except(c).text("only a");
        cx.to_all().except(c).text("not c");
        cx.to_rooms(["room", "other"]).except(b).text("not b");
        cx.to_room("room").text("all");
        Ok(())
    });
    assert_eq!(world.got(a), ["only a", "not c", "not b", "all"]);
    assert_eq!(world.got(b), ["not a", "not c", "all"]);
    assert_eq!(world.got(c), ["not a", "not b", "all"]);
}

#[test]
fn several_rooms_reach_each_connection_once() {
    let mut world = World::default();
    let (both, first, second, none) = (world.member("1"), world.member("1"), world.member("2"), world.open());
    world.join(both, "2");
    world.run(none, |cx| {
        cx.to_rooms(["1", "2", "1", "empty"]).text("x");
        cx.to_rooms(["2"]).text("y");
        cx.to_rooms([""; 0]).text("z");
        Ok(())
    });
    assert_eq!(world.got(both), ["x", "y"]);
    assert_eq!((world.got(first), world.got(second)), (vec!["x".into()], vec!["x".into(), "y".into()]));
    assert_eq!(world.got(none), [""; 0]);
}

#[test]
fn sends_in_one_callback_do_not_mix_up_their_rooms_and_exceptions() {
    let mut world = World::default();
    let (a, b) = (world.member("1"), world.member("2"));
    world.run(a, move |cx| {
        cx.to_rooms(["1", "2"]).except(a).text("b only");
        cx.to_rooms(["1"]).text("a");
        cx.to_room("2").text("b");
        let _unsent = cx.to_room("2").except(b);
        cx.to_rooms(["1", "2"]).text("both");
        Ok(())
    });
    assert_eq!(world.got(a), ["a", "both"]);
    assert_eq!(world.got(b), ["b only", "b", "both"]);
}

#[test]
fn to_all_reaches_every_open_connection() {
    let mut world = World::default();
    let (a, b, c) = (world.open(), world.member("room"), world.open());
    world.run(c, |cx| {
        cx.close(1000, "");
        Ok(())
    });
    world.run(a, |cx| {
        cx.to_all().text("x");
        Ok(())
    });
    assert_eq!((world.got(a), world.got(b)), (vec!["x".into()], vec!["x".into()]));
    assert_eq!(world.got(c), ["close 1000 "]);
}

#[test]
fn joining_twice_is_joining_once() {
    let mut world = World::default();
    let a = world.member("room");
    world.join(a, "room");
    say(&mut world, a, "room", "x");
    assert_eq!((world.got(a), world.hub.count("room")), (vec!["x".into()], 1));
}

#[test]
fn who_left_gets_nothing_more() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.run(b, |cx| {
        cx.leave("room");
        cx.leave("never there");
        Ok(())
    });
    say(&mut world, a, "room", "x");
    assert_eq!((world.got(a), world.got(b), world.hub.count("room")), (vec!["x".into()], vec![], 1));
}

#[test]
fn joins_leaves_and_sends_of_one_callback_happen_in_their_order() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.to_room("room").text("1");
        cx.join("room");
        cx.to_room("room").text("2");
        cx.leave("room");
        cx.to_room("room").text("3");
        cx.join("room");
        cx.to_room("room").text("4");
        Ok(())
    });
    assert_eq!(world.got(a), ["2", "4"]);
}

#[test]
fn every_end_leaves_all_rooms() {
    type End = fn(&mut World, ConnId);
    let ends: [End; 5] = [
        |world, conn| world.closed(conn, Cause::Lost),
        |world, conn| world.closed(conn, Cause::Peer { code: None, reason: "" }),
        |world, conn| {
            world.run(conn, |cx| {
                cx.close(1000, "");
                Ok(())
            });
        },
        |world, conn| world.run(conn, |_| panic!()),
        |world, conn| world.input(Input::Command(lazuli::Command::Close { conn, code: 1000, reason: String::new() })),
    ];
    for (nth, end) in ends.into_iter().enumerate() {
        let mut world = World::default();
        let conn = world.member("1");
        let other = world.member("1");
        world.join(conn, "2");
        end(&mut world, conn);
        assert_eq!((world.hub.count("1"), world.hub.count("2"), world.stats().rooms), (1, 0, 1), "end {nth}");
        world.forget();
        say(&mut world, other, "1", "x");
        assert_eq!(world.got(conn), [""; 0], "end {nth}");
    }
}

#[test]
fn a_room_is_gone_with_its_last_member() {
    let mut world = World::default();
    let conns: Vec<ConnId> = (0..3).map(|_| world.member("room")).collect();
    assert_eq!(world.stats().rooms, 1);
    for conn in conns {
        world.closed(conn, Cause::Lost);
    }
    assert_eq!((world.stats().rooms, world.hub.count("room")), (0, 0));
}

#[test]
fn members_of_a_room_see_one_total_order() {
    let mut world = World::default();
    let conns: Vec<ConnId> = (0..4).map(|_| world.member("room")).collect();
    world.script.on("message", |cx, text| {
        cx.to_room("room").text(text);
        let conn = cx.conn();
        cx.to_room("room").event(Event::Word("echo"));
        cx.to_room("room").except(conn).text(&format!("{text}!"));
        Ok(())
    });
    world.script.on("event", |cx, _| {
        let conn = cx.conn();
        cx.to_room("room").text(&format!("from {conn}"));
        Ok(())
    });
    for (nth, conn) in conns.iter().enumerate() {
        world.message(*conn, &nth.to_string());
    }
    let got: Vec<Vec<String>> = conns.iter().map(|conn| world.got(*conn)).collect();
    let common = |got: &[String]| got.iter().filter(|text| !text.ends_with('!')).cloned().collect::<Vec<_>>();
    assert_eq!(common(&got[0]).len(), 4 * 5);
    assert!(got.iter().all(|one| common(one) == common(&got[0])));
}

#[test]
fn what_one_callback_sends_is_not_torn_apart_by_others() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.script.on("close", |cx, _| {
        cx.to_room("room").text("b left");
        Ok(())
    });
    world.run(a, move |cx| {
        cx.to_room("room").text("1");
        cx.close_conn(b, 1000, "");
        cx.to_room("room").text("2");
        Ok(())
    });
    assert_eq!(
        (world.got(a), world.got(b)),
        (vec!["1".into(), "2".into(), "b left".into()], vec!["1".into(), "close 1000 ".into()])
    );
}

#[test]
fn a_room_s_members_can_be_listed() {
    let mut world = World::default();
    let (a, b, _) = (world.member("room"), world.member("room"), world.open());
    world.job(move |cx| {
        let mut members: Vec<ConnId> = cx.members("room").collect();
        members.sort();
        assert_eq!((members, cx.count("room"), cx.count("empty")), (vec![a, b], 2, 0));
        assert_eq!(cx.members("empty").count(), 0);
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn text_binary_json_and_pings_are_what_they_say() {
    let mut world = World::default();
    let a = world.member("room");
    world.run(a, |cx| {
        cx.text("plain");
        cx.binary(&[0, 255]);
        cx.ping(b"?");
        cx.send(&serde_json::json!({ "type": "x", "n": 1 }));
        cx.broadcast("room", &["list"]);
        cx.broadcast_from("room", &"never");
        cx.to_room("room").binary(&[]);
        Ok(())
    });
    let expected = ["plain", "binary [0, 255]", "ping [63]", r#"{"n":1,"type":"x"}"#, r#"["list"]"#, "binary []"];
    assert_eq!(world.got(a), expected);
}

#[test]
fn who_is_leaving_enters_nothing_any_more() {
    let mut world = World::default();
    world.script.on("close", |cx, _| {
        cx.join("2");
        cx.identify("ada");
        cx.track("3", &1);
        Ok(())
    });
    let (conn, known) = (world.member("1"), world.open());
    world.run(known, |cx| {
        cx.identify("bob");
        Ok(())
    });
    world.closed(conn, Cause::Lost);
    // Whoever is known could be tracked, if only they stayed.
    world.closed(known, Cause::Lost);
    let stats = world.stats();
    assert_eq!((stats.rooms, stats.users, stats.connections, stats.panics), (0, 0, 0, 0));
}
