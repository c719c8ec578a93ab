//! The broker between hubs: what waits for one has bounds, what nobody wants is freed, and who has something is woken.

use lazuli::backplane::{Backplane, Broker, Incoming, Local, Port};
use lazuli::{Node, Position};
use std::sync::{Arc, Mutex};

const HERE: Node = Node(1);
const THERE: Node = Node(2);

fn polled(broker: &mut Broker, node: Node) -> Vec<(Arc<str>, Position, Arc<[u8]>)> {
    std::iter::from_fn(|| broker.poll(node)).collect()
}

#[test]
fn so_many_publications_wait_and_beyond_that_the_oldest_go() {
    let mut broker = Broker::new(0, 0);
    broker.subscribe(HERE, "t", None);
    for number in 0..70_000u32 {
        broker.publish("t", &number.to_be_bytes());
    }
    let waiting = polled(&mut broker, HERE);
    assert_eq!(waiting.len(), 65_536);
    assert_eq!(waiting.first().unwrap().1.offset, 70_000 - 65_535);
    assert_eq!(waiting.last().unwrap().1.offset, 70_000);
    // What was taken makes room again.
    (0..65_536u32).for_each(|number| broker.publish("t", &number.to_be_bytes()));
    assert_eq!(polled(&mut broker, HERE).len(), 65_536);
}

#[test]
fn so_many_bytes_wait_and_one_publication_whatever_its_size() {
    let mut broker = Broker::new(0, 0);
    broker.subscribe(HERE, "t", None);
    let large = vec![0; 16 << 20];
    for _ in 0..2 {
        (0..6).for_each(|_| broker.publish("t", &large));
        assert_eq!(polled(&mut broker, HERE).len(), 4, "64 MiB");
    }
    broker.publish("t", b"small");
    broker.publish("t", &vec![0; (64 << 20) + 1]);
    let waiting = polled(&mut broker, HERE);
    assert_eq!(waiting.iter().map(|(_, _, message)| message.len()).collect::<Vec<_>>(), [(64 << 20) + 1]);
}

#[test]
fn who_had_nothing_and_has_something_is_woken_once() {
    let mut broker = Broker::new(0, 0);
    broker.subscribe(HERE, "t", None);
    broker.subscribe(THERE, "u", None);
    assert_eq!(broker.take_woken().count(), 0, "there is nothing yet");
    broker.publish("t", b"1");
    broker.publish("t", b"2");
    assert_eq!(broker.take_woken().collect::<Vec<_>>(), [HERE]);
    broker.publish("t", b"3");
    assert_eq!(broker.take_woken().count(), 0, "it has not polled what it was woken for");
    assert_eq!(polled(&mut broker, HERE).len(), 3);
    broker.publish("t", b"4");
    assert_eq!(broker.take_woken().collect::<Vec<_>>(), [HERE]);
}

#[test]
fn a_topic_that_nobody_wants_any_more_begins_anew() {
    let mut broker = Broker::new(7, 10);
    let first = broker.subscribe(HERE, "t", None);
    broker.subscribe(THERE, "t", None);
    broker.publish("t", b"1");
    broker.unsubscribe(HERE, "t");
    broker.publish("t", b"2");
    assert_eq!((polled(&mut broker, HERE).len(), polled(&mut broker, THERE).len()), (1, 2));
    assert_eq!(broker.subscribe(HERE, "t", None), Position { epoch: first.epoch, offset: 2 }, "one was left");
    broker.unsubscribe(HERE, "t");
    broker.unsubscribe(THERE, "t");
    let anew = broker.subscribe(HERE, "t", None);
    assert!(anew.epoch > first.epoch && anew.offset == 0, "{anew:?}");
}

#[test]
fn topics_are_kept_for_hubs_that_may_come_back_but_not_without_end() {
    let left = |topics: u32| {
        let mut broker = Broker::new(0, 1);
        broker.subscribe(THERE, "wanted", None);
        let names: Vec<String> = (0..topics).map(|number| number.to_string()).collect();
        let before: Vec<Position> = names.iter().map(|name| broker.subscribe(HERE, name, None)).collect();
        broker.disconnect(HERE);
        names.iter().for_each(|name| broker.publish(name, b"meanwhile"));
        broker.publish("wanted", b"still");
        assert_eq!(polled(&mut broker, THERE).len(), 1, "others are not concerned");
        for (name, before) in names.iter().zip(before) {
            broker.subscribe(HERE, name, Some(before));
        }
        polled(&mut broker, HERE).len()
    };
    assert_eq!((left(10_000), left(10_001)), (10_000, 0));
}

#[test]
fn ports_of_one_process_hear_each_other_and_are_woken() {
    let local = Local::new();
    let (mut here, mut there) = (local.port(HERE), local.port(THERE));
    let woken: Arc<Mutex<u32>> = Arc::default();
    let note = woken.clone();
    there.on_incoming(Box::new(move || *note.lock().unwrap() += 1));
    there.subscribe("t", None);
    let Some(Incoming::Subscribed(topic, from)) = there.poll() else { panic!("it is told of its subscription first") };
    assert_eq!((&*topic, from.offset, there.poll()), ("t", 0, None));
    let before = *woken.lock().unwrap();
    here.publish("t", b"hello");
    assert_eq!(*woken.lock().unwrap() - before, 1);
    let Some(Incoming::Published((topic, position, message))) = there.poll() else { panic!("it is published") };
    assert_eq!((&*topic, position.offset, &*message, here.poll()), ("t", 1, &b"hello"[..], None));
    there.unsubscribe("t");
    here.publish("t", b"nobody");
    assert_eq!(there.poll(), None);
    there.subscribe("t", None);
    there.poll();
    drop(there);
    // Its place is free again, and what it wanted is not kept for it.
    here.publish("t", b"nobody");
    assert_eq!(local.port(THERE).poll(), None);
}

/// Who has something to take itself is not ahead of others: two would wait for each other.
#[test]
fn who_publishes_is_told_while_others_cannot_follow() {
    let local = Local::new();
    let (mut here, mut there) = (local.port(HERE), local.port(THERE));
    there.subscribe("t", None);
    let publish = |here: &mut Port| (0..5_000).for_each(|_| here.publish("t", b"much"));
    assert!(!here.is_ahead());
    publish(&mut here);
    assert!(here.is_ahead() && !there.is_ahead());
    while there.poll().is_some() {}
    assert!(!here.is_ahead());
    here.subscribe("t", None);
    assert!(here.poll().is_some_and(|incoming| matches!(incoming, Incoming::Subscribed(..))));
    publish(&mut here);
    assert!(!here.is_ahead());
    // Most of it lies in the port now.
    assert!(here.poll().is_some() && !here.is_ahead());
    while here.poll().is_some() {}
    assert!(here.is_ahead());
}
