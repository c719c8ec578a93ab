//! One world for all that is simulated: a clock, a network, the product in its middle, and a crowd around it.
//!
//! The loop is here: what happens next, when the driver has its turn, what goes wrong with links, how everything comes to rest. What
//! those in a [`Crowd`] do when it is their turn, what they make of what they read, and what their oracles are shown is theirs.

mod drive;
mod fate;
mod hear;
mod visit;

use crate::chronicle::{Chronicle, Entry};
use crate::codec::{Answer, Incoming};
use crate::kernel::{Event, Kernel};
use crate::net::{Net, Peer, Server};
use crate::oracle::{Bounds, Check, Failure, Oracle, complain, same_so_far};
use crate::plan::{FaultRates, NetPlan};
use crate::restless::{Manner, Restless};
use crate::tally::Fault;
use lazuli::driver::{Driver, Settings};
use lazuli::{App, Config, Hub, Limits, Routes, Time};
use std::time::Duration;
pub(crate) use visit::{Talk, Visit};

/// Who is in a world, and the oracles that watch what comes of it. What has a body here is what not everyone cares for.
pub(crate) trait Crowd: Sized {
    /// What runs on the server.
    type App: App;
    /// What is known of a session, beside what every [`Visit`] has.
    type Own;
    /// The longest time for which somebody stops reading, in microseconds.
    const STALL: u64;
    /// Where something always happens, it is nothing else after this time.
    const CALM: Duration;

    /// Puts everyone's first turn on the calendar.
    fn begin(world: &mut World<Self>);
    /// It is somebody's turn.
    fn act(world: &mut World<Self>, who: usize) -> Check;
    /// It is the turn of somebody outside: another thread, a job, an HTTP server beside the hub.
    fn act_outside(world: &mut World<Self>) -> Check;
    /// What the application has asked for comes back.
    fn answer(_: &mut World<Self>, _: EventOf<Self>) -> Check {
        Ok(())
    }

    /// The last byte of the address that a session comes from, when the driver gets its link.
    fn address(_: &mut World<Self>, _session: u32) -> u8 {
        1
    }
    /// The driver did not take a link.
    fn turned_away(world: &mut World<Self>, link: usize) -> Check;
    /// The driver took a link.
    fn taken(_: &mut World<Self>) -> Check {
        Ok(())
    }
    /// Bytes are about to reach the driver.
    fn arrives(world: &mut World<Self>, session: u32, bytes: &[u8]);
    /// The driver is about to learn that a peer is gone.
    fn loses(world: &mut World<Self>, link: usize, reset: bool);
    /// A socket that was full takes bytes again.
    fn takes_again(_: &mut World<Self>, _session: u32) {}
    /// The clock has jumped ahead.
    fn jumped(_: &mut World<Self>, _by: Duration) {}
    /// The driver is about to do what is due.
    fn time_comes(_: &mut World<Self>) {}
    fn time_came(_: &mut World<Self>) -> Check {
        Ok(())
    }
    /// The driver is about to have its turn.
    fn turns(_: &mut World<Self>) {}
    /// It has had it; `is_last`: nothing more happens at this moment.
    fn turned(world: &mut World<Self>, is_last: bool) -> Check;
    /// The driver has taken something in, maybe of this session.
    fn settled(_: &mut World<Self>, _session: Option<u32>) -> Check {
        Ok(())
    }
    /// The driver was called: what was seen of it comes next.
    fn look(_: &mut World<Self>) -> Check {
        Ok(())
    }
    /// Something was seen of the driver, or of the application in it.
    fn sees(world: &mut World<Self>, entry: Entry<EffectOf<Self>>) -> Check;

    /// A session has the head of its answer, and what came behind it.
    fn answered(world: &mut World<Self>, session: u32, answer: &Answer, rest: &[u8]) -> Check;
    /// There is more of a body.
    fn read_on(_: &mut World<Self>, _session: u32) -> Check {
        Ok(())
    }
    /// A session has read a frame.
    fn heard(world: &mut World<Self>, session: u32, incoming: Incoming<'_>) -> Check;
    /// The server's stream has ended; a session was so far.
    fn ended(world: &mut World<Self>, session: u32, talk: Talk) -> Check;
    /// A session was reset.
    fn cut_off(_: &mut World<Self>, _session: u32) {}

    /// When faults heal: whether the link of somebody who is away without a word breaks.
    fn is_broken_at_last(_: &World<Self>, _session: u32) -> bool {
        true
    }
    /// Who has lost something sees to it.
    fn come_back(_: &mut World<Self>) {}
    /// Whether nothing is under way but what always happens.
    fn is_calm(world: &World<Self>) -> bool;
    /// What is stuck, as far as is known.
    fn pending(_: &World<Self>) -> Vec<String> {
        Vec::new()
    }
    /// Everything is at rest: now all has to be right.
    fn rested(world: &mut World<Self>) -> Check;
    /// Everyone leaves.
    fn leave(world: &mut World<Self>) -> Check;
    /// One leaves in order.
    fn say_goodbye(world: &mut World<Self>, session: u32);
    /// Everyone has left, and everything is at rest.
    fn finished(world: &mut World<Self>) -> Check;
}

/// What the application of a crowd hears, and what it asks for.
pub(crate) type EventOf<C> = <<C as Crowd>::App as App>::Event;
pub(crate) type EffectOf<C> = <<C as Crowd>::App as App>::Effect;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Everyone does what they like, and things go wrong.
    Busy,
    /// Nothing goes wrong any more, and what is under way arrives.
    Resting,
    /// Everyone leaves.
    Leaving,
}

