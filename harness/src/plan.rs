//! What a seed decides before anything happens: how many clients, what they like to do, what goes wrong and how often.
//!
//! Every seed draws its own weights, zeros included: a bug that needs ten resets in a row or no pings at all has seeds
//! that look like that.

use crate::app::RouteLimits;
use crate::rng::Rng;
use lazuli::driver::Settings;
use lazuli::driver::guard::FrameLimits;
use lazuli::log::Level;
use lazuli::{Batching, Config, Heartbeat, Limits, Rate, SlowPolicy, Timestamp};
use std::time::Duration;

/// A seed's decisions.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    /// How many addresses they share.
    pub(crate) addresses: usize,
    /// After so many operations of clients the faults heal.
    pub(crate) operations: u32,
    pub(crate) rooms: u32,
    pub(crate) config: Config,
    pub(crate) settings: Settings,
    pub(crate) limits: RouteLimits,
    pub(crate) net: NetPlan,
    pub(crate) habits: Habits,
    pub(crate) faults: FaultRates,
    /// What a client pauses between two operations, in microseconds, at the least and at the most.
    pub(crate) pause: (u64, u64),
    /// What lies between two commands from outside, in microseconds; 0: there are none.
    pub(crate) outside: u64,
    /// The longest payload of a usual message.
    pub(crate) payload: u64,
    /// Of a thousand messages, how many are larger.
    pub(crate) large: u32,
    /// Whether the server shuts down at the end, instead of being left.
    pub(crate) shutdown: bool,
    /// After so many operations it does so amid everything.
    pub(crate) sudden: Option<u32>,
}

/// How links behave.
#[derive(Clone, Debug)]
pub(crate) struct NetPlan {
    /// The shortest time from one end to the other, and what may be added to it, in microseconds.
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    /// How many bytes a socket takes before they are read.
    pub(crate) capacity: u64,
    /// Of a thousand writes, how many are taken in part though there is room.
    pub(crate) partial: u32,
    /// Of a thousand reads, how many are cut into pieces.
    pub(crate) cut: u32,
    /// Of a thousand moments with more to come at once, how many see the driver take its turn in between.
    pub(crate) turns: u32,
    /// How late the driver is told of its deadlines, in microseconds.
    pub(crate) late: u64,
    /// Of a thousand reads, how many tell the driver that it can write though nothing changed.
    pub(crate) spurious: u32,
}

/// How often clients do what: weights.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    /// Of the verbs, in the order of [`crate::clients::talk`].
    pub(crate) verbs: [u32; 27],
    pub(crate) binary: u32,
    pub(crate) ping: u32,
    pub(crate) pong: u32,
    pub(crate) leave: u32,
    /// Of a thousand messages, how many come in fragments.
    pub(crate) fragments: u32,
    /// Of a thousand connections, how many ask for a page instead, and how many for what is refused.
    pub(crate) pages: u32,
    pub(crate) refused: u32,
    /// Of a thousand connections, how many speak before they are answered.
    pub(crate) early: u32,
    /// Of the routes: room, feed, state, plain, batch.
    pub(crate) routes: [u32; 5],
}

/// How often what goes wrong: of a thousand operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultRates {
    pub(crate) reset: u32,
    pub(crate) vanish: u32,
    pub(crate) half_close: u32,
    pub(crate) stall: u32,
    pub(crate) hostile: u32,
    pub(crate) dawdle: u32,
    pub(crate) storm: u32,
    /// Of a thousand connections.
    pub(crate) slow_reader: u32,
    pub(crate) garbage: u32,
    /// Of a thousand resets, how many the driver learns of by writing.
    pub(crate) broken_write: u32,
    /// Of a hundred thousand moments, how many see the clock jump ahead.
    pub(crate) jump: u32,
    /// How far at the most, in microseconds.
    pub(crate) jump_most: u64,
}

