//! A browser: its session, its page, its socket.

use crate::app::live::Home;
use crate::dom::{Dom, NodeId, Templates, View};
use lazuli::Time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is known of a session: one request for a page, or one socket.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) browser: usize,
    pub(super) is_socket: bool,
    /// The most bytes that the driver held for it at once, and the largest frame that it was sent.
    pub(super) offered: usize,
    pub(super) largest: usize,
}

#[derive(Debug, Default)]
pub(super) struct Browser {
    /// The cookie that names its session at the site.
    pub(super) cookie: Option<String>,
    /// Templates are kept for ever.
    pub(super) templates: Templates,
    /// What looks like the name of a template and is none.
    pub(super) no_templates: BTreeSet<String>,
    pub(super) page: Option<Page>,
    /// The session that loads a page, and when it was asked for.
    pub(super) loading: Option<(u32, Time)>,
    pub(super) socket: Option<Socket>,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) dom: Dom,
    pub(super) parts: Vec<Part>,
    /// When it was asked for, and when it came.
    pub(super) asked: Time,
    pub(super) came: Time,
}

/// A component in a page.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) host: NodeId,
    pub(super) place: u32,
    pub(super) token: String,
    pub(super) shape: Value,
    /// Once its templates are there.
    pub(super) view: Option<View>,
    /// Its number on the socket.
    pub(super) number: Option<u32>,
    pub(super) is_asked: bool,
    /// Whether it shows something else than what the page came with.
    pub(super) is_patched: bool,
    /// Whether it was asked for anew; what comes until then is left out.
    pub(super) is_awaited: bool,
    /// Whether it does not want to be mounted, or is gone.
    pub(super) is_given_up: bool,
}

impl Part {
    pub(super) fn home(&self, session: u32) -> Home {
        Home { session, place: self.place }
    }
}

/// A Spark socket.
#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) session: u32,
    pub(super) is_open: bool,
    refs: u32,
    pub(super) asked: BTreeMap<u32, Asked>,
    /// What came and waits for a template.
    pub(super) held: VecDeque<Value>,
    /// Templates that were asked for.
    pub(super) wanted: BTreeSet<String>,
    /// The numbers that components were given.
    pub(super) given: BTreeSet<u32>,
    /// The numbers of components that the page has unmounted.
    pub(super) left: BTreeSet<u32>,
}

/// What a reply is awaited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Mount {
        place: u32,
        at: Time,
    },
    /// With a token that was changed, or belongs to another browser.
    Foreign,
    Event {
        op: u32,
    },
    Resync {
        number: u32,
    },
    Unmount {
        place: u32,
    },
    Template(String),
}

impl Socket {
    pub(super) fn new(session: u32) -> Socket {
        Socket { session, ..Socket::default() }
    }

    /// A new `ref`, under which this is asked for.
    pub(super) fn ask(&mut self, what: Asked) -> u32 {
        self.refs += 1;
        self.asked.insert(self.refs, what);
        self.refs
    }
}

impl Browser {
    /// The socket is gone; the page stays, with what it shows.
    pub(super) fn forget_socket(&mut self) {
        self.socket = None;
        for part in self.page.iter_mut().flat_map(|page| &mut page.parts) {
            (part.number, part.is_asked, part.is_awaited) = (None, false, false);
        }
    }

    /// The names of templates in a value that are not there yet. What has their form and is none is told by asking.
    pub(super) fn missing(&self, value: &Value, missing: &mut Vec<String>) {
        self.templates.missing(value, &self.no_templates, missing);
    }
}
