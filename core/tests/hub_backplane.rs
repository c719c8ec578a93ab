//! Several hubs on one broker: every hub sees the order of the offsets, and a lost link loses nothing that is kept.

mod common;

use common::cluster::Cluster;
use common::*;
use lazuli::backplane::Broker;
use lazuli::{Config, ConnId, Input, Limits, Link, Node, Position, Timestamp};
use proptest::prelude::*;
use std::mem;

#[test]
fn a_broadcast_reaches_members_on_every_hub_once() {
    let mut cluster = Cluster::new(3, 100);
    let conns: Vec<ConnId> = (0..3).map(|hub| cluster.member(hub, "room")).collect();
    cluster.say(0, "room", "hi");
    cluster.settle();
    for (hub, conn) in conns.into_iter().enumerate() {
        assert_eq!(cluster.got(hub, conn), ["hi"]);
    }
}

#[test]
fn an_own_publication_is_delivered_when_it_comes_back_and_not_before() {
    let mut cluster = Cluster::new(2, 100);
    let conn = cluster.member(0, "room");
    cluster.say(0, "room", "hi");
    assert_eq!(cluster.got(0, conn), [""; 0]);
    cluster.ask(0);
    assert_eq!(cluster.got(0, conn), [""; 0]);
    cluster.deliver(0);
    assert_eq!(cluster.got(0, conn), ["hi"]);
}

#[test]
fn a_room_is_subscribed_while_it_has_members_here() {
    let mut world = World::new(backplane(1), Limits::default());
    assert_eq!(mem::take(&mut world.bus), [Bus::Subscribe("all".into(), None)]);
    let (a, b) = (world.member("r"), world.member("r"));
    assert_eq!(mem::take(&mut world.bus), [Bus::Subscribe("room:r".into(), None)]);
    world.closed(a, lazuli::Cause::Lost);
    assert_eq!(world.bus, []);
    world.closed(b, lazuli::Cause::Lost);
    assert_eq!(mem::take(&mut world.bus), [Bus::Unsubscribe("room:r".into())]);
}

#[test]
fn several_rooms_and_all_reach_each_connection_once_on_every_hub() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "1"), cluster.member(1, "1"));
    cluster.worlds[1].join(there, "2");
    let outside = cluster.worlds[1].open();
    cluster.settle();
    cluster.worlds[0].job(|cx| {
        cx.to_rooms(["1", "2"]).text("rooms");
        cx.to_all().binary(&[1]);
        Ok(())
    });
    cluster.settle();
    assert_eq!(cluster.got(0, here), ["rooms", "binary [1]"]);
    assert_eq!(cluster.got(1, there), ["rooms", "binary [1]"]);
    assert_eq!(cluster.got(1, outside), ["binary [1]"]);
}

#[test]
fn except_counts_on_the_hub_that_said_it_and_nowhere_else() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "room"), cluster.member(1, "room"));
    assert!(here.index() == there.index() && here != there, "the same place, and another id");
    cluster.worlds[0].run(here, move |cx| {
        cx.to_room("room").except(here).text("room");
        cx.to_all().except(here).text("all");
        cx.to_rooms(["room", "x"]).except(here).text("rooms");
        Ok(())
    });
    cluster.settle();
    assert_eq!(cluster.got(0, here), [""; 0]);
    let mut got = cluster.got(1, there);
    got.sort();
    assert_eq!(got, ["all", "room", "rooms"]);
}

#[test]
fn sends_to_one_connection_and_events_stay_on_their_hub() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "room"), cluster.member(1, "room"));
    for world in &mut cluster.worlds {
        world.forget();
    }
    cluster.worlds[0].run(here, move |cx| {
        cx.text("me");
        cx.to_room("room").event(Event::Word("x"));
        Ok(())
    });
    assert_eq!((cluster.got(0, here), cluster.worlds[0].told(here)), (vec!["me".into()], vec!["event x".into()]));
    cluster.settle();
    assert_eq!((cluster.got(1, there), cluster.worlds[1].script.told()), (vec![], vec![]));
}

