//! The application that is measured.

use lazuli::route::PatternError;
use lazuli::{Channel, Context, Error, Heartbeat, Join, Limits, Result, Routes, Timer, json};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The routes of all worlds.
///
/// # Errors
/// None: the patterns are good, and each is there once.
pub fn routes() -> Result<Routes, PatternError> {
    let mut routes = Routes::new();
    routes.channel("/room/:name", |join| Ok(Room::new(join, Reach::Room)))?;
    routes.channel("/others/:name", |join| Ok(Room::new(join, Reach::Others)))?;
    routes.channel("/all/:name", |join| Ok(Room::new(join, Reach::All)))?;
    routes.channel("/rooms/:name", |join| Ok(Room::new(join, Reach::Rooms)))?;
    routes.channel("/chat/:name", |join| Ok(Chat { room: join.param("name").into(), said: 0 }))?;
    routes.channel("/idle", |_| Ok(Idle { messages: 0 }))?;
    routes.channel("/echo", |_| Ok(Echo))?;
    routes.channel("/hop", |_| Ok(Hop))?;
    routes.channel("/user/:name", |join| Ok(User { name: join.param("name").into() }))?;
    routes.spark("/spark")?;
    // Hours go by, and nobody answers pings.
    let alone = Limits { heartbeat: None, ..Limits::default() };
    routes.channel_with("/present/:room/:user", alone.clone(), |join| Ok(Present::new(join)))?;
    routes.channel_with("/clock", alone.clone(), |_| Ok(Clock))?;
    routes.channel_with("/interval", alone.clone(), |_| Ok(Interval))?;
    routes.channel_with("/does", alone, |_| Ok(Does))?;
    let heartbeat = Some(Heartbeat { every: BEAT, timeout: BEAT });
    routes.channel_with("/beating", Limits { heartbeat, ..Limits::default() }, |_| Ok(Idle { messages: 0 }))?;
    let limits = Limits { rooms: usize::MAX, ..Limits::default() };
    routes.channel_with("/many/:first/:count", limits, |join| Ok(Many::new(join)))?;
    Ok(routes)
}

/// Sends each message on, to a room or more.
struct Room {
    name: String,
    reach: Reach,
}

#[derive(PartialEq)]
enum Reach {
    /// Everyone in the room.
    Room,
    /// Everyone else in the room.
    Others,
    /// Everyone.
    All,
    /// Everyone in either of two rooms.
    Rooms,
}

const SECOND_ROOM: &str = "second";

impl Room {
    fn new(join: &Join<'_>, reach: Reach) -> Room {
        Room { name: join.param("name").into(), reach }
    }
}

impl Channel for Room {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.name);
        if self.reach == Reach::Rooms {
            cx.join(SECOND_ROOM);
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        let conn = cx.conn();
        match self.reach {
            Reach::Room => cx.to_room(&self.name).text(text),
            Reach::Others => cx.to_room(&self.name).except(conn).text(text),
            Reach::All => cx.to_all().text(text),
            Reach::Rooms => cx.to_rooms([&self.name, SECOND_ROOM]).text(text),
        }
        Ok(())
    }
}

/// A chat whose answers go back to who asked.
struct Chat {
    room: String,
    said: u64,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Say { text: String, reply_to: Option<u64> },
    Typing { active: bool },
    Rename { name: String },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Heard<'a> {
    Said { room: &'a str, number: u64, text: &'a str, reply_to: Option<u64> },
    Typing { active: bool },
    Renamed { name: &'a str },
}

impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.room);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        match json::parse(text)? {
            Said::Say { text, .. } if text.is_empty() || text.len() > 1_000 => {
                return Err(Error::validation("a message has 1 to 1,000 bytes"));
            }
            Said::Say { text, reply_to } => {
                self.said += 1;
                cx.send(&Heard::Said { room: &self.room, number: self.said, text: &text, reply_to });
            }
            Said::Typing { active } => cx.send(&Heard::Typing { active }),
            Said::Rename { name } => cx.send(&Heard::Renamed { name: &name }),
        }
        Ok(())
    }
}

/// Counts messages, eight bytes of state, and is in a room after the first.
struct Idle {
    messages: u64,
}

impl Channel for Idle {
    fn on_message(&mut self, cx: &mut Context, _: &str) -> Result {
        self.messages += 1;
        cx.join("lobby");
        Ok(())
    }
}

/// Says what it hears.
struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

/// Enters the room that a message names, and leaves the one that it is in.
struct Hop;

impl Channel for Hop {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        if cx.is_in(text) {
            cx.leave(text);
        } else {
            cx.join(text);
        }
        Ok(())
    }
}

/// How often connections of `/beating` are looked after.
pub const BEAT: Duration = Duration::from_secs(64 * 30);

/// Says who it is; sends to the user that a message names.
struct User {
    name: String,
}

impl Channel for User {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.identify(&self.name);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_user(text).text(text);
        Ok(())
    }
}

/// Shows in a room that it is there.
struct Present {
    room: String,
    user: String,
}

impl Present {
    fn new(join: &Join<'_>) -> Present {
        Present { room: join.param("room").into(), user: join.param("user").into() }
    }
}

impl Channel for Present {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.identify(&self.user);
        cx.track(&self.room, &Metadata { status: "here" });
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
        Ok(())
    }
}

#[derive(Serialize)]
struct Metadata {
    status: &'static str,
}

/// Does what its messages say.
struct Does;

impl Channel for Does {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        match text.split_once(' ').unwrap_or((text, "")) {
            ("join", room) => cx.join(room),
            ("identify", user) => cx.identify(user),
            ("track", room) => cx.track(room, &Metadata { status: "here" }),
            ("timer", _) => cx.set_timer("idle", LONG),
            _ => return Err(Error::validation("there is nothing else to do")),
        }
        Ok(())
    }
}

/// Has one timer, which a message sets anew or cancels.
struct Clock;

/// After how long the timer of `/clock` would come.
const LONG: Duration = Duration::from_secs(3_600);

impl Channel for Clock {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.set_timer("idle", LONG);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        match text {
            "set" => cx.set_timer("idle", LONG),
            "cancel" => cx.cancel_timer("idle"),
            _ => return Err(Error::validation("there is nothing else to do with it")),
        }
        Ok(())
    }
}

/// A timer that comes again and again, and tells of it.
struct Interval;

impl Channel for Interval {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.set_interval("tick", LONG);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context, _: Timer) -> Result {
        cx.text("tick");
        Ok(())
    }
}

/// Is in many rooms, numbered, and sends to the one that a message names.
struct Many {
    first: u64,
    count: u64,
}

impl Many {
    fn new(join: &Join<'_>) -> Many {
        let number = |name| join.param(name).parse().unwrap_or_default();
        Many { first: number("first"), count: number("count") }
    }
}

impl Channel for Many {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        for number in self.first..self.first + self.count {
            cx.join(&room_name(number));
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room(text).text(text);
        Ok(())
    }
}

/// What the numbered rooms of `/many` are called.
pub fn room_name(number: u64) -> String {
    format!("room-{number}")
}
