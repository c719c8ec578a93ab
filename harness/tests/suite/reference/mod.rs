//! A WebSocket server that is right, in as few lines as that takes, and that can be told to be
//! wrong in one way.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

mod bugs;
mod connection;
mod frames;
mod head;
mod utf8;
mod watch;

pub use bugs::{BUGS, Bug, QUIRKS};

use head::{Answer, HeadReader};

/// Longer than the suite runs.
const FOR_EVER: Duration = Duration::from_secs(60);

/// A server on a port of its own, until dropped.
pub struct Server {
    pub addr: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn start(bug: Bug) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let stopped = stopped.clone();
                thread::spawn(move || {
                    let end = serve(&stream, bug);
                    let reset = end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
                    if bug == Bug::DiesOfAReset && reset {
                        stopped.store(true, Ordering::Relaxed);
                    }
                });
            }
        });
        Server { addr, stop }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to stop.
        let _ = TcpStream::connect(self.addr);
    }
}

fn serve(stream: &TcpStream, bug: Bug) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match read_head(stream, bug)? {
        None => Ok(()),
        Some(Answer::Upgrade { reply, channel, rest }) => {
            (&*stream).write_all(reply.as_bytes())?;
            let early = if bug == Bug::DropsEarlyFrames { Vec::new() } else { rest };
            connection::run(stream, bug, channel, early)
        }
        Some(Answer::Refuse { reply, rest }) => {
            if bug == Bug::RefusesInSilence {
                thread::sleep(FOR_EVER);
            }
            (&*stream).write_all(reply.as_bytes())?;
            if bug == Bug::GoesOnAfterRefusal {
                // What comes next is taken for a request, wherever it begins.
                let next = rest.windows(9).position(|word| word == b"GET /echo");
                let answer = next.and_then(|at| HeadReader::new(bug).feed(&rest[at..]));
                if let Some(Answer::Upgrade { reply, .. }) = answer {
                    (&*stream).write_all(reply.as_bytes())?;
                }
            }
            discard(stream, bug);
            Ok(())
        }
    }
}

/// Reads a head and decides on it; `None` if the peer broke off or took too long.
fn read_head(stream: &TcpStream, bug: Bug) -> std::io::Result<Option<Answer>> {
    let mut reader = HeadReader::new(bug);
    let start = Instant::now();
    loop {
        let left = match bug {
            Bug::HeadWithoutTimeout => FOR_EVER,
            Bug::TimeoutForEachRead => Duration::from_secs(10),
            Bug::ImpatientHead => Duration::from_secs(1).saturating_sub(start.elapsed()),
            _ => Duration::from_secs(10).saturating_sub(start.elapsed()),
        };
        if left.is_zero() {
            if bug == Bug::QuirkAnswersSlowHeads {
                (&*stream).write_all(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")?;
            }
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 4096];
        let read = match (&*stream).read(&mut chunk) {
            Ok(0) if bug == Bug::IgnoresTheEnd => {
                thread::sleep(FOR_EVER);
                return Ok(None);
            }
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if is_timeout(&error) => continue,
            Err(error) => return Err(error),
        };
        if let Some(answer) = reader.feed(&chunk[..read]) {
            return Ok(Some(answer));
        }
        if bug == Bug::HeadInOneRead {
            return Ok(None);
        }
    }
}

/// Ends the stream and reads what the peer still sends, 64 KiB or 1 s of it: closing with unread
/// bytes is a reset.
fn discard(stream: &TcpStream, bug: Bug) {
    if bug == Bug::ClosesAbruptly {
        return;
    }
    if bug == Bug::EndsLate {
        thread::sleep(Duration::from_secs(2));
    }
    let _ = stream.shutdown(Shutdown::Write);
    let (start, mut left) = (Instant::now(), 64_usize << 10);
    let mut chunk = [0; 4096];
    let for_ever = bug == Bug::DiscardsForEver;
    while for_ever || (left > 0 && start.elapsed() < Duration::from_secs(1)) {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
        match (&*stream).read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => left = left.saturating_sub(read),
            Err(error) if is_timeout(&error) => {}
            Err(_) => return,
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