#[test]
fn what_a_callback_that_failed_would_publish_is_not_published() {
    let mut world = World::new(backplane(1), Limits::default());
    let a = world.member("room");
    world.forget();
    world.run(a, |cx| {
        cx.to_room("room").text("never");
        Err(lazuli::Error::reply("no"))
    });
    assert_eq!(world.bus, []);
}

#[test]
fn a_publication_that_comes_twice_is_ignored_the_second_time() {
    let mut cluster = Cluster::new(1, 100);
    let conn = cluster.member(0, "room");
    for text in ["1", "2"] {
        cluster.say(0, "room", text);
    }
    cluster.ask(0);
    let deliveries: Vec<_> = std::iter::from_fn(|| cluster.broker.poll(Node(0))).collect();
    for nth in [0, 0, 1, 0, 1] {
        let (topic, position, message) = &deliveries[nth];
        cluster.worlds[0].input(Input::Published { topic, position: *position, message });
    }
    assert_eq!(cluster.got(0, conn), ["1", "2"]);
    assert_eq!((cluster.worlds[0].stats().duplicates, cluster.worlds[0].stats().missed), (3, 0));
}

#[test]
fn a_lost_link_loses_nothing_that_the_broker_keeps() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "room"), cluster.member(1, "room"));
    cluster.say(0, "room", "before");
    cluster.settle();
    cluster.lose(1);
    for nth in 0..10 {
        cluster.say(0, "room", format!("{nth}"));
    }
    cluster.say(1, "room", "from there");
    cluster.settle();
    assert_eq!(cluster.got(1, there), ["before"], "what is said there waits too");
    cluster.restore(1);
    cluster.settle();
    let expected: Vec<String> = (0..10).map(|nth| nth.to_string()).chain(["from there".into()]).collect();
    assert_eq!(cluster.got(1, there), expected);
    assert_eq!(cluster.got(0, here)[1..], expected);
    assert_eq!(cluster.worlds[1].stats().missed, 0);
}

#[test]
fn a_lost_link_loses_nothing_for_a_room_that_was_quiet_before() {
    let mut cluster = Cluster::new(2, 100);
    cluster.member(0, "room");
    let there = cluster.member(1, "room");
    cluster.lose(1);
    cluster.say(0, "room", "meanwhile");
    cluster.worlds[0].job(|cx| {
        cx.to_all().text("to all");
        Ok(())
    });
    cluster.settle();
    cluster.restore(1);
    cluster.settle();
    let missed = cluster.worlds[1].stats().missed;
    assert_eq!((cluster.got(1, there), missed), (vec!["to all".into(), "meanwhile".into()], 0));
}

#[test]
fn a_lost_link_loses_nothing_though_the_others_have_left_the_room_meanwhile() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "room"), cluster.member(1, "room"));
    cluster.say(0, "room", "before");
    cluster.settle();
    cluster.lose(1);
    cluster.say(0, "room", "meanwhile");
    cluster.settle();
    cluster.worlds[0].closed(here, lazuli::Cause::Lost);
    cluster.settle();
    cluster.restore(1);
    cluster.settle();
    assert_eq!(
        (cluster.got(1, there), cluster.worlds[1].stats().missed),
        (vec!["before".into(), "meanwhile".into()], 0)
    );
}

#[test]
fn topics_that_are_kept_for_hubs_that_may_come_back_are_bounded() {
    let mut broker = Broker::new(0, 1);
    let epoch = |broker: &mut Broker, topic: &str| broker.subscribe(Node(2), topic, None).epoch;
    let topics: Vec<String> = (0..10_001).map(|nth| format!("room:{nth}")).collect();
    for topic in &topics {
        broker.subscribe(Node(1), topic, None);
    }
    let kept = epoch(&mut broker, &topics[0]);
    broker.disconnect(Node(1));
    // The last hub that was there leaves one after the other: 10,000 are left for the one that is away.
    for topic in &topics {
        broker.subscribe(Node(2), topic, None);
    }
    for topic in &topics[..10_000] {
        broker.unsubscribe(Node(2), topic);
    }
    assert_eq!(epoch(&mut broker, &topics[0]), kept);
    broker.unsubscribe(Node(2), &topics[0]);
    broker.unsubscribe(Node(2), &topics[10_000]);
    assert!(epoch(&mut broker, &topics[0]) > kept, "one too many: all that nobody uses are freed");
}

