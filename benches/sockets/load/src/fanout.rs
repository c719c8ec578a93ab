//! Rooms, their publishers, and the loop that keeps them going.

use crate::check::{Fault, Faults};
use crate::marker::{Kind, Marker};
use crate::member::Member;
use crate::poll::Poll;
use crate::process::{self, Process};
use crate::{Pace, Report, Settings};
use hdrhistogram::Histogram;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// So often those who are not in their room yet are sent a probe.
const PROBES: Duration = Duration::from_millis(200);

struct Room {
    /// The member that publishes.
    publisher: usize,
    members: u32,
    /// Messages that were sent.
    sent: u64,
    /// The first that not everyone has, and how many have not got it and those after it.
    oldest: u64,
    left: VecDeque<u32>,
}

/// All connections.
pub struct Crowd {
    settings: Settings,
    poll: Poll,
    /// Members that have something to read.
    readable: Vec<u32>,
    members: Vec<Member>,
    rooms: Vec<Room>,
    /// Where something was completed in this turn, so that there is room for more.
    woken: Vec<u32>,
    /// Members whose sockets did not take everything.
    behind: Vec<usize>,
    began: Instant,
    buffer: Vec<u8>,
    text: Vec<u8>,
    faults: Faults,
    deliveries: u64,
    latency: Histogram<u64>,
    measuring: bool,
}

/// Runs it.
///
/// # Errors
/// When the server cannot be reached, or does something wrong; the message says what.
pub fn run(settings: &Settings) -> io::Result<Report> {
    let mut crowd = Crowd::open(settings)?;
    crowd.gather()?;
    crowd.measure()
}

impl Crowd {
    /// Opens all connections.
    ///
    /// # Errors
    /// When the server does not accept one.
    pub fn open(settings: &Settings) -> io::Result<Crowd> {
        let mut crowd = Crowd {
            poll: Poll::new()?,
            readable: Vec::new(),
            members: Vec::new(),
            rooms: Vec::new(),
            woken: Vec::new(),
            behind: Vec::new(),
            began: Instant::now(),
            buffer: vec![0; 256 << 10],
            text: Vec::new(),
            faults: Faults::default(),
            deliveries: 0,
            latency: Histogram::new_with_bounds(1, 100_000_000_000, 3).map_err(io::Error::other)?,
            measuring: false,
            settings: settings.clone(),
        };
        for number in 0..settings.connections {
            let room = number % settings.rooms;
            let member = Member::open(settings, room)
                .map_err(|error| io::Error::new(error.kind(), format!("connection {number}: {error}")))?;
            crowd.poll.add(member.stream(), number)?;
            crowd.members.push(member);
            if number % 64 == 63 {
                // Where this takes long, the first are asked for signs of life before the last are open.
                crowd.turn(Instant::now())?;
            }
            match crowd.rooms.get_mut(room as usize) {
                Some(room) => room.members += 1,
                None => crowd.rooms.push(Room {
                    publisher: number as usize,
                    members: 1,
                    sent: 0,
                    oldest: 0,
                    left: VecDeque::new(),
                }),
            }
        }
        Ok(crowd)
    }

    /// Waits until everyone is in their room: a handshake that is answered does not say so.
    ///
    /// # Errors
    /// When somebody is not after a while.
    pub fn gather(&mut self) -> io::Result<()> {
        let (mut due, mut came) = (Instant::now(), Instant::now());
        let mut waiting = self.members.len();
        while waiting > 0 {
            if due <= Instant::now() {
                // Rooms in which everyone is are let alone: their probes would only delay those of the others.
                let mut rooms: Vec<u32> =
                    self.members.iter().filter(|member| !member.ready).map(|member| member.check.room()).collect();
                rooms.sort_unstable();
                rooms.dedup();
                rooms.into_iter().for_each(|room| self.publish(room, Kind::Probe, None));
                due = Instant::now() + PROBES;
            }
            self.turn(due)?;
            let still = self.members.iter().filter(|member| !member.ready).count();
            if still < waiting {
                (waiting, came) = (still, Instant::now());
            }
            if self.faults.any() {
                break;
            }
            if came.elapsed() > self.settings.patience {
                return Err(io::Error::other(format!("{still} connections get nothing of what is sent to their room")));
            }
        }
        self.faults.verdict()
    }

    /// Warms up, measures, waits for what is in flight, and verifies.
    fn measure(mut self) -> io::Result<Report> {
        let (server, own) = (self.settings.process.map(|id| Process(Some(id))), Process(None));
        self.publish_for(self.settings.warm_up)?;
        let (server_before, own_before) = (server.map(Process::cpu).transpose()?, own.cpu()?);
        let waited_before = process::waited()?;
        let (began, before) = (Instant::now(), self.deliveries);
        self.measuring = true;
        self.publish_for(self.settings.measure)?;
        self.measuring = false;
        let (seconds, deliveries) = (began.elapsed().as_secs_f64(), self.deliveries - before);
        let server_after = server.map(Process::cpu).transpose()?;
        let own_cpu = (own.cpu()? - own_before).as_secs_f64() / seconds;
        let held_back = (process::waited()? - waited_before).as_secs_f64() / seconds;
        self.drain()?;
        self.faults.verdict()?;
        let used = server_after.zip(server_before).map(|(after, before)| (after - before).as_secs_f64());
        let micros = |part| self.latency.value_at_quantile(part) as f64 / 1_000.0;
        Ok(Report {
            connections: self.settings.connections,
            rooms: self.settings.rooms,
            seconds,
            deliveries,
            per_second: deliveries as f64 / seconds,
            per_cpu_second: used.filter(|&used| used > 0.0).map(|used| deliveries as f64 / used),
            p50: micros(0.5),
            p99: micros(0.99),
            p999: micros(0.999),
            max: micros(1.0),
            server_cpu: used.map(|used| used / seconds),
            own_cpu,
            held_back,
            verified: self.deliveries,
        })
    }

