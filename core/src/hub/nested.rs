//! Components in the markup of others: found where a render shows them, made where it shows new ones, ended where it shows
//! them no more.
//!
//! They are connections like other components, but have no view of their own: the outermost one's view holds what they show.

use super::callback::{self, Answer, Failure};
use super::state::{Conn, Mounted, Nest, Placed, Room};
use super::{Hub, Work};
use crate::channel::{App, Channel};
use crate::frame::Frame;
use crate::html::{Nested, Render, Stage};
use crate::id::ConnId;
use crate::log::Level;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

/// Where the components live while the one around them is rendered.
pub(super) struct Nursery<'a, A: App> {
    channels: &'a mut Vec<Option<Box<dyn Channel<A>>>>,
    nest: Nest,
    fresh: Vec<Fresh<A>>,
    /// The places that the render has shown.
    seen: BTreeSet<u64>,
    /// The numbers of the components that are being rendered, the innermost last.
    around: Vec<u32>,
    /// The latest number of the socket is in it, and how many more components it may have.
    room: Room,
    fault: Option<String>,
    /// What one of them said when its render panicked.
    panicked: Option<String>,
}

/// A component that has no connection yet.
struct Fresh<A: App> {
    place: u64,
    number: u32,
    uses: u64,
    /// The one right around it; none for the outermost.
    around: Option<u32>,
    channel: Option<Box<dyn Channel<A>>>,
}

/// What a render has found out about the components in it.
pub(super) struct Found<A: App> {
    nest: Nest,
    fresh: Vec<Fresh<A>>,
    seen: BTreeSet<u64>,
    last: u32,
}

/// What came of a run on a stage: its own result, what it has found out, and what was wrong with that.
pub(super) type OnStage<T, A> = (T, Found<A>, Option<String>);

impl<'a, A: App> Nursery<'a, A> {
    pub(super) fn new(channels: &'a mut Vec<Option<Box<dyn Channel<A>>>>, nest: Nest, room: Room) -> Self {
        let (fresh, seen, around) = (Vec::new(), BTreeSet::new(), Vec::new());
        Nursery { channels, nest, fresh, seen, around, room, fault: None, panicked: None }
    }

    /// Whether the render of one of them has panicked, or one cannot be made: then it will be so in another run, too.
    pub(super) fn has_failed(&self) -> bool {
        self.panicked.is_some() || self.fault.is_some()
    }

    /// Makes ready for another reading of the same render.
    pub(super) fn again(&mut self) {
        self.seen.clear();
    }

    pub(super) fn finish(self) -> Found<A> {
        Found { nest: self.nest, fresh: self.fresh, seen: self.seen, last: self.room.last }
    }

    /// As after any panic, a component is told nothing any more, not even that it is gone.
    fn drop_panicked(&mut self, channel: Option<Box<dyn Channel<A>>>, panic: String) {
        self.panicked.get_or_insert(panic);
        if let Err(panic) = callback::contain(|| drop(channel)) {
            self.panicked.get_or_insert(panic);
        }
    }

    /// Gives what is made for a place that has none yet.
    fn make(&mut self, make: &dyn Fn() -> Nested) -> Option<Box<dyn Channel<A>>> {
        let channel = make().keep::<Box<dyn Channel<A>>>();
        if channel.is_none() {
            self.fault.get_or_insert_with(|| {
                "a component in its markup is one of another application; say which: `impl Component<MyApp>`".into()
            });
        }
        if self.fresh.len() >= self.room.more {
            let most = self.room.most;
            self.fault.get_or_insert_with(|| {
                format!(
                    "there are more components on the page than its socket may have: `Limits::components` is {most}"
                )
            });
            return None;
        }
        channel
    }
}

