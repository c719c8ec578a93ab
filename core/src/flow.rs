//! Credit: how much each connection may have on its way, and what waits meanwhile.
//!
//! A connection has a *window* of bytes that were handed to the transport and not yet reported as written. What does not
//! fit waits here, up to a limit; beyond that the policy of the channel decides. A connection that keeps up has no queue
//! at all: a number in a dense table is all that a broadcast reads of it.

use crate::canary::{Canary, is_planted};
use crate::frame::Frame;
use crate::grow;
use crate::id::ConnId;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What happens to a connection that is too slow: more waits for it than its limit allows.
///
/// On a Spark socket only messages of channels are dropped. Answers, ends of subscriptions and what components have to tell their pages
/// always arrive; where those alone are more than the limit, the socket is closed, whatever its policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SlowPolicy {
    /// It is closed with 1013 (try again later), and what waits is dropped.
    #[default]
    Disconnect,
    /// The oldest waiting messages are dropped until the new one fits.
    DropOldest,
    /// All messages that wait are dropped for the new one.
    KeepLatest,
}

/// What became of a frame that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It may be sent at once.
    Admitted,
    /// It waits, unless it alone is over the limit; so many frames were dropped, itself included.
    Queued {
        /// Frames lost to the policy.
        dropped: u32,
    },
    /// There is no room, and nothing more to drop: the connection has to go.
    Overflow,
}

/// Credits and queues of all connections, by [`ConnId::index`](crate::ConnId::index).
#[derive(Debug)]
pub struct Flow {
    window: i32,
    /// Bytes that may still go out; below zero after a frame larger than the window; `BLOCKED` where frames wait.
    credit: Vec<i32>,
    slow: Vec<Option<Box<Slow>>>,
}

const BLOCKED: i32 = i32::MIN;

/// How many frames may wait within a limit of bytes: the smallest have 2 bytes, and each costs memory beside them.
fn most_frames(limit: usize) -> usize {
    (limit / 128).max(256)
}

/// A connection that does not keep up.
#[derive(Debug)]
struct Slow {
    /// What `credit` would say if it did not say `BLOCKED`.
    credit: i32,
    /// Frames, and whether they may be dropped.
    queue: VecDeque<(Frame, bool)>,
    /// Wire bytes in `queue`.
    bytes: usize,
    /// So many at the front of `queue` may not be dropped, at least.
    kept: usize,
}

impl Slow {
    fn new(credit: i32) -> Slow {
        Slow { credit, queue: VecDeque::new(), bytes: 0, kept: 0 }
    }

    fn drop_oldest(&mut self) -> bool {
        let kept = self.queue.iter().skip(self.kept).take_while(|(_, may_drop)| !may_drop).count();
        self.kept += kept;
        let oldest = self.queue.remove(self.kept);
        self.bytes -= oldest.as_ref().map_or(0, |(frame, _)| frame.wire().len());
        oldest.is_some()
    }
}

impl Flow {
    /// Windows of `window` bytes, at least 1 and at most 1 GiB.
    pub fn new(window: u32) -> Flow {
        Flow { window: window.clamp(1, 1 << 30) as i32, credit: Vec::new(), slow: Vec::new() }
    }

    /// Gives the connection at `index` a full window and an empty queue.
    pub fn open(&mut self, index: usize) {
        *grow::place(&mut self.credit, index, || BLOCKED) = self.window;
        *grow::place(&mut self.slow, index, || None) = None;
    }

    /// Charges `length` bytes if they fit and nothing waits before them: the fast path of a broadcast.
    #[inline]
    pub fn charge(&mut self, index: usize, length: i32) -> bool {
        match self.credit.get_mut(index) {
            Some(credit) if *credit >= length => {
                *credit -= length;
                true
            }
            _ => false,
        }
    }

    /// Charges `length` bytes to each connection of `to` from the place `first` on, and moves those that they do not fit
    /// to `slow`, in order: the hot loop of a broadcast.
    pub fn charge_each(&mut self, to: &mut Vec<ConnId>, first: usize, length: i32, slow: &mut Vec<ConnId>) {
        let mut rest = to.get(first..).unwrap_or_default().iter();
        if rest.all(|conn| self.charge(conn.index(), length)) {
            return;
        }
        // Somebody is slow. That one was charged nothing, and is asked again.
        let first_slow = to.len() - rest.len() - 1;
        let mut kept = first_slow;
        for place in first_slow..to.len() {
            let conn = to[place];
            if self.charge(conn.index(), length) {
                to[kept] = conn;
                kept += 1;
            } else {
                slow.push(conn);
            }
        }
        to.truncate(kept);
    }

