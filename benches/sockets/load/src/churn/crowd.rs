//! The connections: who is there, who comes, who goes, and what each must get.
//!
//! In a room one message is on its way at a time, from one member to all. So it is known in which order messages have to
//! come, although every member speaks. Who comes sends a *probe* with a number of its own: when it has it back, it is in its
//! room, and has to get all that is sent from then on. Who goes has to get nothing any more.

use crate::Settings;
use crate::check::{Check, Fault, Faults};
use crate::marker::{Kind, Marker};
use crate::member::{Member, Opening};
use crate::poll::Poll;
use crate::wire::CLOSE;
use fastrand::Rng;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// So many handshakes are under way at once.
const AT_ONCE: u32 = 64;
/// A machine's own network has so many addresses in use here: each has some 28,000 ports.
const SOURCES: u32 = 8;
/// A probe that does not come back, because the server was not ready for it, is sent again.
const PROBES: Duration = Duration::from_secs(1);
/// A close frame's code: all is well.
const NORMAL: [u8; 2] = 1_000_u16.to_be_bytes();

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a close frame; the server has to close the socket.
    Frame,
    /// The socket is closed, and nothing is said.
    End,
    /// The socket is reset.
    Reset,
}

struct Slot {
    member: Member,
    /// What its probes say: no two connections of a run have the same.
    number: u64,
    opened: Instant,
    probed: Instant,
}

#[derive(Default)]
struct Room {
    sent: u64,
    flight: Option<Flight>,
    /// Who speaks next.
    waiting: VecDeque<u32>,
}

/// The room's last message, while somebody has not got it yet.
struct Flight {
    speaker: u32,
    left: u32,
    since: Instant,
}

/// All connections, by the number of their place: who comes has the place of who went.
pub struct Crowd<'a> {
    settings: &'a Settings,
    /// Decides what is left to chance.
    pub rng: Rng,
    poll: Poll,
    readable: Vec<u32>,
    slots: Vec<Slot>,
    rooms: Vec<Room>,
    /// Who is not in the room yet.
    coming: Vec<u32>,
    /// Who has sent a close frame, and when.
    leaving: Vec<(u32, Member, Instant)>,
    /// Whose sockets have to be written.
    behind: Vec<u32>,
    /// Rooms in which everyone has got the last message.
    free: Vec<u32>,
    began: Instant,
    buffer: Vec<u8>,
    text: Vec<u8>,
    faults: Faults,
    opened: u64,
    /// Connections that were closed and opened again.
    pub reopened: u64,
    /// Messages that were sent.
    pub said: u64,
    /// Deliveries that were verified.
    pub verified: u64,
}