impl<A: App> Stage for Nursery<'_, A> {
    fn find(&mut self, place: u64, uses: u64, make: &dyn Fn() -> Nested) -> u32 {
        self.seen.insert(place);
        if let Some(placed) = self.nest.places.get_mut(&place) {
            let number = placed.number;
            if mem::replace(&mut placed.uses, uses) != uses {
                let made = make();
                if let Some(instance) = self.nest.instances.get(&number)
                    && let Some(place) = self.channels.get_mut(*instance as usize)
                    && let Some(part) = place.as_mut().and_then(|channel| channel.component())
                    && let Err(panic) = callback::contain(|| part.on_props(made))
                {
                    let channel = place.take();
                    self.drop_panicked(channel, panic);
                }
            }
            return number;
        }
        if let Some(fresh) = self.fresh.iter().find(|fresh| fresh.place == place) {
            return fresh.number;
        }
        let channel = self.make(make);
        self.room.last = self.room.last.saturating_add(1);
        let around = self.around.last().copied();
        self.fresh.push(Fresh { place, number: self.room.last, uses, around, channel });
        self.room.last
    }

    fn render(&mut self, number: u32, run: &mut dyn FnMut(&dyn Render, &mut dyn Stage)) {
        let instance = self.nest.instances.get(&number).map(|instance| *instance as usize);
        let fresh = self.fresh.iter().position(|fresh| fresh.number == number);
        let taken = match (instance, fresh) {
            (Some(instance), _) => self.channels.get_mut(instance).and_then(Option::take),
            (None, Some(fresh)) => self.fresh[fresh].channel.take(),
            (None, None) => None,
        };
        let Some(mut channel) = taken else { return };
        self.around.push(number);
        let mut result = Ok(());
        if let Some(part) = channel.component() {
            // Contained here, so that no component is dropped while a panic goes on.
            result = callback::contain(|| part.render(&mut |render| run(render, self)));
        }
        self.around.pop();
        if let Err(panic) = result {
            return self.drop_panicked(Some(channel), panic);
        }
        match (instance, fresh) {
            (Some(instance), _) => self.channels[instance] = Some(channel),
            (None, Some(fresh)) => self.fresh[fresh].channel = Some(channel),
            (None, None) => {}
        }
    }
}

