//! Who is in a chat room, as its page hears: how many, and who is typing.

use lazuli::{ChannelMessage, Time};
use serde::Deserialize;
use std::time::Duration;

/// The people in a room.
#[derive(Default)]
pub struct People {
    pub count: usize,
    pub typists: Typists,
}

/// What the room hears, as far as it is about people.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Heard {
    UserJoined { count: usize },
    UserLeft { count: usize },
    ChatMessage { user_id: String },
    UserTyping { name: Option<String>, user_id: String },
    UserStoppedTyping { user_id: String },
}

impl People {
    /// Something came to the room.
    pub fn hear(&mut self, message: &ChannelMessage<'_>, now: Time) {
        match message.read() {
            Ok(Heard::UserJoined { count } | Heard::UserLeft { count }) => self.count = count,
            Ok(Heard::UserTyping { name, user_id }) => {
                let name = name.unwrap_or_else(|| format!("User {user_id}"));
                self.typists.starts(user_id, name, now);
            }
            Ok(Heard::UserStoppedTyping { user_id } | Heard::ChatMessage { user_id }) => self.typists.stops(&user_id),
            Err(_) => {} // of another kind, such as a file
        }
    }
}

/// For so long somebody is typing after the latest event that says so.
const TYPING: Duration = Duration::from_secs(3);
/// Of so many it is known; they go by themselves, so another one has a place soon.
const MOST: usize = 20;
/// So many are named.
const NAMED: usize = 3;

/// Those who are typing, each with their name, and until when unless they go on.
#[derive(Default)]
pub struct Typists(Vec<(String, String, Time)>);

impl Typists {
    /// Somebody types.
    pub fn starts(&mut self, id: String, name: String, now: Time) {
        let until = now + TYPING;
        let typist = (id, name, until);
        match self.0.iter().position(|known| known.0 == typist.0) {
            Some(at) => self.0[at] = typist,
            None if self.0.len() < MOST => self.0.push(typist),
            None => {}
        }
    }

    /// Somebody does not type any more.
    pub fn stops(&mut self, id: &str) {
        self.0.retain(|typist| typist.0 != id);
    }

    /// Leaves out those of whom nothing was heard for too long, and says how long the next of them has.
    pub fn wait(&mut self, now: Time) -> Option<Duration> {
        self.0.retain(|(.., until)| *until > now);
        self.0.iter().map(|(.., until)| until.saturating_since(now)).min()
    }

    /// "Ada, Ben are typing...", or nothing.
    pub fn text(&self) -> String {
        let names = self.0.iter().take(NAMED).map(|typist| &*typist.1).collect::<Vec<_>>().join(", ");
        match self.0.len() {
            0 => names,
            1 => format!("{names} is typing..."),
            count if count <= NAMED => format!("{names} are typing..."),
            count => format!("{names} and {} more are typing...", count - NAMED),
        }
    }
}
