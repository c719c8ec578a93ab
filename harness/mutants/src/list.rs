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
