//! What comes from outside the connections.

use super::Model;
use super::out::Item;
use super::session::{Due, Life, Reason};
use crate::app::{SimEffect, SimEvent, Whom};
use crate::tally::Fault;
use lazuli::Time;

/// What somebody outside does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Send { to: u32 },
    Cast { rooms: Vec<u32>, except: Vec<u32> },
    All { except: Vec<u32> },
    Close { to: u32, code: u16, reason: String },
}

impl Model {
    /// A command is about to be handed over; `text` is what it sends.
    pub(crate) fn command(&mut self, now: Time, command: &Command, text: &str) {
        self.advance(now);
        let item = Item::text(text);
        match command {
            Command::Send { to } => self.send(*to, item),
            Command::Cast { rooms, except } => self.cast(rooms, except, &item),
            Command::All { except } => self.cast_all(except, &item),
            Command::Close { to, code, reason } => {
                let code = if super::call::may_send(*code) { *code } else { 1000 };
                self.end(*to, code, Reason::Exactly(reason.clone()));
            }
        }
    }

    /// An event is about to be handed to the application.
    pub(crate) fn event(&mut self, now: Time, event: &SimEvent) {
        self.advance(now);
        let SimEvent::Answer(SimEffect { session, op, whom }) = event else { return };
        let told: Vec<u32> = match whom {
            Whom::Me => vec![*session],
            Whom::Room(room) => self.rooms.get(room).into_iter().flatten().copied().collect(),
            Whom::All => (0..self.sessions()).collect(),
            Whom::Error => return self.count(Fault::Failed),
            Whom::Panic => return self.count(Fault::Panicked),
        };
        for session in told {
            if self.is_open(session) {
                self.mark_due(session, Due::Told { op: *op });
            }
        }
    }

    /// The server is about to be shut down.
    pub(crate) fn shut_down(&mut self, now: Time, deadline: Time) {
        self.advance(now);
        self.shutdown = Some(deadline);
        for session in 0..self.sessions() {
            if self.at(session).life == Life::Open {
                self.end(session, 1001, Reason::ComeBack);
            }
        }
    }
}
