//! A tape: the bytes that decide all that happens in one part of a run.

use crate::part::{Part, play};
use crate::restless::Manner;
use crate::rng::Rng;
use crate::trace::Trace;
use std::fmt;

/// The bytes that decide all that happens in one part of a run. Any bytes are a tape: where they end, faults heal and the world
/// comes to rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Tape {
    part: Part,
    bytes: Vec<u8>,
}

/// What a file with a tape begins with.
const MAGIC: &[u8] = b"lazuli tape\n";

impl Tape {
    /// A tape for this part.
    pub fn new(part: Part, bytes: Vec<u8>) -> Tape {
        Tape { part, bytes }
    }

    /// The tape that a seed fills for this part, as far as it is read.
    ///
    /// ```
    /// use lazuli_harness::{Part, Tape, run_tape};
    ///
    /// let tape = Tape::of_seed(Part::Spark, 7);
    /// assert_eq!(run_tape(&tape).failure, None);
    /// ```
    pub fn of_seed(part: Part, seed: u64) -> Tape {
        Tape::new(part, play(part, Rng::recording(part.seed(seed)), Trace::new(), Manner::CALM).tape)
    }

    /// Any bytes, as a fuzzer has them: the first one says for which part the others are.
    ///
    /// ```
    /// use lazuli_harness::{Part, Tape};
    ///
    /// assert_eq!(Tape::from_raw(&[1, 2, 3]), Tape::new(Part::Spark, vec![2, 3]));
    /// ```
    pub fn from_raw(bytes: &[u8]) -> Tape {
        let (first, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        Tape { part: Part::ALL[usize::from(*first) % Part::ALL.len()], bytes: bytes.to_vec() }
    }

    /// A tape that was written to a file. `None`: the file holds something else.
    ///
    /// ```
    /// use lazuli_harness::{Part, Tape};
    ///
    /// let tape = Tape::new(Part::Pages, vec![1, 2, 3]);
    /// assert_eq!(Tape::from_file(&tape.to_file()), Some(tape));
    /// assert_eq!(Tape::from_file(b"lazuli journal"), None);
    /// ```
    pub fn from_file(file: &[u8]) -> Option<Tape> {
        file.strip_prefix(MAGIC).map(Tape::from_raw)
    }

    /// The content of a file that holds it.
    pub fn to_file(&self) -> Vec<u8> {
        let part = Part::ALL.iter().position(|&part| part == self.part).unwrap_or_default() as u8;
        [MAGIC, &[part], &self.bytes].concat()
    }

    /// Which part it is for.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn rng(&self) -> Rng {
        Rng::from_tape(self.bytes.clone())
    }
}

/// Few will want to read all of it.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({}, {} bytes)", self.part.name(), self.bytes.len())
    }
}
