//! The tests, which mutants each of them reaches, and what they find.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::viable::Program;

/// Who finds something, in the order in which they are asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
pub enum Stage {
    /// Tests of the core.
    Core,
    /// Seeds of the simulator.
    Seeds,
    /// Tests of the harness: simulated applications and pages, journals, both transports over real sockets.
    Harness,
}

/// Something that passes, unless a mutant is there that it finds.
#[derive(Clone, Serialize, Deserialize)]
pub struct Test {
    pub stage: Stage,
    program: PathBuf,
    folder: PathBuf,
    /// The test's name in the program, or the seed.
    pub name: String,
    millis: u64,
    /// The mutants that it reaches.
    reached: BTreeSet<usize>,
}

/// What became of a mutant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Verdict {
    Caught(Stage),
    /// It goes on for too long, which is no proof that somebody would notice.
    Timeout(Stage),
    Missed,
    /// No test comes by.
    Unreached,
}

/// Test programs that are about other things, or take minutes for themselves.
const OTHERS: &[&str] = &["attacks", "conformance", "idle_memory", "seeds", "suite"];

/// A test that takes longer is left out.
const LONG: Duration = Duration::from_secs(5);

/// All tests of these programs, and so many seeds, each run once without a mutant to learn what it reaches.
pub fn tests(programs: &[Program], tree: &Path, work: &Path, seeds: u64) -> Result<Vec<Test>, Fault> {
    let file = work.join("tests.json");
    let known: Vec<Test> =
        fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let newest = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let mut known: BTreeMap<(PathBuf, String), Test> = match newest(&file) {
        Some(time) => known.into_iter().filter(|test| newest(&test.program) < Some(time)).map(keyed).collect(),
        None => BTreeMap::new(),
    };
    let mut tests = Vec::new();
    for program in programs.iter().filter(|program| !OTHERS.contains(&&*program.name)) {
        let folder = tree.join(&program.package);
        let (stage, names) = match program.test {
            true if program.package == "core" => (Stage::Core, names(program)?),
            true => (Stage::Harness, names(program)?),
            false if program.name == "lazuli-harness" => {
                (Stage::Seeds, (0..seeds).map(|seed| seed.to_string()).collect())
            }
            false => continue,
        };
        eprintln!("{} {}: {}", program.package, program.name, names.len());
        for name in names {
            if let Some(test) = known.remove(&(program.path.clone(), name.clone())) {
                tests.push(test);
                continue;
            }
            let (program, folder) = (program.path.clone(), folder.clone());
            let mut test = Test { stage, program, folder, name, millis: 0, reached: BTreeSet::new() };
            match test.cover(&work.join("reached")) {
                true => tests.push(test),
                false => eprintln!("left out, for it fails or takes too long without a mutant: {}", test.name),
            }
        }
    }
    fs::write(&file, serde_json::to_vec(&tests)?)?;
    Ok(tests)
}

fn keyed(test: Test) -> ((PathBuf, String), Test) {
    ((test.program.clone(), test.name.clone()), test)
}

/// The names of a program's tests.
fn names(program: &Program) -> Result<Vec<String>, Fault> {
    let out = Command::new(&program.path).args(["--list", "--format=terse"]).output()?;
    let text = String::from_utf8(out.stdout)?;
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// How a run ended.
#[derive(PartialEq)]
enum End {
    Passed,
    Failed,
    Late,
}

impl Test {
    /// Runs without a mutant; whether it passes.
    fn cover(&mut self, file: &Path) -> bool {
        let _ = fs::remove_file(file);
        let begin = Instant::now();
        let end = run(&[self], &[("MUTANT", "cover"), ("MUTANT_REACHED", &file.to_string_lossy())], LONG);
        self.millis = begin.elapsed().as_millis() as u64;
        let reached = fs::read_to_string(file).unwrap_or_default();
        self.reached = reached.lines().filter_map(|line| line.parse().ok()).collect();
        end == End::Passed
    }
}

/// Runs tests of one program in one process.
fn run(tests: &[&Test], variables: &[(&str, &str)], limit: Duration) -> End {
    let mut command = Command::new(&tests[0].program);
    if tests[0].stage == Stage::Seeds {
        command.args(["run", "--seeds", "1", "--start", &tests[0].name]);
    } else {
        command.args(["--exact", "--test-threads=1"]).args(tests.iter().map(|test| &test.name));
    }
    // Laws try the same cases each time, and waste no time on making them small.
    command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1").env("RUST_BACKTRACE", "0");
    command.envs(variables.iter().copied()).current_dir(&tests[0].folder).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(child) => wait(child, limit),
        Err(_) => End::Failed,
    }
}

