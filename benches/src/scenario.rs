//! What is measured: each scenario makes a world of some size, and an operation on it that can be repeated for ever.

use crate::growth::GROWTH;
use crate::hub::World;
use crate::links::{Links, Sink, masked};
use crate::steps::{html, in_turns, mounted};
use lazuli::journal::{Journal, Redaction};

/// Does the measured thing once; returns how many receivers it reached.
pub type Operation = Box<dyn FnMut() -> usize>;

/// One operation in a world of one size.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// What it is called, without its size.
    pub name: &'static str,
    /// How many there are: of members, connections, rooms or timers.
    pub size: usize,
    /// How many receivers one operation reaches.
    pub receivers: usize,
    /// What it ought to cost at most.
    pub goal: Goal,
    /// How often it is repeated to be counted.
    pub repeats: usize,
    /// How often it is done before, until buffers have grown to what they will be.
    warm: usize,
    make: fn(usize) -> Operation,
}

/// What an operation ought to cost at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goal {
    /// Instructions of one operation.
    pub instructions: Option<u64>,
    /// Instructions of one operation for each receiver.
    pub instructions_each: Option<u64>,
    /// Whether it may allocate.
    pub no_allocation: bool,
}

impl Goal {
    const NONE: Goal = Goal { instructions: None, instructions_each: None, no_allocation: false };
    const STILL: Goal = Goal { no_allocation: true, ..Goal::NONE };
}

/// What is sent in a broadcast.
pub const TEXT: &str = "a message of sixty-four bytes, as a chat or a ticker may have one";

/// A message of the chat, and the room that it goes to.
const SAY: &str = r#"{"type":"say","text":"Hello, everyone! Is this thing on?","reply_to":41}"#;

impl Scenario {
    pub(crate) const fn new(
        name: &'static str,
        size: usize,
        receivers: usize,
        make: fn(usize) -> Operation,
    ) -> Scenario {
        Scenario { name, size, receivers, goal: Goal::NONE, repeats: 1_000, warm: 200, make }
    }

    const fn goal(self, goal: Goal) -> Scenario {
        Scenario { goal, ..self }
    }

    pub(crate) const fn repeats(self, repeats: usize) -> Scenario {
        Scenario { repeats, ..self }
    }

    pub(crate) const fn warm(self, warm: usize) -> Scenario {
        Scenario { warm, ..self }
    }

    /// The name with the size: how it is asked for.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.name, self.size)
    }

    /// The operation in its world, which has been warmed up.
    pub fn make(&self) -> Operation {
        let mut operation = (self.make)(self.size);
        for _ in 0..self.warm {
            operation();
        }
        operation
    }
}

/// A broadcast of the hub alone.
pub const BROADCAST: [Scenario; 8] = [
    Scenario::new("broadcast", 10, 10, |size| broadcast("/room/lobby", size)).goal(Goal::STILL),
    Scenario::new("broadcast", 1_000, 1_000, |size| broadcast("/room/lobby", size)).goal(Goal::STILL),
    Scenario::new("broadcast", 10_000, 10_000, |size| broadcast("/room/lobby", size))
        .goal(Goal { instructions_each: Some(12), ..Goal::STILL })
        .repeats(100),
    Scenario::new("broadcast_to_others", 10_000, 9_999, |size| broadcast("/others/lobby", size))
        .goal(Goal::STILL)
        .repeats(100),
    Scenario::new("broadcast_to_all", 10_000, 10_000, |size| broadcast("/all/lobby", size))
        .goal(Goal::STILL)
        .repeats(100),
    Scenario::new("broadcast_to_two_rooms", 10_000, 10_000, |size| broadcast("/rooms/lobby", size)).repeats(100),
    Scenario::new("sent", 10_000, 10_000, sent).goal(Goal::STILL).repeats(100),
    Scenario::new("broadcast_and_sent", 10_000, 10_000, broadcast_and_sent).goal(Goal::STILL).repeats(100),
];

/// A message in and its answer out, of the hub alone.
pub const DISPATCH: [Scenario; 1] = [Scenario::new("dispatch", 1_000, 1, dispatch)
    .goal(Goal { instructions: Some(6_000), ..Goal::NONE })
    .repeats(5_000)];

/// Bytes in and bytes out, through the driver.
pub const DRIVER: [Scenario; 6] = [
    Scenario::new("driver_echo", 1_000, 1, driver_echo).repeats(5_000),
    Scenario::new("driver_broadcast", 1_000, 1_000, driver_broadcast),
    Scenario::new("driver_joined_16", 1_000, 16_000, driver_joined).repeats(100),
    // The same, written down in a journal.
    Scenario::new("journal_echo", 1_000, 1, |size| echo(recorded(size, "/echo"))).goal(Goal::STILL).repeats(5_000),
    Scenario::new("journal_redacted_echo", 1_000, 1, redacted_echo).goal(Goal::STILL).repeats(5_000),
    Scenario::new("journal_broadcast", 1_000, 1_000, |size| to_room(recorded(size, "/room/lobby"))).goal(Goal::STILL),
];