impl Plan {
    pub(crate) fn draw(rng: &mut Rng) -> Plan {
        let faultless = rng.chance(150);
        let limits = draw_limits(rng, faultless);
        let mut settings = Settings::default();
        if rng.chance(100) {
            settings.links = rng.between(5, 40) as usize;
        }
        let config = Config {
            seed: rng.next(),
            wall: Timestamp::from_unix_micros(1_790_000_000_000_000 + rng.below(1 << 50)),
            connections: if rng.chance(100) { rng.between(5, 40) as usize } else { 100_000 },
            window: *rng.pick(&[1, 40, 300, 2_000, 16 << 10, 64 << 10, 64 << 10]),
            linger: Duration::from_millis(*rng.pick(&[100, 1_000, 5_000, 5_000])),
            come_back: Duration::from_millis(rng.below(20_000)),
            backplane: None,
            per_address: *rng.pick(&[usize::MAX, usize::MAX, usize::MAX, usize::MAX, usize::MAX, usize::MAX, 3, 12]),
            accepted: draw_rate(rng, &[(10_000, 20_000), (10_000, 20_000), (10_000, 20_000), (2, 8)]),
            failures: draw_rate(rng, &[(10, 100), (1, 2), (1, 5)]),
            per_user: *rng.pick(&[1, 2, 100]),
            presence: Duration::from_millis(*rng.pick(&[0, 100, 100, 3_000])),
            log: *rng.pick(&[Level::Debug, Level::Info, Level::Error, Level::Error, Level::Error]),
            ..Config::default()
        };
        let operations = rng.between(100, 1_500);
        Plan {
            addresses: rng.between(1, 5) as usize,
            clients: rng.between(1, 53) as usize,
            operations: operations as u32,
            rooms: rng.between(1, 8) as u32,
            config,
            settings,
            limits,
            net: NetPlan::draw(rng, faultless),
            habits: Habits::draw(rng),
            faults: if faultless { FaultRates::default() } else { FaultRates::draw(rng) },
            pause: (0, 2 * rng.between(300_000, 3_000_000)),
            outside: if rng.chance(300) { 0 } else { rng.between(100_000, 3_000_000) },
            payload: *rng.pick(&[10, 100, 100, 1_000]),
            large: *rng.pick(&[0, 10, 50]),
            shutdown: rng.chance(400),
            sudden: (!faultless && rng.chance(60)).then(|| rng.below(operations) as u32),
        }
    }
}

/// How many clients the mixed scenario has, how many rooms, and how many operations: ten minutes of virtual time.
const MIXED: (usize, u32, u32) = (100, 50, 60_000);

impl Plan {
    /// The mixed scenario: a hundred clients, each of which does something at least once a second and is in up to three
    /// rooms of fifty, and everything else as the seed has it.
    pub(crate) fn mixed(rng: &mut Rng) -> Plan {
        let mut plan = Plan::draw(rng);
        (plan.clients, plan.rooms, plan.operations) = MIXED;
        plan.pause = (900_000, 1_000_000);
        plan.config.connections = 100_000;
        plan.config.per_address = usize::MAX;
        plan.config.accepted = Config::default().accepted;
        plan.settings = Settings::default();
        plan.sudden = None;
        for limits in plan.limits.all() {
            limits.rooms = 3;
        }
        // A clock that jumps would make any scenario fast; and sockets that take 200 bytes at once there are only where little happens.
        plan.faults.jump = 0;
        plan.net.capacity = plan.net.capacity.max(4 << 10);
        plan
    }
}

/// In milliseconds: after which silence a peer is sent a ping, and how long it has for the answer.
const HEARTBEATS: &[Option<(u64, u64)>] = &[
    None,
    Some((30_000, 15_000)),
    Some((10_000, 1_000)),
    Some((5_000, 5_000)),
    Some((3_000, 600)),
    Some((1_500, 300)),
];

