//! An instance's own timers.

use super::Context;
use crate::channel::{App, Timer};
use crate::effects::Effect;
use crate::error::Error;
use alloc::collections::BTreeSet;
use alloc::format;
use core::time::Duration;

impl<A: App> Context<'_, A> {
    /// Sets a timer of this instance, or sets it anew; [`Channel::on_timer`](crate::Channel::on_timer) gets it. In
    /// [`Channel::on_close`](crate::Channel::on_close) nothing is set any more.
    ///
    /// The callback fails when the instance would have more timers than its limit allows.
    pub fn set_timer(&mut self, timer: impl Into<Timer>, after: Duration) {
        self.timer(timer.into(), after, None);
    }

    /// Sets a timer that comes again and again; at least a millisecond apart, and without drift. A turn that was missed is
    /// skipped.
    pub fn set_interval(&mut self, timer: impl Into<Timer>, every: Duration) {
        let every = every.max(Duration::from_millis(1));
        self.timer(timer.into(), every, Some(every));
    }

    fn timer(&mut self, timer: Timer, after: Duration, every: Option<Duration>) {
        if !self.state.is_open(self.conn) {
            return;
        }
        let limit = self.state.limits(self.conn).timers;
        let recorded = self.fx.list.iter().filter(|effect| matches!(effect, Effect::SetTimer { .. })).count();
        let at_most = self.state.timers_of(self.instance).len() + recorded;
        // Only near the limit is it worth counting exactly.
        if at_most >= limit && !self.has_timer(timer) && self.timers() >= limit {
            self.fx.fail(Error::internal(format!("at most {limit} timers at once; cancel one first")));
            return;
        }
        self.fx.list.push(Effect::SetTimer { timer, after, every });
    }

    /// Whether the timer is set, what this callback recorded included.
    fn has_timer(&self, timer: Timer) -> bool {
        let recorded = self.fx.list.iter().rev().find_map(|effect| match effect {
            Effect::SetTimer { timer: set, .. } if *set == timer => Some(true),
            Effect::CancelTimer(cancelled) if *cancelled == timer => Some(false),
            _ => None,
        });
        recorded.unwrap_or_else(|| self.state.timers_of(self.instance).iter().any(|(set, _)| *set == timer))
    }

    /// How many timers are set, what this callback recorded included.
    fn timers(&self) -> usize {
        let committed = self.state.timers_of(self.instance).iter().map(|(timer, _)| *timer);
        let recorded = self.fx.list.iter().filter_map(|effect| match effect {
            Effect::SetTimer { timer, .. } => Some(*timer),
            _ => None,
        });
        let all: BTreeSet<Timer> = committed.chain(recorded).collect();
        all.into_iter().filter(|&timer| self.has_timer(timer)).count()
    }

    /// Cancels a timer of this instance; one that is not set stays that way.
    pub fn cancel_timer(&mut self, timer: impl Into<Timer>) {
        self.fx.list.push(Effect::CancelTimer(timer.into()));
    }
}
