//! The hub's tables: all that is not the application's.

use crate::canary::{Canary, is_planted};
use crate::channel::Timer;
use crate::config::{Config, Limits};
use crate::flow::Flow;
use crate::frame::Pool;
use crate::id::{ConnId, Table};
use crate::life::Life;
use crate::rng::Rng;
use crate::rooms::Rooms;
use crate::stats::Stats;
use crate::time::{Time, Timestamp};
use crate::timer::{TimerKey, TimerQueue};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use slab::Slab;

pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) now: Time,
    pub(crate) conns: Table<Conn>,
    pub(crate) instances: Slab<Instance>,
    pub(crate) rooms: Rooms,
    pub(crate) flow: Flow,
    pub(crate) timers: TimerQueue<Due>,
    pub(crate) pool: Pool,
    pub(crate) rng: Rng,
    pub(crate) stats: Stats,
    /// What a connection that is gone may do.
    nothing: Arc<Limits>,
}

/// One connection.
pub(crate) struct Conn {
    pub(crate) life: Life,
    pub(crate) instance: u32,
    pub(crate) opened: Time,
    /// When the peer last sent something.
    pub(crate) active: Time,
    pub(crate) limits: Arc<Limits>,
    pub(crate) ending: Option<Box<Ending>>,
}

/// A connection's decided end.
pub(crate) struct Ending {
    pub(crate) code: u16,
    pub(crate) reason: Arc<str>,
    /// Until when what was queued before may go out.
    pub(crate) by: Time,
    /// The timer for it, while something is queued.
    pub(crate) linger: Option<TimerKey>,
}

/// One join of a channel, without the application's part of it.
pub(crate) struct Instance {
    pub(crate) conn: ConnId,
    pub(crate) timers: Vec<(Timer, TimerKey)>,
}

/// Whose timer it is.
pub(crate) enum Due {
    /// A channel instance's own.
    Channel { instance: u32, timer: Timer, at: Time, every: Option<Duration> },
    /// What is queued for a connection that ends has had its time.
    Linger(ConnId),
    /// The deadline of a shutdown.
    Shutdown,
}

impl State {
    pub(crate) fn new(config: Config) -> State {
        State {
            now: Time::ZERO,
            conns: Table::new(),
            instances: Slab::new(),
            rooms: Rooms::default(),
            flow: Flow::new(config.window),
            timers: TimerQueue::new(),
            pool: Pool::default(),
            rng: Rng::new(config.seed),
            stats: Stats::default(),
            nothing: Arc::new(Limits { waiting: 0, joins: 0, timers: 0, ..Limits::default() }),
            config,
        }
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.config.wall.as_unix_micros().saturating_add(self.now.as_micros()))
    }

    pub(crate) fn limits(&self, conn: ConnId) -> &Arc<Limits> {
        self.conns.get(conn).map_or(&self.nothing, |found| &found.limits)
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|found| found.life == Life::Open)
    }

    pub(crate) fn timers_of(&self, instance: u32) -> &[(Timer, TimerKey)] {
        self.instances.get(instance as usize).map_or(&[], |found| &found.timers)
    }

    pub(crate) fn set_timer(&mut self, instance: u32, timer: Timer, after: Duration, every: Option<Duration>) {
        self.cancel_timer(instance, timer);
        let Some(found) = self.instances.get_mut(instance as usize) else { return };
        // Never now: a timeout that is handled leaves none that is due.
        let at = self.now + after.max(Duration::from_micros(1));
        if at <= self.now {
            // Only at the end of time, where nothing comes any more.
            return;
        }
        let key = self.timers.insert(at, Due::Channel { instance, timer, at, every });
        found.timers.push((timer, key));
    }

    pub(crate) fn cancel_timer(&mut self, instance: u32, timer: Timer) {
        let Some(found) = self.instances.get_mut(instance as usize) else { return };
        if let Some(place) = found.timers.iter().position(|(set, _)| *set == timer) {
            let (_, key) = found.timers.swap_remove(place);
            if !is_planted(Canary::DeadTimer) {
                self.timers.cancel(key);
            }
        }
    }

    /// Takes an instance's timers away, and the instance with them.
    pub(crate) fn forget_instance(&mut self, instance: u32) {
        if let Some(found) = self.instances.try_remove(instance as usize) {
            for (_, key) in found.timers {
                self.timers.cancel(key);
            }
        }
    }

    pub(crate) fn count(&mut self) {
        self.stats.connections = self.conns.len() as u64;
        self.stats.rooms = self.rooms.len() as u64;
        self.stats.timers = self.timers.len() as u64;
    }
}
