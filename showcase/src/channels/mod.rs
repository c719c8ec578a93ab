//! The channels of the documentation, one a file.

mod chat;
mod echo;
mod lobby;
mod rooms;

use lazuli::Routes;
use lazuli::route::PatternError;

/// Adds them all.
pub fn add(routes: &mut Routes) -> Result<(), PatternError> {
    routes.channel("/chat/:room_id", |join| Ok(chat::Chat::new(join.param("room_id"))))?;
    routes.channel("/chat", |_| Ok(lobby::Lobby))?;
    routes.channel("/rooms/:room_id", |join| Ok(rooms::Room::new(join.param("room_id"))))?;
    routes.channel_with("/echo", echo::limits(), |_| Ok(echo::Echo))
}
