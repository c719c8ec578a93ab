use lazuli::{App, Channel, Context, Refused, Result, Routes, route::PatternError};
use serde_json::json;
use std::collections::BTreeSet;
use std::convert::Infallible;

/// Who is in the lobby.
#[derive(Default)]
pub struct Lobby {
    players: BTreeSet<String>,
}

impl App for Lobby {
    type Event = Infallible;
    type Effect = Infallible;
}

struct Player {
    name: String,
}

impl Channel<Lobby> for Player {
    fn on_connect(&mut self, cx: &mut Context<'_, Lobby>) -> Result {
        cx.join("lobby");
        let mut players = cx.app().players.clone();
        players.insert(self.name.clone());
        show(cx, players);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_, Lobby>, text: &str) -> Result {
        cx.broadcast("lobby", &json!({ "type": "said", "by": self.name, "text": text }));
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_, Lobby>, _: u16, _: &str) -> Result {
        let mut players = cx.app().players.clone();
        players.remove(&self.name);
        show(cx, players);
        Ok(())
    }
}

/// The lobby has these players now, and everyone is told.
fn show(cx: &mut Context<'_, Lobby>, players: BTreeSet<String>) {
    cx.broadcast("lobby", &json!({ "type": "players", "names": players }));
    cx.update(move |lobby| lobby.players = players);
}

pub fn app() -> Result<(Routes<Lobby>, Lobby), PatternError> {
    let mut routes = Routes::new();
    routes.channel("/lobby", |join| {
        let name = join.query("name").ok_or(Refused::new(400, "Who are you?"))?;
        Ok(Player { name: name.into() })
    })?;
    Ok((routes, Lobby::default()))
}
