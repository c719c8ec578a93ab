//! The application under attack: a little of everything that a real one has.

use crate::board;
use lazuli::driver::guard::FrameLimits;
use lazuli::route::PatternError;
use lazuli::{
    App, Channel, ConnId, Context, Error, Heartbeat, Limits, Rate, Refused, Response, Result, Routes, Scope, Session,
    SlowPolicy, Timer, Timestamp, json,
};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The application.
pub struct Lab;

/// Work that is done outside of the core, and comes back as an event.
#[derive(Debug)]
pub struct Task;

impl App for Lab {
    type Event = Task;
    type Effect = Task;

    fn on_event(&self, cx: &mut Scope<'_, Self>, _event: Task) -> Result {
        cx.to_room("panics").text("never heard");
        panic!("the application's on_event panics, as asked");
    }
}

type Cx<'a, 'b> = &'a mut Context<'b, Lab>;

/// `/echo` and others: what comes goes back.
struct Echo;

impl Channel<Lab> for Echo {
    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }

    fn on_binary(&mut self, cx: Cx<'_, '_>, bytes: &[u8]) -> Result {
        cx.binary(bytes);
        Ok(())
    }
}

/// `/busy/…`: a room to listen in.
struct Listener(&'static str);

impl Channel<Lab> for Listener {
    fn on_connect(&mut self, cx: Cx<'_, '_>) -> Result {
        cx.join(self.0);
        Ok(())
    }

    fn on_message(&mut self, _cx: Cx<'_, '_>, _text: &str) -> Result {
        Ok(())
    }
}

/// `/say/:room`: text and bytes go to everybody in the room, and the text back.
struct Speaker(String);

impl Channel<Lab> for Speaker {
    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        cx.to_room(&self.0).text(text);
        cx.text(text);
        Ok(())
    }

    fn on_binary(&mut self, cx: Cx<'_, '_>, bytes: &[u8]) -> Result {
        cx.to_room(&self.0).binary(bytes);
        Ok(())
    }
}

/// `/rooms`: everything about rooms, in JSON.
struct Member;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Asked {
    Me,
    Join { room: String },
    Leave { room: String },
    Say { room: String, text: String },
    Count { room: String },
    Weigh { grams: f64 },
    Kick { conn: u64 },
}

impl Channel<Lab> for Member {
    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        match json::parse(text)? {
            Asked::Me => cx.send(&json!({ "type": "me", "conn": cx.conn().as_u64() })),
            Asked::Join { room } => {
                cx.join(&room);
                cx.send(&json!({ "type": "joined" }));
            }
            Asked::Leave { room } => {
                cx.leave(&room);
                cx.send(&json!({ "type": "left" }));
            }
            Asked::Say { room, text } => {
                if !cx.is_in(&room) {
                    return Err(Error::denied("join the room first"));
                }
                cx.broadcast(&room, &json!({ "type": "said", "room": room, "text": text }));
            }
            Asked::Count { room } => cx.send(&json!({ "type": "count", "count": cx.count(&room) })),
            Asked::Weigh { grams } => cx.send(&json!({ "type": "weight", "grams": grams })),
            Asked::Kick { conn } => {
                let conn = ConnId::from_u64(conn).ok_or_else(|| Error::reply("no such connection"))?;
                cx.close_conn(conn, 4001, "kicked");
                cx.send(&json!({ "type": "kicked" }));
            }
        }
        Ok(())
    }
}

/// `/user/:name`: one user's own channel.
struct User(String);

impl Channel<Lab> for User {
    fn on_connect(&mut self, cx: Cx<'_, '_>) -> Result {
        cx.identify(&self.0);
        cx.join(&format!("user:{}", self.0));
        Ok(())
    }

    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        cx.to_room(&format!("user:{}", self.0)).text(text);
        Ok(())
    }
}

/// `/expiring`: echoes for as long as [`PERMITTED`].
struct Expiring;

/// For so long a permission holds that expires, and for so long after it its connection may stay.
pub const PERMITTED: Duration = Duration::from_secs(1);
pub const GRACE: Duration = Duration::from_secs(1);

/// The end of a permission that is given now.
fn until(now: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(now.as_unix_micros() + PERMITTED.as_micros() as u64)
}

impl Channel<Lab> for Expiring {
    fn on_connect(&mut self, cx: Cx<'_, '_>) -> Result {
        cx.expire_at(until(cx.timestamp()));
        Ok(())
    }

    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

/// `/timers`: `churn` sets timers and cancels them, `spread` sets the same ones anew, `keep` sets one that comes.
struct Timers;

impl Timers {
    /// As many as one message sets.
    const MANY: u64 = crate::rows::TIMERS_A_MESSAGE;
}

impl Channel<Lab> for Timers {
    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        match text {
            "churn" => {
                for number in 0..Self::MANY {
                    cx.set_timer(("churned", number), Duration::from_millis(1 + number));
                }
                for number in 0..Self::MANY {
                    cx.cancel_timer(("churned", number));
                }
            }
            "spread" => {
                for number in 0..Self::MANY {
                    cx.set_timer(("spread", number), Duration::from_secs(3_600 + number));
                }
            }
            "keep" => cx.set_timer("kept", Duration::from_millis(200)),
            _ => cx.text(text),
        }
        Ok(())
    }

    fn on_timer(&mut self, cx: Cx<'_, '_>, timer: Timer) -> Result {
        cx.text(timer.name);
        Ok(())
    }
}

/// `/panics/:when`: panics, and would have told everybody before.
struct Panics(String);

impl Panics {
    fn at(&self, when: &str, cx: Cx<'_, '_>) {
        if self.0 == when {
            cx.join("panics");
            cx.to_room("panics").text("never heard");
            panic!("{when} panics, as asked");
        }
    }
}

