use lazuli::{App, Channel, ConnId, Context, Refused, Result, Routes, route::PatternError};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// Who is in the lobby, each with as many connections as there are of them.
#[derive(Default)]
pub struct Lobby {
    players: Players,
}

type Players = BTreeMap<String, BTreeSet<ConnId>>;

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
        players.entry(self.name.clone()).or_default().insert(cx.conn());
        show(cx, players);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_, Lobby>, text: &str) -> Result {
        cx.broadcast("lobby", &json!({ "type": "said", "by": self.name, "text": text }));
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_, Lobby>, _: u16, _: &str) -> Result {
        let mut players = cx.app().players.clone();
        if let Some(own) = players.get_mut(&self.name) {
            own.remove(&cx.conn());
        }
        players.retain(|_, own| !own.is_empty());
        show(cx, players);
        Ok(())
    }
}

/// The lobby has these players now, and everyone is told.
fn show(cx: &mut Context<'_, Lobby>, players: Players) {
    cx.broadcast("lobby", &json!({ "type": "players", "names": players.keys().collect::<Vec<_>>() }));
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
