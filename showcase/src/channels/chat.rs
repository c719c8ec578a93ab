//! `/chat/:room_id`: a chat room.

use crate::app::{Context, Showcase};
use crate::said::{Conversation, Line};
use lazuli::{Channel, ConnId, Error, Result, Timestamp, json};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest message, in code points.
const LONGEST: usize = 1_000;
/// The longest name, in code points.
pub const LONGEST_NAME: usize = 40;
/// The largest file, in bytes.
const LARGEST: usize = 1 << 20;

/// One visitor of a room: of the channel, or of the page `/chat-room/:room_id`, which is in the same room.
pub struct Chat {
    room_id: String,
    room: String,
}

/// What a visitor says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    ChatMessage { message: Option<String>, name: Option<String> },
    TypingStart { name: Option<String> },
    TypingStop { name: Option<String> },
    Ping {},
}

/// What the room hears of a visitor.
#[derive(Serialize)]
struct Heard<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    user_id: ConnId,
    timestamp: Timestamp,
}

impl<'a> Heard<'a> {
    fn new(cx: &Context<'_>, kind: &'static str, name: Option<String>) -> Self {
        let name =
            name.map(|name| name.trim().chars().take(LONGEST_NAME).collect()).filter(|name: &String| !name.is_empty());
        Heard { r#type: kind, message: None, size: None, name, user_id: cx.conn(), timestamp: cx.timestamp() }
    }
}

impl Chat {
    /// A visitor of the room with this id.
    pub fn new(room_id: &str) -> Chat {
        Chat { room_id: room_id.into(), room: format!("chat:{room_id}") }
    }

    /// Enters the room, and tells the others.
    pub fn enter(&self, cx: &mut Context<'_>) {
        cx.join(&self.room);
        let count = cx.count(&self.room);
        cx.broadcast_from(
            &self.room,
            &json!({ "type": "user_joined", "message": "A user joined the room", "count": count }),
        );
    }

    /// Tells the others that this visitor has left.
    pub fn left(&self, cx: &mut Context<'_>) {
        let count = self.count(cx);
        cx.broadcast(&self.room, &json!({ "type": "user_left", "message": "A user left the room", "count": count }));
    }

    /// How many are in the room.
    pub fn count(&self, cx: &Context<'_>) -> usize {
        cx.count(&self.room)
    }

    /// What was said in the room.
    pub fn said(&self, app: &Showcase) -> Conversation {
        app.said.get(&self.room_id).cloned().unwrap_or_default()
    }

    /// Says something to all in the room; on a page, in this browser session.
    pub fn say(
        &self,
        cx: &mut Context<'_>,
        said: Option<String>,
        name: Option<String>,
        page: Option<String>,
    ) -> Result {
        let message = said.ok_or_else(|| Error::reply("Message is required"))?;
        if message.chars().nth(LONGEST).is_some() {
            return Err(Error::reply("Message too long"));
        }
        if message.trim().is_empty() {
            return Err(Error::reply("Message cannot be empty"));
        }
        let heard = Heard { message: Some(&message), ..Heard::new(cx, "chat_message", name) };
        cx.broadcast(&self.room, &heard);
        let (now, user_id) = (cx.timestamp(), cx.conn().to_string());
        let name = heard.name.unwrap_or_else(|| format!("User {user_id}"));
        let line = Line { name, user_id, session: page, text: message, timestamp: now.to_string() };
        let room_id = self.room_id.clone();
        cx.update(move |app| app.said.change(&room_id, now, |conversation| conversation.say(line)));
        Ok(())
    }

    /// Tells the others that this visitor is typing, or has stopped.
    pub fn typing(&self, cx: &mut Context<'_>, is_typing: bool, name: Option<String>) {
        let kind = if is_typing { "user_typing" } else { "user_stopped_typing" };
        let heard = Heard::new(cx, kind, name);
        cx.broadcast_from(&self.room, &heard);
    }
}

impl Channel<Showcase> for Chat {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        let welcome = format!("Welcome to room {}", self.room_id);
        cx.send(&json!({ "type": "system", "message": welcome, "timestamp": cx.timestamp() }));
        self.enter(cx);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        match json::parse(text)? {
            Said::ChatMessage { message, name } => self.say(cx, message, name, None)?,
            Said::TypingStart { name } => self.typing(cx, true, name),
            Said::TypingStop { name } => self.typing(cx, false, name),
            Said::Ping {} => cx.reply(&json!({ "type": "pong", "timestamp": cx.timestamp() })),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result {
        if bytes.len() > LARGEST {
            return Err(Error::reply("File too large"));
        }
        cx.broadcast(&self.room, &Heard { size: Some(bytes.len()), ..Heard::new(cx, "file_upload", None) });
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_>, _code: u16, _reason: &str) -> Result {
        self.left(cx);
        Ok(())
    }
}
