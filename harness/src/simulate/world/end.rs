//! How a run ends, and what is left of it.

use super::{PATIENCE, World};
use crate::simulate::Summary;
use crate::simulate::guests::Guests;
use crate::simulate::party::Guest;
use crate::simulate::run::{Wrong, give_up};
use crate::world::{Crowd, Phase};
use lazuli::{App, Time};

impl<A: App> World<A> {
    /// The test is over: everyone leaves, and nothing may be left.
    pub(in crate::simulate) fn end(&self) {
        self.rest();
        let unsaid = self.unsaid();
        if !unsaid.is_empty() {
            give_up(Wrong::new(self.inner().now(), unsaid.join("; ")));
        }
        self.inner().phase = Phase::Leaving;
        self.0.party.borrow_mut().guests.iter_mut().for_each(|guest| guest.wants = false);
        let is_down = self.0.inner.borrow().crowd.is_down;
        if !is_down && self.chance(0.3) {
            self.shut_down();
        } else {
            let left = Guests::leave(&mut self.inner());
            self.check(left);
        }
        let until = self.inner().now() + PATIENCE;
        let is_empty = || self.0.inner.borrow().driver.links() == 0;
        self.run_to(until, &is_empty);
        let finished = Guests::finished(&mut self.inner());
        self.check(finished);
    }

    /// What clients could not say for they were sent away, and what pages are none, unless the test has asked about it. What is more
    /// than a few is counted.
    pub(in crate::simulate) fn unsaid(&self) -> Vec<String> {
        const SHOWN: usize = 3;
        let party = self.0.party.borrow();
        let mut unsaid: Vec<String> = party.guests.iter().filter_map(Guest::unsaid).collect();
        unsaid.extend(self.0.pages.borrow().iter().filter_map(|tab| tab.borrow().refused()));
        let more = unsaid.len().saturating_sub(SHOWN);
        if more > 0 {
            unsaid.truncate(SHOWN);
            unsaid.push(format!("so it is with {more} more"));
        }
        unsaid
    }

    /// Handlers may hold the world, which holds them.
    pub(in crate::simulate) fn forget(&self) {
        self.0.always.borrow_mut().clear();
        *self.0.on_effect.borrow_mut() = None;
        self.0.pages.borrow_mut().clear();
        let guests = std::mem::take(&mut self.0.party.borrow_mut().guests);
        drop(guests);
    }

    pub(in crate::simulate) fn summary(&self) -> Summary {
        let inner = self.0.inner.borrow();
        Summary {
            seeds: 1,
            simulated: inner.now().saturating_since(Time::ZERO),
            operations: inner.operations.into(),
            clients: self.0.party.borrow().guests.len() as u64,
            faults: inner.net.kernel.tally.clone(),
        }
    }
}
