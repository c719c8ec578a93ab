//! Frames as a server sees them: what comes is masked, what it sends is not.

use std::ops::Range;

/// The opcode of text.
pub const TEXT: u8 = 1;

/// A frame in a buffer, unmasked.
pub struct Frame {
    pub opcode: u8,
    pub payload: Range<usize>,
}

/// The frame at the buffer's beginning, which it unmasks; `None` while some of it has not come. The load generator sends
/// whole frames under 64 KiB and nothing else, so nothing else is looked for.
pub fn first(buffer: &mut [u8]) -> Option<Frame> {
    let &[opcode, length, ..] = &*buffer else { return None };
    let (begin, length) = match length & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        short => (2, usize::from(short)),
    };
    let mask: [u8; 4] = buffer.get(begin..begin + 4)?.try_into().ok()?;
    let payload = begin + 4..begin + 4 + length;
    let bytes = buffer.get_mut(payload.clone())?;
    bytes.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some(Frame { opcode: opcode & 0x0f, payload })
}

/// Appends a frame with this text.
pub fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.push(0x80 | TEXT);
    match text.len() {
        short @ 0..=125 => out.push(short as u8),
        long => {
            out.push(126);
            out.extend((long as u16).to_be_bytes());
        }
    }
    out.extend(text);
}
