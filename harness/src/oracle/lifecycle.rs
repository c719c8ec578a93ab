//! Each connection comes once and goes once; nothing is said before or after; in the end nothing is left.

use super::{Check, Oracle, complain};
use crate::chronicle::{Call, Verdict, What};
use lazuli::{ConnId, Stats};
use std::collections::BTreeSet;

/// Watches callbacks and frames, without any idea of what they are about.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// By session.
    lives: Vec<Life>,
    /// Every id that was ever given to a connection.
    conns: BTreeSet<ConnId>,
    panics: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    /// It has not connected.
    #[default]
    New,
    /// It is to be told of its end.
    Connected,
    /// It was told of its end, or is not to be told.
    Over,
}

impl Lifecycle {
    fn life(&mut self, session: u32) -> &mut Life {
        let place = session as usize;
        if self.lives.len() <= place {
            self.lives.resize(place + 1, Life::New);
        }
        &mut self.lives[place]
    }

    /// A callback ran.
    pub(crate) fn called(&mut self, call: &Call) -> Check {
        let session = call.session;
        self.panics += u64::from(call.verdict == Verdict::Panicked);
        let life = *self.life(session);
        let next = match (&call.what, life) {
            (What::Page, _) => return Ok(()),
            (What::Connect { conn }, Life::New) => {
                if !self.conns.insert(*conn) {
                    return complain(Oracle::Lifecycle, format!("session {session} got {conn}, the id of another one"));
                }
                if call.verdict == Verdict::Done { Life::Connected } else { Life::Over }
            }
            (What::Connect { .. }, _) => {
                return complain(Oracle::Lifecycle, format!("on_connect came twice for session {session}"));
            }
            (what, Life::New) => {
                return complain(Oracle::Lifecycle, format!("{what:?} came before on_connect for session {session}"));
            }
            (what, Life::Over) => {
                return complain(Oracle::Lifecycle, format!("{what:?} came after the end of session {session}"));
            }
            (What::Close { .. }, Life::Connected) => Life::Over,
            (_, Life::Connected) if call.verdict == Verdict::Panicked => Life::Over,
            (_, Life::Connected) => Life::Connected,
        };
        *self.life(session) = next;
        Ok(())
    }

    /// The application panicked where there is no session.
    pub(crate) fn panicked(&mut self) {
        self.panics += 1;
    }

    /// Everyone has left and everything is at rest: nothing may be left.
    pub(crate) fn finished(&self, stats: &Stats, links: usize) -> Check {
        if let Some(session) = self.lives.iter().position(|life| *life == Life::Connected) {
            return complain(Oracle::Lifecycle, format!("session {session} was never told of its end"));
        }
        let left = [
            ("connections", stats.connections),
            ("rooms", stats.rooms),
            ("timers", stats.timers),
            ("links", links as u64),
        ];
        for (what, count) in left {
            if count > 0 {
                return complain(Oracle::Lifecycle, format!("{count} {what} are left when everyone has left"));
            }
        }
        if stats.accepted != stats.closed {
            let Stats { accepted, closed, .. } = stats;
            return complain(Oracle::Lifecycle, format!("{accepted} connections were accepted and {closed} closed"));
        }
        if stats.panics != self.panics {
            let sentence = format!("{} callbacks were to panic and {} did", self.panics, stats.panics);
            return complain(Oracle::Panics, sentence);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(what: What) -> Call {
        Call { session: 0, what, verdict: Verdict::Done, did: Vec::new() }
    }

    fn connect(conn: u64) -> What {
        What::Connect { conn: ConnId::from_u64(conn).unwrap() }
    }

    fn close() -> What {
        What::Close { code: 1000, reason: String::new() }
    }

    fn play(calls: &[Call]) -> Check {
        let mut oracle = Lifecycle::default();
        calls.iter().try_for_each(|call| oracle.called(call))?;
        oracle.finished(&Stats::default(), 0)
    }

    #[test]
    fn a_life_has_a_beginning_and_an_end() {
        let text = || call(What::Text { op: 1 });
        assert_eq!(play(&[call(connect(1)), text(), call(close())]), Ok(()));
        assert!(play(&[text()]).is_err(), "a message before the beginning");
        assert!(play(&[call(connect(1)), call(close()), text()]).is_err(), "a message after the end");
        assert!(play(&[call(connect(1)), call(close()), call(close())]).is_err(), "two ends");
        assert!(play(&[call(connect(1)), call(connect(2))]).is_err(), "two beginnings");
        assert!(play(&[call(connect(1))]).is_err(), "no end");
        assert!(play(&[call(connect(1)), Call { session: 1, ..call(connect(1)) }]).is_err(), "one id for two");
    }

    #[test]
    fn what_is_left_is_named() {
        let stats = |change: fn(&mut Stats)| {
            let mut stats = Stats::default();
            change(&mut stats);
            Lifecycle::default().finished(&stats, 0)
        };
        assert!(stats(|stats| stats.rooms = 1).is_err());
        assert!(stats(|stats| stats.timers = 1).is_err());
        assert!(stats(|stats| stats.accepted = 1).is_err());
        assert_eq!(stats(|stats| stats.panics = 1).unwrap_err().oracle, Oracle::Panics);
        assert!(Lifecycle::default().finished(&Stats::default(), 1).is_err());
    }
}
