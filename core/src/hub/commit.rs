//! What a callback recorded, done.

use super::callback::Answer;
use super::{Hub, Work, callback};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::effects::{Effect, Effects, Target, Whom};
use crate::id::ConnId;
use crate::output::Item;
use crate::rooms::Seat;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

/// Who is left out of a send.
#[derive(Clone, Copy, Default)]
pub(super) struct Except<'a> {
    pub(super) conns: &'a [ConnId],
    pub(super) users: &'a [&'a str],
}

impl<A: App> Hub<A> {
    /// Does what the callback of `instance` (`None`: of the application) recorded. A panic while the application's state
    /// is changed leaves everything else undone.
    pub(super) fn commit(&mut self, instance: Option<u32>) -> Result<(), String> {
        let (updates, app) = (&mut self.fx.updates, &mut self.app);
        // As a whole: those that a panic leaves over are the application's too, and are dropped in here.
        callback::contain(|| updates.drain(..).for_each(|update| update(app)))?;
        let answer = mem::take(&mut self.answer);
        if self.fx.list.is_empty() && answer == Answer::None {
            self.fx.clear();
            return Ok(());
        }
        let mut fx = mem::take(&mut self.fx);
        let mut list = mem::take(&mut fx.list);
        self.begin_answer(instance, answer, &mut list);
        for effect in list.drain(..) {
            self.apply(instance, effect, &fx);
        }
        self.finish_answer();
        fx.list = list;
        fx.clear();
        self.fx = fx;
        Ok(())
    }

    /// Answers a join before anything else, and notes who waits for the answer to a message.
    fn begin_answer(&mut self, instance: Option<u32>, answer: Answer, list: &mut Vec<Effect<A>>) {
        let conn = instance.and_then(|instance| self.state.instances.get(instance as usize)).map(|found| found.conn);
        match (answer, conn) {
            (Answer::Join(reference), Some(conn)) => {
                let place = list.iter().position(|effect| matches!(effect, Effect::Reply(_)));
                match place.map(|place| list.remove(place)) {
                    Some(Effect::Reply(frame)) => self.reply_ok(conn, reference, Some(&frame)),
                    _ => self.reply_ok(conn, reference, None),
                }
            }
            (Answer::Reply(reference), Some(conn)) => self.unanswered.push((conn, reference)),
            _ => {}
        }
    }

    /// Answers what no effect has answered.
    fn finish_answer(&mut self) {
        if let Some((conn, reference)) = self.unanswered.pop() {
            if is_planted(Canary::TwoAnswers) {
                self.reply_ok(conn, reference, None);
            }
            self.reply_ok(conn, reference, None);
        }
    }

    fn apply(&mut self, instance: Option<u32>, effect: Effect<A>, fx: &Effects<A>) {
        match effect {
            Effect::Send { to: Target { whom: Whom::Conn(conn), .. }, frame } => self.send_one(conn, &frame),
            Effect::Send { to, frame } => {
                let users = names(fx, &to.but);
                let except = Except { conns: fx.except.get(to.except).unwrap_or_default(), users: &users };
                match to.whom {
                    Whom::Conn(_) => {}
                    Whom::All => self.broadcast_all(except, &frame),
                    Whom::Rooms(rooms) => match fx.names.get(rooms.clone()) {
                        // One is the rule, and needs no list.
                        Some([room]) => self.broadcast(&[fx.text(room)], except, &frame),
                        _ => self.broadcast(&names(fx, &rooms), except, &frame),
                    },
                    Whom::Users(users) => self.broadcast_users(&names(fx, &users), except, &frame),
                }
            }
            Effect::Event { to, event } => self.hand_on(&to, fx, &event),
            Effect::Reply(frame) => match self.unanswered.pop() {
                Some((conn, reference)) => self.reply_ok(conn, reference, Some(&frame)),
                None => {
                    if let Some((_, Seat { conn, .. })) = self.open_instance(instance) {
                        self.send_one(conn, &frame);
                    }
                }
            },
            Effect::Close { conn, code, reason } => self.end(conn, code, fx.text(&reason)),
            Effect::CloseUser { user, code, reason } => self.close_user(fx.text(&user), code, fx.text(&reason)),
            Effect::App(effect) => self.out.push(Item::App(effect)),
            effect => {
                if let Some((instance, seat)) = self.open_instance(instance) {
                    self.apply_own(instance, seat, effect, fx);
                }
            }
        }
    }

