//! Counts what a scenario costs: instructions by valgrind's callgrind, allocations by [`Counting`](crate::count::Counting).
//!
//! A program that counts runs itself under valgrind, as `PROGRAM run NAME REPEATS`, and has to answer to that with [`run`].

use crate::count::allocations;
use crate::scenario::{Operation, Scenario, all};
use std::error::Error;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

/// Why something was not counted.
pub type Failure = Box<dyn Error + Send + Sync>;

/// What one operation costs.
pub struct Cost {
    /// Instructions; `None` where there is no valgrind.
    pub instructions: Option<f64>,
    /// Allocations.
    pub allocations: f64,
}

/// Does the operation of a scenario `repeats` times, and nothing else: what callgrind is given.
///
/// # Errors
/// When no scenario has this name.
pub fn run(name: &str, repeats: usize) -> Result<(), Failure> {
    let scenario = all().find(|scenario| scenario.full_name() == name).ok_or_else(|| unknown(name))?;
    measured(&mut scenario.make(), repeats);
    Ok(())
}

/// What callgrind counts: it knows this function by its name, and counts while it runs.
#[inline(never)]
pub fn measured(operation: &mut Operation, repeats: usize) {
    for _ in 0..repeats {
        operation();
    }
}

/// Says that no scenario is called so.
pub fn unknown(name: &str) -> Failure {
    let names: Vec<String> = all().map(|scenario| scenario.full_name()).collect();
    format!("no scenario is called {name}; there are idle, {}", names.join(", ")).into()
}

/// Whether valgrind is there.
pub fn has_valgrind() -> bool {
    let quiet = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// What each scenario costs, in their order. Without valgrind it says so, and counts allocations alone.
///
/// # Errors
/// When valgrind is there and fails.
pub fn costs(scenarios: &[Scenario]) -> Result<Vec<Cost>, Failure> {
    let instructions: Vec<Option<f64>> = if has_valgrind() {
        instructions(scenarios)?.into_iter().map(Some).collect()
    } else {
        println!("valgrind is not installed: instructions are NOT counted below, allocations and bytes are.");
        println!("(Debian, Ubuntu: apt-get install valgrind)\n");
        vec![None; scenarios.len()]
    };
    let counted = scenarios.iter().zip(instructions);
    Ok(counted.map(|(scenario, instructions)| Cost { instructions, allocations: allocated(scenario) }).collect())
}

fn allocated(scenario: &Scenario) -> f64 {
    let mut operation = scenario.make();
    allocations(|| measured(&mut operation, scenario.repeats)) as f64 / scenario.repeats as f64
}

/// The instructions of one operation of each scenario, in their order; as many are counted at once as there are
/// processors, which changes no count.
///
/// # Errors
/// When valgrind is not there, or fails.
pub fn instructions(scenarios: &[Scenario]) -> Result<Vec<f64>, Failure> {
    let (next, at_once) = (AtomicUsize::new(0), thread::available_parallelism().map_or(1, NonZero::get));
    let some = || -> Result<Vec<(usize, f64)>, Failure> {
        let mut counted = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(scenario) = scenarios.get(place) else { return Ok(counted) };
            counted.push((place, count(scenario, place)?));
        }
    };
    let mut counted = thread::scope(|scope| -> Result<Vec<(usize, f64)>, Failure> {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(some)).collect();
        let mut counted = Vec::new();
        for thread in threads {
            counted.extend(thread.join().map_err(|_| "a thread that counts panicked")??);
        }
        Ok(counted)
    })?;
    counted.sort_unstable_by_key(|&(place, _)| place);
    Ok(counted.into_iter().map(|(_, instructions)| instructions).collect())
}

fn count(scenario: &Scenario, place: usize) -> Result<f64, Failure> {
    let out: PathBuf = env::temp_dir().join(format!("lazuli-instructions-{}-{place}", std::process::id()));
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*counted::measured*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        // Callgrind counts a `rep movsb` as one instruction for each byte; glibc's loop over vectors is counted as it is.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=0x40000000:glibc.cpu.x86_rep_stosb_threshold=0x40000000",
        )
        .args(["run", &scenario.full_name(), &scenario.repeats.to_string()])
        .output()?;
    let report = fs::read_to_string(&out);
    let _ = fs::remove_file(&out);
    if !ran.status.success() {
        return Err(format!("valgrind failed:\n{}", String::from_utf8_lossy(&ran.stderr)).into());
    }
    let report = report?;
    let totals = report.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind reported no totals")?;
    let total: f64 = totals.trim().parse()?;
    if total < scenario.repeats as f64 {
        return Err(format!(
            "callgrind counted {total} instructions in {}: it did not find them",
            scenario.full_name()
        )
        .into());
    }
    Ok(total / scenario.repeats as f64)
}
