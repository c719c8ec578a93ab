//! The log: records leave a turn through a bounded channel, so that no log, however slow, holds up the hub.

use lazuli::log::{Level, Record};
use lazuli::{Time, Timestamp};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};

pub(crate) type Log = Box<dyn FnMut(Record) + Send>;

/// So many records may wait to be written; what comes beyond is counted.
const WAITING: usize = 1_024;

/// Starts the thread that hands records to `log`; returns where they go in. The thread ends once that is dropped.
pub(crate) fn start(mut log: Log) -> io::Result<(Log, JoinHandle<()>)> {
    let (sender, records) = sync_channel(WAITING);
    let thread = Builder::new().name("lazuli log".into()).spawn(move || {
        for record in records {
            // A log that panics has nowhere to say so.
            let _ = catch_unwind(AssertUnwindSafe(|| log(record)));
        }
    })?;
    let mut lost = 0u64;
    let input = move |record: Record| {
        if lost > 0 {
            let told = Record::new(record.at, Level::Warn, "log records lost").with_detail(lost.to_string());
            lost = if sender.try_send(told).is_ok() { 0 } else { lost };
        }
        lost += u64::from(sender.try_send(record).is_err());
    };
    Ok((Box::new(input), thread))
}

/// Writes a line for each record to standard error, with the time of the wall clock, which was `start` at the start.
pub(crate) fn to_stderr(start: Timestamp) -> Log {
    Box::new(move |record| {
        let passed = record.at.saturating_since(Time::ZERO).as_micros() as u64;
        let at = Timestamp::from_unix_micros(start.as_unix_micros().saturating_add(passed));
        // In one write, and without a panic where standard error is closed.
        let _ = io::stderr().write_all(format!("{at} {:5} {record}\n", record.level).as_bytes());
    })
}