impl<A: App> Hub<A> {
    /// Does what a render of `outer` has found out: connects the components that are new, and ends those that are not shown any
    /// more.
    pub(super) fn settle_nest(&mut self, outer: ConnId, found: Found<A>) {
        let Found { mut nest, fresh, seen, last } = found;
        let Some((route, Some(socket))) = self.state.conns.get(outer).map(|found| (found.route, found.socket())) else {
            return;
        };
        let mut gone = Vec::new();
        nest.places.retain(|place, placed| {
            let stays = seen.contains(place);
            if !stays {
                gone.push(placed.conn);
                nest.instances.remove(&placed.number);
            }
            stays
        });
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) {
            page.last = page.last.max(last);
        }
        let mut connected = Vec::new();
        for Fresh { place, number, uses, around, channel } in fresh {
            // One that an earlier reading of the render has shown, and the last one not.
            let Some(channel) = channel.filter(|_| seen.contains(&place)) else { continue };
            let around = around.and_then(|number| self.state.component(socket, number)).unwrap_or(outer);
            let mounted = Mounted { within: Some((outer, around)), ..Mounted::new(number, "") };
            let conn = self.insert_component(socket, route, mounted, channel);
            nest.places.insert(place, Placed { conn, number, uses });
            if let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) {
                nest.instances.insert(number, instance);
            }
            connected.push(conn);
        }
        if let Some(mounted) = self.state.conns.get_mut(outer).and_then(Conn::mounted_mut) {
            mounted.nest = (!nest.places.is_empty()).then(|| Box::new(nest));
        }
        for conn in gone {
            self.end_channel(conn, 1000, "", false);
        }
        self.connect_nested(outer, socket, &connected);
    }

    /// After a render that failed: the components in it stay as they were.
    pub(super) fn keep_nest(&mut self, outer: ConnId, found: Found<A>) {
        let Found { nest, fresh, .. } = found;
        if let Some(mounted) = self.state.conns.get_mut(outer).and_then(Conn::mounted_mut) {
            mounted.nest = Some(Box::new(nest));
        }
        if let Err(panic) = callback::contain(|| drop(fresh)) {
            self.state.stats.panics += 1;
            self.log(Level::Error, "panic while a channel was dropped", Some(outer), || panic);
        }
    }

    /// Tells new components that they are connected.
    fn connect_nested(&mut self, outer: ConnId, socket: ConnId, fresh: &[ConnId]) {
        let spark = self.state.conns.get(socket).and_then(Conn::spark);
        let user = spark.and_then(|spark| spark.session.user.clone());
        for (place, &conn) in fresh.iter().enumerate() {
            if self.state.conns.get(conn).is_none() {
                // One before it has ended what they are in.
                continue;
            }
            let Err((message, _)) = self.connect(conn, user.as_deref(), Answer::None) else { continue };
            self.log(Level::Info, "a component in another's markup refused its mount", Some(conn), || message.into());
            // Those after it were never connected either.
            for &conn in &fresh[place..] {
                self.forget_channel(conn);
            }
            // Its instance is gone, and so it cannot be shown: the one around it is made anew.
            let Some(instance) = self.state.conns.get(outer).map(|found| found.instance) else { return };
            let panic = Failure::Panic(String::from("a component in it refused its mount"));
            return self.on_component_failure(outer, instance, None, panic);
        }
    }

    /// Lets components in another's markup bring themselves up to date before they are shown. `false`: one of them could not, and
    /// what is around it is made anew.
    pub(super) fn update_touched(&mut self, outer: ConnId) -> bool {
        let touched = self.state.take_touched(outer);
        for &conn in &touched {
            let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { continue };
            if let Err(failure) = self.run_update(instance) {
                let is_panic = matches!(failure, Failure::Panic(_));
                if is_panic && let Some(mounted) = self.state.conns.get_mut(outer).and_then(Conn::mounted_mut) {
                    // Made anew, it has changed again: that is for the next update.
                    mounted.changed = false;
                }
                self.on_component_failure(conn, instance, None, failure);
                if is_panic {
                    return false;
                }
            }
        }
        // What they changed is in the render that follows.
        let touched_meanwhile = self.state.take_touched(outer);
        for conn in touched.into_iter().chain(touched_meanwhile) {
            if let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) {
                mounted.changed = false;
            }
        }
        true
    }

    /// Sends an event to the component right around one, or to those right in it.
    pub(super) fn tell_kin(&mut self, from: ConnId, outwards: bool, event: &str, data: &Frame) {
        let Some(mounted) = self.state.conns.get(from).and_then(Conn::mounted) else { return };
        let event: Arc<str> = event.into();
        let around = |conn: ConnId| Some(self.state.conns.get(conn)?.mounted()?.within?.1);
        let outer = mounted.within.map_or(from, |(outer, _)| outer);
        let told: Vec<ConnId> = if outwards {
            around(from).into_iter().collect()
        } else {
            let nest = self.state.conns.get(outer).and_then(Conn::mounted).and_then(|mounted| mounted.nest.as_ref());
            let placed = nest.into_iter().flat_map(|nest| nest.places.values());
            placed.map(|placed| placed.conn).filter(|conn| around(*conn) == Some(from)).collect()
        };
        for conn in told {
            self.work.push_back(Work::PageEvent { conn, event: event.clone(), data: data.clone() });
        }
    }

    /// Ends the components in the markup of one that ends, or is made anew.
    pub(super) fn end_nest(&mut self, outer: ConnId, code: u16, reason: &str) {
        let nest = self.state.conns.get_mut(outer).and_then(Conn::mounted_mut).and_then(|mounted| mounted.nest.take());
        for placed in nest.into_iter().flat_map(|nest| nest.places.into_values()) {
            self.end_channel(placed.conn, code, reason, false);
        }
    }

    /// Runs something with a component, taken out of its table meanwhile, and with a stage for those in its markup. `None`: there
    /// is no such component.
    pub(super) fn on_stage<T>(
        &mut self,
        conn: ConnId,
        instance: u32,
        with: impl FnOnce(&mut crate::html::Renderer, &mut dyn Channel<A>, &mut Nursery<'_, A>) -> T,
    ) -> Option<Result<OnStage<T, A>, String>> {
        let socket = self.state.conns.get(conn)?.socket()?;
        let room = self.state.room_for_components(socket);
        let mounted = self.state.conns.get_mut(conn)?.mounted_mut()?;
        let mut channel = self.channels.get_mut(instance as usize)?.take()?;
        let nest = mounted.nest.take().map_or_else(Nest::default, |nest| *nest);
        let mut nursery = Nursery::new(&mut self.channels, nest, room);
        let renderer = &mut self.state.renderer;
        let run = callback::contain(|| with(renderer, &mut *channel, &mut nursery));
        let (fault, panicked) = (nursery.fault.take(), nursery.panicked.take());
        let found = nursery.finish();
        let run = panicked.map_or(run, Err);
        if let Some(place) = self.channels.get_mut(instance as usize) {
            *place = Some(channel);
        }
        Some(match run {
            Ok(value) => Ok((value, found, fault)),
            Err(panic) => {
                // The components in it are known on, so that they can be ended.
                self.keep_nest(conn, found);
                Err(panic)
            }
        })
    }
}