pub(crate) struct World<C: Crowd> {
    pub(crate) crowd: C,
    pub(crate) driver: Driver<C::App>,
    pub(crate) net: Net<C::App>,
    pub(crate) bounds: Bounds,
    pub(crate) phase: Phase,
    pub(crate) faults: FaultRates,
    /// By session.
    pub(crate) visits: Vec<Visit<C::Own>>,
    /// Counts what was done.
    pub(crate) operations: u32,
    /// Counts what comes from outside.
    pub(crate) outside: u32,
    /// What is otherwise in this run than in the first one of its seed.
    pub(crate) restless: Restless,
    lately: Lately,
    /// The latest time that the driver was told.
    told: Time,
    chronicle: Chronicle<EffectOf<C>>,
    entries: Vec<Entry<EffectOf<C>>>,
    buffer: Vec<u8>,
    ends: Vec<usize>,
}

/// What the product in the middle of a world is made from.
pub(crate) struct Product<'p, A: App> {
    pub(crate) config: &'p Config,
    pub(crate) settings: Settings,
    pub(crate) app: A,
    pub(crate) routes: Routes<A>,
    /// Of its sockets, those that hold for all of them.
    pub(crate) limits: &'p Limits,
    pub(crate) chronicle: Chronicle<A::Effect>,
}

/// After faults have healed, everything comes to rest within this time; so it does after everyone has left. It is longer
/// than any timer, deadline and delay that a seed can draw, one after the other.
const PATIENCE: Duration = Duration::from_secs(180);

/// In this time no more happens than so much, and so much for each link, unless what follows from it leads to it again: a hundred clients
/// who do something all the time come to 5,000.
const PACE: Duration = Duration::from_secs(1);
const AT_ONCE: u32 = 100_000;
const EACH: u32 = 1_000;

/// How much has happened, of late.
#[derive(Default)]
struct Lately {
    since: Time,
    happened: u32,
    /// What the hub had counted then.
    counts: [u64; 3],
}

impl<C: Crowd> World<C> {
    pub(crate) fn with(
        crowd: C,
        product: Product<'_, C::App>,
        kernel: Kernel<EventOf<C>>,
        net: NetPlan,
        faults: FaultRates,
    ) -> World<C> {
        let Product { config, settings, app, routes, limits, chronicle } = product;
        World {
            crowd,
            driver: Driver::new(Hub::new(config.clone(), routes, app), settings),
            net: Net::new(kernel, net, chronicle.clone()),
            bounds: Bounds::new(config.window, limits.frames.control_frames),
            phase: Phase::Busy,
            faults,
            visits: Vec::new(),
            operations: 0,
            outside: 0,
            restless: Restless::new(Manner::CALM, 0),
            lately: Lately::default(),
            told: Time::ZERO,
            chronicle,
            entries: Vec::new(),
            buffer: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.net.kernel.now
    }

    /// Lets everything happen.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        let result = self.play();
        let now = self.now();
        result.map_err(|complaint| complaint.at(now))
    }

