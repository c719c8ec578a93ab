//! One written scenario, played in the simulator and over real sockets: every client has to see the same.
//!
//! A script is a list of steps. After each step the player waits until everything that follows from it has come, so that
//! what a client sees does not depend on who is faster. An application whose messages carry times or ids of its own is
//! not fit for this.
//!
//! ```
//! use lazuli::{Channel, Context, Result, Routes};
//! use lazuli_harness::script::{Heard, Script, run_in_simulator};
//!
//! struct Lobby;
//! impl Channel for Lobby {
//!     fn on_connect(&mut self, cx: &mut Context) -> Result {
//!         cx.join("lobby");
//!         Ok(())
//!     }
//!     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
//!         cx.to_room("lobby").text(text);
//!         Ok(())
//!     }
//! }
//!
//! let mut routes: Routes = Routes::new();
//! routes.channel("/lobby", |_| Ok(Lobby))?;
//! let script = Script::new().connect(0, "/lobby").connect(1, "/lobby").text(0, "hi").close(0, 1000, "bye");
//! let streams = run_in_simulator(&script, routes, ())?;
//! assert_eq!(streams[1][..2], [Heard::Opened, Heard::Text("hi".into())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod player;
mod simulated;
mod sockets;

pub use simulated::run_in_simulator;
pub use sockets::run_over_sockets;

use std::fmt;

/// What clients do, one after the other. Clients go by number, from 0 on.
///
/// When the last step is done, the player closes what is still open, in the order of the numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    client: usize,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Connect(String),
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
}

impl Script {
    /// A script without steps.
    pub fn new() -> Script {
        Script::default()
    }

    fn step(mut self, client: usize, what: What) -> Script {
        self.steps.push(Step { client, what });
        self
    }

    /// A client opens a WebSocket; one that had one before and lost it opens another.
    #[must_use]
    pub fn connect(self, client: usize, target: &str) -> Script {
        self.step(client, What::Connect(target.to_owned()))
    }

    /// A client sends a text message.
    #[must_use]
    pub fn text(self, client: usize, text: &str) -> Script {
        self.step(client, What::Text(text.to_owned()))
    }

    /// A client sends a binary message.
    #[must_use]
    pub fn binary(self, client: usize, bytes: &[u8]) -> Script {
        self.step(client, What::Binary(bytes.to_vec()))
    }

    /// A client closes with a code and a reason of at most 123 bytes.
    #[must_use]
    pub fn close(self, client: usize, code: u16, reason: &str) -> Script {
        self.step(client, What::Close(code, reason.to_owned()))
    }

    /// How many clients take part.
    pub fn clients(&self) -> usize {
        self.steps.iter().map(|step| step.client + 1).max().unwrap_or_default()
    }
}

/// What a client saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its request was answered with this status and not with a WebSocket.
    Refused(u16),
    /// Its WebSocket is open.
    Opened,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The server closed, first or in answer.
    Closed {
        /// The code, if there was one.
        code: Option<u16>,
        /// The reason.
        reason: String,
    },
    /// The stream ended without a close frame.
    Lost,
}

/// What each client saw, by its number.
pub type Streams = Vec<Vec<Heard>>;

/// A script that could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The step at which it stopped, from 0 on; as many as there are steps for what comes after the last one.
    pub step: usize,
    /// What was wrong.
    pub what: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} of the script: {}", self.step, self.what)
    }
}

impl std::error::Error for ScriptError {}
