//! What all channels share.

use crate::auth::{Claims, Revoked, Tokens};
use crate::documents::Documents;
use crate::kept::Kept;
use lazuli::{App, Join};
use std::convert::Infallible;

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
        Showcase { tokens, revoked: Revoked::default(), kept: Kept::default(), documents: Documents::default() }
    }

    /// What a token says, if it holds.
    pub fn read(&self, token: &str) -> Option<Claims> {
        self.tokens.read(token).filter(|claims| !self.revoked.includes(claims))
    }
}

/// What the token of a client says, if it shows one that holds.
pub fn claims(join: &Join<'_, Showcase>) -> Option<Claims> {
    join.app.read(join.token()?)
}
