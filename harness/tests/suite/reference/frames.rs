//! Reads frames as their bytes arrive.

use super::bugs::Bug;
use super::utf8::Utf8;

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// More than any honest peer sends in a message, and far less than a million.
const FRAGMENTS: usize = 100_000;

pub enum Input {
    Message { text: bool, payload: Vec<u8> },
    Ping(Vec<u8>),
    Pong,
    Close(Vec<u8>),
}

/// A frame of the server's.
pub fn encode(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

struct Frame {
    fin: bool,
    opcode: u8,
    key: [u8; 4],
    length: u64,
    read: u64,
    masked: u64,
}

pub struct Parser {
    bug: Bug,
    text_limit: u64,
    binary_limit: u64,
    head: Vec<u8>,
    frame: Option<Frame>,
    control: Vec<u8>,
    /// Whether it is text, and what has come of it.
    message: Option<(bool, Vec<u8>)>,
    fragments: usize,
    /// The lengths of the message's frames.
    sum: u64,
    utf8: Utf8,
}

impl Parser {
    pub fn new(limited: bool, bug: Bug) -> Parser {
        let (text_limit, binary_limit) = match (limited, bug) {
            (true, Bug::OneLimitForBoth) => (2 << 20, 2 << 20),
            (true, Bug::TextLimitForBoth) => (64 << 10, 64 << 10),
            (true, _) => (64 << 10, 2 << 20),
            (false, _) => (16 << 20, 16 << 20),
        };
        let less = u64::from(bug == Bug::LimitsAreExclusive);
        Parser {
            bug,
            text_limit: text_limit - less,
            binary_limit: binary_limit - less,
            head: Vec::new(),
            frame: None,
            control: Vec::new(),
            message: None,
            fragments: 0,
            sum: 0,
            utf8: Utf8::new(bug),
        }
    }

    pub fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Takes from `bytes` up to the end of a frame; the error is the close code of a violation.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<Option<Input>, u16> {
        while self.frame.is_none() {
            let Some((byte, rest)) = bytes.split_first() else {
                return Ok(None);
            };
            *bytes = rest;
            self.head.push(*byte);
            self.read_head()?;
        }
        let Some(frame) = &mut self.frame else {
            return Ok(None);
        };
        let take = bytes.len().min(usize::try_from(frame.length - frame.read).unwrap_or(usize::MAX));
        let (payload, rest) = bytes.split_at(take);
        *bytes = rest;
        if self.bug == Bug::MaskRestartsWithEachRead {
            frame.masked = 0;
        }
        let start = frame.masked;
        let key = |n: usize| match self.bug {
            Bug::MasksWithTheFirstByte => frame.key[0],
            _ => frame.key[(start as usize + n) % 4],
        };
        let plain: Vec<u8> = payload.iter().enumerate().map(|(n, byte)| byte ^ key(n)).collect();
        frame.masked += take as u64;
        frame.read += take as u64;
        let (opcode, complete) = (frame.opcode, frame.read == frame.length);
        let fin = frame.fin;
        if complete {
            if self.bug == Bug::LooksAtLengthsLate {
                self.check_length()?;
            }
            self.frame = None;
            self.head.clear();
        }
        if opcode >= CLOSE {
            self.control.extend(plain);
            return if complete { self.control_frame(opcode) } else { Ok(None) };
        }
        let Some((text, message)) = &mut self.message else {
            return Err(1002);
        };
        let text = *text || self.bug == Bug::ChecksBinaryToo;
        message.extend_from_slice(&plain);
        if text && !matches!(self.bug, Bug::ChecksUtf8AtTheEnd | Bug::NoUtf8) {
            plain.iter().try_for_each(|byte| self.utf8.next(*byte))?;
            if complete && self.bug == Bug::ChecksUtf8InEachFragment {
                self.utf8.end()?;
            }
        }
        if complete && (fin || self.bug == Bug::EachFragmentIsAMessage) { self.message_end() } else { Ok(None) }
    }

    fn message_end(&mut self) -> Result<Option<Input>, u16> {
        let Some((text, payload)) = self.message.take() else {
            return Err(1002);
        };
        match self.bug {
            Bug::NoUtf8 => {}
            Bug::ChecksUtf8AtTheEnd if text && std::str::from_utf8(&payload).is_err() => {
                return Err(1007);
            }
            Bug::ChecksUtf8AtTheEnd | Bug::IncompleteCharactersPass => self.utf8 = Utf8::new(self.bug),
            _ => self.utf8.end()?,
        }
        if self.bug == Bug::NoEmptyMessages && payload.is_empty() {
            return Ok(None);
        }
        Ok(Some(Input::Message { text, payload }))
    }

    fn read_head(&mut self) -> Result<(), u16> {
        let bug = self.bug;
        let first = self.head[0];
        let (fin, rsv, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        if rsv != 0 && bug != Bug::ReservedBitsPass {
            return Err(1002);
        }
        if !matches!(opcode, 0..=2 | 8..=10) && bug != Bug::OpcodesPass {
            return Err(1002);
        }
        if opcode >= CLOSE && !fin && bug != Bug::FragmentedControlPasses {
            return Err(1002);
        }
        let Some(&second) = self.head.get(1) else {
            return Ok(());
        };
        let (masked, short) = (second & 0x80 != 0, second & 0x7f);
        if !masked && bug != Bug::UnmaskedPasses {
            return Err(1002);
        }
        if opcode >= CLOSE && short > 125 && !matches!(bug, Bug::LongControlPasses | Bug::LooksAtLengthsLate) {
            return Err(1002);
        }
        let extended = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let wanted = 2 + extended + if masked { 4 } else { 0 };
        if self.head.len() < wanted {
            return Ok(());
        }
        let length = match extended {
            0 => u64::from(short),
            _ => self.head[2..2 + extended].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let key = if masked { [0, 1, 2, 3].map(|n| self.head[2 + extended + n]) } else { [0; 4] };
        self.frame = Some(Frame { fin, opcode, key, length, read: 0, masked: 0 });
        if !(CLOSE..=PONG).contains(&opcode) {
            self.data_head(opcode)?;
        } else if bug == Bug::ControlCountsInTheSum {
            self.sum += length;
        } else if bug == Bug::ControlResetsTheSum {
            self.sum = 0;
        }
        match bug {
            Bug::LooksAtLengthsLate => Ok(()),
            _ => self.check_length(),
        }
    }

    fn data_head(&mut self, opcode: u8) -> Result<(), u16> {
        let Some(frame) = &mut self.frame else {
            return Ok(());
        };
        let bug = self.bug;
        if opcode == CONTINUATION && self.message.is_none() && bug == Bug::OrphansPass {
            self.message = Some((false, Vec::new()));
        }
        if opcode != CONTINUATION && self.message.is_some() && bug == Bug::NestedMessagesPass {
            self.message = None;
            self.utf8 = Utf8::new(bug);
        }
        if (opcode == CONTINUATION) != self.message.is_some() {
            return Err(1002);
        }
        if opcode != CONTINUATION {
            self.message = Some((opcode == TEXT, Vec::new()));
            self.fragments = 0;
            if bug != Bug::SumIsNeverReset {
                self.sum = 0;
            }
            frame.opcode = if opcode == TEXT { TEXT } else { BINARY };
        }
        self.fragments += 1;
        if bug == Bug::NoEmptyFragments && frame.length == 0 && !frame.fin {
            return Err(1002);
        }
        let most = match bug {
            Bug::FewFragments => 500,
            Bug::FragmentsUnlimited => usize::MAX,
            _ => FRAGMENTS,
        };
        if self.fragments > most { Err(1008) } else { Ok(()) }
    }

    fn check_length(&mut self) -> Result<(), u16> {
        let Some(frame) = &self.frame else {
            return Ok(());
        };
        if frame.opcode >= CLOSE {
            let allowed = if self.bug == Bug::LongControlPasses { 1 << 20 } else { 125 };
            return if frame.length > allowed { Err(1002) } else { Ok(()) };
        }
        if frame.length >> 63 != 0 && self.bug != Bug::TopBitIsALength {
            return Err(1002);
        }
        let sum = match self.bug {
            Bug::LooksAtSingleFrames => frame.length,
            _ => self.sum.saturating_add(frame.length),
        };
        let text = matches!(self.message, Some((true, _)));
        let limit = if text { self.text_limit } else { self.binary_limit };
        if sum > limit && self.bug != Bug::NoLimits {
            return Err(if self.bug == Bug::TooLongIsAViolation { 1002 } else { 1009 });
        }
        self.sum = sum;
        Ok(())
    }

    fn control_frame(&mut self, opcode: u8) -> Result<Option<Input>, u16> {
        let payload = std::mem::take(&mut self.control);
        match opcode {
            PING => Ok(Some(Input::Ping(payload))),
            PONG if self.bug == Bug::PongsEndMessages && self.message.is_some() => self.message_end(),
            PONG if self.bug == Bug::PongsMustBeAskedFor => Err(1002),
            PONG => Ok(Some(Input::Pong)),
            CLOSE => {
                if self.message.is_some() && self.bug == Bug::CloseInsideAMessageIsWrong {
                    return Err(1002);
                }
                match payload.as_slice() {
                    [] => {}
                    [_] if self.bug == Bug::OneByteClosePasses => {}
                    [_] => return Err(1002),
                    [high, low, reason @ ..] => {
                        let code = u16::from_be_bytes([*high, *low]);
                        let good = match self.bug {
                            Bug::AnyCodePasses => true,
                            Bug::NoCodesOfApplications => matches!(code, 1000..=1003 | 1007..=1011),
                            Bug::FewCodes => matches!(code, 1000 | 1001 | 3000..=4999),
                            _ => matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999),
                        };
                        if !good {
                            return Err(1002);
                        }
                        if std::str::from_utf8(reason).is_err() && self.bug != Bug::AnyReasonPasses {
                            return Err(1007);
                        }
                    }
                }
                Ok(Some(Input::Close(payload)))
            }
            // Reached if the bug lets them pass.
            _ => Ok(None),
        }
    }
}
