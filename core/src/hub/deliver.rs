//! Frames on their way to connections, within their credit.

use super::commit::Except;
use super::{Hub, State, Work};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::flow::{Flow, Offer};
use crate::frame::{Frame, Kind};
use crate::grow;
use crate::id::ConnId;
use crate::life::Life;
use crate::log::Level;
use crate::rooms::Room;
use crate::spark::Form;
use alloc::format;
use alloc::vec::Vec;
use core::mem;

/// Which names a broadcast looks up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Rooms,
    Users,
}

/// Marks a connection; whether it was not marked before.
fn mark_one(marks: &mut Vec<u64>, mark: u64, conn: ConnId) -> bool {
    mem::replace(grow::place(marks, conn.index(), || 0), mark) != mark
}

/// What components get of a broadcast: the one frame that all share, from the hub's list of work.
fn to_components<A: App>(
    set: Set,
    room: &Room,
    members: impl Iterator<Item = ConnId>,
    frame: &Frame,
) -> impl Iterator<Item = Work<A>> {
    let room = (set == Set::Rooms).then(|| room.name.clone());
    members.map(move |conn| Work::Message { conn, room: room.clone(), frame: frame.clone() })
}

/// A frame on its way to many, and how long it is: what each of them is charged.
#[derive(Clone, Copy)]
struct Charged<'f> {
    frame: &'f Frame,
    length: i32,
}

impl<'f> Charged<'f> {
    fn new(frame: &'f Frame) -> Self {
        Charged { frame, length: wire_length(frame) }
    }

    /// Puts a socket among those that get the frame, or among those whose policy has to decide.
    fn admit(self, flow: &mut Flow, socket: ConnId, to: &mut Vec<ConnId>, late: &mut Vec<(ConnId, Frame)>) {
        if flow.charge(socket.index(), self.length) {
            to.push(socket);
        } else {
            late.push((socket, self.frame.clone()));
        }
    }
}

impl<A: App> Hub<A> {
    /// Sends to one connection; to one that is not open goes nothing.
    pub(super) fn send_one(&mut self, conn: ConnId, frame: &Frame) {
        let Some((socket, form)) = self.state.way(conn) else { return };
        if form == Form::RAW || form == Form::COMPONENT && frame.kind() == Kind::Ping {
            return self.send_raw(socket, frame);
        }
        if form == Form::COMPONENT {
            return self.work.push_back(Work::Message { conn, room: None, frame: frame.clone() });
        }
        let frame = self.state.forms.wrap(&mut self.state.pool, form, frame);
        if self.state.is_open(socket) {
            self.send_or_offer(socket, &frame, true);
        }
    }

    /// Sends a frame as it is to an open socket. To a Spark socket these are no messages of channels: they are never dropped.
    pub(super) fn send_raw(&mut self, socket: ConnId, frame: &Frame) {
        let is_spark = self.state.conns.get(socket).is_some_and(|found| found.spark().is_some());
        self.send_or_offer(socket, frame, !is_spark);
    }

    fn send_or_offer(&mut self, socket: ConnId, frame: &Frame, may_drop: bool) {
        if self.state.flow.charge(socket.index(), wire_length(frame)) {
            self.hand_out(socket, frame);
        } else {
            self.offer(socket, frame, may_drop);
        }
    }

    /// Sends to the members of rooms: to each connection once.
    pub(super) fn broadcast<S: AsRef<str>>(&mut self, rooms: &[S], except: Except<'_>, frame: &Frame) {
        if self.remote.is_on() {
            self.publish_to_rooms(rooms, except, frame);
            if is_planted(Canary::EarlyEcho) {
                self.broadcast_here(rooms, except, frame);
            }
        } else {
            self.broadcast_here(rooms, except, frame);
        }
    }

    /// Sends to the connections of users: to each once.
    pub(super) fn broadcast_users<S: AsRef<str>>(&mut self, users: &[S], except: Except<'_>, frame: &Frame) {
        if self.remote.is_on() {
            self.publish_to_users(users, except, frame);
        } else {
            self.broadcast_users_here(users, except, frame);
        }
    }

    /// Sends to every open connection.
    pub(super) fn broadcast_all(&mut self, except: Except<'_>, frame: &Frame) {
        if self.remote.is_on() {
            self.publish_to_all(except, frame);
        } else {
            self.broadcast_all_here(except, frame);
        }
    }

