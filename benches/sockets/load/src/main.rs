//! `load fanout|echo|idle|churn --addr HOST:PORT [options]`: prints one line of JSON, or says what the server did wrong and fails.

use lexopt::{Arg, ValueExt};
use load::churn::{self, Plan};
use load::dialect::Dialect;
use load::process::open_many_files;
use load::{Pace, Settings, fanout, idle};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "load MODE --addr HOST:PORT [options]

modes:
  fanout   one member of each room publishes, everyone in it has to get all of it
  echo     each connection has one message in flight, and has to get it back
  idle     opens connections, and tells what each costs the server (needs --pid)
  churn    connections come and go and speak, and the server's memory is watched (needs --pid)

options:
  --dialect NAME      plain, or socketio: Socket.IO over a WebSocket, where a message is an event of that name: plain
  --path PATH         of a room; {room} in it is the room's number (fanout, churn: /chat/{room}, else: /echo)
  --connections N     1000
  --rooms N           1; churn: one for ten connections
  --in-flight N       messages in flight in each room: 1
  --rate N            messages a second in each room, in place of --in-flight
  --bytes N           the length of a message: 64
  --seconds N         how long it is measured: 3
  --warm-up N         how long before that: 1
  --patience N        so many seconds nothing may come, before something counts as missing: 5; churn: 20
  --pid N             the server's process: what it uses is told, too

options of churn:
  --minutes N         for how long: 30
  --per-minute N      so many of 100 connections are closed and opened again each minute: 5
  --says-every N      so many seconds are between two messages of a connection: 60
  --sample-every N    the server's memory is read every so many seconds: 5
  --seed N            decides who goes when, how, and who speaks: 1
  --leak N            fail if each connection that is opened again leaves more than N bytes behind
  --samples FILE      the samples, as lines with tabs";

fn main() -> ExitCode {
    open_many_files();
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn std::error::Error>> {
    let (mut mode, mut addr, mut path, mut rooms, mut patience) = (None, None, None, None, None);
    let mut plan = Plan::default();
    let mut settings = Settings::new(([127, 0, 0, 1], 0).into(), "", 1_000);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        let seconds = |args: &mut lexopt::Parser| -> Result<Duration, lexopt::Error> {
            args.value()?.parse_with(|text| text.parse().map(Duration::from_secs_f64))
        };
        match arg {
            Arg::Value(name) if mode.is_none() => mode = Some(name.string()?),
            Arg::Long("addr") => addr = Some(args.value()?.parse()?),
            Arg::Long("dialect") => settings.dialect = args.value()?.parse_with(Dialect::by_name)?,
            Arg::Long("path") => path = Some(args.value()?.string()?),
            Arg::Long("connections") => settings.connections = args.value()?.parse()?,
            Arg::Long("rooms") => rooms = Some(args.value()?.parse()?),
            Arg::Long("in-flight") => settings.pace = Pace::InFlight(args.value()?.parse()?),
            Arg::Long("rate") => settings.pace = Pace::Rate(args.value()?.parse()?),
            Arg::Long("bytes") => settings.bytes = args.value()?.parse()?,
            Arg::Long("seconds") => settings.measure = seconds(&mut args)?,
            Arg::Long("warm-up") => settings.warm_up = seconds(&mut args)?,
            Arg::Long("patience") => patience = Some(seconds(&mut args)?),
            Arg::Long("pid") => settings.process = Some(args.value()?.parse()?),
            Arg::Long("minutes") => plan.time = seconds(&mut args)? * 60,
            Arg::Long("per-minute") => plan.per_minute = args.value()?.parse()?,
            Arg::Long("says-every") => plan.says_every = seconds(&mut args)?,
            Arg::Long("sample-every") => plan.sample_every = seconds(&mut args)?,
            Arg::Long("seed") => plan.seed = args.value()?.parse()?,
            Arg::Long("leak") => plan.leak = Some(args.value()?.parse()?),
            Arg::Long("samples") => plan.samples = Some(args.value()?.into()),
            Arg::Long("help") | Arg::Short('h') => return Ok(USAGE.into()),
            other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
        }
    }
    let mode = mode.ok_or(USAGE)?;
    settings.addr = addr.ok_or("where is the server? --addr HOST:PORT says it")?;
    let (in_rooms, rooms_else, patience_else) = match mode.as_str() {
        "fanout" => (true, 1, settings.patience),
        "churn" => (true, settings.connections.div_ceil(10), churn::PATIENCE),
        "echo" => (false, settings.connections, settings.patience),
        _ => (false, 1, settings.patience),
    };
    settings.path = path.unwrap_or(settings.dialect.path(in_rooms).into());
    settings.rooms = rooms.unwrap_or(rooms_else);
    settings.patience = patience.unwrap_or(patience_else);
    if settings.rooms == 0 || settings.rooms > settings.connections {
        return Err("there has to be a room, and a connection for each".into());
    }
    Ok(match mode.as_str() {
        "fanout" | "echo" => serde_json::to_string(&fanout::run(&settings)?)?,
        "idle" => serde_json::to_string(&idle::run(&settings)?)?,
        "churn" => serde_json::to_string(&churn::run(&settings, &plan)?)?,
        _ => return Err(format!("there is no mode {mode}\n\n{USAGE}").into()),
    })
}
