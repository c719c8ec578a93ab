//! Presence between hubs: each says whom it shows in a room, and hears what the others show.
//!
//! What a hub says of a user is whole, and replaces what it said before. What is known of a hub is what holds as long as
//! nothing was missed: a hub that may have missed something asks the others to say all, and one that others may have
//! missed begins a new life, and says all by itself. Until then what was known of it stays, in doubt; what nobody confirms
//! in time is dropped. A life is a number that only grows, so that what is older is not taken for news.

use super::Hub;
use super::state::Due;
use crate::backplane::{Shown, Whom};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::config::Node;
use crate::presence::{Meta, Presence, Users};
use crate::time::{Time, Timestamp};
use crate::timer::TimerKey;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// So often a hub says that it is there; so long the others have to answer.
const HERE: Duration = Duration::from_secs(10);
/// A hub from which nothing came for so long is gone.
const SILENT: Duration = Duration::from_secs(30);
/// So long is remembered that it is gone, in case it comes back and does not know that it was.
const FORGET: Duration = Duration::from_secs(3_600);

/// The hubs of the backplane.
pub(super) struct Hubs {
    /// This hub's own life.
    life: u64,
    others: BTreeMap<Node, Heard>,
}

/// What was heard of another hub's presence.
struct Heard {
    life: u64,
    at: Time,
    /// Whether its users were dropped, so that only a new life says enough.
    gone: bool,
}

impl Hubs {
    /// Lives are times, so that a hub that is started anew goes on where the one before it ended.
    pub(super) fn new(wall: Timestamp) -> Hubs {
        Hubs { life: wall.as_unix_micros(), others: BTreeMap::new() }
    }
}

impl<A: App> Hub<A> {
    pub(super) fn begin_here(&mut self) {
        if self.remote.is_on() {
            self.after(HERE, Due::Here);
        }
    }

    /// Sets a timer; at the end of time, where nothing comes any more, none.
    fn after(&mut self, after: Duration, due: Due) -> Option<TimerKey> {
        let at = self.state.now + after;
        (at > self.state.now).then(|| self.state.timers.insert(at, due))
    }

    /// Tells the other hubs what is shown of a user here, if that has changed. Where nobody else is shown, that is all: who was
    /// asked and had nobody to show has not answered, and would stay in doubt.
    pub(super) fn show(&mut self, room: &str, user: Arc<str>, shown: Option<(Vec<Meta>, Vec<Meta>)>) {
        if let Some((before, now)) = shown
            && before != now
        {
            let is_all = self.state.rooms.presence(room).is_some_and(|presence| presence.shows_no_other(&user));
            self.say(room, is_all, false, [(user, now)].into());
        }
    }

    fn say(&mut self, room: &str, all: bool, ask: bool, users: Users) {
        let life = self.remote.hubs.life;
        self.tell_hubs(Some(room), Whom::Shown(Shown { life, all, ask, users }));
    }

    /// Says all that is shown here.
    fn say_all(&mut self, room: &str, ask: bool) {
        let now = self.state.now;
        let presence = self.state.rooms.presence(room);
        let users = presence.map(|presence| {
            presence.elsewhere.stated = Some(now);
            presence.all_own()
        });
        self.say(room, true, ask, users.unwrap_or_default());
    }

    /// Says all that is shown in a room here, and asks the other hubs for the same.
    pub(super) fn ask(&mut self, room: &str) {
        self.say_all(room, true);
        if let Some(presence) = self.state.rooms.presence(room) {
            presence.elsewhere.doubt_all();
            presence.elsewhere.again = false;
            self.wait_for_answers(room);
        }
    }

    /// What is in doubt has its time from now on.
    fn wait_for_answers(&mut self, room: &str) {
        let Some(name) = self.state.rooms.room(room).map(|found| found.name.clone()) else { return };
        let timer = self.after(HERE, Due::Asked(name));
        let Some(presence) = self.state.rooms.presence(room) else { return };
        if let Some(before) = mem::replace(&mut presence.elsewhere.asked, timer) {
            self.state.timers.cancel(before);
        }
    }

    /// Something that was said in a room was missed. A backplane that loses much is not asked all the time.
    pub(super) fn on_gap(&mut self, room: &str) {
        let node = self.remote.node();
        let Some(found) = self.state.rooms.room_mut(room) else { return };
        let elsewhere = &mut found.presence.get_or_insert_with(|| Presence::new(node).into()).elsewhere;
        elsewhere.stated = None;
        if is_planted(Canary::UnaskedGap) {
            return;
        }
        if elsewhere.asked.is_some() {
            elsewhere.doubt_all();
            elsewhere.again = true;
        } else {
            self.ask(room);
        }
    }

    /// The other hubs have had their time to answer.
    pub(super) fn on_asked(&mut self, room: &str) {
        let is_up = self.remote.is_up();
        let Some(presence) = self.state.rooms.presence(room) else { return };
        presence.elsewhere.asked = None;
        if !is_up {
            // Nobody can answer; what holds is asked when the link is back.
        } else if presence.elsewhere.again {
            self.ask(room);
        } else {
            for node in presence.elsewhere.doubted() {
                if is_planted(Canary::KeptDoubt) {
                    break;
                }
                presence.drop_hub(node);
            }
            self.note_news(room);
        }
    }

