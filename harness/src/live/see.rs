//! What is seen of pages and of the server, told to the oracles.

use super::{Browsers, World};
use crate::app::SimEffect;
use crate::app::live::{Called, Id, Seen};
use crate::chronicle::{Entry, Verdict};
use crate::coverage::Mark;
use crate::net::Server;
use crate::oracle::{Check, End, Oracle, complain};
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};
use std::time::Duration;

impl World {
    /// The longest that an end may take after it was decided: what is queued has 5 s, and a close frame has 5 s; each may be put
    /// off by a 64th.
    const LINGER: Duration = Duration::from_millis(10_157);
    /// For an answer that is not written yet: its request may not have come as a whole, which has limits of its own.
    const ANSWER: Duration = Duration::from_secs(3_600);

    pub(super) fn on_arrives(&mut self, session: u32, bytes: &[u8]) {
        let now = self.now();
        self.crowd.told = now;
        if self.is_socket(session) {
            self.crowd.ends.came(session, bytes.len());
        }
        if let Some(heartbeat) = self.crowd.plan.limits.heartbeat.filter(|_| self.is_socket(session)) {
            self.crowd.silence.came(now, session, heartbeat);
        }
        self.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}: {:.200}", bytes.len(), String::from_utf8_lossy(bytes))
        });
    }

    fn is_socket(&self, session: u32) -> bool {
        self.visits[session as usize].own.is_socket
    }

    /// The server learns that a peer is gone.
    pub(super) fn loses(&mut self, link: usize) {
        let session = self.net.links[link].session;
        self.crowd.lost.push(session);
        if self.is_socket(session) {
            self.crowd.ends.lost(session);
        }
    }

    pub(super) fn on_time_came(&mut self) -> Check {
        let (now, late) = (self.now(), self.late());
        let (links, visits) = (&self.net.links, &self.visits);
        self.crowd.silence.handled_by(now, late, |session| {
            let link = &links[visits[session as usize].link];
            // What waits for a socket that takes nothing, and then its close frame, have their time.
            let more = match (link.wire.is_open(), link.blocked) {
                (false, _) => Self::ANSWER,
                (true, true) => Self::LINGER,
                (true, false) => Duration::ZERO,
            };
            // A page that goes is there until the server has heard so: until then it may be closed as silent all the same.
            (link.server == Server::Open && !link.wire.is_over()).then_some(more)
        })
    }

    pub(super) fn on_turned(&mut self, is_last: bool) -> Check {
        for session in std::mem::take(&mut self.crowd.lost) {
            self.crowd.components.lost(session)?;
            self.crowd.pace.gone(session);
        }
        let (links, visits) = (&self.net.links, &self.visits);
        self.crowd.silence.written(|session| !links[visits[session as usize].link].blocked);
        self.crowd.ends.turned();
        if !is_last {
            return Ok(());
        }
        let (now, late) = (self.now(), self.late());
        let Browsers { pages, pace, browsers, coverage, .. } = &mut self.crowd;
        let is_due = |session: u32| {
            let socket = browsers.iter().find_map(|browser| {
                let is_its = browser.socket.as_ref().is_some_and(|socket| socket.session == session);
                browser.page.as_ref().filter(|_| is_its)
            });
            let mut homes = socket.into_iter().flat_map(|page| &page.parts).map(|part| part.home(session));
            homes.any(|home| pages.at(home).is_some_and(|outer| pages.is_due(outer)))
        };
        pace.turned(now, late, is_due)?;
        let [judged, passed_over] = pace.take_judged();
        coverage.add(Mark::PaceJudged, judged);
        coverage.add(Mark::PaceOwed, passed_over);
        Ok(())
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
        if let Some(home) = seen.id().home {
            self.crowd.ends.stirred(home.session);
        }
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
            Seen::Closes(_) => self.crowd.components.closes(),
            Seen::Orders(id, orders) => self.crowd.components.orders(id, &orders),
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
                let (now, owes) = (self.now(), self.net.links[link].owed > 0);
                self.crowd.pace.took(now, session, owes);
                let visit = &mut self.visits[session as usize];
                visit.own.offered = visit.own.offered.max(offered);
                if self.is_socket(session) { self.on_wrote(link) } else { Ok(()) }
            }
            Entry::Said { link, text, length } => {
                let (now, session) = (self.now(), self.net.links[link].session);
                let visit = &mut self.visits[session as usize];
                visit.own.largest = visit.own.largest.max(length as usize);
                self.crowd.pace.wrote(now, session, text, length as usize)
            }
            Entry::Broke { link } => {
                self.loses(link);
                Ok(())
            }
            Entry::Closed { link } => {
                let session = self.net.links[link].session;
                self.crowd.lost.push(session);
                let wire = &self.net.links[link].wire;
                if !self.is_socket(session) || !(wire.is_open() || wire.goodbye().is_some()) {
                    return Ok(());
                }
                let has_left = self.visits[session as usize].is_quiet;
                let end = self.crowd.ends.closed(session, has_left)?;
                self.note_end(session, end);
                Ok(())
            }
            // The last two are seen in every world.
            Entry::Call(_) | Entry::Effect(_) | Entry::Misuse { .. } | Entry::Fault(_) | Entry::Wrong(_) => Ok(()),
        }
    }

    /// Something was written to a Spark socket, maybe its last.
    fn on_wrote(&mut self, link: usize) -> Check {
        let now = self.now();
        let found = &self.net.links[link];
        let (session, visits) = (found.session, &self.visits);
        let Browsers { ends, silence, plan, .. } = &mut self.crowd;
        if found.was_blocked || plan.config.window < 16 << 10 {
            silence.wrote_late(now, session);
        }
        ends.wrote(session, found.owed > 0);
        let Some((code, reason)) = found.wire.goodbye() else { return Ok(()) };
        let has_left = visits[session as usize].is_quiet;
        let end = ends.said(session, code, &reason, has_left, silence)?;
        self.note_end(session, end);
        Ok(())
    }

    fn note_end(&mut self, session: u32, end: Option<End>) {
        let Some(end) = end else { return };
        self.net.kernel.step("socket's end", u64::from(session), || format!("of session {session}: {end:?}"));
        match end {
            End::Own | End::Jumped => {}
            End::Silent => self.crowd.coverage.add(Mark::PageSilent, 1),
            End::Slow => self.crowd.coverage.add(Mark::PageSlow, 1),
            End::Flooded => self.crowd.coverage.add(Mark::PageFlooded, 1),
            End::Untold => self.crowd.coverage.add(Mark::PageUntold, 1),
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
