//! What clients do when it is their turn.

use super::World;
use super::session::Session;
use crate::codec::{CLOSE, FIN, PING, PONG, close_payload, push_frame};
use crate::kernel::Event;
use crate::model::Arrival;
use crate::oracle::Check;
use crate::tally::Fault;
use crate::world::{Phase, Talk, Visit};

impl World {
    /// A client does something: connects, says something, leaves, or something goes wrong with it.
    pub(super) fn on_act(&mut self, client: usize) -> Check {
        if self.phase != Phase::Busy {
            return Ok(());
        }
        if self.operations >= self.crowd.plan.operations {
            self.phase = Phase::Resting;
            return Ok(());
        }
        let (least, most) = self.crowd.plan.pause;
        let pause = self.net.kernel.rng.between(least, most);
        self.net.kernel.schedule(pause, Event::Act(client));
        if !self.crowd.shutdown.was_told() && self.crowd.plan.sudden.is_some_and(|sudden| self.operations >= sudden) {
            self.net.kernel.count(Fault::Shutdown);
            self.shut_down()?;
        }
        if self.net.kernel.rng.chance(self.faults.storm) {
            self.storm();
        } else {
            self.act_alone(client);
        }
        Ok(())
    }

    fn act_alone(&mut self, client: usize) {
        let Some(session) = self.crowd.sessions[client].filter(|session| !self.is_over(*session)) else {
            return self.connect(client);
        };
        if self.misfortune(session) {
            return;
        }
        let visit = &self.visits[session as usize];
        let speaks = matches!(visit.talk, Talk::Open) || self.may_speak_early(visit);
        if speaks && !visit.is_quiet {
            self.talk(session);
        }
    }

    /// Whether a session that waits for its answer already speaks.
    fn may_speak_early(&self, visit: &Visit<Session>) -> bool {
        matches!(visit.talk, Talk::Asking) && !visit.own.key.is_empty() && self.crowd.plan.habits.early > 0
    }

    /// Many leave at once, or come.
    fn storm(&mut self) {
        self.net.kernel.count(Fault::Storm);
        let leave = self.net.kernel.rng.chance(500);
        for client in 0..self.crowd.sessions.len() {
            let session =
                self.crowd.sessions[client].filter(|&session| !self.is_over(session) && !self.is_away(session));
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
        let before = visit.own.sent;
        visit.own.marks.extend(arrivals.into_iter().map(|(at, arrival)| (before + at as u64, arrival)));
        visit.own.sent += bytes.len() as u64;
        self.net.send(visit.link, bytes);
    }

    /// A message or a control frame, whole.
    pub(super) fn send_whole(
        &mut self,
        session: u32,
        bytes: &[u8],
        arrivals: impl IntoIterator<Item = (usize, Arrival)>,
    ) {
        let (begun, complete) = ([(1, Arrival::Begun)], [(bytes.len(), Arrival::Complete)]);
        self.send(session, bytes, begun.into_iter().chain(arrivals).chain(complete));
    }

    pub(super) fn mask(&mut self) -> u32 {
        self.net.kernel.rng.next_u32()
    }

    /// Sends a ping or a pong.
    pub(super) fn control(&mut self, session: u32, opcode: u8, payload: &[u8]) {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | opcode, self.mask(), payload);
        let arrival = if opcode == PING { Arrival::Ping(payload.to_vec()) } else { Arrival::Pong(payload.to_vec()) };
        self.net.kernel.step("control", session.into(), || format!("session {session} sends {arrival:?}"));
        let end = bytes.len();
        self.send_whole(session, &bytes, [(1, Arrival::Control), (end, arrival)]);
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, session: u32, payload: &[u8]) {
        if !self.visits[session as usize].is_quiet {
            self.control(session, PONG, payload);
        }
    }

    /// Sends a close frame, the last thing that a client says.
    pub(super) fn send_close(&mut self, session: u32, code: Option<u16>, reason: &str) {
        let visit = &mut self.visits[session as usize];
        if visit.own.said_close || visit.is_quiet {
            return;
        }
        (visit.own.said_close, visit.is_quiet) = (true, true);
        self.net.kernel.step("goodbye", session.into(), || format!("session {session}: {code:?} {reason:?}"));
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | CLOSE, self.mask(), &close_payload(code, reason));
        let end = bytes.len();
        self.send_whole(session, &bytes, [(end, Arrival::Close { code, reason: reason.to_owned() })]);
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
            Talk::Asking | Talk::Reading { .. } | Talk::Over => self.hang_up(session),
        }
    }
}
