//! Small frames of one turn, joined by a copy: to hand a socket many slices costs more than to copy what they hold.

use super::notes::Notes;
use crate::frame::Frame;
use alloc::vec::Vec;

/// So many bytes are joined, of frames that have so many in the mean: what is larger is worth a vectored write.
const BYTES: usize = 16 << 10;
const SMALL: usize = 1 << 10;

/// The frames that were joined last. Members of a room get the same ones, one after the other: they are copied once.
#[derive(Debug, Default)]
pub(super) struct Joined {
    bundles: Vec<u32>,
    bytes: Vec<u8>,
}

impl Joined {
    /// Forgets them: the numbers of the next turn name others.
    pub(super) fn clear(&mut self) {
        self.bundles.clear();
        self.bytes.clear();
    }

    /// The bytes of all frames of a list that begins with this entry; `None` if a vectored write is better for them.
    pub(super) fn join(&mut self, first: u32, notes: &Notes) -> Option<&[u8]> {
        if !notes.bundles(first).eq(self.bundles.iter().copied()) {
            if !is_worth_it(notes.frames(first)) {
                return None;
            }
            self.clear();
            self.bundles.extend(notes.bundles(first));
            notes.frames(first).for_each(|frame| self.bytes.extend_from_slice(frame.wire()));
        }
        Some(&self.bytes)
    }
}

/// Whether they are few, and small.
fn is_worth_it<'a>(frames: impl Iterator<Item = &'a Frame>) -> bool {
    let (mut count, mut bytes) = (0, 0);
    for frame in frames {
        (count, bytes) = (count + 1, bytes + frame.wire().len());
        if bytes > BYTES {
            return false;
        }
    }
    bytes <= count * SMALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::notes::tests::{conn, lists};
    use crate::frame::Kind;

    #[test]
    fn what_is_joined_is_the_frames_of_the_list_whatever_was_joined_before() {
        let frames: Vec<Frame> = (0..4).map(|n| Frame::new(Kind::Binary, &[n; 3])).collect();
        // The same list twice, one that begins so, others.
        let wanted = [&[0, 1][..], &[0, 1], &[0, 1, 3], &[2], &[0, 3]];
        let sends = (0..4).map(|n| (&frames[n], (0..5).filter(|link| wanted[*link].contains(&n)).map(conn).collect()));
        let (notes, firsts) = lists(5, sends);
        let mut joined = Joined::default();
        for link in [0, 1, 2, 0, 4, 3, 2, 1] {
            let wires: Vec<&[u8]> = wanted[link].iter().map(|frame| frames[*frame].wire()).collect();
            assert_eq!(joined.join(firsts[link], &notes), Some(&*wires.concat()));
        }
    }

    #[test]
    fn what_is_long_or_of_large_frames_is_not_joined_nor_copied() {
        let join = |length: usize, count: usize| {
            let frame = Frame::new(Kind::Binary, &alloc::vec![1; length]);
            let (notes, firsts) = lists(1, (0..count).map(|_| (&frame, alloc::vec![conn(0)])));
            let mut joined = Joined::default();
            let length = joined.join(firsts[0], &notes).map(<[u8]>::len);
            assert_eq!(joined.bytes.len(), length.unwrap_or(0));
            length
        };
        assert_eq!((join(1_500, 2), join(100, 161)), (None, None));
        assert_eq!((join(100, 160), join(1, 5_000)), (Some(160 * 102), Some(15_000)));
    }
}
