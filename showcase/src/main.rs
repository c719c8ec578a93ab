//! The applications of the documentation, all running.

mod app;
mod auth;
mod channels;
mod components;
mod documents;
mod journal;
mod kept;
mod log;
mod options;
mod pages;
mod said;
mod shelf;
#[cfg(test)]
mod simulated;
mod todo_list;

use app::Showcase;
use auth::{Tokens, key};
use lazuli::journal::Journal;
use lazuli::route::PatternError;
use lazuli::{Config, Routes};
use options::{Command, Transport};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::error::Error;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// For so long connections may take to close after SIGTERM.
const DRAIN: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let result = match options::parse() {
        Ok(Command::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::PrintToken { user, channels, expires, secret }) => print_token(&user, channels, expires, &secret),
        Ok(Command::Replay { journal, secret }) => match journal::replay(&journal, secret) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Ok(Command::Serve { addr, transport, log, secret, journal, redacted }) => {
            let journal = journal.map(|path| journal::create(&path, redacted)).transpose();
            journal.and_then(|journal| serve(&addr, transport, log, secret, journal))
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("showcase: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_token(user: &str, channels: Vec<String>, expires: u64, secret: &str) -> Result<(), Box<dyn Error>> {
    println!("{}", Tokens::new(secret.as_bytes()).issue(user, channels, expires)?);
    Ok(())
}

fn routes() -> Result<Routes<Showcase>, PatternError> {
    let mut routes = Routes::new();
    channels::add(&mut routes)?;
    pages::add(&mut routes)?;
    components::add(&mut routes)?;
    Ok(routes)
}

/// The application as it begins.
fn showcase(secret: Option<&str>) -> Result<Showcase, Box<dyn Error>> {
    Ok(Showcase::new(secret.map_or_else(Tokens::random, |secret| Ok(Tokens::new(secret.as_bytes())))?))
}

fn serve(
    addr: &str,
    transport: Transport,
    log: Option<String>,
    secret: Option<String>,
    journal: Option<Journal<Showcase>>,
) -> Result<(), Box<dyn Error>> {
    let app = showcase(secret.as_deref())?;
    let pages = secret.as_deref().map(key::of_pages);
    let cannot = |error| format!("cannot listen on {addr}: {error}; choose another address with --addr HOST:PORT");
    let config = Config { log: log::start(log)?, secret: pages, ..Config::default() };
    let signals = Signals::new([SIGTERM, SIGINT])?;
    match transport {
        Transport::Smol => {
            let mut server = lazuli_smol::Server::bind(addr, routes()?, app).map_err(cannot)?.config(config);
            if let Some(journal) = journal {
                server = server.journal(journal);
            }
            announce(server.local_addr()?);
            let stopper = server.stopper();
            on_signal(signals, move || stopper.stop(DRAIN));
            server.run()?;
        }
        Transport::Std => {
            let mut server = lazuli_std::Server::bind(addr, routes()?, app).map_err(cannot)?.config(config);
            if let Some(journal) = journal {
                server = server.journal(journal);
            }
            announce(server.local_addr()?);
            let stopper = server.stopper();
            on_signal(signals, move || stopper.stop(DRAIN));
            server.run()?;
        }
    }
    eprintln!("Stopped.");
    Ok(())
}

/// The socket accepts from here on: what comes before the first turn waits in its backlog.
fn announce(addr: std::net::SocketAddr) {
    println!("The showcase is at http://{addr}/ (stop it with Ctrl-C)");
}

/// Calls `stop` at the first signal; a second one ends the process at once.
fn on_signal(mut signals: Signals, stop: impl Fn() + Send + 'static) {
    thread::spawn(move || {
        for (count, signal) in signals.forever().enumerate() {
            if count > 0 {
                std::process::exit(128 + signal);
            }
            eprintln!("Stopping: closing connections, for at most {} s. Once more stops at once.", DRAIN.as_secs());
            stop();
        }
    });
}
