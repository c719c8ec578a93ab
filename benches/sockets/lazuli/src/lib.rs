//! What is measured of Lazuli: two channels with the framework's defaults, heartbeats and limits among them. Only the limit
//! on messages a second is lifted, because one member publishes for its whole room.

use lazuli::route::PatternError;
use lazuli::{Channel, Context, Limits, Rate, Result, Routes};

struct Chat {
    room: String,
}

impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.room);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room(&self.room).text(text);
        Ok(())
    }
}

struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

/// `/chat/:room` and `/echo`.
///
/// # Errors
/// When a pattern is none.
pub fn routes() -> std::result::Result<Routes, PatternError> {
    let limits = Limits { rate: Rate::UNLIMITED, ..Limits::default() };
    let mut routes = Routes::new();
    routes.channel_with("/chat/:room", limits.clone(), |join| Ok(Chat { room: join.param("room").to_owned() }))?;
    routes.channel_with("/echo", limits, |_| Ok(Echo))?;
    Ok(routes)
}
