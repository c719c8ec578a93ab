//! What browsers do when it is their turn.

use super::World;
use super::browser::Asked;
use crate::app::live::live_room;
use crate::codec::{CLOSE, FIN, PONG, TEXT, close_payload, push_frame};
use crate::coverage::Mark;
use crate::kernel::Event;
use crate::oracle::Check;
use crate::tally::Fault;
use crate::world::{Phase, Talk};
use lazuli::handle::Remote;
use lazuli::{Frame, Kind, Receivers};
use serde_json::{Value, json};

/// What texts of events are cut from: characters of one to four bytes, and what markup would have to escape.
const PROSE: &str = "wörter, слова, 言葉, 🦀 and <b>no markup</b> & \"quotes\" or 'others'; lines\nand\ttabs \u{a0}, ";

/// The names of events, in the order of their weights.
const EVENTS: [&str; 8] = ["act", "nothing", "fail", "charge", "balk", "flash", "close", "sing"];

impl World {
    /// A browser does something: loads a page, opens its socket, says something, or something goes wrong with it.
    pub(super) fn on_act(&mut self, number: usize) -> Check {
        if self.phase == Phase::Leaving {
            return Ok(());
        }
        if self.phase == Phase::Busy {
            if self.operations >= self.crowd.plan.operations {
                self.phase = Phase::Resting;
                return Ok(());
            }
            self.net.kernel.schedule_within(2 * self.crowd.plan.pause, Event::Act(number));
        }
        let browser = &self.crowd.browsers[number];
        match (&browser.page, &browser.socket) {
            (None, _) => {
                if browser.loading.is_none_or(|(session, _)| self.is_over(session)) {
                    self.load(number);
                }
            }
            (Some(_), None) => self.open_socket(number),
            (Some(_), Some(socket)) => {
                let session = socket.session;
                if self.is_over(session) {
                    self.crowd.browsers[number].forget_socket();
                    self.crowd.coverage.add(Mark::CameBack, 1);
                    self.open_socket(number);
                } else if self.phase == Phase::Busy && !self.has_bad_luck(session) && socket_is_open(self, number) {
                    self.do_deed(number)?;
                }
            }
        }
        Ok(())
    }

    /// Something may go wrong with a socket, or with many.
    fn has_bad_luck(&mut self, session: u32) -> bool {
        if self.net.kernel.rng.chance(self.faults.storm) {
            self.storm();
            return true;
        }
        self.misfortune(session)
    }

    /// Many lose their sockets at once.
    fn storm(&mut self) {
        self.net.kernel.count(Fault::Storm);
        for number in 0..self.crowd.browsers.len() {
            if let Some(session) = self.crowd.browsers[number].socket.as_ref().map(|socket| socket.session)
                && !self.is_over(session)
                && !self.is_away(session)
                && self.net.kernel.rng.chance(700)
            {
                self.break_off(session);
            }
        }
    }

    fn do_deed(&mut self, number: usize) -> Check {
        self.operations += 1;
        let deed = self.net.kernel.rng.weighted(&self.crowd.plan.habits.deeds);
        match deed {
            0 => self.say_event(number),
            1 => (0..self.net.kernel.rng.between(2, 8)).for_each(|_| self.say_event(number)),
            2 => self.resync(number),
            3 => self.unmount(number),
            4 => self.mount_again(number),
            5 | 6 => self.mount_foreign(number, deed == 6),
            _ => self.load(number),
        }
        Ok(())
    }

    /// One of a page's components that is mounted.
    fn draw_part(&mut self, number: usize) -> Option<usize> {
        let parts = &self.crowd.browsers[number].page.as_ref()?.parts;
        let at = self.net.kernel.rng.below(parts.len() as u64) as usize;
        parts.get(at)?.number.map(|_| at)
    }

    fn say_event(&mut self, number: usize) {
        let Some(at) = self.draw_part(number) else { return };
        let rng = &mut self.net.kernel.rng;
        let name = EVENTS[rng.weighted(&self.crowd.plan.habits.events)];
        let (what, a, b) = (rng.below(1 << 16), rng.below(1 << 30), rng.below(1 << 30));
        let (start, length) = (rng.below(60) as usize, rng.below(self.crowd.plan.text + 1) as usize);
        let text: String = PROSE.chars().cycle().skip(start).take(length).collect();
        let (is_silent, goes_in) = (rng.chance(self.crowd.plan.habits.silent), rng.chance(600));
        let pick = rng.next();
        let Some(page) = &mut self.crowd.browsers[number].page else { return };
        let part = &mut page.parts[at];
        let inner: Vec<u64> = match &mut part.view {
            Some(view) if goes_in => view.components_mut().into_iter().map(|number| *number).collect(),
            _ => Vec::new(),
        };
        let component = match inner.get((pick % (inner.len() as u64 + 1)) as usize) {
            Some(inner) => *inner,
            None => part.number.map_or(0, u64::from),
        };
        let op = self.crowd.events;
        self.crowd.events += 1;
        self.crowd.components.sent(op, !is_silent);
        let data = json!({ "op": op, "what": what, "a": a, "b": b, "text": text });
        let message = json!({ "type": "component_event", "component_id": component, "event": name, "data": data });
        self.ask(number, message, (!is_silent).then_some(Asked::Event { op }));
    }

    /// Asks for all of a component.
    pub(super) fn resync(&mut self, number: usize) {
        let Some(at) = self.draw_part(number) else { return };
        self.resync_part(number, at);
    }

