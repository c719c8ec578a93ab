//! Whether an event costs more among many: the same at 1,000, 10,000 and 100,000 of what a hub holds.

use crate::channels::{BEAT, room_name};
use crate::hub::World;
use crate::scenario::{Operation, Scenario, TEXT, dispatch, far_apart};
use std::time::Duration;

/// How many there are.
pub const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// So many rooms, users and the like take turns. Before it is counted, each had one.
const NAMES: usize = 1_000;

/// One event among growing numbers.
#[derive(Clone, Copy)]
pub struct Growth {
    /// What happens.
    pub event: &'static str,
    /// What grows.
    pub among: &'static str,
    /// Whether the cost is that of one receiver, of whom there are more where there is more.
    pub each: bool,
    /// It, at each of [`SIZES`].
    pub sizes: [Scenario; 3],
}

/// All events, by what grows.
pub const GROWTH: [Growth; 16] = [
    growth("connections", "message answered", "message_among_connections", 1, dispatch),
    growth("connections", "broadcast to a room of ten", "broadcast_among_connections", 10, broadcast_to_ten),
    growth("connections", "opens, joins, is lost", "come_and_go_among_connections", 0, come_and_go),
    heartbeat(),
    growth("rooms", "broadcast to a room of one", "broadcast_among_rooms", 1, broadcast_among_rooms),
    growth("rooms", "joins and leaves", "join_and_leave_among_rooms", 0, join_and_leave),
    growth("rooms", "joins and leaves a new room", "make_and_free_among_rooms", 0, make_and_free),
    growth("members of one room", "joins and leaves", "join_and_leave_among_members", 0, join_and_leave_members),
    growth("users", "sent to a user", "send_among_users", 1, send_to_user),
    growth("users", "opens, says who it is, is lost", "come_and_go_among_users", 0, come_and_go_as_user),
    growth("timers", "set anew", "set_among_timers", 0, set_timer),
    growth("timers", "set and cancelled", "cancel_among_timers", 0, cancel_timer),
    growth("timers", "fires, and is set again", "fire_among_timers", 1, fire_timer),
    growth("subscriptions", "broadcast to a room of ten", "broadcast_among_subscriptions", 10, broadcast_over_spark),
    growth("subscriptions", "subscribes and unsubscribes", "subscribe_among_subscriptions", 0, subscribe),
    growth("users shown as present", "comes to a room of ten, goes", "come_and_go_among_present", 21, be_present),
];

const fn growth(
    among: &'static str,
    event: &'static str,
    name: &'static str,
    receivers: usize,
    make: fn(usize) -> Operation,
) -> Growth {
    let [few, some, many] = SIZES;
    let sizes = [
        Scenario::new(name, few, receivers, make).warm(NAMES),
        Scenario::new(name, some, receivers, make).warm(NAMES),
        Scenario::new(name, many, receivers, make).warm(NAMES),
    ];
    Growth { among, event, each: false, sizes }
}

/// In one operation a fortieth of all connections is looked after.
const BEATS: usize = 40;

const fn heartbeat() -> Growth {
    let [few, some, many] = SIZES;
    Growth {
        among: "connections",
        event: "heartbeat: ping and pong",
        each: true,
        sizes: [beats(few), beats(some), beats(many)],
    }
}

const fn beats(size: usize) -> Scenario {
    Scenario::new("heartbeat_among_connections", size, size / BEATS, heartbeats).warm(BEATS + 1).repeats(BEATS)
}

fn broadcast_to_ten(size: usize) -> Operation {
    let mut world = World::new(size, |number| format!("/room/{}", number / 10));
    let mut next = far_apart(size);
    Box::new(move || {
        world.message(next(), TEXT);
        world.drain()
    })
}

fn come_and_go(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/room/lobby".into());
    Box::new(move || {
        world.come_and_go("/room/lobby");
        world.drain()
    })
}

/// Connections come in groups, whose moments are as many and as far apart.
fn heartbeats(size: usize) -> Operation {
    let mut world = World::new(0, |_| String::new());
    for _ in 0..BEATS {
        for _ in 0..size / BEATS {
            world.join("/beating");
        }
        // Moments are multiples of a 64th.
        world.wait(BEAT / 64);
    }
    world.drain();
    Box::new(move || world.beat())
}

/// A thousand connections, each in its share of `rooms`, and the names of some of these.
fn rooms(rooms: usize) -> (World, Vec<String>) {
    let share = rooms / NAMES;
    let world = World::new(NAMES, |number| format!("/many/{}/{share}", number * share));
    assert_eq!(world.hub().stats().rooms, rooms as u64);
    let mut next = far_apart(rooms);
    (world, (0..NAMES).map(|_| room_name(next() as u64)).collect())
}

fn broadcast_among_rooms(size: usize) -> Operation {
    let (mut world, names) = rooms(size);
    let mut next = far_apart(names.len());
    Box::new(move || {
        let name = next();
        world.message(name, &names[name]);
        world.drain()
    })
}

