//! Plays rows: a server for each, a visitor beside it, and a look at what is left.

use crate::Trouble;
use crate::peer::visit;
use crate::process::{Holds, Server};
use crate::rows;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What a row comes to: a remark on what was seen, or what was wrong.
pub type Outcome = Result<String, Trouble>;

/// At the latest a visitor is served after so long, whatever goes on.
const SERVED: Duration = Duration::from_secs(10 * SLOWER);

/// So many times more time and memory a build for debugging may take.
pub const SLOWER: u64 = if cfg!(debug_assertions) { 3 } else { 1 };

/// So much more memory than before may be resident in the end: tables stay as large as they once had to be.
const LEFT: u64 = 24 << 20;

const MIB: f64 = (1 << 20) as f64;

/// What a row attacks.
pub struct Stage {
    pub server: Server,
    /// What the server held before.
    pub before: Holds,
    pub transport: &'static str,
}

/// One row of the list.
pub struct Row {
    pub name: &'static str,
    setup: &'static str,
    pace: Pace,
    panics: bool,
    visited: bool,
    run: fn(&Stage) -> Outcome,
}

/// What a row needs of the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Little, but it takes its time: such rows all run at once.
    Waits,
    /// Little: a few run at once.
    Quick,
    /// All that there is: it runs alone.
    Heavy,
}

impl Row {
    pub fn new(name: &'static str, run: fn(&Stage) -> Outcome) -> Row {
        Row { name, setup: "default", pace: Pace::Quick, panics: false, visited: true, run }
    }

    /// The server is set up in this way.
    pub fn on(self, setup: &'static str) -> Row {
        Row { setup, ..self }
    }

    pub fn waits(self) -> Row {
        Row { pace: Pace::Waits, ..self }
    }

    pub fn heavy(self) -> Row {
        Row { pace: Pace::Heavy, ..self }
    }

    /// Callbacks panic in it, which the server's standard error tells.
    pub fn panics(self) -> Row {
        Row { panics: true, ..self }
    }

    /// Nobody new can be served while it runs; the row itself sees to those who are there.
    pub fn unvisited(self) -> Row {
        Row { visited: false, ..self }
    }
}

/// A row on a transport.
pub struct Test {
    row: Row,
    transport: &'static str,
}

impl Test {
    pub fn name(&self) -> String {
        format!("{}/{}", self.row.name, self.transport)
    }
}

/// All rows on both transports, as far as their names have all of these words in them.
pub fn tests(wanted: &[&str]) -> Vec<Test> {
    let on = |transport| rows::all().into_iter().map(move |row| Test { row, transport });
    let mut tests: Vec<Test> = on("smol").chain(on("std")).collect();
    tests.retain(|test| wanted.iter().all(|word| test.name().contains(word)));
    tests.sort_by_key(Test::name);
    tests
}

/// How many of the quick ones run at once.
const WORKERS: usize = 3;

/// Plays them all; whether all passed.
pub fn play(tests: Vec<Test>) -> bool {
    // Thousands of clients need a descriptor each.
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if let Err(error) = raised {
        println!("the number of open files stays as it is: {error}");
    }
    let failed = Mutex::new(Vec::new());
    let count = tests.len();
    let begin = Instant::now();
    let (heavy, light): (Vec<Test>, Vec<Test>) = tests.into_iter().partition(|test| test.row.pace == Pace::Heavy);
    let (waiting, quick): (Vec<Test>, VecDeque<Test>) = {
        let (waiting, quick): (Vec<_>, Vec<_>) = light.into_iter().partition(|test| test.row.pace == Pace::Waits);
        (waiting, quick.into())
    };
    let quick = Mutex::new(quick);
    let next = || quick.lock().ok()?.pop_front();
    let judge = |test: Test| {
        if let Err(trouble) = judge(&test) {
            println!("FAILED {}: {trouble}", test.name());
            if let Ok(mut failed) = failed.lock() {
                failed.push(test.name());
            }
        }
    };
    thread::scope(|scope| {
        waiting.into_iter().for_each(|test| drop(scope.spawn(|| judge(test))));
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(test) = next() {
                    judge(test);
                }
            });
        }
    });
    heavy.into_iter().for_each(judge);
    let failed = failed.into_inner().unwrap_or_default();
    println!("in {:.0?}", begin.elapsed());
    failed.iter().for_each(|name| println!("failed: {name}"));
    println!("{} passed, {} failed", count - failed.len(), failed.len());
    failed.is_empty()
}

