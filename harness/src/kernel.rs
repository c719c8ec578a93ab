//! Time, chance and what comes next: what every part of a simulated world needs.

use crate::queue::Queue;
use crate::rng::Rng;
use crate::tally::{Fault, Tally};
use crate::trace::Trace;
use lazuli::Time;
use std::time::Duration;

/// What happens next in the world, `E` being what the application hears. Clients, links and sessions go by number.
#[derive(Debug)]
pub(crate) enum Event<E> {
    /// A client does something.
    Act(usize),
    /// A link reaches the server.
    Accept(usize),
    /// Bytes of a client, or its end of the stream, reach the server.
    Up(usize),
    /// Bytes of the server, or its end of the stream, can be read by the client.
    Down(usize),
    /// A socket of the server takes bytes again.
    Writable(usize),
    /// A reset reaches the server.
    ServerReset(usize),
    /// The server is told of a reset that it could have found out before.
    Notice(usize),
    /// A reset reaches the client.
    ClientReset(usize),
    /// Somebody outside does something.
    Outside,
    /// A question is answered.
    Answer(E),
}

pub(crate) struct Kernel<E> {
    pub(crate) now: Time,
    pub(crate) rng: Rng,
    pub(crate) queue: Queue<Event<E>>,
    pub(crate) trace: Trace,
    pub(crate) tally: Tally,
}

impl<E> Kernel<E> {
    pub(crate) fn new(rng: Rng, trace: Trace) -> Kernel<E> {
        Kernel { now: Time::ZERO, rng, queue: Queue::new(), trace, tally: Tally::default() }
    }

    /// The time `micros` microseconds from now.
    pub(crate) fn after(&self, micros: u64) -> Time {
        self.now + Duration::from_micros(micros)
    }

    /// Lets an event happen so many microseconds from now.
    pub(crate) fn schedule(&mut self, micros: u64, event: Event<E>) {
        self.queue.push(self.after(micros), event);
    }

    /// Lets an event happen within so many microseconds.
    pub(crate) fn schedule_within(&mut self, micros: u64, event: Event<E>) {
        let delay = self.rng.between(0, micros);
        self.schedule(delay, event);
    }

    /// Takes down a step of the trace.
    pub(crate) fn step(&mut self, what: &'static str, digest: u64, words: impl FnOnce() -> String) {
        self.trace.step(self.now, what, digest, words);
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        self.tally.add(fault, 1);
    }
}
