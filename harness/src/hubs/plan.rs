//! What a seed decides before anything happens.

use crate::rng::Rng;
use lazuli::log::Level;
use lazuli::{Config, Node, Time, Timestamp};
use std::time::Duration;

/// What may happen next; each seed favours some, and leaves others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Enter,
    Say,
    SayOthers,
    SayRooms,
    SayAll,
    SayUsers,
    SayAllBut,
    Join,
    Leave,
    Identify,
    Track,
    Untrack,
    Who,
    KickUser,
    Bye,
    Vanish,
    Outside,
    OutsideKick,
    Large,
    // From here on: what goes wrong.
    Cut,
    Die,
    BrokerAnew,
    StallUp,
    StallDown,
    Foreign,
    Shutdown,
    LinkTwice,
}

/// All of them, with what each weighs in a usual seed.
const OPS: [(Op, u32); 27] = [
    (Op::Enter, 40),
    (Op::Say, 40),
    (Op::SayOthers, 10),
    (Op::SayRooms, 8),
    (Op::SayAll, 8),
    (Op::SayUsers, 8),
    (Op::SayAllBut, 4),
    (Op::Join, 20),
    (Op::Leave, 12),
    (Op::Identify, 30),
    (Op::Track, 50),
    (Op::Untrack, 8),
    (Op::Who, 6),
    (Op::KickUser, 3),
    (Op::Bye, 4),
    (Op::Vanish, 4),
    (Op::Outside, 10),
    (Op::OutsideKick, 2),
    (Op::Large, 0),
    (Op::Cut, 5),
    (Op::Die, 3),
    (Op::BrokerAnew, 1),
    (Op::StallUp, 3),
    (Op::StallDown, 3),
    (Op::Foreign, 3),
    (Op::Shutdown, 1),
    (Op::LinkTwice, 1),
];

#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Whether anything goes wrong at all.
    pub(super) faulty: bool,
    /// Whether something may be lost for good. Otherwise links break at the most, and the broker keeps everything.
    pub(super) loses: bool,
    /// Whether hubs die, for good, and nothing else goes wrong.
    pub(super) deaths_only: bool,
    pub(super) hubs: usize,
    pub(super) rooms: u32,
    pub(super) users: u32,
    /// After so many operations faults heal.
    pub(super) operations: u32,
    /// The longest pause between two of them, in microseconds.
    pub(super) pause: u64,
    pub(super) config: Config,
    pub(super) bus: BusPlan,
    weights: [u32; OPS.len()],
}

/// How the backplane behaves.
#[derive(Clone, Debug, Default)]
pub(super) struct BusPlan {
    /// How many publications of a topic it keeps.
    pub(super) keep: usize,
    /// The shortest time from a hub to it or back, and what may be added, in microseconds.
    pub(super) delay: u64,
    pub(super) jitter: u64,
    /// Of a thousand publications on their way to a hub, how many are lost, come twice, or are overtaken.
    pub(super) lose: u32,
    pub(super) twice: u32,
    pub(super) overtake: u32,
    /// Of a thousand things that a hub asks for, how many are lost; its link breaks soon after.
    pub(super) swallow: u32,
}

impl Plan {
    pub(super) fn draw(rng: &mut Rng) -> Plan {
        let faulty = rng.chance(850);
        let deaths_only = faulty && rng.chance(100);
        let loses = faulty && (deaths_only || rng.chance(750));
        // What hubs know of one that has died is asked about while they find out.
        let pauses: &[u64] = if deaths_only { &[1_000_000] } else { &[300_000, 3_000_000, 30_000, 15_000_000] };
        let pause = *rng.pick(pauses);
        let most = if pause > 10_000_000 { 120 } else { 300 };
        let mut weights = OPS.map(|(_, usual)| usual);
        for (weight, (op, _)) in weights.iter_mut().zip(OPS) {
            let may_be = match () {
                () if !op.is_fault() => true,
                () if deaths_only => op == Op::Die,
                () => loses || faulty && op.is_mended(),
            };
            *weight *= if may_be { *rng.pick(&[1, 1, 2, 0, 5]) } else { 0 };
        }
        if deaths_only {
            (weights[Op::Die as usize], weights[Op::Who as usize]) = (6, 100);
        }
        // In some seeds most say who they are, and show it.
        if rng.chance(400) {
            for op in [Op::Identify, Op::Track, Op::Enter] {
                weights[op as usize] = 120;
            }
        }
        // A few megabytes at once: seldom, since it takes its time.
        if loses && !deaths_only && rng.chance(25) {
            weights[Op::Large as usize] = 30;
            weights[Op::Cut as usize] = 20;
        }
        let mut rate = |most| if !loses || deaths_only || rng.chance(500) { 0 } else { 1 + rng.below(most) as u32 };
        let (lose, twice, overtake, swallow) = (rate(80), rate(80), rate(80), rate(15));
        Plan {
            faulty,
            loses,
            deaths_only,
            hubs: rng.between(2, 4) as usize,
            rooms: rng.between(1, 5) as u32,
            users: rng.between(1, 6) as u32,
            operations: rng.between(20, most) as u32,
            pause,
            config: Config {
                seed: 0,
                window: 1 << 30,
                per_user: 1_000,
                presence: Duration::from_millis(*rng.pick(&[100, 0, 3_000])),
                log: Level::Error,
                ..Config::default()
            },
            bus: BusPlan {
                keep: if loses { *rng.pick(&[100, 3, 0, 10_000]) } else { 100_000 },
                delay: *rng.pick(&[100, 0, 20_000, 400_000]),
                jitter: *rng.pick(&[0, 1_000, 200_000]),
                lose,
                twice,
                overtake,
                swallow,
            },
            weights,
        }
    }

    /// What happens next.
    pub(super) fn draw_op(&self, rng: &mut Rng) -> Op {
        OPS[rng.weighted(&self.weights)].0
    }

    /// How often the members of a room are told who comes and goes.
    pub(super) fn presence(&self) -> Duration {
        self.config.presence
    }

    /// The settings of a hub that starts, with a clock that may be wrong.
    pub(super) fn config(&self, node: usize, wall: u64) -> Config {
        Config {
            seed: node as u64,
            wall: Timestamp::from_unix_micros(wall),
            backplane: Some(Node(node as u64)),
            ..self.config.clone()
        }
    }
}

impl Op {
    fn is_fault(self) -> bool {
        self as usize >= Op::Cut as usize
    }

    /// Whether nothing is lost by it on a backplane that keeps everything.
    fn is_mended(self) -> bool {
        matches!(self, Op::Cut | Op::Foreign | Op::LinkTwice)
    }
}

/// The wall clock of a hub that is right, at the beginning of time.
pub(super) const WALL: u64 = 1_790_000_000_000_000;

/// So long an outage lasts at most.
pub(super) const OUTAGE: Duration = Duration::from_secs(45);

/// Draws how long something is away: some are short, some long enough for others to give a hub up.
pub(super) fn draw_outage(rng: &mut Rng) -> Duration {
    let most = *rng.pick(&[100_000, 3_000_000, OUTAGE.as_micros() as u64]);
    Duration::from_micros(rng.between(1, most))
}

/// The time `micros` microseconds after another.
pub(super) fn later(at: Time, micros: u64) -> Time {
    at + Duration::from_micros(micros)
}
