//! The application that is simulated: rooms, echoes, broadcasts, timers, effects, and callbacks that fail when asked.
//!
//! It does what clients ask for in [`Verb`]s and writes each of its callbacks into the chronicle. What clients should see
//! of it is said a second time, by the model; the two share the verbs and nothing else.

mod kinds;
pub(crate) mod live;
mod member;
mod verb;

pub(crate) use verb::{How, TURNS, Verb, Whom, meta_json, room_name, user_name};

use crate::chronicle::{Call, Chronicle, Did, Tag, Verdict, What};
use kinds::{Gatherer, Plain};
use lazuli::route::PatternError;
use lazuli::{App, ConnId, Error, Limits, Refused, Request, Response, Result, Routes, Scope};
use member::Member;
use std::collections::BTreeMap;
use std::panic;

/// What all channels share.
pub(crate) struct SimApp {
    /// How often something was added.
    total: u64,
    /// The connection of each session that ever came; many are gone.
    conns: BTreeMap<u32, ConnId>,
    chronicle: Chronicle<SimEffect>,
    /// What live components write down.
    pub(crate) stage: live::Stage,
}

/// I/O that the application wants done: a question, which somebody outside answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SimEffect {
    pub(crate) session: u32,
    pub(crate) op: u32,
    pub(crate) whom: Whom,
}

/// What comes in from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SimEvent {
    /// The answer to a question.
    Answer(SimEffect),
    /// The same, on its way to channels.
    Told {
        /// The operation that asked.
        op: u32,
    },
}

impl App for SimApp {
    type Event = SimEvent;
    type Effect = SimEffect;

    fn on_event(&self, cx: &mut Scope<'_, Self>, event: SimEvent) -> Result {
        let SimEvent::Answer(SimEffect { session, op, whom }) = event else { return Ok(()) };
        let told = SimEvent::Told { op };
        match whom {
            Whom::Me => {
                if let Some(&conn) = self.conns.get(&session) {
                    cx.to_conn(conn).event(told);
                }
            }
            Whom::Room(room) => cx.to_room(&room_name(room)).event(told),
            Whom::All => cx.to_all().event(told),
            Whom::Error => {
                cx.to_all().text(&format!("{op} never"));
                return Err(Error::reply("nobody can handle this"));
            }
            Whom::Panic => {
                cx.to_all().text(&format!("{op} never"));
                panic_on_demand();
            }
        }
        Ok(())
    }
}

/// Panics without a word on standard error: these panics are meant.
fn panic_on_demand() -> ! {
    panic::resume_unwind(Box::new("on demand"));
}

/// Where a session connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A room whose slow members are disconnected.
    Room(u32),
    /// A room whose slow members miss the oldest messages.
    Feed(u32),
    /// A room whose slow members get the latest message.
    State(u32),
    /// A room whose messages are handed over in batches.
    Batch(u32),
    /// No room; binary messages are not supported.
    Plain,
    /// Refused before the upgrade.
    Shut,
    /// Refused by `on_connect`.
    Deny(How),
    /// A path that leads nowhere.
    Nowhere,
}

impl Route {
    /// The path and query for a session.
    pub(crate) fn target(self, session: u32) -> String {
        match self {
            Route::Room(room) => format!("/room/{}?s={session}", room_name(room)),
            Route::Feed(room) => format!("/feed/{}?s={session}", room_name(room)),
            Route::State(room) => format!("/state/{}?s={session}", room_name(room)),
            Route::Batch(room) => format!("/batch/{}?s={session}", room_name(room)),
            Route::Plain => format!("/plain?s={session}"),
            Route::Shut => format!("/shut?s={session}"),
            Route::Deny(how) => format!("/deny?s={session}&how={}", how.to_string().replace(' ', "+")),
            Route::Nowhere => format!("/rooms/{session}"),
        }
    }

    /// The room that it leads to.
    pub(crate) fn room(self) -> Option<u32> {
        match self {
            Route::Room(room) | Route::Feed(room) | Route::State(room) | Route::Batch(room) => Some(room),
            Route::Plain | Route::Shut | Route::Deny(_) | Route::Nowhere => None,
        }
    }
}

/// Limits of the routes that have their own.
#[derive(Clone, Debug)]
pub(crate) struct RouteLimits {
    pub(crate) room: Limits,
    pub(crate) feed: Limits,
    pub(crate) state: Limits,
    pub(crate) batch: Limits,
    pub(crate) plain: Limits,
}

impl RouteLimits {
    /// Those of all routes.
    pub(crate) fn all(&mut self) -> [&mut Limits; 5] {
        [&mut self.room, &mut self.feed, &mut self.state, &mut self.batch, &mut self.plain]
    }

    /// The limits of a route.
    pub(crate) fn of(&self, route: Route) -> &Limits {
        match route {
            Route::Room(_) => &self.room,
            Route::Feed(_) => &self.feed,
            Route::State(_) => &self.state,
            Route::Batch(_) => &self.batch,
            Route::Plain | Route::Shut | Route::Deny(_) | Route::Nowhere => &self.plain,
        }
    }
}

/// The application and its routes.
///
/// # Errors
/// When a pattern is wrong, which is a mistake here.
pub(crate) fn application(
    limits: &RouteLimits,
    chronicle: &Chronicle<SimEffect>,
) -> Result<(SimApp, Routes<SimApp>), PatternError> {
    let mut routes = Routes::new();
    routes.channel_with("/room/:name", limits.room.clone(), |join| Ok(Member::new(join)))?;
    routes.channel_with("/feed/:name", limits.feed.clone(), |join| Ok(Member::new(join)))?;
    routes.channel_with("/state/:name", limits.state.clone(), |join| Ok(Member::new(join)))?;
    routes.channel_with("/batch/:name", limits.batch.clone(), |join| Ok(Gatherer(Member::new(join))))?;
    routes.channel_with("/plain", limits.plain.clone(), |join| Ok(Plain(Member::new(join))))?;
    routes
        .channel_with("/shut", limits.plain.clone(), |_| Err::<Plain, _>(Refused::new(403, "Closed to the public")))?;
    routes.channel_with("/deny", limits.plain.clone(), |join| Ok(Member::denied(join)))?;
    routes.get("/count/:room", |cx, request| page(cx, request, |cx, room, _| Ok(cx.count(room).to_string())))?;
    routes.post("/say/:room", |cx, request| {
        page(cx, request, |cx, room, did| {
            let text = str::from_utf8(request.body())?;
            cx.to_room(room).text(text);
            did.extend(Tag::of(text).map(|tag| Did::Cast { room: room.to_owned(), tag, but_itself: false }));
            if text.ends_with("never") {
                return Err(Error::validation("anything but this"));
            }
            Ok("said".into())
        })
    })?;
    Ok((
        SimApp { total: 0, conns: BTreeMap::new(), chronicle: chronicle.clone(), stage: live::Stage::default() },
        routes,
    ))
}

/// A page about a room, written into the chronicle.
fn page(
    cx: &mut Scope<'_, SimApp>,
    request: &Request,
    answer: impl FnOnce(&mut Scope<'_, SimApp>, &str, &mut Vec<Did>) -> Result<String>,
) -> Result<Response> {
    let mut did = Vec::new();
    let result = answer(cx, request.param("room").unwrap_or_default(), &mut did);
    let verdict = if result.is_ok() { Verdict::Done } else { Verdict::Failed };
    let session = request.query("s").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX);
    cx.app().chronicle.push(crate::chronicle::Entry::Call(Call { session, what: What::Page, verdict, did }));
    result.map(Response::text)
}
