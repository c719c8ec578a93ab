//! The log: lines on standard error.

use lazuli::log::Level;
use std::error::Error;
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends events to standard error: those that `filter` lets through, or else the variable `RUST_LOG`, or else those from
/// info on. Returns the least important ones, so that the hub need not make others.
pub fn start(filter: Option<String>) -> Result<Level, Box<dyn Error>> {
    let filter = filter.or_else(|| std::env::var("RUST_LOG").ok()).unwrap_or_else(|| "info".into());
    let targets: Targets = filter.parse().map_err(|_| {
        format!("{filter:?} is no filter for the log; use a level, or TARGET=LEVEL with commas between")
    })?;
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(targets).with(lines).init();
    Ok(match LevelFilter::current() {
        LevelFilter::TRACE | LevelFilter::DEBUG => Level::Debug,
        LevelFilter::INFO => Level::Info,
        LevelFilter::WARN => Level::Warn,
        _ => Level::Error,
    })
}
