//! What clients do when it is their turn.

use super::visit::{Talk, Visit};
use super::{Phase, World};
use crate::codec::{CLOSE, FIN, PING, PONG, close_payload, push_frame};
use crate::kernel::Event;
use crate::model::Arrival;
use crate::net::Peer;
use crate::oracle::Check;
use crate::tally::Fault;

impl World {
    /// A client does something: connects, says something, leaves, or something goes wrong with it.
    pub(super) fn act(&mut self, client: usize) -> Check {
        if self.phase != Phase::Busy {
            return Ok(());
        }
        if self.operations >= self.plan.operations {
            self.phase = Phase::Resting;
            return Ok(());
        }
        self.net.kernel.schedule_within(2 * self.plan.pause, Event::Act(client));
        if !self.shut_down && self.plan.sudden.is_some_and(|sudden| self.operations >= sudden) {
            self.net.kernel.count(Fault::Shutdown);
            self.shut_down()?;
        }
        if self.net.kernel.rng.chance(self.plan.faults.storm) {
            self.storm();
        } else {
            self.act_alone(client);
        }
        Ok(())
    }

    fn act_alone(&mut self, client: usize) {
        let over = |session: &u32| matches!(self.visits[*session as usize].talk, Talk::Over);
        let Some(session) = self.clients[client].filter(|session| !over(session)) else {
            return self.connect(client);
        };
        if self.misfortune(session) {
            return;
        }
        let visit = &self.visits[session as usize];
        let speaks = matches!(visit.talk, Talk::Open) || self.may_speak_early(visit);
        if speaks && !visit.quiet {
            self.talk(session);
        }
    }

    /// Whether a session that waits for its answer already speaks.
    fn may_speak_early(&self, visit: &Visit) -> bool {
        matches!(visit.talk, Talk::Asking) && !visit.key.is_empty() && self.plan.habits.early > 0
    }

    /// Lets something go wrong with a session, if it is its turn.
    fn misfortune(&mut self, session: u32) -> bool {
        let faults = self.plan.faults;
        let rng = &mut self.net.kernel.rng;
        let mut rates = [faults.reset, faults.vanish, faults.half_close, faults.stall, 0];
        rates[4] = 1_000 - rates.iter().sum::<u32>();
        let link = self.visits[session as usize].link;
        match rng.weighted(&rates) {
            0 => {
                self.net.kernel.count(Fault::Reset);
                self.break_off(session);
            }
            1 => {
                self.net.kernel.count(Fault::Vanished);
                self.net.kernel.step("vanish", session.into(), || format!("session {session}"));
                self.net.links[link].peer = Peer::Vanished;
                self.net.links[link].brisk = false;
                self.visits[session as usize].talk = Talk::Over;
            }
            2 => {
                self.net.kernel.count(Fault::HalfClose);
                self.net.kernel.step("half-close", session.into(), || format!("session {session}"));
                self.visits[session as usize].quiet = true;
                self.net.links[link].brisk = false;
                self.net.finish(link);
            }
            3 => {
                self.net.kernel.count(Fault::Stall);
                let time = self.net.kernel.rng.between(10_000, 15_000_000);
                self.net.kernel.step("stall", session.into(), || format!("session {session} for {time} µs"));
                self.net.links[link].stalled = self.net.kernel.after(time);
                self.net.links[link].brisk = false;
            }
            _ => return false,
        }
        true
    }

    /// A client breaks its link off.
    pub(super) fn break_off(&mut self, session: u32) {
        self.net.kernel.step("reset", session.into(), || format!("session {session}"));
        self.visits[session as usize].talk = Talk::Over;
        self.net.reset(self.visits[session as usize].link);
    }

    /// Many leave at once, or come.
    fn storm(&mut self) {
        self.net.kernel.count(Fault::Storm);
        let leave = self.net.kernel.rng.chance(500);
        for client in 0..self.clients.len() {
            let session = self.clients[client]
                .filter(|&session| !matches!(self.visits[session as usize].talk, Talk::Over) && !self.is_away(session));
            match session {
                Some(session) if leave && self.net.kernel.rng.chance(700) => self.break_off(session),
                None if !leave => self.connect(client),
                _ => {}
            }
        }
    }

    /// Sends bytes, of which those at `at` bring these arrivals; places count from the first of the bytes.
    pub(super) fn send(&mut self, session: u32, bytes: &[u8], arrivals: impl IntoIterator<Item = (usize, Arrival)>) {
        let visit = &mut self.visits[session as usize];
        let before = visit.sent;
        visit.marks.extend(arrivals.into_iter().map(|(at, arrival)| (before + at as u64, arrival)));
        visit.sent += bytes.len() as u64;
        self.net.send(visit.link, bytes);
    }

    pub(super) fn mask(&mut self) -> u32 {
        self.net.kernel.rng.next() as u32
    }

    /// Sends a ping or a pong.
    pub(super) fn control(&mut self, session: u32, opcode: u8, payload: &[u8]) {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | opcode, self.mask(), payload);
        let arrival = if opcode == PING { Arrival::Ping(payload.to_vec()) } else { Arrival::Pong(payload.to_vec()) };
        self.net.kernel.step("control", session.into(), || format!("session {session} sends {arrival:?}"));
        let end = bytes.len();
        self.send(session, &bytes, [(1, Arrival::Control), (end, arrival)]);
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, session: u32, payload: &[u8]) {
        if !self.visits[session as usize].quiet {
            self.control(session, PONG, payload);
        }
    }

    /// Sends a close frame, the last thing that a client says.
    pub(super) fn send_close(&mut self, session: u32, code: Option<u16>, reason: &str) {
        let visit = &mut self.visits[session as usize];
        if visit.said_close || visit.quiet {
            return;
        }
        (visit.said_close, visit.quiet) = (true, true);
        self.net.kernel.step("goodbye", session.into(), || format!("session {session}: {code:?} {reason:?}"));
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | CLOSE, self.mask(), &close_payload(code, reason));
        let end = bytes.len();
        self.send(session, &bytes, [(end, Arrival::Close { code, reason: reason.to_owned() })]);
    }

    /// A client leaves in order.
    pub(super) fn say_goodbye(&mut self, session: u32) {
        let rng = &mut self.net.kernel.rng;
        let code = *rng.pick(&[None, Some(1000), Some(1001), Some(1012), Some(3_000), Some(4_999)]);
        let reason = match code {
            Some(_) => *rng.pick(&["", "bye", "á bientôt"]),
            None => "",
        };
        match self.visits[session as usize].talk {
            Talk::Open => self.send_close(session, code, reason),
            Talk::Asking | Talk::Reading { .. } | Talk::Over => {
                let link = self.visits[session as usize].link;
                self.net.links[link].brisk = false;
                self.net.finish(link);
            }
        }
    }
}
