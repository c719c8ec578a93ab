//! A hub without a driver: whatever it puts out is taken at once, as by a transport that is never slow.

use crate::restless::Restless;
use lazuli::{App, Cause, ConnId, Hub, Input, Output, Refused, Request, Time};

pub(crate) struct ByHand<A: App> {
    pub(crate) hub: Hub<A>,
    /// The time that it was told last.
    told: Time,
    restless: Restless,
}

impl<A: App> ByHand<A> {
    pub(crate) fn new(hub: Hub<A>, restless: Restless) -> ByHand<A> {
        ByHand { hub, told: Time::ZERO, restless }
    }

    /// What it is told of the time.
    fn time(&mut self, now: Time) -> Time {
        self.restless.time(&mut self.told, now)
    }

    /// Asks for a WebSocket.
    pub(crate) fn open(&mut self, now: Time, request: Request) -> Result<ConnId, Refused> {
        let now = self.time(now);
        self.hub.open(now, request)
    }

    /// Does something, then takes out everything that the hub has for a driver, and reports it as done, until nothing follows from
    /// that any more.
    pub(crate) fn act(
        &mut self,
        now: Time,
        act: impl FnOnce(&mut Hub<A>, Time),
        mut see: impl FnMut(Output<'_, A::Effect>),
    ) {
        let is_due = self.hub.poll_timeout().is_some_and(|at| at <= now);
        if !is_due && self.restless.once_more() {
            let now = self.time(now);
            self.hub.handle_timeout(now);
        }
        let told = self.time(now);
        act(&mut self.hub, told);
        loop {
            let (mut written, mut closed) = (Vec::new(), Vec::new());
            while let Some(output) = self.hub.poll_output() {
                match &output {
                    Output::Send { to, frame } => {
                        written.extend(to.iter().map(|&conn| (conn, frame.wire().len() as u32)));
                    }
                    Output::Close { conn, .. } => closed.push(*conn),
                    _ => {}
                }
                see(output);
            }
            if written.is_empty() && closed.is_empty() {
                return;
            }
            let now = self.time(now);
            let (first, rest) = written.split_at(self.restless.one_of(written.len()).unwrap_or_default());
            for part in [first, rest] {
                self.hub.handle(now, Input::Sent(part));
            }
            for conn in closed {
                self.hub.handle(now, Input::Closed { conn, cause: Cause::Done });
            }
        }
    }
}
