//! What a seed decides of its pages.

use crate::app::live::KINDS;
use crate::plan::{FaultRates, NetPlan};
use crate::rng::Rng;
use lazuli::log::Level;
use lazuli::{Config, Heartbeat, Limits, Secret, SlowPolicy, Timestamp};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(super) browsers: usize,
    /// The most components of a page.
    pub(super) parts: u64,
    /// After so many operations the faults heal.
    pub(super) operations: u32,
    pub(super) config: Config,
    /// Of Spark sockets.
    pub(super) limits: Limits,
    pub(super) net: NetPlan,
    pub(super) faults: FaultRates,
    /// What a browser pauses between two operations, in microseconds.
    pub(super) pause: u64,
    /// The longest text of an event.
    pub(super) text: u64,
    pub(super) habits: Habits,
}

/// How often browsers do what: weights.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// An event, several at once, all of it anew, unmount, mount again, another's token, a forged one, another page.
    pub(super) deeds: [u32; 8],
    /// Of events: what the kind makes of it, nothing, failure, a render that panics, an update that fails, commands, an
    /// end, an event that there is not.
    pub(super) events: [u32; 8],
    /// Of a thousand events, how many have no `ref`.
    pub(super) silent: u32,
    /// Of a thousand components, how many go wrong when they are mounted.
    pub(super) trouble: u32,
    /// Of the kinds.
    pub(super) kinds: [u32; KINDS],
}

impl Plan {
    /// `None`: there are no pages.
    pub(crate) fn draw(rng: &mut Rng) -> Option<Plan> {
        if !rng.chance(SHARE) {
            return None;
        }
        let faultless = rng.chance(150);
        let mut secret = [0; 32];
        secret.chunks_mut(8).for_each(|part| part.copy_from_slice(&rng.next().to_le_bytes()));
        let config = Config {
            seed: rng.next(),
            secret: Some(Secret::new(secret)),
            wall: Timestamp::from_unix_micros(1_790_000_000_000_000 + rng.below(1 << 50)),
            window: *rng.pick(&[1, 40, 300, 2_000, 64 << 10, 64 << 10, 64 << 10]),
            patches: Duration::from_millis(*rng.pick(&[16, 16, 16, 100])),
            token_life: Duration::from_secs(*rng.pick(&[86_400, 86_400, 86_400, 3])),
            log: *rng.pick(&[Level::Debug, Level::Error, Level::Error, Level::Error]),
            ..Config::default()
        };
        // Which of them makes no difference to pages: none of what they are told may be dropped.
        let slow = *rng.pick(&[
            SlowPolicy::Disconnect,
            SlowPolicy::Disconnect,
            SlowPolicy::Disconnect,
            SlowPolicy::Disconnect,
            SlowPolicy::DropOldest,
            SlowPolicy::KeepLatest,
        ]);
        let waiting: &[usize] = if faultless { &[1 << 20] } else { &[2_000, 30_000, 1 << 20, 1 << 20] };
        let limits = Limits {
            waiting: *rng.pick(waiting),
            slow,
            heartbeat: rng.pick(&[None, None, Some((10_000, 1_000)), Some((3_000, 600))]).map(|(every, timeout)| {
                Heartbeat { every: Duration::from_millis(every), timeout: Duration::from_millis(timeout) }
            }),
            ..Limits::spark()
        };
        // Sometimes one page with lists alone has a long life, so that both ends have to number anew.
        let is_long = rng.chance(120);
        let mut habits = Habits::draw(rng);
        if is_long {
            habits = Habits {
                deeds: [60, 20, 0, 0, 4, 0, 0, 0],
                events: [80, 5, 3, 0, 0, 0, 0, 0],
                kinds: [0, 4, 0, 1, 0, 0],
                ..habits
            };
        }
        let mut plan = Plan {
            browsers: if is_long { 1 } else { rng.between(1, 8) as usize },
            parts: if is_long { 1 } else { 4 },
            operations: if is_long { 300 } else { rng.between(50, 250) as u32 },
            config,
            limits,
            net: NetPlan::draw(rng, faultless),
            faults: if faultless { FaultRates::default() } else { FaultRates::draw(rng) },
            pause: *rng.pick(&[5_000, 30_000, 300_000]),
            text: *rng.pick(&[10, 60, 600]),
            habits,
        };
        if rng.chance(SLOW) && !faultless && !is_long {
            plan.slow_down(rng);
        }
        Some(plan)
    }

    /// Browsers that read slowly, and stop reading now and then, while much changes: more is made for them than their sockets take.
    fn slow_down(&mut self, rng: &mut Rng) {
        (self.browsers, self.operations, self.pause) = (rng.between(1, 3) as usize, 600, 30_000);
        self.config.window = *rng.pick(&[1, 40, 300, 2_000]);
        self.config.token_life = Duration::from_secs(86_400);
        self.limits.waiting = 1 << 20;
        self.net.capacity = 200;
        self.faults = FaultRates { slow_reader: 700, stall: 40, ..FaultRates::default() };
        self.habits.deeds = [80, 10, 2, 1, 4, 0, 0, 1];
        self.habits.events = [80, 5, 3, 0, 1, 5, 0, 0];
    }
}

/// Of a thousand seeds, how many have pages.
const SHARE: u32 = 350;

/// Of a thousand of these, in how many browsers are slow.
const SLOW: u32 = 300;

impl Habits {
    fn draw(rng: &mut Rng) -> Habits {
        let (silent, trouble) = (*rng.pick(&[0, 300, 1_000]), *rng.pick(&[0, 0, 100]));
        let mut some = |usual: u32| usual * *rng.pick(&[0, 1, 1, 3]);
        Habits {
            deeds: [60, some(20), some(3), some(2), some(4), some(2), some(2), some(2)],
            events: [80, some(5), some(6), some(2), some(2), some(5), some(1), some(2)],
            silent,
            trouble,
            kinds: [some(4) + 1, some(6) + 1, some(4), some(6), some(4), some(4)],
        }
    }
}
