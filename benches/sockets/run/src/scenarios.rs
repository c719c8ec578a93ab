//! What is measured.

/// What the load generator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// So many rooms, in each of which so many messages are in flight.
    InFlight { rooms: u32, messages: u32 },
    /// One room, and so many messages a second.
    Rate(u32),
    /// Each connection has one message in flight.
    Echo,
    /// Connections that do nothing.
    Idle,
    /// Connections that come and go.
    Churn,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name above the table.
    pub title: &'static str,
    /// How many connections.
    pub connections: u32,
    /// What they do.
    pub load: Load,
}

const fn fanout(name: &'static str, title: &'static str, connections: u32, rooms: u32, messages: u32) -> Scenario {
    Scenario { name, title, connections, load: Load::InFlight { rooms, messages } }
}

/// All of them.
pub const SCENARIOS: [Scenario; 10] = [
    fanout("room-1000", "1,000 members, 1 message in flight", 1_000, 1, 1),
    fanout("room-1000-16", "1,000 members, 16 messages in flight", 1_000, 1, 16),
    fanout("room-5000", "5,000 members, 1 message in flight", 5_000, 1, 1),
    fanout("room-5000-16", "5,000 members, 16 messages in flight", 5_000, 1, 16),
    fanout("rooms-100", "100 rooms of 10, 1 message in flight in each", 1_000, 100, 1),
    fanout("rooms-100-16", "100 rooms of 10, 16 messages in flight in each", 1_000, 100, 16),
    Scenario {
        name: "rate-50",
        title: "50 messages a second to 1,000 members",
        connections: 1_000,
        load: Load::Rate(50),
    },
    Scenario { name: "echo-500", title: "Echo, 500 connections", connections: 500, load: Load::Echo },
    Scenario { name: "idle-10000", title: "10,000 idle connections", connections: 10_000, load: Load::Idle },
    Scenario { name: "churn", title: "19,000 connections that come and go", connections: 19_000, load: Load::Churn },
];

impl Scenario {
    /// Whether it belongs to a full run; what takes half an hour for one server runs when it is asked for.
    pub fn is_short(&self) -> bool {
        self.load != Load::Churn
    }

    /// The load generator's arguments.
    pub fn args(&self) -> Vec<String> {
        let mut args = match self.load {
            Load::InFlight { rooms, messages } => {
                vec!["fanout".into(), "--rooms".into(), rooms.to_string(), "--in-flight".into(), messages.to_string()]
            }
            Load::Rate(rate) => vec!["fanout".into(), "--rate".into(), rate.to_string()],
            Load::Echo => vec!["echo".into()],
            Load::Idle => vec!["idle".into()],
            Load::Churn => vec!["churn".into()],
        };
        args.extend(["--connections".into(), self.connections.to_string()]);
        args
    }
}
