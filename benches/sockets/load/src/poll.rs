//! Waiting for sockets that have something to read.

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Sockets by number.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    /// None yet.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn new() -> io::Result<Poll> {
        Ok(Poll { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, events: Vec::with_capacity(1_024) })
    }

    /// Looks after a socket from now on.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn add(&self, stream: &TcpStream, number: u32) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, stream, epoll::EventData::new_u64(number.into()), epoll::EventFlags::IN)?)
    }

    /// Does not look after it any more; where it has ended, it would be ready for ever.
    pub fn remove(&self, stream: &TcpStream) {
        // One that is not there need not be removed.
        let _ = epoll::delete(&self.epoll, stream);
    }

    /// Waits until some can be read, but not beyond `until`, and not longer than `most`. Their numbers.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn wait(&mut self, until: Instant, most: Duration, ready: &mut Vec<u32>) -> io::Result<()> {
        let wait = until.saturating_duration_since(Instant::now()).min(most);
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.clear();
        ready.extend(self.events.iter().map(|event| event.data.u64() as u32));
        Ok(())
    }
}
