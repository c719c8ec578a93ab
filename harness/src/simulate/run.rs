//! Seeds, run on somebody's application.

use super::guests::Guests;
use super::party::Party;
use super::{Application, Found, Simulation, Summary, World};
use crate::chronicle::Chronicle;
use crate::kernel::Kernel;
use crate::oracle::{Oracle, text_of};
use crate::plan::{FaultRates, NetPlan};
use crate::rng::Rng;
use crate::shrink::Shrinker;
use crate::trace::{Seconds, Trace};
use crate::world::{Product, World as Inner};
use lazuli::driver::Settings;
use lazuli::{App, Config, Limits, Routes, Secret, Time, Timestamp};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Once;

/// What was wrong, on its way out of a test.
pub(super) struct Wrong {
    /// Who says so, unless it is the test.
    oracle: Option<Oracle>,
    pub(super) sentence: String,
    pub(super) at: Time,
}

impl Wrong {
    pub(super) fn new(at: Time, sentence: impl Into<String>) -> Wrong {
        Wrong { oracle: None, sentence: sentence.into(), at }
    }

    pub(super) fn of(oracle: Oracle, at: Time, sentence: &str) -> Wrong {
        Wrong { oracle: Some(oracle), sentence: format!("{oracle}: {sentence}"), at }
    }

    /// Whether the same is wrong, though numbers and what is quoted may be others.
    fn is_like(&self, other: &Wrong) -> bool {
        fn plain(sentence: &str) -> impl Iterator<Item = char> {
            let first = sentence.lines().next().unwrap_or_default();
            let unquoted = first.split('"').step_by(2).flat_map(str::chars);
            unquoted.filter(|c| !c.is_ascii_digit())
        }
        plain(&self.sentence).eq(plain(&other.sentence))
    }
}

/// After so many steps no more tapes are tried: seconds, for tests that have long runs.
const STEPS: usize = 1_000_000;

/// What the hub and the test draw does not stand on the tape: when a failure is made simpler, they stay as they were.
const OF_THE_HUB: u64 = 0x0b5e_55ed;
const OF_THE_TEST: u64 = 0x7e57_c0de;

/// Ends a run; the test itself is unwound.
pub(super) fn give_up(wrong: Wrong) -> ! {
    resume_unwind(Box::new(wrong))
}

thread_local! {
    /// Whether this thread simulates: panics are then told with their seed, and not at once.
    static IS_SIMULATING: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic of this thread was, and what it said.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where the last panic of this run was, and what it said.
pub(super) fn last_panic() -> Option<String> {
    LAST_PANIC.take()
}

/// Keeps panics of threads that simulate, instead of printing them; all others are handled as before.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IS_SIMULATING.get() {
                let message = said(info.payload());
                let place = info.location().map(|place| format!("{place}: ")).unwrap_or_default();
                LAST_PANIC.set(Some(format!("{place}{message}")));
            } else {
                before(info);
            }
        }));
    });
}

/// Sets a thread's state for as long as this lives.
struct Simulating(bool);

impl Simulating {
    fn begin() -> Simulating {
        keep_panics();
        Simulating(IS_SIMULATING.replace(true))
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        IS_SIMULATING.set(self.0);
    }
}

/// What became of one run: its trace, and what was wrong.
struct Ran {
    trace: Trace,
    summary: Summary,
    wrong: Option<Wrong>,
    /// What was read, as far as it is kept.
    tape: Vec<u8>,
}

