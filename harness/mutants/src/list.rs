//! The list of mutants that cargo-mutants makes.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Fault;

/// What kind of place is changed, in the words of cargo-mutants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Debug)]
pub enum Genre {
    /// A function returns a value at once.
    FnValue,
    /// Another operator stands between two operands.
    BinaryOperator,
    /// `!` or `-` is gone.
    UnaryOperator,
    /// An arm is gone; another takes what it took.
    MatchArm,
    /// A guard is always or never true.
    MatchArmGuard,
    /// A field has the value of the base instead.
    StructField,
}

/// One change of one place.
#[derive(Deserialize)]
pub struct Mutant {
    /// Where it is and what is changed, in words; no two are the same.
    pub name: String,
    /// The file's path in the tree.
    pub file: String,
    pub genre: Genre,
    pub span: Span,
    /// What stands there instead.
    pub replacement: String,
}

#[derive(Clone, Copy, Deserialize)]
pub struct Span {
    pub start: Position,
    pub end: Position,
}

/// Both count from 1, columns in characters.
#[derive(Clone, Copy, Deserialize)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// All mutants of the core. Its planted bugs are no product code: they are there for the simulator to find.
pub fn list(tree: &Path) -> Result<Vec<Mutant>, Fault> {
    let out = Command::new("cargo")
        .args(["mutants", "--list", "--json", "-p", "lazuli", "--exclude", "core/src/canary.rs"])
        .current_dir(tree)
        .output()?;
    if !out.status.success() {
        return Err(format!("cargo mutants: {}", String::from_utf8_lossy(&out.stderr)).into());
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// What is left out, and why: file, name, reason.
fn excluded() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = include_str!("../excluded.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut parts = line.splitn(3, " -- ");
        [(); 3].map(|()| parts.next().unwrap_or_default())
    })
}

/// The mutants that are left out, by their place in the list, and why.
pub fn left_out(mutants: &[Mutant]) -> Result<Vec<(usize, &'static str)>, Fault> {
    let mut all = Vec::new();
    for [file, name, why] in excluded() {
        let (file, name) = (format!("core/src/{file}"), format!(": {name}"));
        let those =
            mutants.iter().enumerate().filter(|(_, mutant)| mutant.file == file && mutant.name.ends_with(&name));
        let before = all.len();
        all.extend(those.map(|(at, _)| (at, why)));
        if all.len() == before || why.is_empty() {
            return Err(format!("excluded.txt: {file} has no mutant{name}, or there is no reason").into());
        }
    }
    Ok(all)
}
