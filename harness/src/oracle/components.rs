//! Components live as long as they are mounted, are mounted by those alone to whom they were shown, and answer once.
//!
//! `docs/protocol.md`: "A message with a `ref` is answered exactly once"; "`component_error`: a callback failed that no event with
//! a `ref` led to; `fresh`: and the component was made anew"; "One that panics again at once is gone". [`lazuli::Component`]:
//! "The component is gone from its page, or the page is gone. […] Not called after a panic".

use super::{Check, Oracle, complain};
use crate::app::live::{Called, Id};
use crate::chronicle::Verdict;
use lazuli::Stats;
use std::collections::{BTreeMap, BTreeSet};

/// What came of an event, as its page was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Ok,
    Error,
    /// By a failure that is nobody's business: a panic, or an error of the inside.
    Internal,
    NotMounted,
}

#[derive(Default)]
pub(crate) struct Components {
    lives: BTreeMap<u32, (Id, Life)>,
    /// What each event of a page led to, and whether it was sent with a `ref`.
    events: BTreeMap<u32, (bool, Option<Verdict>)>,
    /// By session: failures that the page has still to be told, and those that came with a new component.
    untold: BTreeMap<u32, [i64; 2]>,
    /// Sessions that were told that a component is gone, or have lost their sockets, and so maybe are not told of what went
    /// wrong before.
    vague: BTreeSet<u32>,
    /// Mounts that failed on purpose.
    refused: BTreeSet<(u32, u32)>,
    /// Outermost components whose renders have panicked.
    blown: BTreeSet<u32>,
    panics: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Mounted,
    Over,
}

impl Components {
    /// A page sends an event.
    pub(crate) fn sent(&mut self, op: u32, has_ref: bool) {
        self.events.insert(op, (has_ref, None));
    }

    /// A callback has run.
    pub(crate) fn called(&mut self, id: Id, what: Called, verdict: Verdict) -> Check {
        let life = self.lives.get(&id.number).map(|(_, life)| *life);
        let next = match (what, life) {
            (Called::Mount, None) if verdict == Verdict::Done => Life::Mounted,
            (Called::Mount, None) => Life::Over,
            (Called::Unmount, Some(Life::Mounted)) => Life::Over,
            (Called::Mount | Called::Unmount, _) | (_, None | Some(Life::Over)) => {
                let sentence = format!("{what:?} was called for {id:?}, which is {life:?}");
                return complain(Oracle::Components, sentence);
            }
            _ if verdict == Verdict::Panicked => Life::Over,
            _ => Life::Mounted,
        };
        self.lives.insert(id.number, (id, next));
        self.panics += u64::from(verdict == Verdict::Panicked);
        let Some(home) = id.home else { return Ok(()) };
        let mut has_ref = false;
        if let Called::Event(op) = what {
            match self.events.get_mut(&op) {
                Some((asked, handled @ None)) => (*handled, has_ref) = (Some(verdict), *asked),
                known => {
                    let sentence = format!("event {op} was handled by {id:?}, and before: {known:?}");
                    return complain(Oracle::Components, sentence);
                }
            }
        }
        match (what, verdict) {
            (_, Verdict::Done) | (Called::Unmount, _) => {}
            (Called::Mount, _) => drop(self.refused.insert((home.session, home.place))),
            (_, Verdict::Panicked) if !has_ref => self.fails(home.session, 1),
            (_, Verdict::Failed) if !has_ref => self.fails(home.session, 0),
            _ => {}
        }
        if verdict == Verdict::Panicked {
            self.ends(id.outer);
        }
        Ok(())
    }

    fn fails(&mut self, session: u32, how: usize) {
        self.untold.entry(session).or_default()[how] += 1;
    }

    /// An outermost component is dropped without being told; those in it are told.
    fn ends(&mut self, outer: u32) {
        if let Some((_, life)) = self.lives.get_mut(&outer) {
            *life = Life::Over;
        }
    }

    /// A render has panicked: the outermost component is dropped, and made anew unless it was not even mounted.
    pub(crate) fn blown(&mut self, id: Id, is_first: bool) {
        if !self.blown.insert(id.outer) {
            return;
        }
        self.panics += 1;
        self.ends(id.outer);
        self.ends(id.number);
        let Some(home) = id.home else { return };
        if is_first {
            // Its page has the answer to the mount.
            self.refused.insert((home.session, home.place));
        } else {
            self.fails(home.session, 1);
        }
    }

    /// A mount whose component did not want it, or could not be shown.
    pub(crate) fn was_refused(&mut self, session: u32, place: u32) -> bool {
        self.refused.remove(&(session, place))
    }

    /// A page is told that a callback failed that no event with a `ref` led to.
    pub(crate) fn told(&mut self, session: u32, is_fresh: bool) -> Check {
        let untold = &mut self.untold.entry(session).or_default()[usize::from(is_fresh)];
        *untold -= 1;
        // One in another's markup that refuses its mount has that one made anew, which is no panic.
        if *untold < 0 && !is_fresh && !self.vague.contains(&session) {
            return complain(Oracle::Components, format!("session {session} was told of a failure that never was"));
        }
        Ok(())
    }

    /// A page is told that a component is gone: of what went wrong before it is told nothing more.
    pub(crate) fn gone(&mut self, session: u32) {
        self.vague.insert(session);
    }