impl Simulation {
    /// Runs a seed twice; if something is wrong, once more for the words.
    #[track_caller]
    pub(super) fn run_seed<P: Application>(
        &self,
        seed: u64,
        make: &impl Fn() -> P,
        test: &impl Fn(&World<P::App>),
    ) -> Result<Summary, Found> {
        let own = || Rng::new(seed);
        let first = self.run_once(seed, own(), make, test, Trace::new());
        let (mut wrong, mut summary) = (first.wrong, first.summary);
        if wrong.is_none() {
            let again = self.run_once(seed, own(), make, test, Trace::against(first.trace.into_steps()));
            let differs = again.trace.difference(true).filter(|_| again.wrong.is_none());
            let differs = differs.map(|what| Wrong::of(Oracle::Determinism, Time::ZERO, &what));
            (wrong, summary) = (again.wrong.or(differs), again.summary);
        }
        let Some(wrong) = wrong else { return Ok(summary) };
        if wrong.oracle == Some(Oracle::Determinism) {
            return Err(self.differing(seed, wrong, make, test));
        }
        let (rng, wrong) = self.shrink(seed, wrong, make, test);
        let is_whole = self.is_whole;
        let (words, told) = self.told(seed, rng, make, test, move |line| is_whole || is_story(line));
        let (at, mut sentence) = (wrong.at.saturating_since(Time::ZERO), wrong.sentence);
        if told.is_none_or(|told| told.sentence != sentence) {
            sentence +=
                " (run again for its words, the seed was another one: something in it does not come from the seed)";
        }
        Err(Found { seed, at, sentence, words })
    }

    /// Runs once, for its words, as far as they are to be kept.
    pub(super) fn told<P: Application>(
        &self,
        seed: u64,
        rng: Rng,
        make: &impl Fn() -> P,
        test: &impl Fn(&World<P::App>),
        keeps: impl Fn(&str) -> bool + 'static,
    ) -> (Vec<String>, Option<Wrong>) {
        let words: Rc<RefCell<Vec<String>>> = Rc::default();
        let write = words.clone();
        let trace = Trace::in_words(move |line| {
            if keeps(line) {
                write.borrow_mut().push(line.to_owned());
            }
        });
        let wrong = self.run_once(seed, rng, make, test, trace).wrong;
        (words.take(), wrong)
    }

    /// A tape that leads to the same with less going wrong, if that can be found.
    fn shrink<P: Application>(
        &self,
        seed: u64,
        wrong: Wrong,
        make: &impl Fn() -> P,
        test: &impl Fn(&World<P::App>),
    ) -> (Rng, Wrong) {
        let steps = Cell::new(0);
        let fails = |bytes: &[u8], like: Option<&Wrong>| {
            if steps.get() > STEPS {
                return None;
            }
            let ran = self.run_once(seed, Rng::from_tape(bytes.to_vec()), make, test, Trace::new());
            steps.set(steps.get() + ran.trace.len());
            let wrong = ran.wrong.filter(|wrong| like.is_none_or(|like| wrong.is_like(like)))?;
            Some((wrong, ran.tape))
        };
        let recorded = self.run_once(seed, Rng::recording(seed), make, test, Trace::new());
        let is_same = recorded.wrong.is_some_and(|recorded| recorded.sentence == wrong.sentence);
        let shrinker = is_same.then(|| Shrinker::new(&recorded.tape, self.tries, fails)).flatten();
        match shrinker {
            Some(shrinker) if shrinker.failure.is_like(&wrong) => {
                let shrunk = shrinker.run(|_, _| {});
                (Rng::from_tape(shrunk.best), shrunk.failure)
            }
            _ => (Rng::new(seed), wrong),
        }
    }

    #[track_caller]
    fn run_once<P: Application>(
        &self,
        seed: u64,
        rng: Rng,
        make: &impl Fn() -> P,
        test: &impl Fn(&World<P::App>),
        trace: Trace,
    ) -> Ran {
        let party: Rc<RefCell<Party>> = Rc::default();
        let made = make().into_parts();
        let world = World::new(self.draw(seed, rng, made, trace, &party), party, self.tolerates);
        let simulating = Simulating::begin();
        drop(last_panic());
        let result = catch_unwind(AssertUnwindSafe(|| {
            test(&world);
            world.end();
        }));
        let at = world.inner().now();
        let wrong = result.err().map(|payload| match payload.downcast::<Wrong>() {
            Ok(wrong) => *wrong,
            // What a test misses may well be what could not be said.
            Err(payload) => {
                let unsaid = world.unsaid().into_iter().map(|line| format!("\n{line}"));
                Wrong::new(at, words_of(payload.as_ref()) + &unsaid.collect::<String>())
            }
        });
        let summary = world.summary();
        world.forget();
        drop(simulating);
        let kernel = &mut world.inner().net.kernel;
        let (trace, tape) = (std::mem::take(&mut kernel.trace), kernel.rng.clone().into_tape());
        Ran { trace, summary, wrong, tape }
    }