/// Plays one, and tells how it went.
fn judge(test: &Test) -> Result<(), Trouble> {
    let begin = Instant::now();
    let server = Server::start(test.transport, test.row.setup)?;
    // The first client of all costs more than others.
    let quiet = visit(server.addr)?;
    let before = rest(&server)?;
    let stage = Stage { server, before, transport: test.transport };
    let (outcome, worst) = attack(&stage, &test.row);
    let remark = outcome.map_err(|trouble| with_log(trouble, &stage.server))?;
    let worst = worst?;
    if worst > SERVED {
        return Err(format!("a visitor had to wait {worst:.1?}").into());
    }
    let last = visit(stage.server.addr)?;
    let files = |holds: &Holds| holds.files <= before.files && holds.threads <= before.threads;
    stage.server.settle("sockets and threads are given back", files)?;
    let kept = stage.server.holds()?;
    let after = stage
        .server
        .settle("the memory is given back", |holds| {
            stage.server.trim();
            holds.resident <= before.resident + LEFT
        })
        .map_err(|trouble| format!("{trouble}; before: {before:?}"))?;
    let server = stage.server;
    if !test.row.panics && server.stderr().iter().any(|line| line.contains("panicked")) {
        return Err(with_log("something panicked".into(), &server));
    }
    server.stop()?;
    println!(
        "ok {:<36} served in {:>4} ms (before {}, after {}), resident {:.1} → {:.1} (untrimmed {:.1}, at most {:.1}) MiB, {:.1} s; {remark}",
        test.name(),
        worst.as_millis(),
        quiet.as_millis(),
        last.as_millis(),
        before.resident as f64 / MIB,
        after.resident as f64 / MIB,
        kept.resident as f64 / MIB,
        after.peak as f64 / MIB,
        begin.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// What a server holds that has nothing to do.
fn rest(server: &Server) -> Result<Holds, Trouble> {
    let mut least = server.holds()?;
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(20));
        let holds = server.holds()?;
        least = Holds { files: holds.files.min(least.files), threads: holds.threads.min(least.threads), ..holds };
    }
    Ok(least)
}

/// Runs a row, with visitors meanwhile; the longest that one of them took.
fn attack(stage: &Stage, row: &Row) -> (Outcome, Result<Duration, Trouble>) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let visitor = scope.spawn(|| -> Result<Duration, Trouble> {
            let mut worst = Duration::ZERO;
            while row.visited && !over.load(Ordering::Relaxed) {
                worst = worst.max(visit(stage.server.addr).map_err(|trouble| format!("a visitor: {trouble}"))?);
                thread::sleep(Duration::from_millis(50));
            }
            Ok(worst)
        });
        let outcome = catch_unwind(AssertUnwindSafe(|| (row.run)(stage)));
        over.store(true, Ordering::Relaxed);
        let worst = visitor.join().unwrap_or_else(|_| Err("the visitor panicked".into()));
        (outcome.unwrap_or_else(|_| Err("the row panicked".into())), worst)
    })
}

/// What went wrong, and the last that the server had to say.
fn with_log(trouble: Trouble, server: &Server) -> Trouble {
    let lines = server.stderr();
    let last = lines[lines.len().saturating_sub(8)..].join("\n    ");
    format!("{trouble}\n    {last}").into()
}
