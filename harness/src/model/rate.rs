//! Rates, as they are documented: so many a second, and so many at once.

use lazuli::{Rate, Time};

/// A bucket of tokens. It counts millionths of a token, of which each microsecond brings as many as the rate says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    missing: u64,
    since: Time,
}

/// A whole token.
const TOKEN: u64 = 1_000_000;

impl Bucket {
    fn fill(&mut self, rate: Rate, now: Time) {
        let micros = now.saturating_since(self.since).as_micros() as u64;
        self.missing = self.missing.saturating_sub(micros.saturating_mul(rate.per_second.max(1).into()));
        self.since = now;
    }

    /// Whether a whole token is there.
    pub(super) fn has(&mut self, rate: Rate, now: Time) -> bool {
        self.fill(rate, now);
        self.missing + TOKEN <= u64::from(rate.burst.max(1)) * TOKEN
    }

    /// Takes a token, if one is there.
    pub(super) fn take(&mut self, rate: Rate, now: Time) -> bool {
        let there = self.has(rate, now);
        self.missing += if there { TOKEN } else { 0 };
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_at_once_and_then_one_at_a_time() {
        let (rate, mut bucket) = (Rate { per_second: 2, burst: 3 }, Bucket::default());
        let mut take = |millis: u64| bucket.take(rate, Time::from_micros(1_000 * millis));
        assert_eq!([take(0), take(0), take(0), take(0)], [true, true, true, false]);
        assert_eq!([take(499), take(500), take(500), take(999)], [false, true, false, false]);
        assert_eq!([take(1_000), take(9_000), take(9_000), take(9_000), take(9_000)], [true, true, true, true, false]);
    }
}
