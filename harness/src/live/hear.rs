//! What browsers read: answers, frames, and the ends of both.

use super::World;
use super::browser::{Asked, Session};
use crate::codec::{Answer, Incoming};
use crate::kernel::Event;
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use crate::world::{Phase, Talk};
use serde_json::{Value, json};

impl World {
    pub(super) fn on_answered(&mut self, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        let Session { browser: number, is_socket, .. } = self.visits[session as usize].own;
        match (is_socket, answer.status) {
            (true, 101) => {
                let visit = &mut self.visits[session as usize];
                visit.talk = Talk::Open;
                visit.frames.feed(rest);
                let socket = self.crowd.browsers[number].socket.as_mut().filter(|socket| socket.session == session);
                if let Some(socket) = socket {
                    socket.is_open = true;
                    self.hydrate(number)?;
                }
                Ok(())
            }
            (false, 200) => {
                if let Some(cookie) = answer
                    .headers
                    .get("set-cookie")
                    .and_then(|cookie| cookie.strip_prefix("lazuli_session=").and_then(|rest| rest.split(';').next()))
                {
                    self.crowd.browsers[number].cookie = Some(cookie.to_owned());
                }
                let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
                self.visits[session as usize].talk = Talk::Reading { length, body: rest.to_vec() };
                self.read_page(session)
            }
            // The clock has jumped while the request was on its way.
            (_, 408) if self.net.kernel.tally.get(Fault::Jump) > 0 => {
                let visit = &mut self.visits[session as usize];
                visit.talk = Talk::Over;
                self.net.finish(visit.link);
                self.wake(session);
                Ok(())
            }
            _ => complain(Oracle::Delivery, format!("session {session} of a page was answered {answer:?}")),
        }
    }

    /// Takes the page, if it is complete.
    pub(super) fn read_page(&mut self, session: u32) -> Check {
        let visit = &mut self.visits[session as usize];
        let Talk::Reading { length: Some(length), body } = &mut visit.talk else { return Ok(()) };
        if body.len() < *length {
            return Ok(());
        }
        let body = std::mem::take(body);
        visit.talk = Talk::Over;
        let link = visit.link;
        self.net.finish(link);
        self.page_came(session, &body)?;
        self.wake(session);
        Ok(())
    }

    pub(super) fn on_heard(&mut self, session: u32, incoming: Incoming<'_>) -> Check {
        match incoming {
            Incoming::Text(text) => match serde_json::from_str(text) {
                Ok(frame) => self.hear_frame(session, frame),
                Err(error) => complain(Oracle::Delivery, format!("{text:.80} is no JSON: {error}")),
            },
            Incoming::Ping(bytes) => {
                self.pong(session, bytes);
                Ok(())
            }
            Incoming::Close(..) => {
                self.say_goodbye(session);
                Ok(())
            }
            Incoming::Binary(_) | Incoming::Pong(_) => {
                complain(Oracle::Delivery, format!("a page got {incoming:.80?}"))
            }
        }
    }

    /// A frame comes in: at once if it is a template, or else after what waits for one.
    fn hear_frame(&mut self, session: u32, frame: Value) -> Check {
        let number = self.visits[session as usize].own.browser;
        let browser = &mut self.crowd.browsers[number];
        let Some(socket) = browser.socket.as_mut().filter(|socket| socket.session == session) else { return Ok(()) };
        let reference = frame["ref"].as_u64().and_then(|number| u32::try_from(number).ok());
        let asked = reference.and_then(|reference| socket.asked.get(&reference));
        if let Some(Asked::Template(name)) = asked.filter(|_| frame["type"] == "reply") {
            let name = name.clone();
            reference.and_then(|reference| socket.asked.remove(&reference));
            socket.wanted.remove(&name);
            if frame["status"] == "ok" {
                let added = browser.templates.add(&name, &frame["payload"].to_string());
                added.or_else(|misfit| complain(Oracle::Dom, format!("template {name}: {misfit}")))?;
            } else if frame["payload"]["code"] == "UNKNOWN_TEMPLATE" {
                browser.no_templates.insert(name);
            } else {
                return complain(Oracle::Components, format!("a template was answered {frame}"));
            }
            self.hydrate(number)?;
        } else {
            socket.held.push_back(frame);
        }
        self.hear_held(number)
    }

    /// Hears what waited, up to what needs a template that is not there.
    fn hear_held(&mut self, number: usize) -> Check {
        while let Some(frame) = self.crowd.browsers[number].socket.as_ref().and_then(|socket| socket.held.front()) {
            let mut missing = Vec::new();
            // Patches, the patch behind a number in the answer to a mount, or none: a template that was asked for begins with a text.
            let payload = &frame["payload"];
            let patches = if payload[0].is_u64() { &payload[1] } else { frame };
            self.crowd.browsers[number].missing(patches, &mut missing);
            if !missing.is_empty() {
                self.want(number, missing);
                return Ok(());
            }
            let frame = self.crowd.browsers[number].socket.as_mut().and_then(|socket| socket.held.pop_front());
            if let Some(frame) = frame {
                self.take_in(number, &frame)?;
            }
        }
        Ok(())
    }

    /// Asks for templates, each once.
    pub(super) fn want(&mut self, number: usize, names: Vec<String>) {
        for name in names {
            if self.crowd.browsers[number].socket.as_mut().is_some_and(|socket| socket.wanted.insert(name.clone())) {
                let message = json!({ "type": "template", "name": name });
                self.ask(number, message, Some(Asked::Template(name)));
            }
        }
    }

    /// While everything comes to rest, a browser does what has become due soon.
    pub(super) fn wake(&mut self, session: u32) {
        self.wake_up(self.visits[session as usize].own.browser);
    }

    pub(super) fn wake_up(&mut self, number: usize) {
        if self.phase == Phase::Resting {
            self.net.kernel.schedule_within(500_000, Event::Act(number));
        }
    }
}
