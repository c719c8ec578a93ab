//! The channel of the simulated application.

use super::verb::{How, TURNS, Verb, room_name, user_name};
use super::{SimApp, SimEffect, SimEvent, panic_on_demand};
use crate::chronicle::{Call, Chronicle, Did, Entry, Tag, Verdict, What};
use lazuli::{Channel, Context, Error, Join, Result, Timer, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// One session.
pub(super) struct Member {
    pub(super) session: u32,
    /// The room of its route.
    pub(super) room: Option<String>,
    /// How `on_connect` is to fail.
    denied: Option<How>,
    /// Of each interval that is set, how often it still comes.
    turns: BTreeMap<u64, u32>,
    chronicle: Chronicle<SimEffect>,
}

/// Why a callback does not succeed.
pub(super) enum Trouble {
    Error(Error),
    /// What it recorded cannot be done.
    Recorded,
    Panic,
}

impl<E: Into<Error>> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Error(error.into())
    }
}

pub(super) type Cx<'a> = Context<'a, SimApp>;

impl Member {
    pub(super) fn new(join: &Join<'_, SimApp>) -> Member {
        Member {
            session: join.query("s").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX),
            room: Some(join.param("name").to_owned()).filter(|name| !name.is_empty()),
            denied: None,
            turns: BTreeMap::new(),
            chronicle: join.app.chronicle.clone(),
        }
    }

    pub(super) fn denied(join: &Join<'_, SimApp>) -> Member {
        let how = join.query("how").and_then(|how| How::parse(&mut how.split(' ')));
        Member { denied: Some(how.unwrap_or(How::Reply)), ..Member::new(join) }
    }

    /// Runs a callback and writes it into the chronicle.
    pub(super) fn act(
        &mut self,
        what: What,
        act: impl FnOnce(&mut Self, &mut Vec<Did>) -> Result<(), Trouble>,
    ) -> Result {
        let mut did = Vec::new();
        let result = act(self, &mut did);
        let verdict = match result {
            Ok(()) => Verdict::Done,
            Err(Trouble::Error(_) | Trouble::Recorded) => Verdict::Failed,
            Err(Trouble::Panic) => Verdict::Panicked,
        };
        self.chronicle.push(Entry::Call(Call { session: self.session, what, verdict, did }));
        match result {
            Ok(()) | Err(Trouble::Recorded) => Ok(()),
            Err(Trouble::Error(error)) => Err(error),
            Err(Trouble::Panic) => panic_on_demand(),
        }
    }

    fn do_verb(&mut self, cx: &mut Cx<'_>, text: &str, did: &mut Vec<Did>) -> Result<(), Trouble> {
        let Some((op, verb)) = Verb::parse(text) else { return Err(Error::reply("What?").into()) };
        let me = cx.conn();
        let cast = |room: &str, but_itself| Did::Cast { room: room.to_owned(), tag: Tag::Op(op), but_itself };
        match verb {
            Verb::Echo => cx.text(text),
            Verb::Say { room } => {
                let room = room_name(room);
                cx.to_room(&room).text(text);
                did.push(cast(&room, false));
            }
            Verb::SayOthers { room } => {
                let room = room_name(room);
                cx.to_room(&room).except(me).text(text);
                did.push(cast(&room, true));
            }
            Verb::SayRooms { rooms } => cx.to_rooms(rooms.into_iter().map(room_name)).text(text),
            Verb::SayAll { others: false } => cx.to_all().text(text),
            Verb::SayAll { others: true } => cx.to_all().except(me).text(text),
            Verb::Whisper { to } => match cx.app().conns.get(&to) {
                Some(&conn) => cx.to_conn(conn).text(text),
                None => cx.text(&format!("{op} nobody")),
            },
            Verb::Join { room } => {
                let room = room_name(room);
                cx.join(&room);
                let count = cx.count(&room);
                cx.text(&format!("{op} in {count}"));
                if cx.is_in(&room) {
                    did.push(Did::Joined { room });
                }
            }
            Verb::Leave { room } => {
                let room = room_name(room);
                cx.leave(&room);
                let count = cx.count(&room);
                cx.text(&format!("{op} out {count}"));
                did.push(Did::Left { room });
            }
            Verb::JoinNowhere => {
                cx.text(&format!("{op} never"));
                cx.join("");
            }
            Verb::Timer { number, millis } => {
                self.turns.remove(&number);
                cx.set_timer(("timer", number), Duration::from_millis(millis));
                cx.text(&format!("{op} set"));
            }
            Verb::Interval { number, millis } => {
                self.turns.insert(number, TURNS);
                cx.set_interval(("timer", number), Duration::from_millis(millis));
                cx.text(&format!("{op} set"));
            }
            Verb::Cancel { number } => cx.cancel_timer(("timer", number)),
            Verb::Ask { whom } => cx.effect(SimEffect { session: self.session, op, whom }),
            Verb::Ping => cx.ping(format!("{op}").as_bytes()),
            Verb::Burst { count, room } => {
                let room = room_name(room);
                for turn in 0..count {
                    if turn == count / 2 {
                        cx.to_room(&room).text(text);
                        did.push(cast(&room, false));
                    }
                    cx.text(&format!("{op}.{turn}"));
                }
            }
            Verb::Add => {
                let total = cx.app().total;
                cx.update(|app| app.total += 1);
                cx.text(&format!("{op} total {total}"));
            }
            Verb::Close { code, reason } => {
                cx.text(&format!("{op} bye"));
                cx.close(code, &reason);
                cx.text(&format!("{op} never"));
            }
            Verb::Kick { to, code } => match cx.app().conns.get(&to) {
                Some(&conn) => cx.close_conn(conn, code, &format!("{op} kick")),
                None => cx.text(&format!("{op} nobody")),
            },
            Verb::Fail { how, room } => return self.fail(cx, op, how, Some(room_name(room))),
            Verb::Identify { user } => {
                cx.identify(&user_name(user));
                let name = cx.user().unwrap_or("nobody").to_owned();
                cx.text(&format!("{op} is {name}"));
            }
            Verb::Track { room, meta } => {
                let room = room_name(room);
                cx.track(&room, &json!({ "m": meta }));
                cx.text(&format!("{op} tracked"));
                if cx.is_in(&room) {
                    did.push(Did::Joined { room });
                }
            }
            Verb::Untrack { room } => cx.untrack(&room_name(room)),
            Verb::Who { room } => {
                let present = serde_json::to_string(&cx.presence(&room_name(room)))?;
                cx.text(&format!("{op} who {present}"));
            }
            Verb::SayUsers { users, but } => {
                let to = cx.to_users(users.into_iter().map(user_name));
                match but {
                    Some(but) => to.except_user(&user_name(but)).text(text),
                    None => to.text(text),
                }
            }
            Verb::SayAllBut { user } => cx.to_all().except_user(&user_name(user)).text(text),
            Verb::KickUser { user, code } => cx.close_user(&user_name(user), code, &format!("{op} kick")),
            Verb::Expire { millis } => {
                let at = cx.timestamp().as_unix_micros() + 1_000 * millis;
                cx.expire_at(Timestamp::from_unix_micros(at));
                cx.text(&format!("{op} expires"));
            }
        }
        Ok(())
    }

    /// Records one thing of each kind, and fails.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_>, op: u32, how: How, room: Option<String>) -> Result<(), Trouble> {
        let never = format!("{op} never");
        cx.text(&never);
        cx.to_all().text(&never);
        if let Some(room) = &room {
            cx.to_room(room).text(&never);
            cx.leave(room);
        }
        if how != How::Unsendable {
            // That one fails by what it records, and so must this not.
            cx.join("never");
        }
        cx.set_timer("never", Duration::from_millis(1));
        cx.cancel_timer(("timer", 0));
        cx.update(|app| app.total += 1_000);
        cx.effect(SimEffect { session: u32::MAX, op, whom: super::Whom::Me });
        cx.close(4_999, "never");
        match how {
            How::Reply => Err(Error::reply("No.").into()),
            How::Code => Err(Error::reply("No, says the code.").with_code("NO").into()),
            How::Validation => Err(Error::validation("this is nothing").into()),
            How::Denied => Err(Error::denied("not for you").into()),
            How::Internal => Ok("nothing".parse::<u32>().map(|_| ())?),
            How::Unsendable => {
                // The key of a JSON object has to be a string.
                cx.send(&BTreeMap::from([(vec![1], 1)]));
                Err(Trouble::Recorded)
            }
            How::Close(code) => Err(Error::close(code, "out with you").into()),
            How::Panic => Err(Trouble::Panic),
        }
    }
}

