//! Flow control of one connection, as it is documented: a window, and what waits behind it by a policy.

use lazuli::{Kind, SlowPolicy};
use std::collections::VecDeque;
use std::sync::Arc;

/// A message or ping for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) bytes: Arc<[u8]>,
}

impl Item {
    pub(super) fn text(text: &str) -> Item {
        Item { kind: Kind::Text, bytes: text.as_bytes().into() }
    }

    /// Whether it is a ping for a peer that is silent.
    pub(super) fn is_heartbeat(&self) -> bool {
        self.kind == Kind::Ping && *self.bytes == *b"heartbeat"
    }

    /// Its length as a frame.
    fn wire(&self) -> usize {
        let header = match self.bytes.len() {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        };
        header + self.bytes.len()
    }

    pub(super) fn shown(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.bytes).chars().take(40).collect();
        format!("{:?} {text:?} of {} bytes", self.kind, self.bytes.len())
    }
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes out or waits; so many were dropped.
    Taken { dropped: usize },
    /// There is no room, and the connection has to go.
    Overflow,
}

#[derive(Debug)]
pub(super) struct Out {
    window: i64,
    /// Bytes that were handed to the driver and not reported.
    on_way: i64,
    waiting: VecDeque<Item>,
    bytes: usize,
    /// What was handed to the driver and the client has not received yet.
    pub(super) handed: VecDeque<Item>,
    pub(super) largest: usize,
}

impl Out {
    pub(super) fn new(window: i64) -> Out {
        Out { window, on_way: 0, waiting: VecDeque::new(), bytes: 0, handed: VecDeque::new(), largest: 0 }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.bytes
    }

    /// Messages that wait.
    pub(super) fn queue_len(&self) -> usize {
        self.waiting.len()
    }

    fn fits(&self, length: usize) -> bool {
        // When nothing is on its way, one frame goes out whatever its size.
        self.on_way == 0 || self.on_way + length as i64 <= self.window
    }

    fn hand(&mut self, item: Item) {
        let length = item.wire();
        self.on_way += length as i64;
        self.handed.push_back(item);
    }

    pub(super) fn offer(&mut self, item: Item, limit: usize, policy: SlowPolicy) -> Fate {
        let length = item.wire();
        self.largest = self.largest.max(length);
        if self.waiting.is_empty() && self.fits(length) {
            self.hand(item);
            return Fate::Taken { dropped: 0 };
        }
        // Small ones cost memory beside their bytes.
        let most = (limit / 128).max(256);
        match policy {
            SlowPolicy::Disconnect if self.bytes + length > limit || self.waiting.len() >= most => {
                return Fate::Overflow;
            }
            _ if length > limit => return Fate::Taken { dropped: 1 },
            _ => {}
        }
        let before = self.waiting.len();
        if policy == SlowPolicy::KeepLatest {
            self.clear();
        }
        while (self.bytes + length > limit || self.waiting.len() >= most)
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.bytes -= oldest.wire();
        }
        let dropped = before - self.waiting.len();
        self.bytes += length;
        self.waiting.push_back(item);
        Fate::Taken { dropped }
    }

    /// The driver has reported so many bytes as written.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.on_way = (self.on_way - bytes as i64).max(0);
        while let Some(first) = self.waiting.front()
            && self.fits(first.wire())
            && let Some(first) = self.waiting.pop_front()
        {
            self.bytes -= first.wire();
            self.hand(first);
        }
    }

    /// What waits is lost.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }

    /// Nobody can tell any more what flow control does: everything may come, in order.
    pub(super) fn loosen(&mut self) {
        for item in std::mem::take(&mut self.waiting) {
            self.push_loose(item);
        }
        self.bytes = 0;
    }

    pub(super) fn push_loose(&mut self, item: Item) {
        self.largest = self.largest.max(item.wire());
        self.handed.push_back(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(length: usize) -> Item {
        Item { kind: Kind::Binary, bytes: vec![0; length - 2].into() }
    }

    fn offer(out: &mut Out, length: usize, policy: SlowPolicy) -> Fate {
        out.offer(item(length), 50, policy)
    }

    #[test]
    fn a_window_is_filled_and_the_rest_waits() {
        let mut out = Out::new(100);
        for _ in 0..3 {
            assert_eq!(offer(&mut out, 40, SlowPolicy::Disconnect), Fate::Taken { dropped: 0 });
        }
        assert_eq!((out.handed.len(), out.waiting()), (2, 40));
        assert_eq!(offer(&mut out, 11, SlowPolicy::Disconnect), Fate::Overflow);
        out.sent(19);
        assert_eq!(out.handed.len(), 2);
        out.sent(1);
        assert_eq!((out.handed.len(), out.waiting()), (3, 0));
    }

    #[test]
    fn one_frame_always_goes_out() {
        let mut out = Out::new(10);
        assert_eq!(offer(&mut out, 100, SlowPolicy::Disconnect), Fate::Taken { dropped: 0 });
        assert_eq!(offer(&mut out, 20, SlowPolicy::Disconnect), Fate::Taken { dropped: 0 });
        out.sent(99);
        assert_eq!(out.handed.len(), 1);
        out.sent(1);
        assert_eq!((out.handed.len(), out.waiting()), (2, 0));
    }

    #[test]
    fn policies_drop_what_they_say() {
        let lengths = |out: &Out| out.waiting.iter().map(Item::wire).collect::<Vec<_>>();
        let full = |policy| {
            let mut out = Out::new(10);
            for length in [10, 20, 21] {
                offer(&mut out, length, policy);
            }
            out
        };
        let mut out = full(SlowPolicy::DropOldest);
        assert_eq!(offer(&mut out, 25, SlowPolicy::DropOldest), Fate::Taken { dropped: 1 });
        assert_eq!(lengths(&out), [21, 25]);
        assert_eq!(offer(&mut out, 51, SlowPolicy::DropOldest), Fate::Taken { dropped: 1 });
        assert_eq!(lengths(&out), [21, 25], "too large to wait at all");
        let mut out = full(SlowPolicy::KeepLatest);
        assert_eq!(lengths(&out), [21]);
        assert_eq!(offer(&mut out, 4, SlowPolicy::KeepLatest), Fate::Taken { dropped: 1 });
        assert_eq!(lengths(&out), [4]);
    }
}
