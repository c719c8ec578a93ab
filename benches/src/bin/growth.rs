//! What an event costs, and what each thing takes, among 1,000, 10,000 and 100,000 of them: tables in Markdown on standard
//! output, and plots in a folder.
//!
//! ```text
//! growth              everything; plots go to docs/plots
//! growth FOLDER       the plots go there
//! growth run NAME N   does an event N times, and nothing else: what callgrind is given
//! ```

use lazuli_benches::count::Counting;
use lazuli_benches::counted::{Cost, Failure, costs, run};
use lazuli_benches::growth::{GROWTH, Growth, SIZES};
use lazuli_benches::memory::{THINGS, Thing};
use lazuli_benches::plot::{Line, Panel, grouped, page};
use std::path::Path;
use std::{env, fs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", name, repeats] => run(name, repeats.parse()?),
        [] => all(Path::new("docs/plots")),
        [folder] => all(Path::new(folder)),
        _ => Err("usage: growth [FOLDER], or: growth run NAME REPEATS".into()),
    }
}

fn all(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let panels = events()?;
    if !panels.is_empty() {
        let title = "Instructions of one event in the hub, by how many there are";
        fs::write(folder.join("growth-instructions.svg"), page(title, &panels))?;
    }
    let title = "Bytes in the hub of one of so many";
    fs::write(folder.join("growth-memory.svg"), page(title, &things()))?;
    Ok(())
}

/// The table of events, and a panel for each thing of which there are more and more; without valgrind none.
fn events() -> Result<Vec<Panel>, Failure> {
    let scenarios: Vec<_> = GROWTH.iter().flat_map(|growth| growth.sizes).collect();
    let costs = costs(&scenarios)?;
    let mut panels: Vec<Panel> = Vec::new();
    let [few, some, many] = SIZES.map(|size| grouped(size as f64));
    println!("| among | event | {few} | {some} | {many} | ratio | allocations |\n|---|---|--:|--:|--:|--:|--:|");
    for (growth, costs) in GROWTH.iter().zip(costs.chunks_exact(SIZES.len())) {
        let instructions: Vec<Option<f64>> = costs
            .iter()
            .zip(growth.sizes)
            .map(|(cost, scenario)| Some(cost.instructions? / share(growth, scenario.receivers)))
            .collect();
        let shown: Vec<String> = instructions.iter().map(|number| number.map_or("–".into(), grouped)).collect();
        let ratio =
            instructions[0].zip(instructions[2]).map_or("–".into(), |(few, many)| format!("{:.2}", many / few));
        let allocations = allocations(growth, costs);
        println!("| {} | {} | {} | {ratio} | {allocations} |", growth.among, growth.event, shown.join(" | "));
        let Some(instructions) = instructions.into_iter().collect::<Option<Vec<f64>>>() else { continue };
        let points = SIZES.iter().map(|&size| size as f64).zip(instructions).collect();
        let line = Line { label: growth.event.into(), points };
        match panels.last_mut().filter(|panel| panel.title == growth.among) {
            Some(panel) => panel.lines.push(line),
            None => panels.push(Panel { title: growth.among.into(), lines: vec![line] }),
        }
    }
    println!();
    Ok(panels)
}

fn share(growth: &Growth, receivers: usize) -> f64 {
    if growth.each { receivers as f64 } else { 1.0 }
}

/// The most at any size.
fn allocations(growth: &Growth, costs: &[Cost]) -> String {
    let each =
        costs.iter().zip(growth.sizes).map(|(cost, scenario)| cost.allocations / share(growth, scenario.receivers));
    format!("{:.1}", each.fold(0.0, f64::max))
}

/// The table of things, and their panels.
fn things() -> Vec<Panel> {
    let [few, some, many] = SIZES.map(|size| grouped(size as f64));
    println!("| one | {few} | {some} | {many} |\n|---|--:|--:|--:|");
    let mut lines: Vec<Line> = Vec::new();
    for Thing { what, bytes } in THINGS {
        let each = SIZES.map(|size| bytes(size) as f64 / size as f64);
        println!("| {what} | {} |", each.map(grouped).join(" | "));
        let points = SIZES.iter().map(|&size| size as f64).zip(each).collect();
        lines.push(Line { label: what.into(), points });
    }
    let rest = lines.split_off(4);
    [("connections, rooms, users", lines), ("timers, subscriptions, presence", rest)]
        .map(|(title, lines)| Panel { title: title.into(), lines })
        .into()
}