#[test]
fn what_the_broker_no_longer_keeps_is_counted_as_missed() {
    let mut cluster = Cluster::new(2, 3);
    cluster.member(0, "room");
    let there = cluster.member(1, "room");
    cluster.say(0, "room", "before");
    cluster.settle();
    cluster.lose(1);
    for nth in 0..10 {
        cluster.say(0, "room", format!("{nth}"));
    }
    cluster.settle();
    cluster.restore(1);
    cluster.settle();
    assert_eq!(cluster.got(1, there), ["before", "7", "8", "9"]);
    assert_eq!((cluster.worlds[1].stats().missed, cluster.worlds[1].stats().duplicates), (7, 0));
}

#[test]
fn a_new_broker_starts_its_offsets_anew() {
    let mut cluster = Cluster::new(2, 100);
    let (here, there) = (cluster.member(0, "room"), cluster.member(1, "room"));
    for _ in 0..5 {
        cluster.say(0, "room", "old");
    }
    cluster.settle();
    for hub in 0..2 {
        cluster.lose(hub);
        cluster.got(hub, [here, there][hub]);
    }
    cluster.broker = Broker::new(2, 100);
    cluster.restore(0);
    cluster.say(0, "room", "new");
    cluster.settle();
    cluster.restore(1);
    cluster.settle();
    assert_eq!((cluster.got(0, here), cluster.got(1, there)), (vec!["new".into()], vec!["new".into()]));
    assert_eq!((cluster.worlds[1].stats().missed, cluster.worlds[1].stats().duplicates), (0, 0));
}

#[test]
fn rooms_that_came_and_went_while_the_link_was_lost_are_as_they_are_now() {
    let mut cluster = Cluster::new(2, 100);
    let gone = cluster.member(1, "gone");
    cluster.lose(1);
    cluster.worlds[1].closed(gone, lazuli::Cause::Lost);
    let new = cluster.worlds[1].member("new");
    cluster.ask(1);
    cluster.worlds[1].input(Input::Backplane(Link::Up));
    assert_eq!(
        mem::take(&mut cluster.worlds[1].bus),
        [Bus::Subscribe("all".into(), Some(Position { epoch: 2, offset: 0 })), Bus::Subscribe("room:new".into(), None)]
    );
    cluster.up[1] = true;
    cluster.broker.subscribe(Node(1), "room:new", None);
    cluster.say(0, "new", "hi");
    cluster.settle();
    assert_eq!(cluster.got(1, new), ["hi"]);
}

#[test]
fn what_waits_for_a_lost_link_is_bounded_and_the_oldest_goes() {
    let mut cluster = Cluster::new(1, 10_000);
    let conn = cluster.member(0, "room");
    cluster.lose(0);
    for nth in 0..100 {
        cluster.say(0, "room", format!("{nth:<50000}"));
    }
    let dropped = cluster.worlds[0].stats().unpublished as usize;
    assert!((16..=18).contains(&dropped), "4 MiB of 5 MB are kept: {dropped}");
    cluster.restore(0);
    cluster.settle();
    let got: Vec<usize> = cluster.got(0, conn).iter().map(|text| text.trim().parse().unwrap()).collect();
    assert_eq!(got, (dropped..100).collect::<Vec<_>>());
}

#[test]
fn links_that_are_lost_or_up_twice_change_nothing() {
    let mut cluster = Cluster::new(1, 100);
    let conn = cluster.member(0, "room");
    cluster.lose(0);
    cluster.worlds[0].input(Input::Backplane(Link::Lost));
    cluster.say(0, "room", "once");
    cluster.restore(0);
    cluster.worlds[0].input(Input::Backplane(Link::Up));
    cluster.settle();
    assert_eq!(cluster.got(0, conn), ["once"]);
}

