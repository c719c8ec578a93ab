//! Clients of somebody's own application as the crowd of a world.

use super::Seen;
use super::party::{Farewell, News, Party};
use super::visits::visit;
use crate::chronicle::Entry;
use crate::codec::{Answer, CLOSE, FIN, Incoming, PONG, close_payload};
use crate::kernel::Event;
use crate::net::Server;
use crate::oracle::{Check, Oracle, complain};
use crate::rng::Rng;
use crate::tally::Fault;
use crate::trace::{bytes as digest, mix};
use crate::world::{Crowd, EffectOf, EventOf, Phase, Talk, World};
use lazuli::handle::Remote;
use lazuli::log::Record;
use lazuli::{App, Config, Time};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// The crowd: what only the simulation knows of the clients, and what the application has asked for.
pub(super) struct Guests<A: App> {
    pub(super) party: Rc<RefCell<Party>>,
    /// What the application wanted done, and nobody has.
    pub(super) effects: VecDeque<A::Effect>,
    /// What comes from outside.
    pub(super) remotes: VecDeque<Remote<A::Event>>,
    /// What the hub logged as a fault of the application.
    pub(super) wrong: Vec<Record>,
    /// What lies between two moments at which something may go wrong with a client, in microseconds.
    pub(super) pause: u64,
    /// How soon a client comes back at first, in microseconds.
    pub(super) back: u64,
    /// When somebody said or heard something last.
    pub(super) busy: Time,
    /// Whether the server was shut down.
    pub(super) is_down: bool,
    /// What the test draws.
    pub(super) choices: Rng,
    /// What a server is started with.
    pub(super) config: Config,
}

/// What is known of a session beside what every visit has.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) guest: usize,
    pub(super) key: String,
    /// Of an answer that opened no WebSocket.
    pub(super) status: u16,
    pub(super) said_close: bool,
    /// The most bytes that the driver held for it at once.
    pub(super) offered: usize,
}

impl<A: App> Guests<A> {
    /// Nobody yet.
    pub(super) fn new(party: Rc<RefCell<Party>>, rng: &mut Rng, choices: u64, config: Config) -> Guests<A> {
        Guests {
            party,
            effects: VecDeque::new(),
            remotes: VecDeque::new(),
            wrong: Vec::new(),
            pause: rng.between(200_000, 2_000_000),
            back: *rng.pick(&[1_000_000, 10_000, 200_000, 5_000_000]),
            busy: Time::ZERO,
            is_down: false,
            choices: Rng::new(choices),
            config,
        }
    }
}

impl<A: App> Crowd for Guests<A> {
    type App = A;
    type Own = Session;
    const STALL: u64 = 15_000_000;
    /// Tests wait by themselves.
    const CALM: Duration = Duration::ZERO;

    fn begin(_: &mut World<Self>) {}

    fn act(world: &mut World<Self>, who: usize) -> Check {
        let guest = who / 2;
        let session = world.live_session(guest);
        if who == visit(guest) {
            let wants = world.crowd.party.borrow().guests[guest].wants && !world.crowd.is_down;
            if wants && session.is_none() && world.phase != Phase::Leaving {
                world.begin_visit(guest);
            }
        } else if world.phase == Phase::Busy {
            if world.net.kernel.rng.is_over() {
                return Ok(());
            }
            world.net.kernel.schedule_within(2 * world.crowd.pause, Event::Act(who));
            if world.net.kernel.rng.chance(world.faults.storm) {
                world.net.kernel.count(Fault::Storm);
                let count = world.crowd.party.borrow().guests.len();
                let all: Vec<u32> = (0..count).filter_map(|guest| world.live_session(guest)).collect();
                for session in all {
                    world.break_off(session);
                    world.lost(session);
                }
            } else if let Some(session) = session {
                world.trouble(session);
            }
        }
        Ok(())
    }

    fn act_outside(world: &mut World<Self>) -> Check {
        match world.crowd.remotes.pop_front() {
            Some(remote) => {
                world.outside += 1;
                world.net.kernel.step("outside", 0, || "sends something".into());
                world.remote(remote)
            }
            None => Ok(()),
        }
    }

    fn answer(world: &mut World<Self>, event: EventOf<Self>) -> Check {
        world.net.kernel.step("event", 0, || "for the application".into());
        world.remote(Remote::Event(event))
    }

    fn address(world: &mut World<Self>, session: u32) -> u8 {
        1 + (world.visits[session as usize].own.guest % 250) as u8
    }

    fn turned_away(world: &mut World<Self>, link: usize) -> Check {
        world.net.links[link].server = Server::Closed;
        world.net.kernel.schedule(world.net.plan.delay, Event::ClientReset(link));
        Ok(())
    }

    fn arrives(world: &mut World<Self>, session: u32, bytes: &[u8]) {
        world.net.kernel.step("receive", mix(u64::from(session), digest(bytes)), || {
            format!("{} bytes of session {session}", bytes.len())
        });
    }

    fn loses(_: &mut World<Self>, _: usize, _: bool) {}

    fn turned(_: &mut World<Self>, _: bool) -> Check {
        Ok(())
    }