    /// Publishes at the pace that is asked for. Ends early when something is wrong.
    fn publish_for(&mut self, time: Duration) -> io::Result<()> {
        let (began, end) = (Instant::now(), Instant::now() + time);
        let mut due = vec![began; self.rooms.len()];
        let (mut seen, mut came) = (self.deliveries, began);
        self.woken = (0..self.settings.rooms).collect();
        loop {
            let now = Instant::now();
            let wake = match self.settings.pace {
                Pace::InFlight(most) => {
                    for room in std::mem::take(&mut self.woken) {
                        while self.rooms[room as usize].left.len() < most as usize {
                            self.publish(room, Kind::Message, None);
                        }
                    }
                    end
                }
                Pace::Rate(rate) => {
                    for (room, due) in (0..).zip(&mut due) {
                        while *due <= now && *due < end {
                            self.publish(room, Kind::Message, Some(*due));
                            *due += Duration::from_secs_f64(1.0 / rate);
                        }
                    }
                    due.iter().copied().min().map_or(end, |due| due.min(end))
                }
            };
            if now >= end || self.faults.any() {
                return Ok(());
            }
            self.turn(wake.min(came + self.settings.patience))?;
            if self.deliveries > seen || self.rooms.iter().all(|room| room.left.is_empty()) {
                (seen, came) = (self.deliveries, Instant::now());
            } else if came.elapsed() >= self.settings.patience {
                return Ok(());
            }
        }
    }

    /// Waits for what is in flight, as long as something comes.
    fn drain(&mut self) -> io::Result<()> {
        let (mut seen, mut came) = (self.deliveries, Instant::now());
        // What is wrong already need not be waited for long: it is known who is to blame.
        let patience = if self.faults.any() { Duration::from_millis(200) } else { self.settings.patience };
        while self.rooms.iter().any(|room| !room.left.is_empty()) && came.elapsed() < patience {
            self.turn(came + patience)?;
            if self.deliveries > seen {
                (seen, came) = (self.deliveries, Instant::now());
            }
        }
        // One that comes twice comes after it is complete.
        let end = Instant::now() + Duration::from_millis(50);
        while Instant::now() < end {
            self.turn(end)?;
        }
        for (number, member) in self.members.iter().enumerate() {
            let room = member.check.room();
            for fault in member.check.missing(self.rooms[room as usize].sent) {
                self.faults.add(number as u32, room, fault);
            }
        }
        Ok(())
    }

    /// Queues a message or a probe; it goes out at the end of the turn, with all others of this publisher.
    fn publish(&mut self, room: u32, kind: Kind, due: Option<Instant>) {
        let Room { publisher, members, sent, left, .. } = &mut self.rooms[room as usize];
        let time = due.unwrap_or_else(Instant::now).duration_since(self.began).as_nanos() as u64;
        Marker { kind, room, seq: *sent, time }.write(&mut self.text, self.settings.bytes);
        self.members[*publisher].say(&self.text);
        if self.behind.last() != Some(publisher) {
            self.behind.push(*publisher);
        }
        if kind == Kind::Message {
            *sent += 1;
            left.push_back(*members);
        }
    }

    /// Writes what is queued, waits for what comes but not beyond `until`, and takes it in.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        for number in std::mem::take(&mut self.behind) {
            match self.members[number].write() {
                Ok(true) => {}
                Ok(false) => self.behind.push(number),
                Err(fault) => self.fault(number, fault),
            }
        }
        self.behind.sort_unstable();
        self.behind.dedup();
        let most = if self.behind.is_empty() { Duration::MAX } else { Duration::from_millis(1) };
        let mut readable = std::mem::take(&mut self.readable);
        self.poll.wait(until, most, &mut readable)?;
        readable.iter().for_each(|&number| self.read(number as usize));
        self.readable = readable;
        Ok(())
    }

    /// Takes in what has come for one member.
    fn read(&mut self, number: usize) {
        let now = self.began.elapsed().as_nanos() as u64;
        let mut faults = Vec::new();
        let member = &mut self.members[number];
        let read = member.read(&mut self.buffer, |check, ready, text| {
            let Some(marker) = Marker::read(text, self.settings.bytes) else {
                faults.push(Fault::Other(format!("got {:?}, which nobody sent", String::from_utf8_lossy(text))));
                return;
            };
            if marker.kind == Kind::Probe {
                *ready = true;
                if marker.room != check.room() {
                    faults.push(Fault::Other(format!("got a probe of room {}", marker.room)));
                }
                return;
            }
            let room = &mut self.rooms[check.room() as usize];
            if let Err(fault) = check.take(marker.room, marker.seq, room.sent) {
                return faults.push(fault);
            }
            self.deliveries += 1;
            if self.measuring {
                self.latency.saturating_record(now.saturating_sub(marker.time));
            }
            let Some(left) = room.left.get_mut((marker.seq - room.oldest) as usize) else { return };
            *left -= 1;
            while room.left.front() == Some(&0) {
                room.left.pop_front();
                room.oldest += 1;
                if self.woken.last() != Some(&check.room()) {
                    self.woken.push(check.room());
                }
            }
        });
        if member.is_behind() {
            self.behind.push(number);
        }
        if let Err(fault) = read {
            self.poll.remove(self.members[number].stream());
            faults.push(fault);
        }
        faults.into_iter().for_each(|fault| self.fault(number, fault));
    }

    fn fault(&mut self, number: usize, fault: Fault) {
        self.faults.add(number as u32, self.members[number].check.room(), fault);
    }
}
