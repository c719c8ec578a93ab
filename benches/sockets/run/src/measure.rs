//! Rounds: the floor, a few servers, the floor again, and so on. A machine's speed drifts, so each server is compared with
//! the floor as it was just before and just after it.

use crate::Options;
use crate::cores::{on_core, two};
use crate::scenarios::{Load, Scenario};
use crate::servers::{FLOOR, Server};
use load::churn::Churned;
use load::{Idle, Report};
use serde::de::DeserializeOwned;
use std::io;
use std::process::{Command, Stdio};

/// So many servers run between two runs of the floor.
const BETWEEN_FLOORS: usize = 3;

/// What a run showed.
#[derive(Clone, Debug)]
pub enum Result {
    /// Messages.
    Work(Report),
    /// Memory.
    Idle(Idle),
    /// Memory over a long time.
    Churn(Churned),
    /// The server was wrong, or did not start; what there is to say about it was said.
    Failed,
}

/// All runs of one server.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub server: Server,
    /// What its runs showed.
    pub results: Vec<Result>,
    /// What each did, as a multiple of the floor's.
    pub ratios: Vec<f64>,
}

/// Runs a scenario, all rounds; the first row is the floor's.
///
/// # Errors
/// When the machine is asked for something that it has not.
pub fn scenario(scenario: &Scenario, options: &Options) -> io::Result<Vec<Row>> {
    let row = |&server| Row { server, results: Vec::new(), ratios: Vec::new() };
    if scenario.load == Load::Churn {
        let mut rows: Vec<Row> = options.servers.iter().map(row).collect();
        for row in &mut rows {
            row.results.push(one(&row.server, scenario, options, 1)?);
        }
        return Ok(rows);
    }
    let mut rows: Vec<Row> = [FLOOR].iter().chain(&options.servers).map(row).collect();
    for round in 1..=options.rounds {
        let mut before = one(&FLOOR, scenario, options, round)?;
        rows[0].results.push(before.clone());
        for first in (1..rows.len()).step_by(BETWEEN_FLOORS) {
            let group = first..rows.len().min(first + BETWEEN_FLOORS);
            for row in &mut rows[group.clone()] {
                row.results.push(one(&row.server, scenario, options, round)?);
            }
            // Memory does not drift.
            if scenario.load == Load::Idle {
                continue;
            }
            let after = one(&FLOOR, scenario, options, round)?;
            let floor = speed(&before).zip(speed(&after)).map(|(before, after)| (before + after) / 2.0);
            for row in &mut rows[group] {
                let speed = row.results.last().and_then(speed);
                row.ratios.extend(speed.zip(floor).map(|(speed, floor)| speed / floor));
            }
            rows[0].results.push(after.clone());
            before = after;
        }
    }
    Ok(rows)
}

/// Deliveries in a second of the server's time.
pub fn speed(result: &Result) -> Option<f64> {
    match result {
        Result::Work(report) => report.per_cpu_second,
        _ => None,
    }
}

/// Starts a server, puts load on it, and stops it.
fn one(server: &Server, scenario: &Scenario, options: &Options, round: u32) -> io::Result<Result> {
    let (of_server, of_load) = two()?;
    eprint!("{}, round {round} of {}: {} ... ", scenario.name, options.rounds, server.name);
    let running = match server.start(&options.programs, of_server) {
        Ok(running) => running,
        Err(error) => {
            eprintln!("{error}");
            return Ok(Result::Failed);
        }
    };
    let mut command = Command::new(options.programs.join("load"));
    command.args(scenario.args()).args(server.load).args(["--addr", &running.addr, "--pid", &running.id().to_string()]);
    command.args(["--seconds", &options.seconds.to_string(), "--warm-up", &options.warm_up.to_string()]);
    if scenario.load == Load::Churn {
        let samples = options.programs.join(format!("churn-{}.tsv", server.name));
        eprint!("samples in {} ... ", samples.display());
        command.args(["--minutes", &options.minutes.to_string(), "--samples"]).arg(samples);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = on_core(of_load, || command.spawn())?.wait_with_output()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim());
        return Ok(Result::Failed);
    }
    let result = match scenario.load {
        Load::Idle => Result::Idle(parsed(&output.stdout)?),
        Load::Churn => Result::Churn(parsed(&output.stdout)?),
        _ => Result::Work(parsed(&output.stdout)?),
    };
    match &result {
        Result::Work(report) => eprintln!("{:.0} a CPU second", report.per_cpu_second.unwrap_or_default()),
        Result::Idle(idle) => eprintln!("{:.0} bytes", idle.used),
        Result::Churn(churned) => eprintln!("{:.0} bytes", churned.end),
        Result::Failed => {}
    }
    Ok(result)
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> io::Result<T> {
    serde_json::from_slice(line).map_err(|error| io::Error::other(format!("the load generator says nothing: {error}")))
}