#[test]
fn without_a_backplane_its_inputs_mean_nothing() {
    let mut world = World::default();
    world.input(Input::Backplane(Link::Lost));
    world.input(Input::Published { topic: "all", position: Position { epoch: 1, offset: 1 }, message: b"x" });
    let a = world.member("room");
    world.run(a, |cx| {
        cx.to_room("room").text("x");
        Ok(())
    });
    assert_eq!((world.got(a), world.bus.len()), (vec!["x".into()], 0));
}

#[test]
fn a_publication_for_a_room_that_is_gone_is_ignored() {
    let mut cluster = Cluster::new(2, 100);
    let conn = cluster.member(1, "room");
    cluster.say(0, "room", "late");
    cluster.ask(0);
    cluster.worlds[1].closed(conn, lazuli::Cause::Lost);
    cluster.settle();
    assert_eq!(cluster.worlds[1].stats().unpublished, 0);
}

#[test]
fn a_publication_that_no_hub_wrote_is_counted_and_logged() {
    let mut world = World::new(backplane(1), Limits::default());
    world.member("room");
    for (offset, message) in [(1, &b""[..]), (2, b"hello"), (3, &[1, 1]), (4, &[9; 50])] {
        world.input(Input::Published { topic: "room:room", position: Position { epoch: 1, offset }, message });
    }
    assert_eq!((world.stats().unpublished, world.sends.len()), (4, 0));
}

/// What a hub said last reaches the one that took its place: it is the same node, but another hub.
fn said_before_a_restart(say: impl FnOnce(&mut World)) -> Vec<Bus> {
    let mut before = World::new(backplane(0), Limits::default());
    before.bus.clear();
    say(&mut before);
    mem::take(&mut before.bus).into_iter().filter(|bus| matches!(bus, Bus::Publish(..))).collect()
}

fn started_later() -> World {
    let wall = Timestamp::from_unix_micros(1_790_000_000_000_000);
    World::new(Config { wall, ..backplane(0) }, Limits::default())
}

#[test]
fn except_does_not_count_on_a_hub_that_was_started_anew() {
    let said = said_before_a_restart(|world| {
        let conn = world.member("room");
        world.run(conn, move |cx| {
            cx.to_room("room").except(conn).text("others");
            Ok(())
        });
    });
    let mut after = started_later();
    let conn = after.member("room");
    let Some(Bus::Publish(topic, message)) = said.last() else { panic!("{said:?}") };
    after.input(Input::Published { topic, position: Position { epoch: 1, offset: 1 }, message });
    assert_eq!(after.got(conn), ["others"]);
}

#[test]
fn a_user_who_is_closed_everywhere_is_closed_on_a_hub_that_was_started_anew() {
    let said = said_before_a_restart(|world| {
        world.job(|cx| {
            cx.close_user("ada", 4_000, "out");
            Ok(())
        });
    });
    let mut after = started_later();
    let conn = after.open();
    after.run(conn, |cx| {
        cx.identify("ada");
        Ok(())
    });
    let Some(Bus::Publish(topic, message)) = said.last() else { panic!("{said:?}") };
    after.input(Input::Published { topic, position: Position { epoch: 1, offset: 1 }, message });
    let closes: Vec<(ConnId, u16)> = after.closes.iter().map(|close| (close.conn, close.code)).collect();
    assert_eq!(closes, [(conn, 4_000)]);
}

