//! A document as one page has it open.

use super::{Document, Person, Replica};
use crate::app::Context;
use lazuli::{Error, Result};

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
    pub(super) copy: Replica,
    /// Names the copy, so that no change is taken for one of another.
    pub(super) turn: u64,
    pub(super) revision: u64,
    /// Whether the browser knows that there is something to ask for.
    pub(super) is_told: bool,
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
            copy: Replica::for_browser(0),
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

    pub(super) fn document<'a>(&self, cx: &Context<'a>) -> Option<&'a Document> {
        cx.app().documents.get(&self.id)
    }

    pub(super) fn change(&self, cx: &mut Context<'_>, change: impl FnOnce(&mut Document) + Send + 'static) {
        let id = self.id.clone();
        cx.update(move |app| app.documents.change(&id, change));
        self.tell_others(cx);
    }

    fn tell_others(&self, cx: &mut Context<'_>) {
        cx.to_others(&self.room).text("changed");
    }
}
