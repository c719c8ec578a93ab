//! Publications that come twice, never, or from this hub itself.

mod common;

use common::{Bus, World, backplane, quiet};
use lazuli::{Input, Limits, Link, Position};

/// What a hub asks the backplane to publish when it does this.
fn published(world: &mut World, text: &'static str) -> (String, Vec<u8>) {
    world.bus.clear();
    world.job(move |cx| {
        cx.to_room("room").text(text);
        Ok(())
    });
    let Some(Bus::Publish(topic, message)) = world.bus.pop() else { panic!("it is published") };
    (topic, message)
}

fn hub(node: u64) -> World {
    World::new(backplane(node), Limits { ..quiet() })
}

#[test]
fn what_comes_twice_and_what_never_comes_is_counted() {
    let (mut here, mut there) = (hub(1), hub(2));
    let conn = here.member("room");
    let (topic, message) = published(&mut there, "hello");
    let at = |offset| Position { epoch: 1, offset };
    here.input(Input::Subscribed { topic: &topic, position: at(0) });
    for (offset, missed, duplicates, heard) in
        [(1, 0, 0, 1), (2, 0, 0, 1), (5, 2, 0, 1), (5, 2, 1, 0), (3, 2, 2, 0), (6, 2, 2, 1), (16, 11, 2, 1)]
    {
        here.input(Input::Published { topic: &topic, position: at(offset), message: &message });
        let stats = here.stats();
        assert_eq!((stats.missed, stats.duplicates), (missed, duplicates), "at {offset}");
        assert_eq!(here.got(conn).len(), heard, "at {offset}");
    }
    // An older log, and one that nobody has written.
    here.input(Input::Published { topic: &topic, position: Position { epoch: 0, offset: 99 }, message: &message });
    here.input(Input::Published { topic: &topic, position: at(17), message: b"nonsense" });
    let stats = here.stats();
    assert_eq!((stats.missed, stats.duplicates, stats.unpublished, here.got(conn).len()), (11, 3, 1, 0));
}

#[test]
fn who_is_left_out_is_left_out_when_it_comes_back_and_nobody_elsewhere() {
    let (mut here, mut there) = (hub(1), hub(2));
    let (first, second) = (here.member("room"), here.member("room"));
    let other = there.member("room");
    assert_eq!(first.index(), other.index(), "hubs count for themselves");
    here.bus.clear();
    here.job(move |cx| {
        cx.to_room("room").except(first).text("not you");
        Ok(())
    });
    let Some(Bus::Publish(topic, message)) = here.bus.pop() else { panic!("it is published") };
    let position = Position { epoch: 1, offset: 1 };
    for world in [&mut here, &mut there] {
        world.input(Input::Published { topic: &topic, position, message: &message });
    }
    assert_eq!((here.got(first).len(), here.got(second).len(), there.got(other).len()), (0, 1, 1));
}

#[test]
fn so_much_waits_for_a_lost_link_and_the_oldest_is_counted_when_it_goes() {
    let mut world = hub(1);
    world.input(Input::Backplane(Link::Lost));
    world.bus.clear();
    for _ in 0..200 {
        world.job(|cx| {
            cx.to_room("room").binary(&[7; 60_000]);
            Ok(())
        });
    }
    assert_eq!(world.bus, []);
    let gone = world.stats().unpublished;
    world.input(Input::Backplane(Link::Up));
    let kept =
        world.bus.iter().filter(|asked| matches!(asked, Bus::Publish(topic, _) if topic.contains("room"))).count();
    assert_eq!((gone > 0, gone as usize + kept), (true, 200));
}