#[derive(Clone, Debug)]
enum Op {
    Say(usize, u8),
    All(usize),
    Ask(usize),
    Deliver(usize),
    Lose(usize),
    Restore(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let hub = 0usize..3;
    prop_oneof![
        4 => (hub.clone(), 0u8..2).prop_map(|(hub, room)| Op::Say(hub, room)),
        1 => hub.clone().prop_map(Op::All),
        4 => hub.clone().prop_map(Op::Ask),
        8 => hub.clone().prop_map(Op::Deliver),
        1 => hub.clone().prop_map(Op::Lose),
        1 => hub.prop_map(Op::Restore),
    ]
}

proptest! {
    /// However publishing, delivery and lost links interleave: each hub's members of a room get all that was said in it, in
    /// one order, and each hub's own in the order in which it said them.
    #[test]
    fn every_hub_sees_one_order_and_nothing_is_lost(ops in prop::collection::vec(op(), 0..80)) {
        let mut cluster = Cluster::new(3, 1_000);
        let rooms = ["red", "blue"];
        let members: Vec<[ConnId; 2]> =
            (0..3).map(|hub| rooms.map(|room| cluster.member(hub, room))).collect();
        // A topic's first publication, so that each hub knows its place in it.
        for room in rooms {
            cluster.say(0, room, "first");
        }
        cluster.worlds[0].job(|cx| { cx.to_all().text("first of all"); Ok(()) });
        cluster.settle();
        let mut said = [const { Vec::new() }; 3];
        for (nth, op) in ops.into_iter().enumerate() {
            match op {
                Op::Say(hub, room) => {
                    said[hub].push((room, format!("{hub} {nth}")));
                    cluster.say(hub, rooms[usize::from(room)], format!("{hub} {nth}"));
                }
                Op::All(hub) => {
                    said[hub].push((2, format!("{hub} {nth} all")));
                    cluster.worlds[hub].job(move |cx| { cx.to_all().text(&format!("{hub} {nth} all")); Ok(()) });
                }
                Op::Ask(hub) => cluster.ask(hub),
                Op::Deliver(hub) => {
                    if cluster.up[hub] {
                        cluster.deliver(hub);
                    }
                }
                Op::Lose(hub) => {
                    if cluster.up[hub] {
                        cluster.lose(hub);
                    }
                }
                Op::Restore(hub) => {
                    if !cluster.up[hub] {
                        cluster.restore(hub);
                    }
                }
            }
        }
        for hub in 0..3 {
            if !cluster.up[hub] {
                cluster.restore(hub);
            }
        }
        cluster.settle();
        for (room, _) in rooms.iter().enumerate() {
            let got: Vec<Vec<String>> = (0..3).map(|hub| cluster.got(hub, members[hub][room])).collect();
            // Topics are ordered each by itself: what goes to all is another topic than the room's.
            for all in [false, true] {
                let of = |got: &[String]| -> Vec<String> {
                    got.iter().filter(|text| text.ends_with("all") == all).cloned().collect()
                };
                for hub in 1..3 {
                    prop_assert_eq!(of(&got[hub]), of(&got[0]));
                }
                for (hub, said) in said.iter().enumerate() {
                    let wanted = if all { 2 } else { room as u8 };
                    let own: Vec<String> =
                        of(&got[0]).into_iter().filter(|text| text.starts_with(&format!("{hub} "))).collect();
                    let expected: Vec<String> =
                        said.iter().filter(|(to, _)| *to == wanted).map(|(_, text)| text.clone()).collect();
                    prop_assert_eq!(own, expected);
                }
            }
        }
        for world in &cluster.worlds {
            prop_assert_eq!((world.stats().missed, world.stats().unpublished), (0, 0));
        }
    }

    /// Nothing that comes over the backplane brings a hub down.
    #[test]
    fn bytes_that_no_hub_wrote_do_no_harm(
        mut message in prop::collection::vec(any::<u8>(), 0..80),
        valid in any::<bool>(),
        topic in prop_oneof![Just("all"), Just("room:room"), Just("room:"), Just("")],
        offset in any::<u64>(),
        kept in 0usize..200,
    ) {
        let mut world = World::new(backplane(1), Limits::default());
        let conn = world.member("room");
        if valid {
            world.forget();
            world.job(|cx| { cx.to_rooms(["room", "b"]).text("hello"); Ok(()) });
            let Some(Bus::Publish(_, bytes)) = world.bus.pop() else { panic!("it was not published") };
            let mut bytes = bytes;
            for (nth, byte) in message.iter().enumerate() {
                if *byte < 30 {
                    let at = nth % bytes.len();
                    bytes[at] = *byte;
                }
            }
            bytes.truncate(kept);
            message = bytes;
        }
        for offset in [offset, offset.wrapping_add(1), 0, u64::MAX] {
            world.input(Input::Published { topic, position: Position { epoch: 1, offset }, message: &message });
        }
        world.run(conn, |cx| { cx.text("well"); Ok(()) });
        let got = world.got(conn);
        prop_assert_eq!(got.last().map(String::as_str), Some("well"));
    }
}
