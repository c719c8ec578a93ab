//! The simulator's command line; `--help` says what it can do.

mod options;

use lazuli_harness::journal::tell_journal;
use lazuli_harness::{
    Outcome, Report, replay, replay_mixed, replay_tape, run_all, run_mixed, run_seed, shrink, shrink_tape,
};
use options::{Options, What};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const HELP: &str = "\
Simulates a lazuli server from seeds.

  lazuli-harness run [--seeds N] [--start S] [--jobs J] [--all-seen]
      Runs N seeds (1000), from S (0) on, on J threads (1), each of them twice. Reports simulated time, operations,
      medians, faults and what was seen; the last line reads `N seeds, M failed`. Exits with 1 if one failed, and with
      --all-seen also if something was never seen that a run should see.

  lazuli-harness soak --minutes M [--start S] [--jobs J] [--all-seen]
      The same for so long, by default with seeds that nobody has run before.

  lazuli-harness mixed [--seeds N] [--start S] [--jobs J]
      Runs the mixed scenario of N seeds, once each: a hundred clients, each of which does something at least once a
      virtual second, for some minutes, with most of what can go wrong. The report says how fast that was.

  lazuli-harness replay SEED|TAPE [--mixed] [--raw]
      Runs a seed, the mixed scenario of a seed, or a tape from a file, once and tells what happens, line by line; the last
      line has the hash. With --raw the file may be any bytes, as a fuzzer writes them.

  lazuli-harness shrink SEED|TAPE [--tries N] [--to FILE] [--raw]
      Makes what leads to a failure as short as N tries (20000) can, tells it in words, and writes the tape to FILE.

  lazuli-harness journal FILE
      Tells what a server has written down, entry by entry. (To play it takes the application: lazuli_harness::journal.)

  lazuli-harness canaries [--seeds N] [--start S] [--jobs J]
      Plants each known bug and looks for it three times among N seeds each (10000), by default seeds that nobody has run
      before; tells how many it takes until the oracle finds it that is named for it. Exits with 1 if it does not. Needs
      the feature `canary`; with it the other commands take --plant NAME, and have that bug.
";

/// Writes a line; whoever reads may have enough of it, as `head` has.
macro_rules! say {
    ($($word:tt)*) => { drop(writeln!(io::stdout(), $($word)*)) };
}

/// The same for what is not the result.
macro_rules! note {
    ($($word:tt)*) => { drop(writeln!(io::stderr(), $($word)*)) };
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match act(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            note!("{what}\n`lazuli-harness --help` says what can be done");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn act(args: &[String]) -> Result<bool, String> {
    let Some((command, args)) = args.split_first() else { return Err("nothing to do".to_owned()) };
    if [command].into_iter().chain(args).any(|word| matches!(word.as_str(), "--help" | "-h")) || command == "help" {
        say!("{}", HELP.trim_end());
        return Ok(true);
    }
    if command == "journal" {
        let [file] = args else { return Err("journal needs one file".to_owned()) };
        return tell_file(file);
    }
    let options = Options::parse(command, args)?;
    if let Some(name) = &options.plant {
        plant(name)?;
    }
    match (command.as_str(), &options.what) {
        ("soak", _) => {
            let minutes = options.minutes.ok_or("soak needs --minutes")?;
            run(&options, Some(Duration::from_secs(60 * minutes)), false)
        }
        ("replay", Some(what)) => Ok(tell(what)),
        ("shrink", Some(what)) => make_short(what, &options),
        ("canaries", _) => canaries(&options),
        _ => run(&options, None, command == "mixed"),
    }
}

/// Runs seeds: so many, or for so long.
fn run(options: &Options, long: Option<Duration>, is_mixed: bool) -> Result<bool, String> {
    let one = if is_mixed { run_mixed } else { run_seed };
    let begin = Instant::now();
    let (seeds, start) = if long.is_some() { (u64::MAX, unheard_of()) } else { (1_000, 0) };
    let (seeds, start) = (options.seeds.unwrap_or(seeds), options.start.unwrap_or(start));
    let every = if long.is_some() { 5_000 } else { (seeds / 20).max(10) };
    let range = start..start.saturating_add(seeds);
    if long.is_none() && range.end - range.start < seeds {
        return Err(format!("there are not so many seeds from {start} on"));
    }
    let shown = AtomicUsize::new(0);
    let mut report: Report = run_all(range, options.jobs(), one, |done, failures| {
        let new = failures.get(shown.swap(failures.len(), Ordering::Relaxed)..).unwrap_or_default();
        for (seed, failure) in new {
            note!("seed {seed} failed: {failure}");
        }
        if done % every == 0 {
            let failed = failures.len();
            note!("{done} seeds from {start} on, {failed} failed, {:.0} s", begin.elapsed().as_secs_f64());
        }
        long.is_none_or(|long| begin.elapsed() < long)
    });
    report.is_mixed = is_mixed;
    report.wall = Some(begin.elapsed());
    report.cpu = cpu_time();
    say!("{report}");
    Ok(report.failures.is_empty() && (!options.all_seen || report.never_seen().is_empty()))
}

/// How much of the processor's time this process has had, where the system says it: on Linux, in hundredths of a second.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0));
    Some(Duration::from_millis(10 * ticks.sum::<u64>()))
}

/// A seed that nobody has begun with before, unless at the same moment.
fn unheard_of() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() << 24
}

