//! Frames of a client, byte by byte as they come.

use super::text::Text;
use alloc::string::String;

/// Where in a client's frames a byte is. Headers stay, masks become zero (so that payloads stand in the journal as they are),
/// payloads are redacted.
pub(super) struct Frames {
    stage: Stage,
    /// The first byte of this frame.
    head: u8,
    /// Bytes of this frame's payload to come; while a long length is read, what is known of it.
    left: u64,
    mask: [u8; 4],
    /// How many bytes of this frame's payload there were.
    at: u64,
    /// The text in progress, over all its frames; `None`: the message is binary.
    message: Option<Text>,
    /// The reason of a close frame.
    reason: Text,
}

enum Stage {
    Head,
    Length,
    /// So many bytes of a long length are to come.
    Long(u8),
    Mask(u8),
    Payload,
    /// Nothing that comes can be understood any more, and nobody tries.
    Lost,
}

impl Frames {
    pub(super) fn new() -> Frames {
        Frames { stage: Stage::Head, head: 0, left: 0, mask: [0; 4], at: 0, message: None, reason: Text::other() }
    }

    pub(super) fn redact(&mut self, bytes: &mut [u8], keep: &[String]) {
        for byte in bytes {
            *byte = self.step(*byte, keep);
        }
    }

    fn step(&mut self, byte: u8, keep: &[String]) -> u8 {
        match self.stage {
            Stage::Head => {
                self.head = byte;
                match byte & 0x0f {
                    1 => self.message = Some(Text::new()),
                    2 => self.message = None,
                    8 => self.reason = Text::other(),
                    _ => {}
                }
                let known = byte & 0x70 == 0 && matches!(byte & 0x0f, 0..=2 | 8..=10);
                self.stage = if known { Stage::Length } else { Stage::Lost };
                byte
            }
            Stage::Length => {
                self.left = u64::from(byte & 0x7f);
                self.stage = match byte {
                    0..=0x7f => Stage::Lost,
                    0xfe => Stage::Long(2),
                    0xff => Stage::Long(8),
                    _ => Stage::Mask(0),
                };
                if matches!(self.stage, Stage::Long(_)) {
                    self.left = 0;
                }
                byte
            }
            Stage::Long(more) => {
                self.left = self.left << 8 | u64::from(byte);
                self.stage = if more > 1 { Stage::Long(more - 1) } else { Stage::Mask(0) };
                byte
            }
            Stage::Mask(index) => {
                self.mask[usize::from(index)] = byte;
                self.at = 0;
                self.stage = match index {
                    0..=2 => Stage::Mask(index + 1),
                    _ if self.left == 0 => Stage::Head,
                    _ => Stage::Payload,
                };
                0
            }
            Stage::Payload => {
                let plain = byte ^ self.mask[self.at as usize % 4];
                let shown = match self.head & 0x0f {
                    8 if self.at < 2 => plain,
                    8 => self.reason.step(plain, keep),
                    0..=2 => self.message.as_mut().map_or(0, |text| text.step(plain, keep)),
                    _ => 0,
                };
                self.at += 1;
                if self.at == self.left {
                    self.stage = Stage::Head;
                }
                shown
            }
            Stage::Lost => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn frame(head: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        let mut bytes = Vec::from([head]);
        match payload.len() {
            length @ 0..=125 => bytes.push(0x80 | length as u8),
            length => bytes.extend([0xfe, (length >> 8) as u8, length as u8]),
        }
        bytes.extend(mask);
        bytes.extend(masked);
        bytes
    }

    #[test]
    fn payloads_are_redacted_and_frames_stay() {
        let long = "secret ".repeat(40);
        let mask = [1, 2, 3, 250];
        let mut bytes = [
            frame(0x01, b"{\"type\":\"a\",\"b", mask),
            frame(0x89, b"secret", mask),
            frame(0x80, b"\":\"secret\"}", mask),
            frame(0x82, b"secret", mask),
            frame(0x81, long.as_bytes(), mask),
            frame(0x81, b"", mask),
            frame(0x88, b"\x03\xe8secret", mask),
            b"\xf1secret".to_vec(),
        ]
        .concat();
        let expected = [
            frame(0x01, b"{\"type\":\"a\",\"b", [0; 4]),
            frame(0x89, &[0; 6], [0; 4]),
            frame(0x80, b"\":\"AAAAAA\"}", [0; 4]),
            frame(0x82, &[0; 6], [0; 4]),
            frame(0x81, long.replace("secret", "AAAAAA").as_bytes(), [0; 4]),
            frame(0x81, b"", [0; 4]),
            frame(0x88, b"\x03\xe8AAAAAA", [0; 4]),
            b"\xf1\0\0\0\0\0\0".to_vec(),
        ]
        .concat();
        let mut frames = Frames::new();
        for chunk in bytes.chunks_mut(3) {
            frames.redact(chunk, &["type".into()]);
        }
        assert_eq!(bytes, expected);
    }
}
