//! What clients and others do, and what goes wrong.

use super::World;
use super::bus::Event;
use super::feed::Due;
use super::plan::{Op, draw_outage};
use crate::app::{Route, Verb, room_name, user_name};
use crate::coverage::Mark;
use crate::oracle::{Audience, Cast, Check, Guest};
use crate::tally::Fault;
use crate::trace::bytes as digest;
use lazuli::{Cause, Command, ConnId, Frame, Input, Kind, Message, Receivers};

impl World {
    pub(super) fn act(&mut self) -> Check {
        let op = self.plan.draw_op(&mut self.clock.rng);
        let node = self.clock.rng.below(self.slots.len() as u64) as usize;
        if !self.is_alive(node) {
            return Ok(());
        }
        match op {
            Op::Enter => self.enter(node),
            Op::Bye | Op::Vanish => self.leave_hub(node, op == Op::Vanish),
            Op::Outside => self.say_outside(node),
            Op::OutsideKick => self.kick_outside(node),
            Op::Cut => {
                self.bus.cut(&mut self.clock, node);
                Ok(())
            }
            Op::BrokerAnew => {
                self.bus.begin_anew(&mut self.clock);
                Ok(())
            }
            Op::StallUp | Op::StallDown => {
                self.bus.stall(&mut self.clock, node, op == Op::StallUp);
                Ok(())
            }
            Op::Die => {
                self.kill(node);
                Ok(())
            }
            Op::Shutdown => self.shut_down(node),
            Op::Foreign => {
                self.publish_foreign();
                Ok(())
            }
            Op::LinkTwice => self.tell_link_twice(node),
            op => self.speak(node, op),
        }
    }

    fn draw_room(&mut self) -> u32 {
        self.clock.rng.below(u64::from(self.plan.rooms)) as u32
    }

    fn draw_user(&mut self) -> u32 {
        self.clock.rng.below(u64::from(self.plan.users)) as u32
    }

    fn draw_guest(&mut self, node: usize) -> Option<ConnId> {
        let place = self.clock.rng.below(self.slots[node].guests.len() as u64) as usize;
        self.slots[node].guests.keys().nth(place).copied()
    }

    /// A client comes.
    pub(super) fn enter(&mut self, node: usize) -> Check {
        let route = if self.clock.rng.chance(200) { Route::Plain } else { Route::Room(self.draw_room()) };
        let session = self.sessions;
        let now = self.clock.now;
        let Some(driven) = &mut self.slots[node].driven else { return Ok(()) };
        let Some(conn) = driven.open(now, &route.target(session)) else { return Ok(()) };
        self.sessions += 1;
        let home = route.room();
        let rooms = home.into_iter().map(|home| (home, now)).collect();
        let guest = Guest { session, home, rooms, ..Guest::default() };
        self.slots[node].guests.insert(conn, guest);
        let mut due = Due::default();
        if let Some(home) = home {
            let count = self.slots[node].guests.values().filter(|guest| guest.rooms.contains_key(&home)).count();
            due.casts.push(self.cast(node, format!("h{session} {count}"), Audience::Room(home), Vec::new(), None));
        }
        self.feed(node, "enter", due, |hub, now| hub.handle(now, Input::Opened { conn }))
    }

    fn cast(&mut self, node: usize, text: String, to: Audience, but: Vec<ConnId>, but_user: Option<u32>) -> usize {
        let by = self.here(node);
        self.casts.add(Cast { text, by, to, but, but_users: but_user.into_iter().collect() })
    }

    /// A client goes, in order or without a word.
    fn leave_hub(&mut self, node: usize, vanishes: bool) -> Check {
        let Some(conn) = self.draw_guest(node) else { return Ok(()) };
        self.part(node, conn, vanishes)
    }

    pub(super) fn part(&mut self, node: usize, conn: ConnId, vanishes: bool) -> Check {
        let mut due = Due::default();
        if vanishes {
            let lost = Input::Closed { conn, cause: Cause::Lost };
            return self.feed(node, "vanish", due, |hub, now| hub.handle(now, lost));
        }
        due.closed.push((conn, 1000, "bye".to_owned()));
        self.feed(node, "bye", due, |hub, now| hub.handle(now, Input::Ended { conn, code: Some(1000), reason: "bye" }))
    }

    /// A client says something.
    fn speak(&mut self, node: usize, op: Op) -> Check {
        let Some(conn) = self.draw_guest(node) else { return Ok(()) };
        let Some(verb) = self.draw_verb(node, conn, op) else { return Ok(()) };
        if op != Op::Large {
            return self.say(node, conn, &verb, "");
        }
        // More than may wait, where it has to.
        let payload = if self.slots[node].ledger.is_lost { "x".repeat(900 << 10) } else { String::new() };
        (0..6).try_for_each(|_| self.say(node, conn, &verb, &payload))
    }

