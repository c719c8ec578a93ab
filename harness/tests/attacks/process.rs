//! The server under attack: a process of its own, so that its memory, its time and its end can be seen.

use crate::Trouble;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// For so long a server may take to start, to stop, and to give back what it took.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    child: Child,
    /// Closed, it stops the server; and it closes by itself if this process dies.
    stdin: Option<ChildStdin>,
    pub addr: SocketAddr,
    stderr: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
pub struct Holds {
    /// Resident memory, and the most there ever was, in bytes.
    pub resident: u64,
    pub peak: u64,
    pub threads: u64,
    pub files: usize,
}

impl Server {
    /// Starts this very program as a server.
    pub fn start(transport: &str, setup: &str) -> Result<Server, Trouble> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", transport, setup])
            // Only what one arena of glibc's holds can be trimmed; and traces of panics would be most of its memory.
            .env("MALLOC_ARENA_MAX", "1")
            .env("RUST_BACKTRACE", "0")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let pipe = child.stderr.take().ok_or("no standard error")?;
        let kept = stderr.clone();
        let reader = thread::spawn(move || keep(pipe, &kept));
        let mut first = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut first)?;
        let addr = first.trim().parse();
        let mut server = Server { child, stdin, addr: ([127, 0, 0, 1], 0).into(), stderr, reader: Some(reader) };
        server.addr = addr.map_err(|_| format!("the server did not start: {first:?} {:?}", server.stderr()))?;
        Ok(server)
    }

    /// The lines that it has written to standard error.
    pub fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it holds now.
    pub fn holds(&self) -> Result<Holds, Trouble> {
        let folder = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{folder}/status"))?;
        let field = |name: &str| -> Result<u64, Trouble> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the server has ended")?;
            Ok(line.split_whitespace().next().ok_or("an empty field")?.parse()?)
        };
        Ok(Holds {
            resident: field("VmRSS:")? << 10,
            peak: field("VmHWM:")? << 10,
            threads: field("Threads:")?,
            files: fs::read_dir(format!("{folder}/fd"))?.count(),
        })
    }

    /// The processor time that its threads have used, those that have ended included.
    pub fn busy(&self) -> Result<Duration, Trouble> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold blanks, the fields have fixed places; a tick is 10 ms.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |n: usize| fields.get(n).and_then(|ticks| ticks.parse::<u64>().ok()).ok_or("no such field");
        Ok(Duration::from_millis(10) * u32::try_from(ticks(11)? + ticks(12)?)?)
    }

    /// Has it give back memory that is free: what is resident then is what it holds, and not what the allocator keeps for
    /// later between things that live.
    pub fn trim(&self) {
        if let Some(mut stdin) = self.stdin.as_ref() {
            // If it has ended, that shows elsewhere.
            let _ = stdin.write_all(b"\n");
        }
    }

    /// Waits until `is` holds of what it holds.
    pub fn settle(&self, what: &str, is: impl Fn(&Holds) -> bool) -> Result<Holds, Trouble> {
        let begin = Instant::now();
        loop {
            let holds = self.holds()?;
            if is(&holds) {
                return Ok(holds);
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("it never came about that {what}: {holds:?}").into());
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Tells it to stop, as an operator would.
    pub fn ask_to_stop(&mut self) {
        drop(self.stdin.take());
    }

    /// Stops it, and says if it did not end well.
    pub fn stop(mut self) -> Result<(), Trouble> {
        self.ask_to_stop();
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if begin.elapsed() > PATIENCE {
                return Err("the server does not stop".into());
            }
            sleep(Duration::from_millis(10));
        };
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless something failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Keeps the lines of a pipe, as far as they are text and not too many.
fn keep(mut pipe: impl Read, kept: &Mutex<Vec<String>>) {
    const MOST: usize = 100_000;
    let mut reader = BufReader::new(&mut pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.push(String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned());
        }
        line.clear();
    }
}
