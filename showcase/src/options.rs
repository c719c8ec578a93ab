//! The command line.

use lexopt::prelude::*;

/// What `--help` says.
pub const HELP: &str = "\
The applications of Lazuli's documentation, all running.

Usage: showcase [OPTIONS]

Options:
  --addr HOST:PORT       Where to listen [default: 127.0.0.1:4000]; port 0 lets the system choose
  --transport smol|std   What carries it: one thread, or a thread for each socket [default: smol]
  --log LEVEL            debug, info, warn, error or off [default: RUST_LOG, or info]
  --secret TEXT          What tokens and pages are signed with; give 32 random characters or more. With the
                         same one, pages stay as they are while the server is started anew
                         [default: random, another one at each start]
  --journal FILE         Write down everything that comes in, to be played again; the file must not exist yet.
                         It has passwords and messages in it: keep it as you keep those
  --redacted             With --journal: something else of the same length for what people said
  --replay FILE          Play a journal, without any socket, and say whether all comes out as it did; needs the
                         --secret that the server had, if it was given one. Exits with 1 if something does not
  -h, --help             Say this

  --print-token USER     Print a token for this user and exit; needs --secret
  --channels A,B         For these channels: ws://HOST:PORT/private/A?token=TOKEN [default: none]
  --expires SECONDS      For so long [default: 3600]

A token for the channel \"admin\" is an operator's. Its owner may take back all tokens of a user and close what they
opened: curl -X POST -H 'Authorization: Bearer TOKEN' http://HOST:PORT/revoke/USER

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
        /// What tokens and pages are signed with, if it is not random.
        secret: Option<String>,
        /// Where the journal goes, if there is one.
        journal: Option<String>,
        /// Whether it is redacted.
        redacted: bool,
    },
    /// Play a journal.
    Replay {
        /// Which.
        journal: String,
        /// What the server was given.
        secret: Option<String>,
    },
    /// Print a token.
    PrintToken {
        /// Whose.
        user: String,
        /// For which private channels.
        channels: Vec<String>,
        /// For how many seconds.
        expires: u64,
        /// What it is signed with.
        secret: String,
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
    let (mut journal, mut redacted, mut replay) = (None, false, None);
    let (mut secret, mut user, mut channels, mut expires) = (None, None, None, None);
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
            Long("secret") => secret = Some(parser.value()?.string()?).filter(|secret| !secret.is_empty()),
            Long("journal") => journal = Some(parser.value()?.string()?),
            Long("redacted") => redacted = true,
            Long("replay") => replay = Some(parser.value()?.string()?),
            Long("print-token") => user = Some(parser.value()?.string()?),
            Long("channels") => channels = Some(parser.value()?.string()?),
            Long("expires") => expires = Some(parser.value()?.parse()?),
            other => return Err(format!("{}; --help shows the options", other.unexpected()).into()),
        }
    }
    if redacted && journal.is_none() {
        return Err("--redacted says how a journal is written; --journal FILE says where".into());
    }
    if let Some(journal) = replay {
        return Ok(Command::Replay { journal, secret });
    }
    let Some(user) = user else {
        if channels.is_some() || expires.is_some() {
            return Err("--channels and --expires say what is in a token; --print-token USER prints one".into());
        }
        return Ok(Command::Serve { addr, transport, log, secret, journal, redacted });
    };
    let secret = secret.ok_or("--print-token needs --secret TEXT, the same that the server is started with")?;
    let channels = channels.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(Command::PrintToken {
        user,
        channels: channels.map(Into::into).collect(),
        expires: expires.unwrap_or(3_600),
        secret,
    })
}
