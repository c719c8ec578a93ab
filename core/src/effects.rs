//! What a callback recorded, until it is known whether the callback succeeded.

use crate::channel::{App, Timer};
use crate::component::SessionId;
use crate::error::Error;
use crate::frame::Frame;
use crate::id::ConnId;
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;
use serde_json::Value;

/// One recorded effect.
pub(crate) enum Effect<A: App> {
    Send {
        to: Target,
        frame: Frame,
    },
    Event {
        to: Target,
        event: Arc<A::Event>,
    },
    Join(Name),
    Leave(Name),
    SetTimer {
        timer: Timer,
        after: Duration,
        every: Option<Duration>,
    },
    CancelTimer(Timer),
    Close {
        conn: ConnId,
        code: u16,
        reason: Name,
    },
    App(A::Effect),
    /// The answer to the message that is being handled.
    Reply(Frame),
    Identify(Name),
    Expire(Time),
    Metadata(Arc<Value>),
    Track {
        room: Name,
        meta: Arc<str>,
    },
    Untrack(Name),
    /// A command for the page of a component.
    Page(Frame),
    /// An event for the component around this one, or for those in it.
    KinEvent {
        outwards: bool,
        event: Name,
        data: Frame,
    },
    /// An event for the other components of the same page.
    PageEvent {
        name: Name,
        event: Name,
        data: Frame,
    },
    CloseUser {
        user: Name,
        code: u16,
        reason: Name,
    },
}

pub(crate) type Update<A> = Box<dyn FnOnce(&mut A) + Send>;

/// Who gets something. Names and ids lie in the recording's arenas.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) whom: Whom,
    /// Connections that do not, in [`Effects::except`].
    pub(crate) except: Range<usize>,
    /// Users that do not, in [`Effects::names`].
    pub(crate) but: Range<usize>,
}

/// Who gets something, before exceptions. Ranges are of [`Effects::names`].
#[derive(Clone, Debug)]
pub(crate) enum Whom {
    Conn(ConnId),
    Rooms(Range<usize>),
    Users(Range<usize>),
    All,
}

impl Target {
    pub(crate) fn conn(conn: ConnId) -> Target {
        Target { whom: Whom::Conn(conn), except: 0..0, but: 0..0 }
    }
}

/// A text in the recording's arena.
#[derive(Clone, Debug)]
pub(crate) struct Name(Range<usize>);

/// The recording of one callback; its memory is used again for the next.
pub(crate) struct Effects<A: App> {
    pub(crate) list: Vec<Effect<A>>,
    /// Changes of the application's state, which come first.
    pub(crate) updates: Vec<Update<A>>,
    text: String,
    /// Rooms and users that sends name.
    pub(crate) names: Vec<Name>,
    pub(crate) except: Vec<ConnId>,
    /// The first thing that could not be recorded: it fails the callback.
    pub(crate) failed: Option<Error>,
    /// What the message that is being handled wants to be answered under.
    pub(crate) reference: Option<u32>,
    /// Of a page that shows a component: the browser session, and whether it was given only now.
    pub(crate) shown: Option<(SessionId, bool)>,
}

impl<A: App> Default for Effects<A> {
    fn default() -> Self {
        Effects {
            list: Vec::new(),
            updates: Vec::new(),
            text: String::new(),
            names: Vec::new(),
            except: Vec::new(),
            failed: None,
            reference: None,
            shown: None,
        }
    }
}

impl<A: App> Effects<A> {
    pub(crate) fn name(&mut self, text: &str) -> Name {
        let start = self.text.len();
        self.text.push_str(text);
        Name(start..self.text.len())
    }

    pub(crate) fn text(&self, name: &Name) -> &str {
        self.text.get(name.0.clone()).unwrap_or_default()
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.updates.clear();
        self.text.clear();
        self.names.clear();
        self.except.clear();
        self.failed = None;
        self.reference = None;
        self.shown = None;
    }
}
