//! What clients say.

use super::World;
use crate::app::{How, Verb, Whom};
use crate::codec::{CONTINUATION, FIN, PING, PONG, opcode, push_frame};
use crate::model::{Arrival, Op};
use lazuli::Kind;
use std::sync::LazyLock;

/// What payloads are cut from: characters of one to four bytes.
static PROSE: LazyLock<String> =
    LazyLock::new(|| "wörter, слова, 言葉, 🦀 and |words| \"in\" \\ quotes\t; ".repeat(1_500));

/// Codes that a server is asked to close with; two of them it may not send.
const CODES: &[u16] = &[1000, 1000, 1001, 1008, 1011, 3_000, 4_000, 4_999, 1005, 2_000];

/// So many users there are.
const USERS: u64 = 5;

impl World {
    /// A client that is connected says something.
    pub(super) fn talk(&mut self, session: u32) {
        self.operations += 1;
        let (habits, faults) = (&self.crowd.plan.habits, &self.crowd.plan.faults);
        let verbs = habits.verbs.iter().sum::<u32>();
        // The last two are of a thousand, the others weights.
        let trouble = (verbs * (faults.hostile + faults.dawdle)) / 1_000;
        let weights = [verbs, habits.binary, habits.ping, habits.pong, habits.leave, trouble];
        match self.net.kernel.rng.weighted(&weights) {
            0 => self.say(session),
            1 => self.say_binary(session),
            2 => {
                let payload = self.control_payload();
                self.control(session, PING, &payload);
            }
            3 => {
                let payload = self.control_payload();
                self.control(session, PONG, &payload);
            }
            4 => self.say_goodbye(session),
            _ => self.misbehave(session),
        }
    }

    /// What a ping or pong carries: another thing each time, so that it is clear which ping a pong is for.
    pub(super) fn control_payload(&mut self) -> Vec<u8> {
        self.crowd.controls += 1;
        let length = *self.net.kernel.rng.pick(&[4, 4, 125]);
        self.crowd.controls.to_be_bytes().into_iter().cycle().take(length).collect()
    }

    pub(super) fn payload(&mut self) -> String {
        let rng = &mut self.net.kernel.rng;
        let length =
            if rng.chance(self.crowd.plan.large) { rng.below(30_000) } else { rng.below(self.crowd.plan.payload + 1) };
        let (mut start, mut end) = (rng.below(1_000) as usize, length as usize);
        end += start;
        while !PROSE.is_char_boundary(start) {
            start -= 1;
        }
        while !PROSE.is_char_boundary(end) {
            end -= 1;
        }
        PROSE[start..end.max(start)].to_owned()
    }

    fn say(&mut self, session: u32) {
        let verb = self.draw_verb(session);
        let payload = self.payload();
        let op = self.crowd.model.operation(|op| {
            let bytes = verb.text(op, &payload).into_bytes().into();
            Op { verb: Some(verb), bytes }
        });
        self.send_message(session, op, Kind::Text);
    }

    fn say_binary(&mut self, session: u32) {
        let payload = self.payload();
        let op = self.crowd.model.operation(|op| {
            let bytes: Vec<u8> = op.to_le_bytes().into_iter().chain(payload.bytes().rev()).collect();
            Op { verb: None, bytes: bytes.into() }
        });
        self.send_message(session, op, Kind::Binary);
    }

    fn send_message(&mut self, session: u32, op: u32, kind: Kind) {
        let message = self.crowd.model.bytes(op);
        self.net.kernel.step("say", u64::from(op), || {
            let shown: String = String::from_utf8_lossy(&message).chars().take(60).collect();
            format!("session {session}: {kind:?} {shown:?} of {} bytes", message.len())
        });
        let (mut bytes, mut arrivals) = (Vec::new(), Vec::new());
        let mut first = opcode(kind);
        let mut rest = &*message;
        if self.net.kernel.rng.chance(self.crowd.plan.habits.fragments) {
            for _ in 0..self.net.kernel.rng.between(1, 4) {
                let (part, other) = rest.split_at(self.net.kernel.rng.below(rest.len() as u64 + 1) as usize);
                push_frame(&mut bytes, first, self.mask(), part);
                (first, rest) = (CONTINUATION, other);
                if self.net.kernel.rng.chance(200) && self.crowd.plan.habits.ping > 0 {
                    let payload = self.control_payload();
                    arrivals.push((bytes.len() + 1, Arrival::Control));
                    push_frame(&mut bytes, FIN | PING, self.mask(), &payload);
                    arrivals.push((bytes.len(), Arrival::Ping(payload)));
                }
            }
        }
        push_frame(&mut bytes, FIN | first, self.mask(), rest);
        let arrival = if kind == Kind::Text { Arrival::Text(op) } else { Arrival::Binary(op) };
        arrivals.push((bytes.len(), arrival));
        self.send_whole(session, &bytes, arrivals);
    }

