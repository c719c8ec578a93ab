//! Who is typing in a chat room.

use lazuli::Time;
use std::time::Duration;

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
