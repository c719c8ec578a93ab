//! The log: records leave a turn through a bounded channel, so that no log, however slow, holds up the hub.

use lazuli::log::{Level, Record};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use tracing::dispatcher::with_default;
use tracing::subscriber::NoSubscriber;

pub(crate) type LogTo = Box<dyn FnMut(Record) + Send>;

/// So many records may wait to be written.
const WAITING: usize = 1024;

/// Where records go in.
pub(crate) struct Logger {
    least: Level,
    sender: SyncSender<Record>,
    lost: u64,
}

/// Starts the thread that hands records to `log`. It ends with the logger.
pub(crate) fn start(least: Level, mut log: LogTo) -> io::Result<(Logger, JoinHandle<()>)> {
    let (sender, records) = sync_channel(WAITING);
    let thread = Builder::new().name("lazuli log".into()).spawn(move || {
        for record in records {
            // A log that panics has nowhere to say so.
            let _ = catch_unwind(AssertUnwindSafe(|| log(record)));
        }
    })?;
    Ok((Logger { least, sender, lost: 0 }, thread))
}

impl Logger {
    pub(crate) fn log(&mut self, record: Record) {
        if record.level < self.least {
            return;
        }
        if self.lost > 0 {
            let lost = Record::new(record.at, Level::Warn, "log records lost").with_detail(self.lost.to_string());
            if self.sender.try_send(lost).is_ok() {
                self.lost = 0;
            }
        }
        self.lost += u64::from(self.sender.try_send(record).is_err());
    }
}

/// Hands records to `tracing`: to the subscriber of the thread that calls this, or the process's own.
pub(crate) fn to_tracing() -> LogTo {
    let here = tracing::dispatcher::get_default(Clone::clone);
    // None here: one that is installed later for the whole process is found then.
    let nobody = here.is::<NoSubscriber>();
    Box::new(move |record| if nobody { record.emit() } else { with_default(&here, || record.emit()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli::Time;
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_log_that_stands_still_loses_records_and_counts_them() {
        let (resume, stalled) = channel::<()>();
        let (begins, begun) = channel::<()>();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = {
            let seen = seen.clone();
            move |record: Record| {
                let _ = begins.send(());
                let _ = stalled.recv();
                seen.lock().unwrap().push(record);
            }
        };
        let (mut logger, thread) = start(Level::Info, Box::new(log)).unwrap();
        logger.log(Record::new(Time::ZERO, Level::Debug, "below the level"));
        logger.log(Record::new(Time::ZERO, Level::Info, "same"));
        // From here on it takes no other.
        begun.recv().unwrap();
        for _ in 1..2_000 {
            logger.log(Record::new(Time::ZERO, Level::Info, "same"));
        }
        let lost = logger.lost;
        assert_eq!(lost, 2_000 - 1 - WAITING as u64);
        drop(resume);
        while logger.lost > 0 {
            logger.log(Record::new(Time::ZERO, Level::Info, "last"));
            std::thread::yield_now();
        }
        drop(logger);
        thread.join().unwrap();
        let seen = seen.lock().unwrap();
        let told: u64 = seen.iter().filter_map(|record| record.detail.as_ref()?.parse::<u64>().ok()).sum();
        let same = seen.iter().filter(|record| record.what == "same").count() as u64;
        assert!(seen.iter().all(|record| record.what != "below the level"));
        assert_eq!(same + lost, 2_000);
        assert!(told >= lost);
    }

    #[test]
    fn a_log_that_panics_goes_on() {
        let count = Arc::new(Mutex::new(0));
        let log = {
            let count = count.clone();
            move |record: Record| {
                assert_eq!(record.what, "good", "a panic of the test");
                *count.lock().unwrap() += 1;
            }
        };
        let (mut logger, thread) = start(Level::Info, Box::new(log)).unwrap();
        logger.log(Record::new(Time::ZERO, Level::Info, "bad"));
        logger.log(Record::new(Time::ZERO, Level::Info, "good"));
        drop(logger);
        thread.join().unwrap();
        assert_eq!(*count.lock().unwrap(), 1);
    }
}
