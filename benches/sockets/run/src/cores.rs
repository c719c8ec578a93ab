//! Which program runs on which core.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;

/// The core of the servers and that of the load generator: the first two that this process may use, or one for both where
/// there is but one.
///
/// # Errors
/// When the system does not say.
pub fn two() -> io::Result<(usize, usize)> {
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
    let first = cores.next().unwrap_or(0);
    Ok((first, cores.next().unwrap_or(first)))
}

/// Starts something on a core. What it starts inherits the core from this thread, before its first instruction.
pub fn on_core<T>(core: usize, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only)?;
    let started = start();
    sched_setaffinity(None, &before)?;
    started
}
