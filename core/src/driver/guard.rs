//! The guard: reads what a WebSocket client sends before anything decodes it, and says when to stop listening.
//!
//! A decoder buffers first and judges later. The guard holds no bytes: it follows the frames as they arrive, split
//! anywhere, and refuses at the first byte that is wrong, before anything is allocated for a length that was only
//! declared. What it lets through is RFC 6455 as a server must receive it, within the [`FrameLimits`].
//!
//! Two choices where servers differ. A length in more bytes than it needs is refused: section 5.2 demands the shortest
//! form, and browsers refuse the longer ones too. A close code is accepted from 1000 to 1014 except the reserved 1004,
//! 1005 and 1006, and from 3000 to 4999: 1012 to 1014 were registered after the RFC.

use crate::canary::{Canary, is_planted};
use core::error::Error;
use core::fmt;
use core::time::Duration;

use super::utf8::Utf8;
use crate::time::Time;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const MASKED: u8 = 0x80;

/// What one connection may send.
///
/// Each limit is inclusive, and a change takes effect with the next frame.
///
/// ```
/// use lazuli::driver::guard::FrameLimits;
///
/// let limits = FrameLimits { binary: 16 << 20, ..FrameLimits::default() };
/// assert_eq!(limits.text, 64 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Bytes of a text message, all its fragments together.
    pub text: usize,
    /// Bytes of a binary message, all its fragments together.
    pub binary: usize,
    /// Frames of one message.
    pub fragments: u32,
    /// Time from the first byte of a message, or of a control frame between messages, to its last. Zero asks for
    /// everything in one piece.
    pub message_time: Duration,
    /// Pings and pongs within [`control_window`](Self::control_window). A close frame is always heard.
    pub control_frames: u32,
    /// How long pings and pongs are counted before the count starts again with the next. Zero is no limit.
    pub control_window: Duration,
}

impl Default for FrameLimits {
    /// Text of 64 KiB, binary of 2 MiB, 4,096 frames and 30 s a message (the largest one passes at 560 kbit/s), 256
    /// pings and pongs a second.
    fn default() -> Self {
        Self {
            text: 64 << 10,
            binary: 2 << 20,
            fragments: 4096,
            message_time: Duration::from_secs(30),
            control_frames: 256,
            control_window: Duration::from_secs(1),
        }
    }
}

/// Why a connection must be closed, and with which words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The bytes of this chunk up to the end of its last whole frame, which may be passed on first.
    pub good: usize,
    /// Where in this chunk the first wrong byte is.
    pub at: usize,
    /// The code to close with: 1002, 1007, 1008 or 1009.
    pub code: u16,
    /// The reason to close with: what was wrong and what would be right, in at most 123 bytes.
    pub reason: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

impl Error for Violation {}

/// Follows the bytes that one client sends.
///
/// ```
/// use lazuli::Time;
/// use lazuli::driver::guard::{FrameLimits, Guard};
///
/// let limits = FrameLimits::default();
/// let mut guard = Guard::new();
/// // A whole text frame, "hi", under a mask of zeros.
/// let hi = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
/// assert_eq!(guard.inspect(&limits, Time::ZERO, &hi), Ok(8));
/// assert!(guard.at_boundary());
///
/// // The same again, then a frame without a mask.
/// let violation = guard.inspect(&limits, Time::ZERO, &[&hi[..], &[0x81, 0x02]].concat()).unwrap_err();
/// assert_eq!((violation.good, violation.at, violation.code), (8, 9, 1002));
/// ```
#[derive(Clone, Debug)]
pub struct Guard {
    /// When the first byte since the last boundary came.
    since: Time,
    /// When `controls` began to count.
    window: Time,
    /// Bytes of this frame's payload to come; while a long length is read, what is known of it.
    left: u64,
    /// Bytes of this message, as its frames have declared them.
    size: u64,
    fragments: u32,
    controls: u32,
    /// The mask, turned so that its most significant byte belongs to the next byte of the payload.
    mask: u32,
    stage: Stage,
    /// The first byte of this frame.
    head: u8,
    payload: Payload,
    /// What the message in progress is; a control frame may stand inside it.
    message: Option<Message>,
    /// Of the message in progress, or of a close frame's reason, after which no message goes on.
    text: Utf8,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Head,
    Length,
    /// One of the last `left` of a length of `bytes` bytes.
    LongLength {
        bytes: u8,
        left: u8,
    },
    /// One of the last so many of the mask.
    Mask(u8),
    Payload,
    Closed,
    Failed(Fault),
}

