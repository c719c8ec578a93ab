//! Frames as a client would write them, and conversations of them with faults.

use std::time::Duration;

use lazuli::Time;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A frame as a client would write it, with the means to write it wrong.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) head: u8,
    pub(crate) masked: bool,
    pub(crate) mask: [u8; 4],
    /// Bytes of the extended length: 0, 2 or 8; the shortest form if `None`.
    pub(crate) form: Option<u8>,
    /// The declared length, if not the true one.
    pub(crate) declared: Option<u64>,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self.declared.unwrap_or(self.payload.len() as u64);
        let form = self.form.unwrap_or(match length {
            0..126 => 0,
            126..65536 => 2,
            _ => 8,
        });
        let short = match form {
            0 => length as u8 & 0x7F,
            2 => 126,
            _ => 127,
        };
        let mut bytes = vec![self.head, short | if self.masked { 0x80 } else { 0 }];
        bytes.extend(&length.to_be_bytes()[8 - usize::from(form)..]);
        if self.masked {
            bytes.extend(self.mask);
        }
        bytes.extend(self.payload.iter().zip(self.mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }
}

pub(crate) fn frame(fin: bool, opcode: u8, payload: &[u8]) -> Frame {
    let head = opcode | if fin { 0x80 } else { 0 };
    Frame { head, masked: true, mask: [0x9C, 0, 0x31, 0xFF], form: None, declared: None, payload: payload.to_vec() }
}

pub(crate) fn wire(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::bytes).collect()
}

/// Text that is mostly UTF-8: characters of every length, and now and then a piece of one or a byte that is in none.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        6 => "[ -~]{0,30}".prop_map(String::into_bytes),
        4 => select(&["é", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => select(vec![&b"\x80"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80", b"\xE2\x82", b"\xF0\x9F"])
            .prop_map(<[u8]>::to_vec),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn control() -> impl Strategy<Value = Frame> {
    (select(vec![PING, PONG]), vec(any::<u8>(), 0..20)).prop_map(|(opcode, payload)| frame(true, opcode, &payload))
}

/// A message in fragments, with control frames between.
fn message() -> impl Strategy<Value = Vec<Frame>> {
    let payload = prop_oneof![
        text().prop_map(|text| (TEXT, text)),
        vec(any::<u8>(), 0..130).prop_map(|bytes| (BINARY, bytes)),
        // About the limits, and about where the length takes another form.
        (select(vec![TEXT, BINARY]), 120..210_usize).prop_map(|(opcode, len)| (opcode, vec![b'a'; len])),
    ];
    let cuts = vec((any::<Index>(), proptest::option::weighted(0.2, control())), 0..6);
    (payload, cuts).prop_map(|((opcode, payload), cuts)| {
        let mut cuts: Vec<_> = cuts.into_iter().map(|(at, ping)| (at.index(payload.len() + 1), ping)).collect();
        cuts.sort_by_key(|&(at, _)| at);
        let (mut frames, mut from) = (Vec::new(), 0);
        for (at, ping) in cuts {
            let opcode = if frames.is_empty() { opcode } else { CONTINUATION };
            frames.push(frame(false, opcode, &payload[from..at]));
            frames.extend(ping);
            from = at;
        }
        let opcode = if frames.is_empty() { opcode } else { CONTINUATION };
        frames.push(frame(true, opcode, &payload[from..]));
        frames
    })
}

fn close() -> impl Strategy<Value = Frame> {
    let code =
        prop_oneof![3 => select(vec![1000_u16, 1001, 1011, 1014, 3000, 4999]), 1 => 990..1020_u16, 1 => any::<u16>()];
    let payload = (code, text()).prop_map(|(code, reason)| [&code.to_be_bytes()[..], &reason].concat());
    prop_oneof![1 => Just(Vec::new()), 1 => Just(vec![3]), 6 => payload]
        .prop_map(|payload| frame(true, CLOSE, &payload[..payload.len().min(125)]))
}

/// What may be wrong with a frame.
fn fault() -> impl Strategy<Value = fn(&mut Frame, u64)> {
    let faults: Vec<fn(&mut Frame, u64)> = vec![
        |frame, bits| frame.head ^= 0x10 << (bits % 3),
        |frame, _| frame.head ^= 0x80,
        // Continuation for text, and the reverse.
        |frame, _| frame.head ^= 1,
        |frame, bits| frame.head = frame.head & 0xF0 | bits as u8 & 0x0F,
        |frame, _| frame.masked = false,
        |frame, _| frame.form = Some(2),
        |frame, _| frame.form = Some(8),
        |frame, bits| (frame.form, frame.declared) = (Some(8), Some(1 << 63 | bits)),
        |frame, bits| frame.declared = Some(bits >> (bits % 64)),
        |frame, bits| frame.declared = Some(bits % 300),
        |frame, bits| frame.payload.truncate(bits as usize % 8),
        |frame, bits| {
            let len = frame.payload.len().max(1);
            if let Some(byte) = frame.payload.get_mut(bits as usize % len) {
                *byte ^= (bits >> 32) as u8;
            }
        },
    ];
    select(faults)
}

/// A conversation as it arrives: chunks and their times.
pub(crate) fn stream() -> impl Strategy<Value = Vec<(Time, Vec<u8>)>> {
    let some = prop_oneof![8 => message(), 2 => control().prop_map(|frame| vec![frame]), 1 => close().prop_map(|frame| vec![frame])];
    let faults = vec((any::<Index>(), fault(), any::<u64>()), 0..3);
    let chunks = vec((prop_oneof![3 => Just(0), 3 => 0..60_u64, 1 => 0..400_u64], 1..200_usize), 1..20);
    (vec((some, any::<[u8; 4]>()), 0..8), faults, chunks, any::<bool>()).prop_map(|(parts, faults, chunks, sound)| {
        let masked =
            |(frames, mask): (Vec<Frame>, [u8; 4])| frames.into_iter().map(move |frame| Frame { mask, ..frame });
        let mut frames: Vec<Frame> = parts.into_iter().flat_map(masked).collect();
        for (at, fault, bits) in faults {
            if !sound && !frames.is_empty() {
                let at = at.index(frames.len());
                fault(&mut frames[at], bits);
            }
        }
        let (bytes, mut now) = (wire(&frames), Time::ZERO);
        let mut rest = &bytes[..];
        let mut stream = Vec::new();
        for (gap, len) in chunks.into_iter().cycle() {
            let (chunk, after) = rest.split_at(len.min(rest.len()));
            now = now + Duration::from_micros(gap);
            stream.push((now, chunk.to_vec()));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        stream
    })
}

/// The same chunks, cut smaller by `cuts` in turn.
pub(crate) fn pieces<'a>(stream: &'a [(Time, Vec<u8>)], cuts: &[usize]) -> Vec<(Time, &'a [u8])> {
    let mut cuts = cuts.iter().cycle();
    let mut pieces = Vec::new();
    for (now, chunk) in stream {
        let mut rest = &chunk[..];
        while let Some(&cut) = cuts.next().filter(|_| !rest.is_empty()) {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push((*now, piece));
            rest = after;
        }
    }
    pieces
}
