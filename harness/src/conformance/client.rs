//! A client that sends whatever a case wants sent: connecting, sending bytes, and taking in what
//! comes back.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::inbound::Kind;
use super::report::{Failure, Transcript};
use super::wire::{Frame, Head};
use super::{Outcome, Target};

/// After something that is to arrive by itself: enough for most servers to read it before the rest
/// is there.
const APART: Duration = Duration::from_micros(300);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In order: the server shut down its writing half.
    Eof,
    /// By a reset, which may destroy what the server sent before it.
    Reset,
}

/// What came of waiting for bytes.
pub(super) enum Filled {
    Some,
    Ended(End),
    Late,
}

/// One TCP connection to the server under test.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    patience: Duration,
    pub(super) inbox: Vec<u8>,
    /// How much of the inbox is read.
    pub(super) at: usize,
    /// The message whose fragments are coming in.
    pub(super) partial: Option<(Kind, Vec<u8>)>,
    /// The server has sent its close frame.
    pub(super) closed: bool,
    /// Messages that nobody asked for are nothing special on this channel.
    talkative: bool,
    /// Part of a frame was sent, or all that will be: no pong may be sent now.
    busy: bool,
    /// The pong that is due when that is over.
    owed: Option<Frame>,
    reset: bool,
    sent: Transcript,
    pub(super) seen: Transcript,
}