    pub(super) fn resync_part(&mut self, number: usize, at: usize) {
        let browser = &mut self.crowd.browsers[number];
        let (Some(page), Some(socket)) = (&mut browser.page, &browser.socket) else { return };
        let (part, session) = (&mut page.parts[at], socket.session);
        let Some(component) = part.number else { return };
        part.is_awaited = true;
        self.crowd.pages.asked(part.home(session));
        self.crowd.coverage.add(Mark::Resynced, 1);
        let message = json!({ "type": "component_resync", "component_id": component });
        self.ask(number, message, Some(Asked::Resync { number: component }));
    }

    fn unmount(&mut self, number: usize) {
        let Some(at) = self.draw_part(number) else { return };
        let browser = &mut self.crowd.browsers[number];
        let (Some(page), Some(socket)) = (&mut browser.page, &mut browser.socket) else { return };
        let part = &mut page.parts[at];
        let Some(component) = part.number.take() else { return };
        (part.is_given_up, part.is_awaited) = (true, false);
        socket.left.insert(component);
        let place = part.place;
        let message = json!({ "type": "component_unmount", "component_id": component });
        self.ask(number, message, Some(Asked::Unmount { place }));
    }

    /// Mounts what is not mounted, of what was unmounted, ended or refused.
    fn mount_again(&mut self, number: usize) {
        let Some(page) = &mut self.crowd.browsers[number].page else { return };
        if let Some(part) = page.parts.iter_mut().find(|part| part.is_given_up && part.number.is_none()) {
            part.is_given_up = false;
            self.mount_all(number);
        }
    }

    /// Tries a token that was shown to another browser, or one of its own that was changed.
    fn mount_foreign(&mut self, number: usize, is_own: bool) {
        let rng = &mut self.net.kernel.rng;
        let whose = if is_own { number } else { rng.below(self.crowd.browsers.len() as u64) as usize };
        let is_foreign = self.crowd.browsers[whose].cookie != self.crowd.browsers[number].cookie;
        let Some(part) = self.crowd.browsers[whose].page.as_ref().and_then(|page| page.parts.first()) else { return };
        let mut token = part.token.clone().into_bytes();
        if !is_foreign {
            let at = rng.below(token.len() as u64 - 1) as usize;
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        }
        let token = String::from_utf8(token).unwrap_or_default();
        self.crowd.coverage.add(Mark::ForeignToken, 1);
        let message = json!({ "type": "component_mount", "token": token });
        self.ask(number, message, Some(Asked::Foreign));
    }

    /// Mounts what is there to be mounted.
    pub(super) fn mount_all(&mut self, number: usize) {
        let now = self.now();
        let mut messages = Vec::new();
        let Some(page) = &mut self.crowd.browsers[number].page else { return };
        for part in &mut page.parts {
            if part.view.is_some() && part.number.is_none() && !part.is_asked && !part.is_given_up {
                part.is_asked = true;
                let mut message = json!({ "type": "component_mount", "token": part.token });
                if part.is_patched {
                    message["fresh"] = true.into();
                }
                messages.push((message, Asked::Mount { place: part.place, at: now }));
            }
        }
        messages.into_iter().for_each(|(message, asked)| self.ask(number, message, Some(asked)));
    }

    /// Says something on a browser's socket.
    pub(super) fn ask(&mut self, number: usize, mut message: Value, asked: Option<Asked>) {
        let Some(socket) = &mut self.crowd.browsers[number].socket else { return };
        let session = socket.session;
        if self.visits[session as usize].is_quiet {
            return;
        }
        if let Some(asked) = asked {
            message["ref"] = socket.ask(asked).into();
        }
        let text = message.to_string();
        self.net.kernel.step("say", session.into(), || format!("session {session}: {text:.300}"));
        let mut bytes = Vec::new();
        push_frame(&mut bytes, FIN | TEXT, self.net.kernel.rng.next_u32(), text.as_bytes());
        self.net.send(self.visits[session as usize].link, &bytes);
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, session: u32, payload: &[u8]) {
        if !self.visits[session as usize].is_quiet {
            let mut bytes = Vec::new();
            push_frame(&mut bytes, FIN | PONG, self.net.kernel.rng.next_u32(), payload);
            self.net.send(self.visits[session as usize].link, &bytes);
        }
    }

    /// A browser leaves in order.
    pub(super) fn say_goodbye(&mut self, session: u32) {
        let visit = &mut self.visits[session as usize];
        let link = visit.link;
        if matches!(visit.talk, Talk::Open) && !std::mem::replace(&mut visit.is_quiet, true) {
            let mut bytes = Vec::new();
            let mask = self.net.kernel.rng.next_u32();
            push_frame(&mut bytes, FIN | CLOSE, mask, &close_payload(Some(1001), ""));
            self.net.send(link, &bytes);
        } else {
            self.hang_up(session);
        }
    }

    /// Somebody outside says something in a room.
    pub(super) fn on_act_outside(&mut self) -> Check {
        if self.phase != Phase::Busy {
            return Ok(());
        }
        self.net.kernel.schedule_within(20 * self.crowd.plan.pause, Event::Outside);
        self.outside += 1;
        let room = live_room(self.net.kernel.rng.next());
        let text = format!("outside {}", self.outside);
        self.net.kernel.step("outside", u64::from(self.outside), || format!("{text} in {room}"));
        let frame = Frame::new(Kind::Text, text.as_bytes());
        self.remote(Remote::Command(lazuli::Command::send(Receivers::Rooms(vec![room]), frame)))
    }
}

fn socket_is_open(world: &World, number: usize) -> bool {
    world.crowd.browsers[number]
        .socket
        .as_ref()
        .is_some_and(|socket| socket.is_open && !world.visits[socket.session as usize].is_quiet)
}