    /// Another hub says whom it shows in a room.
    pub(super) fn on_shown(&mut self, room: &str, node: Node, shown: Shown) {
        if shown.ask {
            self.answer(room);
        }
        if !self.hear_hub(node, shown.life) {
            return;
        }
        let own = self.remote.node();
        let Some(found) = self.state.rooms.room_mut(room) else { return };
        if found.presence.is_none() && shown.users.is_empty() {
            return;
        }
        let presence = found.presence.get_or_insert_with(|| Presence::new(own).into());
        if shown.all {
            presence.replace(node, shown.users);
        } else {
            presence.set(node, shown.users);
        }
        self.note_news(room);
    }

    /// What this hub said came back: whoever asks from now on does not know it.
    pub(super) fn on_own_shown(&mut self, room: &str, shown: &Shown) {
        if let Some(presence) = self.state.rooms.presence(room).filter(|_| shown.all) {
            presence.elsewhere.stated = None;
        }
    }

    /// Another hub asks. What is on its way to it already stands behind its question, and answers it.
    fn answer(&mut self, room: &str) {
        let now = self.state.now;
        let Some(presence) = self.state.rooms.presence(room) else { return };
        let on_its_way = presence.elsewhere.stated.is_some_and(|stated| stated + HERE > now);
        if !on_its_way && presence.shows_own() {
            self.say_all(room, false);
        }
    }

    fn note_news(&mut self, room: &str) {
        let found = self.state.rooms.room(room);
        let news = found.filter(|found| found.presence.as_ref().is_some_and(|presence| presence.has_news()));
        if let Some(name) = news.map(|found| found.name.clone()) {
            self.note(name);
        }
    }

    /// A hub was heard; whether what it says counts. In a new life all that it said before is in doubt.
    fn hear_hub(&mut self, node: Node, life: u64) -> bool {
        let heard = Heard { life, at: self.state.now, gone: false };
        let Some(known) = self.remote.hubs.others.get_mut(&node) else {
            self.remote.hubs.others.insert(node, heard);
            return true;
        };
        if life == known.life && !known.gone {
            known.at = heard.at;
            return true;
        }
        if life <= known.life {
            return false;
        }
        *known = heard;
        for room in self.rooms_where(|presence| presence.elsewhere.knows(node)) {
            if let Some(presence) = self.state.rooms.presence(&room) {
                presence.elsewhere.doubt(node);
            }
            self.wait_for_answers(&room);
        }
        true
    }

    fn rooms_where(&self, holds: impl Fn(&Presence) -> bool) -> Vec<Arc<str>> {
        let rooms = self.state.rooms.iter().filter(|room| room.presence.as_deref().is_some_and(&holds));
        rooms.map(|room| room.name.clone()).collect()
    }

    /// Another hub is there. One whose users were dropped has to be told, or it would not say them again; and so has one
    /// whose clock was set back before it was started anew.
    pub(super) fn on_here(&mut self, node: Node, life: u64) {
        if self.remote.node() == Some(node) || self.hear_hub(node, life) {
            return;
        }
        if let Some(known) = self.remote.hubs.others.get_mut(&node) {
            known.at = self.state.now;
            let life = known.life;
            if is_planted(Canary::UntoldForgotten) {
                return;
            }
            self.tell_hubs(None, Whom::Forgotten { node, life });
        }
    }

    /// A hub has dropped what this one had said, perhaps.
    pub(super) fn on_forgotten(&mut self, node: Node, life: u64) {
        if self.remote.node() != Some(node) || life < self.remote.hubs.life {
            return;
        }
        self.begin_life(life);
        self.say_here();
        let shows_own = |presence: &Presence| presence.shows_own();
        for room in self.rooms_where(shows_own) {
            self.say_all(&room, false);
        }
    }

    /// The link is back: the others may have missed what was said here, and what they said is asked for in each room.
    pub(super) fn link_is_back(&mut self) {
        self.begin_life(0);
        let (now, others) = (self.state.now, &mut self.remote.hubs.others);
        others.retain(|_, heard| !heard.gone);
        others.values_mut().for_each(|heard| heard.at = now);
    }

    /// Begins a life after this one and `after`. All that is shown here is to be said anew.
    fn begin_life(&mut self, after: u64) {
        let hubs = &mut self.remote.hubs;
        hubs.life = hubs.life.max(after).saturating_add(1).max(self.state.timestamp().as_unix_micros());
    }

    fn say_here(&mut self) {
        let life = self.remote.hubs.life;
        self.tell_hubs(None, Whom::Here { life });
    }

    /// Says that this hub is there, and drops the users of those that are not.
    pub(super) fn on_here_due(&mut self) {
        self.begin_here();
        self.say_here();
        let now = self.state.now;
        self.remote.hubs.others.retain(|_, heard| now.saturating_since(heard.at) < FORGET);
        let mut silent = Vec::new();
        for (node, heard) in &mut self.remote.hubs.others {
            if !heard.gone && now.saturating_since(heard.at) >= SILENT {
                heard.gone = true;
                silent.push(*node);
            }
        }
        if is_planted(Canary::KeptSilent) {
            silent.clear();
        }
        for node in silent {
            for room in self.rooms_where(|presence| presence.elsewhere.knows(node)) {
                if let Some(presence) = self.state.rooms.presence(&room) {
                    presence.drop_hub(node);
                }
                self.note_news(&room);
            }
        }
    }
}