    pub(super) fn broadcast_here<S: AsRef<str>>(&mut self, rooms: &[S], except: Except<'_>, frame: &Frame) {
        self.broadcast_sets(Set::Rooms, rooms, except, frame);
    }

    pub(super) fn broadcast_users_here<S: AsRef<str>>(&mut self, users: &[S], except: Except<'_>, frame: &Frame) {
        self.broadcast_sets(Set::Users, users, except, frame);
    }

    fn broadcast_sets<S: AsRef<str>>(&mut self, set: Set, names: &[S], except: Except<'_>, frame: &Frame) {
        match (names, except) {
            // The hot path: nobody has to be looked up.
            ([one], Except { conns: conns @ ([] | [_]), users: [] }) => {
                self.broadcast_one(set, one.as_ref(), conns.first().copied(), frame);
            }
            _ => {
                self.mark_except(except);
                for name in names {
                    self.broadcast_marked(set, name.as_ref(), frame);
                }
                self.wrapped.clear();
            }
        }
    }

    /// Marks those who are left out of the next sends.
    pub(super) fn mark_except(&mut self, except: Except<'_>) {
        self.mark += 1;
        let (marks, mark) = (&mut self.marks, self.mark);
        let users = except.users.iter().flat_map(|user| self.state.users.conns(user));
        for conn in except.conns.iter().copied().chain(users) {
            // The id of a connection that is gone must not stand for the one in its place.
            if self.state.conns.contains(conn) {
                mark_one(marks, mark, conn);
            }
        }
    }

    /// The members' sockets are copied whole, and one number of each is charged.
    fn broadcast_one(&mut self, set: Set, name: &str, except: Option<ConnId>, frame: &Frame) {
        let State { rooms, users, flow, pool, forms, stats, .. } = &mut self.state;
        let rooms = if set == Set::Rooms { rooms } else { users };
        let Some(room) = rooms.receivers(name) else { return };
        for (form, group) in room.groups() {
            if form == Form::COMPONENT {
                let members = group.conns().iter().copied().filter(|conn| Some(*conn) != except);
                self.work.extend(to_components(set, room, members, frame));
                continue;
            }
            let wrapped;
            let frame = match form {
                Form::RAW => frame,
                form => {
                    wrapped = forms.wrap(pool, form, frame);
                    &wrapped
                }
            };
            let length = wire_length(frame);
            let mut sockets = group.sockets();
            if is_planted(Canary::SkippedMember) {
                sockets = sockets.split_last().map_or(sockets, |(_, others)| others);
            }
            let slow = &mut self.slow;
            let sent = self.out.send(frame, |to| {
                let first = to.len();
                // Runs of those who get it, copied whole.
                match except.and_then(|except| group.conns().iter().position(|conn| *conn == except)) {
                    None => to.extend_from_slice(sockets),
                    Some(place) => {
                        let (before, after) = sockets.split_at(place.min(sockets.len()));
                        to.extend_from_slice(before);
                        to.extend_from_slice(after.get(1..).unwrap_or_default());
                    }
                }
                flow.charge_each(to, first, length, slow);
            });
            stats.frames_out += sent as u64;
            self.late.extend(self.slow.drain(..).map(|socket| (socket, frame.clone())));
        }
        self.offer_to_slow();
    }

    /// A broadcast that leaves out who is marked: exceptions, and who got it in another room.
    fn broadcast_marked(&mut self, set: Set, name: &str, frame: &Frame) {
        let State { rooms, users, flow, pool, forms, stats, .. } = &mut self.state;
        let rooms = if set == Set::Rooms { rooms } else { users };
        let Some(room) = rooms.room(name) else { return };
        let (marks, mark) = (&mut self.marks, self.mark);
        for (form, group) in room.groups() {
            if form == Form::COMPONENT {
                let members = group.conns().iter().copied().filter(|conn| mark_one(marks, mark, *conn));
                self.work.extend(to_components(set, room, members, frame));
                continue;
            }
            let frame = match form {
                Form::RAW => frame.clone(),
                form => self.wrapped.entry(form).or_insert_with(|| forms.wrap(pool, form, frame)).clone(),
            };
            let (charged, late) = (Charged::new(&frame), &mut self.late);
            let sent = self.out.send(&frame, |to| {
                for (&conn, &socket) in group.conns().iter().zip(group.sockets()) {
                    if mark_one(marks, mark, conn) {
                        charged.admit(flow, socket, to, late);
                    }
                }
            });
            stats.frames_out += sent as u64;
        }
        self.offer_to_slow();
    }

