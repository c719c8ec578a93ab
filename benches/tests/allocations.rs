//! What allocates nothing, exactly: unlike a time, an allocation is the same on every machine.

use lazuli_benches::count::{Counting, allocations, held};
use lazuli_benches::hub::World;
use lazuli_benches::idle;
use lazuli_benches::links::{Gate, Links, Sink, masked};
use lazuli_benches::scenario::{TEXT, all};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A world with a room of `members`, after enough broadcasts for its buffers to be as large as they will be.
fn warm(target: &str, members: usize) -> World {
    let mut world = World::new(members, |_| target.into());
    for _ in 0..200 {
        world.message(0, TEXT);
        assert!(world.drain_and_report() > 0);
    }
    world
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(vec![1])), 1);
    let mut list: Vec<u8> = Vec::with_capacity(1);
    assert_eq!(allocations(|| list.reserve(100)), 1, "to grow a block counts");
    assert_eq!(allocations(|| list.push(1)), 0);
}

#[test]
fn the_counter_knows_the_most_that_was_held() {
    let mut kept = Vec::new();
    assert_eq!(held(|| kept = Vec::<u8>::with_capacity(100)), (100, 100));
    assert_eq!(held(|| drop((vec![0u8; 1_000], std::mem::take(&mut kept)))), (1_000, -100));
}

/// What waits for a thousand of them goes out bit by bit: the lists that it goes through stay small.
#[test]
fn slow_readers_that_all_read_again_at_once_cost_nothing_more() {
    const READERS: usize = 1_000;
    const SAID: usize = 2_000;
    let mut links = Links::new(READERS + 1, "/room/lobby", Gate { open: true, ..Gate::default() });
    let message = masked(&"x".repeat(64));
    links.receive(READERS, &message);
    links.io.open = false;
    for _ in 0..SAID {
        links.receive(READERS, &message);
    }
    links.io.bytes = 0;
    let (most, after) = held(|| links.open_gate());
    assert_eq!(links.io.bytes, (SAID * (READERS + 1) * 66) as u64, "everything came");
    assert!(most < 4 << 20, "{most} bytes more were held");
    assert!(after < -(READERS as i64) * 8 * 2_000, "{after} bytes were given back");
}

/// All go and others come, again and again, and each says something meanwhile. Nothing of those who went is left.
#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    const ALL: usize = 200;
    let mut links = Links::new(ALL, "/room/lobby", Sink::default());
    let message = masked("x");
    let mut round = || {
        for number in 0..ALL {
            // All have gone before they would be asked for a sign of life.
            links.pass(Duration::from_millis(100));
            links.receive(number, &message);
            links.replace(number, number % 2 == 0);
        }
        assert_eq!(links.open_ones(), (ALL, ALL as u64));
    };
    // Lists grow for a while to the size that they need.
    (0..10).for_each(|_| round());
    let (most, after) = held(|| (0..50).for_each(|_| round()));
    // As moments fall, lists of those to be looked after are some places longer or shorter. A byte of each would be 10,000.
    assert!(after.abs() < 4_000, "{after} bytes after 10,000 connections, of which each needs more than 200");
    assert!(most < 64 << 10, "{most} bytes more were held in between");
}

#[test]
fn a_broadcast_allocates_nothing_however_many_members() {
    for target in ["/room/lobby", "/others/lobby", "/all/lobby"] {
        for members in [2, 10, 1_000, 10_000] {
            let mut world = warm(target, members);
            let expected = if target == "/others/lobby" { members - 1 } else { members };
            let mut receivers = 0;
            let count = allocations(|| {
                for _ in 0..100 {
                    world.message(1, TEXT);
                    receivers += world.drain_and_report();
                }
            });
            assert_eq!((count, receivers), (0, 100 * expected), "{target}, {members} members");
        }
    }
}

#[test]
fn broadcasts_that_wait_to_be_polled_allocate_nothing_once_that_many_have_waited() {
    let mut world = warm("/room/lobby", 1_000);
    let mut burst = || {
        for _ in 0..16 {
            world.message(0, TEXT);
        }
        world.drain_and_report()
    };
    for _ in 0..10 {
        assert_eq!(burst(), 16_000);
    }
    assert_eq!(allocations(|| assert_eq!(burst(), 16_000)), 0);
}

#[test]
fn a_shorter_message_allocates_nothing_either() {
    let mut world = warm("/room/lobby", 100);
    let count = allocations(|| {
        for length in (0..TEXT.len()).rev() {
            world.message(0, &TEXT[..length]);
            world.drain_and_report();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_broadcast_to_several_rooms_allocates_the_same_however_many_members() {
    let count = |members| {
        let mut world = warm("/rooms/lobby", members);
        allocations(|| {
            for _ in 0..100 {
                world.message(0, TEXT);
                assert_eq!(world.drain_and_report(), members);
            }
        })
    };
    assert_eq!(count(10), count(10_000));
}

#[test]
fn every_scenario_reaches_whom_it_says() {
    // The largest worlds are the same code as the small ones.
    for scenario in all().filter(|scenario| scenario.size <= 10_000) {
        let mut operation = scenario.make();
        assert_eq!(operation(), scenario.receivers, "{}", scenario.full_name());
    }
}

/// A table that has just grown has the most empty places.
#[test]
fn an_idle_connection_takes_little_also_when_a_table_has_just_grown() {
    let takes = |connections: usize| {
        let bytes: i64 = idle::in_hub(connections).iter().map(idle::Step::bytes).sum();
        bytes as f64 / connections as f64
    };
    for connections in [1_000, 10_000, 16_384, 16_385] {
        assert!(takes(connections) <= idle::MOST as f64, "{connections}: {}", takes(connections));
    }
    let worst = (10_000..12_500).step_by(50).map(takes).fold(0.0, f64::max);
    assert!(worst <= 1.25 * takes(16_384), "{worst}");
}

/// Benchmarks repeat for seconds what tests do a few hundred times.
#[test]
fn who_says_much_is_never_too_fast_for_its_route() {
    const MANY: usize = 25_000;
    let mut world = World::new(1, |_| "/echo".into());
    let answered = (0..MANY).filter(|_| {
        world.message(0, TEXT);
        world.drain_and_report() == 1
    });
    assert_eq!(answered.count(), MANY);
    assert_eq!(world.hub().stats().rate_limited, 0);
    let mut links = Links::new(1, "/echo", Sink::default());
    let (before, message) = (links.io.bytes, masked(TEXT));
    for _ in 0..MANY / 16 {
        links.receive(0, &message.repeat(16));
    }
    // What comes back has no mask.
    assert_eq!(links.io.bytes - before, (MANY / 16 * 16 * (message.len() - 4)) as u64);
}

#[test]
fn every_scenario_that_should_allocate_nothing_does_so() {
    for scenario in all().filter(|scenario| scenario.goal.no_allocation) {
        let mut operation = scenario.make();
        let count = allocations(|| {
            for _ in 0..100 {
                operation();
            }
        });
        assert_eq!(count, 0, "{}", scenario.full_name());
    }
}
