//! The simulator's command line; `--help` says what it can do.

use lazuli_harness::journal::tell_journal;
use lazuli_harness::{replay, run_seeds};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "\
Simulates a lazuli server from seeds.

  lazuli-harness run [--seeds N] [--start S] [--jobs J]
      Runs N seeds (1000), from S (0) on, on J threads (1), each of them twice. Reports simulated time, operations,
      medians and faults; the last line reads `N seeds, M failed`. Exits with 1 if one failed.

  lazuli-harness replay SEED
      Runs a seed once and tells what happens, line by line; the last line has the hash.

  lazuli-harness journal FILE
      Tells what a server has written down, entry by entry. (To play it takes the application: lazuli_harness::journal.)

  lazuli-harness canaries [--seeds N]
      Plants each known bug and tells which oracle finds it within N seeds (200), and in how many of them. Exits with 1
      if one is not found. Needs the feature `canary`.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.split_first() {
        Some((&"run", rest)) => Options::parse(rest, 1_000).map(run),
        Some((&"replay", [seed])) => seed.parse().map(tell).map_err(|_| format!("{seed} is no seed")),
        Some((&"journal", [file])) => tell_file(file),
        Some((&"canaries", rest)) => Options::parse(rest, 200).and_then(canaries),
        Some((&("--help" | "-h" | "help"), _)) => {
            print!("{HELP}");
            Ok(true)
        }
        _ => Err("nothing to do that is known".to_owned()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            eprintln!("{what}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    seeds: u64,
    start: u64,
    jobs: usize,
}

impl Options {
    fn parse(args: &[&str], seeds: u64) -> Result<Options, String> {
        let mut options = Options { seeds, start: 0, jobs: 1 };
        for pair in args.chunks(2) {
            let &[name, value] = pair else { return Err(format!("{} lacks its value", pair[0])) };
            let number: u64 = value.parse().map_err(|_| format!("{value} is no number"))?;
            match name {
                "--seeds" => options.seeds = number,
                "--start" => options.start = number,
                "--jobs" => options.jobs = number.clamp(1, 256) as usize,
                _ => return Err(format!("{name} is no option")),
            }
        }
        Ok(options)
    }
}

fn run(Options { seeds, start, jobs }: Options) -> bool {
    let begin = Instant::now();
    let every = (seeds / 20).max(10);
    let mut report = run_seeds(start..start.saturating_add(seeds), jobs, |done, failed| {
        if done % every == 0 {
            eprintln!("{done} of {seeds} seeds, {failed} failed, {:.0} s", begin.elapsed().as_secs_f64());
        }
    });
    report.wall = Some(begin.elapsed());
    println!("{report}");
    report.failures.is_empty()
}

fn tell(seed: u64) -> bool {
    let mut out = BufWriter::new(io::stdout());
    // Whoever reads this may stop to, as `head` does.
    let outcome = replay(seed, move |line| drop(writeln!(out, "{line}")));
    if let Some(failure) = &outcome.failure {
        println!("seed {seed} failed: {failure}");
    }
    println!("seed {seed}: {} steps, hash {:016x}", outcome.steps, outcome.hash);
    outcome.failure.is_none()
}

fn tell_file(file: &str) -> Result<bool, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let mut out = BufWriter::new(io::stdout());
    let told = tell_journal(&bytes, |line| drop(writeln!(out, "{line}")));
    drop(out);
    told.map(|()| true).map_err(|error| format!("{file}: {error}"))
}

#[cfg(feature = "canary")]
fn canaries(options: Options) -> Result<bool, String> {
    // What a planted bug makes panic is counted, not shown.
    std::panic::set_hook(Box::new(|_| {}));
    let sightings = lazuli_harness::canaries(options.start..options.start.saturating_add(options.seeds));
    for sighting in &sightings {
        println!("{sighting}");
    }
    let found = sightings.iter().filter(|sighting| sighting.is_found()).count();
    println!("{} canaries, {} found", sightings.len(), found);
    Ok(found == sightings.len())
}

#[cfg(not(feature = "canary"))]
fn canaries(_: Options) -> Result<bool, String> {
    Err("canaries need to be built in: cargo run --release -p lazuli-harness --features canary -- canaries".to_owned())
}
