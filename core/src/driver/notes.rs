//! Which link gets which frames of a turn.

use super::link::{Link, NONE};
use crate::frame::Frame;
use crate::id::ConnId;
use alloc::vec::Vec;
use core::ops::Range;

/// The frames of a turn. Those that go to the same receivers, one after the other, are a bundle: what is noted at a link is
/// only that it gets it, however many they are.
#[derive(Debug, Default)]
pub(super) struct Notes {
    frames: Vec<Frame>,
    bundles: Vec<Range<u32>>,
    /// A list a link, as (bundle, next entry).
    entries: Vec<(u32, u32)>,
    /// Who gets the latest bundle, as long as it may grow.
    to: Vec<ConnId>,
}

impl Notes {
    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.bundles.clear();
        self.entries.clear();
        self.to.clear();
    }

    /// Takes in a frame; the bundle that it begins, which is to be noted at all the links. `None`: it is in one that is noted already.
    pub(super) fn begin(&mut self, frame: &Frame, to: &[ConnId]) -> Option<u32> {
        let index = self.frames.len() as u32;
        self.frames.push(frame.clone());
        if !to.is_empty()
            && self.to == to
            && let Some(bundle) = self.bundles.last_mut()
        {
            bundle.end += 1;
            return None;
        }
        self.to.clear();
        self.to.extend_from_slice(to);
        self.bundles.push(index..index + 1);
        Some(self.bundles.len() as u32 - 1)
    }

    /// The latest bundle is complete: what happened since may have changed what its links do with it.
    pub(super) fn seal(&mut self) {
        self.to.clear();
    }

    /// Notes that the link gets a bundle.
    pub(super) fn note(&mut self, link: &mut Link, bundle: u32) {
        let entry = self.entries.len() as u32;
        self.entries.push((bundle, NONE));
        match self.entries.get_mut(link.last as usize) {
            Some((_, next)) => *next = entry,
            None => link.first = entry,
        }
        link.last = entry;
    }

    /// The bundles of a list that begins with this entry.
    pub(super) fn bundles(&self, mut entry: u32) -> impl Iterator<Item = u32> + Clone {
        core::iter::from_fn(move || {
            let &(bundle, next) = self.entries.get(entry as usize)?;
            entry = next;
            Some(bundle)
        })
    }

    /// The frames of a list that begins with this entry.
    pub(super) fn frames(&self, entry: u32) -> impl Iterator<Item = &Frame> + Clone {
        self.bundles(entry).flat_map(|bundle| {
            let range = self.bundles.get(bundle as usize).cloned().unwrap_or_default();
            self.frames.get(range.start as usize..range.end as usize).unwrap_or_default()
        })
    }

    /// The frame of a list that has no more than this one.
    pub(super) fn only(&self, entry: u32) -> Option<&Frame> {
        let &(bundle, NONE) = self.entries.get(entry as usize)? else { return None };
        let range = self.bundles.get(bundle as usize)?;
        if range.len() == 1 { self.frames.get(range.start as usize) } else { None }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::driver::head::{HeadLimits, HeadParser};
    use crate::frame::Kind;
    use proptest::prelude::*;

    /// The connection of the link with this number.
    pub(in crate::driver) fn conn(link: usize) -> ConnId {
        ConnId::from_u64(1 << 32 | link as u64).unwrap()
    }

    /// What the driver makes of sends to so many links: the notes, and where each link's list begins.
    pub(in crate::driver) fn lists<'a>(
        links: usize,
        sends: impl IntoIterator<Item = (&'a Frame, Vec<ConnId>)>,
    ) -> (Notes, Vec<u32>) {
        let mut links: Vec<Link> =
            (0..links).map(|_| Link::new(None, HeadParser::new(HeadLimits::default()))).collect();
        let mut notes = Notes::default();
        for (frame, to) in sends {
            if let Some(bundle) = notes.begin(frame, &to) {
                to.iter().for_each(|conn| notes.note(&mut links[conn.index()], bundle));
            }
        }
        let firsts = links.iter().map(|link| link.first).collect();
        (notes, firsts)
    }

    proptest! {
        /// Whatever is sent to whom, each link has its frames in their order; and what goes to the same ones is noted once.
        #[test]
        fn each_link_has_what_was_sent_to_it(sends in prop::collection::vec((0..4usize, 1..4usize), 0..40)) {
            const GROUPS: [&[usize]; 4] = [&[0, 1, 2], &[0, 1], &[3], &[2, 3]];
            let mut expected: [Vec<Vec<u8>>; 4] = Default::default();
            let mut frames = Vec::new();
            for (n, (group, times)) in sends.iter().enumerate() {
                for time in 0..*times {
                    let frame = Frame::new(Kind::Binary, &[n as u8, time as u8]);
                    GROUPS[*group].iter().for_each(|link| expected[*link].push(frame.wire().to_vec()));
                    frames.push((frame, GROUPS[*group].iter().map(|link| conn(*link)).collect::<Vec<_>>()));
                }
            }
            let changes = sends.chunk_by(|a, b| a.0 == b.0).count();
            let (notes, firsts) = lists(4, frames.iter().map(|(frame, to)| (frame, to.clone())));
            prop_assert_eq!(notes.bundles.len(), changes);
            for (first, expected) in firsts.into_iter().zip(expected) {
                let noted: Vec<Vec<u8>> = notes.frames(first).map(|frame| frame.wire().to_vec()).collect();
                let only = notes.only(first).map(|frame| frame.wire().to_vec());
                prop_assert_eq!(only, Some(&expected).filter(|all| all.len() == 1).map(|all| all[0].clone()));
                prop_assert_eq!(noted, expected);
            }
        }
    }

    #[test]
    fn a_sealed_bundle_does_not_grow() {
        let frame = Frame::new(Kind::Text, b"x");
        let mut notes = Notes::default();
        assert_eq!([notes.begin(&frame, &[conn(0)]), notes.begin(&frame, &[conn(0)])], [Some(0), None]);
        notes.seal();
        assert_eq!([notes.begin(&frame, &[conn(0)]), notes.begin(&frame, &[conn(0)])], [Some(1), None]);
        notes.clear();
        assert_eq!(notes.begin(&frame, &[conn(0)]), Some(0));
    }
}