    /// A room: mostly the session's own.
    fn room_for(&mut self, session: u32) -> u32 {
        match self.visits[session as usize].own.room {
            Some(room) if self.net.kernel.rng.chance(600) => room,
            _ => self.room(),
        }
    }

    pub(super) fn room(&mut self) -> u32 {
        self.net.kernel.rng.below(u64::from(self.crowd.plan.rooms)) as u32
    }

    fn draw_verb(&mut self, session: u32) -> Verb {
        let room = self.room_for(session);
        let to = self.anyone();
        make_verb(&mut self.net.kernel.rng, &self.crowd.plan.habits.verbs, room, to, self.crowd.plan.rooms)
    }

    /// A session speaks before it was answered.
    pub(super) fn talk_early(&mut self, session: u32) {
        for _ in 0..self.net.kernel.rng.between(1, 3) {
            self.say(session);
        }
    }
}

/// A verb, by these weights: for this room of so many, or to this session.
pub(crate) fn make_verb(rng: &mut crate::rng::Rng, weights: &[u32], room: u32, to: u32, rooms: u32) -> Verb {
    let verb = rng.weighted(weights);
    let number = rng.below(5);
    let millis = *rng.pick(&[0, 1, 10, 500, 5_000, 20_000]);
    match verb {
        0 => Verb::Echo,
        1 => Verb::Say { room },
        2 => Verb::SayOthers { room },
        3 => Verb::SayRooms { rooms: (0..rng.below(4)).map(|_| rng.below(rooms.into()) as u32).collect() },
        4 => Verb::SayAll { others: false },
        5 => Verb::SayAll { others: true },
        6 => Verb::Whisper { to },
        7 => Verb::Join { room: rng.below(rooms.into()) as u32 },
        8 => Verb::Leave { room },
        9 => Verb::JoinNowhere,
        10 => Verb::Timer { number, millis },
        11 => Verb::Interval { number, millis },
        12 => Verb::Cancel { number },
        13 => {
            Verb::Ask { whom: *rng.pick(&[Whom::Me, Whom::Me, Whom::Room(room), Whom::All, Whom::Error, Whom::Panic]) }
        }
        14 => Verb::Ping,
        15 => Verb::Burst { count: rng.between(1, 40) as u32, room },
        16 => Verb::Fail { how: draw_how(rng), room },
        17 => Verb::Close { code: *rng.pick(CODES), reason: (*rng.pick(&["", "that is it"])).to_owned() },
        18 if rng.chance(300) => Verb::Kick { to, code: *rng.pick(CODES) },
        18 => Verb::Add,
        19 => Verb::Identify { user: rng.below(USERS) as u32 },
        20 => Verb::Track { room, meta: rng.below(3) as u32 },
        21 => Verb::Untrack { room },
        22 => Verb::Who { room },
        23 => Verb::SayUsers {
            users: (0..rng.below(4)).map(|_| rng.below(USERS) as u32).collect(),
            but: rng.chance(300).then(|| rng.below(USERS) as u32),
        },
        24 => Verb::SayAllBut { user: rng.below(USERS) as u32 },
        25 => Verb::KickUser { user: rng.below(USERS) as u32, code: *rng.pick(CODES) },
        _ => Verb::Expire { millis },
    }
}

/// A way to fail.
pub(crate) fn draw_how(rng: &mut crate::rng::Rng) -> How {
    match rng.below(8) {
        0 => How::Reply,
        1 => How::Code,
        2 => How::Validation,
        3 => How::Denied,
        4 => How::Internal,
        5 => How::Unsendable,
        6 => How::Close(*rng.pick(CODES)),
        _ => How::Panic,
    }
}