fn draw_limits(rng: &mut Rng, faultless: bool) -> RouteLimits {
    let frames = FrameLimits {
        control_frames: *rng.pick(&[5, 20, 256]),
        message_time: Duration::from_secs(*rng.pick(&[10, 30])),
        ..FrameLimits::default()
    };
    let waiting: &[usize] =
        if faultless { &[10_000, 100_000, 1 << 20] } else { &[0, 100, 1_000, 10_000, 100_000, 1 << 20] };
    let beats: &[Option<(u64, u64)>] = if rng.chance(400) { &[None] } else { HEARTBEATS };
    let rates: &[(u32, u32)] = if rng.chance(700) { &[(10_000, 20_000)] } else { &[(1, 2), (2, 5), (5, 1), (10, 20)] };
    let limits = |rng: &mut Rng, slow| Limits {
        frames: frames.clone(),
        waiting: *rng.pick(waiting),
        slow,
        rooms: *rng.pick(&[1, 3, 128]),
        timers: *rng.pick(&[1, 3, 64]),
        heartbeat: rng.pick(beats).map(|(every, timeout)| Heartbeat {
            every: Duration::from_millis(every),
            timeout: Duration::from_millis(timeout),
        }),
        rate: draw_rate(rng, rates),
        grace: Duration::from_millis(*rng.pick(&[0, 500, 10_000])),
        ..Limits::default()
    };
    let batch = Limits {
        batch: Some(Batching {
            most: *rng.pick(&[1, 2, 5, 100]),
            within: Duration::from_millis(*rng.pick(&[0, 50, 3_000, 10_000])),
        }),
        frames: FrameLimits { binary: 64 << 10, ..frames.clone() },
        ..limits(rng, SlowPolicy::Disconnect)
    };
    RouteLimits {
        batch,
        room: limits(rng, SlowPolicy::Disconnect),
        feed: limits(rng, SlowPolicy::DropOldest),
        state: limits(rng, SlowPolicy::KeepLatest),
        plain: limits(rng, SlowPolicy::Disconnect),
    }
}

fn draw_rate(rng: &mut Rng, from: &[(u32, u32)]) -> Rate {
    let (per_second, burst) = *rng.pick(from);
    Rate { per_second, burst }
}

impl NetPlan {
    pub(crate) fn draw(rng: &mut Rng, faultless: bool) -> NetPlan {
        let capacities: &[u64] =
            if faultless { &[64 << 10, 256 << 10] } else { &[200, 4 << 10, 64 << 10, 64 << 10, 256 << 10] };
        NetPlan {
            delay: rng.between(0, if faultless { 20_000 } else { 150_000 }),
            jitter: *rng.pick(&[0, 1_000, 50_000]),
            capacity: *rng.pick(capacities),
            partial: *rng.pick(&[0, 20, 300]),
            cut: *rng.pick(&[0, 50, 500]),
            turns: *rng.pick(&[0, 300, 1_000]),
            late: *rng.pick(&[0, 0, 500, 20_000]),
            spurious: *rng.pick(&[0, 0, 20]),
        }
    }
}

impl Habits {
    fn draw(rng: &mut Rng) -> Habits {
        // What each verb weighs in a usual crowd; each seed leaves some out and favours others.
        const USUAL: [u32; 27] =
            [20, 30, 10, 8, 4, 3, 8, 12, 8, 1, 8, 4, 3, 8, 4, 4, 6, 2, 2, 16, 24, 5, 3, 5, 2, 1, 2];
        let mut verbs = USUAL.map(|usual| usual * *rng.pick(&[0, 1, 1, 2, 5]));
        if rng.chance(400) {
            // Nobody says who they are.
            verbs[19..26].fill(0);
        } else if rng.chance(600) {
            // Most do, and show that they are here.
            (verbs[19], verbs[20]) = (verbs[19].max(30), verbs[20].max(60));
        }
        Habits {
            verbs: if verbs.iter().sum::<u32>() == 0 { USUAL } else { verbs },
            binary: *rng.pick(&[0, 3, 10]),
            ping: *rng.pick(&[0, 2, 5, 20]),
            pong: *rng.pick(&[0, 1]),
            leave: *rng.pick(&[0, 1, 4, 15]),
            fragments: *rng.pick(&[0, 50, 400]),
            pages: *rng.pick(&[0, 50, 200]),
            refused: *rng.pick(&[0, 50, 100]),
            early: *rng.pick(&[0, 100, 600]),
            routes: [4, *rng.pick(&[0, 1, 4]), *rng.pick(&[0, 1, 4]), *rng.pick(&[0, 1]), *rng.pick(&[0, 1, 4])],
        }
    }
}

impl FaultRates {
    pub(crate) fn draw(rng: &mut Rng) -> FaultRates {
        let jump_most = *rng.pick(&[50_000, 50_000, 50_000, 3_600_000_000]);
        let mut rate = |most| if rng.chance(500) { 1 + rng.below(most) as u32 } else { 0 };
        FaultRates {
            reset: rate(30),
            vanish: rate(10),
            half_close: rate(15),
            stall: rate(40),
            hostile: rate(25),
            dawdle: rate(5),
            storm: rate(4),
            slow_reader: rate(300),
            garbage: rate(150),
            broken_write: rate(1_000),
            jump: rate(200),
            jump_most,
        }
    }
}
