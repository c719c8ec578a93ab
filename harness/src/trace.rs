//! What happened in a run, as numbers that two runs must agree on, and in words for who reads it.

use lazuli::Time;
use std::fmt;

/// One step of a run: when, what, and a digest of everything that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) at: Time,
    pub(crate) what: &'static str,
    pub(crate) digest: u64,
}

/// Takes a step in words.
type Words = Box<dyn FnMut(&str)>;

/// The steps of a run so far.
#[derive(Default)]
pub(crate) struct Trace {
    hash: u64,
    count: usize,
    last: &'static str,
    /// The steps themselves, if another run will be compared with this one.
    kept: Option<Vec<Step>>,
    /// The steps of an earlier run of the same seed.
    before: Option<Vec<Step>>,
    /// The first step that was another one before, by its number, and what it is now.
    differs: Option<(usize, Step)>,
    /// Takes each step in words, if there is a reader.
    words: Option<Words>,
}

impl Trace {
    /// A trace that keeps its steps, for another run to be compared with.
    pub(crate) fn new() -> Trace {
        Trace { kept: Some(Vec::new()), ..Trace::default() }
    }

    /// A trace of which nothing is left but its hash.
    pub(crate) fn hash_only() -> Trace {
        Trace::default()
    }

    /// A trace that compares its steps with those of an earlier run.
    pub(crate) fn against(before: Vec<Step>) -> Trace {
        Trace { before: Some(before), ..Trace::default() }
    }

    /// A trace that is written out in words too.
    pub(crate) fn in_words(words: impl FnMut(&str) + 'static) -> Trace {
        Trace { words: Some(Box::new(words)), ..Trace::default() }
    }

    /// Takes down a step.
    pub(crate) fn step(&mut self, at: Time, what: &'static str, digest: u64, words: impl FnOnce() -> String) {
        let step = Step { at, what, digest };
        self.hash = mix(mix(mix(self.hash, at.as_micros()), bytes(what.as_bytes())), digest);
        if let Some(before) = &self.before
            && self.differs.is_none()
            && before.get(self.count) != Some(&step)
        {
            self.differs = Some((self.count, step));
        }
        if let Some(kept) = &mut self.kept {
            kept.push(step);
        }
        self.count += 1;
        self.last = what;
        if let Some(write) = &mut self.words {
            write(&format!("{} {what} {}", Seconds(at), words()));
        }
    }

    /// The hash of all steps.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// What the last step was.
    pub(crate) fn last(&self) -> &'static str {
        self.last
    }

    /// The steps that were kept, for another run to be compared with.
    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.kept.unwrap_or_default()
    }

    /// The steps of the earlier run.
    pub(crate) fn take_before(&mut self) -> Vec<Step> {
        self.before.take().unwrap_or_default()
    }

    /// What the first step that differs from the earlier run is, in a sentence. At the end of a run, `ended` says so:
    /// steps that the earlier run had beyond it differ too.
    pub(crate) fn difference(&self, ended: bool) -> Option<String> {
        let before = self.before.as_ref()?;
        let missing = (ended && before.len() > self.count).then_some((self.count, None));
        let (number, now) = self.differs.map(|(number, step)| (number, Some(step))).or(missing)?;
        let shown = |step: Option<&Step>| step.map_or("nothing".to_owned(), Step::to_string);
        let (before, now) = (shown(before.get(number)), shown(now.as_ref()));
        Some(format!("step {number} of two runs differs: {before} and then {now}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:016x}", Seconds(self.at), self.what, self.digest)
    }
}

/// A time in seconds, with all of its six decimals.
pub(crate) struct Seconds(pub(crate) Time);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
    }
}

const FACTOR: u64 = 0x517c_c1b7_2722_0a95;

/// Folds a number into a digest.
pub(crate) fn mix(digest: u64, number: u64) -> u64 {
    (digest.rotate_left(5) ^ number).wrapping_mul(FACTOR)
}

/// The digest of bytes, the same on every machine.
pub(crate) fn bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let digest = words.iter().fold(bytes.len() as u64, |digest, word| mix(digest, u64::from_le_bytes(*word)));
    rest.iter().fold(digest, |digest, &byte| mix(digest, byte.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(mut trace: Trace, digests: &[u64]) -> Trace {
        for &digest in digests {
            trace.step(Time::ZERO, "test", digest, String::new);
        }
        trace
    }

    #[test]
    fn the_first_difference_is_named() {
        let before = || trace(Trace::new(), &[1, 2, 3]).into_steps();
        assert_eq!(trace(Trace::against(before()), &[1, 2, 3]).difference(true), None);
        let other = trace(Trace::against(before()), &[1, 5, 3]).difference(false).unwrap();
        assert!(other.starts_with("step 1 of two runs differs: 0.000000 s test 0000000000000002"), "{other}");
        let longer = trace(Trace::against(before()), &[1, 2, 3, 4]).difference(false).unwrap();
        assert!(longer.starts_with("step 3 of two runs differs: nothing and then"), "{longer}");
        let shorter = trace(Trace::against(before()), &[1, 2]);
        assert_eq!(shorter.difference(false), None);
        assert!(shorter.difference(true).unwrap().ends_with("and then nothing"));
    }

    #[test]
    fn digests_tell_bytes_and_lengths_apart() {
        let all: std::collections::BTreeSet<u64> =
            [&b""[..], b"\0", b"\0\0", b"a", b"b", b"12345678", b"12345678\0", b"87654321"].map(bytes).into();
        assert_eq!(all.len(), 8);
    }
}