impl Channel<SimApp> for Member {
    fn on_connect(&mut self, cx: &mut Cx<'_>) -> Result {
        let conn = cx.conn();
        self.act(What::Connect { conn }, |member, did| {
            if let Some(how) = member.denied {
                return member.fail(cx, 0, how, None);
            }
            let session = member.session;
            cx.update(move |app| {
                app.conns.insert(session, conn);
            });
            match &member.room {
                Some(room) => {
                    cx.join(room);
                    let count = cx.count(room);
                    cx.to_room(room).text(&format!("h{session} {count}"));
                    did.push(Did::Joined { room: room.clone() });
                    did.push(Did::Cast { room: room.clone(), tag: Tag::Hello(session), but_itself: false });
                }
                None => cx.text(&format!("h{session} alone")),
            }
            Ok(())
        })
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, text: &str) -> Result {
        let op = Verb::parse(text).map_or(u32::MAX, |(op, _)| op);
        self.act(What::Text { op }, |member, did| member.do_verb(cx, text, did))
    }

    fn on_binary(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        let op = bytes.first_chunk().map_or(u32::MAX, |number| u32::from_le_bytes(*number));
        self.act(What::Binary { op }, |_, _| {
            cx.binary(bytes);
            Ok(())
        })
    }

    fn on_ping(&mut self, _: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.act(What::Ping { bytes: bytes.to_vec() }, |_, _| Ok(()))
    }

    fn on_pong(&mut self, _: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.act(What::Pong { bytes: bytes.to_vec() }, |_, _| Ok(()))
    }

    fn on_close(&mut self, cx: &mut Cx<'_>, code: u16, reason: &str) -> Result {
        self.act(What::Close { code, reason: reason.to_owned() }, |member, did| {
            let session = member.session;
            cx.text(&format!("l{session} never"));
            if let Some(room) = &member.room {
                cx.to_room(room).text(&format!("l{session} {code}"));
                did.push(Did::Cast { room: room.clone(), tag: Tag::Left(session), but_itself: false });
            }
            Ok(())
        })
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        let number = timer.number;
        self.act(What::Timer { number }, |member, _| {
            let left = member.turns.get_mut(&number).map(|left| {
                *left -= 1;
                *left
            });
            if left == Some(0) {
                member.turns.remove(&number);
                cx.cancel_timer(timer);
            }
            cx.text(&format!("t{number} {}", left.unwrap_or_default()));
            Ok(())
        })
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &SimEvent) -> Result {
        let SimEvent::Told { op } = *event else { return Ok(()) };
        self.act(What::Told { op }, |_, _| {
            cx.text(&format!("{op} told"));
            Ok(())
        })
    }
}
