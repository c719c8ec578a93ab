//! What comes in from peers, on its way to channels.

use super::callback::Answer;
use super::state::Conn;
use super::{Hub, callback};
use crate::canary::{Canary, is_planted};
use crate::channel::{App, Channel};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::id::ConnId;
use crate::input::Message;
use crate::life::{Life, Next, Step};
use crate::log::Level;
use alloc::format;

impl<A: App> Hub<A> {
    /// Takes a step in a connection's life; `None`, and counted, if it comes too late.
    pub(super) fn step(&mut self, conn: ConnId, step: Step) -> Option<Next> {
        let next = self.state.conns.get_mut(conn).map_or(Next::Stale, |found| {
            let next = found.life.after(step);
            if let Next::To(life) = next {
                found.life = life;
            }
            next
        });
        if next == Next::Stale {
            self.state.stats.stale += 1;
            return None;
        }
        Some(next)
    }

    pub(super) fn on_opened(&mut self, conn: ConnId) {
        if self.step(conn, Step::Opened).is_none() {
            return;
        }
        self.state.stats.opened += 1;
        self.state.flow.open(conn.index());
        self.watch(conn);
        let Some(found) = self.state.conns.get(conn) else { return };
        let instance = found.instance;
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.opened += 1;
        }
        if found.spark().is_some() {
            return self.on_spark_opened(conn);
        }
        match self.run(instance, Answer::None, |channel, cx| channel.on_connect(cx)) {
            Ok(()) => self.forget_address(conn),
            Err(callback::Failure::Error(error)) => {
                self.log_error("refused", Some(conn), &error);
                let (code, reason) = self.refusal(conn, &error);
                // It never was connected, so it is not told that it was closed.
                self.drop_channel(instance);
                self.end_with(conn, code, reason);
            }
            Err(failure) => self.on_failure(conn, instance, &[None], failure),
        }
    }

    /// Where a connection came from matters no more, unless connections are counted by it.
    fn forget_address(&mut self, conn: ConnId) {
        if self.state.config.per_address != usize::MAX {
            return;
        }
        if let Some(found) = self.state.conns.get_mut(conn)
            && let Some(more) = &mut found.more
        {
            more.address = None;
            found.more = found.more.take().filter(|more| !more.is_empty());
        }
    }

    /// The close code and reason of a connection that the channel refuses. Not to be allowed counts for its address.
    pub(super) fn refusal<'e>(&mut self, conn: ConnId, error: &'e Error) -> (u16, &'e str) {
        let default = if error.detail().is_some() { 1011 } else { 1008 };
        let code = error.close_code().unwrap_or(default);
        // Only what was said on purpose: a table that is full is nobody's failure.
        if error.close_code() == Some(1008) || error.status() == 403 {
            let socket = self.state.conns.get(conn).and_then(|found| found.socket()).unwrap_or(conn);
            let address = self.state.conns.get(socket).and_then(|found| found.more.as_ref()?.address);
            self.note_failure(address);
        }
        (code, error.message())
    }

    pub(super) fn on_message(&mut self, conn: ConnId, message: Message<'_>) {
        if self.hear(conn).is_none() {
            return;
        }
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        if found.spark().is_none() {
            return self.take_in(conn, None, message);
        }
        found.active = self.state.now;
        self.on_spark_message(conn, message);
    }

    /// A message for a channel, if the channel's limits let it through.
    pub(super) fn take_in(&mut self, conn: ConnId, reference: Option<u32>, message: Message<'_>) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        found.active = self.state.now;
        self.state.stats.messages_in += 1;
        self.state.stats.bytes_in += message.len() as u64;
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.messages_in += 1;
            route.bytes_in += message.len() as u64;
        }
        let instance = found.instance;
        let batching = self.state.limits(conn).batch;
        if let Err(over) = self.check_rate(conn, reference) {
            if let Some(error) = over {
                self.answer_error(conn, reference, &error);
            }
            return;
        }
        if self.state.conns.get(conn).is_some_and(|found| found.expired) {
            return self.answer_error(conn, reference, &Error::reply("Not authenticated"));
        }
        if let Some(batching) = batching {
            return self.gather(conn, reference, message, batching);
        }
        self.call(instance, reference, |channel, cx| match message {
            Message::Text(text) => channel.on_message(cx, text),
            Message::Binary(bytes) => channel.on_binary(cx, bytes),
        });
    }

    /// Whether one more message is within the rate.
    ///
    /// # Errors
    /// What the peer is to be told; nothing more where it had gone on all the same, and is closed. A `reference` is answered
    /// before that.
    pub(super) fn check_rate(&mut self, conn: ConnId, reference: Option<u32>) -> Result<(), Option<Error>> {
        let now = self.state.now;
        let limit = self.state.limits(conn).rate;
        let Some(Conn { rate, refused, .. }) = self.state.conns.get_mut(conn) else { return Err(None) };
        if rate.take(limit, now) {
            *refused = 0;
            return Ok(());
        }
        *refused += 1;
        let goes_on = *refused > limit.burst;
        self.state.stats.rate_limited += 1;
        let message = format!("Too many messages; at most {} a second", limit.per_second.max(1));
        let error = Error::reply(message).with_code("RATE_LIMITED");
        if goes_on {
            if reference.is_some() {
                self.answer_error(conn, reference, &error);
            }
            self.log(Level::Info, "too many messages", Some(conn), || error.message().into());
            self.end(conn, 1008, error.message());
            return Err(None);
        }
        Err(Some(error))
    }

    /// Something came in that only informs: a ping, a pong.
    pub(super) fn tell(
        &mut self,
        conn: ConnId,
        is_activity: bool,
        call: impl Fn(&mut dyn Channel<A>, &mut Context<'_, A>) -> Result,
    ) {
        if self.hear(conn).is_none() {
            return;
        }
        let now = self.state.now;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        if is_activity {
            found.active = now;
        }
        if found.spark().is_none() {
            let instance = found.instance;
            return self.call(instance, None, call);
        }
        // Whose it is cannot be known: all of them are told.
        for channel in self.state.channels_on(conn) {
            if let Some(instance) = self.state.conns.get(channel).map(|found| found.instance) {
                self.call(instance, None, &call);
            }
        }
    }

    /// Something was heard of an open connection's peer; `None` if it comes too late.
    fn hear(&mut self, conn: ConnId) -> Option<()> {
        self.step(conn, Step::Input)?;
        self.on_alive(conn);
        Some(())
    }

    /// A sign of life of the peer.
    pub(super) fn on_alive(&mut self, conn: ConnId) {
        let now = self.state.now;
        if let Some(found) = self.state.conns.get_mut(conn).filter(|found| found.life == Life::Open) {
            if is_planted(Canary::ClosedActive) && found.pinged {
                return;
            }
            (found.heard, found.pinged, found.ping_waits) = (now, false, false);
        }
    }
}
