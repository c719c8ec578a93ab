//! What a browser and its copy of a document say to each other.

use super::opened::Opened;
use super::{Document, LONGEST, Replica, Splice};
use crate::app::Context;
use lazuli::{Error, Flash, Result};
use serde::Deserialize;
use serde_json::json;

/// What a browser says.
#[derive(Deserialize)]
pub struct Sync {
    /// Which copy it knows.
    turn: String,
    /// What was typed since the last answer.
    change: Option<Splice>,
    /// Where the caret is after it.
    caret: u32,
    /// To go, after it, through one's own changes.
    step: Option<Step>,
}

/// A way through one's own changes.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Back.
    Undo,
    /// And forth again.
    Redo,
}

impl Opened {
    /// The browser says what was typed, and where its caret is then; it is answered what to change.
    pub fn sync(&mut self, cx: &mut Context<'_>, Sync { turn, change, caret, step }: Sync) {
        if turn != self.turn.to_string() {
            return; // it was said before the browser heard of this copy, and will be said again
        }
        self.copy.clock.set(cx.timestamp());
        if let Err(error) = change.map_or(Ok(()), |change| self.take(cx, &change)) {
            cx.flash(Flash::Warning, error.message());
            return self.begin(cx, true);
        }
        let caret = self.copy.mark(caret);
        self.copy.take_changes();
        match step {
            Some(Step::Undo) => self.copy.undo(),
            Some(Step::Redo) => self.copy.redo(),
            None => {}
        }
        let undone = self.copy.take_changes();
        let news = self.copy.take_news();
        self.catch_up(cx);
        let answer = json!({ "undone": undone, "changes": self.copy.take_changes() });
        cx.dispatch("textarea", "editor:answer", &answer);
        self.revision += news.len() as u64;
        let conn = cx.conn();
        self.change(cx, move |document| {
            news.iter().for_each(|news| document.learn(news));
            if let Some(person) = document.people.get_mut(&conn) {
                person.caret = caret;
            }
        });
    }

    /// Makes the copy anew, and has the browser show it.
    pub fn start_anew(&mut self, cx: &mut Context<'_>) {
        self.begin(cx, false);
    }

    /// The same; `is_refused`: and forget what was typed.
    fn begin(&mut self, cx: &mut Context<'_>, is_refused: bool) {
        self.turn = cx.random();
        self.copy = Replica::for_browser(self.turn);
        self.catch_up(cx);
        self.copy.take_changes();
        cx.dispatch(
            "textarea",
            "editor:open",
            &json!({ "turn": self.turn.to_string(), "text": self.copy.text(), "refused": is_refused }),
        );
    }

    fn catch_up(&mut self, cx: &Context<'_>) {
        self.is_told = false;
        if let Some(document) = self.document(cx) {
            self.copy.learn(&document.shared.news(&self.copy.knows()));
            self.revision = document.revision;
        }
    }

    fn take(&self, cx: &Context<'_>, change: &Splice) -> Result {
        if self.document(cx).is_some_and(Document::is_full) {
            return Err(Error::reply(
                "This document remembers too much; it can be changed again once everybody has closed it",
            ));
        }
        if self.copy.length() + change.inserts() as usize > LONGEST + change.1 as usize {
            return Err(Error::reply("This document cannot become longer"));
        }
        self.copy.splice(change)
    }
}
