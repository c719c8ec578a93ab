//! Live components that are simulated: a few kinds, each with what it shows said a second time, by hand.
//!
//! A component does what events ask for, fails or panics when asked to, and writes down each callback and each render. What
//! a page should show is made from that: the state that was rendered last, as HTML that nothing of the product has written.

mod clock;
mod counter;
mod feed;
mod list;
mod nest;
mod seen;
mod sim;
mod text;

#[cfg(test)]
pub(crate) use seen::Show;
pub(crate) use seen::{Called, Home, Id, Seen, Snapshot, Stage};

use super::{SimApp, SimEffect, SimEvent};
use crate::chronicle::Chronicle;
use lazuli::route::PatternError;
use lazuli::{Limits, Mount, Registered, Request, Response, Result, Routes, Scope, Session};
use serde::{Deserialize, Serialize};
pub(crate) use sim::BYE;
use sim::{Kind, Sim};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a page says of a component.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Props {
    /// Its number among all that pages ever showed.
    pub(crate) place: u32,
    /// What it is in the beginning.
    pub(crate) seed: u64,
    /// How it goes wrong when it is mounted: not at all, by an error, by a panic, by a render that panics.
    pub(crate) trouble: u8,
}

/// How many kinds there are.
pub(crate) const KINDS: usize = 6;

/// How many rooms components talk in.
pub(crate) const ROOMS: u64 = 3;

/// The room of this number.
pub(crate) fn live_room(number: u64) -> String {
    format!("live{}", number % ROOMS)
}

/// The address of a page: a component of each of these kinds, numbered from `place` on.
pub(crate) fn page_path(place: u32, seed: u64, kinds: &[u64], trouble: &[u8]) -> String {
    let digits = |all: &mut dyn Iterator<Item = u64>| all.map(|digit| digit.to_string()).collect::<String>();
    let kinds = digits(&mut kinds.iter().copied());
    let trouble = digits(&mut trouble.iter().map(|&trouble| trouble.into()));
    format!("/live/{place}?seed={seed}&kinds={kinds}&trouble={trouble}")
}

type Known = Registered<Props, SimApp>;

/// An application of pages with live components, and their Spark socket.
///
/// # Errors
/// When a pattern is wrong, which is a mistake here.
pub(crate) fn live_application(
    spark: Limits,
    chronicle: &Chronicle<SimEffect>,
) -> Result<(SimApp, Routes<SimApp>), PatternError> {
    let mut routes = Routes::new();
    let known: [Known; KINDS] = [
        register::<counter::Counter>(&mut routes)?,
        register::<list::List>(&mut routes)?,
        register::<text::Text>(&mut routes)?,
        register::<nest::Nest>(&mut routes)?,
        register::<feed::Feed>(&mut routes)?,
        register::<clock::Clock>(&mut routes)?,
    ];
    routes.get("/live/:place", move |cx, request| page(cx, request, &known))?;
    routes.spark_with("/spark", spark, |_| Ok(Session::default()))?;
    let app = SimApp { total: 0, conns: BTreeMap::new(), chronicle: chronicle.clone(), stage: Stage::default() };
    Ok((app, routes))
}

fn register<K: Kind>(routes: &mut Routes<SimApp>) -> Result<Known, PatternError> {
    routes.component(K::NAME, |mount: &Mount<'_, SimApp>, props: Props| {
        let session = mount.cookie("sim").filter(|_| mount.is_connected).and_then(|number| number.parse().ok());
        let home = session.map(|session| Home { session, place: props.place });
        Ok(Sim::<K>::new(mount.app.stage.outermost(home), props))
    })
}

fn page(cx: &mut Scope<'_, SimApp>, request: &Request, known: &[Known]) -> Result<Response> {
    let number = |name| request.query(name).and_then(|number| number.parse::<u64>().ok()).unwrap_or_default();
    let first = request.param("place").and_then(|place| place.parse::<u32>().ok()).unwrap_or_default();
    let seed = number("seed");
    let digits = |name| request.query(name).unwrap_or_default().bytes().map(|digit| digit.wrapping_sub(b'0'));
    let mut html = String::from("<!doctype html><title>live</title><body>");
    for (place, (kind, trouble)) in digits("kinds").zip(digits("trouble")).enumerate() {
        let place = place as u32;
        let Some(known) = known.get(usize::from(kind)) else { continue };
        let props = Props { place: first + place, seed: seed.wrapping_add(place.into()), trouble };
        let shown = cx.show(known, request, &props)?;
        write!(html, "<main data-place=\"{}\">{shown}</main>", props.place)?;
    }
    Ok(Response::html(html))
}

/// What an application event tells components.
fn told(event: &SimEvent) -> Option<u32> {
    match event {
        SimEvent::Told { op } => Some(*op),
        SimEvent::Answer(_) => None,
    }
}