    /// An event with a `ref` was answered.
    pub(crate) fn answered(&mut self, op: u32, answer: Answered) -> Check {
        let verdict = self.events.get(&op).and_then(|(_, verdict)| *verdict);
        let fits = match verdict {
            None => answer == Answered::NotMounted,
            Some(Verdict::Done) => answer == Answered::Ok,
            Some(Verdict::Failed) => matches!(answer, Answered::Error | Answered::Internal),
            Some(Verdict::Panicked) => answer == Answered::Internal,
        };
        if fits {
            return Ok(());
        }
        complain(Oracle::Components, format!("event {op} led to {verdict:?} and was answered {answer:?}"))
    }

    /// The socket of a session is lost: its components are unmounted.
    pub(crate) fn lost(&mut self, session: u32) -> Check {
        // It may read on what was on its way.
        self.vague.insert(session);
        let is_left =
            |id: &Id, life: Life| life == Life::Mounted && id.home.is_some_and(|home| home.session == session);
        match self.lives.values().find(|(id, life)| is_left(id, *life)) {
            None => Ok(()),
            Some((id, _)) => {
                complain(Oracle::Components, format!("the socket of {id:?} is gone, and it was not unmounted"))
            }
        }
    }

    /// At rest, a page knows of everything that went wrong.
    pub(crate) fn knows(&self, session: u32) -> Check {
        match self.untold.get(&session).filter(|_| !self.vague.contains(&session)) {
            Some([failed, fresh]) if *failed > 0 || *fresh > 0 => complain(
                Oracle::Components,
                format!("session {session} was not told of {failed} failures and of {fresh} components made anew"),
            ),
            _ => Ok(()),
        }
    }

    /// Everyone has left and everything is at rest.
    pub(crate) fn finished(&self, stats: &Stats) -> Check {
        if let Some((id, _)) = self.lives.values().find(|(_, life)| *life == Life::Mounted) {
            return complain(Oracle::Components, format!("{id:?} was never unmounted"));
        }
        let left = [
            ("connections", stats.connections),
            ("components", stats.components),
            ("rooms", stats.rooms),
            ("timers", stats.timers),
        ];
        if let Some((what, count)) = left.iter().find(|(_, count)| *count > 0) {
            return complain(Oracle::Components, format!("{count} {what} are left when every page is gone"));
        }
        if stats.panics != self.panics {
            let sentence = format!("{} callbacks and renders were to panic and {} did", self.panics, stats.panics);
            return complain(Oracle::Components, sentence);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::live::Home;

    const ID: Id = Id { number: 5, outer: 5, key: None, home: Some(Home { session: 1, place: 2 }) };
    const INNER: Id = Id { number: 6, key: Some(1), ..ID };

    fn play(calls: &[(Id, Called, Verdict)]) -> Result<Components, super::super::Complaint> {
        let mut components = Components::default();
        components.sent(0, true);
        components.sent(1, false);
        for (id, what, verdict) in calls {
            components.called(*id, *what, *verdict)?;
        }
        Ok(components)
    }

    #[test]
    fn a_component_is_mounted_and_unmounted_once() {
        let (mount, unmount) = ((ID, Called::Mount, Verdict::Done), (ID, Called::Unmount, Verdict::Done));
        let timer = (ID, Called::Timer, Verdict::Done);
        let finished = |calls: &[_]| play(calls).and_then(|components| components.finished(&Stats::default()));
        assert!(finished(&[mount, timer, unmount]).is_ok());
        for wrong in [&[mount][..], &[timer], &[mount, mount], &[unmount], &[mount, unmount, timer]] {
            assert!(finished(wrong).is_err(), "{wrong:?}");
        }
        let panic = (ID, Called::Timer, Verdict::Panicked);
        assert!(play(&[mount, panic]).is_ok() && play(&[mount, panic, unmount]).is_err());
        let inner = [(INNER, Called::Mount, Verdict::Done), (INNER, Called::Timer, Verdict::Panicked)];
        assert!(play(&[mount, inner[0], inner[1]]).is_ok());
        assert!(play(&[mount, inner[0], inner[1], timer]).is_err(), "the one around it goes too");
        assert!(play(&[mount]).unwrap().lost(1).is_err() && play(&[mount, unmount]).unwrap().lost(1).is_ok());
    }

    #[test]
    fn each_event_is_answered_by_what_it_led_to() {
        let mount = (ID, Called::Mount, Verdict::Done);
        let event = |verdict| (ID, Called::Event(0), verdict);
        let answered = |calls: &[_], answer| play(calls).unwrap().answered(0, answer).is_ok();
        assert!(answered(&[mount, event(Verdict::Done)], Answered::Ok));
        assert!(answered(&[mount, event(Verdict::Panicked)], Answered::Internal));
        assert!(answered(&[mount], Answered::NotMounted));
        assert!(!answered(&[mount], Answered::Ok) && !answered(&[mount, event(Verdict::Failed)], Answered::Ok));
        assert!(!answered(&[mount, event(Verdict::Done)], Answered::NotMounted));
        assert!(play(&[mount, event(Verdict::Done), event(Verdict::Done)]).is_err(), "twice");
    }

    #[test]
    fn what_failed_is_told_once() {
        let failed = [(ID, Called::Mount, Verdict::Done), (ID, Called::Event(1), Verdict::Failed)];
        let mut components = play(&failed).unwrap();
        assert!(components.knows(1).is_err());
        assert!(components.told(1, false).is_ok() && components.knows(1).is_ok());
        assert!(components.told(1, false).is_err());
        let with_ref = [failed[0], (ID, Called::Event(0), Verdict::Failed)];
        assert!(play(&with_ref).unwrap().knows(1).is_ok(), "the answer says so");
        let mut blown = play(&failed[..1]).unwrap();
        blown.blown(ID, false);
        assert!(blown.knows(1).is_err() && blown.told(1, true).is_ok() && blown.knows(1).is_ok());
    }
}
