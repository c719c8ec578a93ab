//! Instructions of now beside those of the last commit. A difference is shown, and fails nothing.

use crate::counted::{Failure, instructions};
use crate::scenario::{Scenario, hot};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Counts what is hot, prints it beside what the file has, and writes the file anew if it is told to.
///
/// # Errors
/// When the counting does not work, or the file cannot be written or is not what this writes.
pub fn compare(file: &Path, write: bool) -> Result<(), Failure> {
    let before = match fs::read_to_string(file) {
        Ok(text) => Known::parse(&text)?,
        Err(_) => Known::default(),
    };
    let scenarios: Vec<Scenario> = hot().collect();
    let counts = instructions(&scenarios)?.into_iter().map(f64::round);
    let counts: Vec<(String, f64)> = scenarios.iter().map(Scenario::full_name).zip(counts).collect();
    let made_with = made_with();
    print!("{}", table(&before, &made_with, &counts));
    if write {
        fs::write(file, file_of(&made_with, &counts))?;
        println!("{} has these now.", file.display());
    }
    Ok(())
}

/// What a file has.
#[derive(Debug, Default, PartialEq)]
struct Known {
    made_with: String,
    counts: BTreeMap<String, f64>,
}

const MADE_WITH: &str = "# made with\t";

impl Known {
    fn parse(text: &str) -> Result<Known, Failure> {
        let mut known = Known::default();
        for line in text.lines() {
            if let Some(made_with) = line.strip_prefix(MADE_WITH) {
                known.made_with = made_with.into();
            } else if !line.starts_with('#') {
                let (name, count) = line.split_once('\t').ok_or_else(|| format!("no count in the line: {line}"))?;
                known.counts.insert(name.into(), count.parse()?);
            }
        }
        Ok(known)
    }
}

fn file_of(made_with: &str, counts: &[(String, f64)]) -> String {
    let mut text =
        format!("# instructions of one operation; scripts/instructions.sh --write\n{MADE_WITH}{made_with}\n");
    for (name, count) in counts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}\t{count}");
    }
    text
}

fn table(before: &Known, made_with: &str, counts: &[(String, f64)]) -> String {
    let mut text = format!("{:<32} {:>14} {:>14} {:>9}\n", "instructions of", "last commit", "now", "change");
    for (name, now) in counts {
        let (last, change) = match before.counts.get(name) {
            Some(last) if last == now => (format!("{last}"), "same".into()),
            Some(last) => (format!("{last}"), format!("{:+.2} %", 100.0 * (now - last) / last)),
            None => ("-".into(), "new".into()),
        };
        let _ = writeln!(text, "{name:<32} {last:>14} {now:>14} {change:>9}");
    }
    for name in before.counts.keys().filter(|name| counts.iter().all(|(counted, _)| counted != *name)) {
        let _ = writeln!(text, "{name:<32} is not counted any more");
    }
    if before.made_with != made_with {
        let _ = writeln!(
            text,
            "The last commit's were counted with other tools, which is a difference by itself:\n  last commit: {}\n  now:         {made_with}",
            if before.made_with.is_empty() { "unknown" } else { &before.made_with }
        );
    }
    text
}

/// What decides the counts besides the code: the compiler, and the C library, whose `memcpy` is counted too.
fn made_with() -> String {
    let first_line = |program: &str, argument: &str| {
        let said = Command::new(program).arg(argument).output().ok().filter(|said| said.status.success());
        let said = said.and_then(|said| String::from_utf8(said.stdout).ok());
        said.and_then(|said| said.lines().next().map(String::from)).unwrap_or_else(|| format!("unknown {program}"))
    };
    let system = first_line("getconf", "GNU_LIBC_VERSION");
    format!("{}, {system}, {}", first_line("rustc", "-V"), env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Vec<(String, f64)> {
        vec![("same/1".into(), 10.0), ("more/1".into(), 11.0), ("new/1".into(), 3.0)]
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let known = Known::parse(&file_of("a compiler", &counts())).unwrap();
        assert_eq!(known, Known { made_with: "a compiler".into(), counts: counts().into_iter().collect() });
        assert!(Known::parse("what is this").is_err());
    }

    #[test]
    fn a_table_says_what_changed() {
        let text = "# made with\ta compiler\nsame/1\t10\nmore/1\t10\nold/1\t5\n";
        let before = Known::parse(text).unwrap();
        let table = table(&before, "a compiler", &counts());
        let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_string();
        assert!(line("same/1").ends_with(" same"), "{table}");
        assert!(line("more/1").ends_with(" +10.00 %"), "{table}");
        assert!(line("new/1").ends_with(" new"), "{table}");
        assert!(line("old/1").ends_with("is not counted any more"), "{table}");
        assert!(!table.contains("other tools"), "{table}");
    }

    #[test]
    fn a_table_says_that_the_compiler_is_another_one() {
        let before = Known::parse("# made with\ta compiler\nsame/1\t10\n").unwrap();
        let table = table(&before, "another", &counts());
        assert!(table.contains("last commit: a compiler\n  now:         another"), "{table}");
    }
}
