//! `/chat`: one room for everyone.

use crate::app::{Context, Showcase};
use lazuli::{Channel, Error, Result, json};
use serde::Deserialize;
use serde_json::json;

const ROOM: &str = "lobby";

/// One visitor.
pub struct Lobby;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Message { content: String, user: String },
    Typing { user: String, is_typing: bool },
    Ping {},
}

impl Channel<Showcase> for Lobby {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join(ROOM);
        cx.send(&json!({ "type": "connected", "message": "Connected to chat", "timestamp": cx.timestamp() }));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        let timestamp = cx.timestamp();
        match json::parse(text).map_err(short)? {
            Said::Message { content, user } => cx.broadcast(
                ROOM,
                &json!({ "type": "message", "content": content, "user": user, "timestamp": timestamp }),
            ),
            Said::Typing { user, is_typing } => {
                cx.broadcast(ROOM, &json!({ "type": "typing", "user": user, "is_typing": is_typing }));
            }
            Said::Ping {} => cx.reply(&json!({ "type": "pong", "timestamp": timestamp })),
        }
        Ok(())
    }
}

/// This channel does not repeat what it does not know.
fn short(error: Error) -> Error {
    if error.message().starts_with("Unknown message type") { Error::reply("Unknown message type") } else { error }
}
