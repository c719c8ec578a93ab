//! What a client can ask of the simulated application, as text.

use std::fmt::{self, Write};
use std::str::FromStr;

/// What a message asks for. A session that is named may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The message comes back.
    Echo,
    /// It goes to everyone in the room.
    Say { room: u32 },
    /// It goes to everyone in the room but its sender.
    SayOthers { room: u32 },
    /// It goes to everyone in any of these rooms.
    SayRooms { rooms: Vec<u32> },
    /// It goes to everyone, or everyone else.
    SayAll { others: bool },
    /// It goes to one session.
    Whisper { to: u32 },
    /// The sender enters the room; the answer is how many are in it.
    Join { room: u32 },
    /// The sender leaves the room; the answer is how many are in it.
    Leave { room: u32 },
    /// The sender enters a room whose name is none.
    JoinNowhere,
    /// A timer, once.
    Timer { number: u64, millis: u64 },
    /// A timer that comes [`TURNS`] times.
    Interval { number: u64, millis: u64 },
    /// Takes a timer back.
    Cancel { number: u64 },
    /// Something outside is asked, and the answer handed to whom it is for.
    Ask { whom: Whom },
    /// The server pings.
    Ping,
    /// So many answers, and a broadcast to the room in their middle.
    Burst { count: u32, room: u32 },
    /// Adds one to the application's total; the answer is what it was.
    Add,
    /// The server closes.
    Close { code: u16, reason: String },
    /// The server closes another session.
    Kick { to: u32, code: u16 },
    /// The callback records one thing of each kind and then fails.
    Fail { how: How, room: u32 },
    /// The sender is this user from now on.
    Identify { user: u32 },
    /// The sender shows in the room that it is here.
    Track { room: u32, meta: u32 },
    /// It no longer does.
    Untrack { room: u32 },
    /// The answer is who is present in the room.
    Who { room: u32 },
    /// The message goes to every connection of these users, but not of that one.
    SayUsers { users: Vec<u32>, but: Option<u32> },
    /// It goes to everyone but the connections of a user.
    SayAllBut { user: u32 },
    /// The server closes all connections of a user.
    KickUser { user: u32, code: u16 },
    /// The sender may not send any more after this time.
    Expire { millis: u64 },
}

/// How often an interval comes.
pub(crate) const TURNS: u32 = 4;

/// Who is handed an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Who asked.
    Me,
    /// Everyone in the room.
    Room(u32),
    /// Everyone.
    All,
    /// Nobody: the application fails to handle it.
    Error,
    /// Nobody: the application panics.
    Panic,
}

/// How a callback fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With a reply.
    Reply,
    /// With a reply that carries a code.
    Code,
    /// With a validation error.
    Validation,
    /// Because access is denied.
    Denied,
    /// With an error of another library.
    Internal,
    /// By sending what cannot be sent.
    Unsendable,
    /// With a close.
    Close(u16),
    /// By a panic.
    Panic,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Reply => f.write_str("reply"),
            How::Code => f.write_str("code"),
            How::Validation => f.write_str("validation"),
            How::Denied => f.write_str("denied"),
            How::Internal => f.write_str("internal"),
            How::Unsendable => f.write_str("unsendable"),
            How::Close(code) => write!(f, "close {code}"),
            How::Panic => f.write_str("panic"),
        }
    }
}

impl How {
    /// Reads what `Display` shows, word by word.
    pub(crate) fn parse<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<How> {
        Some(match words.next()? {
            "reply" => How::Reply,
            "code" => How::Code,
            "validation" => How::Validation,
            "denied" => How::Denied,
            "internal" => How::Internal,
            "unsendable" => How::Unsendable,
            "close" => How::Close(number(words)?),
            "panic" => How::Panic,
            _ => return None,
        })
    }
}

/// The name of a room.
pub(crate) fn room_name(room: u32) -> String {
    format!("r{room}")
}

/// The name of a user.
pub(crate) fn user_name(user: u32) -> String {
    format!("u{user}")
}