/// How to read this frame's payload.
#[derive(Clone, Copy, Debug)]
enum Payload {
    Opaque,
    Text,
    /// A close code, of which this is the first byte.
    Code(Option<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Text,
    Binary,
}

impl Guard {
    /// A guard for a connection whose handshake is done.
    pub const fn new() -> Self {
        Self {
            since: Time::ZERO,
            window: Time::ZERO,
            left: 0,
            size: 0,
            fragments: 0,
            controls: 0,
            mask: 0,
            stage: Stage::Head,
            head: 0,
            payload: Payload::Opaque,
            message: None,
            text: Utf8::new(),
        }
    }

    /// Reads bytes that arrived at `now`, split anywhere. So many of them may be passed on: all, except what follows a
    /// close frame, which is to be ignored.
    ///
    /// # Errors
    /// The first [`Violation`]. It is final: every later call returns it too, with nothing good.
    pub fn inspect(&mut self, limits: &FrameLimits, now: Time, bytes: &[u8]) -> Result<usize, Violation> {
        if let Some(violation) = self.expired(limits, now) {
            return Err(violation);
        }
        if is_planted(Canary::CountedPieces) && !self.at_boundary() {
            self.controls += 1;
        }
        let (mut at, mut good) = (0, 0);
        while let Some((&byte, _)) = bytes[at..].split_first() {
            let step = match self.stage {
                Stage::Closed => break,
                Stage::Payload => self.read_payload(&bytes[at..]),
                _ => self.read_header(limits, now, byte).map(|()| 1).map_err(|fault| (0, fault)),
            };
            at += step.map_err(|(offset, fault)| self.fail(fault, good, at + offset))?;
            if let Stage::Payload = self.stage
                && self.left == 0
            {
                self.end_frame().map_err(|fault| self.fail(fault, good, at - 1))?;
                good = at;
            }
        }
        Ok(at)
    }

    /// Whether the time for the message in progress is over: then that is the violation, unless there was one before.
    ///
    /// `inspect` asks this first; a driver needs it when [`deadline`](Self::deadline) comes and no bytes do.
    pub fn expired(&mut self, limits: &FrameLimits, now: Time) -> Option<Violation> {
        if let Stage::Failed(fault) = self.stage {
            return Some(fault.violation(0, 0));
        }
        let late = !self.at_boundary() && now.saturating_since(self.since) >= limits.message_time;
        late.then(|| self.fail(Fault::TooSlow, 0, 0))
    }

    /// When the message in progress must be complete; `None` at a boundary and after a violation.
    pub fn deadline(&self, limits: &FrameLimits) -> Option<Time> {
        let running = !self.at_boundary() && !matches!(self.stage, Stage::Failed(_));
        running.then(|| self.since + limits.message_time)
    }

    /// Whether no frame and no fragmented message is in progress, so that no decoder needs to hold anything for this
    /// connection.
    pub const fn at_boundary(&self) -> bool {
        match self.stage {
            Stage::Head => self.message.is_none(),
            Stage::Closed => true,
            _ => false,
        }
    }

