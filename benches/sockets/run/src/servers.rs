//! Who is measured, and how they are started and stopped.

use crate::cores::on_core;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server: a program of this workspace, which listens where the system lets it and says so in its first line.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Its name in tables and on the command line.
    pub name: &'static str,
    /// The package that its program is in.
    pub package: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    /// What the load generator has to be told about it.
    pub load: &'static [&'static str],
}

const fn server(
    name: &'static str,
    package: &'static str,
    program: &'static str,
    args: &'static [&'static str],
) -> Server {
    Server { name, package, program, args, load: &[] }
}

/// What the others are compared with.
pub const FLOOR: Server = server("floor", "sockets-floor", "floor", &[]);

/// The others.
pub const SERVERS: [Server; 10] = [
    server("floor-joined", "sockets-floor", "floor", &["--joined"]),
    server("lazuli-smol", "sockets-lazuli", "lazuli", &["smol"]),
    // Two hubs on the one core: the price of what joins them.
    server("lazuli-shards", "sockets-lazuli", "lazuli", &["smol", "--shards", "2"]),
    server("lazuli-std", "sockets-lazuli", "lazuli", &["std"]),
    server("axum", "sockets-peers", "peer-axum", &[]),
    server("fastwebsockets", "sockets-peers", "peer-fastwebsockets", &[]),
    Server { load: &["--dialect", "socketio"], ..server("socketioxide", "sockets-peers", "peer-socketioxide", &[]) },
    server("tungstenite", "sockets-peers", "peer-tungstenite", &[]),
    server("axum-4k", "sockets-peers", "peer-axum", &["--read-buffer", "4096"]),
    server("tungstenite-4k", "sockets-peers", "peer-tungstenite", &["--read-buffer", "4096"]),
];

/// A server that runs. It is stopped when this is dropped.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub addr: String,
}

impl Server {
    /// Starts it on a core.
    ///
    /// # Errors
    /// When it cannot be started, or does not say where it listens.
    pub fn start(&self, programs: &Path, core: usize) -> io::Result<Running> {
        let mut command = Command::new(programs.join(self.program));
        command.args(self.args).stdout(Stdio::piped());
        let mut child = on_core(core, || command.spawn())
            .map_err(|error| io::Error::new(error.kind(), format!("{} cannot be started: {error}", self.name)))?;
        let mut line = String::new();
        let said = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line);
        let running = Running { child, addr: line.trim().rsplit(' ').next().unwrap_or_default().to_owned() };
        said?;
        match running.addr.contains(':') {
            true => Ok(running),
            false => Err(io::Error::other(format!("{} does not say where it listens but {line:?}", self.name))),
        }
    }
}

impl Running {
    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What cannot be stopped has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
