//! Silent peers are sent pings, and then closed; others never.
//!
//! The documentation says: a peer from which nothing came for `every` is sent a ping, and if then nothing comes for
//! `timeout` either, it is closed with 1011. So nobody is closed before both have passed in silence, and nobody is left
//! open when they have. Known are only the bytes that came, and the bytes that a socket took after it had taken none.

use super::{Check, Oracle, complain};
use crate::chronicle::{Call, Verdict, What};
use lazuli::{Heartbeat, Time};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who is connected with a heartbeat.
#[derive(Default)]
pub(crate) struct Silence {
    sessions: BTreeMap<u32, Watched>,
}

struct Watched {
    heartbeat: Heartbeat,
    heard: Time,
    /// When something that may have kept a ping back was written.
    kept: Time,
    /// It was silent for long enough when deadlines were due, and may be about to be told.
    is_due: bool,
}

/// What the server says to a peer that was silent.
const REASON: &str = "Nothing was heard for too long";

impl Watched {
    fn new(now: Time, heartbeat: Heartbeat) -> Watched {
        Watched { heartbeat, heard: now, kept: now, is_due: false }
    }
}

impl Silence {
    /// A session is connected.
    pub(crate) fn connected(&mut self, now: Time, session: u32, heartbeat: Heartbeat) {
        self.sessions.insert(session, Watched::new(now, heartbeat));
    }

    /// Something came from a session's peer that may be what it connects with.
    pub(crate) fn came(&mut self, now: Time, session: u32, heartbeat: Heartbeat) {
        self.sessions.entry(session).or_insert_with(|| Watched::new(now, heartbeat)).heard = now;
    }

    /// Something came from a session's peer, or its socket takes bytes after it took none.
    pub(crate) fn heard(&mut self, now: Time, session: u32) {
        if let Some(found) = self.sessions.get_mut(&session) {
            found.heard = found.heard.max(now);
        }
    }

    /// Bytes were written to a session's socket, which may have waited: a ping waits behind them.
    pub(crate) fn wrote_late(&mut self, now: Time, session: u32) {
        if let Some(found) = self.sessions.get_mut(&session) {
            found.kept = now;
        }
    }

    /// The clock has jumped: for so long nobody could say anything, or hear it.
    pub(crate) fn jumped(&mut self, by: Duration) {
        for found in self.sessions.values_mut() {
            found.kept = found.kept.max(found.heard) + by;
        }
    }

    /// A callback ran.
    pub(crate) fn called(&mut self, now: Time, call: &Call) -> Check {
        let session = call.session;
        if call.verdict == Verdict::Panicked {
            self.sessions.remove(&session);
        }
        let What::Close { code, reason } = &call.what else { return Ok(()) };
        let Some(found) = self.sessions.remove(&session) else { return Ok(()) };
        let silent = now.saturating_since(found.heard);
        let Heartbeat { every, timeout } = found.heartbeat;
        if *code == 1011 && reason.starts_with(REASON) && silent < every + timeout {
            let sentence = format!(
                "session {session} was closed as silent after {silent:?}, with a ping after {every:?} and {timeout:?} for the answer"
            );
            return complain(Oracle::Silence, sentence);
        }
        Ok(())
    }

    /// Deadlines are about to be handled: who is closed as silent is so from now on, whenever that can be written.
    pub(crate) fn due(&mut self, now: Time) {
        for found in self.sessions.values_mut() {
            let Heartbeat { every, timeout } = found.heartbeat;
            found.is_due |= now.saturating_since(found.heard) >= every + timeout;
        }
    }

    /// Whatever was decided for these sessions has been written.
    pub(crate) fn written(&mut self, can_write: impl Fn(u32) -> bool) {
        for (_, found) in self.sessions.iter_mut().filter(|(session, _)| can_write(**session)) {
            found.is_due = false;
        }
    }

    /// A session was told that it was silent.
    pub(crate) fn told(&self, session: u32, reason: &str) -> Check<bool> {
        match self.sessions.get(&session) {
            _ if !reason.starts_with(REASON) => Ok(false),
            Some(found) if found.is_due => Ok(true),
            Some(found) => {
                let Watched { heartbeat, heard, .. } = found;
                let sentence =
                    format!("session {session} was closed as silent, heard at {heard:?}, with {heartbeat:?}");
                complain(Oracle::Silence, sentence)
            }
            None => complain(Oracle::Silence, format!("session {session} was closed as silent without a heartbeat")),
        }
    }

    /// Deadlines were handled; they may have been handled so much too late.
    pub(crate) fn handled(&mut self, now: Time, late: Duration, is_open: impl Fn(u32) -> bool) -> Check {
        self.handled_by(now, late, |session| is_open(session).then_some(Duration::ZERO))
    }

    /// The same, where the end of an open session may take so long to be seen.
    pub(crate) fn handled_by(&mut self, now: Time, late: Duration, is_open: impl Fn(u32) -> Option<Duration>) -> Check {
        // Of one that is about to be told, its client may have left meanwhile.
        self.sessions.retain(|session, found| found.is_due || is_open(*session).is_some());
        for (session, found) in &self.sessions {
            let Some(more) = is_open(*session) else { continue };
            let Heartbeat { every, timeout } = found.heartbeat;
            let late = 2 * late + more;
            // A ping goes out at the latest with the last of what was before it.
            let since = found.heard.max(found.kept);
            let silent = now.saturating_since(since);
            // Each of both may be put off by a 64th.
            if silent > every + timeout + every.min(timeout) / 32 + late {
                let sentence = format!("session {session} is open after a silence of {silent:?}");
                return complain(Oracle::Silence, sentence);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Time {
        Time::from_micros(1_000_000 * seconds)
    }

    fn closed(seconds: u64) -> Check {
        let mut silence = Silence::default();
        silence.connected(at(0), 7, Heartbeat { every: 3 * SECOND, timeout: SECOND });
        silence.heard(at(1), 7);
        let what = What::Close { code: 1011, reason: format!("{REASON} indeed") };
        silence.called(at(seconds), &Call { session: 7, what, verdict: Verdict::Done, did: Vec::new() })
    }

    #[test]
    fn a_silence_has_its_time() {
        assert!(closed(4).is_err() && closed(5).is_ok());
        let mut silence = Silence::default();
        silence.connected(at(0), 7, Heartbeat { every: 3 * SECOND, timeout: SECOND });
        let mut handled = |seconds, late, open| silence.handled(at(seconds), late, |_| open);
        assert!(handled(4, Duration::ZERO, true).is_ok());
        assert!(handled(5, Duration::ZERO, true).is_err());
        assert!(handled(6, SECOND, true).is_ok(), "the clock was late");
        assert!(handled(9, Duration::ZERO, false).is_ok());
    }
}