    /// Whether the next byte begins a message, or a control frame between messages.
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.stage, Stage::Head) && self.message.is_none()
    }

    /// Whether a whole close frame has come, the last that the client may say.
    pub const fn closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    fn fail(&mut self, fault: Fault, good: usize, at: usize) -> Violation {
        self.stage = Stage::Failed(fault);
        fault.violation(good, at)
    }

    fn read_header(&mut self, limits: &FrameLimits, now: Time, byte: u8) -> Result<(), Fault> {
        self.stage = match self.stage {
            Stage::Head => {
                self.begin_frame(limits, now, byte)?;
                Stage::Length
            }
            Stage::Length if byte & MASKED == 0 => return Err(Fault::Unmasked),
            Stage::Length => match byte & !MASKED {
                126.. if self.is_control() => return Err(Fault::LongControl),
                126 => Stage::LongLength { bytes: 2, left: 2 },
                127 => Stage::LongLength { bytes: 8, left: 8 },
                length => self.admit(limits, length.into())?,
            },
            Stage::LongLength { bytes: 8, left: 8 } if byte & 0x80 != 0 => return Err(Fault::LengthTopBit),
            Stage::LongLength { bytes, left } => {
                let length = self.left << 8 | u64::from(byte);
                let shorter_form_ends = if bytes == 2 { 125 } else { 0xFFFF };
                if left > 1 {
                    self.left = length;
                    Stage::LongLength { bytes, left: left - 1 }
                } else if length <= shorter_form_ends {
                    return Err(Fault::LengthNotShortest);
                } else {
                    self.admit(limits, length)?
                }
            }
            Stage::Mask(left) => {
                self.mask = self.mask << 8 | u32::from(byte);
                if left > 1 { Stage::Mask(left - 1) } else { Stage::Payload }
            }
            end @ (Stage::Payload | Stage::Closed | Stage::Failed(_)) => end,
        };
        Ok(())
    }

    fn begin_frame(&mut self, limits: &FrameLimits, now: Time, head: u8) -> Result<(), Fault> {
        if self.message.is_none() {
            self.since = now;
        }
        self.head = head;
        self.left = 0;
        match (head & OPCODE, self.message) {
            _ if head & RESERVED != 0 => Err(Fault::ReservedBits),
            (CONTINUATION, None) => Err(Fault::NothingToContinue),
            (CONTINUATION, Some(message)) => self.begin_fragment(limits, message),
            (TEXT | BINARY, Some(_)) => Err(Fault::MessageInMessage),
            (TEXT, None) => self.begin_fragment(limits, Message::Text),
            (BINARY, None) => self.begin_fragment(limits, Message::Binary),
            (CLOSE | PING | PONG, _) if head & FIN == 0 => Err(Fault::FragmentedControl),
            (CLOSE, _) => {
                self.payload = Payload::Code(None);
                self.text = Utf8::new();
                Ok(())
            }
            (PING | PONG, _) => {
                self.payload = Payload::Opaque;
                self.count_control(limits, now)
            }
            _ => Err(Fault::UnknownOpcode),
        }
    }

    fn begin_fragment(&mut self, limits: &FrameLimits, message: Message) -> Result<(), Fault> {
        self.message = Some(message);
        self.payload = match message {
            Message::Text => Payload::Text,
            Message::Binary => Payload::Opaque,
        };
        if self.fragments >= limits.fragments {
            return Err(Fault::TooManyFragments);
        }
        self.fragments += 1;
        Ok(())
    }

    fn count_control(&mut self, limits: &FrameLimits, now: Time) -> Result<(), Fault> {
        if self.controls == 0 || now.saturating_since(self.window) >= limits.control_window {
            self.window = now;
            self.controls = 0;
        }
        if self.controls >= limits.control_frames {
            return Err(Fault::TooManyControls);
        }
        self.controls += 1;
        Ok(())
    }

    /// Judges the declared length of a frame before any of its payload comes.
    fn admit(&mut self, limits: &FrameLimits, length: u64) -> Result<Stage, Fault> {
        self.left = length;
        if self.is_control() {
            let lone_byte = length == 1 && matches!(self.payload, Payload::Code(_));
            return if lone_byte { Err(Fault::HalfCode) } else { Ok(Stage::Mask(4)) };
        }
        let (limit, fault) = match self.message {
            Some(Message::Text) => (limits.text, Fault::TextTooBig),
            _ => (limits.binary, Fault::BinaryTooBig),
        };
        if length > (limit as u64).saturating_sub(self.size) {
            return Err(fault);
        }
        self.size += length;
        Ok(Stage::Mask(4))
    }

    /// Reads from a payload, up to its end at most, and says how much it read; or which byte is wrong.
    fn read_payload(&mut self, bytes: &[u8]) -> Result<usize, (usize, Fault)> {
        let most = match self.payload {
            Payload::Code(_) => 1,
            _ => usize::try_from(self.left).unwrap_or(usize::MAX),
        };
        let bytes = &bytes[..bytes.len().min(most)];
        match (self.payload, bytes) {
            (Payload::Text, _) => {
                let fault = if self.is_control() { Fault::ReasonNotUtf8 } else { Fault::TextNotUtf8 };
                self.text.read(self.mask, bytes).map_err(|at| (at, fault))?;
            }
            (Payload::Code(first), &[byte]) => {
                let byte = byte ^ self.mask.to_be_bytes()[0];
                self.payload = match first {
                    None => Payload::Code(Some(byte)),
                    Some(first) if is_close_code(u16::from_be_bytes([first, byte])) => Payload::Text,
                    Some(_) => return Err((0, Fault::BadCode)),
                };
            }
            _ => {}
        }
        self.left -= bytes.len() as u64;
        self.mask = self.mask.rotate_left(8 * (bytes.len() % 4) as u32);
        Ok(bytes.len())
    }

    fn end_frame(&mut self) -> Result<(), Fault> {
        self.stage = Stage::Head;
        if self.head & OPCODE == CLOSE {
            self.stage = Stage::Closed;
            return if self.text.complete() { Ok(()) } else { Err(Fault::ReasonNotUtf8) };
        }
        if !self.is_control() && self.head & FIN != 0 {
            (self.message, self.size, self.fragments) = (None, 0, 0);
            return if self.text.complete() { Ok(()) } else { Err(Fault::TextCutShort) };
        }
        Ok(())
    }

    const fn is_control(&self) -> bool {
        self.head & CLOSE != 0
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a peer may close with this code: registered, or of the ranges for libraries and applications.
const fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What a client can do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Unmasked,
    ReservedBits,
    UnknownOpcode,
    FragmentedControl,
    LongControl,
    NothingToContinue,
    MessageInMessage,
    LengthTopBit,
    LengthNotShortest,
    HalfCode,
    BadCode,
    TextNotUtf8,
    TextCutShort,
    ReasonNotUtf8,
    TextTooBig,
    BinaryTooBig,
    TooManyFragments,
    TooManyControls,
    TooSlow,
}

