//! Who has left is forgotten: after any number of visitors the hub holds what it held after the first few.

mod common;

use common::cluster::Cluster;
use common::components::site_with;
use common::{World, quiet, seconds};
use lazuli::{Batching, Cause, Command, Config, ConnId, Error, Input, Limits, Rate, Request, Scope};
use serde_json::json;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local!(static HELD: Cell<i64> = const { Cell::new(0) });

/// The system's allocator, which counts the bytes that this thread holds.
struct Counting;

fn add(bytes: usize, sign: i64) {
    let _ = HELD.try_with(|held| held.set(held.get() + sign * bytes as i64));
}

// SAFETY: every call is handed on to `System` unchanged; what is done besides touches a thread-local number only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size(), 1);
        // SAFETY: the caller's promises are the ones that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        add(layout.size(), -1);
        // SAFETY: as above; `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Forgets what the test itself has noted, and gives back its room.
fn forget(world: &mut World) {
    world.forget();
    world.script.told();
    world.unreported.clear();
    (world.sends, world.closes, world.logs, world.effects, world.bus) = Default::default();
}

/// Those that are part of the test say nothing: what a test says is held, too.
fn keep_quiet_about_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let said = info.payload().downcast_ref::<&str>();
            if !said.is_some_and(|said| ["a panic", "no channel today"].contains(said)) {
                hook(info);
            }
        }));
    });
}

/// What is held more after twice so many visits, which are numbered on.
fn growth(visits: u32, mut visit: impl FnMut(u32)) -> i64 {
    keep_quiet_about_panics();
    let held = |visits: std::ops::Range<u32>, visit: &mut dyn FnMut(u32)| {
        visits.for_each(visit);
        HELD.get()
    };
    let before = held(0..visits, &mut visit);
    held(visits..2 * visits, &mut visit) - before
}

fn nothing_is_left(world: &World) {
    let stats = world.stats();
    let left = [stats.connections, stats.channels, stats.components, stats.users, stats.rooms, stats.timers];
    assert_eq!(left, [0; 6]);
}

/// Opens a channel whose peer has an address.
fn open(world: &mut World, number: u32) -> ConnId {
    let peer = std::net::SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0a00_0000 + number), 1));
    let conn = world.hub.open(world.now, Request::get("/probe").unwrap().with_peer(peer)).unwrap();
    world.input(Input::Opened { conn });
    conn
}

/// Everything that a channel can leave behind, under names that come once.
fn settle_in(world: &mut World, conn: ConnId, number: u32) {
    world.run(conn, move |cx| {
        let room = format!("room {number}");
        cx.join(&room);
        cx.join("everyone");
        cx.identify(&format!("user {number}"));
        cx.track(&room, &json!({ "number": number }));
        cx.set_metadata(&json!({ "number": number }));
        cx.set_timer("later", seconds(1_000));
        cx.set_interval("often", seconds(1_000));
        cx.to_room(&room).text("hello");
        Ok(())
    });
}

/// One way for a connection to end for each number.
fn leave(world: &mut World, conn: ConnId, number: u32) {
    match number % 4 {
        0 => {}
        1 => world.input(Input::Ended { conn, code: Some(1000), reason: "" }),
        2 => world.input(Input::Command(Command::Close { conn, code: 4000, reason: "out".into() })),
        _ => {
            world.script.next(|_| panic!("a panic"));
            world.message(conn, "");
        }
    }
    world.closed(conn, Cause::Lost);
}

#[test]
fn a_channel_that_ends_leaves_nothing() {
    let mut world = World::new(Config { per_address: 10, ..Config::default() }, quiet());
    let grown = growth(200, |number| {
        let conn = open(&mut world, number);
        settle_in(&mut world, conn, number);
        leave(&mut world, conn, number);
        // Presence is told a little later.
        world.pass(seconds(5));
        forget(&mut world);
    });
    nothing_is_left(&world);
    assert_eq!(grown, 0);
}

#[test]
fn a_channel_with_a_batch_leaves_nothing() {
    let batch = Some(Batching { most: 10, within: seconds(1_000) });
    let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
    let grown = growth(200, |number| {
        let conn = world.open();
        world.message(conn, "waits");
        if number % 2 == 0 {
            world.input(Input::Command(Command::Close { conn, code: 4000, reason: String::new() }));
        }
        world.closed(conn, Cause::Lost);
        forget(&mut world);
    });
    nothing_is_left(&world);
    assert_eq!(grown, 0);
}

#[test]
fn who_is_not_let_in_leaves_nothing() {
    let mut world = World::new(Config { per_address: 10, ..Config::default() }, quiet());
    world.script.on("connect", |_, _| Err(Error::close(1008, "not you")));
    let grown = growth(2_000, |number| {
        let conn = open(&mut world, number);
        world.closed(conn, Cause::Done);
        let conn = world.accept();
        world.closed(conn, Cause::Lost);
        for refused in ["/members", "/broken", "/nowhere"] {
            assert!(world.request(refused).is_err());
        }
        world.pass(seconds(60));
        forget(&mut world);
    });
    nothing_is_left(&world);
    // Of addresses that failed as many are kept as are idle when they are looked for; those come and go.
    assert!(grown < 10_000, "{grown}");
}