    fn sees(world: &mut World<Self>, entry: Entry<EffectOf<Self>>) -> Check {
        match entry {
            Entry::Effect(effect) => world.crowd.effects.push_back(effect),
            Entry::Wrong(record) => world.crowd.wrong.push(record),
            Entry::Wrote { link, offered, .. } => {
                let own = &mut world.visits[world.net.links[link].session as usize].own;
                own.offered = own.offered.max(offered);
            }
            _ => {}
        }
        Ok(())
    }

    fn answered(world: &mut World<Self>, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        if answer.status == 101 {
            return world.opened(session, answer, rest);
        }
        let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
        let visit = &mut world.visits[session as usize];
        visit.own.status = answer.status;
        visit.talk = Talk::Reading { length, body: rest.to_vec() };
        let guest = visit.own.guest;
        let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.split(';').next()?.split_once('='));
        if let Some((name, value)) = cookie {
            world.crowd.party.borrow_mut().guests[guest].cookies.insert(name.trim().into(), value.trim().into());
        }
        let visit = &mut world.visits[session as usize];
        visit.is_quiet = true;
        Self::read_on(world, session)
    }

    fn read_on(world: &mut World<Self>, session: u32) -> Check {
        let visit = &mut world.visits[session as usize];
        if let Talk::Reading { length, body } = &mut visit.talk
            && length.is_none_or(|length| body.len() >= length)
        {
            let (body, status) = (std::mem::take(body), visit.own.status);
            world.answered_whole(session, status, &body);
        }
        Ok(())
    }

    fn heard(world: &mut World<Self>, session: u32, incoming: Incoming<'_>) -> Check {
        match incoming {
            Incoming::Text(text) => {
                world.tell("hears", session, digest(text.as_bytes()), || format!("{text:.400}"));
                world.see_of(session, Seen::Text(text.into()));
                let guest = world.visits[session as usize].own.guest;
                let mut party = world.crowd.party.borrow_mut();
                if party.guests[guest].session == Some(session) && party.guests[guest].handlers.on_text.is_some() {
                    party.news.push_back((guest, News::Text(text.into())));
                }
            }
            Incoming::Binary(bytes) => {
                world.tell("hears", session, digest(bytes), || format!("{} bytes", bytes.len()));
                world.see_of(session, Seen::Binary(bytes.into()));
            }
            Incoming::Ping(bytes) if world.may_speak(session) => world.push(session, FIN | PONG, bytes),
            Incoming::Ping(_) | Incoming::Pong(_) => {}
            Incoming::Close(code, reason) => {
                let code = code.unwrap_or(1005);
                world.tell("is closed", session, code.into(), || format!("with {code} {reason}"));
                if !world.visits[session as usize].own.said_close {
                    world.see_of(session, Seen::Closed { code, reason: reason.into() });
                    if world.may_speak(session) {
                        world.push(session, FIN | CLOSE, &close_payload(Some(code).filter(|code| *code != 1005), ""));
                    }
                }
                world.visits[session as usize].is_quiet = true;
                let again = matches!(code, 1001 | 1011 | 1012 | 1013);
                if !again && !world.visits[session as usize].own.said_close {
                    world.sent_away(session, Farewell::Closed(code));
                }
                world.left(session, again);
            }
        }
        Ok(())
    }

    fn ended(world: &mut World<Self>, session: u32, talk: Talk) -> Check {
        match talk {
            Talk::Reading { body, .. } => {
                let status = world.visits[session as usize].own.status;
                world.answered_whole(session, status, &body);
            }
            Talk::Open | Talk::Asking
                if world.crowd.party.borrow().guests[world.visits[session as usize].own.guest].session
                    == Some(session) =>
            {
                world.lost(session);
            }
            _ => {}
        }
        Ok(())
    }

    fn cut_off(world: &mut World<Self>, session: u32) {
        let guest = world.visits[session as usize].own.guest;
        if world.crowd.party.borrow().guests[guest].session == Some(session) {
            world.lost(session);
        }
    }

    fn is_calm(world: &World<Self>) -> bool {
        world.stuck().is_empty()
    }

    fn pending(world: &World<Self>) -> Vec<String> {
        world.stuck()
    }

    fn rested(world: &mut World<Self>) -> Check {
        world.within_bounds()
    }

    fn leave(world: &mut World<Self>) -> Check {
        world.leave_each(1);
        Ok(())
    }

    fn say_goodbye(world: &mut World<Self>, session: u32) {
        match world.visits[session as usize].talk {
            Talk::Open if !world.visits[session as usize].is_quiet => world.send_close(session, 1001),
            _ => world.hang_up(session),
        }
    }

    fn finished(world: &mut World<Self>) -> Check {
        let open = world.net.links.iter().filter(|link| matches!(link.server, Server::Open | Server::Ended));
        let names: Vec<String> = open.map(|link| world.name(link.session)).collect();
        let left = world.driver.stats().connections;
        match names.is_empty() && left == 0 {
            true => Ok(()),
            false => complain(
                Oracle::Lifecycle,
                format!("everyone has left, and the server has {left} connections, with sockets of {names:?}"),
            ),
        }
    }
}
