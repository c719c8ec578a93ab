//! One session, as the model knows it.

use super::arrive::Arrival;
use super::batch::Waiting;
use super::out::Out;
use super::rate::Bucket;
use crate::app::Route;
use crate::oracle::come_back;
use lazuli::{ConnId, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Where a session stands on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Its request has not been answered.
    Waiting,
    /// It is connected.
    Open,
    /// Its end is decided, or it never was a WebSocket.
    Ended,
}

/// A callback that has to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Close { code: u16, reason: Reason },
    Batch,
    Told { op: u32 },
}

/// How a peer brought a session's end about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By a close frame, or by breaking a rule: what it is answered.
    Answered { code: Option<u16>, reason: Reason },
    /// Without a word.
    Lost,
}

/// What a close carries beside its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Exactly(String),
    /// Whatever the server says against a violation.
    Any,
    /// When to come back, after a shutdown.
    ComeBack,
}

impl Reason {
    /// Whether it is that nothing was heard.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Reason::Exactly(reason) if reason.starts_with("Nothing was heard"))
    }

    pub(super) fn fits(&self, reason: &str) -> bool {
        match self {
            Reason::Exactly(exactly) => reason == exactly,
            Reason::Any => true,
            Reason::ComeBack => come_back(reason).is_some(),
        }
    }
}

/// A timer: when it comes, its place among those of that time, and how often it comes again.
pub(super) type SetTimer = (Time, u64, Option<Duration>);

#[derive(Debug)]
pub(super) struct Session {
    pub(super) life: Life,
    pub(super) route: Option<Route>,
    pub(super) conn: Option<ConnId>,
    /// What has reached the server and was not handled.
    pub(super) arrivals: VecDeque<Arrival>,
    /// Callbacks that have to run, in order.
    pub(super) due: VecDeque<Due>,
    pub(super) out: Out,
    /// Whether it is known exactly what flow control does. (Not when something was sent in the middle of the driver's turn,
    /// while a part of what sockets had taken in that turn was not credit again.)
    pub(super) exact: bool,
    /// In which input it was sent something last.
    pub(super) sent_in: u64,
    /// When it was sent something last, and how much at that time.
    pub(super) sent_at: Time,
    pub(super) sent_lately: usize,
    /// What its socket took in this turn.
    pub(super) unreported: usize,
    /// Its peer has closed, broken a rule or gone: nothing that it sends matters any more.
    pub(super) muted: bool,
    pub(super) rooms: BTreeSet<u32>,
    /// Rooms whose state it was told, and whose changes it has been told since.
    pub(super) watches: BTreeSet<u32>,
    /// Whose it is.
    pub(super) user: Option<u32>,
    pub(super) timers: BTreeMap<u64, SetTimer>,
    /// What is left of its rate, and how many messages in a row were over it.
    pub(super) rate: Bucket,
    pub(super) refused: u32,
    /// The latest message that was over it.
    pub(super) refused_op: Option<u32>,
    /// Whether its first arrival has passed its limits.
    pub(super) admitted: bool,
    /// Whether it may not send any more, and when that changes.
    pub(super) is_expired: bool,
    pub(super) expires: Option<(Time, u64)>,
    pub(super) batch: Waiting,
    /// The last number of its address.
    pub(super) address: u8,
    /// When its peer was last heard, and whether a ping waits for an answer, or to be sent.
    pub(super) heard: Time,
    pub(super) pinged: bool,
    pub(super) ping_waits: bool,
    /// Whether it may be closed for its silence at any time.
    pub(super) may_be_silent: bool,
    pub(super) beat: Option<(Time, u64)>,
    /// Whether that is the time by which it has to have answered a ping.
    pub(super) beat_answers: bool,
    /// The application's count for intervals.
    pub(super) turns: BTreeMap<u64, u32>,
    /// Pings that reached the server and were not answered.
    pub(super) pings: VecDeque<Vec<u8>>,
    /// How many pings and pongs came since when.
    pub(super) controls: (u32, Time),
    /// Until when the message that has begun has to be complete.
    pub(super) unfinished: Option<Time>,
    /// Until when its request has to be complete.
    pub(super) request_by: Time,
    /// The close frame that the server has to send.
    pub(super) farewell: Option<(Option<u16>, Reason)>,
    /// From when on messages may be missing before the close frame.
    pub(super) cut_from: Time,
    /// So many may be missing earlier too.
    pub(super) may_lack: usize,
    /// The answers that the request may get.
    pub(super) answers: Vec<u16>,
    /// The body of the answer, where it is known.
    pub(super) body: Option<String>,
}

impl Session {
    pub(super) fn new(window: i64) -> Session {
        Session {
            life: Life::Waiting,
            route: None,
            conn: None,
            arrivals: VecDeque::new(),
            due: VecDeque::new(),
            out: Out::new(window),
            exact: true,
            sent_in: 0,
            sent_at: Time::ZERO,
            sent_lately: 0,
            may_lack: 0,
            unreported: 0,
            muted: false,
            rooms: BTreeSet::new(),
            watches: BTreeSet::new(),
            user: None,
            timers: BTreeMap::new(),
            rate: Bucket::default(),
            refused: 0,
            refused_op: None,
            admitted: false,
            is_expired: false,
            expires: None,
            batch: Waiting::default(),
            address: 0,
            heard: Time::ZERO,
            pinged: false,
            ping_waits: false,
            may_be_silent: false,
            beat: None,
            beat_answers: false,
            turns: BTreeMap::new(),
            pings: VecDeque::new(),
            controls: (0, Time::ZERO),
            unfinished: None,
            request_by: Time::MAX,
            farewell: None,
            cut_from: Time::MAX,
            answers: Vec::new(),
            body: None,
        }
    }

    /// From now on nobody can tell what flow control does.
    pub(super) fn loosen(&mut self) {
        if std::mem::take(&mut self.exact) {
            self.out.loosen();
        }
    }

    /// Whether its policy drops messages.
    pub(super) fn may_drop(&self) -> bool {
        matches!(self.route, Some(Route::Feed(_) | Route::State(_)))
    }

    /// Whether messages may be missing that nobody can account for.
    pub(super) fn is_lossy(&self) -> bool {
        !self.exact && self.may_drop()
    }

    /// Whether it may be too slow though nobody can tell.
    pub(super) fn may_overflow(&self) -> bool {
        !self.exact && !self.may_drop()
    }
}
