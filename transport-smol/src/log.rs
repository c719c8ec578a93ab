//! The log: records leave a turn through a bounded channel, so that no log, however slow, holds up the hub.

use lazuli::log::{Level, Record};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};
use tracing::dispatcher::with_default;
use tracing::subscriber::NoSubscriber;

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

/// Hands records to `tracing`: to the subscriber of the thread that calls this, or the process's own.
pub(crate) fn to_tracing() -> Log {
    let here = tracing::dispatcher::get_default(Clone::clone);
    // None here: one that is installed later for the whole process is found then.
    let nobody = here.is::<NoSubscriber>();
    Box::new(move |record| if nobody { record.emit() } else { with_default(&here, || record.emit()) })
}
