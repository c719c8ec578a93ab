//! What waits for one socket, in the order in which it goes out.

use crate::canary::{Canary, is_planted};
use crate::frame::Frame;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use std::io::IoSlice;

/// A link's out-queue: first what is half written, then pongs, then frames, then the last bytes that the link will send.
///
/// While the socket takes nothing, a new pong replaces those that wait; after a close frame nothing follows.
#[derive(Debug, Default)]
pub(super) struct OutQueue {
    /// Bytes that come first: the answer to the handshake, or a pong of which a part is written.
    head: Vec<u8>,
    /// Of `head`, or else of the first frame: how much is written.
    written: usize,
    /// Pongs of which nothing is written.
    pongs: Vec<u8>,
    frames: VecDeque<Frame>,
    /// A close frame or an HTTP answer.
    last: Option<Vec<u8>>,
}

impl OutQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.pongs.is_empty() && self.frames.is_empty() && self.last.is_none()
    }

    pub(super) fn push_head(&mut self, bytes: Vec<u8>) {
        self.head = bytes;
        self.written = 0;
    }

    pub(super) fn push_frame(&mut self, frame: Frame) {
        self.frames.push_back(frame);
    }

    /// Queues a frame of which a part was written directly, into an empty queue.
    pub(super) fn push_partial(&mut self, frame: Frame, written: usize) {
        self.frames.push_back(frame);
        self.written = written;
    }

    /// Queues a pong; in place of those that wait if the socket is blocked, so that they cannot pile up.
    pub(super) fn push_pong(&mut self, bytes: &[u8], blocked: bool) {
        if blocked {
            self.pongs.clear();
        }
        self.pongs.extend_from_slice(bytes);
    }

    pub(super) fn set_last(&mut self, bytes: Vec<u8>) {
        self.last = Some(bytes);
    }

    /// Drops the frames of which nothing is written.
    pub(super) fn drop_frames(&mut self) {
        let half = usize::from(self.head.is_empty() && self.written > 0);
        self.frames.truncate(half);
    }

    /// Fills `slices` with what comes next, and returns how many of them and how many bytes that is.
    pub(super) fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>], most: usize) -> (usize, usize) {
        let (mut count, mut bytes) = (0, 0);
        let mut add = |chunk: &'a [u8]| {
            let fits = count < slices.len() && bytes < most;
            if fits && !chunk.is_empty() {
                slices[count] = IoSlice::new(chunk);
                count += 1;
                bytes += chunk.len();
            }
            fits
        };
        let mut frames = self.frames.iter();
        if !self.head.is_empty() {
            add(self.head.get(self.written..).unwrap_or_default());
        } else if self.written > 0 {
            if is_planted(Canary::PongInFrame) {
                add(&self.pongs);
            }
            // A pong cannot go into the middle of a frame.
            add(frames.next().and_then(|frame| frame.wire().get(self.written..)).unwrap_or_default());
        }
        add(&self.pongs);
        let all = frames.all(|frame| add(frame.wire()));
        if all {
            add(self.last.as_deref().unwrap_or_default());
        }
        (count, bytes)
    }

    /// Takes out `bytes` that were written; returns how many of them were the hub's.
    pub(super) fn consume(&mut self, mut bytes: usize) -> usize {
        let mut hub = 0;
        if !self.head.is_empty() {
            let taken = bytes.min(self.head.len() - self.written);
            self.written += taken;
            bytes -= taken;
            if self.written < self.head.len() {
                return 0;
            }
            self.head = Vec::new();
            self.written = 0;
        } else if self.written > 0 {
            hub += self.consume_frame(&mut bytes);
        }
        if bytes > 0 && !self.pongs.is_empty() {
            let pongs = mem::take(&mut self.pongs);
            if bytes < pongs.len() {
                self.head = pongs;
                self.written = bytes;
                return hub;
            }
            bytes -= pongs.len();
        }
        while bytes > 0 && !self.frames.is_empty() {
            hub += self.consume_frame(&mut bytes);
        }
        if bytes > 0
            && let Some(last) = self.last.take()
            && bytes < last.len()
        {
            // Nothing can come before it any more.
            self.head = last;
            self.written = bytes;
        }
        hub
    }

    fn consume_frame(&mut self, bytes: &mut usize) -> usize {
        let Some(length) = self.frames.front().map(|frame| frame.wire().len()) else { return 0 };
        let taken = (*bytes).min(length - self.written);
        *bytes -= taken;
        self.written += taken;
        if self.written == length {
            self.written = 0;
            self.frames.pop_front();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;
    use proptest::prelude::*;

    fn text(byte: u8, length: usize) -> Frame {
        Frame::new(Kind::Binary, &alloc::vec![byte; length])
    }

    proptest! {
        /// However the socket takes the bytes: frames stay whole and in order, pongs go between frames, the
        /// close comes last, and every byte of the hub's is reported once.
        #[test]
        fn what_goes_out_is_whole_and_in_order(
            steps in prop::collection::vec((0u8..3, 0usize..300), 1..60),
            ends in any::<bool>(),
        ) {
            let mut queue = OutQueue::default();
            let (mut wire, mut pushed, mut reported, mut count) = (Vec::new(), 0, 0, 0u8);
            queue.push_head(alloc::vec![0xff; 20]);
            for (what, size) in steps {
                match what {
                    0 => {
                        count = count.wrapping_add(1);
                        let frame = text(count, size);
                        pushed += frame.wire().len();
                        queue.push_frame(frame);
                    }
                    1 => queue.push_pong(&[0x8a, 1, count], size % 2 == 0),
                    _ => reported += write(&mut queue, size, &mut wire),
                }
            }
            if ends {
                queue.set_last(alloc::vec![0x88, 0]);
            }
            while !queue.is_empty() {
                reported += write(&mut queue, 50, &mut wire);
            }
            prop_assert_eq!(pushed, reported);
            prop_assert_eq!(&wire[..20], &[0xff; 20]);
            let (mut at, mut next, mut closed) = (20, 1u8, false);
            while at < wire.len() {
                prop_assert!(!closed);
                let length = match wire[at + 1] { 126 => 2 + usize::from(wire[at + 3]) + 256 * usize::from(wire[at + 2]), n => usize::from(n) };
                match wire[at] {
                    0x82 => {
                        let last = wire[at + length + 1];
                        prop_assert!(length == 0 || last == next);
                        next = next.wrapping_add(1);
                    }
                    0x8a => prop_assert_eq!(length, 1),
                    other => {
                        prop_assert_eq!(other, 0x88);
                        closed = true;
                    }
                }
                at += 2 + length;
            }
            prop_assert_eq!(closed, ends);
        }
    }

    /// Lets the socket take `size` bytes.
    fn write(queue: &mut OutQueue, size: usize, wire: &mut Vec<u8>) -> usize {
        let mut slices = [IoSlice::new(&[]); 4];
        let (count, bytes) = queue.gather(&mut slices, 1 << 16);
        let taken: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).take(size).collect();
        assert_eq!(bytes, slices[..count].iter().map(|slice| slice.len()).sum::<usize>());
        wire.extend(&taken);
        queue.consume(taken.len())
    }

    #[test]
    fn pongs_do_not_pile_up_while_the_socket_is_blocked() {
        let mut queue = OutQueue::default();
        for n in 0..1_000u16 {
            queue.push_pong(&n.to_be_bytes(), true);
        }
        queue.push_pong(b"and", false);
        let mut wire = Vec::new();
        write(&mut queue, 100, &mut wire);
        assert_eq!(wire, [&999u16.to_be_bytes()[..], b"and"].concat());
        assert!(queue.is_empty());
    }
}
