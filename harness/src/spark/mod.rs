//! One script on paths of their own and on Spark sockets: each channel hears the same.
//!
//! Two hubs get the same script. In the one, every channel has a socket of its own; in the other, a few Spark sockets carry
//! them. After each step what each channel heard is compared. Besides, each socket is read by the rules of the protocol:
//! every `ref` is answered once, nothing comes of a channel before it was joined or after its end.

mod client;
mod mistake;
mod same;
mod side;

use crate::app::Route;
use crate::clients::make_verb;
use crate::coverage::{Coverage, Mark};
use crate::oracle::{Check, Oracle, complain, same_so_far};
use crate::plan::Plan;
use crate::restless::{Manner, Restless};
use crate::rng::Rng;
use crate::trace::{Trace, bytes as digest, mix};
use client::{Asked, Client, Heard};
use lazuli::{ConnId, Limits, Message, Time};
use same::same;
use serde_json::json;
use side::{Sent, Side};
use std::collections::BTreeMap;
use std::time::Duration;

/// One channel, joined in both hubs.
struct Joined {
    route: Route,
    socket: usize,
    path: String,
    /// In the hub where it has a socket of its own.
    own: ConnId,
}

pub(crate) struct Law {
    pub(crate) rng: Rng,
    plan: Plan,
    apart: Side,
    together: Side,
    /// The Spark sockets and their clients.
    sockets: Vec<(ConnId, Client)>,
    joined: BTreeMap<u32, Joined>,
    sessions: u32,
    pub(crate) ops: u32,
    /// Counts messages.
    said: u32,
    pub(crate) now: Time,
    /// How many channels a socket may have.
    channels: usize,
    /// Whether clients show that they are here. Otherwise sockets may be lost: with all channels of a socket at once
    /// gone, presence changes once, and not once for each.
    is_presence: bool,
    hash: u64,
    pub(crate) trace: Trace,
    /// What each socket heard while a channel was joined.
    heard: BTreeMap<usize, Vec<(String, Heard)>>,
    pub(crate) coverage: Coverage,
}

impl Law {
    pub(crate) fn new(mut rng: Rng, mut trace: Trace, manner: Manner) -> Law {
        let mut plan = Plan::draw(&mut rng);
        plan.config.connections = 100_000;
        plan.config.per_user = 1_000;
        plan.config.per_address = usize::MAX;
        plan.config.accepted = lazuli::Config::default().accepted;
        let is_presence = rng.chance(500);
        if is_presence {
            (plan.habits.verbs[19], plan.habits.verbs[20]) = (20, 30);
        } else {
            plan.habits.verbs[20] = 0;
        }
        // Pings are the socket's, whosever they are.
        plan.habits.verbs[14] = 0;
        for limits in plan.limits.all() {
            limits.waiting = 1 << 20;
            limits.heartbeat = None;
        }
        plan.config.window = 1 << 30;
        let channels = *rng.pick(&[2, 5, 128]);
        trace.step(Time::ZERO, "plan", channels as u64, || format!("{channels} channels a socket, {plan:#?}"));
        let spark = Limits { channels, heartbeat: None, ..Limits::spark() };
        let restless = || Restless::new(manner, trace.hash());
        let side = || Side::new(plan.config.clone(), &plan.limits, spark.clone(), restless());
        let (apart, mut together) = (side(), side());
        let sockets =
            (0..rng.between(1, 4)).filter_map(|_| Some((together.open("/spark").ok()?, Client::default()))).collect();
        Law {
            apart,
            together,
            sockets,
            rng,
            plan,
            joined: BTreeMap::new(),
            sessions: 0,
            ops: 0,
            said: 0,
            now: Time::ZERO,
            channels,
            is_presence,
            hash: 0,
            trace,
            heard: BTreeMap::new(),
            coverage: Coverage::default(),
        }
    }

    /// Plays a script.
    pub(crate) fn play(&mut self) -> Check {
        for _ in 0..self.plan.operations / 4 {
            if self.rng.is_over() {
                break;
            }
            self.ops += 1;
            let before: Vec<u32> = self.joined.keys().copied().collect();
            let socket = self.rng.below(self.sockets.len() as u64) as usize;
            match self.rng.below(20) {
                0..5 => self.join(socket)?,
                5 => self.leave(),
                6 => self.pass(),
                7 => {
                    self.apart.answer();
                    self.together.answer();
                }
                8 => self.mistake(socket),
                9 if !self.is_presence && self.rng.chance(150) => self.lose(socket)?,
                _ => self.say(),
            }
            self.compare(&before)?;
            self.trace.step(self.now, "heard", self.hash, String::new);
            same_so_far(&self.trace)?;
        }
        // Longer than a batch waits.
        self.now = self.now + Duration::from_secs(20);
        self.apart.pass(self.now);
        self.together.pass(self.now);
        let before: Vec<u32> = self.joined.keys().copied().collect();
        self.compare(&before)?;
        for (_, client) in &self.sockets {
            client.is_answered(true).or_else(|what| complain(Oracle::Spark, what))?;
        }
        let (one, other) = (self.apart.stats(), self.together.stats());
        if (one.rooms, one.users, one.timers) != (other.rooms, other.users, other.timers) {
            return complain(Oracle::Spark, format!("rooms, users or timers differ: {one:?} and {other:?}"));
        }
        Ok(())
    }