    /// Offers a frame to a connection for which at most `limit` bytes may wait. A policy may drop it later only if `may_drop`.
    pub fn offer(&mut self, index: usize, frame: &Frame, limit: usize, policy: SlowPolicy, may_drop: bool) -> Offer {
        let limit = if is_planted(Canary::NoLimit) { 2 * limit } else { limit };
        let length = frame.wire().len();
        let charged = i32::try_from(length).unwrap_or(i32::MAX);
        if self.charge(index, charged) {
            return Offer::Admitted;
        }
        let (Some(credit), Some(slot)) = (self.credit.get_mut(index), self.slow.get_mut(index)) else {
            return Offer::Queued { dropped: 1 };
        };
        // Nothing is on its way and nothing waits: one frame goes out whatever its size.
        if *credit == self.window {
            *credit = self.window.saturating_sub(charged).max(BLOCKED + 1);
            return Offer::Admitted;
        }
        let drops = policy != SlowPolicy::Disconnect;
        if length > limit {
            return if drops && may_drop { Offer::Queued { dropped: 1 } } else { Offer::Overflow };
        }
        let most = most_frames(limit);
        let slow = slot.get_or_insert_with(|| Box::new(Slow::new(*credit)));
        *credit = BLOCKED;
        let mut dropped = 0;
        let keep = if policy == SlowPolicy::KeepLatest && may_drop { 0 } else { limit - length };
        while drops && (slow.bytes > keep || slow.queue.len() >= most) && slow.drop_oldest() {
            dropped += 1;
        }
        if slow.bytes + length > limit || slow.queue.len() >= most {
            // Too much of what has to arrive waits before it.
            return if drops && may_drop { Offer::Queued { dropped: dropped + 1 } } else { Offer::Overflow };
        }
        if is_planted(Canary::Overtaking) {
            slow.queue.push_front((frame.clone(), may_drop));
        } else {
            slow.queue.push_back((frame.clone(), may_drop));
        }
        slow.bytes += length;
        Offer::Queued { dropped }
    }

    /// Takes back the credit of `bytes` that were written; whether frames wait for it. A report of more than was on its
    /// way counts as all of it.
    #[inline]
    pub fn sent(&mut self, index: usize, bytes: u32) -> bool {
        let bytes = bytes.saturating_sub(u32::from(is_planted(Canary::LostCredit)));
        let window = self.window;
        let back = |credit: i32| credit.saturating_add_unsigned(bytes).min(window);
        match self.credit.get_mut(index) {
            Some(credit) if *credit != BLOCKED => {
                *credit = back(*credit);
                false
            }
            _ => {
                let slow = self.slow.get_mut(index).and_then(Option::as_mut);
                slow.map(|slow| slow.credit = back(slow.credit)).is_some()
            }
        }
    }

    /// The next waiting frame that fits now, charged.
    pub fn release(&mut self, index: usize) -> Option<Frame> {
        let slow = self.slow.get_mut(index)?.as_mut()?;
        let length = i32::try_from(slow.queue.front()?.0.wire().len()).unwrap_or(i32::MAX);
        if slow.credit < length && slow.credit != self.window {
            return None;
        }
        slow.credit = slow.credit.saturating_sub(length).max(BLOCKED + 1);
        let (frame, _) = slow.queue.pop_front()?;
        slow.bytes -= frame.wire().len();
        slow.kept = slow.kept.saturating_sub(1);
        if slow.queue.is_empty() {
            self.unblock(index);
        }
        Some(frame)
    }

    fn unblock(&mut self, index: usize) {
        if let Some(slow) = self.slow[index].take() {
            self.credit[index] = slow.credit;
        }
    }

    /// Drops what waits for the connection; returns how many frames that were.
    pub fn clear(&mut self, index: usize) -> usize {
        let Some(slow) = self.slow.get_mut(index).and_then(Option::take) else { return 0 };
        self.credit[index] = slow.credit;
        slow.queue.len()
    }

    /// Whether frames wait for the connection.
    pub fn is_waiting(&self, index: usize) -> bool {
        self.slow.get(index).is_some_and(Option::is_some)
    }

    /// Wire bytes that wait for the connection.
    pub fn waiting(&self, index: usize) -> usize {
        self.slow.get(index).and_then(Option::as_ref).map_or(0, |slow| slow.bytes)
    }

    /// Bytes that are on their way: handed out and not yet reported as written.
    pub fn on_the_way(&self, index: usize) -> u64 {
        let slow = self.slow.get(index).and_then(Option::as_ref).map(|slow| slow.credit);
        let credit = slow.or_else(|| self.credit.get(index).copied()).unwrap_or(self.window);
        (i64::from(self.window) - i64::from(credit)).unsigned_abs()
    }
}
