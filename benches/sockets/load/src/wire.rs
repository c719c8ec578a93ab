//! WebSocket frames as a client sees them: what it sends is masked, what comes is not.

use std::ops::Range;

/// Text, in one frame.
pub const TEXT: u8 = 1;
/// The end of a connection.
pub const CLOSE: u8 = 8;
/// A question for a sign of life.
pub const PING: u8 = 9;
/// Its answer.
pub const PONG: u8 = 10;

/// A frame in a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: u8,
    /// Where its payload lies.
    pub payload: Range<usize>,
}

/// The frame at the buffer's beginning; `None` while some of it has not come yet. The next one begins where its payload
/// ends.
///
/// # Errors
/// What a server may not send, or what these servers have no reason to: fragments, extensions, masks.
pub fn first(buffer: &[u8]) -> Result<Option<Frame>, String> {
    let &[head, length, ..] = buffer else { return Ok(None) };
    if head & 0xf0 != 0x80 {
        return Err(format!("a frame begins with {head:#04x}: fragments and extensions are not asked for"));
    }
    let (begin, length) = match length {
        short @ 0..=125 => (2, usize::from(short)),
        126 => match buffer.get(2..4) {
            Some(bytes) => (4, usize::from(u16::from_be_bytes(bytes.try_into().expect("two bytes")))),
            None => return Ok(None),
        },
        127 => match buffer.get(2..10) {
            Some(bytes) => {
                let length = u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
                if length > 1 << 20 {
                    return Err(format!("a frame of {length} bytes, where none is so long"));
                }
                (10, usize::try_from(length).expect("checked before"))
            }
            None => return Ok(None),
        },
        _ => return Err("a server's frame is masked".into()),
    };
    let payload = begin..begin + length;
    Ok((payload.end <= buffer.len()).then_some(Frame { opcode: head & 0x0f, payload }))
}

/// Appends a frame with this payload, masked.
pub fn put(out: &mut Vec<u8>, opcode: u8, mask: [u8; 4], payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        short @ 0..=125 => out.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((middle as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server would send: the same without a mask.
    fn sent(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut masked = Vec::new();
        put(&mut masked, opcode, [0; 4], payload);
        let head = masked.len() - payload.len() - 4;
        masked.drain(head..head + 4);
        masked[1] &= 0x7f;
        masked
    }

    #[test]
    fn frames_of_every_length_are_read_back() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let mut bytes = sent(TEXT, &payload);
            let end = bytes.len();
            for cut in [0, 1, 3, end - 1].into_iter().filter(|&cut| cut < end) {
                assert_eq!(first(&bytes[..cut]), Ok(None), "{cut} of {end} bytes");
            }
            bytes.extend(sent(PING, b"next"));
            let frame = first(&bytes).unwrap().unwrap();
            assert_eq!((frame.opcode, &bytes[frame.payload.clone()]), (TEXT, &payload[..]));
            assert_eq!(frame.payload.end, end);
            assert_eq!(first(&bytes[end..]).unwrap().unwrap().opcode, PING);
        }
    }

    #[test]
    fn what_is_sent_is_masked() {
        let mut out = Vec::new();
        put(&mut out, TEXT, [1, 2, 3, 4], b"abcde");
        assert_eq!(out, [0x81, 0x85, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2, b'c' ^ 3, b'd' ^ 4, b'e' ^ 1]);
    }

    #[test]
    fn what_a_server_may_not_send_is_told() {
        assert!(first(&[0x01, 0]).is_err(), "a fragment");
        assert!(first(&[0xc1, 0]).is_err(), "compressed");
        assert!(first(&[0x81, 0x81, 0, 0]).is_err(), "masked");
        assert!(first(&[0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]).is_err(), "longer than memory");
    }
}
