//! What the system knows of a process.

use std::fs;
use std::io;
use std::time::Duration;

/// A process by its id; `None` is this one.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub Option<u32>);

impl Process {
    fn read(self, file: &str) -> io::Result<String> {
        let id = self.0.map_or("self".into(), |id| id.to_string());
        fs::read_to_string(format!("/proc/{id}/{file}"))
            .map_err(|error| io::Error::new(error.kind(), format!("process {id}: {error}")))
    }

    /// The processor's time that all its threads have used, in user mode and in the kernel.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn cpu(self) -> io::Result<Duration> {
        let stat = self.read("stat")?;
        // The name, in brackets, may hold spaces; what follows does not.
        let ticks: u64 = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The memory that it has in use, in bytes.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn memory(self) -> io::Result<u64> {
        // `statm` is cheaper, but counts in batches.
        let rollup = self.read("smaps_rollup")?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes << 10).ok_or(io::Error::other("smaps_rollup has no Rss"))
    }

    /// How many files and sockets it has open.
    ///
    /// # Errors
    /// When there is no such process, or it is another user's.
    pub fn descriptors(self) -> io::Result<u64> {
        let id = self.0.map_or("self".into(), |id| id.to_string());
        Ok(fs::read_dir(format!("/proc/{id}/fd"))?.count() as u64)
    }
}

/// For so long this process, which has but one thread, could have run and had no core to run on.
///
/// # Errors
/// When the system does not say.
pub fn waited() -> io::Result<Duration> {
    let stat = Process(None).read("schedstat")?;
    let nanos = stat.split_whitespace().nth(1).and_then(|field| field.parse().ok());
    nanos.map(Duration::from_nanos).ok_or(io::Error::other("schedstat has no time of waiting"))
}

/// Lets this process and those that it starts open as many files as the system allows.
pub fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, opening that many connections says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn this_process_uses_time_and_memory() {
        let this = Process(None);
        let (before, began) = (this.cpu().unwrap(), Instant::now());
        while this.cpu().unwrap() == before {
            assert!(began.elapsed() < Duration::from_secs(60), "a minute of work, and no time used");
        }
        let before = this.memory().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(this.memory().unwrap() >= before + (60 << 20));
        assert_eq!(std::hint::black_box(&held).len(), 64 << 20);
    }
}
