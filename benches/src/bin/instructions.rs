//! Counts what operations cost: instructions (by valgrind's callgrind) and allocations (by an allocator that counts),
//! and what an idle connection takes. Other than times, these hold on a busy machine.
//!
//! ```text
//! instructions                         everything, as tables
//! instructions broadcast               only what begins so
//! instructions compare FILE            instructions, beside those of the last commit, which are in the file
//! instructions compare FILE --write    the same, and the file has those of now afterwards
//! instructions run NAME N              does the operation N times, and nothing else: what callgrind is given
//! ```

use lazuli_benches::compared::compare;
use lazuli_benches::count::Counting;
use lazuli_benches::counted::{Cost, Failure, costs, run, unknown};
use lazuli_benches::idle::{self, Step};
use lazuli_benches::scenario::{Goal, Scenario, hot};
use std::env;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", name, repeats] => run(name, repeats.parse()?),
        ["compare", file] => compare(Path::new(file), false),
        ["compare", file, "--write"] => compare(Path::new(file), true),
        [] => tables(""),
        [prefix] => tables(prefix),
        _ => {
            Err("usage: instructions [PREFIX], instructions compare FILE [--write], instructions run NAME REPEATS"
                .into())
        }
    }
}

fn tables(prefix: &str) -> Result<(), Failure> {
    let operations: Vec<Scenario> = hot().filter(|scenario| scenario.full_name().starts_with(prefix)).collect();
    let idle = "idle".starts_with(prefix);
    if operations.is_empty() && !idle {
        return Err(unknown(prefix));
    }
    if !operations.is_empty() {
        operation_table(&operations)?;
    }
    if idle {
        // Tables grow by a quarter when they are full: the second size is one just after that.
        for connections in [10_000, 12_036] {
            idle_table(connections);
        }
    }
    Ok(())
}

fn operation_table(scenarios: &[Scenario]) -> Result<(), Failure> {
    let costs = costs(scenarios)?;
    println!("{:<32} {:>14} {:>10} {:>12}  goal", "operation", "instructions", "each", "allocations");
    for (scenario, cost) in scenarios.iter().zip(costs) {
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

fn idle_table(connections: usize) {
    let steps = idle::in_hub(connections);
    println!("{connections} idle connections, one channel and one room each: bytes in the allocator");
    println!("{:<40} {:>8} {:>10} {:>14}", "step", "blocks", "of bytes", "a connection");
    let each = |bytes: i64| bytes as f64 / connections as f64;
    for Step { what, blocks } in &steps {
        for (&size, &count) in blocks.iter().filter(|(_, count)| **count != 0) {
            let bytes = each(size as i64 * count);
            // What is less than half a byte a connection is not the connections'.
            if bytes.abs() >= 0.5 {
                println!("{what:<40} {count:>8} {size:>10} {bytes:>14.1}");
            }
        }
    }
    let total = each(steps.iter().map(Step::bytes).sum());
    let met = if total <= idle::MOST as f64 { "met" } else { "MISSED" };
    println!("{:<60} {total:>14.1}  at most {}: {met}", "in the hub", idle::MOST);
    println!("{:<60} {:>14.1}", "in hub and driver", each(idle::in_driver(connections).bytes()));
    println!();
}
