//! Pages brought up to date: what components show now, as patches, and the commands that come after them.
//!
//! A callback marks its component as changed and its socket as one to look after; both are lists, so nothing is searched. When
//! the input has been handled, each of these sockets gets one frame for all of its changed components, or a timer if it has
//! just had one. A socket that has no credit is left until it has: then it gets one patch to the present, never several.

use super::Hub;
use super::callback::{Answer, Failure};
use super::nested::{Found, Nursery};
use super::state::{Conn, Due};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::frame::{Frame, Kind};
use crate::html::{Fault, Render, Renderer, View};
use crate::id::ConnId;
use crate::json;
use crate::log::Level;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;
use core::mem;
use core::time::Duration;

/// Why a component could not be rendered.
enum Unrendered {
    Fault(String),
    Panic(String),
}

/// What a component would show if it were made anew; see [`Hub::preview`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// The patch that makes it anew.
    Whole(Vec<u8>),
    /// A patch for it is still to come.
    Due,
    /// It cannot be rendered, for this reason.
    Unrendered(String),
}

/// Memory for patches that is kept for the next one.
const KEPT: usize = 1 << 20;

impl<A: App> Hub<A> {
    /// A callback of this connection succeeded: if it is a component's, the component may show something else now.
    pub(super) fn may_have_changed(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let socket = found.socket();
        let Some(mounted) = found.mounted_mut() else { return };
        if let Some((outer, _)) = mounted.within {
            // What it shows is in that one's view.
            let was_touched = mem::replace(&mut mounted.changed, true);
            let outer_mounted = self.state.conns.get_mut(outer).and_then(Conn::mounted_mut);
            if let Some(nest) = outer_mounted.and_then(|mounted| mounted.nest.as_mut())
                && !was_touched
            {
                nest.touched.push(conn);
            }
            return self.may_have_changed(outer);
        }
        let was_changed = mem::replace(&mut mounted.changed, true);
        let Some(socket) = socket else { return };
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page)
            && !was_changed
        {
            page.changed.push(conn);
        }
        // Even if it has waited: what was there before may have changed nothing, and be no reason to wait.
        self.note_page(socket);
    }

    /// Notes that a page may have to be brought up to date.
    pub(super) fn note_page(&mut self, socket: ConnId) {
        let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) else { return };
        if !page.noted && page.has_news() {
            page.noted = true;
            self.pages.push_back(socket);
        }
    }

    /// A command for a page goes out after the next patch. For one that is slow no more of them may wait than of anything else.
    pub(super) fn command(&mut self, socket: ConnId, frame: Frame) {
        let is_slow = self.state.flow.is_waiting(socket.index());
        let most = self.state.limits(socket).waiting;
        let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) else { return };
        let is_flash = || frame.payload().starts_with(b"{\"type\":\"component_flash");
        if is_planted(Canary::LostFlash) && is_flash() {
            return;
        }
        if is_planted(Canary::TwiceFlash) && is_flash() {
            page.bytes += frame.wire().len();
            page.commands.push_back(frame.clone());
        }
        page.bytes += frame.wire().len();
        page.commands.push_back(frame);
        if is_slow && page.bytes > most {
            self.state.stats.overflowed += 1;
            self.log(Level::Info, "too slow", Some(socket), || format!("more than {most} bytes would wait"));
            return self.end_now(socket, 1013, "Too slow: more waits for you than the limit allows; try again later");
        }
        self.note_page(socket);
    }

    pub(super) fn on_page_due(&mut self, socket: ConnId) {
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) {
            page.timer = None;
        }
        self.note_page(socket);
    }

    /// Brings a page up to date, or sees to it that this happens as soon as it may.
    pub(super) fn update_page(&mut self, socket: ConnId) {
        let (now, every) = (self.state.now, self.state.config.patches);
        let has_credit = !self.state.flow.is_waiting(socket.index()) || is_planted(Canary::QueuedPatch);
        let is_ready = self.state.is_open(socket) && has_credit;
        let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) else { return };
        page.noted = false;
        if !is_ready && is_planted(Canary::LostPatch) {
            page.changed.clear();
        }
        if !is_ready || !page.has_news() {
            return;
        }
        let patched = page.patched.filter(|_| page.commands.is_empty() && !is_planted(Canary::TwoFrames));
        // Twice in one round never: what a component does when it is updated could call for the next update.
        let round = Some((now, self.round));
        let was_looked_at = page.looked == round;
        let earliest = patched.max(was_looked_at.then_some(now)).map(|at| at + every);
        if let Some(at) = earliest.filter(|at| *at > now || was_looked_at) {
            if page.timer.is_none() {
                let at = at.max(now + Duration::from_micros(1));
                let is_late = is_planted(Canary::LatePatch) && self.state.config.window < 64 << 10;
                let at = if is_late { at + 4 * every } else { at };
                page.timer = Some(self.state.timers.insert(at, Due::Page(socket)));
            }
            return;
        }
        page.looked = round;
        let mut changed = mem::take(&mut page.changed);
        if let Some(key) = page.timer.take() {
            self.state.timers.cancel(key);
        }
        let mut patch = mem::take(&mut self.patch);
        patch.clear();
        patch.push(b'[');
        for conn in changed.drain(..) {
            self.update(conn, &mut patch);
        }
        self.send_patch(socket, &mut patch);
        self.keep_patch(patch);
        self.send_commands(socket);
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page)
            && page.changed.is_empty()
        {
            page.changed = changed;
        }
    }

    fn send_patch(&mut self, socket: ConnId, patch: &mut Vec<u8>) {
        if patch.len() == 1 {
            return;
        }
        patch.push(b']');
        let frame = self.state.pool.encode(Kind::Text, |bytes| {
            bytes.extend_from_slice(patch);
            Ok::<_, Infallible>(())
        });
        let Ok(frame) = frame;
        if self.state.is_open(socket) {
            self.send_raw(socket, &frame);
        }
        let now = self.state.now;
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) {
            page.patched = Some(now);
        }
    }

    fn send_commands(&mut self, socket: ConnId) {
        while let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page)
            && let Some(frame) = page.commands.pop_front()
        {
            page.bytes -= frame.wire().len();
            self.send_one(socket, &frame);
        }
    }

    /// Lets a component bring itself up to date before it is shown.
    pub(super) fn run_update(&mut self, instance: u32) -> Result<(), Failure> {
        self.run(instance, Answer::None, |channel, cx| channel.component().map_or(Ok(()), |part| part.on_update(cx)))
    }

    /// Appends a component's number and its patch, if it shows something else now.
    fn update(&mut self, conn: ConnId, out: &mut Vec<u8>) {
        let now = self.state.now;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        let instance = found.instance;
        let Some(mounted) = found.mounted_mut() else { return };
        if mounted.view.is_some() {
            // What it changes is in the render that follows, so it need not be marked as changed anew.
            let updated = self.run_update(instance);
            let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) else { return };
            if let Err(failure) = updated {
                // A page that waits for the whole gets it, as the component is.
                let is_awaited = mounted.whole && matches!(failure, Failure::Error(_));
                mounted.changed = is_awaited;
                self.on_component_failure(conn, instance, None, failure);
                if !is_awaited || !self.state.is_open(conn) {
                    return;
                }
            }
            if !self.update_touched(conn) {
                return;
            }
        }
        let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) else { return };
        mounted.changed = false;
        if mounted.view.is_none() {
            // To panic when it is shown is to panic at once, however long that had to wait.
            mounted.remade = Some(now);
        }
        let (mut view, mut whole) = (mounted.view.take(), mem::take(&mut mounted.whole));
        let start = out.len();
        if start > 1 {
            out.push(b',');
        }
        // A number is always JSON.
        let _ = json::write(&mounted.number, out);
        out.push(b',');
        let patch = out.len();
        let mut fault = None;
        let rendered = self.render(conn, instance, |renderer, render, nursery| {
            whole |= view.is_none();
            let shown = view.get_or_insert_default();
            if !whole {
                match renderer.update(shown, render, Some(nursery), out) {
                    Ok(is_changed) => return Ok(is_changed),
                    Err(said) if nursery.has_failed() => return Err(said),
                    Err(said) => fault = Some(said.to_string()),
                }
                out.truncate(patch);
                nursery.again();
            }
            renderer.whole(shown, render, Some(nursery), out).map(|()| true)
        });
        if let Some(fault) = fault {
            self.log(Level::Error, "a render that cannot be compared", Some(conn), || fault);
        }
        let is_changed = matches!(rendered, Ok((true, _)));
        if is_changed {
            self.count_patch(out.len() - patch);
        } else {
            out.truncate(start);
        }
        if let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) {
            mounted.view = view;
            mounted.whole = rendered.is_err();
        }
        match rendered {
            Ok((_, found)) => self.settle_nest(conn, found),
            Err(unrendered) => self.on_unrendered(conn, instance, unrendered),
        }
    }

    /// Renders what a newly mounted component shows, and compares it with what its page says to show. `false`: it could not be.
    pub(super) fn first_view(&mut self, conn: ConnId, fingerprint: u64, fresh: bool, out: &mut Vec<u8>) -> bool {
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return false };
        let view = self.render(conn, instance, |renderer, render, nursery| {
            let mut view = renderer.mount(render, Some(nursery))?;
            if fresh || view.fingerprint() != fingerprint {
                nursery.again();
                renderer.whole(&mut view, render, Some(nursery), out)?;
            }
            Ok(view)
        });
        match view {
            Ok((view, found)) => {
                if let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) {
                    mounted.view = Some(view);
                    mounted.changed = false;
                }
                let socket = self.state.conns.get(conn).and_then(Conn::socket);
                if let Some(page) = socket.and_then(|socket| self.state.conns.get_mut(socket)?.page()) {
                    page.changed.retain(|changed| *changed != conn);
                }
                self.settle_nest(conn, found);
                true
            }
            Err(Unrendered::Fault(fault)) => {
                self.log(Level::Error, "a render that is not well-formed", Some(conn), || fault);
                false
            }
            Err(Unrendered::Panic(panic)) => {
                self.state.stats.panics += 1;
                self.log(Level::Error, "panic in a render", Some(conn), || panic);
                false
            }
        }
    }

    /// The patch that would make anew all that a component of a Spark socket shows. Nothing is changed by it, and nobody is told: it is
    /// for tests, which compare with it what patches have made of a page. `None` without such a component, or if it stands in another's markup.
    pub fn preview(&mut self, socket: ConnId, component_id: u32) -> Option<Preview> {
        let page = self.state.conns.get(socket)?.spark()?.page.as_ref()?;
        let conn = *page.components.get(&component_id)?;
        // It is not enough that it has changed: somebody has to know of that.
        let is_awaited = page.noted || page.timer.is_some() || self.state.flow.is_waiting(socket.index());
        if is_awaited && page.changed.contains(&conn) {
            return Some(Preview::Due);
        }
        let found = self.state.conns.get(conn)?;
        let instance = found.instance;
        if found.mounted()?.within.is_some() {
            return None;
        }
        let mut patch = Vec::new();
        let rendered = self.render(conn, instance, |renderer, render, nursery| {
            renderer.whole(&mut View::default(), render, Some(nursery), &mut patch)
        });
        Some(match rendered {
            Ok(((), found)) => {
                self.keep_nest(conn, found);
                Preview::Whole(patch)
            }
            Err(Unrendered::Fault(said) | Unrendered::Panic(said)) => Preview::Unrendered(said),
        })
    }

    /// Runs a component's render, with a stage for the components in it.
    fn render<T>(
        &mut self,
        conn: ConnId,
        instance: u32,
        mut with: impl FnMut(&mut Renderer, &dyn Render, &mut Nursery<'_, A>) -> Result<T, Fault>,
    ) -> Result<(T, Found<A>), Unrendered> {
        let none = || Unrendered::Fault("there is no component".into());
        let run = self.on_stage(conn, instance, |renderer, channel, nursery| {
            let mut result = None;
            if let Some(part) = channel.component() {
                part.render(&mut |render| result = Some(with(renderer, render, nursery)));
            }
            result
        });
        let (value, found, fault) = run.ok_or_else(none)?.map_err(Unrendered::Panic)?;
        match (value, fault) {
            (Some(Ok(value)), None) => Ok((value, found)),
            (value, fault) => {
                self.keep_nest(conn, found);
                let said = fault.or(value.and_then(Result::err).map(|fault| fault.to_string()));
                Err(said.map_or_else(none, Unrendered::Fault))
            }
        }
    }

    fn on_unrendered(&mut self, conn: ConnId, instance: u32, unrendered: Unrendered) {
        let failure = match unrendered {
            Unrendered::Fault(fault) => {
                self.state.stats.errors += 1;
                Failure::Error(crate::Error::internal(format!("a render that is not well-formed: {fault}")))
            }
            Unrendered::Panic(panic) => {
                self.state.stats.panics += 1;
                Failure::Panic(panic)
            }
        };
        self.on_component_failure(conn, instance, None, failure);
    }

    pub(super) fn count_patch(&mut self, bytes: usize) {
        self.state.stats.patches += 1;
        self.state.stats.patch_bytes += bytes as u64;
    }

    /// Gives back the memory of a patch.
    pub(super) fn keep_patch(&mut self, patch: Vec<u8>) {
        if patch.capacity() <= KEPT {
            self.patch = patch;
        }
    }
}
