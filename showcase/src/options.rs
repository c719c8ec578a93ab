//! The command line.

use lexopt::prelude::*;

/// What `--help` says.
pub const HELP: &str = "\
The applications of Lazuli's documentation, all running.

Usage: showcase [OPTIONS]

Options:
  --addr HOST:PORT       Where to listen [default: 127.0.0.1:4000]; port 0 lets the system choose
  --transport smol|std   What carries it: an async runtime, or blocking threads [default: smol]
  --log LEVEL            debug, info, warn, error or off [default: RUST_LOG, or info]
  -h, --help             Say this

SIGTERM and Ctrl-C close all connections with 1001 and stop.";

/// What to do.
pub enum Command {
    /// Say how to use it.
    Help,
    /// Serve.
    Serve {
        /// Where.
        addr: String,
        /// By which transport.
        transport: Transport,
        /// What of the log to show.
        log: Option<String>,
    },
}

/// What moves the bytes.
#[derive(Clone, Copy)]
pub enum Transport {
    /// `lazuli-smol`
    Smol,
    /// `lazuli-std`
    Std,
}

/// Reads the command line.
pub fn parse() -> Result<Command, Box<dyn std::error::Error>> {
    let mut addr = String::from("127.0.0.1:4000");
    let mut transport = Transport::Smol;
    let mut log = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("addr") => addr = parser.value()?.string()?,
            Long("transport") => {
                transport = match parser.value()?.string()?.as_str() {
                    "smol" => Transport::Smol,
                    "std" => Transport::Std,
                    other => return Err(format!("{other:?} is no transport; use smol or std").into()),
                }
            }
            Long("log") => log = Some(parser.value()?.string()?),
            other => return Err(format!("{}; --help shows the options", other.unexpected()).into()),
        }
    }
    Ok(Command::Serve { addr, transport, log })
}
