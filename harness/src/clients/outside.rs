//! Somebody outside: another thread, a job, an HTTP server beside the hub.

use super::World;
use crate::app::{SimEffect, SimEvent, Whom, room_name};
use crate::chronicle::Tag;
use crate::kernel::Event;
use crate::model::Command;
use crate::oracle::Check;
use crate::world::Phase;
use lazuli::handle::Remote;
use lazuli::{ConnId, Frame, Kind, Receivers};

impl World {
    pub(super) fn on_act_outside(&mut self) -> Check {
        if self.phase != Phase::Busy {
            return Ok(());
        }
        self.net.kernel.schedule_within(self.crowd.plan.outside, Event::Outside);
        self.operations += 1;
        self.outside += 1;
        let number = self.outside;
        if self.net.kernel.rng.chance(200) {
            let rooms = u64::from(self.crowd.plan.rooms);
            let rng = &mut self.net.kernel.rng;
            let session = rng.below(u64::from(self.crowd.model.sessions()) + 1) as u32;
            let room = rng.below(rooms) as u32;
            let whom = *rng.pick(&[Whom::Me, Whom::Room(room), Whom::All, Whom::Error, Whom::Panic]);
            if session == self.crowd.model.sessions() {
                return Ok(());
            }
            return self.on_answer(SimEvent::Answer(SimEffect { session, op: 1_000_000 + number, whom }));
        }
        let payload = self.payload();
        let text = format!("o{number} |{payload}");
        let command = self.draw_command(number);
        self.command(&command, number, &text)
    }

    /// A session that may be there, gone, or never have been connected.
    pub(super) fn anyone(&mut self) -> u32 {
        let sessions = u64::from(self.crowd.model.sessions());
        // Mostly one of the latest.
        let back = self.net.kernel.rng.below(sessions.min(self.crowd.sessions.len() as u64 * 2).max(1));
        sessions.saturating_sub(1 + back) as u32
    }

    fn draw_command(&mut self, number: u32) -> Command {
        let mut except = Vec::new();
        while self.net.kernel.rng.chance(300) && self.crowd.model.sessions() > 0 {
            except.push(self.anyone());
        }
        let count = *self.net.kernel.rng.pick(&[1, 1, 1, 0, 2, 3]);
        let rooms = (0..count).map(|_| self.room()).collect();
        let to = self.anyone();
        let rng = &mut self.net.kernel.rng;
        match rng.below(20) {
            0 => {
                let code = *rng.pick(&[1000, 1001, 1005, 4_100, 0, u16::MAX]);
                Command::Close { to, code, reason: format!("o{number}") }
            }
            1..8 => Command::Send { to },
            8..18 => Command::Cast { rooms, except },
            _ => Command::All { except },
        }
    }

    fn command(&mut self, command: &Command, number: u32, text: &str) -> Check {
        let now = self.now();
        self.net.kernel.step("command", u64::from(number), || format!("{command:?} {text:.60?}"));
        let frame = Frame::new(Kind::Text, text.as_bytes());
        let conn = |session: u32| self.crowd.model.conn(session);
        let conns = |sessions: &[u32]| sessions.iter().filter_map(|&session| conn(session)).collect::<Vec<ConnId>>();
        let given = match command {
            Command::Send { to } => conn(*to).map(|conn| lazuli::Command::send(Receivers::Conn(conn), frame)),
            Command::Cast { rooms, except } => {
                let rooms = rooms.iter().map(|&room| room_name(room)).collect();
                Some(lazuli::Command::send_except(Receivers::Rooms(rooms), conns(except), frame))
            }
            Command::All { except } => Some(lazuli::Command::send_except(Receivers::All, conns(except), frame)),
            Command::Close { to, code, reason } => {
                conn(*to).map(|conn| lazuli::Command::Close { conn, code: *code, reason: reason.clone() })
            }
        };
        // Nobody outside can name a connection that never was.
        let Some(given) = given else { return Ok(()) };
        if let Command::Cast { rooms, except } = command
            && let ([room], [] | [_]) = (&**rooms, &**except)
        {
            self.crowd.order.cast(&room_name(*room), Tag::Outside(number), except.first().copied());
        }
        self.crowd.model.command(now, command, text);
        self.remote(Remote::Command(given))
    }
}
