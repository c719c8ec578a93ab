//! Frames on their way to connections, within their credit.

use super::Hub;
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::flow::Offer;
use crate::frame::Frame;
use crate::id::ConnId;
use crate::life::Life;
use crate::log::Level;
use alloc::format;
use core::mem;

impl<A: App> Hub<A> {
    /// Sends to one connection; to one that is not open goes nothing.
    pub(super) fn send_one(&mut self, conn: ConnId, frame: &Frame) {
        if self.state.is_open(conn) {
            if self.state.flow.charge(conn.index(), wire_length(frame)) {
                self.hand_out(conn, frame);
            } else {
                self.offer(conn, frame);
            }
        }
    }

    /// Sends to the members of rooms: to each instance where there is one room, to each connection once where there are
    /// several.
    pub(super) fn broadcast<S: AsRef<str>>(&mut self, rooms: &[S], except: &[ConnId], frame: &Frame) {
        if self.remote.is_on() {
            self.publish_to_rooms(rooms, except, frame);
        } else {
            self.broadcast_here(rooms, except, frame);
        }
    }

    /// Sends to every open connection.
    pub(super) fn broadcast_all(&mut self, except: &[ConnId], frame: &Frame) {
        if self.remote.is_on() {
            self.publish_to_all(except, frame);
        } else {
            self.broadcast_all_here(except, frame);
        }
    }

    pub(super) fn broadcast_here<S: AsRef<str>>(&mut self, rooms: &[S], except: &[ConnId], frame: &Frame) {
        match rooms {
            [room] => self.broadcast_room(room.as_ref(), except, frame),
            rooms => {
                self.mark += 1;
                for room in rooms {
                    self.broadcast_marked(room.as_ref(), except, frame);
                }
            }
        }
    }

    /// The hot path: the members' ids are copied whole, and one number of each is charged.
    fn broadcast_room(&mut self, room: &str, except: &[ConnId], frame: &Frame) {
        let length = wire_length(frame);
        let mut conns = self.state.rooms.conns(room);
        if is_planted(Canary::SkippedMember) {
            conns = conns.split_last().map_or(conns, |(_, others)| others);
        }
        let (flow, slow) = (&mut self.state.flow, &mut self.slow);
        let sent = self.out.send(frame, |to| {
            let first = to.len();
            // Runs of those who get it, copied whole.
            match except {
                [] => to.extend_from_slice(conns),
                [one] => conns.split(|conn| conn == one).for_each(|run| to.extend_from_slice(run)),
                except => conns.split(|conn| except.contains(conn)).for_each(|run| to.extend_from_slice(run)),
            }
            flow.charge_each(to, first, length, slow);
        });
        self.state.stats.frames_out += sent as u64;
        self.offer_to_slow(frame);
    }

    /// A broadcast to one of several rooms, which leaves out who got it in another.
    fn broadcast_marked(&mut self, room: &str, except: &[ConnId], frame: &Frame) {
        let length = wire_length(frame);
        let conns = self.state.rooms.conns(room);
        let (flow, slow, marks, mark) = (&mut self.state.flow, &mut self.slow, &mut self.marks, self.mark);
        let sent = self.out.send(frame, |to| {
            for &conn in conns {
                let index = conn.index();
                if marks.len() <= index {
                    marks.resize(index + 1, 0);
                }
                if mem::replace(&mut marks[index], mark) == mark || except.contains(&conn) {
                } else if flow.charge(index, length) {
                    to.push(conn);
                } else {
                    slow.push(conn);
                }
            }
        });
        self.state.stats.frames_out += sent as u64;
        self.offer_to_slow(frame);
    }

    pub(super) fn broadcast_all_here(&mut self, except: &[ConnId], frame: &Frame) {
        let length = wire_length(frame);
        let (conns, flow, slow) = (&self.state.conns, &mut self.state.flow, &mut self.slow);
        let sent = self.out.send(frame, |to| {
            for (conn, found) in conns.iter() {
                if found.life != Life::Open || except.contains(&conn) {
                } else if flow.charge(conn.index(), length) {
                    to.push(conn);
                } else {
                    slow.push(conn);
                }
            }
        });
        self.state.stats.frames_out += sent as u64;
        self.offer_to_slow(frame);
    }

    fn offer_to_slow(&mut self, frame: &Frame) {
        let mut slow = mem::take(&mut self.slow);
        for conn in slow.drain(..) {
            self.offer(conn, frame);
        }
        self.slow = slow;
    }

    /// Queues what does not fit the credit, by the policy of the connection's channel.
    fn offer(&mut self, conn: ConnId, frame: &Frame) {
        let Some(found) = self.state.conns.get(conn).filter(|found| found.life == Life::Open) else { return };
        match self.state.flow.offer(conn.index(), frame, found.limits.waiting, found.limits.slow) {
            Offer::Admitted => self.hand_out(conn, frame),
            Offer::Queued { dropped } => self.state.stats.dropped += u64::from(dropped),
            Offer::Overflow => {
                let limit = found.limits.waiting;
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
            }
        }
    }
}

fn wire_length(frame: &Frame) -> i32 {
    i32::try_from(frame.wire().len()).unwrap_or(i32::MAX)
}