/// Steps of a live component with so many rows. Each is done and undone in turns, and what is told is the mean.
pub const COMPONENTS: [Scenario; 12] = [
    step("step_nothing", 1_000, 0, |_| in_turns("table_noop_1k")).goal(STEP),
    step("step_select", 1_000, 1, |_| in_turns("table_select_1k")).goal(STEP),
    step("step_remove_insert", 1_000, 1, |_| in_turns("table_remove_1k")),
    step("step_swap", 1_000, 1, |_| in_turns("table_swap_1k")),
    step("step_update_every_tenth", 1_000, 1, |_| in_turns("table_update10_1k")),
    step("step_shuffle", 1_000, 1, |_| in_turns("table_shuffle_1k")),
    step("step_create_clear", 1_000, 1, |_| in_turns("table_create_1k")),
    step("step_replace", 1_000, 1, |_| in_turns("table_replace_1k")),
    step("step_select", 10_000, 1, |_| in_turns("table_select_10k")),
    step("step_chat_append", 200, 1, |_| in_turns("chat_append")),
    step("to_html", 1_000, 1, |_| html("table_noop_1k")),
    step("mount", 1_000, 1, |_| mounted("table_noop_1k")),
];

const fn step(name: &'static str, rows: usize, changes: usize, make: fn(usize) -> Operation) -> Scenario {
    Scenario::new(name, rows, changes, make).warm(20).repeats(100)
}

const STEP: Goal = Goal { instructions: Some(200_000), ..Goal::NONE };

/// All that is hot: what is looked at with every change.
pub fn hot() -> impl Iterator<Item = Scenario> {
    BROADCAST.into_iter().chain(DISPATCH).chain(DRIVER).chain(COMPONENTS)
}

/// All of them.
pub fn all() -> impl Iterator<Item = Scenario> {
    hot().chain(GROWTH.into_iter().flat_map(|growth| growth.sizes))
}

/// Numbers below `size`, far apart, so that no two operations touch the same.
pub(crate) fn far_apart(size: usize) -> impl FnMut() -> usize {
    let mut number = 0;
    move || {
        number = (number + 7_919) % size;
        number
    }
}

fn broadcast(target: &str, size: usize) -> Operation {
    let mut world = World::new(size, |_| target.into());
    Box::new(move || {
        world.message(0, TEXT);
        world.drain()
    })
}

fn broadcast_and_sent(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/room/lobby".into());
    Box::new(move || {
        world.message(0, TEXT);
        world.drain_and_report()
    })
}

fn sent(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/room/lobby".into());
    Box::new(move || world.report())
}

pub(crate) fn dispatch(size: usize) -> Operation {
    let mut world = World::new(size, |_| "/chat/lobby".into());
    let mut next = far_apart(size);
    Box::new(move || {
        world.message(next(), SAY);
        world.drain_and_report()
    })
}

fn driver_echo(size: usize) -> Operation {
    echo(Links::new(size, "/echo", Sink::default()))
}

fn echo(mut links: Links<Sink>) -> Operation {
    let mut next = far_apart(links.len());
    let bytes = masked(TEXT);
    Box::new(move || {
        let before = links.io.writes;
        links.receive(next(), &bytes);
        (links.io.writes - before) as usize
    })
}

fn driver_broadcast(size: usize) -> Operation {
    to_room(Links::new(size, "/room/lobby", Sink::default()))
}

fn to_room(mut links: Links<Sink>) -> Operation {
    let bytes = masked(TEXT);
    Box::new(move || {
        let before = links.io.writes;
        links.receive(0, &bytes);
        (links.io.writes - before) as usize
    })
}

/// A journal that goes nowhere: what it costs is what the driver does for it.
fn nowhere() -> Journal {
    Journal::to(std::io::sink()).at_most(u64::MAX)
}

fn recorded(size: usize, target: &str) -> Links<Sink> {
    Links::recorded(size, target, Sink::default(), nowhere())
}

fn redacted_echo(size: usize) -> Operation {
    echo(Links::recorded(size, "/echo", Sink::default(), nowhere().redacted(Redaction::default())))
}

/// Sixteen messages in one read; what goes out is counted in frames, though each link gets them in one write.
fn driver_joined(size: usize) -> Operation {
    let mut links = Links::new(size, "/room/lobby", Sink::default());
    let bytes = masked(TEXT).repeat(16);
    // Without a mask, and four bytes shorter.
    let frame = masked(TEXT).len() - 4;
    Box::new(move || {
        let before = links.io.bytes;
        links.receive(0, &bytes);
        (links.io.bytes - before) as usize / frame
    })
}
