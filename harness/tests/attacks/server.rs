//! The process under attack: it serves the application on one transport until its standard input ends.

use crate::Trouble;
use crate::app::{Lab, Task, routes};
use crate::rows;
use lazuli::driver::Settings;
use lazuli::log::Level;
use lazuli::{Config, Handle, Origins};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::time::Duration;

/// How a row wants its server, by name: everything else is as it comes.
fn setup(name: &str) -> Result<(Config, Settings), Trouble> {
    let mut config = Config::default();
    let settings = Settings::default();
    match name {
        "default" | "few-files" => {}
        "all-logs" => config.log = Level::Debug,
        "origins" => config.origins = Origins::list(["https://app.example.com", "https://other.example.com:8443"]),
        "origin-needed" => config.origins = Origins { none: false, ..Origins::default() },
        "caps" => (config.per_address, config.per_user) = (rows::PER_ADDRESS, rows::PER_USER),
        "short-lived" => config.token_life = Duration::from_secs(8),
        "rush" => config.accepted = rows::RUSH,
        other => return Err(format!("no setup is called {other}").into()),
    }
    Ok((config, settings))
}

/// The transports have the same functions and no trait in common.
macro_rules! serve {
    ($transport:ident, $config:expr, $settings:expr) => {{
        let server = $transport::Server::bind("127.0.0.1:0", routes(), Lab)?
            .config($config)
            .settings($settings)
            .effects(|task: Task, handle: &Handle<Lab>| handle.event(task));
        let stopper = server.stopper();
        std::thread::spawn(move || {
            // A line asks for memory, the end for the end.
            std::io::stdin().lines().map_while(Result::ok).for_each(|_| trim());
            stopper.stop(Duration::from_secs(2));
        });
        println!("{}", server.local_addr()?);
        std::io::stdout().flush()?;
        server.run()?;
    }};
}

/// Gives free memory back to the system.
#[cfg(target_env = "gnu")]
fn trim() {
    // SAFETY: this is how the C library declares it, and it may be called at any time.
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> i32;
    }
    malloc_trim(0);
}

/// Other C libraries keep less.
#[cfg(not(target_env = "gnu"))]
fn trim() {}

/// Serves.
pub fn serve(transport: &str, name: &str) -> Result<(), Trouble> {
    let (config, settings) = setup(name)?;
    if name == "few-files" {
        let few = Rlimit { current: Some(rows::FEW_FILES), ..getrlimit(Resource::Nofile) };
        setrlimit(Resource::Nofile, few)?;
    }
    // As an application does: the log goes to standard error, a line an entry.
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::DEBUG).init();
    match transport {
        "smol" => serve!(lazuli_smol, config, settings),
        "std" => serve!(lazuli_std, config, settings),
        other => return Err(format!("no transport is called {other}").into()),
    }
    Ok(())
}
