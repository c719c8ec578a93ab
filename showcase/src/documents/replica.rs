//! A text of which there are several copies, each of which may change: they become the same again.

use super::given::{Clock, document};
use super::log::Log;
use super::splice::Splice;
use lazuli::{Error, Result};
use yrs::types::Delta;
use yrs::updates::decoder::Decode;
use yrs::{Any, Assoc, Doc, GetString, IndexedSequence, Observable, Out, ReadTxn, StateVector, StickyIndex};
use yrs::{Text, TextRef, Transact, UndoManager, Update};

/// What others changed is not one's own to undo.
const OTHERS: &str = "others";

/// One copy: of a browser's text, or the one that all share.
pub struct Replica {
    doc: Doc,
    text: TextRef,
    undo: Option<UndoManager>,
    made: Log<Vec<u8>>,
    changes: Log<Splice>,
    /// What tells it the time.
    pub clock: Clock,
}

impl Replica {
    /// A copy with a number, which no other one may have.
    pub fn of(number: u64) -> Replica {
        let doc = document(number);
        let text = doc.get_or_insert_text("text");
        Replica { doc, text, undo: None, made: Log::default(), changes: Log::default(), clock: Clock::default() }
    }

    /// A copy that remembers what changes, for a browser to follow, and what it changed itself, to be undone.
    pub fn for_browser(number: u64) -> Replica {
        let mut replica = Replica::of(number);
        let changes = replica.changes.clone();
        replica.text.observe("changes", move |txn, event| {
            let mut at = 0;
            for delta in event.delta(txn) {
                let splice = match delta {
                    Delta::Retain(length, _) => {
                        at += length;
                        continue;
                    }
                    Delta::Deleted(length) => Splice(at, *length, String::new()),
                    Delta::Inserted(Out::Any(Any::String(text)), _) => Splice(at, 0, text.to_string()),
                    Delta::Inserted(..) => continue, // there is nothing but text
                };
                at += splice.inserts();
                changes.note(splice);
            }
        });
        let made = replica.made.clone();
        let observed = replica.doc.observe_update_v1("made", move |txn, event| {
            if txn.origin() != Some(&OTHERS.into()) {
                made.note(event.update.clone());
            }
        });
        debug_assert!(observed.is_ok(), "nobody else has a new document");
        let mut undo = UndoManager::with_options(replica.clock.undo_options());
        undo.expand_scope(&replica.doc, &replica.text);
        replica.undo = Some(undo);
        replica
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }

    /// How long it is, in UTF-16 units.
    pub fn length(&self) -> usize {
        self.text.len(&self.doc.transact()) as usize
    }

    /// Changes the text.
    ///
    /// # Errors
    /// When the splice is of another text.
    pub fn splice(&self, change: &Splice) -> Result {
        if !change.is_of(&self.text()) {
            return Err(Error::reply("This is not a change of this text"));
        }
        let Splice(at, delete, insert) = change;
        let mut txn = self.doc.transact_mut();
        if *delete > 0 {
            self.text.remove_range(&mut txn, *at, *delete);
        }
        if !insert.is_empty() {
            self.text.insert(&mut txn, *at, insert);
        }
        Ok(())
    }

    /// Takes back the latest of one's own changes.
    pub fn undo(&mut self) {
        self.undo.as_mut().map(UndoManager::undo_blocking);
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) {
        self.undo.as_mut().map(UndoManager::redo_blocking);
    }

    /// What another copy, which knows so much, does not know yet.
    pub fn news(&self, for_one_that_knows: &StateVector) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(for_one_that_knows)
    }

    /// What was changed here since the last call: news for all others that knew what this one knew.
    pub fn take_news(&self) -> Vec<Vec<u8>> {
        self.made.take()
    }

    /// How much this one knows.
    pub fn knows(&self) -> StateVector {
        self.doc.transact().state_vector()
    }

    /// Takes over what another copy knows.
    pub fn learn(&self, news: &[u8]) {
        let update = Update::decode_v1(news).ok();
        let done = update.map(|update| self.doc.transact_mut_with(OTHERS).apply_update(update));
        debug_assert!(matches!(done, Some(Ok(()))), "news of our own making");
    }

    /// What changed in the text since the last call, one change after the other.
    pub fn take_changes(&self) -> Vec<Splice> {
        self.changes.take()
    }

    /// A place in the text that stays between the same letters in all copies.
    pub fn mark(&self, at: u32) -> Option<StickyIndex> {
        let txn = self.doc.transact();
        let at = at.min(self.text.len(&txn));
        self.text.sticky_index(&txn, at, Assoc::Before)
    }

    /// Where a mark is in this copy, if it knows of it.
    pub fn find(&self, mark: &StickyIndex) -> Option<u32> {
        mark.get_offset(&self.doc.transact()).map(|found| found.index)
    }
}

#[cfg(test)]
mod tests;
