//! The channels of the documentation, one a file.

mod chat;
mod echo;
mod lobby;
mod rooms;

use lazuli::route::PatternError;
use lazuli::{Join, Refused, Routes};

/// Adds them all.
pub fn add(routes: &mut Routes) -> Result<(), PatternError> {
    routes.channel("/chat/:room_id", |join| Ok(chat::Chat::new(room_id(join)?)))?;
    routes.channel("/chat", |_| Ok(lobby::Lobby))?;
    routes.channel("/rooms/:room_id", |join| Ok(rooms::Room::new(room_id(join)?)))?;
    routes.channel_with("/echo", echo::limits(), |_| Ok(echo::Echo))?;
    for path in ["/spark", "/ws/channels", "/ws/components"] {
        routes.spark(path)?;
    }
    Ok(())
}

/// The longest id of a room, in bytes: with a prefix it is a room's name, which has 255 at most.
const LONGEST_ID: usize = 200;

fn room_id<'a>(join: &'a Join<'_>) -> Result<&'a str, Refused> {
    let id = join.param("room_id");
    if id.len() > LONGEST_ID {
        return Err(Refused::new(400, "The id of a room has at most 200 bytes"));
    }
    Ok(id)
}
