//! A script in the simulator: the driver, streams in memory, and a clock that stands still unless somebody waits.

use super::player::{Wire, play};
use super::{Script, ScriptError, Streams};
use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::{App, Config, Hub, Routes, Time};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

/// Plays a script with an application in the simulator, and returns what each client saw.
///
/// # Errors
/// A [`ScriptError`] when the script cannot be played, or the server breaks the protocol.
pub fn run_in_simulator<A: App>(script: &Script, routes: Routes<A>, app: A) -> Result<Streams, ScriptError> {
    let hub = Hub::new(Config::default(), routes, app);
    let driver = Driver::new(hub, Settings::default());
    play(script, &mut Simulated { driver, sockets: Sockets::default(), now: Time::ZERO })
}

struct Simulated<A: App> {
    driver: Driver<A>,
    sockets: Sockets,
    now: Time,
}

/// What the server has written to each link, and whether that was all.
#[derive(Default)]
struct Sockets(BTreeMap<usize, (LinkId, Vec<u8>, bool)>);

impl Sockets {
    fn get(&mut self, link: LinkId) -> Option<&mut (LinkId, Vec<u8>, bool)> {
        self.0.get_mut(&link.index()).filter(|(id, _, _)| *id == link)
    }

    fn end(&mut self, link: LinkId) {
        if let Some((_, _, ended)) = self.get(link) {
            *ended = true;
        }
    }
}

impl<A: App> Io<A> for Sockets {
    fn write(&mut self, link: LinkId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let (_, bytes, _) = self.get(link).ok_or(ErrorKind::NotConnected)?;
        let before = bytes.len();
        slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
        Ok(bytes.len() - before)
    }

    fn end(&mut self, link: LinkId) {
        Sockets::end(self, link);
    }

    fn close(&mut self, link: LinkId) {
        Sockets::end(self, link);
    }
}

/// For so long somebody waits for bytes before giving up.
const PATIENCE: Duration = Duration::from_secs(20);

impl<A: App> Wire for Simulated<A> {
    type Stream = LinkId;

    fn open(&mut self) -> io::Result<LinkId> {
        let link = self.driver.accept(self.now, None).ok_or(ErrorKind::ConnectionRefused)?;
        self.sockets.0.insert(link.index(), (link, Vec::new(), false));
        Ok(link)
    }

    fn send(&mut self, link: &mut LinkId, bytes: &[u8]) -> io::Result<()> {
        self.driver.receive(self.now, *link, bytes);
        self.driver.turn(&mut self.sockets);
        Ok(())
    }

    fn read(&mut self, link: &mut LinkId, out: &mut Vec<u8>) -> io::Result<bool> {
        let patience = self.now + PATIENCE;
        loop {
            let Some((_, bytes, ended)) = self.sockets.get(*link) else { return Ok(false) };
            if !bytes.is_empty() {
                out.append(bytes);
                return Ok(true);
            }
            if *ended {
                self.driver.disconnected(self.now, *link, false);
                self.driver.turn(&mut self.sockets);
                return Ok(false);
            }
            match self.driver.next_timeout() {
                Some(at) if at <= patience => self.now = self.now.max(at),
                _ => return Err(io::Error::new(ErrorKind::TimedOut, "nothing comes")),
            }
            self.driver.timeout(self.now);
            self.driver.turn(&mut self.sockets);
        }
    }
}