fn tell(what: &What) -> bool {
    let mut out = BufWriter::new(io::stdout());
    // Whoever reads this may stop to, as `head` does.
    let words = move |line: &str| drop(writeln!(out, "{line}"));
    let outcome = match what {
        What::Seed(seed) => replay(*seed, words),
        What::Mixed(seed) => replay_mixed(*seed, words),
        What::Tape(tape) => replay_tape(tape, words),
    };
    let Outcome { failure, steps, hash, .. } = &outcome;
    if let Some(failure) = failure {
        say!("{} failed: {failure}", what.name());
    }
    say!("{}: {steps} steps, hash {hash:016x}", what.name());
    failure.is_none()
}

fn tell_file(file: &str) -> Result<bool, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let mut out = BufWriter::new(io::stdout());
    let told = tell_journal(&bytes, |line| drop(writeln!(out, "{line}")));
    drop(out);
    told.map(|()| true).map_err(|error| format!("{file}: {error}"))
}

fn make_short(what: &What, options: &Options) -> Result<bool, String> {
    let tries = options.tries.unwrap_or(20_000).min(u32::MAX.into()) as u32;
    let progress = |tried, left| note!("tried {tried} times, {left} bytes left");
    let shrunk = match what {
        What::Seed(seed) => shrink(*seed, tries, progress),
        What::Mixed(_) => return Err("a mixed scenario has no tape to make short".to_owned()),
        What::Tape(tape) => shrink_tape(tape.clone(), tries, progress),
    };
    let Some(shrunk) = shrunk else {
        say!("{} does not fail", what.name());
        return Ok(true);
    };
    if let Some(path) = &options.to {
        std::fs::write(path, shrunk.tape.to_file()).map_err(|error| format!("{path} cannot be written: {error}"))?;
    }
    tell(&What::Tape(shrunk.tape.clone()));
    say!("{} bytes of {} are left after {} tries", shrunk.tape.bytes().len(), shrunk.before, shrunk.tries);
    Ok(false)
}

#[cfg(not(feature = "canary"))]
const WITHOUT: &str = "bugs need to be built in: cargo run --release -p lazuli-harness --features canary";

#[cfg(feature = "canary")]
fn canaries(options: &Options) -> Result<bool, String> {
    // What a planted bug makes panic is counted, not shown.
    std::panic::set_hook(Box::new(|_| {}));
    let start = options.start.unwrap_or_else(unheard_of);
    let seeds = options.seeds.unwrap_or(10_000);
    let sightings = lazuli_harness::canaries(start, seeds, options.jobs(), |sighting| say!("{sighting}"));
    let found = sightings.iter().filter(|sighting| sighting.is_found()).count();
    say!("with seeds from {start} on");
    say!("{} canaries, {found} found", sightings.len());
    Ok(found == sightings.len())
}

#[cfg(not(feature = "canary"))]
fn canaries(_: &Options) -> Result<bool, String> {
    Err(WITHOUT.to_owned())
}

#[cfg(feature = "canary")]
fn plant(name: &str) -> Result<(), String> {
    lazuli_harness::plant(name).map_err(|names| format!("{name} is none of the bugs: {names}"))
}

#[cfg(not(feature = "canary"))]
fn plant(_: &str) -> Result<(), String> {
    Err(WITHOUT.to_owned())
}
