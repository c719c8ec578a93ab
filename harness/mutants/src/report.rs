//! What came of it, as a page.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::list::{Genre, Mutant};
use crate::trial::{Stage, Verdict};
use crate::viable::{Copy, number};

/// How many there are of what.
#[derive(Default, Clone, Copy)]
struct Count {
    all: usize,
    unviable: usize,
    apart: usize,
    caught: [usize; 3],
    timeouts: usize,
    missed: usize,
    unreached: usize,
    open: usize,
}

impl Count {
    fn add(&mut self, fate: Fate) {
        self.all += 1;
        *match fate {
            Fate::Unviable => &mut self.unviable,
            Fate::Apart(_) => &mut self.apart,
            Fate::Tried(Verdict::Caught(stage)) => &mut self.caught[*stage as usize],
            Fate::Tried(Verdict::Timeout(_)) => &mut self.timeouts,
            Fate::Tried(Verdict::Missed) => &mut self.missed,
            Fate::Tried(Verdict::Unreached) => &mut self.unreached,
            Fate::Open => &mut self.open,
        } += 1;
    }

    fn viable(&self) -> usize {
        self.caught() + self.timeouts + self.missed + self.unreached
    }

    fn caught(&self) -> usize {
        self.caught.iter().sum()
    }

    fn row(&self, name: &str) -> String {
        let Count { all, unviable, apart, caught: [core, seeds, harness], timeouts, missed, unreached, .. } = self;
        let share = 100.0 * self.caught() as f64 / self.viable().max(1) as f64;
        let viable = self.viable();
        format!(
            "| {name} | {all} | {unviable} | {apart} | {viable} | {core} | {seeds} | {harness} | {timeouts} | {missed} | {unreached} | {share:.1} % |\n"
        )
    }
}

/// What became of one.
enum Fate<'a> {
    Unviable,
    Apart(&'static str),
    Tried(&'a Verdict),
    Open,
}

/// The page: tables by kind and by folder, then what is left, by file.
pub fn report(mutants: &[Mutant], copy: &Copy, known: &BTreeMap<String, Verdict>) -> String {
    let mut total = Count::default();
    let mut kinds: BTreeMap<Genre, Count> = BTreeMap::new();
    let mut folders: BTreeMap<&str, Count> = BTreeMap::new();
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (at, mutant) in mutants.iter().enumerate() {
        let fate = || match (copy.apart.get(&number(at)), known.get(&mutant.name)) {
            _ if copy.learnt.unviable.contains(&number(at)) => Fate::Unviable,
            (Some(why), _) => Fate::Apart(why),
            (None, Some(verdict)) => Fate::Tried(verdict),
            (None, None) => Fate::Open,
        };
        for count in [&mut total, kinds.entry(mutant.genre).or_default(), folders.entry(folder(mutant)).or_default()] {
            count.add(fate());
        }
        let what = match fate() {
            Fate::Apart(why) => format!("apart ({why})"),
            Fate::Tried(Verdict::Timeout(stage)) => format!("timeout ({stage:?})"),
            Fate::Tried(Verdict::Missed) => "missed".to_owned(),
            Fate::Tried(Verdict::Unreached) => "unreached".to_owned(),
            _ => continue,
        };
        let words = mutant.name.strip_prefix(&*mutant.file).unwrap_or(&mutant.name);
        left.entry(&mutant.file).or_default().push(format!("{what} {}", words.trim_start_matches(':')));
    }
    let mut page = String::from(HEAD);
    kinds.iter().for_each(|(genre, count)| page += &count.row(&format!("{genre:?}")));
    page += &total.row("all");
    page.push('\n');
    page += HEAD;
    folders.iter().for_each(|(folder, count)| page += &count.row(folder));
    if total.open > 0 {
        let _ = writeln!(page, "\n{} are not tried yet.", total.open);
    }
    for (file, lines) in left {
        let _ = writeln!(page, "\n{file}");
        lines.iter().for_each(|line| page += &format!("- {line}\n"));
    }
    page
}

const HEAD: &str = "\
| | mutants | unviable | apart | viable | caught by the core's tests | by seeds | by the harness's tests | timeouts | missed | reached by none | caught |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// The folder in `core/src`, or the file.
fn folder(mutant: &Mutant) -> &str {
    let path = mutant.file.strip_prefix("core/src/").unwrap_or(&mutant.file);
    path.split('/').next().unwrap_or(path)
}

/// How the caught are spread is all that the stages' order decides.
const _: () = assert!(Stage::Core as usize == 0 && Stage::Harness as usize == 2);