fn join_and_leave(size: usize) -> Operation {
    let (world, names) = rooms(size);
    hop(world, names)
}

fn make_and_free(size: usize) -> Operation {
    let (world, names) = rooms(size);
    // Each of them right behind one that is there.
    hop(world, names.into_iter().map(|name| name + "-new").collect())
}

/// One more connection goes into one of these rooms after the other, and out again.
fn hop(mut world: World, names: Vec<String>) -> Operation {
    world.join("/hop");
    let mut next = far_apart(NAMES);
    Box::new(move || {
        let name = &names[next()];
        world.message(NAMES, name);
        world.message(NAMES, name);
        world.drain()
    })
}

fn join_and_leave_members(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/room/lobby".into());
    world.join("/hop");
    Box::new(move || {
        world.message(size, "lobby");
        world.message(size, "lobby");
        world.drain()
    })
}

fn user_name(number: usize) -> String {
    format!("user-{number}")
}

fn users(size: usize) -> World {
    let world = World::new(size, |number| format!("/user/{}", user_name(number)));
    assert_eq!(world.hub().stats().users, size as u64);
    world
}

fn send_to_user(size: usize) -> Operation {
    let mut world = users(size);
    let mut next = far_apart(size);
    let names: Vec<String> = (0..NAMES).map(|_| user_name(next())).collect();
    let mut next = far_apart(names.len());
    Box::new(move || {
        let number = next();
        world.message(number, &names[number]);
        world.drain()
    })
}

fn come_and_go_as_user(size: usize) -> Operation {
    let mut world = users(size);
    let mut next = far_apart(size);
    let targets: Vec<String> = (0..NAMES).map(|_| format!("/user/{}-new", user_name(next()))).collect();
    let mut next = far_apart(targets.len());
    Box::new(move || {
        world.come_and_go(&targets[next()]);
        world.drain()
    })
}

/// Timers that were set in order lie in the heap as they never do again: first each is set anew once.
fn settled(size: usize, mut operation: impl FnMut() -> usize + 'static) -> Operation {
    for _ in 0..size {
        operation();
    }
    Box::new(operation)
}

fn set_timer(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/clock".into());
    let mut next = far_apart(size);
    settled(size, move || {
        world.message(next(), "set");
        world.drain()
    })
}

fn cancel_timer(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/clock".into());
    let mut next = far_apart(size);
    settled(size, move || {
        let number = next();
        world.message(number, "cancel");
        world.message(number, "set");
        world.drain()
    })
}

fn fire_timer(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/interval".into());
    settled(size, move || {
        world.next_timer();
        world.drain()
    })
}

/// A hundred to a socket, and ten to a room: ten sockets have the same.
fn subscriptions(size: usize) -> World {
    let mut world = World::new(size / 100, |_| "/spark".into());
    for number in 0..size {
        let (socket, room) = (number / 100, number / 1_000 * 100 + number % 100);
        world.message(socket, &format!(r#"{{"type":"subscribe","channel":"/room/{room}"}}"#));
    }
    world.drain();
    assert_eq!((world.hub().stats().channels, world.hub().stats().rooms), (size as u64, size as u64 / 10));
    world
}

fn broadcast_over_spark(size: usize) -> Operation {
    let mut world = subscriptions(size);
    let mut next = far_apart(size);
    // Each from a subscription of its own.
    let says = |number: usize| {
        let room = number / 1_000 * 100 + number % 100;
        (number / 100, format!(r#"{{"type":"message","channel":"/room/{room}","data":"{TEXT}"}}"#))
    };
    let messages: Vec<(usize, String)> = (0..NAMES).map(|_| says(next())).collect();
    let mut next = far_apart(messages.len());
    Box::new(move || {
        let (socket, message) = &messages[next()];
        world.message(*socket, message);
        world.drain()
    })
}

fn subscribe(size: usize) -> Operation {
    let mut world = subscriptions(size);
    world.join("/spark");
    let mut next = far_apart(size / 10);
    let ask = |what: &str, room: usize| format!(r#"{{"type":"{what}","channel":"/room/{room}"}}"#);
    let both = |room| [ask("subscribe", room), ask("unsubscribe", room)];
    let messages: Vec<[String; 2]> = (0..NAMES).map(|_| both(next())).collect();
    let mut next = far_apart(messages.len());
    Box::new(move || {
        for message in &messages[next()] {
            world.message(size / 100, message);
        }
        world.drain()
    })
}

/// Who comes is shown the room, and the ten others are told, both times: changes are told at once after a pause.
fn be_present(size: usize) -> Operation {
    const PAUSE: Duration = Duration::from_millis(100);
    let mut world = World::new(size, |number| format!("/present/{}/{}", number / 10, user_name(number)));
    let mut next = far_apart(size / 10);
    let targets: Vec<String> = (0..NAMES).map(|_| format!("/present/{}/newcomer", next())).collect();
    let mut next = far_apart(targets.len());
    Box::new(move || {
        world.wait(PAUSE);
        world.come_and_go_after(&targets[next()], PAUSE);
        world.drain()
    })
}
