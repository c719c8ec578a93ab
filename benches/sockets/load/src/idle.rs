//! What connections cost that do nothing.

use crate::fanout::Crowd;
use crate::process::Process;
use crate::{Idle, Settings};
use std::io;
use std::thread::sleep;
use std::time::Duration;

/// So long a server is given to come to rest before its memory is read.
const REST: Duration = Duration::from_millis(500);

/// Opens connections, each in a room of its own, and tells what they cost before and after each has had one message.
///
/// # Errors
/// When a connection cannot be opened or gets no answer, or there is no process to ask.
pub fn run(settings: &Settings) -> io::Result<Idle> {
    let process = settings.process.ok_or(io::Error::other("whose memory? Give the server's process"))?;
    let server = Process(Some(process));
    let settings = Settings { rooms: settings.connections, ..settings.clone() };
    let before = server.memory()?;
    let each = |now: u64| (now as f64 - before as f64) / f64::from(settings.connections);
    let mut crowd = Crowd::open(&settings)?;
    sleep(REST);
    let opened = each(server.memory()?);
    crowd.gather()?;
    sleep(REST);
    Ok(Idle { connections: settings.connections, before, opened, used: each(server.memory()?) })
}
