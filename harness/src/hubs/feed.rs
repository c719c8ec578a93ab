//! One step of one hub, and what is compared after it.

use super::World;
use super::bus::Ask;
use super::hub::Done;
use crate::app::{SimApp, room_name};
use crate::chronicle::{Call, Entry, What};
use crate::coverage::Mark;
use crate::oracle::{Audience, Cast, Casts, Check, Guest, Life, Oracle, complain, room_of};
use crate::trace::{bytes as digest, mix};
use lazuli::{ConnId, Hub, Position, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What has to come of a step.
#[derive(Default)]
pub(super) struct Due {
    /// The place of the publication that comes in it.
    pub(super) place: Option<(Arc<str>, Position)>,
    pub(super) heard: Vec<(ConnId, usize)>,
    pub(super) closed: Vec<(ConnId, u16, String)>,
    /// What is to be published, in this order.
    pub(super) casts: Vec<usize>,
    /// Whether all subscriptions start anew.
    pub(super) anew: bool,
    /// Whether it is a shutdown: everyone is closed, each with a reason of their own.
    pub(super) all_closed: bool,
}

impl Due {
    /// A broadcast comes, or the order to close a user.
    pub(super) fn hears(&mut self, casts: &Casts, cast: usize, here: Life, guests: &BTreeMap<ConnId, Guest>) {
        let found = casts.get(cast);
        match found.to {
            // The hub that says it has done it.
            Audience::Close { .. } if found.by == here => {}
            Audience::Close { user, code } => self.closes(guests, user, code, &found.text),
            _ => self.heard = casts.due(cast, here, guests),
        }
    }

    /// The connections of a user are closed here.
    pub(super) fn closes(&mut self, guests: &BTreeMap<ConnId, Guest>, user: u32, code: u16, reason: &str) {
        let theirs = guests.iter().filter(|(_, guest)| guest.user == Some(user));
        self.closed.extend(theirs.map(|(conn, _)| (*conn, code, reason.to_owned())));
    }
}

impl World {
    /// Does something with a hub, and compares what comes of it.
    pub(super) fn feed(
        &mut self,
        node: usize,
        what: &'static str,
        mut due: Due,
        act: impl FnOnce(&mut Hub<SimApp>, Time),
    ) -> Check {
        let now = self.clock.now;
        let Some(driven) = &mut self.slots[node].driven else { return Ok(()) };
        let done = driven.act(now, act);
        self.take_down(node, what, &done);
        self.compare_closes(node, &mut due, &done)?;
        self.compare_heard(node, &due, &done)?;
        self.end_closed(node, &mut due, &done);
        let is_diff = |text: &&(String, _)| text.0.starts_with("{\"type\":\"presence_diff\"");
        let slot = &mut self.slots[node];
        for (text, _) in done.sent.iter().filter(is_diff) {
            slot.pauses.told(now, self.plan.presence(), room_of(text))?;
        }
        slot.pauses.keep(|room| slot.guests.values().any(|guest| is_in(guest, room)));
        if !self.plan.faulty {
            for (text, _) in done.sent.iter().filter(is_diff) {
                let since = self.known_since(node);
                self.slots.iter().try_for_each(|slot| slot.tracks.no_false_leave(&since, text, now))?;
            }
        }
        self.compare_asks(node, due, &done)?;
        let slot = &mut self.slots[node];
        if let Some(driven) = &slot.driven {
            let dropped = slot.ledger.check(driven.stats())?;
            self.clock.coverage.add(Mark::TooMuchWaited, dropped);
        }
        let begun = slot.ledger.begun();
        for ask in done.asks {
            self.bus.ask(&mut self.clock, node, ask, begun);
        }
        if done.drained {
            self.clock.coverage.add(Mark::HubLeft, 1);
            self.die(node, true);
        }
        Ok(())
    }

    /// The rooms that a hub has members in, and since when at the latest.
    pub(super) fn known_since(&self, node: usize) -> BTreeMap<u32, Time> {
        let mut since: BTreeMap<u32, Time> = BTreeMap::new();
        for (room, at) in self.slots[node].guests.values().flat_map(|guest| &guest.rooms) {
            since.entry(*room).and_modify(|first| *first = (*first).min(*at)).or_insert(*at);
        }
        since
    }

    fn take_down(&mut self, node: usize, what: &'static str, done: &Done) {
        let mut sum = node as u64;
        for (text, to) in &done.sent {
            sum = to.iter().fold(mix(sum, digest(text.as_bytes())), |sum, conn| mix(sum, conn.as_u64()));
        }
        for (conn, code, reason) in &done.closed {
            sum = mix(mix(mix(sum, conn.as_u64()), u64::from(*code)), digest(reason.as_bytes()));
        }
        for ask in &done.asks {
            sum = match ask {
                Ask::Publish(topic, message) => mix(mix(sum, digest(topic.as_bytes())), digest(message)),
                Ask::Subscribe(topic, after) => {
                    let after = after.map_or(0, |after| mix(after.epoch, after.offset));
                    mix(mix(sum, digest(topic.as_bytes())), after)
                }
                Ask::Unsubscribe(topic) => mix(sum, digest(topic.as_bytes())),
            };
        }
        self.clock.trace.step(self.clock.now, what, sum, || {
            let asks = done.asks.iter().map(|ask| match ask {
                Ask::Publish(topic, message) => {
                    let bytes = String::from_utf8_lossy(&message[message.len().saturating_sub(60)..]).into_owned();
                    format!("publishes {topic} kind {:?} {bytes:?}", kind(message))
                }
                ask => format!("{ask:?}"),
            });
            let asks: Vec<String> = asks.collect();
            let sent: Vec<String> = done.sent.iter().map(|(text, to)| format!("{text:.200} to {to:?}")).collect();
            format!("hub {node}: {}; sends {sent:?}, closes {:?}", asks.join(", "), done.closed)
        });
        let told = |what: &str| done.sent.iter().any(|(text, _)| text.starts_with(what));
        for ask in &done.asks {
            let Ask::Publish(_, message) = ask else { continue };
            let mark = match kind(message) {
                Some(Kind::Forgotten) => Mark::HubForgotten,
                Some(Kind::Here) if what == "published" => Mark::LifeAnew,
                Some(Kind::Here) if told("{\"type\":\"presence_diff\"") => Mark::HubSilent,
                _ => continue,
            };
            self.clock.coverage.add(mark, 1);
        }
    }

    fn compare_closes(&mut self, node: usize, due: &mut Due, done: &Done) -> Check {
        let mut closed = done.closed.clone();
        if due.all_closed {
            let guests = &self.slots[node].guests;
            if closed.len() == guests.len() && closed.iter().all(|(_, code, _)| *code == 1001) {
                return Ok(());
            }
        }
        due.closed.sort();
        closed.sort();
        if closed == due.closed {
            return Ok(());
        }
        let right = &due.closed;
        complain(Oracle::Backplane, format!("hub {node} closed {closed:?}, where {right:?} is right"))
    }

    fn compare_heard(&mut self, node: usize, due: &Due, done: &Done) -> Check {
        let here = self.here(node);
        let guests = &self.slots[node].guests;
        let mut heard = Vec::new();
        for (text, to) in &done.sent {
            if text.starts_with("{\"type\":\"presence_") {
                let room = room_of(text);
                for guest in to.iter().filter_map(|conn| guests.get(conn)) {
                    if !is_in(guest, room) {
                        let session = guest.session;
                        return complain(
                            Oracle::Presence,
                            format!("session {session} is not in {room}, and was told {text}"),
                        );
                    }
                    self.views.received(guest.session, text)?;
                }
            } else if let Some(cast) = self.casts.of_text(text) {
                heard.extend(to.iter().map(|conn| (*conn, cast)));
            } else if let Some((_, who)) = text.split_once(" who ") {
                self.who = who.parse().ok();
            }
        }
        let place = due.place.as_ref().map(|(topic, position)| (topic, *position));
        self.casts.compare(here, guests, place, heard, due.heard.clone())
    }

    /// What the ends of connections mean: they are in no room any more, and say so.
    fn end_closed(&mut self, node: usize, due: &mut Due, done: &Done) {
        let by = self.here(node);
        for entry in &done.calls {
            let Entry::Call(Call { session, what: What::Close { code, .. }, .. }) = entry else { continue };
            let slot = &mut self.slots[node];
            let found = slot.guests.iter().find(|(_, guest)| guest.session == *session).map(|(conn, _)| *conn);
            let Some(guest) = found.and_then(|conn| slot.guests.remove(&conn)) else { continue };
            self.casts.moves(*session);
            if let Some(conn) = found {
                slot.tracks.untrack_all(conn, self.clock.now);
            }
            if let Some(home) = guest.home {
                let text = format!("l{session} {code}");
                let to = Audience::Room(home);
                due.casts.push(self.casts.add(Cast { text, by, to, but: Vec::new(), but_users: Vec::new() }));
            }
        }
    }

    fn compare_asks(&mut self, node: usize, due: Due, done: &Done) -> Check {
        let mut published = 0;
        let mut asked = Vec::new();
        for ask in &done.asks {
            match ask {
                Ask::Subscribe(topic, after) => asked.push((topic.clone(), Some(*after))),
                Ask::Unsubscribe(topic) => {
                    asked.push((topic.clone(), None));
                    for guest in self.slots[node].guests.values() {
                        self.casts.forget(guest.session, topic);
                    }
                }
                Ask::Publish(topic, _) if self.slots[node].ledger.is_lost => {
                    return complain(
                        Oracle::Backplane,
                        format!("hub {node} published under {topic}, and its link is lost"),
                    );
                }
                Ask::Publish(topic, message) => {
                    if let Some(cast) = self.casts.of_message(message) {
                        let text = &self.casts.get(cast).text;
                        return complain(
                            Oracle::Delivery,
                            format!("hub {node} published {text:.60?} under {topic} a second time"),
                        );
                    }
                    let Some(&cast) = due.casts.get(published) else { continue };
                    let found = self.casts.get(cast);
                    if message.ends_with(found.text.as_bytes()) {
                        if **topic != *topic_of(&found.to) {
                            return complain(
                                Oracle::Backplane,
                                format!("{:?} was published under {topic}", found.text),
                            );
                        }
                        self.casts.published(message, cast);
                        published += 1;
                    }
                }
            }
        }
        let slot = &mut self.slots[node];
        if due.anew || !done.calls.is_empty() || !asked.is_empty() {
            let mut topics: BTreeSet<Arc<str>> = ["all".into()].into();
            topics.extend(slot.guests.values().flat_map(|guest| guest.rooms.keys()).map(|room| room_topic(*room)));
            let wanted = slot.ledger.turn_to(topics, due.anew);
            slot.ledger.compare(asked, wanted)?;
        }
        if slot.ledger.is_lost {
            for &cast in &due.casts {
                let found = self.casts.get(cast);
                match found.to {
                    Audience::Close { user, .. } => slot.ledger.wait_to_close(user, cast),
                    _ => slot.ledger.wait(cast, found.text.len()),
                }
            }
            return Ok(());
        }
        match due.casts.get(published) {
            Some(&missing) => {
                let text = &self.casts.get(missing).text;
                complain(Oracle::Backplane, format!("hub {node} did not publish {text:.60?}, or not in its place"))
            }
            None => Ok(()),
        }
    }
}

fn is_in(guest: &Guest, room: &str) -> bool {
    guest.rooms.keys().any(|number| room_name(*number) == room)
}

fn room_topic(room: u32) -> Arc<str> {
    format!("room:{}", room_name(room)).into()
}

fn topic_of(to: &Audience) -> Arc<str> {
    match to {
        Audience::Room(room) => room_topic(*room),
        _ => "all".into(),
    }
}

/// What hubs say to hubs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Here,
    Forgotten,
}

/// Which of these a publication is; only for marks, which go cold when another byte says it. No oracle reads what hubs alone can read.
fn kind(message: &[u8]) -> Option<Kind> {
    match message.get(26)? {
        6 if message.len() == 35 => Some(Kind::Here),
        7 if message.len() == 43 => Some(Kind::Forgotten),
        _ => None,
    }
}
