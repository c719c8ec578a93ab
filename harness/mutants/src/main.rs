//! Mutation testing of the core in one build: `scripts/mutants.sh`, and `docs/mutants.md` for what came of it.
//!
//! cargo-mutants changes one place, builds, and tests, a thousand times over. Here its mutants are all built at once, each
//! behind a number (`plant.rs`), and only tests are run that reach the changed place (`trial.rs`).

mod list;
mod places;
mod plant;
mod report;
#[cfg(test)]
mod tests;
mod trial;
mod viable;

use std::error::Error;
use std::process::ExitCode;

use trial::Verdict;
use viable::number;

/// What ends a run.
type Fault = Box<dyn Error>;

const HELP: &str = "\
Tells which mutants of the core its tests and the simulator catch.

  scripts/mutants.sh [--only TEXT] [--budget S] [--seeds N] [--again]
      Tries those whose name (file:line:column: what is changed) has TEXT in it: with the core's tests, with N seeds (100)
      of the simulator, and with the harness's tests, until one fails; of each of the three with those that take the least
      time, S seconds (60) together. Goes on where an earlier run stopped; --again tries those anew that nothing has
      caught. The page that comes of it is target/mutants/report.md.
";

fn main() -> ExitCode {
    let done = Options::parse(std::env::args().skip(1)).ok_or(HELP.into()).and_then(|options| run(&options));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    only: String,
    seeds: u64,
    budget: u64,
    again: bool,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Option<Options> {
        let mut options = Options { only: String::new(), seeds: 100, budget: 60, again: false };
        while let Some(name) = args.next() {
            match &*name {
                "--only" => options.only = args.next()?,
                "--seeds" => options.seeds = args.next()?.parse().ok()?,
                "--budget" => options.budget = args.next()?.parse().ok()?,
                "--again" => options.again = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

fn run(options: &Options) -> Result<(), Fault> {
    let root = std::env::current_dir()?;
    let work = root.join("target/mutants");
    std::fs::create_dir_all(&work)?;
    let mutants = list::list(&root)?;
    let left_out = list::left_out(&mutants)?;
    let (mut copy, programs) = viable::build(&root, &work, &mutants)?;
    copy.apart.extend(left_out.into_iter().map(|(at, why)| (number(at), why)));
    let tests = trial::tests(&programs, &copy.tree, &work, options.seeds)?;
    let mut known = trial::known(&work);
    let left = |verdict: &Verdict| matches!(verdict, Verdict::Missed | Verdict::Unreached);
    let mut open: Vec<(u64, usize)> = (0..mutants.len())
        .filter(|&at| !copy.learnt.unviable.contains(&number(at)) && !copy.apart.contains_key(&number(at)))
        .filter(|&at| mutants[at].name.contains(&options.only))
        .filter(|&at| known.get(&mutants[at].name).is_none_or(|verdict| options.again && left(verdict)))
        .map(|at| (trial::cost(number(at), &tests), at))
        .collect();
    open.sort_unstable();
    for (done, (_, at)) in open.iter().enumerate() {
        let name = &mutants[*at].name;
        let verdict = trial::trial(number(*at), &tests, 1_000 * options.budget);
        trial::note(&work, name, &verdict)?;
        eprintln!("{}/{} {verdict:?} {name}", done + 1, open.len());
        known.insert(name.clone(), verdict);
    }
    let page = work.join("report.md");
    std::fs::write(&page, report::report(&mutants, &copy, &known))?;
    eprintln!("{}", page.display());
    Ok(())
}
