//! Callbacks as transactions: what one recorded happens as a whole or not at all.

use super::Hub;
use crate::canary::{Canary, is_planted};
use crate::channel::{App, Channel};
use crate::context::{Context, Scope};
use crate::error::{Error, Result};
use crate::id::ConnId;
use crate::log::Level;
use crate::rng::Rng;
use crate::stats::RouteStats;
use alloc::string::String;

/// What a peer on a Spark socket is waiting for while its message is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    #[default]
    None,
    /// The answer to a join, which comes before all that the channel sends.
    Join(u32),
    /// The answer to a message.
    Reply(u32),
}

impl Answer {
    fn reference(self) -> Option<u32> {
        match self {
            Answer::None => None,
            Answer::Join(reference) | Answer::Reply(reference) => Some(reference),
        }
    }
}

/// Why nothing of a callback happened.
pub(crate) enum Failure {
    Error(Error),
    /// With the panic's message.
    Panic(String),
}

/// Runs `call` and stops a panic of it.
#[cfg(feature = "std")]
pub(crate) fn contain<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic may leave half done is the application's own, and the hub drops that.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
        text.unwrap_or("no message").into()
    })
}

/// Runs `call`. Without `std` a panic cannot be stopped.
#[cfg(not(feature = "std"))]
pub(crate) fn contain<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    Ok(call())
}

impl<A: App> Hub<A> {
    /// Calls back an instance and does what follows, a failure included. `reference`: what the peer wants the answer under.
    pub(super) fn call(
        &mut self,
        instance: u32,
        reference: Option<u32>,
        call: impl FnOnce(&mut dyn Channel<A>, &mut Context<'_, A>) -> Result,
    ) {
        let Some(conn) = self.state.instances.get(instance as usize).map(|found| found.conn) else { return };
        let answer = reference.map_or(Answer::None, Answer::Reply);
        if let Err(failure) = self.run(instance, answer, call) {
            self.on_failure(conn, instance, &[reference], failure);
        }
    }

    /// Calls back an instance; what it recorded happens if it succeeds.
    pub(super) fn run(
        &mut self,
        instance: u32,
        answer: Answer,
        call: impl FnOnce(&mut dyn Channel<A>, &mut Context<'_, A>) -> Result,
    ) -> Result<(), Failure> {
        let Some(found) = self.state.instances.get(instance as usize) else { return Ok(()) };
        let Some(channel) = self.channels.get_mut(instance as usize).and_then(Option::as_mut) else { return Ok(()) };
        let conn = found.conn;
        let rng = self.state.rng.clone();
        self.fx.reference = answer.reference();
        let result = contain(|| {
            let scope = Scope { app: &self.app, state: &mut self.state, fx: &mut self.fx };
            call(&mut **channel, &mut Context { scope, conn, instance })
        });
        self.answer = answer;
        let result = self.finish(Some(instance), rng, result);
        self.answer = Answer::None;
        if result.is_ok() {
            self.may_have_changed(conn);
        }
        result
    }

    /// Commits a callback's recording, or throws it away.
    pub(super) fn finish<T>(
        &mut self,
        instance: Option<u32>,
        rng: Rng,
        result: Result<Result<T>, String>,
    ) -> Result<T, Failure> {
        let failed = self.fx.failed.take();
        let failure = match (result, failed) {
            (Ok(Ok(value)), None) => match self.commit(instance) {
                Ok(()) => return Ok(value),
                Err(panic) => Failure::Panic(panic),
            },
            (Ok(Err(error)), _) | (Ok(Ok(_)), Some(error)) => Failure::Error(error),
            (Err(panic), _) => Failure::Panic(panic),
        };
        match failure {
            Failure::Error(_) => self.state.stats.errors += 1,
            Failure::Panic(_) => self.state.stats.panics += 1,
        }
        if let Some(route) = self.route_of(instance) {
            route.errors += 1;
        }
        if is_planted(Canary::SurvivingEffects) && matches!(failure, Failure::Error(_)) {
            drop(self.commit(instance));
        }
        // What was recorded belongs to the application; dropping it must not bring the hub down either.
        let recorded = core::mem::take(&mut self.fx);
        if let Err(panic) = contain(|| drop(recorded)) {
            self.log(Level::Error, "panic while an effect was dropped", None, || panic);
        }
        self.state.rng = rng;
        Err(failure)
    }

    fn route_of(&mut self, instance: Option<u32>) -> Option<&mut RouteStats> {
        let conn = self.state.instances.get(instance? as usize)?.conn;
        let route = self.state.conns.get(conn)?.route;
        self.state.stats.route_mut(route)
    }

    /// Tells the peer, under each of these references and once for all that have none, and closes if the failure says so.
    pub(super) fn on_failure(&mut self, conn: ConnId, instance: u32, references: &[Option<u32>], failure: Failure) {
        if self.state.is_component(conn) {
            return self.on_component_failure(conn, instance, references.first().copied().flatten(), failure);
        }
        let Some(error) = self.log_failure(conn, failure) else {
            self.tell_error(conn, references, &Error::internal(""));
            self.drop_channel(instance);
            return self.end_at_once(conn, 1011, "Internal server error");
        };
        let Some(code) = error.close_code() else { return self.tell_error(conn, references, &error) };
        for reference in references.iter().flatten() {
            self.answer_error(conn, Some(*reference), &error);
        }
        self.end_with(conn, code, error.message());
    }

    /// Logs why a callback failed, and gives its error; `None` if it panicked.
    pub(super) fn log_failure(&mut self, conn: ConnId, failure: Failure) -> Option<Error> {
        match failure {
            Failure::Error(error) => {
                self.log_error("a callback failed", Some(conn), &error);
                Some(error)
            }
            Failure::Panic(panic) => {
                self.log(Level::Error, "panic in a callback", Some(conn), || panic);
                None
            }
        }
    }

    fn tell_error(&mut self, conn: ConnId, references: &[Option<u32>], error: &Error) {
        for reference in references.iter().flatten() {
            self.answer_error(conn, Some(*reference), error);
        }
        if references.contains(&None) {
            self.answer_error(conn, None, error);
        }
    }

    /// Drops the application's part of an instance.
    pub(super) fn drop_channel(&mut self, instance: u32) {
        let channel = self.channels.get_mut(instance as usize).and_then(Option::take);
        if let Err(panic) = contain(|| drop(channel)) {
            self.state.stats.panics += 1;
            self.log(Level::Error, "panic while a channel was dropped", None, || panic);
        }
    }
}
