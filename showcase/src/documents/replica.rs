//! A text of which there are several copies, each of which may change: they become the same again.

use lazuli::{Error, Result};
use serde::{Deserialize, Serialize};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use yrs::types::Delta;
use yrs::undo::Options as UndoOptions;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Assoc, Doc, GetString, IndexedSequence, Observable, OffsetKind, Options, Out, ReadTxn, StateVector,
    StickyIndex,
};
use yrs::{Text, TextRef, Transact, UndoManager, Update};

/// What others changed is not one's own to undo.
const OTHERS: &str = "others";

/// A part of a text is replaced: `(at, delete, insert)`, in UTF-16 units, as a browser counts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Splice(pub u32, pub u32, pub String);

/// One copy: of a browser's text, or the one that all share.
pub struct Replica {
    doc: Doc,
    text: TextRef,
    undo: Option<UndoManager>,
    made: Log<Vec<u8>>,
    changes: Log<Splice>,
}

/// What was observed. (A copy may go from thread to thread, so what observes it has to be able to.)
type Log<T> = Arc<Mutex<Vec<T>>>;

fn note<T>(log: &Log<T>, one: T) {
    log.lock().unwrap_or_else(PoisonError::into_inner).push(one);
}

fn take<T>(log: &Log<T>) -> Vec<T> {
    mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Default for Replica {
    fn default() -> Self {
        let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
        let text = doc.get_or_insert_text("text");
        Replica { doc, text, undo: None, made: Log::default(), changes: Log::default() }
    }
}

impl Replica {
    /// A copy that remembers what changes, for a browser to follow, and what it changed itself, to be undone.
    pub fn for_browser() -> Replica {
        let mut replica = Replica::default();
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
                at += units(&splice.2);
                note(&changes, splice);
            }
        });
        let made = replica.made.clone();
        let observed = replica.doc.observe_update_v1("made", move |txn, event| {
            if txn.origin() != Some(&OTHERS.into()) {
                note(&made, event.update.clone());
            }
        });
        debug_assert!(observed.is_ok(), "nobody else has a new document");
        let mut undo = UndoManager::with_options(UndoOptions::default());
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
    pub fn splice(&self, Splice(at, delete, insert): &Splice) -> Result {
        let text = self.text();
        let ends = at.checked_add(*delete).is_some_and(|end| is_boundary(&text, *at) && is_boundary(&text, end));
        if !ends || insert.contains('\r') {
            return Err(Error::reply("This is not a change of this text"));
        }
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
        take(&self.made)
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
        take(&self.changes)
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

fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

/// Whether a character begins at this place, counted in UTF-16 units, or the text ends.
fn is_boundary(text: &str, at: u32) -> bool {
    let mut seen = 0;
    for char in text.chars() {
        if seen >= at {
            break;
        }
        seen += char.len_utf16() as u32;
    }
    seen == at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sync(one: &Replica, other: &Replica) {
        other.learn(&one.news(&other.knows()));
        one.learn(&other.news(&one.knows()));
    }

    /// What a browser shows that follows the changes.
    fn follow(shown: &mut Vec<u16>, changes: Vec<Splice>) {
        for Splice(at, delete, insert) in changes {
            shown.splice(at as usize..(at + delete) as usize, insert.encode_utf16());
        }
    }

    #[test]
    fn changes_at_different_places_both_survive() {
        let (ada, ben) = (Replica::for_browser(), Replica::for_browser());
        ada.splice(&Splice(0, 0, "one three".into())).unwrap();
        sync(&ada, &ben);
        ada.splice(&Splice(0, 3, "ONE".into())).unwrap();
        ben.splice(&Splice(4, 0, "two ".into())).unwrap();
        sync(&ada, &ben);
        assert_eq!((ada.text(), ben.text()), ("ONE two three".into(), "ONE two three".into()));
        let all = Replica::default();
        for news in [ada.take_news(), ben.take_news()].into_iter().flatten() {
            all.learn(&news);
        }
        assert_eq!(all.text(), "ONE two three");
    }

    #[test]
    fn undo_takes_back_what_is_ones_own() {
        let (mut ada, ben) = (Replica::for_browser(), Replica::for_browser());
        ben.splice(&Splice(0, 0, "Ben".into())).unwrap();
        sync(&ada, &ben);
        ada.splice(&Splice(0, 0, "Ada, ".into())).unwrap();
        ben.splice(&Splice(3, 0, "!".into())).unwrap();
        sync(&ada, &ben);
        ada.undo();
        assert_eq!(ada.text(), "Ben!");
        ada.redo();
        sync(&ada, &ben);
        assert_eq!(ben.text(), "Ada, Ben!");
    }

    #[test]
    fn a_mark_stays_between_its_letters_in_every_copy() {
        let (ada, ben) = (Replica::for_browser(), Replica::for_browser());
        ada.splice(&Splice(0, 0, "ab".into())).unwrap();
        sync(&ada, &ben);
        let mark = ada.mark(1).unwrap();
        ben.splice(&Splice(0, 0, "😀".into())).unwrap();
        assert_eq!((ada.find(&mark), ben.find(&mark)), (Some(1), Some(3)));
        assert_eq!(ben.length(), 4);
        for at in [0, 1, 2, 99] {
            assert_eq!(ada.find(&ada.mark(at).unwrap()), Some(at.min(2)));
        }
        let empty = Replica::default();
        assert_eq!(empty.find(&empty.mark(0).unwrap()), Some(0));
    }

    #[test]
    fn what_is_no_change_of_the_text_is_refused() {
        let ada = Replica::for_browser();
        ada.splice(&Splice(0, 0, "a😀b".into())).unwrap();
        for (at, delete) in [(2, 0), (1, 1), (5, 0), (0, 5), (u32::MAX, 1), (4, u32::MAX)] {
            ada.splice(&Splice(at, delete, "x".into())).unwrap_err();
        }
        ada.splice(&Splice(0, 0, "a\r\n".into())).unwrap_err();
        ada.splice(&Splice(1, 2, String::new())).unwrap();
        assert_eq!(ada.text(), "ab");
    }

    /// Whoever changes what, and whenever they meet: in the end all have the same text, and so has who follows the changes.
    #[test]
    fn all_copies_converge() {
        let mut copies = [Replica::for_browser(), Replica::for_browser(), Replica::for_browser()];
        let mut shown = [const { Vec::new() }; 3];
        let mut state = 7_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..2_000 {
            let who = random(3);
            let text: Vec<char> = copies[who].text().chars().collect();
            let (from, to) = (random(text.len() + 1), random(text.len() + 1));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 4));
            let count = |chars: &[char]| chars.iter().map(|char| char.len_utf16() as u32).sum();
            let insert = ["", "x", "😀", "line\n", "äöü"][random(5)].into();
            match random(6) {
                0 => copies[who].undo(),
                1 => copies[who].redo(),
                2 => {
                    let other = (who + 1) % 3;
                    sync(&copies[who], &copies[other]);
                }
                _ => copies[who].splice(&Splice(count(&text[..from]), count(&text[from..to]), insert)).unwrap(),
            }
            for (copy, shown) in copies.iter().zip(&mut shown) {
                follow(shown, copy.take_changes());
                assert_eq!(String::from_utf16(shown).unwrap(), copy.text());
            }
        }
        for (one, other) in [(0, 1), (1, 2), (2, 0)] {
            sync(&copies[one], &copies[other]);
        }
        assert!(copies[0].text().len() > 100 && copies.iter().all(|copy| copy.text() == copies[0].text()));
    }
}
