//! Components live as long as they are mounted, are mounted by those alone to whom they were shown, and answer once.
//!
//! `docs/protocol.md`: "A message with a `ref` is answered exactly once"; "`component_error`: a callback failed that no event with
//! a `ref` led to; `fresh`: and the component was made anew"; "One that panics again at once is gone". [`lazuli::Component`]:
//! "The component is gone from its page, or the page is gone. […] Not called after a panic".

use super::{Check, Oracle, complain};
use crate::app::live::{Called, Id};
use crate::chronicle::Verdict;
use lazuli::Stats;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    /// What pages have still to be told, by session.
    untold: BTreeMap<u32, Untold>,
    /// The callback that is about to be noted ends its component.
    is_closing: bool,
    /// Sessions that have lost their sockets, and so are not told of everything.
    lost: BTreeSet<u32>,
    /// Mounts that failed on purpose.
    refused: BTreeSet<(u32, u32)>,
    /// Outermost components whose renders have panicked.
    blown: BTreeSet<u32>,
    panics: u64,
}

/// What a page has still to be told.
#[derive(Debug, Default)]
struct Untold {
    /// Failures.
    failed: u64,
    /// Components that were made anew.
    fresh: u64,
    /// Components that were given up, of which the page was told that, or had an answer, and nothing else.
    given_up: u64,
    /// How often something has panicked, which may lead to that.
    panics: u64,
    /// Components that have ended themselves.
    closed: u64,
    /// What components have asked their page to do.
    orders: VecDeque<PageOrder>,
}

/// What a component asks its page to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageOrder {
    Flash(String),
    Focus,
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
        let is_closing = std::mem::take(&mut self.is_closing);
        let untold = self.untold.entry(home.session).or_default();
        match (what, verdict) {
            (_, Verdict::Done) | (Called::Unmount, _) => {}
            (Called::Mount, _) if id.key.is_none() => drop(self.refused.insert((home.session, home.place))),
            // The one around it is made anew.
            (Called::Mount, _) => untold.fresh += 1,
            (_, Verdict::Panicked) if !has_ref => untold.fresh += 1,
            (_, Verdict::Failed) if is_closing => untold.closed += 1,
            (_, Verdict::Failed) if !has_ref => untold.failed += 1,
            _ => {}
        }
        if verdict == Verdict::Panicked {
            untold.panics += 1;
            self.ends(id.outer);
        }
        Ok(())
    }

    /// The callback that is noted next ends its component.
    pub(crate) fn closes(&mut self) {
        self.is_closing = true;
    }

    /// A callback, which succeeds, asks for something in its page.
    pub(crate) fn orders(&mut self, id: Id, orders: &[PageOrder]) {
        if let Some(home) = id.home {
            self.untold.entry(home.session).or_default().orders.extend(orders.iter().cloned());
        }
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
            let untold = self.untold.entry(home.session).or_default();
            untold.fresh += 1;
            untold.panics += 1;
        }
    }

    /// A mount whose component did not want it, or could not be shown.
    pub(crate) fn was_refused(&mut self, session: u32, place: u32) -> bool {
        self.refused.remove(&(session, place))
    }

    /// A page is told that a callback failed that no event with a `ref` led to.
    pub(crate) fn told(&mut self, session: u32, is_fresh: bool) -> Check {
        let untold = self.untold.entry(session).or_default();
        take_one(if is_fresh { &mut untold.fresh } else { &mut untold.failed }, session, "a failure")
    }

    /// A page is told that a component is gone, by itself or because it was given up.
    pub(crate) fn gone(&mut self, session: u32, by_itself: bool) -> Check {
        let untold = self.untold.entry(session).or_default();
        if by_itself {
            return take_one(&mut untold.closed, session, "an end");
        }
        untold.given_up += 1;
        take_one(&mut untold.panics, session, "a component given up")
    }

    /// A page is told to do something: each order once, in the order in which they were given.
    pub(crate) fn ordered(&mut self, session: u32, order: &PageOrder) -> Check {
        match self.untold.entry(session).or_default().orders.pop_front() {
            Some(next) if next == *order => Ok(()),
            next => complain(Oracle::Components, format!("session {session} was told {order:?} instead of {next:?}")),
        }
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
        self.lost.insert(session);
        let is_left =
            |id: &Id, life: Life| life == Life::Mounted && id.home.is_some_and(|home| home.session == session);
        match self.lives.values().find(|(id, life)| is_left(id, *life)) {
            None => Ok(()),
            Some((id, _)) => {
                complain(Oracle::Components, format!("the socket of {id:?} is gone, and it was not unmounted"))
            }
        }
    }

    /// At rest, a page knows of everything that went wrong, and of all that it is to do.
    pub(crate) fn knows(&self, session: u32) -> Check {
        match self.untold.get(&session).filter(|_| !self.lost.contains(&session)) {
            Some(Untold { failed: 0, fresh, given_up, closed: 0, orders, .. })
                if orders.is_empty() && fresh <= given_up =>
            {
                Ok(())
            }
            Some(untold) => complain(Oracle::Components, format!("session {session} was not told {untold:?}")),
            None => Ok(()),
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

fn take_one(count: &mut u64, session: u32, what: &str) -> Check {
    match count.checked_sub(1) {
        Some(left) => *count = left,
        None => return complain(Oracle::Components, format!("session {session} was told of {what} that never was")),
    }
    Ok(())
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
        assert!(blown.told(1, true).is_err(), "made anew once");
    }

    #[test]
    fn a_component_that_ends_itself_is_gone_once() {
        let mut components = play(&[(ID, Called::Mount, Verdict::Done)]).unwrap();
        components.closes();
        components.called(ID, Called::Event(1), Verdict::Failed).unwrap();
        assert!(components.knows(1).is_err() && components.gone(1, true).is_ok() && components.knows(1).is_ok());
        assert!(components.gone(1, true).is_err());
    }

    #[test]
    fn a_page_is_given_each_order_once_and_in_order() {
        let orders = [PageOrder::Flash("hi".into()), PageOrder::Focus];
        let mut components = Components::default();
        components.orders(ID, &orders);
        assert!(components.knows(1).is_err(), "lost");
        assert!(orders.iter().all(|order| components.ordered(1, order).is_ok()) && components.knows(1).is_ok());
        assert!(components.ordered(1, &PageOrder::Focus).is_err(), "twice");
        components.orders(ID, &orders);
        assert!(components.ordered(1, &PageOrder::Focus).is_err(), "out of order");
    }
}