/// Metadata of a presence, as JSON.
pub(crate) fn meta_json(meta: u32) -> String {
    format!("{{\"m\":{meta}}}")
}

impl Verb {
    /// The message that asks for it: first its number, then the verb, last the payload.
    pub(crate) fn text(&self, op: u32, payload: &str) -> String {
        let mut text = format!("{op} ");
        // Writing to a string cannot fail.
        let _ = match self {
            Verb::Echo => write!(text, "echo"),
            Verb::Say { room } => write!(text, "say {room}"),
            Verb::SayOthers { room } => write!(text, "others {room}"),
            Verb::SayRooms { rooms } => write!(text, "rooms {}", rooms.len())
                .and_then(|()| rooms.iter().try_for_each(|room| write!(text, " {room}"))),
            Verb::SayAll { others } => write!(text, "all {others}"),
            Verb::Whisper { to } => write!(text, "whisper {to}"),
            Verb::Join { room } => write!(text, "join {room}"),
            Verb::Leave { room } => write!(text, "leave {room}"),
            Verb::JoinNowhere => write!(text, "nowhere"),
            Verb::Timer { number, millis } => write!(text, "timer {number} {millis}"),
            Verb::Interval { number, millis } => write!(text, "interval {number} {millis}"),
            Verb::Cancel { number } => write!(text, "cancel {number}"),
            Verb::Ask { whom } => match whom {
                Whom::Me => write!(text, "ask me"),
                Whom::Room(room) => write!(text, "ask room {room}"),
                Whom::All => write!(text, "ask all"),
                Whom::Error => write!(text, "ask error"),
                Whom::Panic => write!(text, "ask panic"),
            },
            Verb::Ping => write!(text, "ping"),
            Verb::Burst { count, room } => write!(text, "burst {count} {room}"),
            Verb::Add => write!(text, "add"),
            Verb::Close { code, reason } => write!(text, "close {code} {reason}"),
            Verb::Kick { to, code } => write!(text, "kick {to} {code}"),
            Verb::Fail { how, room } => write!(text, "fail {room} {how}"),
            Verb::Identify { user } => write!(text, "identify {user}"),
            Verb::Track { room, meta } => write!(text, "track {room} {meta}"),
            Verb::Untrack { room } => write!(text, "untrack {room}"),
            Verb::Who { room } => write!(text, "who {room}"),
            Verb::SayUsers { users, but } => write!(text, "users {}", users.len())
                .and_then(|()| users.iter().chain(but).try_for_each(|user| write!(text, " {user}"))),
            Verb::SayAllBut { user } => write!(text, "allbut {user}"),
            Verb::KickUser { user, code } => write!(text, "kickuser {user} {code}"),
            Verb::Expire { millis } => write!(text, "expire {millis}"),
        };
        text.push('|');
        text.push_str(payload);
        text
    }

