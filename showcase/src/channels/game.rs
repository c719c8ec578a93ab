//! `/game/:game_id`: a board for two, with others watching; messages typed by `type`.
//!
//! A move goes from one square of a chess board to another, `a1` to `h8`; whether the piece may do that is for the players
//! to judge. Who joins twice takes another name and color.

use crate::app::{Context, Showcase};
use lazuli::{Channel, Error, Limits, Rate, Result, json};
use serde::Deserialize;
use serde_json::json;

const PLAYERS: usize = 2;
/// The longest message, in code points.
const LONGEST: usize = 200;
/// The longest name, color or piece, in code points.
const LONGEST_NAME: usize = 40;

/// One who plays or watches.
pub struct Game {
    is_valid: bool,
    /// All who are here, and of those the players. Rooms that nobody is in are freed, and the game with them.
    room: String,
    players: String,
    plays: bool,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum Said {
    JoinGame { player_name: String, color: String },
    Move { from: String, to: String, piece: String },
    Chat { message: String },
    LeaveGame {},
}

/// People do not move faster.
pub fn limits() -> Limits {
    Limits { rate: Rate { per_second: 10, burst: 30 }, ..Limits::default() }
}

impl Game {
    /// One who comes to this game.
    pub fn new(game_id: &str) -> Game {
        let is_valid = game_id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        Game { is_valid, room: format!("game:{game_id}"), players: format!("players:{game_id}"), plays: false }
    }

    fn join(&mut self, cx: &mut Context<'_>, player_name: &str, color: &str) -> Result {
        check("player_name", player_name)?;
        check("color", color)?;
        if !self.plays && cx.count(&self.players) >= PLAYERS {
            return Err(Error::reply("Game is full"));
        }
        self.plays = true;
        cx.join(&self.players);
        cx.broadcast(&self.room, &json!({ "type": "player_joined", "player_name": player_name, "color": color }));
        Ok(())
    }

    fn play(&self, cx: &mut Context<'_>, from: &str, to: &str, piece: &str) -> Result {
        check("piece", piece)?;
        if !self.plays || !is_square(from) || !is_square(to) || from == to {
            return Err(Error::reply("Invalid move"));
        }
        let player_id = cx.conn();
        let made = json!({ "type": "move_made", "from": from, "to": to, "piece": piece, "player_id": player_id });
        cx.broadcast(&self.room, &made);
        Ok(())
    }

    fn chat(&self, cx: &mut Context<'_>, message: &str) -> Result {
        if message.chars().nth(LONGEST).is_some() {
            return Err(Error::reply("Message too long"));
        }
        let (player_id, timestamp) = (cx.conn(), cx.timestamp());
        let said =
            json!({ "type": "chat_message", "message": message, "player_id": player_id, "timestamp": timestamp });
        cx.broadcast(&self.room, &said);
        Ok(())
    }

    /// Who does not play leaves nothing.
    fn leave(&mut self, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.plays) {
            cx.leave(&self.players);
            let player_id = cx.conn();
            cx.broadcast(&self.room, &json!({ "type": "player_left", "player_id": player_id }));
        }
    }
}

impl Channel<Showcase> for Game {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        if self.is_valid {
            cx.join(&self.room);
        } else {
            let error = json!({ "type": "error", "message": "Game not found", "timestamp": cx.timestamp() });
            cx.send(&error);
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        if !self.is_valid {
            return Err(Error::reply("Game not found"));
        }
        match json::parse(text)? {
            Said::JoinGame { player_name, color } => self.join(cx, &player_name, &color)?,
            Said::Move { from, to, piece } => self.play(cx, &from, &to, &piece)?,
            Said::Chat { message } => self.chat(cx, &message)?,
            Said::LeaveGame {} => self.leave(cx),
        }
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_>, _code: u16, _reason: &str) -> Result {
        self.leave(cx);
        Ok(())
    }
}

fn is_square(text: &str) -> bool {
    matches!(text.as_bytes(), [b'a'..=b'h', b'1'..=b'8'])
}

fn check(field: &str, text: &str) -> Result {
    if text.trim().is_empty() || text.chars().nth(LONGEST_NAME).is_some() {
        return Err(Error::reply(format!("Invalid message format: `{field}` has 1 to {LONGEST_NAME} characters")));
    }
    Ok(())
}
