//! Counts what operations cost: instructions (by valgrind's callgrind) and allocations (by an allocator that counts),
//! and what an idle connection takes. Other than times, these hold on a busy machine.
//!
//! ```text
//! instructions                 everything, as tables
//! instructions broadcast       only what begins so
//! instructions run NAME N      does the operation N times, and nothing else: what callgrind is given
//! ```
//!
//! Instructions are those of a run of 2N less those of a run of N, divided by N: what sets the world up cancels out.

use lazuli_benches::count::{Counting, allocations};
use lazuli_benches::idle::{self, Step};
use lazuli_benches::scenario::{BROADCAST, COMPONENTS, DISPATCH, DRIVER, GROWTH, Goal, Scenario, all};
use std::error::Error;
use std::process::{Command, Stdio};
use std::{env, fs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// At most so many bytes may an idle connection take in the hub.
const IDLE_BYTES: i64 = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", name, repeats] => run(name, repeats.parse()?),
        [] => tables(""),
        [prefix] => tables(prefix),
        _ => Err("usage: instructions [PREFIX], or: instructions run NAME REPEATS".into()),
    }
}

fn run(name: &str, repeats: usize) -> Result<(), Box<dyn Error>> {
    let scenario = all().find(|scenario| scenario.full_name() == name).ok_or_else(|| unknown(name))?;
    let mut operation = scenario.make();
    for _ in 0..repeats {
        operation();
    }
    Ok(())
}

fn tables(prefix: &str) -> Result<(), Box<dyn Error>> {
    let chosen = |scenario: &Scenario| scenario.full_name().starts_with(prefix);
    let operations: Vec<Scenario> =
        BROADCAST.into_iter().chain(DISPATCH).chain(DRIVER).chain(COMPONENTS).filter(chosen).collect();
    let growth: Vec<[Scenario; 2]> = GROWTH.into_iter().filter(|[few, _]| chosen(few)).collect();
    let idle = "idle".starts_with(prefix);
    if operations.is_empty() && growth.is_empty() && !idle {
        return Err(unknown(prefix));
    }
    let valgrind = has_valgrind();
    if !valgrind {
        println!("valgrind is not installed: instructions are NOT counted below, allocations and bytes are.");
        println!("(Debian, Ubuntu: apt-get install valgrind)\n");
    }
    if !operations.is_empty() {
        operation_table(&operations, valgrind)?;
    }
    if !growth.is_empty() {
        growth_table(&growth, valgrind)?;
    }
    if idle {
        // Tables double when they are full: the second size is the worst, just after that.
        for connections in [10_000, 16_385] {
            idle_table(connections);
        }
    }
    Ok(())
}

fn operation_table(scenarios: &[Scenario], valgrind: bool) -> Result<(), Box<dyn Error>> {
    println!("{:<32} {:>14} {:>10} {:>12}  goal", "operation", "instructions", "each", "allocations");
    for scenario in scenarios {
        let cost = Cost::of(scenario, valgrind)?;
        let each = cost.instructions.map(|instructions| instructions / scenario.receivers.max(1) as f64);
        println!(
            "{:<32} {:>14} {:>10} {:>12}  {}",
            scenario.full_name(),
            shown(cost.instructions, 0),
            shown(each, 2),
            shown(Some(cost.allocations), 3),
            verdict(&scenario.goal, &cost, each)
        );
    }
    println!();
    Ok(())
}

fn growth_table(pairs: &[[Scenario; 2]], valgrind: bool) -> Result<(), Box<dyn Error>> {
    println!("{:<32} {:>14} {:>14} {:>8}  allocations", "instructions of one event", "1,000", "100,000", "ratio");
    for [few, many] in pairs {
        let (at_few, at_many) = (Cost::of(few, valgrind)?, Cost::of(many, valgrind)?);
        let ratio = at_few.instructions.zip(at_many.instructions).map(|(few, many)| many / few);
        println!(
            "{:<32} {:>14} {:>14} {:>8}  {}, {}",
            few.name,
            shown(at_few.instructions, 0),
            shown(at_many.instructions, 0),
            shown(ratio, 2),
            shown(Some(at_few.allocations), 3),
            shown(Some(at_many.allocations), 3)
        );
    }
    println!();
    Ok(())
}

