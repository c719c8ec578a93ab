//! What all channels share.

use crate::auth::{Claims, Revoked, Tokens};
use crate::documents::Documents;
use crate::kept::Kept;
use crate::said::Conversation;
use crate::shelf::Shelf;
use crate::todo_list::TodoList;
use lazuli::{App, Join, Timestamp};
use std::convert::Infallible;
use std::sync::Arc;

/// So many lists of todos are kept. Each has some 80 KB at most, if all of it is emoji.
const LISTS: usize = 1_000;
/// What was said is kept of so many rooms. Of each it is some 800 KB at most, if all of it is emoji.
const ROOMS: usize = 64;
/// The names of so many people are kept.
const NAMES: usize = 10_000;

/// The application's state.
pub struct Showcase {
    /// What signs and checks tokens.
    pub tokens: Tokens,
    /// Whose tokens were taken back.
    pub revoked: Revoked,
    /// Notifications for users who are offline.
    pub kept: Kept,
    /// Documents that are edited together.
    pub documents: Documents,
    /// What is to be done, by the browser session whose it is.
    pub todos: Shelf<Arc<TodoList>>,
    /// What was said in the chat rooms, by their ids.
    pub said: Shelf<Conversation>,
    /// What somebody wants to be called in them, by their browser session.
    pub names: Shelf<Option<String>>,
}

/// What a callback sees and does.
pub type Context<'a> = lazuli::Context<'a, Showcase>;
/// The same, where there is no connection: for a POST.
pub type Scope<'a> = lazuli::Scope<'a, Showcase>;

impl App for Showcase {
    type Event = Infallible;
    type Effect = Infallible;
}

impl Showcase {
    /// With nothing kept and nobody's tokens taken back.
    pub fn new(tokens: Tokens) -> Showcase {
        Showcase {
            tokens,
            revoked: Revoked::default(),
            kept: Kept::default(),
            documents: Documents::default(),
            todos: Shelf::new(LISTS),
            said: Shelf::new(ROOMS),
            names: Shelf::new(NAMES),
        }
    }

    /// What is to be done in a browser session; nothing, if there is none yet.
    pub fn todos_of(&self, session: Option<&str>) -> Arc<TodoList> {
        session.and_then(|session| self.todos.get(session)).cloned().unwrap_or_default()
    }

    /// What a token says, if it holds now.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        self.tokens.read(token, now).filter(|claims| !self.revoked.includes(claims))
    }
}

/// What the token of a client says, if it shows one that holds.
pub fn claims(join: &Join<'_, Showcase>) -> Option<Claims> {
    join.app.read(join.token()?, join.timestamp())
}
