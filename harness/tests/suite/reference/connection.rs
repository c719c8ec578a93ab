//! One upgraded connection: a reader, a writer, and a queue between them.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::bugs::Bug;
use super::frames::{BINARY, CLOSE, CONTINUATION, Input, PING, PONG, Parser, TEXT, encode};
use super::head::Channel;
use super::watch::{self, Watching};
use super::{FOR_EVER, discard, is_timeout};

pub fn run(stream: &TcpStream, bug: Bug, channel: Channel, early: Vec<u8>) -> std::io::Result<()> {
    let out = Arc::new(Out::default());
    let watching = Watching::begin(stream, bug, &channel, &out)?;
    let end = thread::scope(|scope| {
        scope.spawn(|| {
            stream.set_write_timeout(Some(Duration::from_secs(5))).expect("not zero");
            while let Some(bytes) = out.take() {
                if (&*stream).write_all(&bytes).is_err() {
                    out.finish(true);
                }
            }
        });
        let mut reader = Reader {
            stream,
            bug,
            limited: channel == Channel::Limited,
            watches: matches!(channel, Channel::Watch(_)),
            code: 1006,
            out: &out,
            parser: Parser::new(channel == Channel::Limited, bug),
            late: None,
            closed_first: false,
        };
        let end = reader.run(early).map(|()| reader.closed_first);
        if bug == Bug::EndsAreResets {
            reader.drop_all_at_the_end();
        }
        watching.end(reader.code, end.is_err());
        out.finish(end.is_err());
        end
    });
    let closed_first = end?;
    if closed_first && bug == Bug::QuirkWaitsForTheAnswer {
        await_answer(stream);
    }
    if bug == Bug::StaysAfterClose {
        thread::sleep(FOR_EVER);
    }
    discard(stream, bug);
    Ok(())
}

/// Reads and drops what comes, 5 s or 64 KiB of it, until it is the answer to a close frame.
fn await_answer(stream: &TcpStream) {
    let (start, mut left) = (Instant::now(), 64_usize << 10);
    let mut chunk = [0; 4096];
    while left > 0 && start.elapsed() < Duration::from_secs(5) {
        match (&*stream).read(&mut chunk) {
            Ok(0) => return,
            Ok(8) if chunk[0] == 0x80 | CLOSE => return,
            Ok(read) => left = left.saturating_sub(read),
            Err(error) if is_timeout(&error) => {}
            Err(_) => return,
        }
    }
}

enum Item {
    Frame(Vec<u8>),
    Pong(Vec<u8>),
}

/// What waits for the socket.
#[derive(Default)]
pub struct Out {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    waiting: usize,
    last: bool,
    held: bool,
}

impl Out {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nobody panics with the lock")
    }

    pub fn push(&self, frame: Vec<u8>) {
        let mut queue = self.lock();
        queue.waiting += frame.len();
        queue.items.push_back(Item::Frame(frame));
        self.changed.notify_all();
    }

    /// A new pong replaces one that waits.
    fn push_pong(&self, frame: Vec<u8>, keep_the_old: bool) {
        let mut queue = self.lock();
        let waiting = queue.items.iter_mut().find_map(|item| match item {
            Item::Pong(bytes) => Some(bytes),
            Item::Frame(_) => None,
        });
        match waiting {
            Some(_) if keep_the_old => {}
            Some(waiting) => *waiting = frame,
            None => queue.items.push_back(Item::Pong(frame)),
        }
        self.changed.notify_all();
    }

    /// The next thing to write; waits for it. `None` when there will be none.
    fn take(&self) -> Option<Vec<u8>> {
        let mut queue = self.lock();
        loop {
            if !queue.held || queue.last {
                match queue.items.pop_front() {
                    Some(Item::Pong(bytes)) => return Some(bytes),
                    Some(Item::Frame(bytes)) => {
                        queue.waiting -= bytes.len();
                        self.changed.notify_all();
                        return Some(bytes);
                    }
                    None if queue.last => return None,
                    None => {}
                }
            }
            queue = self.changed.wait(queue).expect("nobody panics with the lock");
        }
    }

    /// Nothing more will come; what waits is written unless `broken`.
    fn finish(&self, broken: bool) {
        let mut queue = self.lock();
        queue.last = true;
        if broken {
            queue.items.clear();
            queue.waiting = 0;
        }
        self.changed.notify_all();
    }

    fn drop_all(&self) {
        let mut queue = self.lock();
        queue.items.clear();
        queue.waiting = 0;
    }

    /// While held, nothing is written.
    fn hold(&self, held: bool) {
        self.lock().held = held;
        self.changed.notify_all();
    }

    /// Waits until less than `limit` bytes wait, or all is lost.
    fn wait_below(&self, limit: usize) {
        let mut queue = self.lock();
        while queue.waiting > limit && !queue.last {
            queue = self.changed.wait(queue).expect("nobody panics with the lock");
        }
    }

    fn waiting(&self) -> usize {
        self.lock().waiting
    }
}

struct Reader<'a> {
    stream: &'a TcpStream,
    bug: Bug,
    limited: bool,
    watches: bool,
    /// How the connection has ended.
    code: u16,
    out: &'a Arc<Out>,
    parser: Parser,
    /// A pong that is kept back until the message is complete, if that is the bug.
    late: Option<Vec<u8>>,
    /// The server closes, and not in answer to the peer's close.
    closed_first: bool,
}

