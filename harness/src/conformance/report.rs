//! What a run of the suite came to.

use std::fmt;
use std::time::Duration;

/// What went wrong in a case, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the client had sent on the connection that failed, the last of it at least.
    pub sent: String,
    /// What should then have come.
    pub expected: String,
    /// What came instead.
    pub seen: String,
}

/// Whether a case holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, and the server served a fresh client afterwards.
    Passed,
    /// It doesn't.
    Failed(Failure),
}

/// One case and its verdict.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The family and the case, as `framing/text-126`.
    pub name: String,
    /// What must hold, in a sentence.
    pub must: String,
    /// Whether it does.
    pub verdict: Verdict,
    /// How long a fresh client took afterwards to connect, open a WebSocket, get an echo and close.
    pub fresh: Duration,
}

/// The results of a run, in the order of the suite.
///
/// Its `Display` form tells each failed case with what was sent, expected and seen, and ends with a
/// line
/// `N passed, N failed`.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One result for each case that was run.
    pub cases: Vec<CaseResult>,
}

impl Report {
    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.cases.len() - self.failed()
    }

    /// How many cases failed.
    pub fn failed(&self) -> usize {
        self.failures().count()
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| case.verdict != Verdict::Passed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            if let Verdict::Failed(Failure { sent, expected, seen }) = &case.verdict {
                writeln!(f, "FAILED {}: {}", case.name, case.must)?;
                writeln!(f, "    sent:     {sent}")?;
                writeln!(f, "    expected: {expected}")?;
                writeln!(f, "    seen:     {seen}")?;
            }
        }
        if let Some(slowest) = self.cases.iter().max_by_key(|case| case.fresh) {
            writeln!(f, "slowest fresh client: {:.0?}, after {}", slowest.fresh, slowest.name)?;
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// The last few things that a client sent or saw.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    /// What it was, and how many times in a row.
    lines: Vec<(String, usize)>,
    dropped: usize,
}

impl Transcript {
    pub(super) fn push(&mut self, line: impl Into<String>) {
        let line = line.into();
        if let Some((_, times)) = self.lines.last_mut().filter(|(last, _)| *last == line) {
            *times += 1;
            return;
        }
        if self.lines.len() == 8 {
            self.lines.remove(0);
            self.dropped += 1;
        }
        self.lines.push((line, 1));
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lines.is_empty() {
            return f.write_str("nothing");
        }
        if self.dropped > 0 {
            write!(f, "({} earlier) …; ", self.dropped)?;
        }
        for (n, (line, times)) in self.lines.iter().enumerate() {
            f.write_str(if n > 0 { "; " } else { "" })?;
            f.write_str(line)?;
            if *times > 1 {
                write!(f, " ({times} times)")?;
            }
        }
        Ok(())
    }
}
