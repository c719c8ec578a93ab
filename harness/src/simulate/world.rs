//! The world, as a test sees it.

mod end;

use super::guests::Guests;
use super::party::{Guest, News, Party};
use super::run::{Wrong, give_up};
use super::tab::Tab;
use super::{Application, Client};
use crate::kernel::Event;
use crate::oracle::{Check, Complaint};
use crate::world::{Crowd, World as Inner};
use lazuli::driver::{Driver, Settings};
use lazuli::handle::Remote;
use lazuli::{App, Config, Handle, Hub, Stats, Time};
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the application's own I/O becomes in a simulation.
pub(super) type OnEffect<A> = Rc<dyn Fn(<A as App>::Effect, &Handle<A>)>;
/// What must be true at any time.
type Always<A> = Rc<dyn Fn(&World<A>)>;
/// What went through a handle and has not reached the hub.
type Handed<A> = Arc<Mutex<Vec<Remote<<A as App>::Event>>>>;

/// The pages that were visited.
pub(super) type Pages = RefCell<Vec<Rc<RefCell<Tab>>>>;

/// A server with the application, clients, and the network between them, in virtual time. A clone is the same world.
///
/// Time stands still unless one of the `run_…` methods or [`settle`](World::settle) lets it pass: what clients are told to do is done
/// then.
pub struct World<A: App = ()>(Rc<Whole<A>>);

struct Whole<A: App> {
    inner: RefCell<Inner<Guests<A>>>,
    party: Rc<RefCell<Party>>,
    always: RefCell<Vec<Always<A>>>,
    on_effect: RefCell<Option<OnEffect<A>>>,
    pages: Pages,
    handle: Handle<A>,
    handed: Handed<A>,
    /// Whether time passes: nobody lets it pass then.
    is_running: Cell<bool>,
    has_healed: Cell<bool>,
    tolerates: bool,
}

impl<A: App> Clone for World<A> {
    fn clone(&self) -> Self {
        World(self.0.clone())
    }
}

/// Within this time after all faults have healed, everything has to be at rest.
const PATIENCE: Duration = Duration::from_secs(180);
/// So long nobody says or hears anything where everything is at rest. An application that never stops talking is at rest after
/// [`NOISY`], if nothing is late.
const QUIET: Duration = Duration::from_secs(5);
const NOISY: Duration = Duration::from_secs(20);
/// How long a shutdown may take.
const SHUTDOWN: Duration = Duration::from_secs(10);

impl<A: App> World<A> {
    pub(super) fn new(inner: Inner<Guests<A>>, party: Rc<RefCell<Party>>, tolerates: bool) -> World<A> {
        let handed: Handed<A> = Arc::default();
        let queue = handed.clone();
        let handle = Handle::new(move |remote| queue.lock().unwrap_or_else(PoisonError::into_inner).push(remote));
        World(Rc::new(Whole {
            inner: RefCell::new(inner),
            party,
            always: RefCell::default(),
            on_effect: RefCell::default(),
            pages: RefCell::default(),
            handle,
            handed,
            is_running: Cell::new(false),
            has_healed: Cell::new(false),
            tolerates,
        }))
    }

    pub(super) fn pages(&self) -> &Pages {
        &self.0.pages
    }

