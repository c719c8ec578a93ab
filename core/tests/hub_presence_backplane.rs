//! Presence over several hubs: all members see the whole, whatever the backplane does.

mod common;

use common::cluster::Cluster;
use common::*;
use lazuli::backplane::Broker;
use lazuli::{Cause, Config, ConnId, Input, Limits, Node, Position, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ROOM: &str = "room";

/// Users and what is shown of them.
type View = Map<String, Value>;

/// Hubs, and what each tracked connection has made of the states and changes that it got.
struct Party {
    cluster: Cluster,
    views: BTreeMap<(usize, ConnId), View>,
}

impl Party {
    fn new(hubs: usize) -> Party {
        let worlds = (0..hubs).map(|nth| World::new(backplane(nth as u64), quiet())).collect();
        let mut cluster = Cluster { worlds, broker: Broker::new(1, 1_000), up: vec![true; hubs] };
        cluster.settle();
        Party { cluster, views: BTreeMap::new() }
    }

    /// Tracks without delivering anything.
    fn track(&mut self, hub: usize, conn: ConnId, user: &str, meta: Value) {
        let user = user.to_string();
        self.cluster.worlds[hub].run(conn, move |cx| {
            cx.identify(&user);
            cx.track(ROOM, &meta);
            Ok(())
        });
        self.views.entry((hub, conn)).or_default();
    }

    /// A new connection of a user, of which all hubs have heard.
    fn present(&mut self, hub: usize, user: &str, meta: Value) -> ConnId {
        let conn = self.cluster.worlds[hub].open();
        self.track(hub, conn, user, meta);
        self.cluster.settle();
        conn
    }

    fn close(&mut self, hub: usize, conn: ConnId) {
        self.cluster.worlds[hub].closed(conn, Cause::Lost);
        self.views.remove(&(hub, conn));
    }

    fn pass(&mut self, seconds: u64) {
        let all: Vec<usize> = (0..self.cluster.worlds.len()).collect();
        self.cluster.pass(&all, Duration::from_secs(seconds));
    }

    /// What the connection sees now.
    fn view(&mut self, hub: usize, conn: ConnId) -> View {
        let view = self.views.get_mut(&(hub, conn)).unwrap();
        for text in self.cluster.worlds[hub].got(conn) {
            let Ok(told) = serde_json::from_str::<Value>(&text) else { continue };
            if told["type"] == "presence_state" {
                *view = told["users"].as_object().unwrap().clone();
                continue;
            }
            for key in ["joins", "updates"] {
                for (user, metas) in told.get(key).and_then(Value::as_object).into_iter().flatten() {
                    view.insert(user.clone(), metas.clone());
                }
            }
            for user in told["leaves"].as_object().unwrap().keys() {
                assert!(told["joins"].get(user).is_none(), "{text}");
                view.remove(user);
            }
        }
        view.clone()
    }

    /// Whom everyone sees, in every view and in every hub's own.
    fn all_see(&mut self, expected: &Value) {
        let members: Vec<(usize, ConnId)> = self.views.keys().copied().collect();
        for (hub, conn) in members {
            assert_eq!(Value::Object(self.view(hub, conn)), *expected, "{conn} on hub {hub}");
            assert_eq!(self.presence(hub), *expected, "hub {hub}");
        }
    }

    fn presence(&mut self, hub: usize) -> Value {
        let seen = Arc::new(Mutex::new(View::new()));
        let out = seen.clone();
        self.cluster.worlds[hub].job(move |cx| {
            let users = cx.presence(ROOM).into_iter();
            *out.lock().unwrap() = users.map(|present| (present.user, here(json!(present.metas)))).collect();
            Ok(())
        });
        Value::Object(mem::take(&mut seen.lock().unwrap()))
    }
}

fn here(metas: Value) -> Value {
    json!({ "metas": metas })
}

#[test]
fn a_newcomer_on_a_third_hub_sees_everyone_and_everyone_the_newcomer() {
    let mut party = Party::new(3);
    party.present(0, "ada", json!(1));
    party.present(1, "bob", json!({}));
    party.present(2, "eve", json!({}));
    party.pass(1);
    party.all_see(&json!({ "ada": here(json!([1])), "bob": here(json!([{}])), "eve": here(json!([{}])) }));
}

#[test]
fn a_member_that_is_not_shown_is_told_too_and_its_hub_knows_the_whole() {
    let mut party = Party::new(2);
    party.present(0, "ada", json!(1));
    let plain = party.cluster.member(1, ROOM);
    assert_eq!(party.presence(1), json!({ "ada": here(json!([1])) }));
    party.cluster.got(1, plain);
    party.present(0, "bob", json!(2));
    party.pass(1);
    let got = party.cluster.got(1, plain);
    assert_eq!(got, [r#"{"type":"presence_diff","room":"room","joins":{"bob":{"metas":[2]}},"leaves":{}}"#]);
}

#[test]
fn a_user_with_tabs_on_two_hubs_stays_until_the_last_closes() {
    let mut party = Party::new(3);
    let watcher = party.present(2, "eve", json!({}));
    let tabs = [party.present(0, "ada", json!({})), party.present(1, "ada", json!({}))];
    party.pass(1);
    party.view(2, watcher);
    party.close(0, tabs[0]);
    party.cluster.settle();
    party.pass(60);
    assert_eq!(party.cluster.got(2, watcher), [""; 0], "nothing has changed that is shown");
    party.close(1, tabs[1]);
    party.cluster.settle();
    party.pass(1);
    party.all_see(&json!({ "eve": here(json!([{}])) }));
}

#[test]
fn metadata_stand_in_one_order_on_every_hub() {
    let mut party = Party::new(3);
    for (hub, meta) in [(2, 1), (1, 2), (0, 3), (2, 4), (1, 3), (0, 5)] {
        party.present(hub, "ada", json!(meta));
    }
    party.pass(1);
    party.all_see(&json!({ "ada": here(json!([3, 5, 2, 1, 4])) }));
}

#[test]
fn the_others_are_told_of_a_newcomer_once_and_the_newcomer_not_of_itself() {
    let mut party = Party::new(2);
    let ada = party.present(0, "ada", json!({}));
    party.pass(20);
    party.view(0, ada);
    let bob = party.present(1, "bob", json!({}));
    party.pass(20);
    assert_eq!(party.cluster.got(0, ada).len(), 1);
    let got = party.cluster.got(1, bob);
    assert_eq!(got.len(), 2, "the state of this hub, and then who is on the other: {got:?}");
    assert!(got[1].contains(r#""joins":{"ada""#) && !got[1].contains("bob"), "{got:?}");
}

#[test]
fn what_changed_on_both_sides_of_a_lost_link_is_seen_when_it_is_back() {
    let mut party = Party::new(2);
    let (ada, bob) = (party.present(0, "ada", json!({})), party.present(1, "bob", json!({})));
    let (gone, stays) = (party.present(0, "cat", json!({})), party.present(1, "dan", json!({})));
    party.pass(1);
    party.cluster.lose(1);
    party.close(0, gone);
    party.track(0, ada, "ada", json!("away"));
    party.close(1, bob);
    party.track(1, stays, "dan", json!("still here"));
    let fred = party.cluster.worlds[1].open();
    party.track(1, fred, "fred", json!({}));
    party.pass(1);
    party.cluster.restore(1);
    party.cluster.settle();
    party.pass(20);
    party.all_see(&json!({
        "ada": here(json!(["away"])), "dan": here(json!(["still here"])), "fred": here(json!([{}])),
    }));
}

#[test]
fn who_comes_after_a_question_that_nobody_there_had_to_answer_stays() {
    let mut party = Party::new(2);
    party.present(1, "bob", json!({}));
    // Hub 0 shows nobody any more, and has somebody in the room.
    party.cluster.member(0, ROOM);
    let ada = party.present(0, "ada", json!({}));
    party.close(0, ada);
    party.cluster.settle();
    party.cluster.lose(1);
    party.cluster.restore(1);
    party.cluster.settle();
    party.pass(2);
    party.present(0, "eve", json!(1));
    party.pass(60);
    party.all_see(&json!({ "bob": here(json!([{}])), "eve": here(json!([1])) }));
    // The only one's metadata change while the next question is under way.
    party.cluster.lose(1);
    party.cluster.restore(1);
    party.present(0, "cat", json!(2));
    party.pass(60);
    party.all_see(&json!({ "bob": here(json!([{}])), "eve": here(json!([1])), "cat": here(json!([2])) }));
}

#[test]
fn who_left_with_the_room_while_the_link_was_lost_is_gone() {
    let mut party = Party::new(2);
    party.present(0, "ada", json!({}));
    let bob = party.present(1, "bob", json!({}));
    party.pass(1);
    party.cluster.lose(1);
    party.close(1, bob);
    assert_eq!(party.cluster.worlds[1].stats().rooms, 0);
    party.cluster.restore(1);
    party.pass(25);
    party.all_see(&json!({ "ada": here(json!([{}])) }));
}

#[test]
fn a_link_that_is_lost_for_long_is_as_if_the_others_were_gone() {
    let mut party = Party::new(2);
    party.present(0, "ada", json!({}));
    party.present(1, "bob", json!({}));
    party.cluster.lose(1);
    party.pass(45);
    assert_eq!(party.presence(0), json!({ "ada": here(json!([{}])) }));
    assert_eq!(party.presence(1), json!({ "bob": here(json!([{}])) }));
    party.cluster.restore(1);
    party.cluster.settle();
    party.pass(1);
    party.all_see(&json!({ "ada": here(json!([{}])), "bob": here(json!([{}])) }));
}

#[test]
fn what_was_missed_is_asked_for() {
    let mut party = Party::new(2);
    party.present(0, "ada", json!({}));
    let watcher = party.present(1, "eve", json!({}));
    let gone = party.present(0, "bob", json!({}));
    party.pass(20);
    party.close(0, gone);
    let new = party.cluster.worlds[0].open();
    party.track(0, new, "cat", json!({}));
    party.cluster.ask(0);
    while party.cluster.broker.poll(Node(1)).is_some() {}
    party.cluster.settle();
    assert!(party.view(1, watcher).contains_key("bob"), "nothing has shown yet that something is missing");
    party.cluster.say(0, ROOM, "anything");
    party.cluster.settle();
    party.pass(1);
    party.all_see(&json!({ "ada": here(json!([{}])), "cat": here(json!([{}])), "eve": here(json!([{}])) }));
    assert_eq!(party.cluster.worlds[1].stats().missed, 2);
}

#[test]
fn the_users_of_a_hub_that_dies_without_a_word_leave() {
    let mut party = Party::new(3);
    party.present(0, "ada", json!({}));
    party.present(1, "ada", json!("there"));
    let bob = party.present(1, "bob", json!({}));
    party.present(2, "eve", json!({}));
    party.pass(15);
    party.cluster.broker.disconnect(Node(1));
    party.cluster.pass(&[0, 2], Duration::from_secs(15));
    assert!(party.presence(0).get("bob").is_some(), "it may be slow");
    party.cluster.pass(&[0, 2], Duration::from_secs(30));
    party.views.retain(|(hub, _), _| *hub != 1);
    party.all_see(&json!({ "ada": here(json!([{}])), "eve": here(json!([{}])) }));
    assert_ne!(party.cluster.got(1, bob), [""; 0]);
}

#[test]
fn a_hub_that_comes_back_after_it_was_thought_gone_is_heard_again() {
    let mut party = Party::new(3);
    party.present(0, "ada", json!({}));
    party.present(1, "bob", json!({}));
    party.present(2, "eve", json!({}));
    party.pass(15);
    party.cluster.pass(&[0, 2], Duration::from_secs(60));
    assert!(party.presence(0).get("bob").is_none());
    party.pass(60);
    party.all_see(&json!({ "ada": here(json!([{}])), "bob": here(json!([{}])), "eve": here(json!([{}])) }));
}

#[test]
fn a_hub_that_is_started_anew_has_none_of_the_users_that_it_had() {
    for later in [1_000, 0] {
        let mut party = Party::new(2);
        party.present(0, "ada", json!({}));
        party.present(1, "bob", json!({}));
        party.present(1, "cat", json!({}));
        party.pass(15);
        if later == 0 {
            // Its life went on while it was up; with a clock that was set back the next one begins before it ended.
            party.cluster.lose(1);
            party.cluster.restore(1);
            party.pass(15);
        }
        party.cluster.broker.disconnect(Node(1));
        party.views.retain(|(hub, _), _| *hub == 0);
        let wall = Timestamp::from_unix_micros(1_000_000_000_000_000 + later * 1_000_000);
        let config = Config { wall, ..backplane(1) };
        party.cluster.worlds[1] = World::new(config, quiet());
        party.cluster.settle();
        party.pass(25);
        assert_eq!(party.presence(0), json!({ "ada": here(json!([{}])) }), "{later} s later");
        party.present(1, "bob", json!("again"));
        party.pass(25);
        party.all_see(&json!({ "ada": here(json!([{}])), "bob": here(json!(["again"])) }));
    }
}

#[test]
fn a_publication_that_comes_twice_changes_nothing() {
    let mut party = Party::new(2);
    let watcher = party.present(0, "ada", json!({}));
    let bob = party.present(1, "bob", json!({}));
    party.pass(20);
    party.track(1, bob, "bob", json!(1));
    party.cluster.ask(1);
    let Some((topic, position, first)) = party.cluster.broker.poll(Node(0)) else { panic!("nothing was published") };
    party.cluster.worlds[0].input(Input::Published { topic: &topic, position, message: &first });
    party.track(1, bob, "bob", json!(2));
    party.cluster.settle();
    party.pass(1);
    party.view(0, watcher);
    party.cluster.worlds[0].input(Input::Published { topic: &topic, position, message: &first });
    party.pass(1);
    assert_eq!(party.cluster.got(0, watcher), [""; 0]);
    assert_eq!(party.cluster.worlds[0].stats().duplicates, 1);
    party.all_see(&json!({ "ada": here(json!([{}])), "bob": here(json!([2])) }));
}

#[test]
fn who_leaves_with_a_shutdown_leaves_everywhere_at_once() {
    let mut party = Party::new(2);
    party.present(0, "ada", json!({}));
    party.present(1, "bob", json!({}));
    party.pass(1);
    party.cluster.worlds[1].shutdown(Duration::from_secs(1));
    party.cluster.settle();
    party.views.retain(|(hub, _), _| *hub == 0);
    party.pass(1);
    party.all_see(&json!({ "ada": here(json!([{}])) }));
}

#[test]
fn a_backplane_that_loses_much_is_not_asked_all_the_time() {
    let mut world = World::new(backplane(1), quiet());
    world.member(ROOM);
    world.bus.clear();
    for offset in 1..100 {
        let position = Position { epoch: 1, offset: 2 * offset };
        world.input(Input::Published { topic: "room:room", position, message: b"" });
    }
    assert_eq!(world.bus.len(), 1);
    world.pass(Duration::from_secs(11));
    let asked = world.bus.iter().filter(|bus| matches!(bus, Bus::Publish(topic, _) if topic == "room:room")).count();
    assert_eq!(asked, 2, "once more, because something was missed after the first question");
    world.pass(Duration::from_secs(60));
    let asked = world.bus.iter().filter(|bus| matches!(bus, Bus::Publish(topic, _) if topic == "room:room")).count();
    assert_eq!(asked, 2);
}

#[test]
fn many_who_ask_at_once_are_answered_at_once() {
    let mut party = Party::new(4);
    for hub in 0..4 {
        party.present(hub, "ada", json!(hub));
    }
    party.pass(20);
    for hub in 0..4 {
        party.cluster.lose(hub);
    }
    let before = room_offset(&mut party);
    for hub in 0..4 {
        party.cluster.restore(hub);
    }
    party.cluster.settle();
    let published = room_offset(&mut party) - before;
    assert!(published <= 4 + 4, "each asks, and answers at most once, not once for each: {published}");
    party.pass(20);
    party.all_see(&json!({ "ada": here(json!([0, 1, 2, 3])) }));
}

/// How many publications the room has had.
fn room_offset(party: &mut Party) -> u64 {
    party.cluster.broker.subscribe(Node(99), "room:room", None).offset
}

#[test]
fn nothing_is_left_of_a_room_that_is_gone() {
    let mut party = Party::new(2);
    let conns = [party.present(0, "ada", json!({})), party.present(1, "bob", json!({}))];
    assert!(party.cluster.worlds[0].stats().timers > 1);
    for (hub, conn) in conns.into_iter().enumerate() {
        party.close(hub, conn);
    }
    party.cluster.settle();
    for world in &party.cluster.worlds {
        assert_eq!((world.stats().timers, world.stats().rooms), (1, 0), "only the hub's own sign of life");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Track(usize, usize, u8),
    Untrack(usize, usize),
    Close(usize, usize),
    Ask(usize),
    Deliver(usize),
    Twice(usize),
    Miss(usize),
    Lose(usize),
    Restore(usize),
    Pass(usize, u64),
    NewBroker,
}

fn op() -> impl Strategy<Value = Op> {
    let (hub, seat) = (0usize..3, 0usize..3);
    prop_oneof![
        6 => (hub.clone(), seat.clone(), 0u8..3).prop_map(|(hub, seat, meta)| Op::Track(hub, seat, meta)),
        2 => (hub.clone(), seat.clone()).prop_map(|(hub, seat)| Op::Untrack(hub, seat)),
        3 => (hub.clone(), seat).prop_map(|(hub, seat)| Op::Close(hub, seat)),
        6 => hub.clone().prop_map(Op::Ask),
        12 => hub.clone().prop_map(Op::Deliver),
        1 => hub.clone().prop_map(Op::Twice),
        1 => hub.clone().prop_map(Op::Miss),
        1 => hub.clone().prop_map(Op::Lose),
        1 => hub.clone().prop_map(Op::Restore),
        2 => (hub, prop_oneof![Just(50u64), Just(3_000), Just(12_000), Just(70_000)])
            .prop_map(|(hub, millis)| Op::Pass(hub, millis)),
        1 => Just(Op::NewBroker),
    ]
}

/// A connection with its user; tracked connections of a hub stand in the order in which they came.
struct Seat {
    conn: ConnId,
    user: String,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// However tracking, delivery, losses and time interleave: once everything is delivered and time has passed, what every
    /// member made of its state and the changes is the union of all hubs, and so is what every hub knows.
    #[test]
    fn all_members_on_all_hubs_come_to_see_the_whole(ops in prop::collection::vec(op(), 0..100)) {
        let (mut party, mut epoch) = (Party::new(3), 1);
        let mut seats: BTreeMap<(usize, usize), Seat> = BTreeMap::new();
        let mut tracked: [Vec<(usize, u8)>; 3] = Default::default();
        for op in ops {
            match op {
                Op::Track(hub, seat, meta) => {
                    let found = seats.entry((hub, seat)).or_insert_with(|| Seat {
                        conn: party.cluster.worlds[hub].open(),
                        user: format!("user {}", (hub + seat) % 3),
                    });
                    party.track(hub, found.conn, &found.user, json!(meta));
                    match tracked[hub].iter_mut().find(|(of, _)| *of == seat) {
                        Some((_, known)) => *known = meta,
                        None => tracked[hub].push((seat, meta)),
                    }
                }
                Op::Untrack(hub, seat) => {
                    if let Some(found) = seats.get(&(hub, seat)) {
                        party.cluster.worlds[hub].run(found.conn, |cx| { cx.untrack(ROOM); Ok(()) });
                        tracked[hub].retain(|(of, _)| *of != seat);
                    }
                }
                Op::Close(hub, seat) => {
                    if let Some(found) = seats.remove(&(hub, seat)) {
                        party.close(hub, found.conn);
                        tracked[hub].retain(|(of, _)| *of != seat);
                    }
                }
                Op::Ask(hub) => party.cluster.ask(hub),
                Op::Deliver(hub) if party.cluster.up[hub] => {
                    party.cluster.deliver(hub);
                }
                Op::Twice(hub) if party.cluster.up[hub] => {
                    if let Some((topic, position, message)) = party.cluster.broker.poll(Node(hub as u64)) {
                        for _ in 0..2 {
                            party.cluster.worlds[hub].input(Input::Published { topic: &topic, position, message: &message });
                        }
                    }
                }
                Op::Miss(hub) if party.cluster.up[hub] => {
                    party.cluster.broker.poll(Node(hub as u64));
                }
                Op::Lose(hub) if party.cluster.up[hub] => party.cluster.lose(hub),
                Op::Restore(hub) if !party.cluster.up[hub] => party.cluster.restore(hub),
                Op::NewBroker => {
                    let up: Vec<usize> = (0..3).filter(|hub| party.cluster.up[*hub]).collect();
                    up.iter().for_each(|hub| party.cluster.lose(*hub));
                    epoch += 1_000;
                    party.cluster.broker = Broker::new(epoch, 1_000);
                    up.iter().for_each(|hub| party.cluster.restore(*hub));
                }
                Op::Pass(hub, millis) => party.cluster.worlds[hub].pass(Duration::from_millis(millis)),
                _ => {}
            }
        }
        for hub in 0..3 {
            if !party.cluster.up[hub] {
                party.cluster.restore(hub);
            }
        }
        party.cluster.settle();
        // Whoever missed the latest publication notices with the next one.
        party.cluster.say(0, ROOM, "anything");
        party.cluster.settle();
        party.pass(60);
        let mut whole: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (hub, tracked) in tracked.iter().enumerate() {
            for (seat, meta) in tracked {
                let metas = whole.entry(seats[&(hub, *seat)].user.clone()).or_default();
                if !metas.contains(meta) {
                    metas.push(*meta);
                }
            }
        }
        let whole: View = whole.into_iter().map(|(user, metas)| (user, here(json!(metas)))).collect();
        party.all_see(&Value::Object(whole));
        for ((hub, _), seat) in seats {
            party.close(hub, seat.conn);
        }
        party.cluster.settle();
        for world in &party.cluster.worlds {
            prop_assert_eq!((world.stats().timers, world.stats().rooms), (1, 0));
        }
    }

    /// Nothing that comes over the backplane brings a hub down, or reaches a member as anything but JSON.
    #[test]
    fn presence_that_no_hub_wrote_does_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        kept in 0usize..120,
        topic in prop_oneof![Just("all"), Just("room:room")],
    ) {
        let mut source = World::new(backplane(2), Limits::default());
        let conn = source.member(ROOM);
        source.bus.clear();
        source.run(conn, |cx| { cx.identify("ada"); cx.track(ROOM, &json!({ "s": "here" })); Ok(()) });
        source.pass(Duration::from_secs(10));
        let mut world = World::new(Config { presence: Duration::ZERO, ..backplane(1) }, quiet());
        let member = world.member(ROOM);
        for (nth, bus) in source.bus.iter().enumerate() {
            let Bus::Publish(_, message) = bus else { panic!("{bus:?}") };
            let mut message = message.clone();
            for (place, byte) in &changes {
                let place = place.index(message.len());
                message[place] = *byte;
            }
            message.truncate(kept);
            world.input(Input::Published { topic, position: Position { epoch: 1, offset: nth as u64 }, message: &message });
        }
        world.pass(Duration::from_secs(100));
        for text in world.got(member) {
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok() || text.starts_with("binary"), "{text}");
        }
        prop_assert_eq!(world.stats().panics, 0);
    }
}