impl Channel<Lab> for Panics {
    fn on_connect(&mut self, cx: Cx<'_, '_>) -> Result {
        self.at("connect", cx);
        Ok(())
    }

    fn on_message(&mut self, cx: Cx<'_, '_>, text: &str) -> Result {
        self.at("message", cx);
        match &*self.0 {
            "timer" => cx.set_timer("panic", Duration::from_millis(1)),
            "update" => {
                cx.to_room("panics").text("never heard");
                cx.update(|_| panic!("update panics, as asked"));
            }
            "event" => cx.effect(Task),
            _ => cx.text(text),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: Cx<'_, '_>, _bytes: &[u8]) -> Result {
        self.at("binary", cx);
        Ok(())
    }

    fn on_ping(&mut self, cx: Cx<'_, '_>, _bytes: &[u8]) -> Result {
        self.at("ping", cx);
        Ok(())
    }

    fn on_timer(&mut self, cx: Cx<'_, '_>, _timer: Timer) -> Result {
        self.at("timer", cx);
        Ok(())
    }

    fn on_close(&mut self, cx: Cx<'_, '_>, _code: u16, _reason: &str) -> Result {
        self.at("close", cx);
        Ok(())
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        if self.0 == "drop" {
            panic!("drop panics, as asked");
        }
    }
}

fn frames(text: usize, binary: usize) -> FrameLimits {
    FrameLimits { text, binary, fragments: 1 << 18, ..FrameLimits::default() }
}

/// For rows that are about something else: as many messages as come.
pub fn unhurried() -> Limits {
    Limits { rate: Rate { per_second: u32::MAX, burst: u32::MAX }, ..Limits::default() }
}

/// All routes.
pub fn routes() -> Routes<Lab> {
    let mut routes = Routes::new();
    echoes(&mut routes)
        .and_then(|()| channels(&mut routes))
        .and_then(|()| pages(&mut routes))
        .and_then(|()| board::pages(&mut routes))
        .expect("the patterns are right");
    routes
}

/// Echoes, with limits of all kinds.
fn echoes(routes: &mut Routes<Lab>) -> Result<(), PatternError> {
    let large = Limits { frames: frames(16 << 20, 16 << 20), waiting: 32 << 20, ..unhurried() };
    let pings = FrameLimits { control_window: Duration::ZERO, ..frames(1 << 20, 16 << 20) };
    let hasty = FrameLimits { message_time: Duration::from_secs(2), fragments: u32::MAX, ..FrameLimits::default() };
    let patience = Duration::from_secs(3);
    let heartbeat = Some(Heartbeat { every: patience, timeout: patience });
    routes.channel("/echo", |_| Ok(Echo))?;
    routes.channel_with("/pings", Limits { frames: pings, ..large.clone() }, |_| Ok(Echo))?;
    routes.channel_with("/large", large, |_| Ok(Echo))?;
    routes.channel_with("/hasty", Limits { frames: hasty, ..unhurried() }, |_| Ok(Echo))?;
    routes.channel_with("/beats", Limits { heartbeat, ..Limits::default() }, |_| Ok(Echo))?;
    routes.channel_with("/expiring", Limits { grace: GRACE, ..Limits::default() }, |_| Ok(Expiring))
}

/// Everything that opens as a WebSocket and is no echo.
fn channels(routes: &mut Routes<Lab>) -> Result<(), PatternError> {
    let slow = |slow| Limits { slow, ..Limits::default() };
    let large = Limits { frames: frames(16 << 20, 16 << 20), ..unhurried() };
    routes.channel_with("/busy/disconnect", slow(SlowPolicy::Disconnect), |_| Ok(Listener("disconnect")))?;
    routes.channel_with("/busy/oldest", slow(SlowPolicy::DropOldest), |_| Ok(Listener("oldest")))?;
    routes.channel_with("/busy/latest", slow(SlowPolicy::KeepLatest), |_| Ok(Listener("latest")))?;
    routes.channel("/panicked", |_| Ok(Listener("panics")))?;
    routes.channel_with("/say/:room", unhurried(), |join| Ok(Speaker(join.param("room").into())))?;
    routes.channel_with("/rooms", large, |_| Ok(Member))?;
    routes.channel_with("/timers", unhurried(), |_| Ok(Timers))?;
    routes.channel("/user/:name", |join| {
        let name = join.param("name");
        match join.token() {
            Some(token) if token == format!("secret-of-{name}") => Ok(User(name.into())),
            _ => Err(Refused::new(403, "This channel is somebody else's")),
        }
    })?;
    routes.channel("/panics/:when", |join| match join.param("when") {
        "make" => panic!("make panics, as asked"),
        when => Ok(Panics(when.into())),
    })?;
    let spark = Limits { rate: unhurried().rate, ..Limits::spark() };
    routes.spark_with("/spark", spark, |join| {
        let expires = join.query("expires").map(|_| until(join.timestamp()));
        Ok(Session { user: join.query("user").map(Into::into), expires })
    })
}

/// Plain HTTP.
fn pages(routes: &mut Routes<Lab>) -> Result<(), PatternError> {
    routes.get("/", |_, _| Ok(Response::text("a page")))?;
    routes.get("/panic", |cx, _| {
        cx.to_room("panics").text("never heard");
        panic!("a page panics, as asked")
    })?;
    routes.post("/revoke/:name", |cx, request| {
        cx.close_user(request.param("name").unwrap_or_default(), 1008, "revoked");
        Ok(Response::status(204))
    })?;
    routes.post("/tell/:room", |cx, request| {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        cx.to_room(request.param("room").unwrap_or_default()).text(&text);
        Ok(Response::status(204))
    })
}