    #[track_caller]
    pub(super) fn inner(&self) -> RefMut<'_, Inner<Guests<A>>> {
        match self.0.inner.try_borrow_mut() {
            Ok(inner) => inner,
            Err(_) => {
                panic!("what `world.app()` gave is still held, and nothing can happen meanwhile: let go of it first")
            }
        }
    }

    // Who is there.

    /// A new client, which connects to this path as soon as time passes. Paths may have a query.
    #[track_caller]
    pub fn client(&self, path: &str) -> Client {
        self.arrive(path, true)
    }

    /// A client that asks for a page; see [`Client::answer`].
    #[track_caller]
    pub fn get(&self, path: &str) -> Client {
        self.arrive(path, false)
    }

    /// A client that posts this body; see [`Client::answer`]. It posts once: when its connection is lost, nobody knows what became of it.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Client {
        let client = self.arrive(path, false);
        self.0.party.borrow_mut().guests[client.number()].body = Some(body.into());
        client
    }

    #[track_caller]
    fn arrive(&self, path: &str, is_socket: bool) -> Client {
        let number = self.0.party.borrow().guests.len();
        self.0.party.borrow_mut().guests.push(Guest::new(format!("client {number}"), path, is_socket));
        self.inner().arrive(number);
        Client::new(self.0.party.clone(), number)
    }

    /// The server's handle, for sends and events from outside.
    pub fn handle(&self) -> &Handle<A> {
        &self.0.handle
    }

    /// Does the application's own I/O, as the `effects` of a server do. What it hands to the handle reaches the hub a while later, answers
    /// in any order.
    pub fn on_effect(&self, run: impl Fn(A::Effect, &Handle<A>) + 'static) {
        *self.0.on_effect.borrow_mut() = Some(Rc::new(run));
    }

    /// The application's shared state. As long as what this gives is held, nothing can happen: no time may pass, and no client may come.
    pub fn app(&self) -> Ref<'_, A> {
        Ref::map(self.0.inner.borrow(), |inner| inner.driver.hub().app())
    }

    /// What the hub has counted.
    pub fn stats(&self) -> Stats {
        self.0.inner.borrow().driver.stats().clone()
    }

    /// How many members a room has.
    pub fn count(&self, room: &str) -> usize {
        self.0.inner.borrow().driver.hub().count(room)
    }

    // Chance.

    /// One of these, which are not none.
    #[track_caller]
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        assert!(!from.is_empty(), "there is nothing to pick from");
        &from[self.inner().crowd.choices.below(from.len() as u64) as usize]
    }

    /// Whether something happens that happens so often: 0.0 never, 1.0 always.
    #[track_caller]
    pub fn chance(&self, of: f64) -> bool {
        const WHOLE: f64 = 1_000_000.0;
        ((of.clamp(0.0, 1.0) * WHOLE) as u64) > self.inner().crowd.choices.below(WHOLE as u64)
    }

    /// A number of this range, which has one.
    #[track_caller]
    pub fn number(&self, range: RangeInclusive<u64>) -> u64 {
        assert!(!range.is_empty(), "there is no number in {range:?}");
        self.inner().crowd.choices.between(*range.start(), *range.end())
    }

    // Time.

    /// How much time has passed.
    pub fn now(&self) -> Duration {
        self.0.inner.borrow().now().saturating_since(Time::ZERO)
    }

    /// Lets this time pass.
    #[track_caller]
    pub fn run_for(&self, time: Duration) {
        let until = self.inner().now() + time;
        self.run_to(until, &|| false);
    }

    /// Lets a time pass that the seed chooses: mostly some milliseconds, at times seconds.
    #[track_caller]
    pub fn run_a_while(&self) {
        let most = *self.pick(&[1_000, 20_000, 200_000, 200_000, 1_000_000, 3_000_000]);
        self.run_for(Duration::from_micros(self.number(0..=most)));
    }

    /// Lets time pass until something is true, or this time has passed; whether it is true.
    #[track_caller]
    pub fn run_until(&self, patience: Duration, is_true: impl Fn() -> bool) -> bool {
        let until = self.inner().now() + patience;
        self.run_to(until, &is_true)
    }

    /// Lets all faults heal, and time pass until everything is at rest: who wants a connection has one, and everything that was said has
    /// arrived. What is true in the end of whatever went wrong, is true then. No more faults come, but those that a test makes.
    ///
    /// # Panics
    /// When there is no rest within three minutes; it says what is stuck.
    #[track_caller]
    pub fn settle(&self) {
        self.rest();
        self.unsaid().iter().for_each(|line| self.tell("unsaid", line));
    }

    #[track_caller]
    fn rest(&self) {
        self.flush();
        if !self.0.has_healed.replace(true) {
            self.inner().heal();
        }
        let begin = self.inner().now();
        loop {
            let (now, busy, stuck) = {
                let inner = self.0.inner.borrow();
                let mut stuck = Guests::pending(&inner);
                if !inner.crowd.is_down {
                    stuck.extend(self.0.pages.borrow().iter().filter_map(|tab| tab.borrow().pending()));
                }
                (inner.now(), inner.crowd.busy, stuck)
            };
            let is_quiet = now >= busy + QUIET || now >= begin + NOISY;
            if now >= begin + QUIET && is_quiet && stuck.is_empty() {
                break;
            }
            if now > begin + PATIENCE {
                give_up(Wrong::new(now, format!("there is no rest: {}", stuck.join("; "))));
            }
            self.run_for(Duration::from_millis(500));
        }
        let checked = Guests::rested(&mut self.inner());
        self.check(checked);
        self.compare_pages();
    }

    /// Shuts the server down: new connections are refused, and the open ones closed with 1001. Who would come back waits until there is a
    /// server again, by [`restart`](World::restart).
    #[track_caller]
    pub fn shut_down(&self) {
        self.flush();
        let done = {
            let mut inner = self.inner();
            let (now, deadline) = (inner.now(), inner.now() + SHUTDOWN);
            inner.crowd.is_down = true;
            inner.net.kernel.step("shutdown", 0, || "begins".into());
            inner.drive(|driver, _| driver.shutdown(now, deadline)).and_then(|()| inner.turn(true))
        };
        self.check(done);
        self.react();
    }

    /// The server is killed and started anew, with this application: every connection is reset, and who comes back comes to the new one; so do
    /// those whom [`shut_down`](World::shut_down) sent away before. What the application has kept elsewhere is the test's to give. Secret and wall clock stay, as where both are configured.
    #[track_caller]
    pub fn restart(&self, app: impl Application<App = A>) {
        self.flush();
        let (routes, app) = app.into_parts();
        {
            let mut inner = self.inner();
            inner.net.kernel.step("restart", 0, || "of the server".into());
            let config = Config { seed: inner.crowd.choices.next(), ..inner.crowd.config.clone() };
            inner.driver = Driver::new(Hub::new(config, routes, app), Settings::default());
            inner.net.server_dies();
            inner.crowd.effects.clear();
            inner.crowd.remotes.clear();
            if std::mem::take(&mut inner.crowd.is_down) {
                inner.come_again();
            }
        }
        self.react();
    }

    // What is watched.

    /// Something that must be true at any time: it is run whenever something has happened, and panics if it is not true.
    pub fn always(&self, holds: impl Fn(&World<A>) + 'static) {
        self.0.always.borrow_mut().push(Rc::new(holds));
    }

    /// Says something in the words of this run.
    #[track_caller]
    pub fn note(&self, words: &str) {
        self.tell("note", words);
    }

    #[track_caller]
    pub(super) fn tell(&self, what: &'static str, words: &str) {
        let sum = crate::trace::bytes(words.as_bytes());
        self.inner().net.kernel.step(what, sum, || words.into());
    }

    // The loop.

    #[track_caller]
    fn run_to(&self, until: Time, is_done: &dyn Fn() -> bool) -> bool {
        assert!(!self.0.is_running.replace(true), "time passes already: handlers and checks cannot let it pass");
        let done = loop {
            self.flush();
            self.react();
            if is_done() {
                break true;
            }
            let next = self.0.inner.borrow().next_at();
            if next.is_none_or(|at| at > until) {
                let mut inner = self.inner();
                inner.net.kernel.now = inner.now().max(until);
                break false;
            }
            let happened = self.inner().happen();
            self.check(happened);
        };
        self.0.is_running.set(false);
        done
    }

    /// Clients do what they were told to, and what went through the handle is on its way.
    #[track_caller]
    fn flush(&self) {
        let mut inner = self.inner();
        inner.obey();
        for remote in std::mem::take(&mut *self.handed()) {
            inner.crowd.remotes.push_back(remote);
            inner.net.kernel.schedule(0, Event::Outside);
        }
    }

    fn handed(&self) -> MutexGuard<'_, Vec<Remote<A::Event>>> {
        self.0.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After something has happened: effects are done, handlers hear of it, and what must be true is looked at.
    fn react(&self) {
        self.fault();
        while let Some(effect) = { self.inner().crowd.effects.pop_front() } {
            let on_effect = self.0.on_effect.borrow().clone();
            if let Some(run) = on_effect {
                let before = std::mem::take(&mut *self.handed());
                run(effect, &self.0.handle);
                let answers = std::mem::replace(&mut *self.handed(), before);
                self.answer(answers);
            }
        }
        loop {
            let Some((number, news)) = self.0.party.borrow_mut().news.pop_front() else { break };
            let client = Client::new(self.0.party.clone(), number);
            // Taken out of the party, which a handler may change.
            let handlers = self.0.party.borrow().guests[number].handlers.clone();
            match news {
                News::Open => handlers.on_open.inspect(|run| run(&client)).map(drop),
                News::Lost => handlers.on_lost.inspect(|run| run(&client)).map(drop),
                News::Text(text) => handlers.on_text.inspect(|run| run(&client, &text)).map(drop),
                News::Answer(status, body) => handlers.on_answer.inspect(|run| run(&client, status, &body)).map(drop),
            };
        }
        self.flush();
        let always = self.0.always.borrow().clone();
        always.iter().for_each(|holds| holds(self));
    }

    /// Answers come when they come.
    fn answer(&self, answers: Vec<Remote<A::Event>>) {
        let mut inner = self.inner();
        for answer in answers {
            match answer {
                Remote::Event(event) => inner.net.kernel.schedule_within(200_000, Event::Answer(event)),
                command => {
                    inner.crowd.remotes.push_back(command);
                    inner.net.kernel.schedule_within(200_000, Event::Outside);
                }
            }
        }
    }

    /// A fault of the application that the hub has logged fails the run.
    fn fault(&self) {
        let (wrong, now) = {
            let mut inner = self.inner();
            (std::mem::take(&mut inner.crowd.wrong), inner.now())
        };
        if let Some(record) = wrong.first().filter(|_| !self.0.tolerates) {
            let place = super::run::last_panic().filter(|_| record.what.contains("panic"));
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            give_up(Wrong::new(now, format!("the application is at fault: {record}{place}")));
        }
    }

    fn check<T>(&self, result: Check<T>) -> T {
        match result {
            Ok(value) => value,
            Err(Complaint { oracle, sentence }) => {
                let at = self.0.inner.borrow().now();
                give_up(Wrong::of(oracle, at, &sentence))
            }
        }
    }
}
