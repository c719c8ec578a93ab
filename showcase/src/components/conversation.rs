//! What a chat room's page knows of the room.

use super::typists::Typists;
use lazuli::{ChannelMessage, Time};
use serde::Deserialize;
use std::collections::VecDeque;

/// So many messages are kept.
const MOST: usize = 200;

/// What was said, who is typing, and how many are there.
#[derive(Default)]
pub struct Conversation {
    pub users: usize,
    pub messages: VecDeque<Message>,
    pub typists: Typists,
}

pub struct Message {
    pub number: u64,
    pub user_id: String,
    pub name: String,
    pub text: String,
    pub timestamp: String,
}

/// What the room hears, as far as the page shows it.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Heard {
    UserJoined { count: usize },
    UserLeft { count: usize },
    ChatMessage { message: String, name: Option<String>, user_id: String, timestamp: String },
    UserTyping { name: Option<String>, user_id: String },
    UserStoppedTyping { user_id: String },
}

impl Conversation {
    /// Something came to the room.
    pub fn hears(&mut self, message: &ChannelMessage<'_>, now: Time) {
        let name = |name: Option<String>, user_id: &str| name.unwrap_or_else(|| format!("User {user_id}"));
        match message.read() {
            Ok(Heard::UserJoined { count } | Heard::UserLeft { count }) => self.users = count,
            Ok(Heard::UserTyping { name: known, user_id }) => {
                let name = name(known, &user_id);
                self.typists.starts(user_id, name, now);
            }
            Ok(Heard::UserStoppedTyping { user_id }) => self.typists.stops(&user_id),
            Ok(Heard::ChatMessage { message: text, name: known, user_id, timestamp }) => {
                self.typists.stops(&user_id);
                let number = self.messages.back().map_or(0, |last| last.number + 1);
                let name = name(known, &user_id);
                self.messages.push_back(Message { number, user_id, name, text, timestamp });
                if self.messages.len() > MOST {
                    self.messages.pop_front();
                }
            }
            Err(_) => {} // of a kind that is not shown, such as a file
        }
    }
}