#[test]
fn channels_of_a_spark_socket_leave_nothing() {
    let mut world = World::default();
    let grown = growth(200, |number| {
        let socket = world.open_at("/spark?expires=100");
        for channel in [format!("/chat/{number}/1"), "/probe".into(), "/members".into(), "/broken".into()] {
            world.say(socket, json!({ "type": "subscribe", "channel": channel, "ref": 1 }));
        }
        let conn = world.script.told().last().expect("one is connected").0;
        world.script.next(move |cx| {
            cx.join(&format!("room {number}"));
            cx.set_timer("later", seconds(1_000));
            Ok(())
        });
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "", "ref": 2 }));
        assert_eq!(world.told(conn), [""; 0]);
        if number % 2 == 0 {
            world.say(socket, json!({ "type": "unsubscribe", "channel": "/probe" }));
            world.say(socket, json!({ "type": "unsubscribe", "channel": format!("/chat/{number}/1") }));
        }
        world.closed(socket, Cause::Lost);
        forget(&mut world);
    });
    nothing_is_left(&world);
    assert_eq!(grown, 0);
}

#[test]
fn pages_leave_nothing() {
    let mut world = site_with(Config::default(), quiet());
    let grown = growth(200, |number| {
        let browser = world.browse("/show?n=2");
        for place in 0..2 {
            world.mount(&browser, place);
        }
        world.script.on("event", |cx, _| {
            cx.set_timer("later", seconds(1_000));
            cx.join("everyone");
            Ok(())
        });
        world.event(browser.socket, 1, "note", json!({ "text": format!("{number} ").repeat(50) }));
        world.event(browser.socket, 2, "add", json!({ "by": 1 }));
        if number % 2 == 0 {
            world.say(browser.socket, json!({ "type": "component_unmount", "component_id": 1 }));
        }
        world.closed(browser.socket, Cause::Lost);
        forget(&mut world);
    });
    nothing_is_left(&world);
    assert_eq!(grown, 0);
}

#[test]
fn slow_readers_leave_nothing() {
    let mut world = World::default();
    world.fast = false;
    let grown = growth(200, |_| {
        let conn = world.member("room");
        for _ in 0..100 {
            world.job(|cx: &mut Scope<'_, _>| {
                cx.to_room("room").binary(&[0; 2_000]);
                Ok(())
            });
        }
        world.closed(conn, Cause::Lost);
        forget(&mut world);
    });
    nothing_is_left(&world);
    assert_eq!(grown, 0);
}

#[test]
fn addresses_that_failed_are_forgotten() {
    let failures = Rate { per_second: 1, burst: 2 };
    let mut world = World::new(Config { failures, ..Config::default() }, quiet());
    let grown = growth(2_000, |number| {
        let peer = std::net::SocketAddr::from((std::net::Ipv4Addr::from_bits(number), 1));
        assert!(world.hub.open(world.now, Request::get("/members").unwrap().with_peer(peer)).is_err());
        world.drain();
        world.pass(seconds(10));
        forget(&mut world);
    });
    assert!(grown < 10_000, "{grown}");
}

#[test]
fn hubs_that_share_rooms_forget_those_of_each_other() {
    let mut cluster = Cluster::new(2, 10);
    let grown = growth(200, |number| {
        let hub = number as usize % 2;
        let conn = cluster.worlds[hub].open();
        settle_in(&mut cluster.worlds[hub], conn, number);
        cluster.settle();
        leave(&mut cluster.worlds[hub], conn, number);
        cluster.pass(&[0, 1], seconds(5));
        cluster.worlds.iter_mut().for_each(forget);
    });
    for world in &cluster.worlds {
        assert_eq!((world.stats().rooms, world.stats().users, world.stats().connections), (0, 0, 0));
    }
    assert_eq!(grown, 0);
}

#[test]
fn beats_of_those_who_left_are_forgotten_while_others_stay() {
    let mut world = World::new(Config::default(), Limits::default());
    // As long as one stays whose ping is due at the same moment.
    let stays: Vec<ConnId> = (0..20).map(|_| world.open()).collect();
    let grown = growth(2_000, |_| {
        let conn = world.open();
        world.closed(conn, Cause::Lost);
        forget(&mut world);
    });
    assert!(grown < 1_000, "{grown}");
    // They are looked after all the same, each once.
    world.pass(seconds(31));
    for conn in stays {
        assert_eq!(world.got(conn).len(), 1);
        world.closed(conn, Cause::Lost);
    }
    assert_eq!(world.stats().connections, 0);
}
