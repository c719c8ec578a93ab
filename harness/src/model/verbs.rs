//! What the application does for each verb.

use super::Model;
use super::call::may_send;
use super::out::Item;
use super::session::Reason;
use crate::app::{How, SimEffect, Verb, user_name};
use crate::coverage::Mark;
use crate::oracle::{Check, Oracle, complain};
use crate::tally::Fault;
use lazuli::Kind;
use std::time::Duration;

impl Model {
    /// A text message was handed to the application.
    pub(super) fn on_text(&mut self, session: u32, op: u32) -> Check {
        let Some(verb) = self.ops[op as usize].verb.clone() else {
            return complain(Oracle::Delivery, format!("the binary message {op} came as text"));
        };
        let message = Item { kind: Kind::Text, bytes: self.bytes(op) };
        match verb {
            Verb::Echo => self.send(session, message),
            Verb::Say { room } => self.cast(&[room], &[], &message),
            Verb::SayOthers { room } => self.cast(&[room], &[session], &message),
            Verb::SayRooms { rooms } => self.cast(&rooms, &[], &message),
            Verb::SayAll { others: false } => self.cast_all(&[], &message),
            Verb::SayAll { others: true } => self.cast_all(&[session], &message),
            Verb::Whisper { to } if self.known.contains(&to) => self.send(to, message),
            Verb::Whisper { .. } => self.text(session, &format!("{op} nobody")),
            Verb::Join { room } => {
                if self.enter(session, room) {
                    let count = self.members(room);
                    self.text(session, &format!("{op} in {count}"));
                }
            }
            Verb::Leave { room } => {
                self.leave(session, room);
                let count = self.members(room);
                self.text(session, &format!("{op} out {count}"));
            }
            Verb::JoinNowhere => {
                let message = "A room's name has 1 to 255 bytes and no control characters";
                self.error(session, message, Some("BAD_ROOM"));
            }
            Verb::Timer { number, millis } => {
                self.at(session).turns.remove(&number);
                self.answer_timer(session, op, number, millis, false);
            }
            Verb::Interval { number, millis } => {
                self.begin_turns(session, number);
                self.answer_timer(session, op, number, millis, true);
            }
            Verb::Cancel { number } => self.cancel(session, number),
            Verb::Ask { whom } => self.effects.push_back(SimEffect { session, op, whom }),
            Verb::Ping => self.send(session, Item { kind: Kind::Ping, bytes: op.to_string().into_bytes().into() }),
            Verb::Burst { count, room } => {
                for turn in 0..count {
                    if turn == count / 2 {
                        self.cast(&[room], &[], &message);
                    }
                    self.text(session, &format!("{op}.{turn}"));
                }
            }
            Verb::Add => {
                let total = self.total;
                self.total += 1;
                self.text(session, &format!("{op} total {total}"));
            }
            Verb::Close { code, reason } if may_send(code) => {
                self.text(session, &format!("{op} bye"));
                self.end(session, code, Reason::Exactly(reason));
            }
            Verb::Close { .. } => self.internal_error(session),
            Verb::Kick { to, code } => match (self.known.contains(&to), may_send(code)) {
                (false, _) => self.text(session, &format!("{op} nobody")),
                (true, false) => self.internal_error(session),
                (true, true) => self.end(to, code, Reason::Exactly(format!("{op} kick"))),
            },
            Verb::Fail { how, .. } => self.fail(session, how),
            Verb::Identify { user } => self.identify(session, op, user),
            Verb::Track { room, meta } => {
                if self.at(session).user.is_none() {
                    self.internal_error(session);
                } else if self.enter(session, room) {
                    self.track(session, room, meta);
                    self.text(session, &format!("{op} tracked"));
                }
            }
            Verb::Untrack { room } => self.untrack(session, room),
            Verb::Who { room } => {
                let present = self.present(room);
                self.text(session, &format!("{op} who {present}"));
            }
            Verb::SayUsers { users, but } => self.cast_users(&users, but, &message),
            Verb::SayAllBut { user } => {
                let but: Vec<u32> = self.conns_of(&[user]).into_iter().collect();
                self.cast_all(&but, &message);
            }
            Verb::KickUser { code, .. } if !may_send(code) => self.internal_error(session),
            Verb::KickUser { user, code } => {
                for conn in self.conns_of(&[user]) {
                    self.coverage.add(Mark::ClosedUser, 1);
                    self.end(conn, code, Reason::Exactly(format!("{op} kick")));
                }
            }
            Verb::Expire { millis } => {
                self.expire_at(session, self.now + Duration::from_millis(millis));
                self.text(session, &format!("{op} expires"));
            }
        }
        Ok(())
    }

    /// Says whose a session is.
    fn identify(&mut self, session: u32, op: u32, user: u32) {
        let known = self.at(session).user;
        match known {
            Some(known) if known == user => {}
            Some(_) => return self.internal_error(session),
            None if self.conns_of(&[user]).len() >= self.config.per_user => {
                self.coverage.add(Mark::TooManyOfUser, 1);
                return self.error(session, "Too many connections of this user", Some("TOO_MANY_CONNECTIONS"));
            }
            None => {
                self.at(session).user = Some(user);
                self.users.entry(user).or_default().insert(session);
            }
        }
        self.text(session, &format!("{op} is {}", user_name(user)));
    }

    /// Enters a room, if the limit allows it; otherwise the peer reads so.
    fn enter(&mut self, session: u32, room: u32) -> bool {
        let rooms = &self.at(session).rooms;
        let (inside, joined) = (rooms.contains(&room), rooms.len());
        let limit = self.limits_of(session).map_or(0, |limits| limits.rooms);
        if !inside && joined >= limit {
            let message = format!("At most {limit} rooms at once; leave one first");
            self.error(session, &message, Some("TOO_MANY_ROOMS"));
            return false;
        }
        self.join(session, room);
        true
    }

    fn answer_timer(&mut self, session: u32, op: u32, number: u64, millis: u64, repeats: bool) {
        if self.set_within_limit(session, number, millis, repeats) {
            self.text(session, &format!("{op} set"));
        } else {
            self.internal_error(session);
        }
    }

    /// A callback failed: nothing of it happens, and its peer reads why.
    pub(super) fn fail(&mut self, session: u32, how: How) {
        self.failed(how);
        match how {
            How::Reply => self.error(session, "No.", None),
            How::Code => self.error(session, "No, says the code.", Some("NO")),
            How::Validation => self.error(session, "Validation failed: this is nothing", None),
            How::Denied => self.error(session, "Access denied: not for you", None),
            How::Internal | How::Unsendable => self.internal_error(session),
            How::Close(code) if may_send(code) => self.end(session, code, Reason::Exactly("out with you".into())),
            How::Close(_) => self.end(session, 1011, Reason::Exactly("Internal server error".into())),
            How::Panic => {
                self.internal_error(session);
                self.end_untold(session, 1011, "Internal server error");
            }
        }
    }

    pub(super) fn failed(&mut self, how: How) {
        self.count(if how == How::Panic { Fault::Panicked } else { Fault::Failed });
    }
}