    fn draw_verb(&mut self, node: usize, conn: ConnId, op: Op) -> Option<Verb> {
        let guest = self.slots[node].guests.get(&conn)?.clone();
        let room = self.draw_room();
        Some(match op {
            Op::Say | Op::Large => Verb::Say { room },
            Op::SayOthers => Verb::SayOthers { room },
            Op::SayRooms => Verb::SayRooms { rooms: vec![room, self.draw_room(), self.draw_room()] },
            Op::SayAll => Verb::SayAll { others: self.clock.rng.chance(300) },
            Op::SayUsers => {
                let but = if self.clock.rng.chance(300) { Some(self.draw_user()) } else { None };
                Verb::SayUsers { users: vec![self.draw_user(), self.draw_user()], but }
            }
            Op::SayAllBut => Verb::SayAllBut { user: self.draw_user() },
            Op::Join => Verb::Join { room },
            Op::Leave => Verb::Leave { room },
            Op::Identify if guest.user.is_none() => Verb::Identify { user: self.draw_user() },
            Op::Track if guest.user.is_some() => {
                // Mostly where it is already.
                let within = guest.rooms.keys().next().copied().filter(|_| self.clock.rng.chance(700));
                Verb::Track { room: within.unwrap_or(room), meta: self.clock.rng.below(4) as u32 }
            }
            Op::Untrack => Verb::Untrack { room },
            Op::Who => Verb::Who { room: *guest.rooms.keys().next()? },
            Op::KickUser => {
                let code = *self.clock.rng.pick(&[1000, 4000, 4321]);
                Verb::KickUser { user: self.draw_user(), code }
            }
            _ => return None,
        })
    }

    /// A client sends a verb.
    pub(super) fn say(&mut self, node: usize, conn: ConnId, verb: &Verb, payload: &str) -> Check {
        let op = self.said;
        self.said += 1;
        let text = verb.text(op, payload);
        let mut due = Due::default();
        let itself = |others: bool| if others { vec![conn] } else { Vec::new() };
        let cast = match verb {
            Verb::Say { room } => Some((Audience::Room(*room), Vec::new(), None)),
            Verb::SayOthers { room } => Some((Audience::Room(*room), itself(true), None)),
            Verb::SayRooms { rooms } => Some((Audience::Rooms(rooms.clone()), Vec::new(), None)),
            Verb::SayAll { others } => Some((Audience::All, itself(*others), None)),
            Verb::SayUsers { users, but } => Some((Audience::Users(users.clone()), Vec::new(), *but)),
            Verb::SayAllBut { user } => Some((Audience::All, Vec::new(), Some(*user))),
            _ => None,
        };
        if let Some((to, but, but_user)) = cast {
            due.casts.push(self.cast(node, text.clone(), to, but, but_user));
        }
        if let Verb::KickUser { user, code } = verb {
            self.kick(node, &mut due, *user, *code, format!("{op} kick"));
        }
        self.change(node, conn, verb);
        self.clock.trace.step(self.clock.now, "say", op.into(), || format!("hub {node}, {conn:?}: {text:.80}"));
        self.feed(node, "message", due, |hub, now| {
            hub.handle(now, Input::Message { conn, message: Message::Text(&text) });
        })?;
        if let (Verb::Who { room }, Some(who)) = (verb, &self.who) {
            self.slots[node].tracks.own(*room, who)?;
            if self.plan.deaths_only {
                let since = self.known_since(node).get(room).copied();
                let place = (*room, since.unwrap_or(self.clock.now));
                self.dead.check(self.slots.iter().map(|slot| &slot.tracks), place, who, self.clock.now)?;
            }
        }
        Ok(())
    }

    /// A user is closed here at once, and elsewhere as soon as it is said there.
    fn kick(&mut self, node: usize, due: &mut Due, user: u32, code: u16, reason: String) {
        due.closes(&self.slots[node].guests, user, code, &reason);
        due.casts.push(self.cast(node, reason, Audience::Close { user, code }, Vec::new(), None));
    }

    /// What a verb changes of who is where.
    fn change(&mut self, node: usize, conn: ConnId, verb: &Verb) {
        let now = self.clock.now;
        let slot = &mut self.slots[node];
        let Some(guest) = slot.guests.get_mut(&conn) else { return };
        match verb {
            Verb::Join { room } => {
                guest.rooms.entry(*room).or_insert(now);
            }
            Verb::Leave { room } => {
                guest.rooms.remove(room);
                self.casts.moves(guest.session);
                guest.views.remove(room);
                slot.tracks.untrack(*room, conn, now);
            }
            Verb::Identify { user } => {
                guest.user = Some(*user);
                self.casts.moves(guest.session);
            }
            Verb::Track { room, meta } => {
                guest.rooms.entry(*room).or_insert(now);
                guest.views.insert(*room);
                if let Some(user) = guest.user {
                    slot.tracks.track(*room, conn, user, *meta, now);
                }
            }
            Verb::Untrack { room } => slot.tracks.untrack(*room, conn, now),
            _ => {}
        }
    }

