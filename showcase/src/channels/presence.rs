//! `/presence/:room_id?user=NAME`: who is here.

use crate::app::{Context, Showcase};
use lazuli::{Channel, Join, Refused, Result, json};
use serde::Deserialize;
use serde_json::json;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 100;

/// One tab of somebody who is here.
pub struct Presence {
    room: String,
    user: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Ping {},
}

impl Presence {
    /// Somebody who comes into the room with this id. Their name has no `/`, which sets other kinds of users apart.
    pub fn new(room_id: &str, join: &Join<'_, Showcase>) -> Result<Presence, Refused> {
        let user = join.query("user").unwrap_or_default();
        if user.trim().is_empty() {
            return Err(Refused::new(400, "Say who you are: ?user=NAME"));
        }
        if user.len() > LONGEST_NAME || user.contains(|c: char| c == '/' || c.is_control()) {
            return Err(Refused::new(400, "A name has at most 100 bytes, and neither / nor control characters"));
        }
        Ok(Presence { room: format!("presence:{room_id}"), user: user.into() })
    }
}

impl Channel<Showcase> for Presence {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.identify(&self.user);
        // All tabs say the same of their user, so that the others hear of the first and the last.
        cx.track(&self.room, &json!({}));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        let Said::Ping {} = json::parse(text)?;
        cx.reply(&json!({ "type": "pong", "timestamp": cx.timestamp() }));
        Ok(())
    }
}