    /// What a seed decides: how links are, what goes wrong how often, when clients come back.
    fn draw<A: App>(
        &self,
        seed: u64,
        mut rng: Rng,
        (routes, app): (Routes<A>, A),
        trace: Trace,
        party: &Rc<RefCell<Party>>,
    ) -> Inner<Guests<A>> {
        let is_calm = self.is_calm || rng.chance(100);
        let net = NetPlan::draw(&mut rng, is_calm);
        let mut faults = if is_calm { FaultRates::default() } else { FaultRates::draw(&mut rng) };
        // Not so far that what is under way is given up: there is no protocol for that, and no test would expect it.
        faults.jump_most = faults.jump_most.min(5_000_000);
        let config = Config {
            seed: seed ^ OF_THE_HUB,
            secret: self.config.secret.clone().or(Some(Secret::new([7; 32]))),
            wall: match self.config.wall {
                wall if wall == Timestamp::from_unix_micros(0) => Timestamp::from_unix_micros(1_790_000_000_000_000),
                wall => wall,
            },
            ..self.config.clone()
        };
        let guests = Guests::new(party.clone(), &mut rng, seed ^ OF_THE_TEST, config.clone());
        let mut kernel = Kernel::new(rng, trace);
        kernel.step("seed", seed, || format!("{seed}: {net:?} {faults:?}"));
        let product = Product {
            config: &config,
            settings: Settings::default(),
            app,
            routes,
            limits: &Limits::default(),
            chronicle: Chronicle::default(),
        };
        Inner::with(guests, product, kernel, net, faults)
    }
}

fn words_of(payload: &(dyn Any + Send)) -> String {
    last_panic().unwrap_or_else(|| said(payload).to_owned())
}

fn said(payload: &(dyn Any + Send)) -> &str {
    text_of(payload).unwrap_or("a panic without a message")
}

/// What a reader wants to know of a run first. Of the rest, bytes and turns, most is noise.
const STORY: &[&str] = &[
    "connects",
    "is answered",
    "says",
    "hears",
    "closes",
    "is closed",
    "loses",
    "vanishes",
    "vanish",
    "reset",
    "half-close",
    "stall",
    "heal",
    "jump",
    "log",
    "note",
    "misses",
    "unsaid",
    "shutdown",
    "restart",
    "event",
    "outside",
    "disconnected",
    "broken write",
];

pub(super) fn is_story(line: &str) -> bool {
    let what = line.split_once(" s ").map_or("", |(_, what)| what);
    STORY.iter().any(|kind| what.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')))
}

/// How many lines of a run are shown at the most.
const SHOWN: usize = 80;

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Found { seed, at, sentence, words } = self;
        let at = Seconds(Time::from_micros(at.as_micros() as u64));
        writeln!(f, "seed {seed}, after {at}: {sentence}")?;
        let hidden = words.len().saturating_sub(SHOWN);
        if hidden > 0 {
            writeln!(f, "    ({hidden} lines before)")?;
        }
        words[hidden..].iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        let thread = std::thread::current();
        let test = thread.name().filter(|name| *name != "main").unwrap_or_default();
        write!(f, "This seed alone: LAZULI_SEED={seed} cargo test {test}; LAZULI_TRACE=1 tells every step.")
    }
}
