//! A document as one page has it open.

use super::{Document, LONGEST, Person, Replica, Splice};
use crate::app::Context;
use lazuli::{Error, Flash, Result};
use serde::Deserialize;
use serde_json::json;

/// A page's copy of a document, and what it knows of the others who have it open.
///
/// The copy is what the browser shows: it says what was typed, and is told what to change, one question and one answer after
/// the other. So both always know which text a change is of, and what comes from two sides at once is merged here.
pub struct Opened {
    /// What this one is called.
    pub me: String,
    /// The others.
    pub others: Vec<Other>,
    /// When it was saved last.
    pub saved: Option<String>,
    /// How many there are in the text.
    pub characters: usize,
    id: String,
    room: String,
    copy: Replica,
    /// Names the copy, so that no change is taken for one of another.
    turn: u64,
    revision: u64,
    /// Whether the browser knows that there is something to ask for.
    is_told: bool,
}

/// Another one who has it open.
pub struct Other {
    /// Whose id as a connection.
    pub id: u64,
    /// What they are called.
    pub name: String,
    /// Where their caret is, in UTF-16 units.
    pub caret: Option<u32>,
}

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
    /// The document with this id, not open yet.
    pub fn new(id: String) -> Opened {
        Opened {
            me: String::new(),
            others: Vec::new(),
            saved: None,
            characters: 0,
            room: format!("document:{id}"),
            id,
            copy: Replica::for_browser(),
            turn: 0,
            revision: 0,
            is_told: false,
        }
    }

    /// Opens it, and tells the browser its text.
    pub fn open(&mut self, cx: &mut Context<'_>) -> Result {
        if !cx.app().documents.has_room_for(&self.id) {
            return Err(Error::reply("Too many documents are open; try again later"));
        }
        self.me = format!("Guest {}", cx.conn());
        let (id, conn, person) = (self.id.clone(), cx.conn(), Person { name: self.me.clone(), caret: None });
        let still: Vec<_> = cx.members(&self.room).collect();
        cx.update(move |app| app.documents.open(&id, conn, person, &still));
        cx.join(&self.room);
        self.start_anew(cx);
        self.tell_others(cx);
        Ok(())
    }

    /// Closes it.
    pub fn close(&self, cx: &mut Context<'_>) {
        let (id, conn) = (self.id.clone(), cx.conn());
        cx.update(move |app| app.documents.close(&id, conn));
        self.tell_others(cx);
    }

    /// The browser says what was typed, and where its caret is then; it is answered what to change.
    pub fn sync(&mut self, cx: &mut Context<'_>, Sync { turn, change, caret, step }: Sync) {
        if turn != self.turn.to_string() {
            return; // it was said before the browser heard of this copy, and will be said again
        }
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

    /// Somebody else did something.
    pub fn hear(&mut self, cx: &mut Context<'_>) {
        let is_behind = self.document(cx).is_some_and(|document| document.revision != self.revision);
        if is_behind && !self.is_told {
            self.is_told = true;
            cx.dispatch("textarea", "editor:news", &());
        }
    }

    /// Marks that it is worth keeping.
    pub fn save(&mut self, cx: &mut Context<'_>) {
        let now = cx.timestamp();
        self.change(cx, move |document| document.saved = Some(now));
    }

    /// Has another name from now on, unless it is none.
    pub fn rename(&mut self, cx: &mut Context<'_>, name: String) {
        if name.is_empty() {
            return;
        }
        self.me.clone_from(&name);
        let conn = cx.conn();
        self.change(cx, move |document| {
            if let Some(person) = document.people.get_mut(&conn) {
                person.name = name;
            }
        });
    }

    /// Looks who else is there, and what is to be told of the document.
    pub fn look(&mut self, cx: &Context<'_>) {
        let Some(document) = cx.app().documents.get(&self.id) else { return };
        let others = document.people.iter().filter(|(conn, _)| **conn != cx.conn());
        let other = |conn: u64, person: &Person| Other {
            id: conn,
            name: person.name.clone(),
            caret: person.caret.as_ref().and_then(|mark| self.copy.find(mark)),
        };
        self.others = others.map(|(conn, person)| other(conn.as_u64(), person)).collect();
        self.saved = document.saved.map(|saved| saved.to_string());
        self.characters = self.copy.text().chars().count();
    }

    fn document<'a>(&self, cx: &Context<'a>) -> Option<&'a Document> {
        cx.app().documents.get(&self.id)
    }

    fn take(&self, cx: &Context<'_>, change: &Splice) -> Result {
        if self.document(cx).is_some_and(Document::is_full) {
            return Err(Error::reply(
                "This document remembers too much; it can be changed again once everybody has closed it",
            ));
        }
        if self.copy.length() + change.2.encode_utf16().count() > LONGEST + change.1 as usize {
            return Err(Error::reply("This document cannot become longer"));
        }
        self.copy.splice(change)
    }

    /// Makes the copy anew, and has the browser show it.
    pub fn start_anew(&mut self, cx: &mut Context<'_>) {
        self.begin(cx, false);
    }

    /// The same; `is_refused`: and forget what was typed.
    fn begin(&mut self, cx: &mut Context<'_>, is_refused: bool) {
        self.turn = cx.random();
        self.copy = Replica::for_browser();
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

    fn change(&self, cx: &mut Context<'_>, change: impl FnOnce(&mut Document) + Send + 'static) {
        let id = self.id.clone();
        cx.update(move |app| app.documents.change(&id, change));
        self.tell_others(cx);
    }

    fn tell_others(&self, cx: &mut Context<'_>) {
        cx.to_others(&self.room).text("changed");
    }
}