impl Fault {
    const fn violation(self, good: usize, at: usize) -> Violation {
        let (code, reason) = match self {
            Fault::Unmasked => (1002, "frame without a mask; a client masks every frame"),
            Fault::ReservedBits => (1002, "reserved bit set; no extension was agreed, so all three must be 0"),
            Fault::UnknownOpcode => (1002, "unknown opcode; use 0, 1, 2, 8, 9 or 10"),
            Fault::FragmentedControl => (1002, "fragmented control frame; a close, ping or pong must be final"),
            Fault::LongControl => (1002, "control frame too long; it may carry at most 125 bytes"),
            Fault::NothingToContinue => (1002, "continuation of nothing; begin a message with opcode 1 or 2"),
            Fault::MessageInMessage => (1002, "message inside a message; continue with opcode 0 up to a final frame"),
            Fault::LengthTopBit => (1002, "length with the top bit set; that bit must be 0"),
            Fault::LengthNotShortest => (1002, "length in more bytes than needed; use 16 bits from 126, 64 from 65536"),
            Fault::HalfCode => (1002, "close frame of 1 byte; send nothing, or a code of 2 bytes and a reason"),
            Fault::BadCode => (1002, "bad close code; use 1000-1003, 1007-1014 or 3000-4999"),
            Fault::TextNotUtf8 => (1007, "text that is not UTF-8; send other bytes as a binary message"),
            Fault::TextCutShort => (1007, "text that ends inside a UTF-8 character; send it whole"),
            Fault::ReasonNotUtf8 => (1007, "close reason that is not UTF-8; send UTF-8 or no reason"),
            Fault::TextTooBig => (1009, "text message too big; send smaller messages (fragments count together)"),
            Fault::BinaryTooBig => (1009, "binary message too big; send smaller messages (fragments count together)"),
            Fault::TooManyFragments => (1008, "too many fragments; send a message in fewer, larger frames"),
            Fault::TooManyControls => (1008, "too many pings and pongs; send fewer a second"),
            Fault::TooSlow => (1008, "message not complete in time; send all of it soon after its first byte"),
        };
        Violation { good, at, code, reason }
    }
}
