//! The channels of the documentation, one a file.

mod chat;
mod echo;
mod game;
mod lobby;
mod managed;
mod notifications;
mod presence;
pub mod private;
mod rooms;

pub use chat::{Chat, LONGEST_NAME};

use crate::app::Showcase;
use lazuli::route::PatternError;
use lazuli::{Error, Join, Limits, Refused, Request, Result, Routes, Session};
use serde::de::IgnoredAny;

/// Adds them all.
pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    routes.channel("/chat/:room_id", |join| Ok(Chat::new(id(join, "room_id")?)))?;
    routes.channel("/chat", |_| Ok(lobby::Lobby))?;
    routes.channel_with("/private/:channel_id", private::limits(), |join| {
        Ok(private::Private::new(id(join, "channel_id")?, join))
    })?;
    routes.post("/private/:channel_id", private::push)?;
    routes.post("/revoke/:user_id", private::revoke)?;
    routes.channel_with("/managed/:topic", managed::limits(), |join| Ok(managed::Managed::new(id(join, "topic")?)))?;
    routes.channel("/notifications/:user_id", |join| Ok(notifications::Notifications::new(id(join, "user_id")?)))?;
    routes.post("/notify/:user_id", notifications::notify)?;
    routes.post("/notify", notifications::notify_all)?;
    routes.channel_with("/game/:game_id", game::limits(), |join| Ok(game::Game::new(id(join, "game_id")?)))?;
    routes.channel("/rooms/:room_id", |join| Ok(rooms::Room::new(id(join, "room_id")?)))?;
    routes.channel("/presence/:room_id", |join| presence::Presence::new(id(join, "room_id")?, join))?;
    routes.channel_with("/echo", echo::limits(), |_| Ok(echo::Echo))?;
    for path in ["/spark", "/ws/channels", "/ws/components"] {
        routes.spark_with(path, spark_limits(), |_| Ok(Session::default()))?;
    }
    Ok(())
}

/// As much as `/echo` takes, and the head of a message; the other channels keep to their own sizes.
fn spark_limits() -> Limits {
    let mut limits = echo::limits();
    limits.frames.text += 1 << 20;
    limits.frames.binary += 2 << 10;
    limits
}

/// The longest id in a path, in bytes: with a prefix it is the name of a room or a user, which has 255 at most.
const LONGEST_ID: usize = 200;

fn id<'a>(join: &'a Join<'_, Showcase>, name: &str) -> Result<&'a str, Refused> {
    let id = join.param(name);
    check_id(id)?;
    Ok(id)
}

/// Whether an id may name a room or a user.
pub fn check_id(id: &str) -> Result<(), Refused> {
    if id.len() > LONGEST_ID { Err(Refused::new(400, "An id has at most 200 bytes")) } else { Ok(()) }
}

/// The body of a POST, which goes on as it came.
fn json_body(request: &Request) -> Result<&str> {
    let body = std::str::from_utf8(request.body()).ok().filter(|body| serde_json::from_str::<IgnoredAny>(body).is_ok());
    body.ok_or_else(|| Error::reply("The body has to be JSON, such as {\"title\":\"Hello\"}"))
}
