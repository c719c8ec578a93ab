//! Timestamps name the days of the Gregorian calendar, each once and in order.

use lazuli::Timestamp;

const DAY: u64 = 86_400_000_000;

/// The day after, as people count: it knows lengths of months and nothing of numbers of days.
fn next((year, month, day): (u32, u32, u32)) -> (u32, u32, u32) {
    let leap = year % 400 == 0 || year % 4 == 0 && year % 100 != 0;
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match (month, day) {
        (12, 31) => (year + 1, 1, 1),
        _ if day == last => (year, month + 1, 1),
        _ => (year, month, day + 1),
    }
}

#[test]
fn each_day_has_its_date_through_a_whole_cycle_of_leap_years() {
    let mut date = (1970, 1, 1);
    for number in 0..160_000 {
        let (year, month, day) = date;
        date = next(date);
        // Most days are like the one before.
        if day < 28 && date.2 != 2 {
            continue;
        }
        let first = Timestamp::from_unix_micros(number * DAY);
        assert_eq!(first.to_string(), format!("{year}-{month:02}-{day:02}T00:00:00.000Z"));
        let last = Timestamp::from_unix_micros((number + 1) * DAY - 1);
        assert_eq!(last.to_string(), format!("{year}-{month:02}-{day:02}T23:59:59.999Z"));
    }
    assert!(date.0 > 2400);
}
