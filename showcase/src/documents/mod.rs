//! The documents that are edited together: so many, each so long, and what was not opened for longest goes.

mod given;
mod log;
mod opened;
mod replica;
mod splice;
mod sync;

pub use opened::Opened;
pub use replica::Replica;
pub use splice::Splice;
pub use sync::Sync;

use lazuli::{ConnId, Timestamp};
use std::collections::BTreeMap;
use yrs::{StateVector, StickyIndex};

/// So many documents are kept.
const MOST: usize = 64;
/// So much may be learnt of a document while it is open: what was deleted is remembered until then.
const LONGEST_HISTORY: usize = 1 << 20; // bytes
/// The longest text, in UTF-16 units.
pub const LONGEST: usize = 20_000;

/// All of them, by their ids.
#[derive(Default)]
pub struct Documents {
    all: BTreeMap<String, Document>,
    opened: u64,
}

/// One document.
pub struct Document {
    /// The copy that is everybody's.
    pub shared: Replica,
    /// Who has it open.
    pub people: BTreeMap<ConnId, Person>,
    /// When it was saved last.
    pub saved: Option<Timestamp>,
    /// How often it changed.
    pub revision: u64,
    history: usize,
    opened: u64,
}

/// Somebody who has a document open.
#[derive(Clone)]
pub struct Person {
    /// What they are called.
    pub name: String,
    /// Where their caret is, once they have been in the text.
    pub caret: Option<StickyIndex>,
}

impl Documents {
    /// The document with this id, if there is one.
    pub fn get(&self, id: &str) -> Option<&Document> {
        self.all.get(id)
    }

    /// Changes it, if there is one.
    pub fn change(&mut self, id: &str, change: impl FnOnce(&mut Document)) {
        self.all.get_mut(id).map(change);
    }

    /// Whether this document can be opened: it is there, or one that nobody has open can make place for it.
    pub fn has_room_for(&self, id: &str) -> bool {
        self.all.contains_key(id)
            || self.all.len() < MOST
            || self.all.values().any(|document| document.people.is_empty())
    }

    /// Somebody opens a document. Of those who had it open these are still there.
    pub fn open(&mut self, id: &str, conn: ConnId, person: Person, still: &[ConnId]) {
        if !self.all.contains_key(id) && self.all.len() >= MOST {
            let closed = self.all.iter().filter(|(_, document)| document.people.is_empty());
            let oldest = closed.min_by_key(|(_, document)| document.opened).map(|(id, _)| id.clone());
            oldest.map(|oldest| self.all.remove(&oldest));
        }
        self.opened += 1;
        let document = self.all.entry(id.into()).or_insert_with(Document::new);
        document.opened = self.opened;
        document.people.retain(|conn, _| still.contains(conn));
        document.people.insert(conn, person);
    }

    /// Somebody closes it. The last one leaves the text, and nothing of how it came about; if there is no text, nothing.
    pub fn close(&mut self, id: &str, conn: ConnId) {
        let Some(document) = self.all.get_mut(id) else { return };
        document.people.remove(&conn);
        if document.people.is_empty() {
            let text = document.shared.text();
            if text.is_empty() && document.saved.is_none() {
                self.all.remove(id);
                return;
            }
            (document.shared, document.history) = (Replica::of(0), 0);
            // A splice at the start is one of any text.
            let _ = document.shared.splice(&Splice(0, 0, text));
        }
    }
}

impl Document {
    fn new() -> Document {
        let shared = Replica::of(0);
        Document { shared, people: BTreeMap::new(), saved: None, revision: 0, history: 0, opened: 0 }
    }

    /// Takes over what a copy of it knows.
    pub fn learn(&mut self, news: &[u8]) {
        self.shared.learn(news);
        self.revision += 1;
        self.history += news.len();
        if self.is_full() {
            // Much of it has come together: what was typed in one go is one part.
            self.history = self.shared.news(&StateVector::default()).len();
        }
    }

    /// Whether it remembers so much that it can learn nothing more until everybody has closed it.
    pub fn is_full(&self) -> bool {
        self.history > LONGEST_HISTORY
    }
}

#[cfg(test)]
mod tests;
