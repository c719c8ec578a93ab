//! What each of the things takes that a hub holds, where there are many. It tells something only where
//! [`Counting`](crate::count::Counting) is installed.

use crate::channels::room_name;
use crate::count::held;
use crate::hub::World;
use crate::idle;

/// One kind of thing.
#[derive(Clone, Copy)]
pub struct Thing {
    /// What it is.
    pub what: &'static str,
    /// The bytes in the allocator that so many of them take.
    pub bytes: fn(usize) -> i64,
}

/// All kinds.
pub const THINGS: [Thing; 7] = [
    Thing { what: "connection, in one room", bytes: connections },
    Thing { what: "member of a room of ten", bytes: |size| when_done(size, &[], |number| join(number / 10)) },
    Thing { what: "room with one member", bytes: |size| when_done(size, &[], join) },
    Thing { what: "user with one connection", bytes: |size| when_done(size, &[], identify) },
    Thing { what: "timer", bytes: |size| when_done(size, &[], |_| "timer".into()) },
    Thing { what: "subscription in a room of ten", bytes: subscriptions },
    Thing {
        what: "present in a room of ten",
        bytes: |size| when_done(size, &[|number| join(number / 10), identify], |number| track(number / 10)),
    },
];

fn join(room: usize) -> String {
    format!("join {}", room_name(room as u64))
}

fn identify(user: usize) -> String {
    format!("identify user-{user}")
}

fn track(room: usize) -> String {
    format!("track {}", room_name(room as u64))
}

fn connections(size: usize) -> i64 {
    idle::in_hub(size).iter().map(idle::Step::bytes).sum()
}

/// By how many bytes the hub grows when so many connections do something, having done other things before.
fn when_done(size: usize, before: &[fn(usize) -> String], what: fn(usize) -> String) -> i64 {
    let mut world = World::new(size, |_| "/does".into());
    let all_do = |world: &mut World, what: fn(usize) -> String| {
        for number in 0..size {
            world.message(number, &what(number));
            world.drain();
        }
    };
    for what in before {
        all_do(&mut world, *what);
    }
    held(|| all_do(&mut world, what)).1
}

/// A hundred to a socket; the sockets are there before.
fn subscriptions(size: usize) -> i64 {
    let mut world = World::new(size / 100, |_| "/spark".into());
    let subscribe = |world: &mut World| {
        for number in 0..size {
            let room = number / 1_000 * 100 + number % 100;
            world.message(number / 100, &format!(r#"{{"type":"subscribe","channel":"/room/{room}"}}"#));
            world.drain();
        }
    };
    held(|| subscribe(&mut world)).1
}
