//! Chance, read off a tape of bytes: what a run does is decided by it and by nothing else.
//!
//! A seed fills its tape from a generator, without end. Whoever has found bytes elsewhere (a fuzzer, a shrinker, a file) gives these,
//! and behind them come zeros, which decide for what is simplest: the smallest number, the first of several, nothing that goes wrong.

/// SplitMix64: the same numbers for the same seed, everywhere.
#[derive(Clone, Debug)]
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[derive(Clone, Debug)]
enum Tape {
    /// Made as it is read, and kept if somebody wants it.
    Seed {
        generator: Generator,
        kept: Option<Vec<u8>>,
    },
    Bytes {
        bytes: Vec<u8>,
        at: usize,
    },
}

/// Draws numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(Tape);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(Tape::Seed { generator: Generator(seed), kept: None })
    }

    /// One that keeps the tape that it makes.
    pub(crate) fn recording(seed: u64) -> Rng {
        Rng(Tape::Seed { generator: Generator(seed), kept: Some(Vec::new()) })
    }

    pub(crate) fn from_tape(bytes: Vec<u8>) -> Rng {
        Rng(Tape::Bytes { bytes, at: 0 })
    }

    /// What was read so far, as far as it is known: a seed's only if it is kept.
    pub(crate) fn into_tape(self) -> Vec<u8> {
        match self.0 {
            Tape::Seed { kept, .. } => kept.unwrap_or_default(),
            Tape::Bytes { mut bytes, at } => {
                bytes.truncate(at);
                bytes
            }
        }
    }

    /// Whether there is no more on the tape: it is time to come to an end.
    pub(crate) fn is_over(&self) -> bool {
        matches!(&self.0, Tape::Bytes { bytes, at } if *at >= bytes.len())
    }

    /// The next bytes of the tape, as a number.
    fn read(&mut self, width: usize) -> u64 {
        match &mut self.0 {
            Tape::Seed { generator, kept } => {
                let number = generator.next() >> (64 - 8 * width);
                if let Some(kept) = kept {
                    kept.extend_from_slice(&number.to_be_bytes()[8 - width..]);
                }
                number
            }
            Tape::Bytes { bytes, at } => {
                let mut number = 0;
                for _ in 0..width {
                    number = number << 8 | bytes.get(*at).copied().map_or(0, u64::from);
                    *at = bytes.len().min(*at + 1);
                }
                number
            }
        }
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.read(8)
    }

    /// Any number of 32 bits.
    pub(crate) fn next_u32(&mut self) -> u32 {
        self.read(4) as u32
    }

    /// A number below `bound`; 0 for a bound of 0. It takes no more of the tape than it takes for all to be about as likely.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let width = match bound {
            0 | 1 => return 0,
            2..=16 => 1,
            17..=4_096 => 2,
            4_097..=0x1000_0000 => 4,
            _ => 8,
        };
        ((u128::from(self.read(width)) * u128::from(bound)) >> (8 * width)) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something happens that happens `permille` times in a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.below(1_000) + u64::from(permille) >= 1_000
    }

    /// One of `from`, which is not empty.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// A place in `weights`, each as often as its weight says; 0 where all are zero.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().map(|&weight| u64::from(weight)).sum());
        for (place, &weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_numbers() {
        let mut rng = Rng::new(7);
        assert_eq!([rng.next(), rng.next()], [0x63cb_e1e4_5932_0dd7, 0x044c_3cd7_f43c_661c]);
    }

    #[test]
    fn a_tape_decides_what_the_seed_did_that_filled_it() {
        let draw = |rng: &mut Rng| {
            let numbers =
                [rng.below(1), rng.below(16), rng.below(300), rng.below(1 << 20), rng.below(1 << 40), rng.next()];
            (numbers, rng.next_u32(), rng.chance(500), *rng.pick(&[1, 2, 3]), rng.weighted(&[3, 0, 4]))
        };
        let mut seed = Rng::recording(42);
        let drawn = draw(&mut seed);
        let tape = seed.into_tape();
        assert_eq!(tape.len(), 1 + 2 + 4 + 8 + 8 + 4 + 2 + 1 + 1);
        let mut again = Rng::from_tape(tape.clone());
        assert_eq!((draw(&mut again), again.is_over()), (drawn, true));
        // Behind the end is what is simplest.
        assert_eq!(draw(&mut again), ([0; 6], 0, false, 1, 0));
        assert_eq!(again.into_tape(), tape);
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u64> = (0..1_000).map(|_| rng.between(3, 6)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&6)));
        assert_eq!((rng.below(0), rng.between(5, 5)), (0, 5));
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::new(2);
        let mut counts = [0; 4];
        for _ in 0..4_000 {
            counts[rng.weighted(&[0, 1, 3, 0])] += 1;
        }
        assert_eq!((counts[0], counts[3]), (0, 0));
        assert!(counts[1] > 800 && counts[2] > 2_700, "{counts:?}");
        assert_eq!(rng.weighted(&[0, 0]), 0);
    }
}
