//! Time as the core knows it: a number that the driver hands in.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// Microseconds since the hub's start.
///
/// The driver maps its own clock to it. Times handed to one hub should not go back; where they do, the hub goes on at
/// the latest time that it has seen.
///
/// ```
/// use core::time::Duration;
/// use lazuli::Time;
///
/// let later = Time::ZERO + Duration::from_millis(5);
/// assert_eq!(later.as_micros(), 5_000);
/// assert_eq!(later.saturating_since(Time::ZERO), Duration::from_millis(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The hub's start.
    pub const ZERO: Time = Time(0);
    /// Later than any time that a clock can reach.
    pub const MAX: Time = Time(u64::MAX);

    /// The time `micros` microseconds after the hub's start.
    pub const fn from_micros(micros: u64) -> Time {
        Time(micros)
    }

    /// Microseconds since the hub's start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How much later this is than `earlier`; zero if it is not.
    pub const fn saturating_since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Saturates at [`Time::MAX`].
    fn add(self, duration: Duration) -> Time {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(micros))
    }
}

/// A moment of the wall clock, shown as RFC 3339 in UTC with milliseconds.
///
/// ```
/// use lazuli::Timestamp;
///
/// assert_eq!(Timestamp::from_unix_micros(0).to_string(), "1970-01-01T00:00:00.000Z");
/// assert_eq!(Timestamp::from_unix_micros(1_709_210_096_789_000).to_string(), "2024-02-29T12:34:56.789Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// The last moment that has a four-digit year, which is what RFC 3339 can say.
const YEAR_9999: u64 = 253_402_300_799_999_999;

impl Timestamp {
    /// The moment `micros` microseconds after the Unix epoch; at most the end of the year 9999.
    pub const fn from_unix_micros(micros: u64) -> Timestamp {
        Timestamp(if micros < YEAR_9999 { micros } else { YEAR_9999 })
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_unix_micros(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000;
        let seconds = millis / 1_000;
        let (year, month, day) = civil(seconds / 86_400);
        let second = seconds % 86_400;
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let (second, milli) = (second % 60, millis % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
fn civil(mut day: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    // Whole cycles of 400 years first, so that at most 400 years are walked.
    let mut year = 1970 + day / 146_097 * 400;
    day %= 146_097;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn shown(seconds: u64) -> alloc::string::String {
        Timestamp::from_unix_micros(seconds * 1_000_000).to_string()
    }

    #[test]
    fn timestamps_know_the_calendar() {
        assert_eq!(shown(951_782_399), "2000-02-28T23:59:59.000Z");
        assert_eq!(shown(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(shown(4_107_542_399), "2100-02-28T23:59:59.000Z");
        assert_eq!(shown(4_107_542_400), "2100-03-01T00:00:00.000Z");
        assert_eq!(shown(1_795_132_800), "2026-11-20T00:00:00.000Z");
        assert_eq!(Timestamp::from_unix_micros(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn adding_saturates() {
        assert_eq!(Time::MAX + Duration::MAX, Time::MAX);
        assert_eq!(Time::ZERO.saturating_since(Time::MAX), Duration::ZERO);
    }
}