impl Client {
    /// Connects, and sends nothing yet.
    pub(super) fn connect(target: &Target) -> Result<Client, Failure> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&target.addr, target.patience)?;
            stream.set_nodelay(true)?;
            // Short, so that a blocked write gives way to reading what the server waits to get rid
            // of.
            stream.set_write_timeout(Some(Duration::from_millis(20)))?;
            Ok(stream)
        };
        let stream = connect().map_err(|error: std::io::Error| Failure {
            sent: "a TCP connection".into(),
            expected: "that it is accepted".into(),
            seen: error.to_string(),
        })?;
        Ok(Client {
            stream,
            patience: target.patience,
            inbox: Vec::new(),
            at: 0,
            partial: None,
            closed: false,
            talkative: false,
            busy: false,
            owed: None,
            reset: false,
            sent: Transcript::default(),
            seen: Transcript::default(),
        })
    }

    /// Connects and opens a WebSocket on the echo channel.
    pub(super) fn echo(target: &Target) -> Result<Client, Failure> {
        Client::connect(target)?.open(target, &target.echo)
    }

    /// Connects and opens a WebSocket on the limited channel, which may say things by itself.
    pub(super) fn limited(target: &Target) -> Result<Client, Failure> {
        let mut client = Client::connect(target)?;
        client.talkative = true;
        client.open(target, &target.limited)
    }

    /// Connects and opens a WebSocket on the watch channel, in this room of it, and is surely in it.
    pub(super) fn watch(target: &Target, room: &str) -> Result<Client, Failure> {
        // Without such a channel no case comes here.
        let path = format!("{}?room={room}", target.watch.as_deref().unwrap_or_default());
        let mut client = Client::connect(target)?.open(target, &path)?;
        client.send_frame(&Frame::text("here"));
        client.told("here")?;
        Ok(client)
    }

    fn open(mut self, target: &Target, path: &str) -> Result<Client, Failure> {
        let head = Head::upgrade(&target.authority(), path);
        self.send(format!("an upgrade of {path}"), &head.bytes());
        self.upgraded()?;
        Ok(self)
    }

    // Sending. A server may close at any time, so sending never fails: what is read afterwards
    // decides.

    /// Sends `bytes`, which end where a frame or a head ends, or after which no pong matters.
    pub(super) fn send(&mut self, what: impl Into<String>, bytes: &[u8]) {
        self.sent.push(what);
        self.deliver(bytes);
        self.at_boundary();
    }

    /// Sends `bytes`, which end inside of a frame.
    pub(super) fn send_part(&mut self, what: impl Into<String>, bytes: &[u8]) {
        self.busy = true;
        self.sent.push(what);
        self.deliver(bytes);
        sleep(APART);
    }

    /// Each byte in a segment of its own, up to the end of a frame or a head.
    pub(super) fn send_bytewise(&mut self, what: &str, bytes: &[u8]) {
        self.busy = true;
        self.sent.push(format!("byte by byte: {what}"));
        for byte in bytes {
            self.deliver(&[*byte]);
            sleep(APART);
        }
        self.at_boundary();
    }

    /// Sends without reading, until all is sent or the server has taken nothing for `stall`.
    /// Returns how much it took.
    pub(super) fn send_blind(&mut self, what: impl Into<String>, bytes: &[u8], stall: Duration) -> usize {
        self.busy = true;
        self.sent.push(what);
        let (mut taken, mut last) = (0, Instant::now());
        while taken < bytes.len() && !self.reset && last.elapsed() < stall {
            let more = self.write(&bytes[taken..]);
            if more > 0 {
                last = Instant::now();
            }
            taken += more;
        }
        taken
    }

    pub(super) fn send_frame(&mut self, frame: &Frame) {
        match frame.is_whole() {
            true => self.send(frame.to_string(), &frame.bytes()),
            false => self.send_part(frame.to_string(), &frame.bytes()),
        }
    }

    /// All of `frames` in one segment, if they fit in one.
    pub(super) fn send_frames(&mut self, frames: &[Frame]) {
        let bytes: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
        let mut what = String::from("at once");
        for (n, frame) in frames.iter().enumerate() {
            match n {
                0..6 => what += &format!(" [{frame}]"),
                6 => what += &format!(" … ({} frames)", frames.len()),
                _ => {}
            }
        }
        match frames.iter().all(Frame::is_whole) {
            true => self.send(what, &bytes),
            false => self.send_part(what, &bytes),
        }
    }

    pub(super) fn send_head(&mut self, head: &Head) {
        let bytes = head.bytes();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(600)]);
        self.send(format!("{shown:?}"), &bytes);
    }

    /// Answers a ping, at once or as soon as no frame is half sent.
    pub(super) fn send_pong(&mut self, payload: Vec<u8>) {
        self.owed = Some(Frame::pong(payload));
        if !self.busy {
            self.at_boundary();
        }
    }

    /// Answers a close frame, or ends the stream if a frame is half sent.
    pub(super) fn answer_close(&mut self) {
        match self.busy {
            true => self.finish_sending(),
            false => self.send_frame(&Frame::close(1000, "")),
        }
    }

    /// Nothing more will be sent.
    pub(super) fn finish_sending(&mut self) {
        self.busy = true;
        self.sent.push("end of stream");
        // It fails if the server is gone already, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Resets the connection, which the system does to one that is closed with bytes unread: of an
    /// answer that has to be on its way.
    pub(super) fn reset(mut self, expected: &str) -> Outcome {
        // Fails for a zero duration only.
        let _ = self.stream.set_read_timeout(Some(self.patience));
        match self.stream.peek(&mut [0]) {
            Ok(1) => Ok(()),
            Ok(_) => Err(self.wrong("end of stream", expected)),
            Err(error) => Err(self.wrong(error.to_string(), expected)),
        }
    }

    fn at_boundary(&mut self) {
        self.busy = false;
        if let Some(pong) = self.owed.take() {
            self.sent.push(pong.to_string());
            self.deliver(&pong.bytes());
        }
    }

    fn deliver(&mut self, bytes: &[u8]) {
        let deadline = Instant::now() + self.patience;
        let mut rest = bytes;
        while !rest.is_empty() && !self.reset {
            let taken = self.write(rest);
            rest = &rest[taken..];
            if taken == 0 {
                self.take_in();
                if Instant::now() > deadline {
                    let short = rest.len();
                    self.seen.push(format!("the server took no more of it, {short} bytes short"));
                    return;
                }
            }
        }
    }

    /// Writes what the socket takes; 0 if it takes nothing for now, or is broken.
    fn write(&mut self, bytes: &[u8]) -> usize {
        match self.stream.write(bytes) {
            Ok(taken) => taken,
            Err(error) => {
                self.reset |= !is_timeout(&error);
                0
            }
        }
    }

    /// Whether writing failed because the server no longer has this connection.
    pub(super) fn is_cut(&self) -> bool {
        self.reset
    }

    // Receiving.

    /// Takes in what has arrived, without waiting. The end of the stream shows again at the next
    /// read that waits.
    pub(super) fn take_in(&mut self) {
        let mut chunk = [0; 0x1_0000];
        if self.stream.set_nonblocking(true).is_ok() {
            match self.stream.read(&mut chunk) {
                Ok(read) => self.inbox.extend_from_slice(&chunk[..read]),
                Err(error) => self.reset |= !is_timeout(&error),
            }
            let _ = self.stream.set_nonblocking(false);
        }
    }

    /// Waits for more bytes until `deadline`.
    pub(super) fn fill(&mut self, deadline: Instant) -> Filled {
        self.inbox.drain(..self.at);
        self.at = 0;
        let mut chunk = [0; 0x1_0000];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Filled::Late;
            }
            // Fails for a zero duration only.
            let _ = self.stream.set_read_timeout(Some(left));
            match self.stream.read(&mut chunk) {
                Ok(0) if !self.reset => return self.over(End::Eof),
                Ok(0) => return self.over(End::Reset),
                Ok(read) => {
                    self.inbox.extend_from_slice(&chunk[..read]);
                    return Filled::Some;
                }
                Err(error) if is_timeout(&error) => {}
                Err(_) => return self.over(End::Reset),
            }
        }
    }

    fn over(&mut self, end: End) -> Filled {
        self.seen.push(match end {
            End::Eof => "end of stream",
            End::Reset => "a connection reset",
        });
        Filled::Ended(end)
    }

    /// Waits until something has arrived.
    pub(super) fn wait_for_news(&mut self, expected: &str) -> Result<(), Failure> {
        match self.fill(Instant::now() + self.patience) {
            Filled::Some => Ok(()),
            Filled::Ended(_) => Err(self.fail(expected)),
            Filled::Late => Err(self.late(expected)),
        }
    }

    /// Whether bytes have arrived that nobody has looked at.
    pub(super) fn has_news(&mut self) -> bool {
        self.take_in();
        self.at < self.inbox.len()
    }

    /// Whether the connection is over by now, without waiting. What came before the end is dropped.
    pub(super) fn is_over(&mut self) -> bool {
        loop {
            self.skip();
            match self.fill(Instant::now() + Duration::from_millis(1)) {
                Filled::Some => {}
                Filled::Late => return self.reset,
                Filled::Ended(_) => return true,
            }
        }
    }

    /// How many bytes have come that were not read; they are shown in the report.
    pub(super) fn unread(&mut self) -> usize {
        let unread = &self.inbox[self.at..];
        if !unread.is_empty() {
            self.seen.push(super::wire::show(unread));
        }
        unread.len()
    }

    /// Drops what has come and was not read.
    pub(super) fn skip(&mut self) {
        self.at = self.inbox.len();
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn is_talkative(&self) -> bool {
        self.talkative
    }

    // Reporting.

    /// A failure of this connection: what was sent on it and seen, and what should have been.
    pub(super) fn fail(&self, expected: impl Into<String>) -> Failure {
        Failure { sent: self.sent.to_string(), expected: expected.into(), seen: self.seen.to_string() }
    }

    /// The failure of having seen `what`.
    pub(super) fn wrong(&mut self, what: impl Into<String>, expected: &str) -> Failure {
        self.seen.push(what);
        self.fail(expected)
    }

    /// The failure of having waited in vain.
    pub(super) fn late(&mut self, expected: &str) -> Failure {
        self.wrong(format!("nothing more in {:?}", self.patience), expected)
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