    pub(super) fn broadcast_all_here(&mut self, except: Except<'_>, frame: &Frame) {
        self.mark_except(except);
        let State { conns, flow, pool, forms, stats, .. } = &mut self.state;
        let (marks, mark, late) = (&self.marks, self.mark, &mut self.late);
        let left_out = |conn: ConnId| marks.get(conn.index()) == Some(&mark);
        let (charged, mut subscriptions, mut components) = (Charged::new(frame), Vec::new(), Vec::new());
        let sent = self.out.send(frame, |to| {
            for (conn, found) in conns.iter().filter(|(_, found)| found.life == Life::Open) {
                if left_out(conn) || found.spark().is_some() {
                } else if found.form() == Form::COMPONENT {
                    components.push(conn);
                } else if let Some(socket) = found.socket() {
                    subscriptions.push((found.form(), socket));
                } else {
                    charged.admit(flow, conn, to, late);
                }
            }
        });
        stats.frames_out += sent as u64;
        let messages = components.into_iter().map(|conn| Work::Message { conn, room: None, frame: frame.clone() });
        self.work.extend(messages);
        // By form, so that each is encoded once.
        subscriptions.sort_unstable();
        for same in subscriptions.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((form, _)) = same.first() else { continue };
            let frame = forms.wrap(pool, *form, frame);
            let charged = Charged::new(&frame);
            let sent = self.out.send(&frame, |to| {
                for (_, socket) in same {
                    charged.admit(flow, *socket, to, late);
                }
            });
            stats.frames_out += sent as u64;
        }
        self.offer_to_slow();
    }

    fn offer_to_slow(&mut self) {
        let mut late = mem::take(&mut self.late);
        for (socket, frame) in late.drain(..) {
            self.offer(socket, &frame, true);
        }
        self.late = late;
    }

    /// Queues what does not fit the credit, by the policy of the connection's channel.
    fn offer(&mut self, conn: ConnId, frame: &Frame, may_drop: bool) {
        let Some(found) = self.state.conns.get(conn).filter(|found| found.life == Life::Open) else { return };
        let (limit, policy) = (self.state.limits_of(found).waiting, self.state.limits_of(found).slow);
        match self.state.flow.offer(conn.index(), frame, limit, policy, may_drop) {
            Offer::Admitted => self.hand_out(conn, frame),
            Offer::Queued { dropped } => self.state.stats.dropped += u64::from(dropped),
            Offer::Overflow => {
                self.state.stats.overflowed += 1;
                self.log(Level::Info, "too slow", Some(conn), || format!("more than {limit} bytes would wait"));
                self.end_now(conn, 1013, "Too slow: more waits for you than the limit allows; try again later");
            }
        }
    }

    fn hand_out(&mut self, conn: ConnId, frame: &Frame) {
        self.state.stats.frames_out += self.out.send(frame, |to| to.push(conn)) as u64;
    }

    /// Takes back credit, and hands out what waited for it.
    pub(super) fn on_sent(&mut self, reports: &[(ConnId, u32)]) {
        for &(conn, bytes) in reports {
            // Between its closing and its end the transport still reports; that is not stale.
            if !self.state.conns.contains(conn) {
                self.state.stats.stale += 1;
                continue;
            }
            self.state.stats.bytes_out += u64::from(bytes);
            if !self.state.flow.sent(conn.index(), bytes) {
                continue;
            }
            while let Some(frame) = self.state.flow.release(conn.index()) {
                self.hand_out(conn, &frame);
            }
            if !self.state.flow.is_waiting(conn.index()) {
                self.flushed(conn);
                self.on_drained(conn);
                self.note_page(conn);
            }
        }
    }
}

fn wire_length(frame: &Frame) -> i32 {
    i32::try_from(frame.wire().len()).unwrap_or(i32::MAX)
}
