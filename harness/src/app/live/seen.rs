//! What components write down of themselves.

use crate::oracle::PageOrder;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// Where an outermost component is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    /// The socket's.
    pub(crate) session: u32,
    /// Its number in all pages.
    pub(crate) place: u32,
}

/// An instance of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    /// Never the same again.
    pub(crate) number: u32,
    /// The outermost one around it, or itself.
    pub(crate) outer: u32,
    /// Its key in that one's markup; `None` for the outermost itself.
    pub(crate) key: Option<u64>,
    /// `None` on the first paint, where no callback comes.
    pub(crate) home: Option<Home>,
}

/// Something of a component that was seen.
pub(crate) enum Seen {
    /// An outermost one was made, for this mount.
    Made(Id),
    /// A callback has run.
    Called {
        id: Id,
        what: Called,
        verdict: crate::chronicle::Verdict,
        /// The changes that its fields have seen since it was made.
        version: u64,
    },
    /// The callback that is noted next ends its component.
    Closes(Id),
    /// The callback that is noted next asks for these in its page, and succeeds.
    Orders(Id, Vec<PageOrder>),
    /// A render was begun, of this state.
    Shown { id: Id, version: u64, state: Snapshot },
    /// A render panicked.
    Blown(Id),
}

impl Seen {
    /// Whose it is.
    pub(crate) fn id(&self) -> Id {
        match self {
            Seen::Made(id) | Seen::Called { id, .. } | Seen::Shown { id, .. } => *id,
            Seen::Blown(id) | Seen::Closes(id) | Seen::Orders(id, _) => *id,
        }
    }
}

/// Which callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Mount,
    /// An event of the page, with the number that the client gave it.
    Event(u32),
    /// An event of another component.
    Kin,
    Message,
    Timer,
    App,
    Update,
    Unmount,
}

/// A state, as it was rendered.
pub(crate) type Snapshot = Arc<dyn Show + Send + Sync>;

/// What a state is in HTML, written by hand.
pub(crate) trait Show {
    /// `inner` is what the component with this key in its markup shows.
    fn html(&self, inner: &dyn Fn(u64) -> String) -> String;
}

/// The one list of what was seen of components.
#[derive(Clone, Default)]
pub(crate) struct Stage(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    seen: Vec<Seen>,
    instances: u32,
}

impl Stage {
    fn with<T>(&self, run: impl FnOnce(&mut Inner) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn number(&self) -> u32 {
        self.with(|inner| {
            inner.instances += 1;
            inner.instances
        })
    }

    /// An outermost component is made.
    pub(super) fn outermost(&self, home: Option<Home>) -> (Stage, Id) {
        let number = self.number();
        let id = Id { number, outer: number, key: None, home };
        self.push(Seen::Made(id));
        (self.clone(), id)
    }

    /// One that stands in another's markup is made.
    pub(super) fn inner(&self, outer: Id, key: u64) -> (Stage, Id) {
        (self.clone(), Id { number: self.number(), key: Some(key), ..outer })
    }

    /// Takes something down, unless it belongs to a first paint.
    pub(super) fn push(&self, seen: Seen) {
        if seen.id().home.is_some() {
            self.with(|inner| inner.seen.push(seen));
        }
    }

    /// Takes out what was seen since the last call, into `seen`.
    pub(crate) fn take(&self, seen: &mut Vec<Seen>) {
        seen.clear();
        self.with(|inner| mem::swap(seen, &mut inner.seen));
    }
}

/// A text as it stands between tags, or in a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\r', "&#13;")
}