fn wait(mut child: Child, limit: Duration) -> End {
    let begin = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return End::Passed,
            Ok(Some(_)) | Err(_) => return End::Failed,
            Ok(None) if begin.elapsed() > limit => {
                // With all that it started.
                let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
                let _ = child.wait();
                return End::Late;
            }
            Ok(None) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Which tests to run for a mutant, in groups of one process each; those first that take the least time, and of each stage
/// no more than take `budget` milliseconds together.
fn groups(number: usize, tests: &[Test], budget: u64) -> Vec<Vec<&Test>> {
    let mut groups: BTreeMap<(Stage, &Path, &str), Vec<&Test>> = BTreeMap::new();
    for test in tests.iter().filter(|test| test.reached.contains(&number)) {
        let alone = if test.stage == Stage::Seeds || test.millis > 100 { &*test.name } else { "" };
        groups.entry((test.stage, &test.program, alone)).or_default().push(test);
    }
    let mut groups: Vec<Vec<&Test>> = groups.into_values().collect();
    groups.sort_by_key(|group| (group[0].stage, millis(group)));
    let mut spent = [0; 3];
    groups.retain(|group| {
        let spent = &mut spent[group[0].stage as usize];
        let fits = *spent == 0 || *spent + millis(group) <= budget;
        *spent += millis(group);
        fits
    });
    groups
}

fn millis(group: &[&Test]) -> u64 {
    group.iter().map(|test| test.millis).sum()
}

/// How long the first test takes that reaches a mutant: what is quick to find goes first.
pub fn cost(number: usize, tests: &[Test]) -> u64 {
    groups(number, tests, 0).first().map_or(0, |group| millis(group))
}

/// Runs what reaches a mutant, until something finds it.
pub fn trial(number: usize, tests: &[Test], budget: u64) -> Verdict {
    let groups = groups(number, tests, budget);
    if groups.is_empty() {
        return Verdict::Unreached;
    }
    let there = number.to_string();
    let mut late = None;
    for group in groups {
        let stage = group[0].stage;
        // Tests over sockets wait for answers themselves.
        let least = Duration::from_secs(if stage == Stage::Harness { 30 } else { 5 });
        let limit = least + 10 * Duration::from_millis(millis(&group));
        match run(&group, &[("MUTANT", &there)], limit) {
            End::Passed => {}
            // Sockets and clocks are real there: what fails without the mutant too has not found it.
            _ if stage == Stage::Harness && run(&group, &[], limit) != End::Passed => {}
            End::Failed => return Verdict::Caught(stage),
            // Where one goes on for ever, another may fail.
            End::Late if late.is_none() && one_fails(&there, &group) => return Verdict::Caught(stage),
            End::Late if late.is_some() => break,
            End::Late => late = Some(stage),
        }
    }
    late.map_or(Verdict::Missed, Verdict::Timeout)
}

/// Whether one of the tests fails by itself, before four of them have gone on for too long.
fn one_fails(there: &str, group: &[&Test]) -> bool {
    let mut late = 0;
    group.iter().any(|test| {
        let limit = Duration::from_secs(1) + 10 * Duration::from_millis(test.millis);
        let end = if late < 4 { run(&[test], &[("MUTANT", there)], limit) } else { End::Passed };
        late += u32::from(end == End::Late);
        end == End::Failed
    })
}

/// What is known from before, by a mutant's name.
pub fn known(work: &Path) -> BTreeMap<String, Verdict> {
    let lines = fs::read_to_string(work.join("results.jsonl")).unwrap_or_default();
    lines.lines().filter_map(|line| serde_json::from_str::<(String, Verdict)>(line).ok()).collect()
}

/// Adds to what is known.
pub fn note(work: &Path, name: &str, verdict: &Verdict) -> Result<(), Fault> {
    let mut file = OpenOptions::new().append(true).create(true).open(work.join("results.jsonl"))?;
    Ok(writeln!(file, "{}", serde_json::to_string(&(name, verdict))?)?)
}
