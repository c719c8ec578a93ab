//! A chat: `cargo run --example chat`, then any WebSocket client at ws://127.0.0.1:4000/chat/lobby

use lazuli::{Channel, Context, Error, Result, Routes, json};
use serde::Deserialize;
use serde_json::json;

struct Chat {
    room: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Message { text: String },
    Typing {},
}

impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.room);
        let count = cx.count(&self.room);
        cx.broadcast(&self.room, &json!({ "type": "joined", "user": cx.conn(), "count": count }));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        let user = cx.conn();
        match json::parse(text)? {
            Said::Message { text } if text.trim().is_empty() => return Err(Error::validation("say something")),
            Said::Message { text } => {
                cx.broadcast(&self.room, &json!({ "type": "message", "user": user, "text": text }));
            }
            Said::Typing {} => cx.broadcast_from(&self.room, &json!({ "type": "typing", "user": user })),
        }
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context, _code: u16, _reason: &str) -> Result {
        cx.broadcast(&self.room, &json!({ "type": "left", "user": cx.conn() }));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut routes = Routes::new();
    routes.channel("/chat/:room", |join| Ok(Chat { room: join.param("room").to_owned() }))?;
    println!("Listening on ws://127.0.0.1:4000/chat/lobby");
    lazuli_smol::serve("127.0.0.1:4000", routes, ())?;
    Ok(())
}