    fn join(&mut self, socket: usize) -> Check {
        let room = self.rng.below(u64::from(self.plan.rooms)) as u32;
        let route = match self.rng.below(12) {
            0 => Route::Shut,
            1 => Route::Nowhere,
            2 => Route::Deny(crate::clients::draw_how(&mut self.rng)),
            3..5 => Route::Batch(room),
            5 => Route::Plain,
            6 => Route::Feed(room),
            7 => Route::State(room),
            _ => Route::Room(room),
        };
        let session = self.sessions;
        self.sessions += 1;
        let target = route.target(session);
        self.trace.step(self.now, "join", session.into(), || format!("session {session}, socket {socket}: {target}"));
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let params: BTreeMap<&str, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, value.replace('+', " ")))
            .collect();
        let (conn, client) = &mut self.sockets[socket];
        let wrong = match () {
            () if client.subscribed.contains(path) => Some("ALREADY_SUBSCRIBED"),
            () if client.subscribed.len() >= self.channels => Some("TOO_MANY_CHANNELS"),
            () => None,
        };
        let mut frame = json!({ "type": "subscribe", "channel": path, "params": params });
        if self.rng.chance(700) {
            let asked = wrong.map_or(Asked::Subscribe(path.to_owned()), Asked::Wrong);
            frame["ref"] = client.ask(asked).into();
        } else if let Some(wrong) = wrong {
            client.errors.push(wrong);
        } else {
            client.joining = Some(path.to_owned());
        }
        self.together.message(*conn, Message::Text(&frame.to_string()));
        if wrong.is_some() {
            return Ok(());
        }
        let opened = self.apart.open(&target);
        let frames = self.together.take(*conn);
        let mut heard = Vec::new();
        let mut others = Vec::new();
        for frame in &frames {
            self.hash = mix(self.hash, digest(format!("{frame:?}").as_bytes()));
            match client.read(frame) {
                Ok(Some((channel, one))) if channel == path => heard.push(one),
                Ok(Some(other)) => others.push(other),
                Ok(None) => {}
                Err(what) => return complain(Oracle::Spark, what),
            }
        }
        let sentence = |heard: &[Heard], right: &dyn std::fmt::Debug| {
            format!("to join {target} gave {heard:?} on a Spark socket, and {right:?} on a path of its own")
        };
        let own = match opened {
            Err(refused) => {
                let is_right = heard == [Heard::Refused(refused.status)];
                self.coverage.add(Mark::SparkRefused, 1);
                if !is_right {
                    return complain(Oracle::Spark, sentence(&heard, &refused));
                }
                self.put_back(socket, others);
                return Ok(());
            }
            Ok(own) => own,
        };
        if let Some(&Heard::Refused(code)) = heard.last() {
            let right = self.apart.take(own);
            self.coverage.add(Mark::SparkRefused, 1);
            if !matches!(right.last(), Some(Sent::Close(right, _)) if *right == code) {
                return complain(Oracle::Spark, sentence(&heard, &right));
            }
            self.put_back(socket, others);
            return Ok(());
        }
        // A join without a `ref` is answered by nothing but what the channel says.
        if let Some(path) = client.joining.take() {
            client.subscribed.insert(path);
        }
        self.coverage.add(Mark::Subscribed, 1);
        self.joined.insert(session, Joined { route, socket, path: path.to_owned(), own });
        let path = path.to_owned();
        others.extend(heard.into_iter().map(|one| (path.clone(), one)));
        self.put_back(socket, others);
        Ok(())
    }

    /// What was heard while a channel was joined is compared like anything else.
    fn put_back(&mut self, socket: usize, heard: Vec<(String, Heard)>) {
        self.heard.entry(socket).or_default().extend(heard);
    }

    fn draw(&mut self) -> Option<(u32, &Joined)> {
        let place = self.rng.below(self.joined.len() as u64) as usize;
        self.joined.iter().nth(place).map(|(session, joined)| (*session, joined))
    }

    fn leave(&mut self) {
        let Some((session, _)) = self.draw() else { return };
        let Some(joined) = self.joined.remove(&session) else { return };
        self.trace.step(self.now, "leave", session.into(), || format!("session {session}"));
        self.apart.leave(joined.own);
        let (conn, client) = &mut self.sockets[joined.socket];
        let mut frame = json!({ "type": "unsubscribe", "channel": joined.path });
        let with_ref = self.rng.chance(600);
        if with_ref {
            frame["ref"] = client.ask(Asked::Unsubscribe(joined.path.clone())).into();
        }
        self.together.message(*conn, Message::Text(&frame.to_string()));
        self.joined.insert(session, joined);
    }

    fn pass(&mut self) {
        let micros = *self.rng.pick(&[1_000, 60_000, 600_000, 7_000_000]);
        self.now = self.now + Duration::from_micros(self.rng.below(micros));
        self.trace.step(self.now, "pass", 0, String::new);
        self.apart.pass(self.now);
        self.together.pass(self.now);
    }

    fn lose(&mut self, socket: usize) -> Check {
        self.trace.step(self.now, "lose", socket as u64, || format!("socket {socket}"));
        let on_it = |joined: &Joined| joined.socket == socket;
        let mut gone: Vec<(String, ConnId)> = self
            .joined
            .values()
            .filter(|joined| on_it(joined))
            .map(|joined| (joined.path.clone(), joined.own))
            .collect();
        gone.sort();
        self.joined.retain(|_, joined| !on_it(joined));
        for (_, own) in gone {
            self.apart.lose(own);
        }
        self.together.lose(self.sockets[socket].0);
        match self.together.open("/spark") {
            Ok(conn) => self.sockets[socket] = (conn, Client::default()),
            Err(refused) => return complain(Oracle::Spark, format!("a Spark socket was refused: {refused:?}")),
        }
        Ok(())
    }

    fn say(&mut self) {
        let to = self.rng.below(u64::from(self.sessions) + 1) as u32;
        let Some((_, joined)) = self.draw() else { return };
        let (route, socket, path, own) = (joined.route, joined.socket, joined.path.clone(), joined.own);
        let op = self.said;
        self.said += 1;
        let room = route.room().filter(|_| self.rng.chance(600));
        let room = room.unwrap_or_else(|| self.rng.below(u64::from(self.plan.rooms)) as u32);
        let verb = make_verb(&mut self.rng, &self.plan.habits.verbs, room, to, self.plan.rooms);
        let client = &mut self.sockets[socket].1;
        let number = self.rng.chance(500).then(|| client.ask(Asked::Message(path.clone())));
        let conn = self.sockets[socket].0;
        self.coverage.add(Mark::SparkMessage, 1);
        if self.rng.chance(150) {
            let bytes: Vec<u8> = op.to_le_bytes().into_iter().chain([7; 5]).collect();
            self.apart.message(own, Message::Binary(&bytes));
            let mut frame = vec![if number.is_some() { 2 } else { 1 }];
            frame.extend(number.into_iter().flat_map(u32::to_be_bytes));
            frame.extend((path.len() as u16).to_be_bytes());
            frame.extend(path.bytes().chain(bytes));
            return self.together.message(conn, Message::Binary(&frame));
        }
        let payload = *self.rng.pick(&["", "ä \" \\ {", "言葉"]);
        let text = verb.text(op, payload);
        self.trace.step(self.now, "say", op.into(), || format!("socket {socket}, to {path}: {text}"));
        self.apart.message(own, Message::Text(&text));
        let mut frame = json!({ "type": "message", "channel": path, "data": text });
        if let Some(number) = number {
            frame["ref"] = number.into();
        }
        self.together.message(conn, Message::Text(&frame.to_string()));
    }

    /// Reads what all sockets were sent, and compares it with what each channel was sent on a path of its own.
    fn compare(&mut self, before: &[u32]) -> Check {
        let mut heard = std::mem::take(&mut self.heard);
        for (number, (conn, client)) in self.sockets.iter_mut().enumerate() {
            for frame in self.together.take(*conn) {
                self.hash = mix(self.hash, digest(format!("{frame:?}").as_bytes()));
                match client.read(&frame) {
                    Ok(one) => heard.entry(number).or_default().extend(one),
                    Err(what) => return complain(Oracle::Spark, what),
                }
            }
        }
        self.match_up(heard, before)?;
        for (_, client) in &self.sockets {
            client.is_answered(false).or_else(|what| complain(Oracle::Spark, what))?;
        }
        Ok(())
    }

    fn match_up(&mut self, mut heard: BTreeMap<usize, Vec<(String, Heard)>>, before: &[u32]) -> Check {
        let mut all = Vec::new();
        for (&session, joined) in &self.joined {
            let mut own = Vec::new();
            for (path, one) in heard.entry(joined.socket).or_default() {
                if *path == joined.path {
                    own.push(one.clone());
                }
            }
            all.push((session, own, self.apart.take(joined.own)));
        }
        let ended = all.iter().filter(|(_, _, right)| matches!(right.last(), Some(Sent::Close(..)))).count();
        let gone = before.iter().filter(|session| !self.joined.contains_key(session)).count();
        for (session, heard, right) in all {
            let is_over = matches!(right.last(), Some(Sent::Close(..)));
            let left = !self.sockets[self.joined[&session].socket].1.subscribed.contains(&self.joined[&session].path);
            // Where several end at once, the order of their ends is nobody's business.
            let is_batch = matches!(self.joined[&session].route, Route::Batch(_));
            if !same(&heard, &right, ended + gone > 1, is_batch) {
                let path = &self.joined[&session].path;
                let sentence =
                    format!("session {session} at {path} heard {heard:?} by Spark, and {right:?} on a path of its own");
                return complain(Oracle::Spark, sentence);
            }
            if is_over {
                let joined = self.joined.remove(&session);
                if !left && let Some(joined) = joined {
                    // It left without asking for an answer.
                    self.sockets[joined.socket].1.subscribed.remove(&joined.path);
                }
            }
        }
        Ok(())
    }
}
