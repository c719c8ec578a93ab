//! Small frames of one turn, joined by a copy: to hand a socket many slices costs more than to copy what they hold.

use crate::frame::Frame;
use alloc::vec::Vec;

/// As many frames, and bytes, are joined: what is larger is worth a vectored write.
const FRAMES: usize = 64;
const BYTES: usize = 16 << 10;

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

    /// The bytes of all frames of a list that begins with this entry, each (frame, next entry); `None` if they are too
    /// many or too long.
    pub(super) fn join(&mut self, first: u32, frames: &[Frame], entries: &[(u32, u32)]) -> Option<&[u8]> {
        if !self.has(first, entries) && !self.copy(first, frames, entries) {
            self.clear();
            return None;
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

    /// Copies the frames of a list; whether it is short enough.
    fn copy(&mut self, mut entry: u32, frames: &[Frame], entries: &[(u32, u32)]) -> bool {
        self.clear();
        while let Some(&(frame, next)) = entries.get(entry as usize) {
            let wire = frames.get(frame as usize).map(Frame::wire).unwrap_or_default();
            if self.frames.len() == FRAMES || self.bytes.len() + wire.len() > BYTES {
                return false;
            }
            self.frames.push(frame);
            self.bytes.extend_from_slice(wire);
            entry = next;
        }
        true
    }
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
    fn what_is_long_or_of_many_is_not_joined() {
        let frames = [Frame::new(Kind::Binary, &[1; BYTES / 2]), Frame::new(Kind::Binary, &[2])];
        let mut joined = Joined::default();
        assert_eq!(joined.join(0, &frames, &[(0, 1), (0, NONE)]), None);
        assert!(joined.join(0, &frames, &[(0, 1), (1, NONE)]).is_some());
        let list =
            |count: u32| (1..=count).map(|next| (1, if next == count { NONE } else { next })).collect::<Vec<_>>();
        assert!(joined.join(0, &frames, &list(FRAMES as u32)).is_some());
        assert_eq!(joined.join(0, &frames, &list(FRAMES as u32 + 1)), None);
    }
}
