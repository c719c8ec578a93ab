//! A server that is shut down closes everyone in order, lets nobody in, and comes to its end in time.

use super::{Check, Oracle, complain};
use crate::chronicle::{Call, Verdict, What};
use lazuli::Time;
use std::collections::BTreeSet;
use std::time::Duration;

/// Watches who is connected, and what becomes of them.
pub(crate) struct Shutdown {
    come_back: Duration,
    open: BTreeSet<u32>,
    /// When everything has to be over, once the server was told to stop.
    deadline: Option<Time>,
    /// Whether it is being told.
    is_being_told: bool,
    /// Whether deadlines were handled at or after that time.
    is_over: bool,
}

impl Shutdown {
    /// Clients are to come back within this time.
    pub(crate) fn new(come_back: Duration) -> Shutdown {
        Shutdown { come_back, open: BTreeSet::new(), deadline: None, is_being_told: false, is_over: false }
    }

    /// A callback ran.
    pub(crate) fn called(&mut self, call: &Call) -> Check {
        let session = call.session;
        match &call.what {
            What::Connect { .. } if self.deadline.is_some() => {
                return complain(Oracle::Shutdown, format!("session {session} was let in after the shutdown"));
            }
            What::Connect { .. } if call.verdict == Verdict::Done => {
                self.open.insert(session);
            }
            What::Close { code, reason } => {
                // Who waits for a batch may be too slow for what the others say as they leave.
                let is_right = *code == 1013 || *code == 1001 && self.is_hint(reason);
                if self.open.remove(&session) && self.is_being_told && !is_right {
                    let sentence =
                        format!("session {session} ended with {code} {reason:?} when the server was shut down");
                    return complain(Oracle::Shutdown, sentence);
                }
            }
            // The last messages of a batch may end it in their own way.
            What::Batch { .. } if self.is_being_told && call.verdict != Verdict::Done => {
                self.open.remove(&session);
            }
            _ if call.verdict == Verdict::Panicked => {
                self.open.remove(&session);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether it says when to come back, and that is soon enough.
    fn is_hint(&self, reason: &str) -> bool {
        come_back(reason).is_some_and(|after| after <= self.come_back)
    }

    /// A client read why its connection is closed.
    pub(crate) fn closed(&self, session: u32, code: Option<u16>, reason: &str) -> Check {
        if self.deadline.is_some() && code == Some(1001) && reason.starts_with("Going away") && !self.is_hint(reason) {
            return complain(Oracle::Shutdown, format!("session {session} was told {reason:?}"));
        }
        Ok(())
    }

    /// The server is about to be told to stop.
    pub(crate) fn begins(&mut self, deadline: Time) {
        // A second call changes nothing.
        self.deadline.get_or_insert(deadline);
        self.is_being_told = true;
    }

    /// Whether the server was told to stop.
    pub(crate) fn was_told(&self) -> bool {
        self.deadline.is_some()
    }

    /// It was told.
    pub(crate) fn begun(&mut self) -> Check {
        self.is_being_told = false;
        match self.open.first() {
            Some(session) => complain(Oracle::Shutdown, format!("session {session} is open after the shutdown")),
            None => Ok(()),
        }
    }

    /// Deadlines were handled.
    pub(crate) fn handled(&mut self, now: Time) {
        self.is_over |= self.deadline.is_some_and(|deadline| deadline <= now);
    }

    /// The driver has had its turn, and has so many connections; whether it says that it is done.
    pub(crate) fn turned(&self, connections: u64, is_drained: bool) -> Check {
        match self.deadline {
            None if is_drained => complain(Oracle::Shutdown, "the server has stopped, and nobody told it to"),
            Some(_) if is_drained && !self.is_over && connections > 0 => complain(
                Oracle::Shutdown,
                format!("the server has stopped with {connections} connections, before its time"),
            ),
            Some(_) if !is_drained && (self.is_over || connections == 0) => {
                complain(Oracle::Shutdown, format!("the server has not stopped, with {connections} connections"))
            }
            _ => Ok(()),
        }
    }
}

/// When a reason for a shutdown asks its reader to come back.
pub(crate) fn come_back(reason: &str) -> Option<Duration> {
    let millis = reason.strip_prefix("Going away; come back in ")?.strip_suffix(" ms")?;
    millis.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli::ConnId;

    fn call(session: u32, what: What) -> Call {
        Call { session, what, verdict: Verdict::Done, did: Vec::new() }
    }

    fn connect(session: u32) -> Call {
        call(session, What::Connect { conn: ConnId::from_u64(u64::from(session) + 1).unwrap() })
    }

    fn close(session: u32, code: u16, reason: &str) -> Call {
        call(session, What::Close { code, reason: reason.to_owned() })
    }

    #[test]
    fn everyone_is_told_and_nobody_let_in() {
        let shut = |reason: &str| {
            let mut shutdown = Shutdown::new(Duration::from_millis(500));
            shutdown.called(&connect(0))?;
            shutdown.begins(Time::ZERO);
            shutdown.called(&close(0, 1001, reason))?;
            shutdown.begun().map(|()| shutdown)
        };
        assert!(shut("Going away; come back in 501 ms").is_err() && shut("Going away").is_err());
        let mut shutdown = shut("Going away; come back in 500 ms").unwrap();
        assert!(shutdown.called(&connect(1)).is_err());
        assert!(shutdown.closed(0, Some(1001), "Going away; come back in 5 s").is_err());
        let mut left = Shutdown::new(Duration::ZERO);
        left.called(&connect(0)).unwrap();
        left.begins(Time::ZERO);
        assert!(left.begun().is_err());
    }

    #[test]
    fn it_stops_in_time_and_not_before() {
        let mut shutdown = Shutdown::new(Duration::ZERO);
        assert!(shutdown.turned(3, false).is_ok() && shutdown.turned(3, true).is_err());
        shutdown.begins(Time::from_micros(5));
        assert!(shutdown.turned(3, false).is_ok() && shutdown.turned(3, true).is_err());
        assert!(shutdown.turned(0, true).is_ok() && shutdown.turned(0, false).is_err());
        shutdown.handled(Time::from_micros(5));
        assert!(shutdown.turned(3, true).is_ok() && shutdown.turned(3, false).is_err());
    }
}
