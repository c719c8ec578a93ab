//! What becomes of sessions: how they begin, what goes wrong with them, how they end.

use super::visit::{Talk, Visit};
use super::{Crowd, World};
use crate::net::Peer;
use crate::tally::Fault;

impl<C: Crowd> World<C> {
    /// A new session, and its link.
    pub(crate) fn visit(&mut self, is_slow: bool, own: C::Own) -> u32 {
        if is_slow {
            self.net.kernel.count(Fault::SlowReader);
        }
        let session = self.visits.len() as u32;
        let link = self.net.connect(session, is_slow);
        self.visits.push(Visit::new(link, own));
        session
    }

    /// Lets something go wrong with a session, if it is its turn.
    pub(crate) fn misfortune(&mut self, session: u32) -> bool {
        let faults = self.faults;
        // What is simplest comes first: nothing.
        let mut rates = [0, faults.reset, faults.vanish, faults.half_close, faults.stall];
        rates[0] = 1_000 - rates.iter().sum::<u32>();
        let link = self.visits[session as usize].link;
        match self.net.kernel.rng.weighted(&rates) {
            1 => {
                self.net.kernel.count(Fault::Reset);
                self.break_off(session);
            }
            2 => {
                self.net.kernel.count(Fault::Vanished);
                self.net.kernel.step("vanish", session.into(), || format!("session {session}"));
                self.net.links[link].peer = Peer::Vanished;
                self.net.links[link].brisk = false;
                self.visits[session as usize].talk = Talk::Over;
            }
            3 => {
                self.net.kernel.count(Fault::HalfClose);
                self.net.kernel.step("half-close", session.into(), || format!("session {session}"));
                self.visits[session as usize].is_quiet = true;
                self.hang_up(session);
            }
            4 => {
                self.net.kernel.count(Fault::Stall);
                let time = self.net.kernel.rng.between(10_000, C::STALL);
                self.net.kernel.step("stall", session.into(), || format!("session {session} for {time} µs"));
                self.net.links[link].stalled = self.net.kernel.after(time);
                self.net.links[link].brisk = false;
            }
            _ => return false,
        }
        true
    }

    /// A client breaks its link off.
    pub(crate) fn break_off(&mut self, session: u32) {
        self.net.kernel.step("reset", session.into(), || format!("session {session}"));
        self.visits[session as usize].talk = Talk::Over;
        self.net.reset(self.visits[session as usize].link);
    }

    /// A client sends nothing more, whatever it has begun.
    pub(crate) fn hang_up(&mut self, session: u32) {
        let link = self.visits[session as usize].link;
        self.net.links[link].brisk = false;
        self.net.finish(link);
    }

    /// Everyone leaves, each in a way of their own: of ten, so many break off and one hangs up.
    pub(crate) fn leave_each(&mut self, break_off: u64) {
        for session in 0..self.visits.len() as u32 {
            let link = self.visits[session as usize].link;
            match self.net.kernel.rng.below(10) {
                _ if self.net.links[link].peer != Peer::Open => {}
                way if way < break_off => self.break_off(session),
                way if way == break_off => self.hang_up(session),
                _ => C::say_goodbye(self, session),
            }
        }
    }

    /// A client is done with a session.
    pub(crate) fn is_over(&self, session: u32) -> bool {
        matches!(self.visits[session as usize].talk, Talk::Over)
    }

    /// A client is gone, as far as it is concerned.
    pub(crate) fn is_away(&self, session: u32) -> bool {
        matches!(self.net.links[self.visits[session as usize].link].peer, Peer::Gone | Peer::Vanished)
    }
}
