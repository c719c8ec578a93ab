//! What a callback recorded, done.

use super::{Hub, Work, callback};
use crate::channel::App;
use crate::effects::{Effect, Effects, Target};
use crate::id::ConnId;
use crate::output::Item;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

impl<A: App> Hub<A> {
    /// Does what the callback of `instance` (`None`: of the application) recorded. A panic while the application's state
    /// is changed leaves everything else undone.
    pub(super) fn commit(&mut self, instance: Option<u32>) -> Result<(), String> {
        let (updates, app) = (&mut self.fx.updates, &mut self.app);
        // As a whole: those that a panic leaves over are the application's too, and are dropped in here.
        callback::contain(|| updates.drain(..).for_each(|update| update(app)))?;
        if self.fx.list.is_empty() {
            self.fx.clear();
            return Ok(());
        }
        let mut fx = mem::take(&mut self.fx);
        let mut list = mem::take(&mut fx.list);
        for effect in list.drain(..) {
            self.apply(instance, effect, &fx);
        }
        fx.list = list;
        fx.clear();
        self.fx = fx;
        Ok(())
    }

    fn apply(&mut self, instance: Option<u32>, effect: Effect<A>, fx: &Effects<A>) {
        match effect {
            Effect::Send { to: Target::Conn(conn), frame } => self.send_one(conn, &frame),
            Effect::Send { to: Target::All { except }, frame } => self.broadcast_all(except_of(fx, except), &frame),
            Effect::Send { to: Target::Rooms { rooms, except }, frame } => {
                let except = except_of(fx, except);
                match fx.rooms.get(rooms).unwrap_or_default() {
                    [room] => self.broadcast(&[fx.text(room)], except, &frame),
                    rooms => {
                        let rooms: Vec<&str> = rooms.iter().map(|room| fx.text(room)).collect();
                        self.broadcast(&rooms, except, &frame);
                    }
                }
            }
            Effect::Event { to, event } => self.hand_on(&to, fx, &event),
            Effect::Close { conn, code, reason } => self.end(conn, code, fx.text(&reason)),
            Effect::App(effect) => self.out.push(Item::App(effect)),
            Effect::Join(room) => {
                if let Some((instance, conn)) = self.open_instance(instance) {
                    let change = self.state.rooms.join(fx.text(&room), conn, instance);
                    self.on_change(change);
                }
            }
            Effect::Leave(room) => {
                if let Some((instance, _)) = self.open_instance(instance) {
                    let change = self.state.rooms.leave(fx.text(&room), instance);
                    self.on_change(change);
                }
            }
            Effect::SetTimer { timer, after, every } => {
                if let Some((instance, _)) = self.open_instance(instance) {
                    self.state.set_timer(instance, timer, after, every);
                }
            }
            Effect::CancelTimer(timer) => {
                if let Some((instance, _)) = self.open_instance(instance) {
                    self.state.cancel_timer(instance, timer);
                }
            }
        }
    }

    /// The instance, if its connection is open: one that has ended takes nothing on any more.
    fn open_instance(&self, instance: Option<u32>) -> Option<(u32, ConnId)> {
        let instance = instance?;
        let conn = self.state.instances.get(instance as usize)?.conn;
        self.state.is_open(conn).then_some((instance, conn))
    }

    /// Puts an event on the way to channel instances.
    fn hand_on(&mut self, to: &Target, fx: &Effects<A>, event: &Arc<A::Event>) {
        let mut told = Vec::new();
        match to {
            Target::Conn(conn) => {
                told.extend(self.state.conns.get(*conn).map(|found| (found.instance, *conn)));
            }
            Target::All { except } => {
                let except = except_of(fx, except.clone());
                let all = self.state.conns.iter().filter(|(conn, _)| !except.contains(conn));
                told.extend(all.map(|(conn, found)| (found.instance, conn)));
            }
            Target::Rooms { rooms, except } => {
                let except = except_of(fx, except.clone());
                for room in fx.rooms.get(rooms.clone()).unwrap_or_default() {
                    let members = self.state.rooms.members(fx.text(room));
                    told.extend(members.filter(|(_, conn)| !except.contains(conn)));
                }
                if rooms.len() > 1 {
                    told.sort_unstable();
                    told.dedup();
                }
            }
        }
        for (instance, conn) in told {
            self.work.push_back(Work::Event { instance, conn, event: event.clone() });
        }
    }
}

fn except_of<A: App>(fx: &Effects<A>, except: Range<usize>) -> &[ConnId] {
    fx.except.get(except).unwrap_or_default()
}