impl<'a> Crowd<'a> {
    /// Opens all connections.
    pub fn open(settings: &'a Settings, seed: u64) -> io::Result<Crowd<'a>> {
        let mut crowd = Crowd {
            settings,
            rng: Rng::with_seed(seed),
            poll: Poll::new()?,
            readable: Vec::new(),
            slots: Vec::with_capacity(settings.connections as usize),
            rooms: (0..settings.rooms).map(|_| Room::default()).collect(),
            coming: Vec::new(),
            leaving: Vec::new(),
            behind: Vec::new(),
            free: Vec::new(),
            began: Instant::now(),
            buffer: vec![0; 256 << 10],
            text: Vec::new(),
            faults: Faults::default(),
            opened: 0,
            reopened: 0,
            said: 0,
            verified: 0,
        };
        for first in (0..settings.connections).step_by(AT_ONCE as usize) {
            let numbers = first..settings.connections.min(first + AT_ONCE);
            let openings: io::Result<Vec<_>> = numbers.clone().map(|number| crowd.begin(number)).collect();
            for (number, opening) in numbers.zip(openings?) {
                let slot = crowd.finish(number, opening)?;
                crowd.slots.push(slot);
            }
            // What opening costs is not mixed with what probes cost.
            crowd.coming.clear();
            // Where this takes long, the first are asked for signs of life before the last are open.
            crowd.turn(Instant::now())?;
        }
        crowd.coming = (0..settings.connections).collect();
        let now = Instant::now();
        crowd.slots.iter_mut().for_each(|slot| slot.opened = now);
        Ok(crowd)
    }

    /// How many there are.
    pub fn connections(&self) -> u32 {
        self.settings.connections
    }

    /// All of them, in an order that is left to chance.
    pub fn shuffled(&mut self) -> Vec<u32> {
        let mut all: Vec<u32> = (0..self.settings.connections).collect();
        self.rng.shuffle(&mut all);
        all
    }

    /// Whether something was wrong.
    pub fn is_wrong(&self) -> bool {
        self.faults.any()
    }

    /// Waits until all are in their rooms, have got what is on its way, and those who left have gone.
    ///
    /// # Errors
    /// When something was wrong, now or before.
    pub fn settle(&mut self) -> io::Result<()> {
        while !self.is_wrong() && !self.is_settled() {
            self.turn(Instant::now() + Duration::from_millis(50))?;
            self.look_for_overdue();
        }
        // One that comes twice comes after it is complete.
        let end = Instant::now() + Duration::from_millis(50);
        while Instant::now() < end {
            self.turn(end)?;
        }
        self.faults.verdict()
    }

    fn is_settled(&self) -> bool {
        self.coming.is_empty() && self.leaving.is_empty() && self.rooms.iter().all(|room| room.flight.is_none())
    }

    fn begin(&self, number: u32) -> io::Result<Opening> {
        let source = match self.settings.addr.ip() {
            IpAddr::V4(ip) if ip.is_loopback() => Some(Ipv4Addr::new(127, 0, 0, 2 + (number % SOURCES) as u8).into()),
            _ => None,
        };
        Opening::begin(self.settings, number % self.settings.rooms, source).map_err(|error| named(number, &error))
    }

    fn finish(&mut self, number: u32, opening: Opening) -> io::Result<Slot> {
        let mut member = opening.finish().map_err(|error| named(number, &error))?;
        member.check = Check::newcomer(number % self.settings.rooms);
        self.poll.add(member.stream(), number)?;
        self.coming.push(number);
        self.opened += 1;
        let now = Instant::now();
        Ok(Slot { member, number: self.opened, opened: now, probed: now - PROBES })
    }

    /// Has somebody say something, now or when it is their turn. Who is not in the room yet says nothing.
    pub fn say(&mut self, number: u32) {
        let room = number % self.settings.rooms;
        let at = &mut self.rooms[room as usize];
        if at.flight.is_some() {
            return at.waiting.push_back(number);
        }
        if !self.slots[number as usize].member.ready {
            return;
        }
        let members = (room..self.settings.connections).step_by(self.settings.rooms as usize);
        let left = members.filter(|&member| self.slots[member as usize].member.ready).count() as u32;
        self.write(number, Kind::Message, self.rooms[room as usize].sent);
        let at = &mut self.rooms[room as usize];
        at.sent += 1;
        at.flight = Some(Flight { speaker: number, left, since: Instant::now() });
        self.said += 1;
    }

    fn write(&mut self, number: u32, kind: Kind, seq: u64) {
        let time = self.began.elapsed().as_nanos() as u64;
        let room = number % self.settings.rooms;
        Marker { kind, room, seq, time }.write(&mut self.text, self.settings.bytes);
        self.slots[number as usize].member.say(&self.text);
        self.behind.push(number);
    }

    /// Closes a connection, and opens another one in its place.
    pub fn replace_one(&mut self, way: Way) -> io::Result<()> {
        // Nearly all may go, so one of a hundred does.
        let Some(number) =
            (0..100).find_map(|_| Some(self.rng.u32(..self.connections())).filter(|&number| self.may_go(number, way)))
        else {
            return Ok(());
        };
        let room = number % self.settings.rooms;
        let opening = self.begin(number)?;
        let slot = self.finish(number, opening)?;
        let mut old = std::mem::replace(&mut self.slots[number as usize], slot).member;
        self.reopened += 1;
        let at = &mut self.rooms[room as usize];
        if at.sent > 0 && old.check.lacks(at.sent - 1) {
            self.got(room);
        }
        self.poll.remove(old.stream());
        match way {
            Way::Frame => {
                old.queue(CLOSE, &NORMAL);
                self.leaving.push((number, old, Instant::now()));
            }
            Way::End => drop(old),
            Way::Reset => old.reset()?,
        }
        Ok(())
    }

    /// Whose message is on its way may not end without a word: what they said would be lost with the socket.
    fn may_go(&self, number: u32, way: Way) -> bool {
        let flight = &self.rooms[(number % self.settings.rooms) as usize].flight;
        let speaks = flight.as_ref().is_some_and(|flight| flight.speaker == number);
        self.slots[number as usize].member.ready && (way == Way::Frame || !speaks)
    }

    /// One more has the room's last message, or need not get it any more.
    fn got(&mut self, room: u32) {
        let at = &mut self.rooms[room as usize];
        let Some(flight) = &mut at.flight else { return };
        flight.left -= 1;
        if flight.left == 0 {
            at.flight = None;
            self.free.push(room);
        }
    }

    /// Writes what is queued, waits for what comes but not beyond `until`, and takes it in.
    pub fn turn(&mut self, until: Instant) -> io::Result<()> {
        while let Some(room) = self.free.pop() {
            while self.rooms[room as usize].flight.is_none()
                && let Some(next) = self.rooms[room as usize].waiting.pop_front()
            {
                self.say(next);
            }
        }
        self.probe();
        self.behind.sort_unstable();
        self.behind.dedup();
        for number in std::mem::take(&mut self.behind) {
            match self.slots[number as usize].member.write() {
                Ok(true) => {}
                Ok(false) => self.behind.push(number),
                Err(fault) => self.fault(number, fault),
            }
        }
        self.see_off();
        let soon = !self.behind.is_empty() || !self.leaving.is_empty();
        let most = if soon { Duration::from_millis(1) } else { Duration::MAX };
        let mut readable = std::mem::take(&mut self.readable);
        self.poll.wait(until, most, &mut readable)?;
        readable.iter().for_each(|&number| self.read(number));
        self.readable = readable;
        Ok(())
    }

    /// Has those who are coming say that they are, again and again.
    fn probe(&mut self) {
        let now = Instant::now();
        let slots = &self.slots;
        self.coming.retain(|&number| !slots[number as usize].member.ready);
        for at in 0..self.coming.len() {
            let number = self.coming[at];
            let slot = &mut self.slots[number as usize];
            if slot.probed + PROBES <= now {
                slot.probed = now;
                let probe = slot.number;
                self.write(number, Kind::Probe, probe);
            }
        }
    }

    /// Waits for the server to close what was closed by a frame.
    fn see_off(&mut self) {
        let (buffer, faults, rooms) = (&mut self.buffer, &mut self.faults, self.settings.rooms);
        self.leaving.retain_mut(|(number, member, _)| match member.write() {
            Ok(_) => !member.is_closed(buffer),
            Err(fault) => {
                faults.add(*number, *number % rooms, fault);
                false
            }
        });
    }

    /// Takes in what has come for one of them.
    fn read(&mut self, number: u32) {
        let (mut faults, mut got) = (Vec::new(), 0);
        let slot = &mut self.slots[number as usize];
        let (probe, bytes) = (slot.number, self.settings.bytes);
        let read = slot.member.read(&mut self.buffer, |check, ready, text| {
            let Some(marker) = Marker::read(text, bytes) else {
                faults.push(Fault::Other(format!("got {:?}, which nobody sent", String::from_utf8_lossy(text))));
                return;
            };
            let sent = self.rooms[check.room() as usize].sent;
            if marker.kind == Kind::Probe {
                if marker.room != check.room() {
                    faults.push(Fault::Other(format!("got a probe of room {}", marker.room)));
                } else if marker.seq == probe && !*ready {
                    *ready = true;
                    check.arrived(sent);
                }
                return;
            }
            let must = check.lacks(marker.seq) && marker.seq + 1 == sent;
            match check.take(marker.room, marker.seq, sent) {
                Ok(()) => {
                    self.verified += 1;
                    got += u32::from(must);
                }
                Err(fault) => faults.push(fault),
            }
        });
        let room = slot.member.check.room();
        if slot.member.is_behind() {
            self.behind.push(number);
        }
        if let Err(fault) = read {
            self.poll.remove(slot.member.stream());
            faults.push(fault);
        }
        (0..got).for_each(|_| self.got(room));
        faults.into_iter().for_each(|fault| self.fault(number, fault));
    }

    /// Looks for messages that did not come, sockets that are not closed, and who is not let into a room.
    pub fn look_for_overdue(&mut self) {
        let patience = self.settings.patience;
        let mut faults = Vec::new();
        for (room, at) in (0..).zip(&self.rooms) {
            let Some(flight) = &at.flight else { continue };
            if flight.since.elapsed() <= patience {
                continue;
            }
            for number in (room..self.settings.connections).step_by(self.settings.rooms as usize) {
                if self.slots[number as usize].member.check.lacks(at.sent - 1) {
                    faults.push((number, Fault::Missing { seq: at.sent - 1 }));
                }
            }
        }
        for &number in &self.coming {
            let Slot { member, opened, .. } = &self.slots[number as usize];
            if !member.ready && opened.elapsed() > patience {
                faults.push((number, Fault::Other("gets nothing of what is sent to its room".into())));
            }
        }
        for (number, _, since) in &self.leaving {
            if since.elapsed() > patience {
                faults.push((*number, Fault::Other("sent a close frame, and its socket is not closed".into())));
            }
        }
        faults.into_iter().for_each(|(number, fault)| self.fault(number, fault));
    }

    fn fault(&mut self, number: u32, fault: Fault) {
        self.faults.add(number, number % self.settings.rooms, fault);
    }
}

fn named(number: u32, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("connection {number}: {error}"))
}
