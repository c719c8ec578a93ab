//! How often something may happen.

use crate::canary::{Canary, is_planted};
use crate::time::Time;
use core::time::Duration;

/// So many times a second, and so many at once: a bucket of `burst` tokens that fills by `per_second`.
///
/// ```
/// use lazuli::Rate;
///
/// let rate = Rate { per_second: 10, burst: 20 };
/// # let _ = rate;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// In the long run, at most so many a second. 0 counts as 1.
    pub per_second: u32,
    /// At most so many at once, after a pause. 0 counts as 1.
    pub burst: u32,
}

impl Rate {
    /// As often as one likes.
    pub const UNLIMITED: Rate = Rate { per_second: u32::MAX, burst: u32::MAX };

    /// Nanoseconds until one token has come back.
    fn interval(self) -> u64 {
        1_000_000_000 / u64::from(self.per_second.max(1))
    }

    /// Nanoseconds until an empty bucket is full.
    fn full(self) -> u64 {
        self.interval().saturating_mul(u64::from(self.burst.max(1)))
    }
}

/// What is left of a rate: the moment, in nanoseconds of the hub's time, at which the bucket will be full again. One that
/// was never used is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket(u64);

impl Bucket {
    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Time) -> bool {
        let now = nanos(now);
        let full_at = self.0.max(now).saturating_add(rate.interval());
        let spare = if is_planted(Canary::OneMore) { rate.interval() } else { 0 };
        if full_at - now > rate.full() + spare {
            return false;
        }
        self.0 = full_at;
        true
    }

    /// How long until there is a token.
    pub(crate) fn wait(self, rate: Rate, now: Time) -> Duration {
        let full_at = self.0.saturating_add(rate.interval());
        Duration::from_nanos(full_at.saturating_sub(nanos(now)).saturating_sub(rate.full()))
    }

    /// Whether nothing is missing, so that the bucket need not be kept.
    pub(crate) fn is_full(self, now: Time) -> bool {
        self.0 <= nanos(now)
    }
}

fn nanos(time: Time) -> u64 {
    time.as_micros().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        /// It lets through what a bucket of tokens does, to which one comes back at each interval after the first was taken.
        #[test]
        fn it_is_a_bucket_of_tokens(
            per_second in 1u32..1_000,
            burst in 1u32..20,
            steps in prop::collection::vec(0u64..20_000, 1..300),
        ) {
            let rate = Rate { per_second, burst };
            let (mut bucket, mut now) = (Bucket::default(), 0u64);
            // Taken tokens, and how long the oldest of them has been on its way back.
            let (mut taken, mut since) = (0u64, 0u64);
            for step in steps {
                now += step;
                since += step * 1_000;
                while taken > 0 && since >= rate.interval() {
                    taken -= 1;
                    since -= rate.interval();
                }
                if taken == 0 {
                    since = 0;
                }
                let passes = taken < u64::from(burst);
                taken += u64::from(passes);
                prop_assert_eq!(bucket.take(rate, Time::from_micros(now)), passes);
            }
        }

        /// In no window of time does more pass than the burst and what has come back since.
        #[test]
        fn no_more_passes_than_the_rate(
            per_second in 1u32..1_000,
            burst in 1u32..50,
            steps in prop::collection::vec(0u64..50_000, 1..300),
        ) {
            let rate = Rate { per_second, burst };
            let (mut bucket, mut now, mut passed) = (Bucket::default(), 0, Vec::new());
            for step in steps {
                now += step;
                if bucket.take(rate, Time::from_micros(now)) {
                    passed.push(now);
                }
                prop_assert_eq!(bucket.wait(rate, Time::from_micros(now)).is_zero(), {
                    let mut probe = bucket;
                    probe.take(rate, Time::from_micros(now))
                });
            }
            for (first, from) in passed.iter().enumerate() {
                for (last, to) in passed.iter().enumerate().skip(first) {
                    let allowed = u128::from(burst) + (u128::from(to - from) * 1_000).div_ceil(u128::from(rate.interval()));
                    prop_assert!((last - first + 1) as u128 <= allowed);
                }
            }
        }
    }

    #[test]
    fn a_burst_passes_whole_and_then_one_an_interval() {
        let rate = Rate { per_second: 10, burst: 3 };
        let mut bucket = Bucket::default();
        let mut at = |micros| bucket.take(rate, Time::from_micros(micros));
        assert_eq!([at(0), at(0), at(0), at(0)], [true, true, true, false]);
        assert_eq!([at(99_999), at(100_000), at(100_001)], [false, true, false]);
        assert!((0..3).all(|_| at(10_000_000)) && !at(10_000_000));
    }

    #[test]
    fn without_limit_everything_passes() {
        let mut bucket = Bucket::default();
        assert!((0..1_000).all(|_| bucket.take(Rate::UNLIMITED, Time::ZERO)));
        assert!((0..1_000).all(|_| bucket.take(Rate::UNLIMITED, Time::MAX)));
    }

    #[test]
    fn the_wait_is_exact() {
        let rate = Rate { per_second: 4, burst: 1 };
        let mut bucket = Bucket::default();
        let now = Time::from_micros(1_000);
        assert!(bucket.is_full(now) && bucket.wait(rate, now).is_zero());
        assert!(bucket.take(rate, now) && !bucket.is_full(now));
        assert_eq!(bucket.wait(rate, now), Duration::from_millis(250));
    }
}
