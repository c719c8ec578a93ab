//! Checks UTF-8 byte by byte.

use super::bugs::Bug;

/// How many continuation bytes are due, and what the next one may be.
pub struct Utf8 {
    bug: Bug,
    due: u8,
    low: u8,
    high: u8,
    point: u32,
}

impl Utf8 {
    pub fn new(bug: Bug) -> Utf8 {
        Utf8 { bug, due: 0, low: 0x80, high: 0xbf, point: 0 }
    }

    pub fn next(&mut self, byte: u8) -> Result<(), u16> {
        if self.due > 0 {
            if !(self.low..=self.high).contains(&byte) {
                return Err(1007);
            }
            self.due -= 1;
            (self.low, self.high) = (0x80, 0xbf);
            self.point = self.point << 6 | u32::from(byte & 0x3f);
            let noncharacter = self.point & 0xfffe == 0xfffe;
            return if self.due == 0 && noncharacter && self.bug == Bug::NoncharactersFail {
                Err(1007)
            } else {
                Ok(())
            };
        }
        self.point = u32::from(byte) & 0x1f;
        (self.due, self.low, self.high) = match (byte, self.bug) {
            (0x80.., Bug::OnlyAsciiPasses) => return Err(1007),
            (0x00, Bug::NulFails) => return Err(1007),
            (0x00..=0x7f, _) => (0, 0x80, 0xbf),
            (0xc0 | 0xc1, Bug::OverlongPasses) => (1, 0x80, 0xbf),
            (0xe0, Bug::OverlongPasses) => (2, 0x80, 0xbf),
            (0xf0, Bug::OverlongPasses) => (3, 0x80, 0xbf),
            (0xed, Bug::SurrogatesPass) => (2, 0x80, 0xbf),
            (0xf4, Bug::AboveUnicodePasses) => (3, 0x80, 0xbf),
            (0xf5..=0xf7, Bug::AboveUnicodePasses) => (3, 0x80, 0xbf),
            (0xf8..=0xff, Bug::AboveUnicodePasses) => (4, 0x80, 0xbf),
            (0xc2..=0xdf, _) => (1, 0x80, 0xbf),
            (0xe0, _) => (2, 0xa0, 0xbf),
            (0xed, _) => (2, 0x80, 0x9f),
            (0xe1..=0xef, _) => (2, 0x80, 0xbf),
            (0xf0, _) => (3, 0x90, 0xbf),
            (0xf1..=0xf3, _) => (3, 0x80, 0xbf),
            (0xf4, _) => (3, 0x80, 0x8f),
            _ => return Err(1007),
        };
        Ok(())
    }

    pub fn end(&mut self) -> Result<(), u16> {
        let complete = self.due == 0;
        *self = Utf8::new(self.bug);
        if complete { Ok(()) } else { Err(1007) }
    }
}
