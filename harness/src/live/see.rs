//! What is seen of pages and of the server, told to the oracles.

use super::{Browsers, World};
use crate::app::SimEffect;
use crate::app::live::{Called, Id, Seen};
use crate::chronicle::{Entry, Verdict};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};

impl World {
    pub(super) fn on_arrives(&mut self, session: u32, bytes: &[u8]) {
        self.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}: {:.200}", bytes.len(), String::from_utf8_lossy(bytes))
        });
    }

    pub(super) fn on_turned(&mut self, is_last: bool) -> Check {
        for session in std::mem::take(&mut self.crowd.lost) {
            self.crowd.components.lost(session)?;
            self.crowd.pace.gone(session);
        }
        if !is_last {
            return Ok(());
        }
        let (now, late) = (self.now(), self.late());
        let Browsers { pages, pace, browsers, .. } = &mut self.crowd;
        let is_due = |session: u32| {
            let socket = browsers.iter().find_map(|browser| {
                let is_its = browser.socket.as_ref().is_some_and(|socket| socket.session == session);
                browser.page.as_ref().filter(|_| is_its)
            });
            let mut homes = socket.into_iter().flat_map(|page| &page.parts).map(|part| part.home(session));
            homes.any(|home| pages.at(home).is_some_and(|outer| pages.is_due(outer)))
        };
        pace.turned(now, late, is_due)
    }

    /// Shows the oracles what components have written down.
    pub(super) fn on_look(&mut self) -> Check {
        let mut seen = std::mem::take(&mut self.crowd.seen);
        self.crowd.stage.take(&mut seen);
        let result = seen.drain(..).try_for_each(|seen| self.see_component(seen));
        self.crowd.seen = seen;
        result
    }

    fn see_component(&mut self, seen: Seen) -> Check {
        let now = self.now();
        match seen {
            Seen::Made(id) => {
                self.note("made", id, 0);
                self.crowd.pages.made(id);
            }
            Seen::Called { id, what, verdict, version } => {
                self.note("called", id, mix(version, verdict as u64));
                self.net.kernel.step("component", version, || format!("{what:?}: {verdict:?}, version {version}"));
                match verdict {
                    Verdict::Done => {}
                    Verdict::Failed => self.net.kernel.count(Fault::Failed),
                    Verdict::Panicked => self.net.kernel.count(Fault::Panicked),
                }
                self.mark(id, what, verdict);
                self.crowd.components.called(id, what, verdict)?;
                self.crowd.pages.called(id, what, verdict, version);
                match id.home {
                    Some(home) if what == Called::Update => self.crowd.pace.looked(home.session),
                    // One that failed has changed nothing, whatever else waits to be shown.
                    Some(home) if verdict == Verdict::Done && self.crowd.pages.is_due(id.outer) => {
                        self.crowd.pace.changed(now, home.session);
                    }
                    _ => {}
                }
            }
            Seen::Shown { id, version, state } => {
                self.note("shown", id, version);
                let is_changed = self.crowd.pages.is_due(id.outer);
                self.crowd.pages.shown(id, version, state)?;
                if let Some(home) = id.home.filter(|_| id.key.is_none()) {
                    self.crowd.pace.rendered(now, home.session, is_changed);
                }
            }
            Seen::Blown(id) => {
                self.note("blown", id, 0);
                self.crowd.coverage.add(Mark::RenderPanicked, 1);
                let is_first = self.crowd.pages.blown(id.outer);
                if let Some(home) = id.home {
                    self.crowd.pace.blown(home.session);
                }
                self.crowd.components.blown(id, is_first);
            }
        }
        Ok(())
    }

    fn note(&mut self, what: &'static str, id: Id, digest: u64) {
        self.net.kernel.step(what, mix(u64::from(id.number), digest), || format!("{id:?}"));
    }

    fn mark(&mut self, id: Id, what: Called, verdict: Verdict) {
        match (what, verdict) {
            (Called::Update, Verdict::Failed) => self.crowd.coverage.add(Mark::UpdateFailed, 1),
            (Called::Mount, Verdict::Failed | Verdict::Panicked) => self.crowd.coverage.add(Mark::MountFailed, 1),
            (Called::Mount, Verdict::Done) if id.key.is_some() => self.crowd.coverage.add(Mark::Nested, 1),
            (Called::Message | Called::App, _) => self.crowd.coverage.add(Mark::ComponentHeard, 1),
            (Called::Kin, _) => self.crowd.coverage.add(Mark::KinTold, 1),
            (Called::Event(_), Verdict::Panicked) => self.crowd.coverage.add(Mark::ComponentPanicked, 1),
            _ => {}
        }
    }

    pub(super) fn on_sees(&mut self, entry: Entry<SimEffect>) -> Check {
        match entry {
            Entry::Wrote { link, offered, .. } => {
                let session = self.net.links[link].session;
                if self.net.links[link].was_blocked {
                    self.crowd.pace.is_slow(session);
                }
                let visit = &mut self.visits[session as usize];
                visit.own.offered = visit.own.offered.max(offered);
                Ok(())
            }
            Entry::Said { link, text, length } => {
                let (now, session) = (self.now(), self.net.links[link].session);
                let visit = &mut self.visits[session as usize];
                visit.own.largest = visit.own.largest.max(length as usize);
                self.crowd.pace.wrote(now, session, text, length as usize)
            }
            Entry::Broke { link } | Entry::Closed { link } => {
                self.crowd.lost.push(self.net.links[link].session);
                Ok(())
            }
            // The last two are seen in every world.
            Entry::Call(_) | Entry::Effect(_) | Entry::Misuse { .. } | Entry::Fault(_) | Entry::Wrong(_) => Ok(()),
        }
    }

    /// What a page shows has to be what its components are, and it has to have been told everything.
    pub(super) fn compare(&mut self, number: usize) -> Check {
        let browser = &self.crowd.browsers[number];
        let Some((session, socket)) = browser.socket.as_ref().map(|socket| (socket.session, socket)) else {
            return complain(Oracle::Rest, format!("at rest, browser {number} has no socket: {browser:?}"));
        };
        // All that the driver ever held has been written by now.
        let visit = &self.visits[session as usize];
        self.bounds.offered(session, visit.own.offered, visit.own.largest)?;
        self.crowd.components.knows(session)?;
        if let Some(asked) = socket.asked.values().next() {
            return complain(Oracle::Components, format!("at rest, {asked:?} of session {session} was not answered"));
        }
        let Some(page) = &browser.page else {
            return complain(Oracle::Rest, format!("at rest, browser {number} has no page: {browser:?}"));
        };
        for part in &page.parts {
            let home = part.home(session);
            match part.number {
                Some(_) if !part.is_awaited => {
                    self.crowd.coverage.add(Mark::PageCompared, 1);
                    self.crowd.pages.compare(home, &page.dom, part.host)?;
                }
                None if part.is_given_up => {}
                _ => return complain(Oracle::Rest, format!("at rest, {home:?} is not mounted: {part:?}")),
            }
        }
        Ok(())
    }
}
