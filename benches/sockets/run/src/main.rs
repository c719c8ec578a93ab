//! Builds the load generator and the servers, runs them side by side, and prints a table for each scenario.
//! `docs/performance.md` says how to read them.

mod cores;
mod measure;
mod plot;
mod scenarios;
mod servers;
mod table;

use lexopt::{Arg, ValueExt};
use scenarios::{SCENARIOS, Scenario};
use servers::{FLOOR, SERVERS, Server};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What was asked for.
pub struct Options {
    rounds: u32,
    seconds: f64,
    warm_up: f64,
    /// How long connections come and go.
    minutes: f64,
    servers: Vec<Server>,
    scenarios: Vec<Scenario>,
    /// Where the programs lie.
    programs: PathBuf,
}

fn usage() -> String {
    let servers: Vec<_> = SERVERS.iter().map(|server| server.name).collect();
    let scenarios: Vec<_> =
        SCENARIOS.iter().map(|scenario| format!("  {:<14}{}", scenario.name, scenario.title)).collect();
    format!(
        "sockets [options]: measures servers over real sockets, and prints tables

options:
  --quick             one round of one second; of churn one minute
  --rounds N          7
  --seconds N         how long each run is measured: 3
  --minutes N         how long churn takes for each server: 30
  --only SERVERS      names with commas; the floor always runs
  --scenario NAMES    names with commas; without it all but churn, which has but one round and no floor
  --plot FILE         runs nothing: prints a picture, as SVG, of the samples that churn has left in this file

servers:
  {}

scenarios:
{}",
        servers.join(", "),
        scenarios.join("\n")
    )
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether every run succeeded.
fn run() -> Result<bool, Box<dyn Error>> {
    let options = match options()? {
        Asked::Run(options) => options,
        Asked::Plot(file) => {
            print!("{}", plot::of(&fs::read_to_string(file)?)?);
            return Ok(true);
        }
        Asked::Help => {
            println!("{}", usage());
            return Ok(true);
        }
    };
    build(&options)?;
    load::process::open_many_files();
    println!("{}\n", machine(&options)?);
    let (mut right, mut measured) = (true, Vec::new());
    for scenario in &options.scenarios {
        let rows = measure::scenario(scenario, &options)?;
        println!("{}", table::of(scenario, &rows));
        right &= rows.iter().flat_map(|row| &row.results).all(|result| !matches!(result, measure::Result::Failed));
        measured.push((*scenario, rows));
    }
    if options.scenarios.len() > 1 {
        println!("{}", table::summary(&measured));
    }
    Ok(right)
}

/// What the command line asks for.
enum Asked {
    Run(Options),
    Plot(PathBuf),
    Help,
}

/// What the command line says.
fn options() -> Result<Asked, Box<dyn Error>> {
    let programs = std::env::current_exe()?.parent().ok_or("this program lies nowhere")?.to_owned();
    let mut options = Options {
        rounds: 7,
        seconds: 3.0,
        warm_up: 1.0,
        minutes: 30.0,
        servers: SERVERS.to_vec(),
        scenarios: SCENARIOS.into_iter().filter(Scenario::is_short).collect(),
        programs,
    };
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("quick") => {
                (options.rounds, options.seconds, options.warm_up, options.minutes) = (1, 1.0, 0.5, 1.0);
            }
            Arg::Long("rounds") => options.rounds = args.value()?.parse()?,
            Arg::Long("seconds") => options.seconds = args.value()?.parse()?,
            Arg::Long("minutes") => options.minutes = args.value()?.parse()?,
            Arg::Long("plot") => return Ok(Asked::Plot(args.value()?.into())),
            Arg::Long("only") => {
                options.servers = named(&args.value()?.string()?, &SERVERS, |server| server.name, FLOOR.name)?;
            }
            Arg::Long("scenario") => {
                options.scenarios = named(&args.value()?.string()?, &SCENARIOS, |scenario| scenario.name, "")?;
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
            other => return Err(format!("{}\n\n{}", other.unexpected(), usage()).into()),
        }
    }
    Ok(Asked::Run(options))
}

/// Those of all that are named, in the order in which they are named.
fn named<T: Copy>(names: &str, all: &[T], name: fn(&T) -> &str, but: &str) -> Result<Vec<T>, String> {
    let find = |asked: &str| {
        let found = all.iter().find(|one| name(one) == asked).copied();
        found.ok_or_else(|| format!("there is no {asked}; --help lists all names"))
    };
    names.split(',').map(str::trim).filter(|asked| *asked != but).map(find).collect()
}

/// Builds what is wanted, with the profile of this program and beside it.
fn build(options: &Options) -> Result<(), Box<dyn Error>> {
    let target = options.programs.parent().ok_or("this program lies nowhere")?;
    if cfg!(debug_assertions) {
        return Err("without optimisation it would measure nothing: cargo run --release".into());
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
    let mut packages = vec!["sockets-load", FLOOR.package];
    packages.extend(options.servers.iter().map(|server| server.package));
    packages.sort_unstable();
    packages.dedup();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--manifest-path"]).arg(manifest).arg("--target-dir").arg(target);
    for package in packages {
        cargo.args(["-p", package]);
    }
    match cargo.status()?.success() {
        true => Ok(()),
        false => Err("the programs cannot be built".into()),
    }
}

/// A line about the machine and the run, to stand above the tables.
fn machine(options: &Options) -> Result<String, Box<dyn Error>> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(':').nth(1));
    let count = info.lines().filter(|line| line.starts_with("processor")).count();
    let (of_server, of_load) = cores::two()?;
    let cores = match of_server == of_load {
        true => "servers and load on one core: what is shown is of little use".into(),
        false => format!("servers on core {of_server}, load on core {of_load}"),
    };
    Ok(format!(
        "{} × {}, Linux {}; {cores}; rounds: {}, of {} s",
        count,
        model.unwrap_or("a processor without a name").trim(),
        kernel.trim(),
        options.rounds,
        options.seconds
    ))
}