impl Reader<'_> {
    fn run(&mut self, early: Vec<u8>) -> std::io::Result<()> {
        match self.bug {
            Bug::QuirkPingsFirst => self.out.push(encode(PING, b"hello")),
            Bug::QuirkSpeaksFirst if self.limited => self.out.push(encode(TEXT, b"welcome")),
            _ => {}
        }
        self.stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut chunk = vec![0; 8_192];
        let mut bytes = early;
        loop {
            // Held while a segment is read, so that of many pings in it one pong remains.
            self.out.hold(self.bug == Bug::QuirkAnswersOncePerRead);
            let done = self.read_all(&bytes);
            self.out.hold(false);
            if done {
                return Ok(());
            }
            self.out.wait_below(32 << 20);
            if self.bug == Bug::DropsSlowReaders && self.out.waiting() > 2 << 20 {
                self.out.drop_all();
                return Ok(());
            }
            let read = loop {
                match (&*self.stream).read(&mut chunk) {
                    Err(error) if is_timeout(&error) => {}
                    other => break other?,
                }
            };
            if read == 0 {
                if self.bug == Bug::IgnoresTheEnd {
                    thread::sleep(FOR_EVER);
                }
                return Ok(());
            }
            bytes.clear();
            bytes.extend_from_slice(&chunk[..read]);
        }
    }

    /// Handles all that is in `bytes`; true once the connection is to be closed.
    fn read_all(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.parser.feed(&mut bytes) {
                Ok(None) => {}
                Ok(Some(input)) => {
                    let done = self.handle(input);
                    if done && self.bug == Bug::GoesOnAfterClose {
                        continue;
                    }
                    if done {
                        return true;
                    }
                    if self.bug == Bug::FrameForEachRead {
                        return false;
                    }
                }
                Err(_) if self.bug == Bug::NoCloseFrame => return true,
                Err(code) => {
                    self.close(code);
                    return true;
                }
            }
        }
        false
    }

    /// The peer's end of the stream is the end of everything, even of what it has not got yet.
    fn drop_all_at_the_end(&self) {
        let mut chunk = [0; 4_096];
        while self.out.waiting() > 0 {
            match (&*self.stream).read(&mut chunk) {
                Err(error) if is_timeout(&error) => {}
                Ok(1..) => {}
                _ => self.out.drop_all(),
            }
        }
    }

    fn close(&mut self, code: u16) {
        self.closed_first = true;
        self.code = code;
        if self.bug == Bug::CloseOvertakes {
            self.out.drop_all();
        }
        let code = if self.bug == Bug::ViolationsAre1011 { 1011 } else { code };
        self.out.push(encode(CLOSE, &code.to_be_bytes()));
    }

    /// True once the connection is to be closed.
    fn handle(&mut self, input: Input) -> bool {
        match input {
            Input::Message { .. } if self.bug == Bug::NoAnswers => {}
            Input::Message { text, .. } if self.limited => {
                if text {
                    self.out.push(encode(TEXT, b"an answer"));
                }
            }
            Input::Message { payload, .. } if self.watches => watch::answer(self.bug, self.out, payload),
            Input::Message { text, payload } => self.echo(text, payload),
            Input::Ping(_) if self.bug == Bug::NoPongs => {}
            Input::Ping(payload) => {
                let payload = if self.bug == Bug::EmptyPongs { Vec::new() } else { payload };
                let pong = encode(PONG, &payload);
                if self.bug == Bug::PongsTwice {
                    self.out.push(pong.clone());
                }
                if self.bug == Bug::PongsAfterTheMessage && self.parser.in_message() {
                    self.late = Some(pong);
                } else {
                    self.out.push_pong(pong, self.bug == Bug::KeepsTheOldestPong);
                }
            }
            Input::Pong => {}
            Input::Close(_) if self.bug == Bug::NoCloseAnswer => return true,
            Input::Close(payload) => {
                self.code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                if self.bug == Bug::CloseOvertakes {
                    self.out.drop_all();
                }
                let answer = match (self.bug, payload.as_slice()) {
                    (Bug::AnswersWith1000, _) => vec![0x03, 0xe8],
                    (Bug::AnswersEmptyWith1005, []) => vec![0x03, 0xed],
                    (Bug::GarblesReasons, [high, low, _, ..]) => vec![*high, *low, b'?'],
                    (Bug::QuirkRepeatsNoReason, [high, low, ..]) => vec![*high, *low],
                    _ => payload,
                };
                self.out.push(encode(CLOSE, &answer));
                return true;
            }
        }
        false
    }

    fn echo(&mut self, text: bool, mut payload: Vec<u8>) {
        match self.bug {
            Bug::AppendsAByte => payload.push(b'!'),
            Bug::DropsAByte => drop(payload.pop()),
            Bug::StripsByteOrderMarks if payload.starts_with(b"\xef\xbb\xbf") => drop(payload.drain(..3)),
            _ => {}
        }
        let opcode = if text || self.bug == Bug::LosesTheKind { TEXT } else { BINARY };
        if self.bug == Bug::QuirkAnswersInFragments && payload.len() > 3 {
            let (first, second) = payload.split_at(3);
            let mut start = encode(opcode, first);
            start[0] &= 0x7f;
            self.out.push(start);
            self.out.push(encode(PING, b"between"));
            self.out.push(encode(CONTINUATION, second));
        } else {
            let mut frame = encode(opcode, &payload);
            match self.bug {
                Bug::SetsReservedBits => frame[0] |= 0x40,
                Bug::WastesLengths if payload.len() < 126 => {
                    frame = [&[frame[0], 126, 0, payload.len() as u8], &payload[..]].concat();
                }
                Bug::MasksItsFrames if payload.len() < 126 => {
                    frame = [&[frame[0], 0x80 | payload.len() as u8, 0, 0, 0, 0], &payload[..]].concat();
                }
                _ => {}
            }
            self.out.push(frame);
        }
        if let Some(pong) = self.late.take() {
            self.out.push(pong);
        }
    }
}
