//! Small frames of one turn, joined by a copy: to hand a socket many slices costs more than to copy what they hold.

use crate::frame::Frame;
use alloc::vec::Vec;

/// So many bytes are joined, of frames that have so many in the mean: what is larger is worth a vectored write.
const BYTES: usize = 16 << 10;
const SMALL: usize = 1 << 10;

/// The frames that were joined last. Members of a room get the same ones, one after the other: they are copied once.
#[derive(Debug, Default)]
pub(super) struct Joined {
    frames: Vec<u32>,
    bytes: Vec<u8>,
}

impl Joined {
    /// Forgets them: the numbers of the next turn name others.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.bytes.clear();
    }

    /// The bytes of all frames of a list that begins with this entry, each (frame, next entry); `None` if a
    /// vectored write is better for them.
    pub(super) fn join(&mut self, first: u32, frames: &[Frame], entries: &[(u32, u32)]) -> Option<&[u8]> {
        if !self.has(first, entries) {
            if !is_worth_it(first, frames, entries) {
                return None;
            }
            self.copy(first, frames, entries);
        }
        Some(&self.bytes)
    }

    /// Whether these are the frames of this list.
    fn has(&self, mut entry: u32, entries: &[(u32, u32)]) -> bool {
        for joined in &self.frames {
            match entries.get(entry as usize) {
                Some((frame, next)) if frame == joined => entry = *next,
                _ => return false,
            }
        }
        entries.get(entry as usize).is_none()
    }

    fn copy(&mut self, first: u32, frames: &[Frame], entries: &[(u32, u32)]) {
        self.clear();
        for (frame, wire) in list(first, frames, entries) {
            self.frames.push(frame);
            self.bytes.extend_from_slice(wire);
        }
    }
}

/// Whether a list is short, and its frames small.
fn is_worth_it(first: u32, frames: &[Frame], entries: &[(u32, u32)]) -> bool {
    let (mut count, mut bytes) = (0, 0);
    for (_, wire) in list(first, frames, entries) {
        (count, bytes) = (count + 1, bytes + wire.len());
        if bytes > BYTES {
            return false;
        }
    }
    bytes <= count * SMALL
}

/// The frames of a list, with their numbers.
fn list<'a>(mut entry: u32, frames: &'a [Frame], entries: &'a [(u32, u32)]) -> impl Iterator<Item = (u32, &'a [u8])> {
    core::iter::from_fn(move || {
        let &(frame, next) = entries.get(entry as usize)?;
        entry = next;
        Some((frame, frames.get(frame as usize).map(Frame::wire).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::link::NONE;
    use crate::frame::Kind;

    #[test]
    fn what_is_joined_is_the_frames_of_the_list_whatever_was_joined_before() {
        let frames: Vec<Frame> = (0..4).map(|n| Frame::new(Kind::Binary, &[n; 3])).collect();
        let entries = [(0, 1), (1, NONE), (0, 3), (1, 4), (3, NONE), (1, 1), (0, NONE)];
        let mut joined = Joined::default();
        // The same list twice, a longer one, its beginning, others.
        for (first, expected) in
            [(0, &[0, 1][..]), (0, &[0, 1]), (2, &[0, 1, 3]), (0, &[0, 1]), (5, &[1, 1]), (6, &[0]), (2, &[0, 1, 3])]
        {
            let wires: Vec<&[u8]> = expected.iter().map(|frame: &usize| frames[*frame].wire()).collect();
            assert_eq!(joined.join(first, &frames, &entries), Some(&*wires.concat()));
        }
    }

    #[test]
    fn what_is_long_or_of_large_frames_is_not_joined_nor_copied() {
        let frames = [1_500, 100, 1].map(|length| Frame::new(Kind::Binary, &alloc::vec![1; length]));
        let mut joined = Joined::default();
        let chain = |frame: u32, count: u32| -> Vec<(u32, u32)> {
            (1..=count).map(|next| (frame, if next == count { NONE } else { next })).collect()
        };
        assert_eq!(joined.join(0, &frames, &chain(0, 2)), None);
        assert_eq!(joined.join(0, &frames, &chain(1, 161)), None);
        assert_eq!(joined.bytes.capacity(), 0);
        assert_eq!(joined.join(0, &frames, &chain(1, 160)).map(<[u8]>::len), Some(160 * 102));
        joined.clear();
        assert!(joined.join(0, &frames, &chain(2, 5_000)).is_some());
    }
}