    /// What concerns the instance itself; one whose connection has ended takes nothing on any more.
    fn apply_own(&mut self, instance: u32, seat: Seat, effect: Effect<A>, fx: &Effects<A>) {
        match effect {
            Effect::Join(room) => {
                let change = self.state.rooms.join(fx.text(&room), instance, seat);
                self.on_change(change);
            }
            Effect::Leave(room) => {
                self.untrack(instance, seat.conn, fx.text(&room));
                let change = self.state.rooms.leave(fx.text(&room), instance);
                self.on_change(change);
            }
            Effect::SetTimer { timer, after, every } => self.state.set_timer(instance, timer, after, every),
            Effect::CancelTimer(timer) => self.state.cancel_timer(instance, timer),
            Effect::Identify(user) => {
                self.state.users.join(fx.text(&user), instance, seat);
            }
            Effect::Expire(at) => self.expire_at(seat.conn, at),
            Effect::Metadata(metadata) => {
                if let Some(found) = self.state.conns.get_mut(seat.conn) {
                    found.more().metadata = Some(metadata);
                }
            }
            Effect::Track { room, meta } => self.track(instance, seat.conn, fx.text(&room), meta),
            Effect::Page(frame) => self.command(seat.socket, frame),
            Effect::KinEvent { outwards, event, data } => self.tell_kin(seat.conn, outwards, fx.text(&event), &data),
            Effect::PageEvent { name, event, data } => self.tell_page(seat, fx.text(&name), fx.text(&event), &data),
            Effect::Untrack(room) => self.untrack(instance, seat.conn, fx.text(&room)),
            _ => {}
        }
    }

    /// The instance, if its connection is open.
    fn open_instance(&self, instance: Option<u32>) -> Option<(u32, Seat)> {
        let instance = instance?;
        let conn = self.state.instances.get(instance as usize)?.conn;
        let (socket, form) = self.state.way(conn)?;
        Some((instance, Seat { conn, socket, form }))
    }

    /// Puts an event on the way to channel instances.
    fn hand_on(&mut self, to: &Target, fx: &Effects<A>, event: &Arc<A::Event>) {
        let mut told: Vec<(u32, ConnId)> = Vec::new();
        match &to.whom {
            Whom::Conn(conn) => told.extend(self.state.conns.get(*conn).map(|found| (found.instance, *conn))),
            Whom::All => told.extend(self.state.conns.iter().map(|(conn, found)| (found.instance, conn))),
            Whom::Rooms(rooms) => {
                for room in names(fx, rooms) {
                    told.extend(self.state.rooms.members(room));
                }
            }
            Whom::Users(users) => {
                for user in names(fx, users) {
                    told.extend(self.state.users.members(user));
                }
            }
        }
        if matches!(&to.whom, Whom::Rooms(several) | Whom::Users(several) if several.len() > 1) {
            told.sort_unstable();
            told.dedup();
        }
        let users = names(fx, &to.but);
        let except = Except { conns: fx.except.get(to.except.clone()).unwrap_or_default(), users: &users };
        self.mark_except(except);
        let (marks, mark) = (&self.marks, self.mark);
        told.retain(|(_, conn)| marks.get(conn.index()) != Some(&mark));
        for (instance, conn) in told {
            self.work.push_back(Work::Event { instance, conn, event: event.clone() });
        }
    }
}

fn names<'a, A: App>(fx: &'a Effects<A>, range: &Range<usize>) -> Vec<&'a str> {
    fx.names.get(range.clone()).unwrap_or_default().iter().map(|name| fx.text(name)).collect()
}
