//! Frames as a client writes them.

use lazuli::Kind;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The opcode of a message or ping.
pub(crate) fn opcode(kind: Kind) -> u8 {
    match kind {
        Kind::Text => TEXT,
        Kind::Binary => BINARY,
        Kind::Ping => PING,
    }
}

/// Appends a masked frame whose first byte is `first`.
pub(crate) fn push_frame(out: &mut Vec<u8>, first: u8, mask: u32, payload: &[u8]) {
    out.push(first);
    match payload.len() {
        length @ 0..=125 => out.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    let mask = mask.to_be_bytes();
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// What a close frame carries.
pub(crate) fn close_payload(code: Option<u16>, reason: &str) -> Vec<u8> {
    let mut payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
    payload.extend(reason.as_bytes());
    payload
}