    /// The number and the verb of a message.
    pub(crate) fn parse(text: &str) -> Option<(u32, Verb)> {
        let (order, _) = text.split_once('|')?;
        let mut words = order.split(' ');
        let op = number(&mut words)?;
        let verb = match words.next()? {
            "echo" => Verb::Echo,
            "say" => Verb::Say { room: number(&mut words)? },
            "others" => Verb::SayOthers { room: number(&mut words)? },
            "rooms" => Verb::SayRooms { rooms: numbers(&mut words)? },
            "all" => Verb::SayAll { others: number(&mut words)? },
            "whisper" => Verb::Whisper { to: number(&mut words)? },
            "join" => Verb::Join { room: number(&mut words)? },
            "leave" => Verb::Leave { room: number(&mut words)? },
            "nowhere" => Verb::JoinNowhere,
            "timer" => Verb::Timer { number: number(&mut words)?, millis: number(&mut words)? },
            "interval" => Verb::Interval { number: number(&mut words)?, millis: number(&mut words)? },
            "cancel" => Verb::Cancel { number: number(&mut words)? },
            "ask" => Verb::Ask {
                whom: match words.next()? {
                    "me" => Whom::Me,
                    "room" => Whom::Room(number(&mut words)?),
                    "all" => Whom::All,
                    "error" => Whom::Error,
                    "panic" => Whom::Panic,
                    _ => return None,
                },
            },
            "ping" => Verb::Ping,
            "burst" => Verb::Burst { count: number(&mut words)?, room: number(&mut words)? },
            "add" => Verb::Add,
            "close" => Verb::Close { code: number(&mut words)?, reason: words.collect::<Vec<_>>().join(" ") },
            "kick" => Verb::Kick { to: number(&mut words)?, code: number(&mut words)? },
            "fail" => Verb::Fail { room: number(&mut words)?, how: How::parse(&mut words)? },
            "identify" => Verb::Identify { user: number(&mut words)? },
            "track" => Verb::Track { room: number(&mut words)?, meta: number(&mut words)? },
            "untrack" => Verb::Untrack { room: number(&mut words)? },
            "who" => Verb::Who { room: number(&mut words)? },
            "users" => Verb::SayUsers { users: numbers(&mut words)?, but: number(&mut words) },
            "allbut" => Verb::SayAllBut { user: number(&mut words)? },
            "kickuser" => Verb::KickUser { user: number(&mut words)?, code: number(&mut words)? },
            "expire" => Verb::Expire { millis: number(&mut words)? },
            _ => return None,
        };
        Some((op, verb))
    }
}

fn number<'a, T: FromStr>(words: &mut impl Iterator<Item = &'a str>) -> Option<T> {
    words.next()?.parse().ok()
}

/// A count, and so many numbers.
fn numbers<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Vec<u32>> {
    let count: u32 = number(words)?;
    (0..count).map(|_| number(words)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_understood_as_it_was_meant() {
        let whom = [Whom::Me, Whom::Room(3), Whom::All, Whom::Error, Whom::Panic].map(|whom| Verb::Ask { whom });
        let how = [
            How::Reply,
            How::Code,
            How::Validation,
            How::Denied,
            How::Internal,
            How::Unsendable,
            How::Close(4_001),
            How::Panic,
        ]
        .map(|how| Verb::Fail { how, room: 4 });
        let others = [
            Verb::Echo,
            Verb::Say { room: 1 },
            Verb::SayOthers { room: 2 },
            Verb::SayRooms { rooms: vec![1, 2, 1] },
            Verb::SayRooms { rooms: Vec::new() },
            Verb::SayAll { others: false },
            Verb::SayAll { others: true },
            Verb::Whisper { to: 9 },
            Verb::Join { room: 1 },
            Verb::Leave { room: 1 },
            Verb::JoinNowhere,
            Verb::Timer { number: 1, millis: 20 },
            Verb::Interval { number: 2, millis: 30 },
            Verb::Cancel { number: 2 },
            Verb::Ping,
            Verb::Burst { count: 3, room: 1 },
            Verb::Add,
            Verb::Close { code: 4_000, reason: "so long".into() },
            Verb::Kick { to: 8, code: 1_000 },
            Verb::Identify { user: 1 },
            Verb::Track { room: 1, meta: 2 },
            Verb::Untrack { room: 1 },
            Verb::Who { room: 1 },
            Verb::SayUsers { users: vec![1, 2], but: None },
            Verb::SayUsers { users: vec![3], but: Some(4) },
            Verb::SayAllBut { user: 2 },
            Verb::KickUser { user: 2, code: 4_000 },
            Verb::Expire { millis: 5 },
        ];
        for verb in whom.into_iter().chain(how).chain(others) {
            let text = verb.text(7, "| payload");
            assert_eq!(Verb::parse(&text), Some((7, verb)), "{text}");
        }
        assert_eq!(Verb::parse("7 sing|"), None);
        assert_eq!(Verb::parse("say 1"), None);
    }
}
