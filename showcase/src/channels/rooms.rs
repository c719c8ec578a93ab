//! `/rooms/:room_id`: text goes to everyone in the room as it came.

use crate::app::{Context, Showcase};
use lazuli::{Channel, Result};
use serde_json::json;

/// One member of a room.
pub struct Room {
    room_id: String,
    room: String,
}

impl Room {
    /// A member of the room with this id.
    pub fn new(room_id: &str) -> Room {
        Room { room_id: room_id.into(), room: format!("room:{room_id}") }
    }
}

impl Channel<Showcase> for Room {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join(&self.room);
        cx.send(&json!({ "type": "room_info", "room_id": self.room_id, "user_count": cx.count(&self.room) }));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        cx.to_room(&self.room).text(text);
        Ok(())
    }
}