    fn play(&mut self) -> Check {
        C::begin(self);
        while self.phase == Phase::Busy && !self.net.kernel.rng.is_over() && self.happen()? {}
        self.heal();
        self.rest()?;
        C::rested(self)?;
        self.phase = Phase::Leaving;
        C::leave(self)?;
        self.rest()?;
        C::finished(self)?;
        match self.net.links.iter().position(|link| matches!(link.server, Server::Open | Server::Ended)) {
            Some(link) => complain(Oracle::Lifecycle, format!("link {link} was never closed")),
            None => Ok(()),
        }
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Time> {
        let deadline = self.driver.next_timeout().map(|at| at + self.late());
        [self.net.kernel.queue.next(), deadline].into_iter().flatten().min()
    }

    /// The next thing happens, and all that does at the same moment; `false` when nothing will ever happen again.
    pub(crate) fn happen(&mut self) -> Check<bool> {
        let deadline = self.driver.next_timeout().map(|at| at + self.late());
        let Some(at) = self.next_at() else { return Ok(false) };
        self.net.kernel.now = self.now().max(at);
        self.jump();
        if deadline.is_some_and(|deadline| deadline <= self.now()) {
            self.timeout()?;
        } else if let Some(event) = self.net.kernel.queue.pop() {
            self.handle(event)?;
        }
        let more = self.net.kernel.queue.next().is_some_and(|next| next <= self.now());
        if !more || self.net.kernel.rng.chance(self.net.plan.turns) {
            self.turn(!more)?;
        }
        same_so_far(&self.net.kernel.trace)?;
        self.time_goes_on()?;
        Ok(true)
    }

    /// Something has happened; it is too much if it is too much for so little time.
    fn time_goes_on(&mut self) -> Check {
        let now = self.now();
        if now >= self.lately.since + PACE {
            self.lately = Lately { since: now, happened: 0, counts: self.counts() };
        }
        self.lately.happened += 1;
        let happened = self.lately.happened;
        if happened <= AT_ONCE + EACH * self.net.links.len() as u32 {
            return Ok(());
        }
        let (before, after) = (self.lately.counts, self.counts());
        let [timers, messages, frames] = [0, 1, 2].map(|kind| after[kind] - before[kind]);
        let (passed, last) = (now.saturating_since(self.lately.since), self.net.kernel.trace.last());
        complain(
            Oracle::Rest,
            format!(
                "time stands still: {happened} things have happened within {passed:?}: {timers} timers went off, the hub heard \
                 {messages} messages and sent {frames} frames; last came: {last}"
            ),
        )
    }

    /// What the hub has counted: timers that went off, messages, frames.
    fn counts(&self) -> [u64; 3] {
        let stats = self.driver.stats();
        [stats.timers_fired, stats.messages_in, stats.frames_out]
    }

    /// The clock may jump ahead: everything that was to happen meanwhile happens now.
    fn jump(&mut self) {
        let kernel = &mut self.net.kernel;
        if self.phase != Phase::Busy
            || self.faults.jump == 0
            || kernel.rng.below(100_000) < 100_000 - u64::from(self.faults.jump)
        {
            return;
        }
        let most = *kernel.rng.pick(&[100_000, 2_000_000, 60_000_000, 3_600_000_000]);
        let micros = kernel.rng.below(most.min(self.faults.jump_most));
        kernel.count(Fault::Jump);
        kernel.step("jump", micros, || format!("of the clock, {micros} µs ahead"));
        kernel.now = kernel.after(micros);
        C::jumped(self, Duration::from_micros(micros));
    }

    /// How late the clock wakes the driver.
    pub(crate) fn late(&self) -> Duration {
        Duration::from_micros(self.net.plan.late)
    }

    fn handle(&mut self, event: Event<EventOf<C>>) -> Check {
        match event {
            Event::Act(who) => C::act(self, who),
            Event::Accept(link) => self.accept(link),
            Event::Up(link) => self.receive(link),
            Event::Down(link) => self.read(link),
            Event::Writable(link) => self.writable(link),
            Event::ServerReset(link) => self.server_reset(link),
            Event::Notice(link) => self.disconnect(link, true),
            Event::ClientReset(link) => {
                self.client_reset(link);
                Ok(())
            }
            Event::Outside => C::act_outside(self),
            Event::Answer(event) => C::answer(self, event),
        }
    }

    /// So many have a turn, each within so many microseconds.
    pub(crate) fn call_all(&mut self, count: usize, micros: u64) {
        for who in 0..count {
            self.net.kernel.schedule_within(micros, Event::Act(who));
        }
    }

    /// Faults heal, and what is under way arrives.
    pub(crate) fn heal(&mut self) {
        self.net.kernel.step("heal", 0, || "everything".to_owned());
        self.phase = Phase::Resting;
        self.net.healed = true;
        for link in 0..self.net.links.len() {
            match self.net.links[link].peer {
                Peer::Vanished if C::is_broken_at_last(self, self.net.links[link].session) => self.net.reset(link),
                Peer::Open | Peer::Finished => self.net.kernel.schedule(0, Event::Down(link)),
                Peer::Gone | Peer::Vanished => {}
            }
        }
        C::come_back(self);
    }

    fn rest(&mut self) -> Check {
        let begin = self.now();
        while self.happen()? {
            if self.now() > begin + C::CALM && C::is_calm(self) {
                return Ok(());
            }
            if self.now() > begin + PATIENCE {
                let mut pending = C::pending(self);
                pending.extend(self.net.kernel.queue.next().map(|at| format!("an event will happen at {at:?}")));
                pending.extend(self.driver.next_timeout().map(|at| format!("the driver has a deadline at {at:?}")));
                return complain(Oracle::Rest, format!("there is no rest: {}", pending.join("; ")));
            }
        }
        Ok(())
    }
}