    /// Somebody outside of all channels says something.
    fn say_outside(&mut self, node: usize) -> Check {
        let op = self.said;
        self.said += 1;
        let text = format!("o{op} outside");
        let (to, audience) = match self.clock.rng.below(3) {
            0 => {
                let room = self.draw_room();
                (Receivers::Rooms(vec![room_name(room)]), Audience::Room(room))
            }
            1 => {
                let user = self.draw_user();
                (Receivers::Users(vec![user_name(user)]), Audience::Users(vec![user]))
            }
            _ => (Receivers::All, Audience::All),
        };
        let but: Vec<ConnId> =
            if self.clock.rng.chance(300) { self.draw_guest(node).into_iter().collect() } else { Vec::new() };
        let but_user = if self.clock.rng.chance(300) { Some(self.draw_user()) } else { None };
        let due = Due { casts: vec![self.cast(node, text.clone(), audience, but.clone(), but_user)], ..Due::default() };
        let except_users = but_user.map(user_name).into_iter().collect();
        let command = Command::Send { to, except: but, except_users, frame: Frame::new(Kind::Text, text.as_bytes()) };
        self.feed(node, "outside", due, |hub, now| hub.handle(now, Input::Command(command)))
    }

    fn kick_outside(&mut self, node: usize) -> Check {
        let op = self.said;
        self.said += 1;
        let (user, code, reason) = (self.draw_user(), 4_100, format!("o{op} kick"));
        let mut due = Due::default();
        self.kick(node, &mut due, user, code, reason.clone());
        let command = Command::CloseUser { user: user_name(user), code, reason };
        self.feed(node, "outside", due, |hub, now| hub.handle(now, Input::Command(command)))
    }

    /// One of several hubs dies; mostly another one takes its place some time later.
    fn kill(&mut self, node: usize) {
        let living = (0..self.slots.len()).filter(|node| self.is_alive(*node)).count();
        if living < 2 {
            return;
        }
        self.clock.tally.add(Fault::DeadHub, 1);
        let still_arrives = self.clock.rng.chance(500);
        if self.plan.deaths_only {
            self.dead.add(self.clock.now, std::mem::take(&mut self.slots[node].tracks));
            return self.die(node, still_arrives);
        }
        self.die(node, still_arrives);
        self.revive(node);
    }

    fn revive(&mut self, node: usize) {
        if self.clock.rng.chance(800) {
            let at = self.clock.now + draw_outage(&mut self.clock.rng);
            self.clock.queue.push(at, Event::Start { node });
        }
    }

    /// One of several hubs ends in order.
    fn shut_down(&mut self, node: usize) -> Check {
        let living = (0..self.slots.len()).filter(|node| self.is_alive(*node)).count();
        if living < 2 {
            return Ok(());
        }
        self.clock.tally.add(Fault::Shutdown, 1);
        self.revive(node);
        let due = Due { all_closed: true, ..Due::default() };
        self.feed(node, "shutdown", due, |hub, now| hub.shutdown(now, now + std::time::Duration::from_secs(5)))
    }

    /// Bytes that no hub wrote are published.
    fn publish_foreign(&mut self) {
        self.clock.tally.add(Fault::ForeignBytes, 1);
        let topic =
            if self.clock.rng.chance(500) { "all".to_owned() } else { format!("room:{}", room_name(self.draw_room())) };
        let length = self.clock.rng.below(20) as usize;
        let bytes: Vec<u8> = match self.clock.rng.below(3) {
            0 => (0..length).map(|_| self.clock.rng.below(256) as u8).collect(),
            // The beginning of what a hub has said, which is too short to say anything.
            1 => self.latest.iter().copied().take(length).collect(),
            // In the form of another version.
            _ => self.latest.iter().enumerate().map(|(at, byte)| if at == 0 { !byte } else { *byte }).collect(),
        };
        self.foreign.insert(digest(&bytes));
        self.bus.publish(&mut self.clock, &topic, &bytes);
    }

    /// A hub is told once more how its link is.
    fn tell_link_twice(&mut self, node: usize) -> Check {
        self.clock.coverage.add(Mark::LinkTwice, 1);
        match (self.slots[node].ledger.is_lost, self.bus.is_up(node)) {
            (true, _) => self.lose(node),
            (false, true) => self.come_back(node),
            // It does not know yet.
            (false, false) => Ok(()),
        }
    }
}