fn unknown(name: &str) -> Box<dyn Error> {
    let names: Vec<String> = all().map(|scenario| scenario.full_name()).collect();
    format!("no scenario is called {name}; there are idle, {}", names.join(", ")).into()
}

fn shown(number: Option<f64>, digits: usize) -> String {
    number.map_or("-".into(), |number| format!("{number:.digits$}"))
}

fn verdict(goal: &Goal, cost: &Cost, each: Option<f64>) -> String {
    let mut said = Vec::new();
    let mut judge = |what: String, met: Option<bool>| {
        said.push(match met {
            Some(true) => format!("{what}: met"),
            Some(false) => format!("{what}: MISSED"),
            None => what,
        });
    };
    if let Some(most) = goal.instructions {
        judge(format!("at most {most}"), cost.instructions.map(|instructions| instructions <= most as f64));
    }
    if let Some(most) = goal.instructions_each {
        judge(format!("at most {most} each"), each.map(|each| each <= most as f64));
    }
    if goal.no_allocation {
        judge("no allocation".into(), Some(cost.allocations == 0.0));
    }
    said.join(", ")
}

/// What one operation costs.
struct Cost {
    instructions: Option<f64>,
    allocations: f64,
}

impl Cost {
    fn of(scenario: &Scenario, valgrind: bool) -> Result<Cost, Box<dyn Error>> {
        let mut operation = scenario.make();
        let allocations = allocations(|| {
            for _ in 0..scenario.repeats {
                operation();
            }
        });
        drop(operation);
        let instructions = if valgrind {
            let (once, twice) = (count(scenario, scenario.repeats)?, count(scenario, 2 * scenario.repeats)?);
            Some((twice - once) / scenario.repeats as f64)
        } else {
            None
        };
        Ok(Cost { instructions, allocations: allocations as f64 / scenario.repeats as f64 })
    }
}

fn has_valgrind() -> bool {
    let quiet = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// The instructions of a whole run.
fn count(scenario: &Scenario, repeats: usize) -> Result<f64, Box<dyn Error>> {
    let out = env::temp_dir().join(format!("lazuli-instructions-{}", std::process::id()));
    let ran = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        // Callgrind counts a `rep movsb` as one instruction for each byte; glibc's loop over vectors is counted as it is.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=0x40000000:glibc.cpu.x86_rep_stosb_threshold=0x40000000",
        )
        .args(["run", &scenario.full_name(), &repeats.to_string()])
        .output()?;
    let report = fs::read_to_string(&out);
    let _ = fs::remove_file(&out);
    if !ran.status.success() {
        return Err(format!("valgrind failed:\n{}", String::from_utf8_lossy(&ran.stderr)).into());
    }
    let report = report?;
    let totals = report.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind reported no totals")?;
    Ok(totals.trim().parse()?)
}

fn idle_table(connections: usize) {
    let steps = idle::in_hub(connections);
    println!("{connections} idle connections, one channel and one room each: bytes in the allocator");
    println!("{:<40} {:>8} {:>10} {:>8} {:>14}", "step", "blocks", "of bytes", "a place", "a connection");
    let each = |bytes: i64| bytes as f64 / connections as f64;
    for Step { what, blocks } in &steps {
        for (&size, &count) in blocks.iter().filter(|(_, count)| **count != 0) {
            let bytes = each(size as i64 * count);
            // What is less than half a byte a connection is not the connections'.
            if bytes.abs() >= 0.5 {
                // Few blocks for all of them are tables, of so many places.
                let place = if count < 10 { size / connections.next_power_of_two() } else { size };
                println!("{what:<40} {count:>8} {size:>10} {place:>8} {bytes:>14.1}");
            }
        }
    }
    let total = each(steps.iter().map(Step::bytes).sum());
    let met = if total <= IDLE_BYTES as f64 { "met" } else { "MISSED" };
    println!("{:<69} {total:>14.1}  at most {IDLE_BYTES}: {met}", "in the hub");
    println!("{:<69} {:>14.1}", "in hub and driver", each(idle::in_driver(connections).bytes()));
    println!();
}
