//! Connections that come and go for a long time, while what they say is verified and the server's memory is watched.

mod crowd;
mod samples;

pub use samples::{Sample, slope};

use crate::Settings;
use crate::member::Member;
use crate::process::Process;
use crowd::{Crowd, Way};
use samples::Samples;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So long something may take that a server is asked for. It is a long time, because a machine may have other things to do
/// for a while, and because what does not come at all does not come later either.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// So long a server is given to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(1);
/// So often it is looked whether something is overdue.
const LOOK: Duration = Duration::from_millis(500);
/// So often it is asked whether the server has closed its sockets.
const AGAIN: Duration = Duration::from_millis(50);

/// How they come and go.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For how long.
    pub time: Duration,
    /// So many of 100 connections are closed and opened again in a minute: half of them by a close frame, the others by
    /// the socket's end or its reset.
    pub per_minute: f64,
    /// So often each connection says something.
    pub says_every: Duration,
    /// So often the server's memory and open descriptors are read.
    pub sample_every: Duration,
    /// Decides who goes when and how, and the order in which they speak.
    pub seed: u64,
    /// The run fails if in its second half the server has grown by more than so many bytes for each connection that was
    /// opened again.
    pub leak: Option<f64>,
    /// Samples are written here as they are taken, tabs between their fields.
    pub samples: Option<PathBuf>,
}

impl Default for Plan {
    /// Half an hour, five of a hundred a minute, and a message from each every minute.
    fn default() -> Plan {
        Plan {
            time: Duration::from_secs(30 * 60),
            per_minute: 5.0,
            says_every: Duration::from_secs(60),
            sample_every: Duration::from_secs(5),
            seed: 1,
            leak: None,
            samples: None,
        }
    }
}

/// What such a run showed. Bytes are of resident memory, without what the server had before the first connection, and for
/// each connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Churned {
    /// How many connections there were at any time.
    pub connections: u32,
    /// In how many rooms.
    pub rooms: u32,
    /// For how long they came and went.
    pub minutes: f64,
    /// Connections that were opened in a second, at the beginning.
    pub opened_per_second: f64,
    /// The same for a second of the server's time on the processor.
    pub opened_per_cpu_second: f64,
    /// Connections that were closed and opened again.
    pub reopened: u64,
    /// Messages that were sent.
    pub said: u64,
    /// Deliveries that were verified. None was lost or wrong, or there would be no figures.
    pub verified: u64,
    /// The server's memory before the first connection, in bytes.
    pub before: u64,
    /// When all were open and had had one message.
    pub start: f64,
    /// At the end.
    pub end: f64,
    /// The largest.
    pub largest: f64,
    /// How much it grew in a minute: the line through all samples that is nearest to them (least squares).
    pub slope: f64,
    /// The same of the second half.
    pub slope_late: f64,
    /// How much the server grew in the second half for each connection that was opened again.
    pub leaked: f64,
    /// The server's memory when all had gone, in bytes.
    pub after: u64,
    /// How much of a core the server used while they came and went.
    pub server_cpu: f64,
}

/// Opens all connections, lets them come and go, and closes them.
///
/// # Errors
/// When a delivery is wrong, a socket that was closed is not closed by the server, or its memory grows; or there is no
/// process to ask.
pub fn run(settings: &Settings, plan: &Plan) -> io::Result<Churned> {
    let process = settings.process.ok_or(io::Error::other("whose memory? Give the server's process"))?;
    let server = Process(Some(process));
    // A server that has answered once has all that it needs for itself.
    drop(Member::open(settings, 0)?);
    sleep(REST);
    let (before, descriptors) = (server.memory()?, server.descriptors()?);
    let mut samples = Samples::new(server, plan.samples.as_deref())?;

    let (began, cpu) = (Instant::now(), server.cpu()?);
    let mut crowd = Crowd::open(settings, plan.seed)?;
    let opened_in = began.elapsed();
    sleep(REST);
    let opened_cpu = server.cpu()? - cpu;
    crowd.settle()?;
    sleep(REST);
    let descriptors_open = server.descriptors()?;

    let (began, cpu) = (Instant::now(), server.cpu()?);
    come_and_go(&mut crowd, plan, &mut samples)?;
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let server_cpu = (server.cpu()? - cpu).as_secs_f64() / (minutes * 60.0);
    crowd.settle()?;
    wait_for_descriptors(server, descriptors_open, settings.patience)?;
    samples.take(&crowd)?;
    let (reopened, said, verified) = (crowd.reopened, crowd.said, crowd.verified);
    drop(crowd);
    wait_for_descriptors(server, descriptors, settings.patience)?;

    let samples = samples.all();
    let late = &samples[samples.len() / 2..];
    let each = |bytes: f64| bytes / f64::from(settings.connections);
    let held = |sample: &Sample| each(sample.memory as f64 - before as f64);
    let (first, last) = (&samples[0], &samples[samples.len() - 1]);
    let leaked = slope(late.iter().map(|sample| (sample.reopened as f64, sample.memory as f64)));
    if let Some(leak) = plan.leak
        && leaked > leak
    {
        return Err(io::Error::other(format!(
            "it grows by {leaked:.0} bytes for each connection that is opened again"
        )));
    }
    Ok(Churned {
        connections: settings.connections,
        rooms: settings.rooms,
        minutes,
        opened_per_second: f64::from(settings.connections) / opened_in.as_secs_f64(),
        opened_per_cpu_second: f64::from(settings.connections) / opened_cpu.as_secs_f64(),
        reopened,
        said,
        verified,
        before,
        start: held(first),
        end: held(last),
        largest: samples.iter().map(held).fold(0.0, f64::max),
        slope: each(slope(samples.iter().map(Sample::point))),
        slope_late: each(slope(late.iter().map(Sample::point))),
        leaked,
        after: server.memory()?,
        server_cpu,
    })
}

/// The part that takes long. Ends early when something is wrong.
fn come_and_go(crowd: &mut Crowd, plan: &Plan, samples: &mut Samples) -> io::Result<()> {
    let all = f64::from(crowd.connections());
    let between_words = plan.says_every.div_f64(all);
    let between_closes = Duration::from_secs_f64(60.0 / (all * plan.per_minute / 100.0));
    let began = Instant::now();
    let end = began + plan.time;
    let (mut say, mut close, mut sample, mut look) = (began, began + between_closes, began, began);
    let mut speakers = Vec::new();
    loop {
        let now = Instant::now();
        while say <= now {
            let next = speakers.pop().unwrap_or_else(|| {
                speakers = crowd.shuffled();
                speakers.pop().expect("there is one")
            });
            crowd.say(next);
            say += between_words;
        }
        while close <= now {
            let way = crowd.rng.choice([Way::Frame, Way::Frame, Way::End, Way::Reset]).expect("there are four");
            crowd.replace_one(way)?;
            close += between_closes;
        }
        if look <= now {
            crowd.look_for_overdue();
            look = now + LOOK;
        }
        if sample <= now {
            samples.take(crowd)?;
            sample += plan.sample_every;
        }
        if now >= end || crowd.is_wrong() {
            return Ok(());
        }
        crowd.turn(say.min(close).min(sample).min(look).min(end))?;
    }
}

/// Waits until the server has so many descriptors.
fn wait_for_descriptors(server: Process, wanted: u64, patience: Duration) -> io::Result<()> {
    let began = Instant::now();
    loop {
        let open = server.descriptors()?;
        if open == wanted {
            return Ok(());
        }
        if began.elapsed() > patience {
            return Err(io::Error::other(format!("the server has {open} descriptors, where {wanted} are right")));
        }
        sleep(AGAIN);
    }
}
